#!/usr/bin/env bash
# The program itself: usher_precompute_test.sh BIN_DIR, which holds usher-train,
# usher-precompute, usher-serve and usherctl. Lists go to a Redis of its own and
# to files; runs are killed and go on.
set -euo pipefail
bin="$(cd "${1:?usage: usher_precompute_test.sh BIN_DIR}" && pwd)"
scratch="$(mktemp -d)"
redis_pid=""
serve_pid=""
finish() {
  local status=$?
  trap - EXIT
  [[ -z "$serve_pid" ]] || kill "$serve_pid" 2>/dev/null || true
  [[ -z "$redis_pid" ]] || kill "$redis_pid" 2>/dev/null || true
  wait
  rm -rf "$scratch"
  exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM INT

fail() {
  echo "usher_precompute_test: $*" >&2
  exit 1
}

# expect STATUS WORDS ARGS...: the exit status, and one line that says WORDS.
expect() {
  local status=0 output
  output="$("$bin/usher-precompute" "${@:3}" 2>&1)" || status=$?
  [[ "$status" -eq "$1" && "$output" == *"$2"* ]] ||
    fail "${*:3}: status $status: $output"
  [[ "$status" -eq 0 || "$(wc -l <<<"$output")" -eq 1 ]] ||
    fail "${*:3}: more than a line: $output"
}

# wait_for COMMAND...: until it succeeds, for at most 100 s.
wait_for() {
  local end=$((SECONDS + 100))
  until "$@"; do
    [[ "$SECONDS" -lt "$end" ]] || fail "waited in vain for: $*"
    read -rt 0.02 <> <(:) || true
  done
}

cd "$scratch"
expect 0 'usher:NAMESPACE:rec:BATCH:USER' --help
expect 2 '--model_dir' --out=a
expect 2 'where to?' --model_dir=m
expect 2 'where to?' --model_dir=m --out=a --redis=b:1
expect 2 '--redis: "b" is not HOST:PORT' --model_dir=m --redis=b
expect 2 '--namespace' --model_dir=m --redis=b:1 --namespace='{x}'
expect 2 'top' --model_dir=m --out=a --top=1001
expect 2 '"cats" is not events or users' --model_dir=m --out=a --what=cats
expect 2 'none.txt' --model_dir=m --out=a --users=none.txt
expect 1 'm' --model_dir=m --out=a

"$bin/usher-train" synth --out=city --users=20000 --events=3000 \
  --interactions=200000 --seed=3 >/dev/null 2>&1
printf 'event_als { sweeps: 1 }\norganizer_als { sweeps: 1 }\n' >train.textproto
"$bin/usher-train" train --events=city/events.jsonl --users=city/users.jsonl \
  --interactions=city/interactions.csv --model_dir=models \
  --config=train.textproto >/dev/null 2>&1
now="$(tail -n 1 city/interactions.csv | cut -d , -f 5)"
ann="$(sed -n '1s/^{"id":"\([^"]*\)".*/\1/p' city/users.jsonl)"
bob="$(sed -n '2s/^{"id":"\([^"]*\)".*/\1/p' city/users.jsonl)"
printf '%s\n%s\n\n%s\nstranger\n' "$ann" "$bob" "$ann" >some.txt

redis-server --port 0 --unixsocket "$scratch/socket" --save '' \
  --appendonly no >redis.log &
redis_pid=$!
redis() {
  redis-cli -s "$scratch/socket" "$@"
}
answers() {
  [[ "$(redis ping 2>/dev/null)" == PONG ]]
}
wait_for answers

# Into Redis: killed, started again, whole.
args=(--model_dir=models --redis="unix:$scratch/socket" --namespace=shop
  --now="$now" --threads=1)
begun() {
  [[ "$(redis get usher:shop:rec:unfinished | sed -n 6p)" -gt 0 ]] 2>/dev/null
}
"$bin/usher-precompute" "${args[@]}" 2>killed.log &
precompute_pid=$!
wait_for begun
kill -9 "$precompute_pid"
wait "$precompute_pid" 2>/dev/null || true
[[ -z "$(redis get usher:shop:rec:current)" ]] ||
  fail "current moved before the batch was whole"
done_before="$(redis get usher:shop:rec:unfinished | sed -n 6p)"
[[ "$done_before" -lt 20000 ]] || fail "it was over before it was killed"
"$bin/usher-precompute" "${args[@]}" 2>again.log || fail "$(cat again.log)"
cat again.log
grep -q "going on with batch .*, of which $done_before users are done" \
  again.log || fail "it did not go on"
grep -q "20000 users, $((20000 - done_before)) of them now" again.log ||
  fail "it did not do the rest"
batch="$(redis get usher:shop:rec:current)"
[[ "$(redis dbsize)" -eq 20001 ]] || fail "$(redis dbsize) keys"
[[ "$(redis ttl "usher:shop:rec:$batch:$ann")" -gt 80000 ]] || fail "no TTL"
[[ "$(redis exists usher:shop:rec:unfinished)" -eq 0 ]] || fail "a journal left"

# The server answers from it.
"$bin/usher-serve" --model_dir=models --listen="unix:$scratch/serve" \
  --redis="unix:$scratch/socket" --namespace=shop 2>serve.log &
serve_pid=$!
wait_for grep -q '^usher: serving model version 1' serve.log
"$bin/usherctl" --server="unix:$scratch/serve" recommend --user="$ann" \
  --now="$now" --json >answer.json
grep -q '"cache": *"REDIS"' answer.json || fail "$(cat answer.json)"
kill "$serve_pid"
wait "$serve_pid" || fail "usher-serve did not end well"
serve_pid=""

# Into files: all, some, killed, gzip, users.
"$bin/usher-precompute" --model_dir=models --out=all.jsonl --now="$now" \
  --top=5 2>all.log
[[ "$(wc -l <all.jsonl)" -eq 20000 ]] || fail "$(wc -l <all.jsonl) lines"
grep -q "^{\"user_id\":\"$ann\",\"batch\":.*\"results\":\[{\"id\":\"e.*\"title\":\".*\"start_time\":\"20.*\"score\":" \
  all.jsonl || fail "no details: $(head -n 1 all.jsonl)"
"$bin/usher-precompute" --model_dir=models --out=some.jsonl.gz --now="$now" \
  --top=5 --users=some.txt 2>some.log
[[ "$(zcat some.jsonl.gz | wc -l)" -eq 3 ]] || fail "$(zcat some.jsonl.gz)"
[[ "$(zcat some.jsonl.gz | sed -n "/\"user_id\":\"$bob\"/s/.*\"results\"//p")" == \
  "$(sed -n "/\"user_id\":\"$bob\"/s/.*\"results\"//p" all.jsonl)" ]] ||
  fail "one user's list depends on who else is listed"

journalled() {
  [[ "$(sed -n 6p big.jsonl.gz.journal 2>/dev/null)" -gt 0 ]] 2>/dev/null
}
big=(--model_dir=models --out=big.jsonl.gz --now="$now" --threads=1 --top=5)
"$bin/usher-precompute" "${big[@]}" 2>/dev/null &
precompute_pid=$!
wait_for journalled
kill -9 "$precompute_pid"
wait "$precompute_pid" 2>/dev/null || true
[[ ! -e big.jsonl.gz ]] || fail "a file that is not whole has its name"
"$bin/usher-precompute" "${big[@]}" 2>big.log || fail "$(cat big.log)"
grep -q 'going on with batch' big.log || fail "it did not go on: $(cat big.log)"
zcat big.jsonl.gz | sed 's/"batch":"[^"]*"//' >big.lines
sed 's/"batch":"[^"]*"//' all.jsonl | cmp - big.lines ||
  fail "the file of two runs is not that of one"

"$bin/usher-precompute" --model_dir=models --what=users --out=users.jsonl \
  --top=3 --users=some.txt 2>users.log
grep -q '1 users of --users are unknown' users.log || fail "$(cat users.log)"
[[ "$(wc -l <users.jsonl)" -eq 2 ]] || fail "$(cat users.jsonl)"
"$bin/usher-precompute" --model_dir=models --what=users --namespace=shop \
  --redis="unix:$scratch/socket" --users=some.txt 2>users.log
[[ -n "$(redis get usher:shop:sim:current)" ]] || fail "no similar users"
[[ "$(redis get usher:shop:rec:current)" == "$batch" ]] ||
  fail "similar users moved the lists of events"
echo "usher_precompute_test: ok"

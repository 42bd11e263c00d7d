#!/usr/bin/env bash
# The programs as a user runs them: synth, train, inspect, serve, ask; and what
# they do when something is wrong.
#   processes_test.sh BIN_DIR   BIN_DIR holds usher-train, usher-serve, usherctl
set -euo pipefail
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/server.sh
source "$top/deploy/server.sh"

bin="$(cd "${1:?usage: processes_test.sh BIN_DIR}" && pwd)"
scratch="$(mktemp -d)"
finish() {
  local status=$?
  trap - EXIT
  stop_server || true
  rm -rf "$scratch"
  exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM INT
cd "$scratch"

fail() {
  echo "processes_test: $*" >&2
  exit 1
}

# runs COMMAND...: it must succeed; its output is left in out.
runs() {
  "$@" >out 2>err </dev/null || {
    local status=$?
    cat out err >&2
    fail "exit $status from: $*"
  }
}

# refuses STATUS TEXT COMMAND...: it must exit so, with one line on stderr that
# holds the text.
refuses() {
  local status=0 expected="$1" text="$2"
  shift 2
  "$@" >out 2>err </dev/null || status=$?
  [[ "$status" -eq "$expected" ]] ||
    fail "exit $status, not $expected, from: $*: $(<err)"
  grep -qF -- "$text" err || fail "no \"$text\" in \"$(<err)\" from: $*"
  [[ "$(wc -l <err)" -eq 1 ]] ||
    fail "more than a line on stderr from: $*: $(<err)"
}

has() {
  grep -qE -- "$1" out || fail "nothing like \"$1\" in: $(<out)"
}

# json EXPRESSION: the expression over the JSON object `d` in out must be true.
json() {
  python3 -c '
import json, sys
d = json.load(open("out"))
sys.exit(0 if eval("(" + sys.argv[1] + ")") else 1)' "$1" ||
    fail "\"$1\" does not hold of: $(head -c 2000 out)"
}

make_and_train() {
  runs "$bin/usher-train" synth --out=city --users=400 --events=500 \
    --interactions=8000 --seed=5
  now="$(sed -n 's/.*--now=\([^ ]*\).*/\1/p' out)"
  [[ -n "$now" ]] || fail "synth names no --now"
  runs "$bin/usher-train" synth --out=again --users=400 --events=500 \
    --interactions=8000 --seed=5
  diff -r city again || fail "one seed, two cities"
  gzip -k city/events.jsonl
  cat >small.textproto <<'END'
event_als { dim: 16 sweeps: 4 }
organizer_als { dim: 16 sweeps: 4 }
content_dim: 16
END
  train=("$bin/usher-train" train --events=city/events.jsonl
    --users=city/users.jsonl --interactions=city/interactions.csv
    --config=small.textproto)
  runs "${train[@]}" --model_dir=model
  has '^published version 1 '
  runs "$bin/usher-train" train --events=city/events.jsonl.gz \
    --users=city/users.jsonl --interactions=city/interactions.csv \
    --config=small.textproto --model_dir=model
  has '^published version 2 '
  runs "$bin/usher-train" inspect --model_dir=model
  has '^events: +500$'
  has '^users: +400$'
  has 'every file is as it was written'
}

# What learned nothing does not take the place of what did.
train_refuses_worse() {
  cp -r model guarded
  # Blind for who asks.
  cat small.textproto - >blind.textproto <<'END'
ranker {
  trees: 8
  leave_out: [
    "own_organizer", "own_share", "own_last", "followed", "followed_last",
    "als_organizer", "als_event", "neighbours", "neighbour_organizer",
    "content", "content_last", "series", "venue", "place_density", "distance",
    "organizer_no", "hour_match", "conflict"
  ]
}
END
  local worse=("$bin/usher-train" train --events=city/events.jsonl
    --users=city/users.jsonl --interactions=city/interactions.csv
    --config=blind.textproto --model_dir=guarded)
  local status=0
  "${worse[@]}" >out 2>err </dev/null || status=$?
  [[ "$status" -eq 3 ]] || fail "exit $status, not 3, for what is worse"
  [[ "$(tail -n 1 err)" == *'not published: NDCG@10'*--force* ]] ||
    fail "no reason in: $(<err)"
  [[ "$(<guarded/CURRENT)" == 2 && ! -e guarded/3 ]] ||
    fail "what was refused is published"
  runs "${worse[@]}" --force
  has '^published version 3 '
}

# A state that a server has opened, and nobody has written to.
train_from_state() {
  : >log
  start_server log "$bin/usher-serve" --model_dir=model \
    --listen="127.0.0.1:$(free_port)" --state=empty.db
  stop_server || fail "SIGTERM ended the server with exit status $?"
  # What was read stands above the error.
  ! "$bin/usher-train" train --state=empty.db --model_dir=other \
    >out 2>err </dev/null || fail "a model of nothing"
  [[ "$(tail -n 1 err)" == *'nothing to learn from'* ]] ||
    fail "no \"nothing to learn from\" in: $(<err)"
  refuses 1 nowhere.db "$bin/usher-train" train --state=nowhere.db \
    --model_dir=other
  refuses 1 --interactions "$bin/usher-train" train --state=empty.db \
    --interactions=city/interactions.csv --model_dir=other
}

train_errors() {
  refuses 2 fly "$bin/usher-train" fly
  refuses 2 --modeldir "${train[@]}" --modeldir=model
  refuses 1 --interactions "$bin/usher-train" train --model_dir=model
  refuses 1 nowhere.csv "$bin/usher-train" train --interactions=nowhere.csv \
    --model_dir=other
  echo 'event_asl { dim: 5 }' >wrong.textproto
  refuses 1 event_asl "$bin/usher-train" train --model_dir=other \
    --interactions=city/interactions.csv --config=wrong.textproto
  refuses 1 nowhere "$bin/usher-train" inspect --model_dir=nowhere
  # Each is found before the data are read, which would be another error.
  touch file
  refuses 1 file/below "$bin/usher-train" train --model_dir=file/below \
    --interactions=nowhere.csv
  local evaluate=("$bin/usher-train" evaluate --interactions=nowhere.csv)
  refuses 1 file/below "${evaluate[@]}" --report=file/below
  refuses 1 none/answers "${evaluate[@]}" --report=r --answers=none/answers
  refuses 1 city "${evaluate[@]}" --report=r --answers=city
  refuses 1 --clock=sun "${evaluate[@]}" --report=r --clock=sun
  echo 'index { hnsw_m: -3 }' >wrong.textproto
  refuses 1 hnsw_m "$bin/usher-train" train --model_dir=other \
    --interactions=nowhere.csv --config=wrong.textproto
  [[ ! -e r ]] || fail "a run that failed left a report"
  [[ ! -e other ]] || fail "a run that failed left a model directory"
  runs "$bin/usher-train" --help
  has inspect
  runs "$bin/usher-train" train --help
  has -- --interactions
}

# A flipped and a missing byte of every file of the version.
corruption() {
  local file damaged
  for file in model/2/*; do
    [[ -s "$file" ]] || continue
    rm -rf broken
    cp -r model broken
    damaged="broken/2/${file##*/}"
    python3 - "$damaged" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 4
open(sys.argv[1], "wb").write(data)
END
    refuses 1 "${file##*/}" "$bin/usher-train" inspect --model_dir=broken
    cp "$file" "$damaged"
    truncate -s -1 "$damaged"
    refuses 1 "${file##*/}" "$bin/usher-train" inspect --model_dir=broken
    rm "$damaged"
    refuses 1 "${file##*/}" "$bin/usher-train" inspect --model_dir=broken
  done
}

# A server that finds a damaged version says which file, stays up for a better
# one, and does not serve until it comes.
serve_errors() {
  local status=0
  "$bin/usher-serve" --modeldir=model >out 2>err </dev/null || status=$?
  [[ "$status" -ne 0 ]] || fail "usher-serve takes any flag"
  grep -qF -- modeldir err || fail "usher-serve does not name the flag"

  rm -rf broken
  cp -r model broken
  truncate -s -1 broken/2/vectors.events
  : >broken.log
  "$bin/usher-serve" --model_dir=broken --listen="127.0.0.1:$(free_port)" \
    >broken.log 2>&1 </dev/null &
  server_pid="$!"
  for _ in {1..300}; do
    grep -q vectors.events broken.log && break
    sleep 0.1
  done
  grep -q vectors.events broken.log ||
    fail "the server names no damaged file: $(<broken.log)"
  ! grep -q '^usher: serving' broken.log ||
    fail "the server serves a damaged version"
  stop_server || fail "SIGTERM ended the idle server with exit status $?"
}

# rows: the lines of out that begin with a number.
rows() {
  grep -cE '^ *[0-9]+ ' out || true
}

ask() {
  local ctl=("$bin/usherctl" --server="$server_address") user event
  user="$(sed -n '3s/^{"id": *"\([^"]*\)".*/\1/p' city/users.jsonl)"

  runs "${ctl[@]}" recommend --user="$user" --now="$now" --limit=7
  [[ "$(rows)" -eq 7 ]] || fail "not 7 rows: $(<out)"
  runs "${ctl[@]}" --json recommend --user="$user" --now="$now" --limit=7
  json 'len(d["results"]) == 7'
  json 'len({r["event_id"] for r in d["results"]}) == 7'
  json '[r["score"] for r in d["results"]] ==
        sorted((r["score"] for r in d["results"]), reverse=True)'
  json 'd["model_version"] in (2, "2")'
  event="$(python3 -c '
import json
print(json.load(open("out"))["results"][0]["event_id"])')"
  cp out first
  runs "${ctl[@]}" --json recommend --user="$user" --now="$now" --limit=7
  python3 -c '
import json
a, b = (json.load(open(f))["results"] for f in ("first", "out"))
assert [r["event_id"] for r in a] == [r["event_id"] for r in b]' ||
    fail "one request, two answers"
  runs "${ctl[@]}" --json recommend --user="$user" --now="$now" \
    --exclude="$event"
  json "all(r['event_id'] != '$event' for r in d['results'])"
  runs "${ctl[@]}" --json recommend --user=somebody-new --now="$now"
  json 'len(d["results"]) > 0 and d["serving_info"]["cold_user"]'

  runs "${ctl[@]}" similar-events --event="$event" --now="$now" --limit=5
  [[ "$(rows)" -eq 5 ]] || fail "not 5 rows: $(<out)"
  runs "${ctl[@]}" --json similar-events --event="$event" --now="$now"
  json "d['results'] and all(r['event_id'] != '$event' for r in d['results'])"
  for basis in taste profile blend; do
    runs "${ctl[@]}" --json similar-users --user="$user" --basis="$basis"
    json "all(r['user_id'] != '$user' for r in d['results'])"
  done
  runs "${ctl[@]}" similar-users --user="$user" --limit=5
  [[ "$(rows)" -eq 5 ]] || fail "not 5 rows: $(<out)"
  runs "${ctl[@]}" audience --event="$event" --limit=5
  [[ "$(rows)" -eq 5 ]] || fail "not 5 rows: $(<out)"
  runs "${ctl[@]}" --json audience --event="$event" --limit=5
  json 'len({r["user_id"] for r in d["results"]}) == 5'
  runs "${ctl[@]}" status
  runs "${ctl[@]}" --json status
  json '"model" in str(d)'

  refuses 2 fly "${ctl[@]}" fly
  refuses 2 --limt "${ctl[@]}" recommend --user="$user" --limt=3
  refuses 2 --limit "${ctl[@]}" recommend --user="$user" --limit=many
  refuses 1 no-such-event "${ctl[@]}" audience --event=no-such-event
  ! "$bin/usherctl" --server="$dead" --timeout=2s status >out 2>err ||
    fail "usherctl finds a server where none is"
  grep -qF "$dead" err || fail "usherctl does not say where it looked"
}

serve_live() {
  : >live.log
  start_server live.log "$bin/usher-serve" --model_dir=model \
    --listen="127.0.0.1:$(free_port)" --state=live.db
  live=("$bin/usherctl" --server="$server_address")
}

# offered USER YES|NO: whether the new event is on the user's list.
offered() {
  runs "${live[@]}" --json recommend --user="$1" --now="$now" --limit=200
  json "len(d['results']) > 5"
  json "('$2' == 'YES') == any(r['event_id'] == 'new/1' for r in d['results'])"
}

# An event comes, is answered, and goes; nothing of that is lost with a process.
write_live() {
  local user other event
  user="$(sed -n '3s/^{"id": *"\([^"]*\)".*/\1/p' city/users.jsonl)"
  other="$(sed -n '4s/^{"id": *"\([^"]*\)".*/\1/p' city/users.jsonl)"
  serve_live
  runs "${live[@]}" status
  has '^state +live\.db · position 0$'

  # Like what the user would go to anyway.
  runs "${live[@]}" --json recommend --user="$user" --now="$now" --limit=1
  event="$(python3 -c '
import json
print(json.load(open("out"))["results"][0]["event_id"])')"
  runs "${live[@]}" get-event --event="$event"
  has "^id +$event$"
  grep -m 1 -F "\"$event\"" city/events.jsonl |
    sed 's|"id": *"[^"]*"|"id": "new/1"|; s|"title": *"[^"]*"|"title": "New"|' \
      >new.jsonl
  offered "$user" NO
  "${live[@]}" upsert-events --file=- <new.jsonl >out
  has '^1 event upserted$'
  runs "${live[@]}" get-event --event=new/1
  has '^title +New$'
  offered "$user" YES
  offered "$other" YES
  echo '{"id": "new/1", "title": "Newer", "city": "Elsewhere"}' >title.jsonl
  runs "${live[@]}" upsert-events --file=title.jsonl --fields=title
  runs "${live[@]}" get-event --event=new/1
  has '^title +Newer$'
  ! grep -q Elsewhere out || fail "a field that is not masked was changed"

  runs "${live[@]}" record --user="$user" --event=new/1 --kind=rsvp_yes \
    --time="$now"
  has '^1 accepted, 0 duplicates$'
  runs "${live[@]}" record --user="$user" --event=new/1 --kind=rsvp_yes \
    --time="$now"
  has '^0 accepted, 1 duplicates$'
  offered "$user" NO
  runs "${live[@]}" explain --user="$user" --event=new/1 --now="$now"
  has '^not recommended: answered$'
  offered "$other" YES
  runs "${live[@]}" explain --user="$other" --event=new/1 --now="$now"
  has '^recommended, at position [0-9]+$'
  printf '%s\n' "$user" "$other" >users.txt
  runs "${live[@]}" recommend-many --users_file=users.txt --limit=3 --now="$now"
  [[ "$(wc -l <out)" -eq 6 ]] || fail "not 6 rows: $(<out)"
  runs "${live[@]}" --json recommend --user="$other" --now="$now" --limit=4 \
    --pages=3
  python3 -c '
import json, sys
pages = [json.loads(line) for line in open("out")]
ids = [r["event_id"] for page in pages for r in page["results"]]
sys.exit(not (len(pages) == 3 and len(ids) == len(set(ids)) == 12))' ||
    fail "three pages: $(<out)"
  printf 'user_id,event_id,kind,value,timestamp\n%s,new/1,click,,%s\n' \
    "$other" "$now" >clicks.csv
  runs "${live[@]}" record --file=clicks.csv --stream
  has '^1 accepted, 0 duplicates$'
  runs "${live[@]}" record --file=clicks.csv
  has '^0 accepted, 1 duplicates$'
  runs "${live[@]}" delete-events --event=new/1
  offered "$other" NO
  runs "${live[@]}" status
  has 'position 5$'

  stop_server || fail "SIGTERM ended the server with exit status $?"
  serve_live
  runs "${live[@]}" status
  has 'position 5$'
  offered "$other" NO
  refuses 1 new/1 "${live[@]}" get-event --event=new/1
}

pin_live() {
  runs "${live[@]}" versions
  [[ "$(rows)" -eq 2 ]] || fail "not 2 versions: $(<out)"
  has '^ +2 .* published · serving$'
  runs "${live[@]}" pin --version=1
  has '^version 1 is served, pinned$'
  runs "${live[@]}" versions
  has '^ +1 .* serving · pinned$'
  runs "${live[@]}" reload
  has '^version 1 is served$'
  runs "${live[@]}" --json status
  json 'd["model_version"] == "1"'
  # What was written does not depend on the version.
  refuses 1 new/1 "${live[@]}" get-event --event=new/1
  runs "${live[@]}" unpin
  has '^version 2 is served, as published$'
  ! "${live[@]}" pin --version=99 >out 2>err || fail "version 99 is pinned"
  grep -qF 99 err || fail "the error names no version: $(<err)"
}

# usherctl and usher-train read the same files.
send_files() {
  runs "${live[@]}" upsert-events --file=city/events.jsonl.gz
  has '^500 events upserted$'
  runs "${live[@]}" upsert-users --file=city/users.jsonl
  has '^400 users upserted$'
  runs "${live[@]}" get-user --user="$(
    sed -n '3s/^{"id": *"\([^"]*\)".*/\1/p' city/users.jsonl)"
  has '^location +'
  runs "${live[@]}" record --file=city/interactions.csv
  has '^[0-9,]+ accepted, '
  runs "${live[@]}" record --file=city/interactions.csv
  has '^0 accepted, '

  { echo '{"id": "new/2"}' && echo '{"id": 3}' && echo '{"id": "new/4"}'; } \
    >bad.jsonl
  ! "${live[@]}" upsert-events --file=bad.jsonl >out 2>err ||
    fail "a bad line is no failure"
  grep -qF 'bad.jsonl:2: id must be text' err || fail "no line in: $(<err)"
  runs "${live[@]}" get-event --event=new/4
  refuses 1 nowhere.jsonl "${live[@]}" upsert-users --file=nowhere.jsonl
  refuses 2 --kind "${live[@]}" record --user=u --event=e
}

step() {
  echo "processes_test: $1"
  "$1"
}

step make_and_train
step train_refuses_worse
step train_from_state
step train_errors
step corruption
step serve_errors
dead="127.0.0.1:$(free_port)"
: >server.log
start_server server.log "$bin/usher-serve" --model_dir=model \
  --listen="127.0.0.1:$(free_port)"
grep -q '^usher: serving model version 2 on ' server.log ||
  fail "the server says something else: $(<server.log)"
step ask
stop_server || fail "SIGTERM ended the server with exit status $?"
step write_live
step pin_live
step send_files
stop_server || fail "SIGTERM ended the server with exit status $?"
echo "processes_test: all holds"

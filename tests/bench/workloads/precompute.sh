# Lists for many users at once.
# shellcheck shell=bash

run_precompute() {
  local output theirs ours rate folder="$made/factors"
  local name='precompute, products alone'
  mkdir -p "$folder"
  output="$("$bin/usher-bench" precompute raw "$folder")"
  ours="$(head -n 1 <<<"$output" | after 'cpu')"
  figure "$name" 'processor us a user' "$ours"
  figure "$name" 'times what the multiply-adds take a core' \
    "$(divide "$ours" "$(after 'one core:' <<<"$output")")"
  if has_peer implicit; then
    theirs="$(OMP_NUM_THREADS=1 run_peer recommend_implicit.py "$folder" \
      --threads=1 | after 'cpu')"
    figure "$name" 'times implicit' "$(divide "$theirs" "$ours")"
  fi
  city
  name='precompute, whole ranking'
  output="$("$bin/usher-bench" precompute all "$made/city$small/model" \
    "$(<"$made/city$small/now")" | tail -n 1)"
  rate="$(after 'rate' <<<"$output")"
  figure "$name" 'processor us a user' "$(after 'cpu' <<<"$output")"
  figure "$name" 'users/s, all cores' "$rate"
  [[ -z "${theirs-}" ]] || figure "$name" 'times implicit without it' \
    "$(divide "$theirs" "$(after 'cpu' <<<"$output")")"
  precompute_into_redis "$rate"
}

# precompute_into_redis RATE: the same lists of everybody into Redis, next to
# the rate that they are made at and to what Redis takes by a hundred.
precompute_into_redis() {
  local name='precompute, whole ranking, into Redis' output rate bytes set
  start_redis
  output="$(fill_redis)"
  rate="$(after 'rate' <<<"$output")"
  bytes="$(after 'bytes' <<<"$output")"
  figure "$name" 'users/s, all cores' "$rate"
  figure "$name" 'part of the rate without Redis' "$(divide "$rate" "$1")"
  figure "$name" 'bytes a list' "$bytes"
  set="$(redis_rate 1 100 "$bytes" set)"
  figure "$name" 'SET of as many bytes, by 100, /s' "$set"
  figure "$name" 'part of that rate' "$(divide "$rate" "$set")"
  figure "$name" 'GET of as many bytes, by 100, /s' \
    "$(redis_rate 1 100 "$bytes" get)"
  stop_redis
}

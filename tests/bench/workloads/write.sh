# What is written and stays.
# shellcheck shell=bash

run_state() {
  local name='state, 1,000 rows a commit' rows=1000000 output rate sync
  [[ -z "$small" ]] || rows=100000
  rm -f "$made/bench.db"*
  output="$("$bin/usher-bench" state "$made/bench.db" "$rows" 1000)"
  rate="$(tail -n 1 <<<"$output" | after 'rows:')"
  sync="$(after 'bytes:' <<<"$output")"
  figure "$name" 'rows/s' "$rate"
  figure "$name" 'ms of a raw append and sync of 4 KB a row' "$sync"
  figure "$name" 'times that, a commit' \
    "$(divide "$(divide 1000000 "$rate")" "$sync")"
}

run_write() {
  local name='write, 4 callers, 100 rows a call' seconds=10 output rate
  [[ -z "$small" ]] || seconds=2
  serve
  output="$("$bin/usher-bench" write-load "$server_address" interactions \
    "$seconds" 4 100)"
  stop_server
  rate="$(after 'failed:' <<<"$output")"
  figure "$name" 'rows/s' "$rate"
  figure "$name" 'p99 ms' "$(after 'p99' <<<"$output")"
  # As many commits of as many rows, without calls.
  rm -f "$made/bench.db"*
  figure "$name" 'times the rate of such commits alone' "$(divide "$rate" \
    "$("$bin/usher-bench" state "$made/bench.db" 100000 100 | tail -n 1 |
      after 'rows:')")"
}

# A million live events, all written since the version was trained.
# shellcheck shell=bash

# copies NUMBER: the upcoming events of the city and so many copies of each, of
# other organizers, a few degrees of longitude apart.
copies() {
  awk -v now="$(<"$made/city$small/now")" -v copies="$1" '
    match($0, /"start_time":[0-9]+/) {
      if (substr($0, RSTART + 13, RLENGTH - 13) + 0 <= now) next
      for (k = 1; k <= copies; ++k) {
        event = $0
        match(event, /"longitude":-?[0-9.]+/)
        longitude = substr(event, RSTART + 12, RLENGTH - 12) + k * 3.3
        if (longitude > 180) longitude -= 360
        event = substr(event, 1, RSTART - 1) "\"longitude\":" \
          sprintf("%.5f", longitude) substr(event, RSTART + RLENGTH)
        sub(/"id":"/, "&" k "-", event)
        sub(/"organizer":"/, "&" k "-", event)
        sub(/"venue":"/, "&" k " ", event)
        sub(/"city":"/, "&" k " ", event)
        print event
      }
    }' "$made/city$small/events.jsonl"
}

run_crowd() {
  local number=99 km name all
  [[ -z "$small" ]] || number=9
  city
  echo 'memory_lists_mb: 0' >"$made/online.textproto"
  serve_state "$made/crowd$small.db" --config="$made/online.textproto"
  if [[ ! -f "$made/crowd$small.complete" ]]; then
    copies "$number" | "$bin/usherctl" --server="$server_address" \
      --timeout=60s upsert-events --file=- >"$made/crowd.log" 2>&1
    touch "$made/crowd$small.complete"
  fi
  # Until what was written is merged.
  load 10 1 0
  for km in 0 50; do
    name="$((number + 1)) x 11,000 live events"
    [[ "$km" -eq 0 ]] || name+=", within $km km"
    load 10 1 0 "$made/city$small/ids" "$km"
    figure "$name" 'p50 ms' "$(after 'p50' <<<"$loaded")"
    figure "$name" 'p99 ms' "$(after 'p99' <<<"$loaded")"
    [[ "$km" -gt 0 ]] || all="$(after 'p50' <<<"$loaded")"
  done
  stop_server
  name="$((number + 1)) x 11,000 live events"
  figure "$name" 'p50, times a scan of so many vectors' "$(divide "$all" \
    "$("$bin/usher-bench" scan $((number * 11000 + 11000)) \
      "$(dimensions)" 500 | column '  scan' 3)")"
}

# Of the vectors that the city's model searches.
dimensions() {
  "$bin/usher-bench" precompute all "$made/city$small/model" \
    "$(<"$made/city$small/now")" 64 | sed -nE 's/.* ([0-9]+) dimensions/\1/p'
}

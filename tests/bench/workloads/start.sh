# How long until work can begin.
# shellcheck shell=bash

# Reading and indexing interactions for training.
run_load() {
  local rows=20000000 output name csv
  [[ -z "$small" ]] || rows=2000000
  name="load, $rows interactions of CSV"
  csv="$made/interactions-$rows.csv"
  if [[ ! -f "$csv" ]]; then
    "$bin/usher-bench" load make "$csv.unfinished" "$rows"
    mv "$csv.unfinished" "$csv"
  fi
  output="$("$bin/usher-bench" load "$csv")"
  figure "$name" 's in all' "$(after '^all wall' <<<"$output")"
  figure "$name" 'processor s in all' "$(after '^all .* cpu' <<<"$output")"
  figure "$name" 'processor s of reading' "$(after '^read .* cpu' <<<"$output")"
  figure "$name" 'processor s of the catalogue' \
    "$(after '^catalogue .* cpu' <<<"$output")"
  figure "$name" 'processor s of the matrix' \
    "$(after '^matrix .* cpu' <<<"$output")"
  figure "$name" 'reading, times counting lines' "$(divide \
    "$(after '^read .* cpu' <<<"$output")" \
    "$(after '^lines .* cpu' <<<"$output")")"
}

# From the start of a process until it serves a large version, whose files are
# in the page cache; and what memory it has taken when some users have asked.
run_start() {
  local users=1000000 events=100000 interactions=3000000 name folder begin read
  local served cpu bytes kilobytes
  [[ -z "$small" ]] || users=100000 events=10000 interactions=300000
  name="start, $users users and $events events"
  folder="$made/city-$users-start"
  # What is not learned as long takes no less to open.
  make_city "city-$users-start" "$users" "$events" "$interactions" \
    'event_als { sweeps: 1 } organizer_als { sweeps: 1 } learn_ranker: false'
  find "$folder/model" -type f -exec cat {} + >/dev/null
  begin="$(date +%s.%N)"
  find "$folder/model" -type f -exec cat {} + >/dev/null
  read="$(span "$begin" "$(date +%s.%N)")"
  rm -f "$made/live.db"*
  begin="$(date +%s.%N)"
  start_server "$made/server.log" "$bin/usher-serve" \
    --model_dir="$folder/model" --state="$made/live.db" \
    --listen="127.0.0.1:$(free_port)"
  # Its word that it serves is the last that it has written.
  served="$(span "$begin" "$(stat -c %.Y "$made/server.log")")"
  cpu="$(server_cpu)"
  load_city "$folder" "$folder/ids" 2 2 0
  bytes="$(find "$folder/model" -type f -printf '%s\n' |
    awk '{ sum += $1 } END { print sum }')"
  kilobytes="$(awk '/^VmRSS:/ { print $2 }' "/proc/$server_pid/status")"
  stop_server
  figure "$name" 's until it serves' "$served"
  figure "$name" 'processor s until it serves' "$cpu"
  figure "$name" 'times reading its files' "$(divide "$served" "$read")"
  figure "$name" 'GB of files' "$(divide "$bytes" 1e9)"
  figure "$name" 'resident memory, times that' \
    "$(divide "${kilobytes}000" "$bytes")"
}

# span BEGIN END: seconds between.
span() {
  awk -v begin="$1" -v end="$2" 'BEGIN { print end - begin }'
}

# Made-up cities, their models, and servers of them; to be sourced after
# deploy/server.sh. `bin` has the programs, `made` what is made, and `small` is
# "" or 1.
# shellcheck shell=bash

# make_city NAME USERS EVENTS INTERACTIONS [CONFIG]: a made-up city in
# $made/NAME, its model, trained with that TrainConfig, the instant to ask for
# and people to ask for.
make_city() {
  local folder="${made:?}/$1"
  [[ ! -f "$folder/complete" ]] || return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  "${bin:?}/usher-train" synth --out="$folder" --users="$2" --events="$3" \
    --interactions="$4" 2>&1 |
    sed -n 's/.*--now=\([^ ]*\).*/\1/p' | date --file=- +%s >"$folder/now"
  echo "${5-}" >"$folder/train.textproto"
  "$bin/usher-train" train --events="$folder/events.jsonl" \
    --users="$folder/users.jsonl" \
    --interactions="$folder/interactions.csv" \
    --config="$folder/train.textproto" \
    --model_dir="$folder/model" >"$folder/train.log" 2>&1
  sed -n 's/^{"id": *"\([^"]*\)".*/\1/p' "$folder/users.jsonl" >"$folder/ids"
  touch "$folder/complete"
}

# The city that is asked, and how many people it has.
city() {
  if [[ -z "${small-}" ]]; then
    make_city city 20000 75000 900000
  else
    make_city city1 2000 2000 60000
  fi
}

# serve_state FILE [FLAG...]: the city's model and that state.
serve_state() {
  start_server "$made/server.log" "$bin/usher-serve" \
    --model_dir="$made/city$small/model" --state="$1" \
    --listen="127.0.0.1:$(free_port)" "${@:2}"
}

# serve [FLAG...]: with an empty state.
serve() {
  city
  rm -f "$made/live.db"*
  serve_state "$made/live.db" "$@"
}

# load SECONDS CONNECTIONS RATE [USERS [KM]]: asks server_address for people of
# the city; leaves what was printed in `loaded`, and in `answer_us` the
# processor microseconds that an answer took the server of server_pid.
load() {
  local begin end
  begin="$(server_cpu)"
  load_city "$made/city$small" "${4-$made/city$small/ids}" "$1" "$2" "$3" \
    "${5-0}"
  end="$(server_cpu)"
  answer_us="$(awk -v begin="$begin" -v end="$end" -v loaded="$loaded" \
    'BEGIN { printf "%.0f", (end - begin) * 1e6 / (loaded + 0) }')"
}

# Processor seconds that the server has taken.
server_cpu() {
  awk -v tick="$(getconf CLK_TCK)" '{
      sub(/.*\) /, "")
      print ($12 + $13) / tick
    }' "/proc/$server_pid/stat"
}

# load_city FOLDER USERS SECONDS CONNECTIONS RATE [KM]: the same of any city.
load_city() {
  loaded="$("$bin/usher-bench" recommend-load "$server_address" "$2" "$3" "$4" \
    "$5" "$(<"$1/now")" "${6-0}")"
  [[ "$loaded" == *' 0 failed,'* ]] || {
    echo "run: calls failed: $loaded" >&2
    exit 1
  }
}

# A server that keeps what it is told in memory alone, on $redis_socket.
start_redis() {
  redis_socket="$made/redis.sock"
  redis-server --port 0 --unixsocket "$redis_socket" --save '' \
    --appendonly no >"$made/redis.log" 2>&1 </dev/null &
  redis_pid="$!"
  for _ in {1..100}; do
    ! redis-cli -s "$redis_socket" ping >/dev/null 2>&1 || return 0
    kill -0 "$redis_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "run: redis-server did not come up; see $made/redis.log" >&2
  exit 1
}

stop_redis() {
  [[ -n "${redis_pid-}" ]] || return 0
  kill "$redis_pid" 2>/dev/null || true
  wait "$redis_pid" || true
  redis_pid=""
}

# Everybody's lists into Redis; prints users a second and, of a list, bytes.
fill_redis() {
  local batch rate
  rate="$("$bin/usher-precompute" --model_dir="$made/city$small/model" \
    --now="$(<"$made/city$small/now")" --redis="unix:$redis_socket" 2>&1 |
    tail -n 1 | after ' s \(')"
  batch="$(redis-cli -s "$redis_socket" get usher:default:rec:current)"
  echo "rate $rate bytes $(head -n 100 "$made/city$small/ids" |
    sed "s/.*/strlen usher:default:rec:$batch:&/" |
    redis-cli -s "$redis_socket" |
    awk '{ sum += $1 } END { printf "%.0f", sum / NR }')"
}

# redis_rate CLIENTS PIPELINE BYTES COMMAND: what Redis itself does a second.
redis_rate() {
  redis-benchmark -s "$redis_socket" -c "$1" -P "$2" -d "$3" -t "$4" \
    -r 20000 -n $((20000 * ("$2" > 1 ? 20 : 5))) --csv |
    awk -F '"' 'END { print $4 }'
}

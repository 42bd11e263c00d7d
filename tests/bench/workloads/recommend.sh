# A server under load.
# shellcheck shell=bash

# ceiling BYTES SECONDS RATE: asks a server that answers so many bytes, and
# nothing else; leaves its rate in `constant_rate`, its processor microseconds
# an answer in `constant_us`, and what callers wait who ask at RATE in
# `constant_open`.
ceiling() {
  local address
  address="127.0.0.1:$(free_port)"
  # What an earlier one said is not this one's word.
  : >"$made/constant.log"
  "$bin/usher-bench" constant-server "$address" "$1" >"$made/constant.log" &
  constant_pid="$!"
  for _ in {1..100}; do
    [[ ! -s "$made/constant.log" ]] || break
    sleep 0.1
  done
  server_address="$address" server_pid="$constant_pid" \
    load "$2" "$connections" 0
  constant_rate="$(after 'empty,' <<<"$loaded")"
  constant_us="$answer_us"
  server_address="$address" server_pid="$constant_pid" \
    load "$2" "$connections" "$3"
  constant_open="$loaded"
  kill "$constant_pid"
  wait "$constant_pid" || true
}

# The rate of answers, next to that of a constant answer of the same size in the
# same round: online, from memory, from Redis, with events written in the
# background; and what callers wait at half the rate.
run_recommend() {
  local seconds=10 connections=16 rate constant_rate constant_us constant_open
  [[ -z "$small" ]] || seconds=3
  city
  shuf -n 2000 "$made/city$small/ids" >"$made/some_ids"
  echo 'memory_lists_mb: 0' >"$made/online.textproto"
  serve --config="$made/online.textproto"
  recommend_online
  recommend_while_written
  stop_server
  recommend_from_memory
  recommend_from_redis
}

recommend_online() {
  local name="recommend, closed loop, $connections connections" bytes us
  load 1 "$connections" 0 "$made/some_ids"
  load "$seconds" "$connections" 0
  rate="$(after 'empty,' <<<"$loaded")"
  bytes="$(sed -nE 's/.* ([0-9]+) bytes each.*/\1/p' <<<"$loaded")"
  us="$answer_us"
  figure "$name" 'answers/s' "$rate"
  figure "$name" 'p50 ms' "$(after 'p50' <<<"$loaded")"
  figure "$name" 'p99 ms' "$(after 'p99' <<<"$loaded")"
  figure "$name" 'processor us an answer, of the server' "$us"
  ceiling "$bytes" 3 "$(divide "$rate" 2)"
  figure "$name" 'a constant answer of that size, answers/s' "$constant_rate"
  figure "$name" 'part of the constant answer' \
    "$(divide "$rate" "$constant_rate")"
  figure "$name" "processor time, times the constant server's" \
    "$(divide "$us" "$constant_us")"
  load "$seconds" "$connections" "$(divide "$rate" 2)"
  name='recommend, open loop at half that rate'
  figure "$name" 'p50 ms' "$(after 'p50' <<<"$loaded")"
  figure "$name" 'p50 ms of a constant answer' \
    "$(after 'p50' <<<"$constant_open")"
  figure "$name" 'p99 ms' "$(after 'p99' <<<"$loaded")"
  figure "$name" 'p99 ms of a constant answer' \
    "$(after 'p99' <<<"$constant_open")"
}

recommend_while_written() {
  local name='recommend, 1,000 events written a second' unwritten writer
  # What is written later is there already, so that there is not more to rank.
  "$bin/usher-bench" write-load "$server_address" events 4 2 500 \
    >"$made/write.log"
  load "$seconds" "$connections" 0
  unwritten="$(after 'empty,' <<<"$loaded")"
  "$bin/usher-bench" write-load "$server_address" events "$((seconds + 1))" \
    2 25 1000 >"$made/write.log" &
  writer="$!"
  sleep 0.5
  load "$seconds" "$connections" 0
  wait "$writer"
  figure "$name" 'answers/s' "$(after 'empty,' <<<"$loaded")"
  figure "$name" 'part of the rate without' \
    "$(divide "$(after 'empty,' <<<"$loaded")" "$unwritten")"
  figure "$name" 'events written a second' \
    "$(after 'failed:' <"$made/write.log")"
}

# kept NAME: what `loaded` says of answers from lists that were there.
kept() {
  local answers
  answers="$(after 'empty,' <<<"$loaded")"
  figure "$1" 'answers/s' "$answers"
  figure "$1" 'times the rate online' "$(divide "$answers" "$rate")"
  figure "$1" 'part of the constant answer' \
    "$(divide "$answers" "$constant_rate")"
  figure "$1" 'processor us an answer, of the server' "$answer_us"
  figure "$1" "processor time, times the constant server's" \
    "$(divide "$answer_us" "$constant_us")"
}

recommend_from_memory() {
  local writer
  serve
  # A second time within a list's life; then with writes, each of which has all
  # lists ranked anew once.
  load 2 "$connections" 0 "$made/some_ids"
  load 2 "$connections" 0 "$made/some_ids"
  kept 'recommend, lists in memory'
  "$bin/usher-bench" write-load "$server_address" events 3 1 1 1 \
    >"$made/write.log" &
  writer="$!"
  load 2 "$connections" 0 "$made/some_ids"
  wait "$writer"
  stop_server
  kept 'recommend, lists in memory, an event written a second'
}

# Redis is waited for, since on a machine where all wait for a core it is late;
# how many of the lists came from there stands beside.
recommend_from_redis() {
  local name='recommend, lists in Redis' bytes metrics
  start_redis
  bytes="$(fill_redis | after bytes)"
  metrics="$(free_port)"
  printf 'memory_lists_mb: 0\nredis_timeout_ms: 1000\n' >"$made/redis.textproto"
  serve --config="$made/redis.textproto" --redis="unix:$redis_socket" \
    --metrics_listen="127.0.0.1:$metrics"
  load 1 "$connections" 0 "$made/some_ids"
  load "$seconds" "$connections" 0
  kept "$name"
  figure "$name" 'part of the lists from Redis' "$(from_redis "$metrics")"
  figure "$name" 'GET of as many bytes, one by one, /s' \
    "$(redis_rate "$connections" 1 "$bytes" get)"
  stop_server
  stop_redis
}

# from_redis PORT: what the metrics there say.
from_redis() {
  local connection
  exec {connection}<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET /metrics HTTP/1.0\r\n\r\n' >&"$connection"
  awk '/^usher_list_origin_total/ { all += $2 }
    /^usher_list_origin_total.*"redis"/ { redis = $2 }
    END { printf "%.3f", redis / all }' <&"$connection"
  exec {connection}>&-
}

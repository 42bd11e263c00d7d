# Starts and stops one usher-serve from a bash script; to be sourced.
# start_server sets server_pid and server_address.
# shellcheck shell=bash

# Prints a loopback port that nobody listens on.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 10000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return 0
    fi
  done
  echo "no free port between 20000 and 30000 on 127.0.0.1" >&2
  return 1
}

# start_server LOG COMMAND...: runs the command, its output into LOG, until it
# serves. When it ends before that, or is not there after a minute: shows the
# log and fails.
start_server() {
  local log="$1"
  shift
  : >"$log"
  nohup "$@" >"$log" 2>&1 </dev/null &
  server_pid="$!"
  for _ in {1..600}; do
    server_address="$(sed -n \
      's/^usher: serving model version [0-9]* on \(.*\)$/\1/p;T;q' "$log")"
    [[ -z "$server_address" ]] || return 0
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "the server did not come up: $*" >&2
  echo "the end of its log, $log:" >&2
  tail -n 40 "$log" >&2
  stop_server || true
  return 1
}

# Ends the server that start_server started, by SIGTERM and, ten seconds later,
# by SIGKILL; does nothing when there is none. Returns its exit status.
stop_server() {
  local status=0
  [[ -n "${server_pid-}" ]] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  for _ in {1..100}; do
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$server_pid" 2>/dev/null || true
  wait "$server_pid" || status=$?
  server_pid=""
  return "$status"
}

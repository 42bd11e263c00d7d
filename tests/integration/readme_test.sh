#!/usr/bin/env bash
# Runs every command that a README of the repository shows.
#   readme_test.sh BIN_DIR      BIN_DIR holds usher-train, usher-serve, usherctl
# A fenced ```sh block must say, in an HTML comment on the line above the fence,
# who runs it:
#   <!-- run -->      this test, in a scratch directory
#   <!-- serve -->    this test, in the background until the README ends; what
#                     follows waits until it serves
#   <!-- ci -->       .ci/run, which must hold each of its lines
# The scratch directory has build/bin, deploy/ and a made-up city in data/. In a block,
# 127.0.0.1:50051 stands for a free port, USER for somebody of that city and NOW
# for its present. A block that asks for recommendations must print rows.
set -euo pipefail
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/server.sh
source "$top/deploy/server.sh"

bin="$(cd "${1:?usage: readme_test.sh BIN_DIR}" && pwd)"
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

fail() {
  echo "readme_test: $*" >&2
  exit 1
}

# Writes block N of a README to N.block, its first line the mark. Prints how
# many there are.
extract() {
  awk -v into="$2" '
    /^```sh/ {
      inside = 1
      file = into "/" ++count ".block"
      print previous >file
      next
    }
    /^```/ { inside = 0 }
    inside { print >file }
    { previous = $0 }
    END { print count + 0 }' "$1"
}

run_block() {
  local block="$1" output="$1.out"
  sed 's/^/  $ /' "$block"
  bash -euo pipefail "$block" </dev/null >"$output" 2>&1 || {
    cat "$output" >&2
    fail "the block above failed"
  }
  sed -n '1,40s/^/  | /p' "$output"
  if grep -q 'usherctl.* recommend' "$block" &&
    ! grep -qE '^[[:space:]]*1[[:space:]]' "$output"; then
    fail "no rows came out of the block above"
  fi
}

serve_block() {
  local block="$1" arguments
  [[ -z "${server_pid-}" ]] || fail "a README serves once"
  [[ "$(wc -l <"$block")" -eq 1 ]] || fail "a serve block is one line"
  sed 's/^/  $ /' "$block"
  read -ra arguments <"$block"
  start_server server.log "${arguments[@]}"
}

check_in_ci() {
  local line
  while IFS= read -r line; do
    [[ -n "$line" ]] || continue
    grep -qF -- "$line" "$top/.ci/run" ||
      fail "$2 says <!-- ci -->, but .ci/run does not run: $line"
  done <"$1"
}

run_readme() {
  local readme="$1" port count number mark block
  port="$(free_port)"
  count="$(extract "$top/$readme" .)"
  for ((number = 1; number <= count; ++number)); do
    mark="$(head -n 1 "$number.block")"
    block="$number.sh"
    tail -n +2 "$number.block" |
      sed "s/127\.0\.0\.1:50051/127.0.0.1:$port/g
        s/=USER\b/=$user/g; s/=NOW\b/=$now/g" >"$block"
    echo "$readme, block $number: $mark"
    case "$mark" in
      '<!-- run -->') run_block "$block" ;;
      '<!-- serve -->') serve_block "$block" ;;
      '<!-- ci -->') check_in_ci "$block" "$readme" ;;
      *) fail "$readme: sh block $number has no mark on the line above it" ;;
    esac
  done
  stop_server || fail "$readme: the server ended with exit status $?"
  blocks=$((blocks + count))
}

blocks=0
mkdir "$scratch/city"
"$bin/usher-train" synth --out="$scratch/city" --users=2000 \
  >"$scratch/synth.log" 2>&1 || {
  cat "$scratch/synth.log" >&2
  fail "usher-train synth failed"
}
now="$(sed -n 's/.*--now=\([^ ,;)]*\).*/\1/p;T;q' "$scratch/synth.log")"
user="$(sed -n 's/^{"id": *"\([^"]*\)".*/\1/p;T;q' "$scratch/city/users.jsonl")"
[[ -n "$now" && -n "$user" ]] || fail "usher-train synth named no --now or user"
while IFS= read -r readme; do
  place="$scratch/$readme.d"
  mkdir -p "$place/build"
  ln -s "$bin" "$place/build/bin"
  ln -s "$top/deploy" "$place/deploy"
  cp -r "$scratch/city" "$place/data"
  cd "$place"
  run_readme "$readme"
done < <(cd "$top" && find . -name README.md -not -path './.git/*' \
  -not -path './build*' | sed 's|^\./||' | sort)
[[ "$blocks" -gt 0 ]] || fail "no README holds an sh block"
echo "readme_test: $blocks blocks hold"

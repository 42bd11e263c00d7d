#!/usr/bin/env bash
# What usher-serve says of its flags: usher_serve_test.sh PROGRAM
set -euo pipefail
program="$1"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
failures=0

# expect STATUS WORDS ARGS...: the exit status, and one line that says WORDS.
expect() {
  local status=0 output
  output="$("$program" "${@:3}" 2>&1)" || status=$?
  if [[ "$status" -ne "$1" || "$output" != *"$2"* ||
    ("$status" -ne 0 && "$(wc -l <<<"$output")" -ne 1) ]]; then
    printf 'usher-serve %s: status %s\n%s\n' "${*:3}" "$status" "$output" >&2
    failures=$((failures + 1))
  fi
}

printf 'threads: 2\n' >"$scratch/good"
printf 'threads: 2\nbogus: 1\n' >"$scratch/bad"
expect 0 'usher: serving model version V on ADDRESS' --help
expect 0 'configuration: ok' --model_dir=m --check_config --config="$scratch/good"
expect 1 '--model_dir is required'
expect 1 'bogus' --bogus
expect 1 "undated_lifetime_days" --model_dir=m --undated_lifetime_days=x
expect 1 '-1 is not between' --model_dir=m --undated_lifetime_days=-1
expect 1 '"extra"' --model_dir=m extra
expect 1 '--listen' --model_dir=m --listen=
expect 1 'cannot listen on nowhere' --model_dir=m --listen=nowhere
expect 1 "$scratch/none" --model_dir=m --config="$scratch/none"
expect 1 "$scratch/bad:2:" --model_dir=m --config="$scratch/bad"
printf 'experiments { name: "a" variants { name: "x" } variants { name: "y" } }' \
  >"$scratch/experiments"
printf 'experiments { name: "a" variants { name: "x" } variants { name: "y"
  ranking { weights { feature: "venu" weight: 1 } } } }' >"$scratch/misnamed"
expect 0 'configuration: ok' --model_dir=m --check_config \
  --experiments="$scratch/experiments"
expect 1 "$scratch/misnamed: experiments[0].variants[1].ranking.weights" \
  --model_dir=m --check_config --experiments="$scratch/misnamed"
expect 1 "$scratch/none" --model_dir=m --experiments="$scratch/none"
printf 'no state' >"$scratch/other.db"
expect 1 "$scratch/other.db: file is not a database" --model_dir=m \
  --listen=127.0.0.1:0 --state="$scratch/other.db"
expect 1 "$scratch/none/state.db" --model_dir=m --listen=127.0.0.1:0 \
  --state="$scratch/none/state.db"
[[ "$failures" -eq 0 ]]

#!/usr/bin/env bash
# What usher-serve says of its flags and the files that they name:
# usher_serve_test.sh PROGRAM
set -euo pipefail
program="$1"
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
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
printf 'scenarios { name: "mail" limit: 5 } scenarios { name: "front"
  filter { max_distance_km: -1 } }' >"$scratch/scenarios"
expect 1 "$scratch/scenarios: scenarios[1].filter.max_distance_km: -1 is neg" \
  --model_dir=m --check_config --config="$scratch/scenarios"
printf 'no state' >"$scratch/other.db"
expect 1 "$scratch/other.db: file is not a database" --model_dir=m \
  --listen=127.0.0.1:0 --state="$scratch/other.db"
expect 1 "$scratch/none/state.db" --model_dir=m --listen=127.0.0.1:0 \
  --state="$scratch/none/state.db"

# What a start would trip over is found by --check_config.
check=(--model_dir="$scratch/none" --check_config)
expect 1 '--metrics_listen: "9464" is not HOST:PORT' "${check[@]}" \
  --metrics_listen=9464
expect 1 "--state: $scratch/other.db: file is not a database" "${check[@]}" \
  --state="$scratch/other.db"
expect 1 "cannot be made in $scratch/none/" "${check[@]}" \
  --state="$scratch/none/state.db"
expect 0 'configuration: ok' "${check[@]}" --state="$scratch/new.db"
[[ ! -e "$scratch/new.db" ]] || {
  echo "--check_config made a file" >&2
  failures=$((failures + 1))
}
mkdir "$scratch/broken"
echo nonsense >"$scratch/broken/CURRENT"
expect 1 '--model_dir: ' --model_dir="$scratch/broken" --check_config

token="$("$top/deploy/new_token" app read,write "$scratch/tokens" 2>/dev/null)"
"$top/deploy/new_token" ops admin "$scratch/tokens" >"$scratch/ops" 2>/dev/null
expect 0 'configuration: ok' "${check[@]}" --tokens="$scratch/tokens"
if grep -qF "$token" "$scratch/tokens" ||
  [[ "$(cut -d' ' -f1,2 "$scratch/tokens")" != $'app read,write\nops admin' ]] ||
  "$top/deploy/new_token" app read "$scratch/tokens" 2>/dev/null; then
  echo "deploy/new_token left $(<"$scratch/tokens")" >&2
  failures=$((failures + 1))
fi
echo 'app read' >>"$scratch/tokens"
expect 1 "--tokens: $scratch/tokens:3: has not three words" "${check[@]}" \
  --tokens="$scratch/tokens"
expect 1 "$scratch/none" "${check[@]}" --tokens="$scratch/none"

for name in a b; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
    -subj "/CN=$name" -keyout "$scratch/$name.key" -out "$scratch/$name.pem" \
    2>/dev/null
done
expect 0 'configuration: ok' "${check[@]}" --tls_cert="$scratch/a.pem" \
  --tls_key="$scratch/a.key" --tls_client_ca="$scratch/b.pem"
expect 1 "$scratch/b.key: is not the key of the certificate in $scratch/a.pem" \
  "${check[@]}" --tls_cert="$scratch/a.pem" --tls_key="$scratch/b.key"
expect 1 '--tls_cert and --tls_key belong together' "${check[@]}" \
  --tls_cert="$scratch/a.pem"
expect 1 '--tls_cert and --tls_key belong together' "${check[@]}" \
  --tls_client_ca="$scratch/a.pem"

# An open door is not an error, and is mentioned.
expect 0 'calls are not encrypted' "${check[@]}" --listen=0.0.0.0:50051
expect 0 'anybody may call everything' "${check[@]}" --listen=0.0.0.0:50051 \
  --tls_cert="$scratch/a.pem" --tls_key="$scratch/a.key"
[[ "$failures" -eq 0 ]]

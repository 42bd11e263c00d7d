#!/usr/bin/env bash
# The dashboard and the alerts speak of what a running server exports.
#   monitoring_test.sh BIN_DIR   BIN_DIR holds usher-train, usher-serve, usherctl
set -euo pipefail
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/server.sh
source "$top/deploy/server.sh"

bin="$(cd "${1:?usage: monitoring_test.sh BIN_DIR}" && pwd)"
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
cd "$scratch"

fail() {
  echo "monitoring_test: $*" >&2
  exit 1
}

# scrape FILE: what Prometheus would get.
scrape() {
  exec 3<>"/dev/tcp/${metrics/://}"
  printf 'GET /metrics HTTP/1.0\r\nHost: %s\r\n\r\n' "$metrics" >&3
  cat <&3 >"$1"
  exec 3<&-
}

printf 'event_als { dim: 8 sweeps: 2 }\norganizer_als { dim: 8 sweeps: 2 }\ncontent_dim: 8\n' \
  >small.textproto
"$bin/usher-train" synth --out=city --users=200 --events=300 \
  --interactions=3000 >synth.log 2>&1
"$bin/usher-train" train --events=city/events.jsonl --users=city/users.jsonl \
  --interactions=city/interactions.csv --config=small.textproto \
  --model_dir=model >train.log 2>&1 || fail "$(<train.log)"
metrics="127.0.0.1:$(free_port)"
start_server server.log "$bin/usher-serve" --model_dir=model \
  --listen=127.0.0.1:0 --metrics_listen="$metrics"
now="$(sed -n 's/.*--now=\([^ ,;)]*\).*/\1/p;T;q' synth.log)"
user="$(sed -n 's/^{"id": *"\([^"]*\)".*/\1/p;T;q' city/users.jsonl)"
for _ in 1 2 3; do
  "$bin/usherctl" --server="$server_address" recommend --user="$user" \
    --now="$now" >answer
done
"$bin/usherctl" --server="$server_address" explain --user="$user" \
  --event=nobody >answer 2>&1 && fail "explained an unknown event"
scrape page

value() {
  awk -v name="$1" '$1 == name {print $2}' page
}
service='service="usher.v1.RecommendationService"'
[[ "$(value "usher_calls_total{$service,method=\"Recommend\",code=\"OK\"}")" == 3 ]] ||
  fail "three lists do not show: $(grep Recommend page)"
[[ "$(value "usher_calls_total{$service,method=\"Explain\",code=\"NOT_FOUND\"}")" == 1 ]] ||
  fail "an error does not show: $(grep Explain page)"
[[ "$(value 'usher_stage_seconds_count{stage="rank"}')" == 3 ]] ||
  fail "stages do not show: $(grep stage page)"
[[ "$(value usher_serving)" == 1 && "$(value usher_model_version)" == 1 &&
  "$(value usher_ineligible_served_total)" == 0 ]] ||
  fail "gauges do not show: $(grep -v '{' page)"

# Names, and the values of the labels that an expression picks, against the
# scrape. Values of "code" come with the calls that have them.
python3 - page "$top/deploy/monitoring" <<'END'
import json, re, sys
page = open(sys.argv[1]).read()
exported = set(re.findall(r"^([a-z_]+)(?:\{| )", page, re.M))
labels = set(re.findall(r'([a-z_]+="[^"]*")', page))
label_names = {label.split("=")[0] for label in labels} | {"instance", "job"}
folder = sys.argv[2]
dashboard = json.load(open(folder + "/dashboard.json"))
expressions = [target["expr"] for panel in dashboard["panels"]
               for target in panel.get("targets", [])]
expressions += [item["query"]["query"]
                for item in dashboard["templating"]["list"]
                if item["type"] == "query"]
alerts = open(folder + "/alerts.yml").read()
rules = re.split(r"^      - alert: ", alerts, flags=re.M)[1:]
bad = []
for rule in rules:
    name = rule.split("\n")[0]
    for key in ("expr:", "labels: {severity: ", "summary: "):
        if key not in rule:
            bad.append(f"alert {name} has no {key}")
    expressions.append(re.search(r"expr: (?:>-\n)?(.*?)\n        [a-z]", rule,
                                 re.S).group(1))
named = set()
for expression in expressions:
    names = set(re.findall(r"\b(?:usher|process)_[a-z_]+", expression))
    if not names and "up{" not in expression:
        bad.append("names no metric: " + expression)
    named |= names
    for name, operator, text in re.findall(r'([a-z_]+)(=~|!=|=)"([^"]*)"',
                                           expression):
        if name not in label_names:
            bad.append(f"no label {name}: {expression}")
        if operator == "=" and name not in ("code", "job") and \
                f'{name}="{text}"' not in labels:
            bad.append(f'nothing has {name}="{text}": {expression}')
    for group in re.findall(r"by \(([a-z_, ]*)\)", expression):
        for name in re.split(r", *", group):
            if name not in label_names:
                bad.append(f"no label {name}: {expression}")
bad += sorted("not exported: " + name for name in named - exported)
own = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported
       if name.startswith("usher_")}
shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in named}
bad += sorted("on no panel and in no alert: " + name for name in own - shown)
print(f"{len(expressions)} expressions, {len(named)} metrics")
if bad or len(expressions) < 30 or len(rules) < 10:
    sys.exit("monitoring_test: " + "\n".join(bad))
END
stop_server || fail "the server ended badly: $(<server.log)"
echo "monitoring_test: every metric that is shown is exported"

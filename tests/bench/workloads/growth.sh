# How cost grows when one thing is doubled three times.
# shellcheck shell=bash

# grown NAME CITY [POLICY]: what a list costs there.
grown() {
  local output folder="$made/$2"
  output="$("$bin/usher-bench" list "$folder/model" "$(<"$folder/now")" 5000 \
    "${3-}")"
  figure "$1" 'us a list' "$(after 'recommend' <<<"$output")"
}

run_growth() {
  local n output base=1
  [[ -z "$small" ]] || base=10
  for n in 18750 37500 75000 150000; do
    make_city "city-$((n / base))-events" $((20000 / base)) $((n / base)) \
      $((12 * n / base))
    grown "$((n / base)) events" "city-$((n / base))-events"
  done
  for n in 5000 10000 20000 40000; do
    make_city "city-$((n / base))-users" $((n / base)) $((75000 / base)) \
      $((45 * n / base))
    grown "$((n / base)) users" "city-$((n / base))-users"
  done
  for n in 250 500 1000 2000; do
    grown "$n candidates of the scan" "city-$((75000 / base))-events" \
      "scan_candidates: $n"
  done
  for n in 32 64 128 256; do
    output="$("$bin/usher-bench" als --users=$((30000 / base)) \
      --items=$((10000 / base)) --entries=$((4000000 / base)) --dim="$n" \
      --sweeps=3 | after 'sweep 3 .* cpu')"
    figure "$n factors" 'processor s a sweep, 4 million pairs' "$output"
    output="$("$bin/usher-bench" scan $((100000 / base)) "$n" 100)"
    figure "$n factors" 'ms a scan of 100,000' \
      "$(column '  scan' 3 <<<"$output")"
  done
}

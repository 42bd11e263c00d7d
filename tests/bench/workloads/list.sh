# One list after the other, without gRPC.
# shellcheck shell=bash

run_list() {
  local output lists=20000
  [[ -z "$small" ]] || lists=2000
  city
  output="$("$bin/usher-bench" list "$made/city$small/model" \
    "$(<"$made/city$small/now")" "$lists")"
  figure 'list, without gRPC' 'lists/s, one thread' \
    "$(after 'lists,' <<<"$output")"
  figure 'list, without gRPC' 'us of the ranking' \
    "$(after 'recommend' <<<"$output")"
  figure 'list, without gRPC' 'us of the response' \
    "$(after 'response' <<<"$output")"
}

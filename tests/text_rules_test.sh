#!/usr/bin/env bash
# Fails when the repository's text breaks a rule that a grep can check.
#   text_rules_test.sh [TREE]         checks TREE, by default this repository
#   text_rules_test.sh --self_test    plants one violation of each rule
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
status=0

# rule MESSAGE PATTERN PATH...: no line below the paths may match. This file,
# which holds the patterns, is not looked at.
rule() {
  local message="$1" pattern="$2" found
  shift 2
  found="$(grep -rnIE --exclude=text_rules_test.sh --exclude-dir='build*' \
    --exclude-dir=.git -e "$pattern" -- "$@" 2>/dev/null |
    grep -vE "^(${except:-\$^})" || true)"
  [[ -n "$found" ]] || return 0
  printf 'text rules: %s\n%s\n' "$message" "$found" >&2
  status=1
}

check() {
  cd "$1"
  status=0
  local code=(proto index serving trainer tests)
  rule 'use absl::string_view: Debian'\''s Abseil takes no other' \
    'std::string_view|<string_view>' index serving trainer tests
  rule 'a TODO carries the number of an issue: TODO(#12)' \
    '\bXXX\b|FIXME|TODO([^(]|$)|TODO\([^#]|TODO\(#[^0-9]' "${code[@]}" deploy .ci
  rule 'a path of somebody'\''s machine' \
    '(^|[^A-Za-z0-9_])/(work|root|home/[a-z]+|tmp/b)/' .
  rule 'a test that does not run tells nothing' \
    'GTEST_SKIP|DISABLED_[A-Za-z]' tests
  except=tests/bench/ rule 'a test does not sleep: step what it waits for' \
    'sleep_for|sleep_until|SleepFor|usleep\(' tests --include=*.cc
  rule 'white space at the end of the line' '[[:blank:]]+$' \
    "${code[@]}" deploy .ci CMakeLists.txt README.md
  [[ "$status" -ne 0 ]] || echo "text rules: all kept"
  return "$status"
}

self_test() {
  local tree line failures=0 cases=0
  tree="$(mktemp -d)"
  mkdir -p "$tree/tests" "$tree/index"
  while IFS= read -r line; do
    printf '%s\n' "$line" >"$tree/tests/a.cc"
    if (check "$tree") >/dev/null 2>&1; then
      echo "text rules: not found: $line" >&2
      failures=$((failures + 1))
    fi
    cases=$((cases + 1))
  done <<'LINES'
std::string_view name;
#include <string_view>
// TODO: later
// TODO(ann): later
// FIXME
std::string path = "/work/main/data";
  GTEST_SKIP() << "no Redis";
TEST(FooTest, DISABLED_Bar) {
std::this_thread::sleep_for(1s);
int x; 
LINES
  printf '// TODO(#12): later\nabsl::string_view name;\n' >"$tree/tests/a.cc"
  if ! (check "$tree") >/dev/null 2>&1; then
    echo "text rules: found something in a clean tree" >&2
    failures=$((failures + 1))
  fi
  rm -rf "$tree"
  echo "text rules self-test: $cases planted, $failures wrong"
  [[ "$failures" -eq 0 ]]
}

case "${1-}" in
  --self_test) self_test ;;
  *) check "${1:-$here/..}" ;;
esac

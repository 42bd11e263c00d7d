#!/usr/bin/env bash
# Fails when an #include points against the arrows of the design:
#
#   index:  base <- catalog <- model <- vector <- artifact,  catalog <- state
#   index <- serving/ranking <- trainer
#                            <- the server (the rest of serving)
#   serving/ranking <- serving/experiments <- the server
#
# and when a third-party header leaves the few files that it belongs to.
#   layering_test.sh [TREE]         checks TREE, by default this repository
#   layering_test.sh --self_test    plants one violation after the other in a
#                                   small tree and expects each to be found
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# Prints "path:line: what is wrong" for each bad include below the directory.
violations() {
  (
    cd "$1"
    grep -rnE --include='*.h' --include='*.cc' '^[[:space:]]*#[[:space:]]*include' \
      index serving trainer tests 2>/dev/null || true
  ) | awk '
    function layer(path) {
      if (path ~ /^index\//) {
        split(path, part, "/")
        return part[2]
      }
      if (path ~ /^serving\/ranking\//) return "ranking"
      if (path ~ /^serving\/experiments\//) return "experiments"
      if (path ~ /^serving\//) return "server"
      if (path ~ /^trainer\//) return "trainer"
      if (path ~ /^tests\//) return "tests"
      return ""
    }
    function bad(why) {
      printf "%s:%s: %s: %s\n", file, line, header, why
    }
    BEGIN {
      sees["base"] = " base "
      sees["catalog"] = " base catalog "
      sees["state"] = " base catalog state "
      sees["model"] = " base catalog model "
      sees["vector"] = " base catalog model vector "
      sees["artifact"] = " base catalog model vector artifact "
      index_layers = " base catalog state model vector artifact "
      sees["ranking"] = " base catalog model vector artifact ranking "
      sees["trainer"] = index_layers "ranking trainer "
      sees["experiments"] = sees["ranking"] "experiments "
      sees["server"] = index_layers "ranking experiments server "
      sees["tests"] = index_layers "ranking experiments trainer server tests "
    }
    {
      split($0, field, ":")
      file = field[1]
      line = field[2]
      if (!match($0, /[<"][^>"]+[>"]/)) {
        header = $0
        bad("not a plain include")
        next
      }
      header = substr($0, RSTART + 1, RLENGTH - 2)
      quoted = substr($0, RSTART, 1) == "\""
      from = layer(file)
      to = layer(header)
      in_index = file ~ /^index\//
      in_tests = from == "tests"

      if (!(from in sees)) bad("this folder has no place in the layers")
      else if (to != "" && index(sees[from], " " to " ") == 0)
        bad(from " must not see " to)
      if (quoted && (header ~ /^\.\.?\// || (header !~ /\// &&
          header !~ /^(xxhash|simdjson|sqlite3|libstemmer|zlib)\.h$/)))
        bad("project includes start at the top of the repository")

      if (header ~ /^faiss\//) {
        if (file !~ /^(tests\/)?index\/vector\/[^\/]*\.cc$/ && file !~ /^tests\/bench\/[^\/]*\.cc$/)
          bad("FAISS stays in one .cc of index/vector")
        else if (!in_tests) {
          if (faiss_file != "" && faiss_file != file)
            bad("FAISS is already in " faiss_file)
          faiss_file = file
        }
      }
      if (header ~ /^grpc(pp)?\// && from != "server" && !in_tests)
        bad("gRPC stays at the edge of the server")
      if (header ~ /\.pb\.h$/) {
        if (in_index && file !~ /^index\/artifact\/.*\.cc$/)
          bad("protos are met in .cc files of index/artifact only")
        if (from == "ranking" && !(file == "serving/ranking/policy_config.cc" && header ~ /^usher\/config\//)) bad("ranking knows no protos")
        if (from == "experiments" && !(file == "serving/experiments/experiments_config.cc" && header ~ /^usher\/config\//)) bad("experiments are configured in one file")
      }
      if (header ~ /^(sys\/(socket|un|epoll)\.h|netinet\/|arpa\/inet\.h|netdb\.h|poll\.h|hiredis\/)/ &&
          (in_index || from == "ranking" || from == "experiments"))
        bad("no sockets here")
      if (header == "sqlite3.h" && file != "index/state/sqlite.cc" && !in_tests)
        bad("SQLite stays in index/state/sqlite.cc")
      if (from == "experiments" && (header == "absl/time/clock.h" || header == "index/base/clock.h" || header == "chrono" || header == "thread"))
        bad("experiments are pure: no clock, no threads")
      if (header ~ /^hiredis\// && file != "serving/lists/redis.cc")
        bad("hiredis stays in serving/lists/redis.cc")
      if (from == "ranking" && (header == "absl/time/clock.h" || header == "chrono"))
        bad("ranking reads no clock: the instant is in the query")
      if (header == "thread" && in_index && from != "base" ||
          header == "thread" && from == "ranking")
        bad("threads come from the caller or index/base/parallel.h")
      if (header ~ /^unicode\// &&
          file !~ /^index\/model\/(words|plain_text)\.cc$/)
        bad("ICU stays in index/model/words.cc and plain_text.cc")
      if (header ~ /^libstemmer/ && file != "index/model/words.cc")
        bad("Snowball stays in index/model/words.cc")
      if (header ~ /^prometheus\// && file !~ /^serving\/telemetry\/[^\/]*\.cc$/ && !in_tests)
        bad("Prometheus stays in .cc files of serving/telemetry")
      if (header ~ /^openssl\// && file !~ /^(serving\/(page_token|security\/[^\/]*)|index\/catalog\/forgotten_users)\.cc$/ && !in_tests)
        bad("OpenSSL stays in serving/security, page_token.cc and forgotten_users.cc")
      if (header ~ /^simdjson/ &&
          file !~ /^(trainer\/data\/|trainer\/ranker\/boosted_trees\.cc|index\/state\/json_text\.cc)/)
        bad("simdjson stays in trainer/data, boosted_trees.cc and json_text.cc")
      if (header ~ /^xgboost\// && file != "trainer/ranker/boosted_trees.cc")
        bad("XGBoost stays in trainer/ranker/boosted_trees.cc")
    }'
}

check() {
  local found
  found="$(violations "$1")"
  if [[ -n "$found" ]]; then
    printf 'layering: these includes break the layers:\n%s\n' "$found" >&2
    return 1
  fi
  echo "layering: every include points the right way"
}

# Plants `#include HEADER` in FILE of a fresh tree; expects WORDS in the report,
# or no report when WORDS is empty.
plant() {
  local file="$1" include="$2" words="$3" tree found
  tree="$(mktemp -d)"
  mkdir -p "$tree/index" "$tree/serving" "$tree/trainer" "$tree/tests" \
    "$(dirname "$tree/$file")"
  printf '// #include <vector>\n  # include %s\n' "$include" >"$tree/$file"
  found="$(violations "$tree")"
  rm -rf "$tree"
  if [[ -z "$words" && -z "$found" ]] ||
    [[ -n "$words" && "$found" == "$file:2: "*"$words"* ]]; then
    cases=$((cases + 1))
    return
  fi
  echo "layering: $include in $file: expected '$words', got '$found'" >&2
  failures=$((failures + 1))
}

self_test() {
  cases=0
  failures=0
  plant index/base/a.h '"index/catalog/event.h"' 'base must not see catalog'
  plant index/catalog/a.cc '"index/model/words.h"' 'catalog must not see model'
  plant index/catalog/a.cc '"index/state/db.h"' 'catalog must not see state'
  plant index/state/a.cc '"index/model/words.h"' 'state must not see model'
  plant index/model/a.cc '"index/vector/x.h"' 'model must not see vector'
  plant index/vector/a.cc '"index/artifact/x.h"' 'vector must not see artifact'
  plant index/artifact/a.cc '"serving/ranking/x.h"' 'must not see ranking'
  plant index/artifact/a.cc '"serving/server.h"' 'must not see server'
  plant index/artifact/a.cc '"trainer/data/x.h"' 'must not see trainer'
  plant index/misc/a.cc '<vector>' 'no place in the layers'
  plant serving/ranking/a.cc '"serving/server.h"' 'ranking must not see server'
  plant serving/ranking/a.cc '"trainer/data/x.h"' 'ranking must not see trainer'
  plant serving/ranking/a.cc '"index/state/db.h"' 'ranking must not see state'
  plant serving/ranking/a.cc '"serving/experiments/x.h"' \
    'ranking must not see experiments'
  plant serving/experiments/a.cc '"serving/server.h"' \
    'experiments must not see server'
  plant serving/experiments/a.cc '"index/state/db.h"' \
    'experiments must not see state'
  plant serving/experiments/a.cc '"usher/config/experiments.pb.h"' \
    'configured in one file'
  plant serving/experiments/experiments_config.cc \
    '"usher/config/experiments.pb.h"' ''
  plant serving/experiments/a.cc '"absl/time/clock.h"' 'experiments are pure'
  plant trainer/a.cc '"serving/experiments/x.h"' \
    'trainer must not see experiments'
  plant serving/a.cc '"trainer/data/x.h"' 'server must not see trainer'
  plant trainer/a.cc '"serving/server.h"' 'trainer must not see server'
  plant serving/a.cc '"tests/testing/x.h"' 'server must not see tests'
  plant serving/a.cc '"../trainer/x.h"' 'start at the top of the repository'
  plant index/model/a.cc '"words.h"' 'start at the top of the repository'
  plant trainer/a.cc '"faiss/Index.h"' 'FAISS stays'
  plant index/vector/a.h '<faiss/Index.h>' 'FAISS stays'
  plant trainer/a.cc '<grpcpp/grpcpp.h>' 'gRPC stays'
  plant serving/ranking/a.cc '"grpcpp/grpcpp.h"' 'gRPC stays'
  plant index/artifact/a.cc '<grpc/grpc.h>' 'gRPC stays'
  plant index/artifact/a.h '"usher/storage/manifest.pb.h"' 'protos are met'
  plant index/model/a.cc '"usher/v1/resources.pb.h"' 'protos are met'
  plant serving/ranking/a.h '"usher/v1/resources.pb.h"' 'knows no protos'
  plant serving/ranking/policy_config.cc '"usher/v1/resources.pb.h"' \
    'knows no protos'
  plant serving/ranking/policy_config.cc '"usher/config/config.pb.h"' ''
  plant serving/ranking/a.cc '<sys/socket.h>' 'no sockets here'
  plant index/catalog/a.cc '<hiredis/hiredis.h>' 'no sockets here'
  plant trainer/a.cc '<sqlite3.h>' 'SQLite stays'
  plant serving/lists/redis_lists.cc '<hiredis/hiredis.h>' 'hiredis stays'
  plant serving/lists/redis.cc '<hiredis/hiredis.h>' ''
  plant serving/ranking/a.cc '"absl/time/clock.h"' 'reads no clock'
  plant index/vector/a.cc '<thread>' 'threads come from'
  plant index/model/other.cc '<unicode/ustring.h>' 'ICU stays'
  plant trainer/a.cc '<libstemmer.h>' 'Snowball stays'
  plant trainer/a.cc '<xgboost/c_api.h>' 'XGBoost stays'
  plant trainer/ranker/boosted_trees.cc '<xgboost/c_api.h>' ''
  plant trainer/a.cc '"simdjson.h"' 'simdjson stays'
  plant serving/a.cc '<prometheus/counter.h>' 'Prometheus stays'
  plant serving/telemetry/a.h '<prometheus/counter.h>' 'Prometheus stays'
  plant serving/telemetry/a.cc '<prometheus/counter.h>' ''
  plant serving/a.cc '<openssl/evp.h>' 'OpenSSL stays'
  plant trainer/a.cc '<openssl/evp.h>' 'OpenSSL stays'
  plant serving/security/a.cc '<openssl/evp.h>' ''
  plant serving/a.cc 'HEADER' 'not a plain include'
  plant index/vector/a.cc '<faiss/Index.h>' ''
  plant index/artifact/a.cc '"usher/storage/manifest.pb.h"' ''
  plant index/model/words.cc '<unicode/ustring.h>' ''
  plant trainer/data/a.cc '"simdjson.h"' ''
  plant serving/a.cc '"serving/ranking/pipeline.h"' ''
  plant serving/a.cc '<grpcpp/grpcpp.h>' ''
  plant trainer/a.cc '"serving/ranking/pipeline.h"' ''
  plant tests/serving/a_test.cc '"serving/server.h"' ''
  echo "layering self-test: $cases as expected, $failures not"
  [[ "$failures" -eq 0 ]]
}

case "${1-}" in
  --self_test) self_test ;;
  *) check "${1:-$here/..}" ;;
esac

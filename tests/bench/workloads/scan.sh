# Search for the nearest vectors.
# shellcheck shell=bash

# searched ROWS DIM [FLAG...]: what faiss-cpu says of the same vectors.
searched() {
  mkdir -p "$made/vectors"
  "$bin/usher-bench" scan dump "$1" "$2" "$made/vectors"
  run_peer search_faiss.py "$made/vectors" --dim="$2" "${@:3}"
  rm -r "$made/vectors"
}

run_scan() {
  local sizes=(100000 64 100 1000000 128 100) output name best
  [[ -z "$small" ]] || sizes=(10000 64 100)
  while [[ ${#sizes[@]} -gt 0 ]]; do
    name="scan ${sizes[0]} x ${sizes[1]}, top ${sizes[2]}"
    output="$("$bin/usher-bench" scan "${sizes[@]:0:3}")"
    best="$(column '  scan' 2 <<<"$output")"
    figure "$name" 'ms' "$(column '  scan' 3 <<<"$output")"
    figure "$name" 'times FAISS Flat' \
      "$(column '  scan' 1 <<<"$output" | tr -d x)"
    ! has_peer faiss || figure "$name" 'times faiss-cpu Flat' "$(divide \
      "$(searched "${sizes[@]:0:2}" --top="${sizes[2]}" | after best)" "$best")"
    figure "$name" 'times a scan of floats' \
      "$(divide "$(column '  float scan' 2 <<<"$output")" "$best")"
    figure "$name" 'part of the rate of reading its bytes' \
      "$(divide "$(column '  reading as many bytes' 2 <<<"$output")" "$best")"
    figure "$name" 'ms with a filter of 1 %' \
      "$(column '  scan, filter 0.01' 3 <<<"$output")"
    figure "$name" 'recall' "$(column '  scan' 0 <<<"$output")"
    sizes=("${sizes[@]:3}")
  done
}

run_hnsw() {
  local name='hnsw 20000 x 64, top 10' output theirs
  output="$("$bin/usher-bench" scan hnsw)"
  figure "$name" 'ms' "$(column '  ours' 3 <<<"$output")"
  figure "$name" 'times FAISS HNSW' \
    "$(column '  ours' 1 <<<"$output" | tr -d x)"
  figure "$name" 'recall' "$(column '  ours' 0 <<<"$output")"
  has_peer faiss || return 0
  theirs="$(searched 20000 64 --top=10 --hnsw --repeats=321)"
  figure "$name" 'times faiss-cpu HNSW' "$(divide "$(after best <<<"$theirs")" \
    "$(column '  ours' 2 <<<"$output")")"
  figure "$name" 'recall of faiss-cpu HNSW' "$(after recall <<<"$theirs")"
}

# Alternating least squares.
# shellcheck shell=bash

# The same function for us and for `implicit` with confidence 50 and
# regularization 0.01 (peers/als_implicit.py has the algebra).
als_objective=(--unobserved_weight=0.02040816 --regularization=0.0002
  --frequency_exponent=0)

# train FLAG...: three sweeps; the third one counts.
train() {
  "$bin/usher-bench" als "${als_data[@]}" "${als_objective[@]}" --sweeps=3 "$@"
}

# cost NAME OUTPUT: what a sweep takes, next to what a core can multiply.
cost() {
  local gflops
  gflops="$(after 'sweep 3 .* gflops' <<<"$2")"
  figure "$1" 'processor s a sweep' "$(after 'sweep 3 .* cpu' <<<"$2")"
  figure "$1" 'wall s a sweep' "$(after 'sweep 3 seconds' <<<"$2")"
  [[ "$gflops" != 0.0 ]] || return 0
  figure "$1" 'useful Gflop a processor s' "$gflops"
  figure "$1" 'part of the multiply-adds of a core' \
    "$(divide "$gflops" "$(after 'one core: gflops' <<<"$2")")"
}

# data USERS ITEMS ENTRIES: what is factorized from here on; into $pairs for the
# peers.
data() {
  als_data=(--users="$1" --items="$2" --entries="$3")
  [[ -z "$python" ]] ||
    "$bin/usher-bench" als "${als_data[@]}" --dump="$pairs" >/dev/null
}

run_als() {
  local pairs="$made/pairs" dim dims=(64 128)
  [[ -z "$python" ]] || dims=(8 16 32 64 128 256)
  if [[ -z "$small" ]]; then
    data 138000 27000 18700000
  else
    data 14000 3000 1870000
  fi
  for dim in "${dims[@]}"; do
    als_beside_implicit "$dim"
  done
  for dim in 64 128; do
    cost "als, $dim factors, Cholesky" \
      "$(train --dim="$dim" --solver=cholesky)"
    cost "als, $dim factors, subspaces" \
      "$(train --dim="$dim" --solver=subspaces)"
  done
  als_beside_others
}

als_beside_implicit() {
  local name="als, $1 factors" folder="$made/factors_als" ours theirs seconds
  ours="$(train --dim="$1" --last_objective)"
  cost "$name" "$ours"
  has_peer implicit || return 0
  mkdir -p "$folder"
  theirs="$(run_peer als_implicit.py "$pairs" --dim="$1" --sweeps=3 \
    "${als_data[@]:0:2}" --factors="$folder")"
  seconds="$(after 'sweep 3 .* cpu' <<<"$theirs")"
  theirs="$(train --dim="$1" --judge="$folder" | after '^objective')"
  compare "$name" "$ours" "$seconds" "$theirs"
  # Of many factors three steps a row do more than theirs.
  [[ "$1" -lt 256 ]] || compare "$name, two steps a row" \
    "$(train --dim="$1" --cg_steps=2 --last_objective)" "$seconds" "$theirs"
}

# compare NAME OUTPUT SECONDS OBJECTIVE: with what implicit took and reached.
compare() {
  figure "$1" 'times implicit' \
    "$(divide "$3" "$(after 'sweep 3 .* cpu' <<<"$2")")"
  figure "$1" "objective, part of implicit's" \
    "$(divide "$(after '^objective' <<<"$2")" "$4")"
}

# Those that take minutes for the whole.
als_beside_others() {
  local name='als, 64 factors, a tenth of the data' ours theirs
  [[ -n "$python" ]] || return 0
  data 14000 3000 1870000
  ours="$(train --dim=64 | after 'sweep 3 .* cpu')"
  if has_peer lightfm; then
    theirs="$(run_peer warp_lightfm.py "$pairs" --dim=64 | after cpu)"
    figure "$name" "times LightFM's epoch of WARP" "$(divide "$theirs" "$ours")"
  fi
  if has_peer pyspark; then
    theirs="$(run_peer als_spark.py "$pairs" --dim=64 2>"$made/spark.log" |
      after cpu)"
    figure "$name" "times Spark's ALS" "$(divide "$theirs" "$ours")"
  fi
}

#!/bin/sh
# Implicit ALS beside `implicit` (pip), in one run on the same pairs:
#   als_implicit.sh USHER_BENCH PYTHON [flags of `usher-bench als` that choose
#   the data]
# PYTHON has implicit installed. Sweeps alternate between the two programs'
# whole fits, so a busy machine slows both; compare processor seconds then.
set -eu
bench=$1
python=$2
shift 2
pairs=$(mktemp)
trap 'rm -f "$pairs"' EXIT
"$bench" als --dump="$pairs" "$@"
export OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive
for dim in 64 128; do
  for round in 1 2; do
    echo "usher cg $dim (round $round)"
    "$bench" als "$@" --dim=$dim --sweeps=3
    echo "implicit cg $dim (round $round)"
    "$python" "$(dirname "$0")/als_implicit.py" "$pairs" --dim=$dim --sweeps=3
  done
done

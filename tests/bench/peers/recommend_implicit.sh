#!/bin/sh
# Lists for many users beside `implicit` (pip), in one run on one machine:
#   recommend_implicit.sh USHER_BENCH PYTHON [MODEL_DIR NOW]
# PYTHON has implicit installed. Without MODEL_DIR only the raw products. The
# programs take turns, so that a busy machine slows all; compare processor time
# then.
set -eu
bench=$1
python=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_WAIT_POLICY=passive
for round in 1 2 3; do
  echo "round $round"
  "$bench" precompute raw "$folder"
  for threads in 1 "$(nproc)"; do
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=$threads "$python" \
      "$(dirname "$0")/recommend_implicit.py" "$folder" --threads="$threads"
  done
  if [ $# -eq 2 ]; then "$bench" precompute all "$1" "$2"; fi
done

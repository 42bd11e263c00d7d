"""One epoch of LightFM (WARP) over the pairs that usher-bench als --dump wrote.

Prints processor seconds, on one thread. An epoch of stochastic steps on a
ranking loss is not a sweep of least squares: each looks at every pair once, and
that is all that the two have in common.
"""
import argparse
import time

import numpy as np
import scipy.sparse
from lightfm import LightFM


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs")
    parser.add_argument("--dim", type=int, default=64)
    args = parser.parse_args()
    pairs = np.fromfile(args.pairs, dtype=np.int32).reshape(-1, 2)
    rows, columns = (np.ascontiguousarray(side) for side in pairs.T)
    matrix = scipy.sparse.coo_matrix(
        (np.ones(len(pairs), np.float32), (rows, columns)))
    model = LightFM(no_components=args.dim, loss="warp", random_state=1)
    cpu = time.process_time()
    model.fit_partial(matrix, epochs=1, num_threads=1)
    print(f"cpu {time.process_time() - cpu:.4f}", flush=True)


if __name__ == "__main__":
    main()

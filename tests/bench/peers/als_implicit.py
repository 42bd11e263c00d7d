"""Fits `implicit`'s ALS to the pairs that usher-bench als --dump wrote.

Prints wall and processor seconds of each sweep. Its own defaults (conjugate
gradients, 3 steps, float32); confidence --alpha for a seen pair, 1 else.

With --factors its factors are written to that folder as usher-bench als --judge
takes them. Both minimize the same function, with s = alpha / (alpha - 1):
implicit's, of factors x and y and with --regularization, is (alpha - 1) s^2
times usher-bench's, of x / sqrt(s) and y / sqrt(s) and with
--unobserved_weight=1/(alpha - 1), --regularization=(this one's)/alpha and
--frequency_exponent=0, and a constant.
"""
import argparse
import os
import time

import numpy as np
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--sweeps", type=int, default=4)
    parser.add_argument("--alpha", type=float, default=50)
    parser.add_argument("--regularization", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--cholesky", action="store_true")
    parser.add_argument("--users", type=int)
    parser.add_argument("--items", type=int)
    parser.add_argument("--factors")
    args = parser.parse_args()
    pairs = np.fromfile(args.pairs, dtype=np.int32).reshape(-1, 2)
    shape = (args.users, args.items) if args.users and args.items else None
    matrix = scipy.sparse.csr_matrix(
        (np.ones(len(pairs), np.float32), (pairs[:, 0], pairs[:, 1])), shape)
    model = AlternatingLeastSquares(
        factors=args.dim, regularization=args.regularization, alpha=args.alpha,
        iterations=args.sweeps, num_threads=args.threads, random_state=1,
        use_cg=not args.cholesky)
    last = [time.perf_counter(), sum(os.times()[:2])]

    def report(sweep, seconds, *_):
        cpu = sum(os.times()[:2])
        print(f"sweep {sweep + 1} seconds {seconds:.4f} "
              f"cpu {cpu - last[1]:.4f}", flush=True)
        last[1] = cpu

    model.fit(matrix, show_progress=False, callback=report)
    if args.factors:
        scale = np.float32((args.alpha / (args.alpha - 1)) ** -0.5)
        for factors, name in ((model.user_factors, "users.f32"),
                              (model.item_factors, "items.f32")):
            (factors * scale).tofile(os.path.join(args.factors, name))


if __name__ == "__main__":
    main()

"""`implicit`'s recommend() on the factors that usher-bench precompute wrote.

In batches. Prints users a second and processor microseconds a user, without
and with leaving out what a user knows already (20 items each).
"""
import argparse
import os
import time

import numpy as np
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--top", type=int, default=100)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    load = lambda name: np.fromfile(
        os.path.join(args.folder, name), np.float32).reshape(-1, args.dim)
    model = AlternatingLeastSquares(factors=args.dim, num_threads=args.threads)
    model.user_factors, model.item_factors = load("users.f32"), load("events.f32")
    users, items = len(model.user_factors), len(model.item_factors)
    liked = scipy.sparse.random(users, items, density=20 / items, format="csr",
                                dtype=np.float32, random_state=1)
    for known in (False, True):
        wall, cpu = time.perf_counter(), sum(os.times()[:2])
        for begin in range(0, users, args.batch):
            ids = np.arange(begin, min(begin + args.batch, users))
            model.recommend(ids, liked[ids], N=args.top,
                            filter_already_liked_items=known)
        wall = time.perf_counter() - wall
        cpu = sum(os.times()[:2]) - cpu
        print(f"implicit{' without known' if known else ''} "
              f"threads {args.threads} users {users} rate {users / wall:.0f}/s "
              f"cpu {cpu / users * 1e6:.1f} us/user", flush=True)


if __name__ == "__main__":
    main()

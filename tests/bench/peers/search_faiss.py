"""`faiss-cpu` on the vectors that usher-bench scan dump wrote, on one thread.

Prints the median and the best of many searches in milliseconds of processor
time, and the recall: of the flat index, or with --hnsw of a graph of the same
width and beam as usher-bench scan hnsw makes.
"""
import argparse
import os
import time

import faiss
import numpy as np


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--top", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=96)
    parser.add_argument("--hnsw", action="store_true")
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    load = lambda name: np.fromfile(
        os.path.join(args.folder, name), np.float32).reshape(-1, args.dim)
    vectors, queries = load("vectors.f32"), load("queries.f32")
    flat = faiss.IndexFlatIP(args.dim)
    flat.add(vectors)
    index = flat
    if args.hnsw:
        index = faiss.IndexHNSWFlat(args.dim, 16, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 64
        index.hnsw.efSearch = 128
        index.add(vectors)
    times = []
    for i in range(args.repeats):
        query = queries[i % len(queries)][None]
        begin = time.thread_time()
        index.search(query, args.top)
        times.append(1e3 * (time.thread_time() - begin))
    exact, found = flat.search(queries, args.top)[1], index.search(
        queries, args.top)[1]
    recall = np.mean([len(np.intersect1d(a, b)) / args.top
                      for a, b in zip(exact, found)])
    print(f"{'hnsw' if args.hnsw else 'flat'} median {np.median(times):.4f} "
          f"best {min(times):.4f} recall {recall:.3f}", flush=True)


if __name__ == "__main__":
    main()

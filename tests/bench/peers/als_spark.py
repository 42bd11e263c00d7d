"""Fits Spark's ALS to the pairs that usher-bench als --dump wrote.

Prints the processor seconds that a sweep takes the Java process: those of a fit
of one sweep taken from those of a fit of some more, after a first fit that no
one counts. Implicit preferences, float32, its only solver (Cholesky), a block a
core. It scales regularization with the length of a row, so that its objective
is not the others'.
"""
import argparse
import os
import tempfile

import numpy as np
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--sweeps", type=int, default=2)
    parser.add_argument("--alpha", type=float, default=49)
    parser.add_argument("--regularization", type=float, default=0.01)
    parser.add_argument("--memory", default="10g")
    args = parser.parse_args()
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    spark = (SparkSession.builder.master("local[*]")
             .config("spark.driver.memory", args.memory)
             .config("spark.ui.enabled", "false")
             .config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.shuffle.partitions", os.cpu_count())
             .getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    java = spark.sparkContext._gateway.proc.pid
    pairs = np.fromfile(args.pairs, dtype=np.int32).reshape(-1, 2)
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as text:
        text.writelines(f"{user},{item}\n" for user, item in pairs.tolist())
        text.flush()
        seen = (spark.read.schema("user int, item int").csv(text.name)
                .selectExpr("user", "item", "cast(1 as float) rating").cache())
        seen.count()

    def fit(sweeps):
        begin = processor_seconds(java)
        ALS(rank=args.dim, maxIter=sweeps, regParam=args.regularization,
            implicitPrefs=True, alpha=args.alpha, seed=1,
            numUserBlocks=os.cpu_count(),
            numItemBlocks=os.cpu_count()).fit(seen)
        return processor_seconds(java) - begin

    fit(1)
    once = fit(1)
    print(f"cpu {(fit(1 + args.sweeps) - once) / args.sweeps:.4f}", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()

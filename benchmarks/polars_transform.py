"""WoE by Polars expressions, in the peers' own environment; driven line by line so that passes alternate with ours.

Usage: ``polars_transform.py FOLDER``: reads ``X.npy`` (columns), ``bins.json`` and prints versions; then for each line on standard input transforms
everything once and prints the seconds. On ``check`` it writes ``polars.npy`` instead.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"

import numpy as np
import polars as pl


def expression(name, bins):
    """Return the WoE of one variable: missing, special codes, then the cuts from the left."""
    value = pl.col(name)
    chosen = pl.when(value.is_null()).then(bins["missing"])
    for code, woe in bins["specials"]:
        chosen = chosen.when(value == code).then(woe)
    for cut, woe in zip(bins["cuts"], bins["woe"], strict=False):
        chosen = chosen.when(value < cut).then(woe)
    return chosen.otherwise(bins["woe"][-1]).alias(name)


def main():
    folder = Path(sys.argv[1])
    X = np.load(folder / "X.npy")
    bins = json.loads((folder / "bins.json").read_text())
    frame = pl.DataFrame({f"x{j}": X[:, j] for j in range(X.shape[1])}).fill_nan(None)
    expressions = [expression(f"x{j}", one) for j, one in enumerate(bins)]
    print(f"polars {pl.__version__}, {pl.thread_pool_size()} thread", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        result = frame.select(expressions)
        seconds = time.perf_counter() - start
        if line.strip() == "check":
            np.save(folder / "polars.npy", result.to_numpy())
        print(seconds, flush=True)


if __name__ == "__main__":
    main()

"""What every peer program shares: reading rows, timing, writing PDs. Runs in the peers' environments, knows nothing of ours."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Rows:
    """Training rows with their outcome, test rows without, names of the text columns, and settings."""

    X: pd.DataFrame
    is_bad: np.ndarray
    X_test: pd.DataFrame
    texts: list[str]
    applied_at: np.ndarray | None
    settings: dict[str, Any]

    @property
    def seed(self) -> int:
        return int(self.settings["seed"])


def read_rows(folder: Path) -> Rows:
    """Read what was handed over; a missing text becomes a text, because not every tool takes it otherwise."""
    pd.set_option("future.infer_string", False)  # texts as plain objects: toad cannot read Arrow's
    X, X_test = pd.read_parquet(folder / "train.parquet"), pd.read_parquet(folder / "test.parquet")
    texts = [name for name in X.columns if not pd.api.types.is_numeric_dtype(X[name])]
    for table in (X, X_test):
        for name in texts:
            table[name] = table[name].astype(object).where(table[name].notna(), "(missing)")
    times = folder / "applied_at.npy"
    return Rows(
        X.reset_index(drop=True),
        np.load(folder / "is_bad.npy"),
        X_test.reset_index(drop=True),
        texts,
        np.load(times) if times.is_file() else None,
        json.loads((folder / "settings.json").read_text(encoding="utf-8")),
    )


def serve(tools: Mapping[str, Callable[[Rows], Callable[[], np.ndarray]]], libraries: Sequence[str]) -> None:
    """Answer ``versions``, or run one tool on the rows of a folder.

    A tool takes rows, fits, and returns a function that gives the PDs of the test rows.
    """
    if sys.argv[1] == "versions":
        print(json.dumps({name: version(name) for name in libraries}))
        return
    folder = Path(sys.argv[2])
    rows = read_rows(folder)
    start = time.perf_counter()
    predict = tools[rows.settings["tool"]](rows)
    fitted = time.perf_counter()
    found = np.asarray(predict(), dtype=float)
    done = time.perf_counter()
    np.save(folder / "pd.npy", found)
    (folder / "seconds.json").write_text(json.dumps({"fit": fitted - start, "predict": done - fitted}))

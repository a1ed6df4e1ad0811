"""One file per tool, view and fold, outside the repository: a run that was cut off goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.task import PROJECT, Task
from comparison.tools import Prediction, Rows

if TYPE_CHECKING:
    from comparison.tools import Tool

CACHE_VARIABLE = "CREDIT_RISK_BENCHMARK_CACHE"


def cache_folder(given: str = "") -> Path:
    """Return where results are kept; a folder inside the repository is refused."""
    default = Path.home() / ".cache" / "credit_risk_benchmarks"
    folder = Path(given or os.environ.get(CACHE_VARIABLE) or default).resolve()
    if folder.is_relative_to(PROJECT):
        raise SystemExit(f"The cache must lie outside the repository: set {CACHE_VARIABLE} or --cache.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def predict(task: Task, tool: Tool, view: str, fold: int, cache: Path) -> Prediction:
    """Return the saved prediction of exactly this program on exactly these rows, or make and save it."""
    train, test = task.folds[fold]
    X = task.X[list(task.views[view])]
    path = cache / "results" / f"{_key(task, tool, view, fold)}.json"
    if path.is_file():
        saved = json.loads(path.read_text(encoding="utf-8"))
        return Prediction(
            pd=np.array(saved["pd"]),
            fit_seconds=saved["fit_seconds"],
            predict_seconds=saved["predict_seconds"],
            is_new=False,
        )
    rows = Rows(
        X=X.iloc[train],
        is_bad=task.is_bad[train],
        X_test=X.iloc[test],
        directions={name: task.directions.get(name, 0) for name in X.columns},
        applied_at=None if task.applied_at is None else task.applied_at[train],
    )
    found = tool.run(rows)
    seconds = {"fit_seconds": found.fit_seconds, "predict_seconds": found.predict_seconds}
    facts = {"task": task.name, "tool": tool.name, "view": view, "fold": fold, **seconds}
    _write(path, json.dumps({**facts, "pd": found.pd.tolist()}))
    return found


def _key(task: Task, tool: Tool, view: str, fold: int) -> str:
    train, test = task.folds[fold]
    X = task.X[list(task.views[view])]
    digest = hashlib.sha256(f"{task.name}|{tool.name}|{tool.identity}|{view}|{fold}".encode())
    digest.update(json.dumps([[name, task.directions.get(name, 0)] for name in X.columns]).encode())
    for array in (
        pd.util.hash_pandas_object(X, index=False).to_numpy(),
        task.is_bad,
        train,
        test,
        task.applied_at,
    ):
        # the size too: the same positions, divided otherwise into train and test, are another fold
        digest.update(
            b"none" if array is None else f"{len(array)}|".encode() + np.ascontiguousarray(array).tobytes()
        )
    return digest.hexdigest()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)

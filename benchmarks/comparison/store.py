"""One file per tool, view and fold, outside the repository: a run that was cut off goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from comparison.tasks import PROJECT, Task

if TYPE_CHECKING:
    from comparison.tools import Tool

CACHE_VARIABLE = "CREDIT_RISK_BENCHMARK_CACHE"


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """PDs of a fold's test rows, and how long fitting and predicting took."""

    pd: np.ndarray
    seconds: float
    is_new: bool


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
        return Prediction(pd=np.array(saved["pd"]), seconds=saved["seconds"], is_new=False)
    directions = {name: task.directions.get(name, 0) for name in X.columns}
    start = time.perf_counter()
    pd = np.asarray(tool.predict(X.iloc[train], task.is_bad[train], X.iloc[test], directions), dtype=float)
    seconds = time.perf_counter() - start
    facts = {"task": task.name, "tool": tool.name, "view": view, "fold": fold, "seconds": seconds}
    _write(path, json.dumps({**facts, "pd": pd.tolist()}))
    return Prediction(pd=pd, seconds=seconds, is_new=True)


def _key(task: Task, tool: Tool, view: str, fold: int) -> str:
    train, test = task.folds[fold]
    X = task.X[list(task.views[view])]
    digest = hashlib.sha256(f"{task.name}|{tool.name}|{tool.identity}|{view}|{fold}".encode())
    digest.update(json.dumps([[name, task.directions.get(name, 0)] for name in X.columns]).encode())
    for array in (X.to_numpy(dtype=float), task.is_bad, train, test):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)

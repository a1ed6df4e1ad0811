"""What is predicted, from which columns, on which rows; and how rows are split."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import RepeatedStratifiedKFold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

PROJECT = Path(__file__).resolve().parents[2]
DATA_VARIABLE = "CREDIT_RISK_BENCHMARK_DATA"
SEED = 20261101

Fold = tuple[np.ndarray, np.ndarray]


class NotRun(Exception):  # noqa: N818 - a statement, not a fault
    """The data set is not on this machine."""


def nothing_to_say() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Task:
    """A data set, ready to be learnt from.

    ``views`` names sets of columns; tools are compared on the last one. ``folds`` are (train, test) positions. ``applied_at``
    orders the rows in time where that is known: the split is then in time too, and tuning is.
    """

    name: str
    X: pd.DataFrame
    is_bad: np.ndarray
    views: Mapping[str, tuple[str, ...]]
    folds: tuple[Fold, ...]
    protocol: str
    directions: Mapping[str, int]
    applied_at: np.ndarray | None = None
    dropped: str = ""
    notes: Callable[[], tuple[str, ...]] = nothing_to_say

    @property
    def view(self) -> str:
        """The view on which tools are compared."""
        return list(self.views)[-1]

    def first_folds(self, n_folds: int | None) -> Task:
        """Return the task with its first folds only."""
        return self if n_folds is None else replace(self, folds=self.folds[:n_folds])


def published(folder: str) -> Path:
    """Return a folder of the data that is never shipped."""
    root = os.environ.get(DATA_VARIABLE)
    if not root:
        raise NotRun(f"{DATA_VARIABLE} is not set")
    found = Path(root) / folder
    if not found.is_dir():
        raise NotRun(f"{DATA_VARIABLE} holds no folder '{folder}'")
    return found


def shuffled_folds(is_bad: np.ndarray, *, n_repeats: int = 1) -> tuple[Fold, ...]:
    """Return five stratified folds, ``n_repeats`` times."""
    splitter = RepeatedStratifiedKFold(n_splits=5, n_repeats=n_repeats, random_state=SEED)
    return tuple(splitter.split(np.zeros(len(is_bad)), is_bad))


def split_by_time(applied_at: pd.Series, share: float) -> Fold:
    """Return positions of the earlier applications, and of the later ones."""
    order = np.argsort(applied_at.to_numpy(), kind="stable")
    cut = int(share * len(order))
    return np.sort(order[:cut]), np.sort(order[cut:])

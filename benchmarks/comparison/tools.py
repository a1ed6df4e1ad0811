"""Who predicts: each tool is fitted on the training rows of a fold and gives a PD for its test rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import credit_risk as cr

Predict = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame, Mapping[str, int]], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """``predict(X_train, is_bad_train, X_test, directions)`` gives the PD of the test rows.

    ``identity`` says which program this is: a saved result counts only for the same one.
    """

    name: str
    predict: Predict
    identity: str


def our_card(X: pd.DataFrame, is_bad: np.ndarray, X_test: pd.DataFrame, directions: Mapping[str, int]) -> Any:
    return cr.Scorecard(directions=directions).fit(X, is_bad).predict_proba(X_test)[:, 1]


def our_booster(
    X: pd.DataFrame, is_bad: np.ndarray, X_test: pd.DataFrame, directions: Mapping[str, int]
) -> Any:
    return cr.PdBooster(monotone=directions).fit(X, is_bad).predict_proba(X_test)[:, 1]


def _our_identity() -> str:
    """Digest of our source and of the libraries below it: any change of either makes saved results void."""
    digest = hashlib.sha256()
    root = Path(cr.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    for library in ("numpy", "pandas", "scikit-learn", "xgboost-cpu"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()


def all_tools() -> dict[str, Tool]:
    """Return the tools by their short names."""
    ours = _our_identity()
    return {
        "card": Tool(name="our card", predict=our_card, identity=ours),
        "booster": Tool(name="our booster", predict=our_booster, identity=ours),
    }

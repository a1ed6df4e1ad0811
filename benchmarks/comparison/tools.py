"""Who predicts: each tool is fitted on the training rows of a fold and gives a PD for its test rows."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import credit_risk as cr
from credit_risk.blend import PdBlend
from credit_risk.ml import TuningPlan, tune_booster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

#: The half of our library that decides a PD: a change anywhere else leaves saved results valid.
_MODEL_PACKAGES = ("numerics", "binning", "scorecard", "ml", "blend", "calibration")
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "xgboost-cpu", "optuna")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long tuned tools may look for settings: whichever of both is reached first."""

    n_trials: int = 40
    minutes: float | None = None

    def __str__(self) -> str:
        return f"{self.n_trials} trials" + ("" if self.minutes is None else f" or {self.minutes:g} minutes")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Everything a tool may see: training rows with their outcome, and test rows without."""

    X: pd.DataFrame
    is_bad: np.ndarray
    X_test: pd.DataFrame
    directions: Mapping[str, int]
    applied_at: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """PDs of a fold's test rows, and how long fitting and predicting took."""

    pd: np.ndarray
    fit_seconds: float
    predict_seconds: float
    is_new: bool = True


@dataclass(frozen=True, kw_only=True)
class Tool:
    """``run(rows)`` gives the PDs of the test rows.

    ``identity`` says which program this is: a saved result counts only for the same one.
    """

    name: str
    run: Callable[[Rows], Prediction]
    identity: str
    texts: str = "as texts"


def timed(fit: Callable[[Rows], Any]) -> Callable[[Rows], Prediction]:
    """Return a tool's ``run`` from a function that gives a fitted estimator."""

    def run(rows: Rows) -> Prediction:
        start = time.perf_counter()
        model = fit(rows)
        fitted = time.perf_counter()
        pd = np.asarray(model.predict_proba(rows.X_test)[:, 1], dtype=float)
        return Prediction(pd=pd, fit_seconds=fitted - start, predict_seconds=time.perf_counter() - fitted)

    return run


#: Our cards are shrunk by what ten refits without a tenth of the rows bear out: an option of the library, not its default.
SHRINKAGE_FOLDS = 10


def _card(rows: Rows, shrinkage_folds: int | None = SHRINKAGE_FOLDS) -> Any:
    card = cr.Scorecard(directions=rows.directions, shrinkage_folds=shrinkage_folds)
    return card.fit(rows.X, rows.is_bad)


def _boosted_card(rows: Rows, shrinkage_folds: int | None = SHRINKAGE_FOLDS) -> Any:
    card = cr.scorecard.BoostedScorecard(directions=rows.directions, shrinkage_folds=shrinkage_folds)
    return card.fit(rows.X, rows.is_bad)


def _booster(rows: Rows) -> Any:
    return cr.PdBooster(monotone=rows.directions).fit(rows.X, rows.is_bad)


def _blend(rows: Rows, how: Any) -> Any:
    # A correction shrinks its card by a slope of its own; the average takes the card of the table.
    card = cr.Scorecard(
        directions=rows.directions, shrinkage_folds=SHRINKAGE_FOLDS if how == "average" else None
    )
    booster = cr.PdBooster(monotone=rows.directions)
    return PdBlend(card=card, booster=booster, how=how).fit(rows.X, rows.is_bad)


def _tuned_booster(rows: Rows, budget: Budget) -> Any:
    start = cr.PdBooster(monotone=rows.directions, n_seeds=4)
    plan = TuningPlan(n_trials=budget.n_trials, minutes=budget.minutes, is_quiet=True)
    found = tune_booster(rows.X, rows.is_bad, booster=start, plan=plan, applied_at=rows.applied_at)
    return start.set_params(**found.settings).fit(rows.X, rows.is_bad)


def our_identity() -> str:
    """Digest of the model half of our source and of the libraries below it: any change of either makes saved results void."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    root = Path(cr.__file__).parent
    for path in sorted(file for package in _MODEL_PACKAGES for file in (root / package).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()


def our_tools(budget: Budget) -> dict[str, Tool]:
    """Return our tools by their short names."""
    ours = our_identity()
    fits: dict[str, tuple[str, Callable[[Rows], Any], str]] = {
        "card": ("our card", _card, ours),
        "card_default": ("our card, not shrunk", lambda rows: _card(rows, None), ours),
        "boosted_card": ("our boosted card", _boosted_card, ours),
        "boosted_card_default": (
            "our boosted card, not shrunk",
            lambda rows: _boosted_card(rows, None),
            ours,
        ),
        "booster": ("our booster", _booster, ours),
        "booster_tuned": (
            "our booster, tuned",
            lambda rows: _tuned_booster(rows, budget),
            f"{ours} {budget}",
        ),
        "blend_average": ("our blend, average", lambda rows: _blend(rows, "average"), ours),
        "blend_correction": ("our blend, correction", lambda rows: _blend(rows, "correction"), ours),
    }
    return {short: Tool(name=name, run=timed(fit), identity=own) for short, (name, fit, own) in fits.items()}


def all_tools(budget: Budget) -> dict[str, Tool]:
    """Return our tools and the peers, by their short names."""
    from comparison.peers import peer_tools

    return our_tools(budget) | peer_tools(budget)

"""Choosing a booster's settings on inner folds: seeded, resumable, within a budget.

Reading order: :class:`TuningPlan`, :func:`tune_booster`, then what one trial does.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, RepeatedStratifiedKFold

from credit_risk.errors import SpecificationError
from credit_risk.ml.fit import MAX_ROUNDS_WITHOUT_GAIN, PdBooster
from credit_risk.ml.trials import aucs_of, prepare_folds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import optuna
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningPlan:
    """How long to look for settings, and how trials are judged.

    Attributes
    ----------
    n_trials : int
        Most settings tried.
    minutes : float, optional
        Budget; whichever of both is reached first ends the search. With a budget the result depends on the machine's speed.
    n_folds : int
        Inner folds, at least 2.
    n_repeats : int, optional
        How often random folds are drawn anew; by default 1 to 5, more with few bads, whose AUC says little.
    seed : int
        Of the search and of the folds.
    study_file : Path, optional
        Where trials are kept (SQLite); a search that was stopped goes on there.
    is_quiet : bool
        Show no progress.
    """

    n_trials: int = 40
    minutes: float | None = None
    n_folds: int = 3
    n_repeats: int | None = None
    seed: int = 20051001
    study_file: Path | None = None
    is_quiet: bool = False

    def __post_init__(self) -> None:
        too_few = self.n_trials < 1 or self.n_folds < 2 or (self.n_repeats is not None and self.n_repeats < 1)
        if too_few or (self.minutes is not None and not self.minutes > 0):
            raise SpecificationError(
                "A plan needs n_trials and n_repeats of at least 1, n_folds of at least 2 and minutes above 0. "
                f"Got {self.n_trials}, {self.n_repeats}, {self.n_folds} and {self.minutes}.",
                code="CR-ML-003",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedSettings:
    """What a search found.

    Attributes
    ----------
    settings : dict
        Arguments for :class:`PdBooster`: those of the best trial, or the booster's own where the best is not clearly better.
    auc : float
        Mean AUC on the inner folds, for these settings. It was chosen as the largest of many, so it flatters.
    default_auc : float
        The same for the booster's own settings, on the same folds.
    trials : tuple of dict
        Every finished trial: its settings and AUC, in order.
    """

    settings: dict[str, Any]
    auc: float
    default_auc: float
    trials: tuple[dict[str, Any], ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def tune_booster(
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    booster: PdBooster | None = None,
    plan: TuningPlan | None = None,
    applied_at: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> TunedSettings:
    """Look for settings under which the booster ranks rows it has not seen best.

    Parameters
    ----------
    X, y : DataFrame and array_like
        Development rows only: holdout rows must not be among them.
    booster : PdBooster, optional
        Where the search starts; what is not searched (directions, seeds) keeps its values.
    plan : TuningPlan, optional
    applied_at : array_like of times, optional
        Judge on later rows than those fitted on, fold by fold; without it folds are random.
    groups : array_like, optional
        Customers: all rows of one stay in one fold.

    Returns
    -------
    TunedSettings
        The booster's own settings are the first trial, so the search never ends below them on its folds.

    Notes
    -----
    Every trial is judged with one forest, whatever ``n_seeds`` says: averaging forests helps all settings alike. The best of many
    trials is best by luck too; so the own settings are left only for a trial whose gain, fold by fold, exceeds its standard error.

    Raises
    ------
    SpecificationError
        Both times and groups, or not one per row (``CR-ML-004``); the study file holds trials on other rows, folds or another
        booster (``CR-ML-005``).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(7)
    >>> X = pd.DataFrame({"utilisation": rng.uniform(size=400), "late": rng.integers(0, 3, 400)})
    >>> y = rng.uniform(size=400) < 0.1 + 0.5 * X["utilisation"]
    >>> start = PdBooster(max_rounds=20)
    >>> found = tune_booster(X, y, booster=start, plan=TuningPlan(n_trials=2, is_quiet=True))
    >>> found.auc >= found.default_auc
    True
    """
    import optuna

    start = PdBooster() if booster is None else booster
    plan = TuningPlan() if plan is None else plan
    is_bad = np.asarray(y)
    parts = _folds(is_bad, plan, applied_at, groups)
    folds = prepare_folds(X, is_bad, parts, start.seed)

    def objective(trial: optuna.Trial) -> float:
        booster = clone(start).set_params(**_suggested(trial))
        aucs = aucs_of(booster, folds, n_rounds_without_gain=MAX_ROUNDS_WITHOUT_GAIN)
        trial.set_user_attr("aucs", aucs)
        return float(np.mean(aucs))

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = _study(plan)
        _check_same_search(study, _search_digest(X, is_bad, start, parts))
        if not any(trial.value is not None for trial in study.trials):  # a killed first trial has no value
            study.enqueue_trial(_own_settings(start, is_bad))
        study.optimize(
            objective,
            n_trials=max(0, plan.n_trials - len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))),
            timeout=None if plan.minutes is None else 60.0 * plan.minutes,
            show_progress_bar=not plan.is_quiet and sys.stderr.isatty(),
        )
    finally:
        optuna.logging.set_verbosity(before)
    return _found(study)


#: Random folds are drawn anew until so many of the rarer outcome were judged, five times at most.
_JUDGED_BADS = 2000
#: Settings that are searched; the booster's own values are the first trial, so they must lie in the ranges below.
_SEARCHED = ("max_depth", "learning_rate", "subsample", "colsample_bytree", "reg_lambda", "min_child_weight")


def _own_settings(start: PdBooster, is_bad: NDArray[Any]) -> dict[str, Any]:
    settings = {name: getattr(start, name) for name in _SEARCHED}
    if settings["min_child_weight"] is None:
        settings["min_child_weight"] = start.default_min_child_weight(is_bad)
    return settings


def _suggested(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 1, 6),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.1, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.2, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.5, 50.0, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 60.0, log=True),
    }


def _folds(
    is_bad: NDArray[Any], plan: TuningPlan, applied_at: ArrayLike | None, groups: ArrayLike | None
) -> list[Any]:
    given = applied_at if applied_at is not None else groups
    if (applied_at is not None and groups is not None) or (
        given is not None and len(np.asarray(given)) != len(is_bad)
    ):
        raise SpecificationError(
            f"Give applied_at or groups, one entry per row ({len(is_bad)} rows), not both.", code="CR-ML-004"
        )
    rows = np.zeros(len(is_bad))
    if applied_at is not None:
        return _folds_in_time(np.asarray(applied_at), plan.n_folds)
    if groups is not None:
        return list(
            GroupKFold(plan.n_folds, shuffle=True, random_state=plan.seed).split(
                rows, is_bad, np.asarray(groups)
            )
        )
    repeats = plan.n_repeats or _default_repeats(is_bad)
    return list(
        RepeatedStratifiedKFold(n_splits=plan.n_folds, n_repeats=repeats, random_state=plan.seed).split(
            rows, is_bad
        )
    )


def _default_repeats(is_bad: NDArray[Any]) -> int:
    """Return 1 to 5, so that the rarer outcome is judged some thousand times."""
    n_rarer = float(min(is_bad.sum(), len(is_bad) - is_bad.sum()))
    return int(np.clip(np.ceil(_JUDGED_BADS / max(n_rarer, 1.0)), 1, 5))


def _folds_in_time(applied_at: NDArray[Any], n_folds: int) -> list[Any]:
    """Return folds whose test rows come after all their training rows; equal times stay together."""
    _, moment, counts = np.unique(applied_at, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    # many rows of one time can swallow a part; what is left is numbered anew
    _, part_of_moment = np.unique(before * (n_folds + 1) // len(moment), return_inverse=True)
    part = part_of_moment[moment]
    if part.max() == 0:
        raise SpecificationError(
            "applied_at holds too few different times for folds in time.", code="CR-ML-004"
        )
    return [(np.flatnonzero(part < k), np.flatnonzero(part == k)) for k in range(1, part.max() + 1)]


def _study(plan: TuningPlan) -> optuna.Study:
    import optuna

    storage = None if plan.study_file is None else f"sqlite:///{plan.study_file}"
    n_done = 0
    if storage is not None:
        known = optuna.get_all_study_names(storage)
        n_done = (
            len(optuna.load_study(study_name="booster", storage=storage).trials) if "booster" in known else 0
        )
    return optuna.create_study(
        study_name="booster",
        direction="maximize",
        # a resumed search draws other numbers than the trials it already holds
        sampler=optuna.samplers.TPESampler(seed=plan.seed + n_done, multivariate=False),
        storage=storage,
        load_if_exists=True,
    )


def _search_digest(X: pd.DataFrame, is_bad: NDArray[Any], start: PdBooster, folds: Sequence[Any]) -> str:
    """Return a digest of all that trials of one search share: rows, outcome, folds and what is not searched."""
    from pandas.util import hash_pandas_object

    digest = sha256(repr((list(map(str, X.columns)), sorted(start.get_params().items()))).encode())
    parts = [hash_pandas_object(X, index=False).to_numpy(), np.asarray(is_bad, dtype=np.float64)]
    for part in [*parts, *(rows for fold in folds for rows in fold)]:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _check_same_search(study: optuna.Study, digest: str) -> None:
    """Refuse trials that were judged otherwise: their AUCs cannot be compared."""
    known = study.user_attrs.get("search")
    if known not in (None, digest):
        raise SpecificationError(
            f"The study file holds {len(study.trials)} trials of a search on other rows, folds or another booster. "
            "Hint: choose another study_file.",
            code="CR-ML-005",
        )
    study.set_user_attr("search", digest)


def _found(study: optuna.Study) -> TunedSettings:
    done = [trial for trial in study.trials if trial.value is not None]
    best = max(done, key=lambda trial: (trial.value, -trial.number))
    if not _is_clearly_better(best, done[0]):
        best = done[0]
    return TunedSettings(
        settings=dict(best.params),
        auc=float(best.value),
        default_auc=float(done[0].value),
        trials=tuple({"settings": dict(trial.params), "auc": float(trial.value)} for trial in done),
    )


def _is_clearly_better(best: optuna.trial.FrozenTrial, own: optuna.trial.FrozenTrial) -> bool:
    """Whether the mean gain over folds exceeds its standard error."""
    gains = np.subtract(best.user_attrs["aucs"], own.user_attrs["aucs"])
    return (
        bool(gains.mean() > gains.std(ddof=1) / np.sqrt(gains.size)) if gains.size > 1 else bool(gains[0] > 0)
    )

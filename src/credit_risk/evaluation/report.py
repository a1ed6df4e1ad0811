"""The evaluation of several models on the same customers: figures with intervals, tests with p-values, models in pairs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas

from credit_risk.errors import SpecificationError
from credit_risk.evaluation import reliability
from credit_risk.evaluation.checks import checked_level, checked_outcome, checked_pd
from credit_risk.evaluation.discrimination import (
    PairedComparison,
    auc_interval,
    debiased_interval,
    paired_comparisons,
)
from credit_risk.evaluation.intervals import Interval, bad_rate_interval, interval_columns
from credit_risk.numerics.discrimination import kolmogorov_smirnov, resampled_kolmogorov_smirnov

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


class PdModel(Protocol):
    """Anything that gives a probability of bad in column 1."""

    def predict_proba(self, X: object) -> NDArray[np.float64]:
        """Return probabilities, shape (n_rows, 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEvaluation:
    """How well one model ranks customers and how true its PDs are.

    Attributes
    ----------
    auc, auc_low, auc_high : float
        DeLong interval.
    gini, gini_low, gini_high : float
        ``2 auc - 1``.
    ks, ks_low, ks_high : float
        Stratified bootstrap.
    brier, brier_low, brier_high, log_loss, log_loss_low, log_loss_high : float
        Normal interval of the mean; lower is better.
    calibration_intercept, ..._low, ..._high : float
        Calibration in the large: the shift in log-odds the PDs need, slope held at 1; 0 is right.
    calibration_slope, ..._low, ..._high : float
        1 is right, below 1 PDs are too extreme; NaN where no line exists.
    mean_pd : float
        Average PD; to compare with the bad rate and its Jeffreys interval.
    bad_rate, bad_rate_low, bad_rate_high : float
        What happened.
    hosmer_lemeshow, hosmer_lemeshow_degrees, hosmer_lemeshow_p : float, int, float
        Ten groups, no degrees lost: the rows are new to the model. With many rows it rejects tiny deviations.
    spiegelhalter_z, spiegelhalter_p : float
        Above 0: losses larger than the PDs promise.
    """

    name: str
    auc: float
    auc_low: float
    auc_high: float
    gini: float
    gini_low: float
    gini_high: float
    ks: float
    ks_low: float
    ks_high: float
    brier: float
    brier_low: float
    brier_high: float
    log_loss: float
    log_loss_low: float
    log_loss_high: float
    calibration_intercept: float
    calibration_intercept_low: float
    calibration_intercept_high: float
    calibration_slope: float
    calibration_slope_low: float
    calibration_slope_high: float
    mean_pd: float
    bad_rate: float
    bad_rate_low: float
    bad_rate_high: float
    hosmer_lemeshow: float
    hosmer_lemeshow_degrees: int
    hosmer_lemeshow_p: float
    spiegelhalter_z: float
    spiegelhalter_p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """What :func:`evaluate` found: one evaluation per model, and every pair compared.

    Attributes
    ----------
    n_rows, n_bads : int
        Customers evaluated.
    confidence_level : float
        Of every interval.
    seed, n_bootstrap : int
        Of the resampling behind the KS intervals.
    models : tuple of ModelEvaluation
        In the order given.
    comparisons : tuple of PairedComparison
        Every pair; empty for one model.
    """

    n_rows: int
    n_bads: int
    confidence_level: float
    seed: int
    n_bootstrap: int
    models: tuple[ModelEvaluation, ...]
    comparisons: tuple[PairedComparison, ...]

    def __getitem__(self, name: str) -> ModelEvaluation:
        for model in self.models:
            if model.name == name:
                return model
        raise KeyError(name)

    def table(self) -> pandas.DataFrame:
        """Return one row per model, indexed by its name."""
        return pandas.DataFrame([asdict(model) for model in self.models]).set_index("name")

    def comparison_table(self) -> pandas.DataFrame:
        """Return one row per pair of models."""
        columns = [field.name for field in fields(PairedComparison)]
        return pandas.DataFrame([asdict(pair) for pair in self.comparisons], columns=columns)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values; figures that do not exist are None."""
        return {
            "n_rows": self.n_rows,
            "n_bads": self.n_bads,
            "confidence_level": self.confidence_level,
            "seed": self.seed,
            "n_bootstrap": self.n_bootstrap,
            "models": [_plain(asdict(model)) for model in self.models],
            "comparisons": [_plain(asdict(pair)) for pair in self.comparisons],
        }

    def _repr_html_(self) -> str:
        shown = pandas.DataFrame([_shown(model) for model in self.models])
        caption = f"{self.n_rows:,} customers, {self.n_bads:,} bads; intervals {self.confidence_level:.0%}"
        return f"<p>{caption}</p>{shown.to_html(index=False, border=0)}"


def evaluate(
    models: Sequence[PdModel] | Mapping[str, PdModel],
    X: object,
    is_bad: ArrayLike,
    *,
    seed: int = 0,
    n_bootstrap: int = 1000,
    confidence_level: float = 0.95,
) -> EvaluationReport:
    """Evaluate fitted models on customers they have not learnt from.

    Parameters
    ----------
    models : sequence or mapping of fitted models
        Each has ``predict_proba(X)`` with the probability of bad in column 1. In a sequence a model is called by its
        attribute ``name``, else by its class; equal names are numbered.
    X : frame or array, shape (n_rows, n_features)
        Handed to the models as it is.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    seed, n_bootstrap : int
        Of the resampling behind the KS intervals: the same seed gives the same report.
    confidence_level : float, default 0.95
        Of every interval.

    Raises
    ------
    SpecificationError, SampleError
        As :func:`evaluate_predictions`.

    Examples
    --------
    >>> class Constant:
    ...     def predict_proba(self, X):
    ...         return np.column_stack([1 - X, X])
    >>> report = evaluate([Constant()], np.array([0.1, 0.4, 0.35, 0.8]), [0, 0, 1, 1], n_bootstrap=50)
    >>> report["Constant"].auc
    0.75
    """
    named = models.items() if hasattr(models, "items") else _named(models)
    predictions = {name: np.asarray(model.predict_proba(X))[:, 1] for name, model in named}
    return evaluate_predictions(
        predictions, is_bad, seed=seed, n_bootstrap=n_bootstrap, confidence_level=confidence_level
    )


def evaluate_predictions(
    predictions: Mapping[str, ArrayLike],
    is_bad: ArrayLike,
    *,
    seed: int = 0,
    n_bootstrap: int = 1000,
    confidence_level: float = 0.95,
) -> EvaluationReport:
    """Evaluate PDs that are already at hand: model name -> PD of each customer.

    Parameters
    ----------
    predictions : mapping of str to array_like of float, shape (n_rows,)
        Model -> PD in 0..1.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    seed, n_bootstrap, confidence_level
        As :func:`evaluate` takes them.

    Raises
    ------
    SpecificationError
        No model (``CR-EVL-009``), or arrays that are not outcomes or PDs (``CR-EVL-001`` to ``CR-EVL-006``).
    SampleError
        Fewer than two goods or two bads (``CR-EVL-002``).

    Examples
    --------
    >>> report = evaluate_predictions({"card": [0.1, 0.4, 0.35, 0.8]}, [0, 0, 1, 1], n_bootstrap=50)
    >>> report["card"].gini
    0.5
    """
    if not predictions:
        raise SpecificationError("An evaluation needs at least one model. Got none.", code="CR-EVL-009")
    bad, level = checked_outcome(is_bad), checked_level(confidence_level)
    risks = {name: checked_pd(pd, bad.size, f"pd of {name!r}") for name, pd in predictions.items()}
    resampled = resampled_kolmogorov_smirnov(
        list(risks.values()), bad, n_replicates=n_bootstrap, generator=np.random.default_rng(seed)
    )
    evaluations = [
        _evaluation(name, risk, bad, (resampled[i], level)) for i, (name, risk) in enumerate(risks.items())
    ]
    return EvaluationReport(
        n_rows=bad.size,
        n_bads=int(bad.sum()),
        confidence_level=level,
        seed=seed,
        n_bootstrap=n_bootstrap,
        models=tuple(evaluations),
        comparisons=paired_comparisons(risks, bad, resampled, level),
    )


def _evaluation(
    name: str, pd: NDArray[np.float64], bad: NDArray[np.bool_], context: tuple[NDArray[np.float64], float]
) -> ModelEvaluation:
    resampled, level = context
    auc = auc_interval(pd, bad, level)
    low, high = bad_rate_interval([bad.sum()], [bad.size], level)
    intervals = {
        "auc": auc,
        "gini": Interval(*(2.0 * value - 1.0 for value in auc)),
        "ks": debiased_interval(kolmogorov_smirnov(pd, bad), resampled, level, bounds=(0.0, 1.0)),
        "brier": reliability.brier_score(pd, bad, level),
        "log_loss": reliability.log_loss(pd, bad, level),
        "calibration_intercept": reliability.calibration_in_the_large(pd, bad, level),
        "calibration_slope": reliability.calibration_line(pd, bad, level).slope,
        "bad_rate": Interval(float(bad.mean()), float(low[0]), float(high[0])),
    }
    groups, spiegelhalter = reliability.hosmer_lemeshow(pd, bad), reliability.spiegelhalter_test(pd, bad)
    figures: dict[str, float] = {"mean_pd": float(pd.mean())}
    for key, interval in intervals.items():
        figures |= interval_columns(key, interval)
    return ModelEvaluation(
        name=name,
        hosmer_lemeshow=groups.statistic,
        hosmer_lemeshow_degrees=groups.degrees,
        hosmer_lemeshow_p=groups.p_value,
        spiegelhalter_z=spiegelhalter.statistic,
        spiegelhalter_p=spiegelhalter.p_value,
        **figures,
    )


def _named(models: Iterable[PdModel]) -> list[tuple[str, PdModel]]:
    """Give every model of a sequence a name of its own."""
    named: dict[str, PdModel] = {}
    for model in models:
        name = str(getattr(model, "name", None) or type(model).__name__)
        unique, number = name, 2
        while unique in named:
            unique, number = f"{name} {number}", number + 1
        named[unique] = model
    return list(named.items())


def _plain(record: dict[str, object]) -> dict[str, object]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }


def _shown(model: ModelEvaluation) -> dict[str, str]:
    def written(key: str) -> str:
        value, low, high = (getattr(model, f"{key}{end}") for end in ("", "_low", "_high"))
        return f"{value:.4f} ({low:.4f}–{high:.4f})"

    return {
        "model": model.name,
        "AUC": written("auc"),
        "Gini": written("gini"),
        "KS": written("ks"),
        "Brier": written("brier"),
        "calibration slope": written("calibration_slope"),
        "mean PD": f"{model.mean_pd:.4f}",
        "bad rate": written("bad_rate"),
    }

"""Does the model hold everywhere? Discrimination and calibration by group of customers, and along time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas

from credit_risk.evaluation.checks import checked_groups, checked_level, checked_outcome, checked_pd, inside
from credit_risk.evaluation.discrimination import auc_interval
from credit_risk.evaluation.intervals import Interval, bad_rate_interval, interval_columns
from credit_risk.evaluation.reliability import calibration_in_the_large
from credit_risk.numerics.logistic_function import logit, sigmoid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

_NOTHING = Interval(float("nan"), float("nan"), float("nan"))


def segment_table(
    groups: Mapping[str, ArrayLike],
    predictions: Mapping[str, ArrayLike],
    is_bad: ArrayLike,
    *,
    min_per_class: int = 30,
    confidence_level: float = 0.95,
) -> pandas.DataFrame:
    """Return one row per segment, group and model: how well it ranks and how true its PDs are there.

    Parameters
    ----------
    groups : mapping of str to array_like, shape (n_rows,)
        Segment -> the group of each customer; groups are listed in sorted order.
    predictions : mapping of str to array_like of float, shape (n_rows,)
        Model -> PD.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    min_per_class : int, default 30
        Fewer goods or bads than this judge nothing: AUC and shift are NaN there.
    confidence_level : float, default 0.95
        Of every interval.

    Returns
    -------
    DataFrame
        `segment`, `group`, `model`, `n`, `n_bads`, `bad_rate` (Jeffreys interval), `mean_pd`, `auc` (DeLong), and `shift`
        (the log-odds the PDs need there on the whole; 0 is right, above 0 means PDs are too low), each interval as
        ``_low`` and ``_high``.

    Raises
    ------
    SpecificationError
        A group array of another length (``CR-EVL-003``), or a row without a group (``CR-EVL-004``).

    Examples
    --------
    >>> table = segment_table({"file": ["thin", "thick", "thin"]}, {"card": [0.2, 0.1, 0.3]}, [1, 0, 0])
    >>> table[["group", "n", "n_bads"]].to_numpy().tolist()
    [['thick', 1, 0], ['thin', 2, 1]]
    """
    bad, level = checked_outcome(is_bad, min_per_class=0), checked_level(confidence_level)
    risks = {name: checked_pd(pd, bad.size, f"pd of {name!r}") for name, pd in predictions.items()}
    rows = []
    for segment, labels in groups.items():
        of_group = checked_groups(labels, bad.size, f"Segment {segment!r}")
        for group in np.unique(of_group):
            members = of_group == group
            for name, risk in risks.items():
                figures = _figures(risk[members], bad[members], min_per_class, level)
                rows.append({"segment": segment, "group": group, "model": name, **figures})
    return pandas.DataFrame(rows)


def period_table(
    period: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    is_bad: ArrayLike,
    *,
    min_per_class: int = 30,
    confidence_level: float = 0.95,
) -> pandas.DataFrame:
    """Return what :func:`segment_table` returns by period, and what a recalibration on the periods before would have given.

    Adds `mean_pd_recalibrated` and `shift_recalibrated` (with interval): the PDs of a period are moved in log-odds by the shift
    that all periods before it needed. NaN in the first period, and where those before hold too few goods or bads. It uses
    outcomes of earlier periods as if they were known in time.

    Parameters
    ----------
    period : array_like, shape (n_rows,)
        Sortable: '2024-01', '2024-02'.
    predictions, is_bad, min_per_class, confidence_level
        As :func:`segment_table` takes them.

    Raises
    ------
    SpecificationError
        As :func:`segment_table`.

    Examples
    --------
    >>> table = period_table([1, 1, 2, 2] * 60, {"m": [0.5] * 240}, [1, 0, 0, 0] * 60, min_per_class=0)
    >>> table[["group", "bad_rate", "mean_pd", "shift"]].round(3).to_numpy().tolist()
    [[1.0, 0.5, 0.5, 0.0], [2.0, 0.0, 0.5, nan]]
    """
    table = segment_table(
        {"period": period},
        predictions,
        is_bad,
        min_per_class=min_per_class,
        confidence_level=confidence_level,
    )
    when, bad = np.asarray(period), checked_outcome(is_bad, min_per_class=0)
    added = []
    for group, name in zip(table["group"], table["model"], strict=True):
        risk = np.asarray(predictions[name], dtype=np.float64)
        before, now = when < group, when == group
        needed = _shift(risk[before], bad[before], min_per_class, confidence_level).estimate
        moved = sigmoid(logit(inside(risk[now])) + needed)
        known = np.isfinite(needed)
        left = _shift(moved, bad[now], min_per_class, confidence_level) if known else _NOTHING
        added.append(
            {
                "mean_pd_recalibrated": float(moved.mean()) if known else np.nan,
                **interval_columns("shift_recalibrated", left),
            }
        )
    return pandas.concat([table, pandas.DataFrame(added)], axis=1)


def _figures(
    risk: NDArray[np.float64], bad: NDArray[np.bool_], min_per_class: int, level: float
) -> dict[str, float]:
    n_bads = int(bad.sum())
    low, high = bad_rate_interval([n_bads], [bad.size], level)
    auc = auc_interval(risk, bad, level) if _is_enough(bad, min_per_class) else _NOTHING
    return {
        "n": bad.size,
        "n_bads": n_bads,
        **interval_columns("bad_rate", Interval(float(bad.mean()), float(low[0]), float(high[0]))),
        "mean_pd": float(risk.mean()),
        **interval_columns("auc", auc),
        **interval_columns("shift", _shift(risk, bad, min_per_class, level)),
    }


def _shift(risk: NDArray[np.float64], bad: NDArray[np.bool_], min_per_class: int, level: float) -> Interval:
    return calibration_in_the_large(risk, bad, level) if _is_enough(bad, min_per_class) else _NOTHING


def _is_enough(bad: NDArray[np.bool_], min_per_class: int) -> bool:
    n_bads = int(bad.sum())
    return min(n_bads, bad.size - n_bads) >= max(min_per_class, 2)

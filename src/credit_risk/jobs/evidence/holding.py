"""Whether the models hold: by segment, between development and holdout, and from period to period."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.binning.apply import apply_binning
from credit_risk.domain.texts import LANGUAGES, text
from credit_risk.evaluation import (
    period_table,
    population_stability_index,
    segment_table,
    stability_of_counts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.jobs.project import SegmentRule
    from credit_risk.scorecard.spec import ScorecardSpec

#: Periods of a report: calendar months of the application, in the lender's time zone.
_MONTH = "%Y-%m"


def segments(
    rules: Mapping[str, SegmentRule],
    X: pd.DataFrame,
    predictions: Mapping[str, NDArray[np.float64]],
    is_bad: NDArray[np.bool_],
) -> pd.DataFrame | None:
    """Return discrimination and calibration by the segments a project names; None where it names none.

    A group is the number of its band or list of words, from 0; then of the words in no list; the last one is of customers whose
    value is missing.
    """
    if not rules:
        return None
    groups = {name: _group_of(X[rule.feature], rule) for name, rule in rules.items()}
    return segment_table(groups, predictions, is_bad)


def _group_of(column: pd.Series, rule: SegmentRule) -> NDArray[np.intp]:
    if not rule.words:
        return _band_of(column.to_numpy(dtype=np.float64), rule.bands)
    group_of = {word: at for at, words in enumerate(rule.words) for word in words}
    n_groups = len(rule.words)
    found = column.astype(object).map(lambda word: group_of.get(word, n_groups), na_action="ignore")
    return found.fillna(n_groups + 1).to_numpy(dtype=np.intp)


def _band_of(values: NDArray[np.float64], bands: Sequence[float]) -> NDArray[np.intp]:
    band = np.clip(np.searchsorted(bands, values, side="right") - 1, 0, len(bands) - 1)
    return np.where(np.isnan(values), len(bands), band)


def band_names(rule: SegmentRule) -> list[dict[str, str]]:
    """Return the words for each group of a rule, the missing last: those the project gives, else its bounds."""
    missing = {language: text("report.bin.missing", language) for language in LANGUAGES}
    if rule.words:
        others = {language: text("report.bin.other_words", language) for language in LANGUAGES}
        return [*(dict(words) for words in rule.groups), others, missing]
    bounds = [f"{bound:,.10g}" for bound in rule.bands]
    spans = [f"[{low}, {high})" for low, high in pairwise(bounds)] + [f"≥ {bounds[-1]}"]
    names = [dict(words) for words in rule.groups] or [dict.fromkeys(LANGUAGES, span) for span in spans]
    return [*names, missing]


def variable_stability(
    card: ScorecardSpec, development: pd.DataFrame, holdout: pd.DataFrame, *, others: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the stability index of every variable of the card in its own bins, and of other features in tenths.

    Returns
    -------
    DataFrame
        `name`, `n_groups`, `psi`, `psi_by_chance` (what two samples of this size from one population differ by on average:
        ``(groups - 1) (1/n + 1/m)``), `missing_before`, `missing_now` (shares), and `points` (by how much the mean points
        moved; NaN off the card).
    """
    names = list(card.feature_names)
    before, now = (
        apply_binning(card.binning, part[names].to_numpy(dtype=np.float64)).bin_index
        for part in (development, holdout)
    )
    rows = []
    for at, name in enumerate(names):
        points = np.array(card.points[at], dtype=np.float64)
        counts = [
            np.bincount(index[:, at], minlength=points.size).astype(np.float64) for index in (before, now)
        ]
        used = (counts[0] > 0) | (counts[1] > 0)
        psi = float(stability_of_counts(counts[0][used], counts[1][used]).sum())
        means = [float(count @ points / count.sum()) for count in counts]
        rows.append({"name": name, "n_groups": int(used.sum()), "psi": psi, "points": means[1] - means[0]})
    for name in others:
        table = population_stability_index(development[name], holdout[name])
        rows.append(
            {"name": name, "n_groups": len(table), "psi": float(table["psi"].sum()), "points": np.nan}
        )
    frame = pd.DataFrame(rows)
    frame["psi_by_chance"] = chance_index(frame["n_groups"].to_numpy(), len(development), len(holdout))
    frame["missing_before"] = [float(development[name].isna().mean()) for name in frame["name"]]
    frame["missing_now"] = [float(holdout[name].isna().mean()) for name in frame["name"]]
    return frame


def chance_index(n_groups: NDArray[np.int64], n_before: int, n_now: int) -> NDArray[np.float64]:
    """Return the stability index to expect of two samples from one population: its mean, to first order."""
    return np.asarray((n_groups - 1) * (1.0 / n_before + 1.0 / n_now), dtype=np.float64)


def periods(
    applied_at: pd.Series,
    predictions: Mapping[str, NDArray[np.float64]],
    is_bad: NDArray[np.bool_],
    timezone: str,
) -> pd.DataFrame | None:
    """Return the models month by month with a recalibration on the months before; None where all applied in one month."""
    month = applied_at.dt.tz_convert(timezone).dt.strftime(_MONTH).to_numpy(dtype=str)
    return period_table(month, predictions, is_bad) if len(np.unique(month)) > 1 else None

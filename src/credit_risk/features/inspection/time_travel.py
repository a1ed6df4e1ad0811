"""Time travel: the same features as of another day, and which of them differ.

A feature is fit for training if the value in the sample is the value the lender would have had on the day. Three
questions tell: what would an extract taken earlier have given (:func:`known_by`), what does an extract really taken earlier give
(:func:`compare_features`), and how much hangs on the last days before the application (:func:`shift_test`).

Reading order: :class:`DifferenceReport`, :func:`compare_features`, :func:`known_by`, :func:`shift_test`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.errors import SpecificationError
from credit_risk.features.compile_batch import compute_features
from credit_risk.numerics.discrimination import area_under_curve
from credit_risk.sources.calendar import DAY_US, microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import ArrayLike, NDArray

    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.features.compile_batch import FeatureTable
    from credit_risk.sources.readers import Sources

_LONGEST_SHIFT_DAYS = 3_650


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DifferenceReport:
    """How two computations of the same features differ.

    Attributes
    ----------
    table : DataFrame
        Index ``feature``; ``n_rows`` compared, ``n_differ``, ``share_differ``, ``n_appeared`` (missing before, now a value),
        ``n_vanished``; with outcomes also ``auc_before``, ``auc_after`` over the rows that have the value (NaN where one class is
        absent). 'Before' is the earlier state of knowledge.
    question : str
        What was compared with what.
    """

    table: pd.DataFrame
    question: str

    @property
    def differing(self) -> tuple[str, ...]:
        """Features that differ in at least one row, the most affected first."""
        found = self.table[self.table["n_differ"] > 0]
        return tuple(found.sort_values("n_differ", ascending=False, kind="stable").index)

    def _repr_html_(self) -> str:
        worst = self.table.sort_values("n_differ", ascending=False, kind="stable")
        head = f"<p>{self.question}: {len(self.differing)} of {len(self.table)} features differ.</p>"
        return head + str(worst.to_html(float_format="{:.4f}".format))


def compare_features(
    before: FeatureTable,
    after: FeatureTable,
    *,
    is_bad: ArrayLike | None = None,
    question: str = "two tables",
) -> DifferenceReport:
    """Compare two computations of the same features on the applications they share.

    Two extracts of the same sources, taken on different days, must agree on every application that both hold: where they do
    not, somebody rewrote the past or a known-at time is not true.

    Parameters
    ----------
    before, after : FeatureTable
        Same features; rows are matched by application.
    is_bad : array_like of bool, shape (n_rows of `after`,), optional
        Outcomes, for the AUC of each feature in both tables.
    question : str
        What is compared, for the report.

    Returns
    -------
    DifferenceReport

    Raises
    ------
    SpecificationError
        Different features, no application in common, or outcomes of another length (``CR-FEA-030``).

    Examples
    --------
    >>> from credit_risk.features import FeatureTable
    >>> before = FeatureTable(X=pd.DataFrame({"n_calls": [1.0, np.nan]}, index=["A", "B"]), flags=pd.DataFrame())
    >>> after = FeatureTable(X=pd.DataFrame({"n_calls": [1.0, 2.0]}, index=["A", "B"]), flags=pd.DataFrame())
    >>> compare_features(before, after).table[["n_rows", "n_differ", "n_appeared"]]
             n_rows  n_differ  n_appeared
    feature
    n_calls       2         1           1
    """
    _check_comparable(before.X, after.X)
    rows = after.X.index.isin(before.X.index)
    now = after.X[rows]
    then = before.X.loc[now.index]
    bad = None if is_bad is None else _outcomes(is_bad, len(after.X))[rows]
    lines = {
        name: _difference(then[name].to_numpy(float), now[name].to_numpy(float), bad) for name in now.columns
    }
    table = pd.DataFrame.from_dict(lines, orient="index")
    table.index.name = "feature"
    return DifferenceReport(table=table, question=question)


def known_by(sources: Sources, moment: datetime) -> Sources:
    """Return the sources as an extract of that moment would have held them.

    Later applications are gone with their outcomes, and so is every record that was not known yet, or of a person who had not
    applied yet.

    Parameters
    ----------
    moment : datetime
        With time zone.

    Raises
    ------
    SpecificationError
        The moment has no time zone, or no application is that old (``CR-FEA-031``).
    """
    if moment.tzinfo is None:
        raise SpecificationError("The moment of an extract needs a time zone.", code="CR-FEA-031")
    kept = (sources.applications["applied_at"] <= pd.Timestamp(moment)).to_numpy()
    if not kept.any():
        raise SpecificationError(
            f"None of {len(kept)} applications was made by {moment.isoformat()}. Expected a later moment.",
            code="CR-FEA-031",
        )
    moment_us, applications = microseconds(moment), sources.applications[kept]
    people = applications["customer_id"].unique()
    return replace(
        sources,
        applications=applications,
        held=sources.held[kept],
        outcomes=sources.outcomes[kept],
        records={
            name: frame[(frame["known_at_us"] <= moment_us) & frame["customer_id"].isin(people)].reset_index(
                drop=True
            )
            for name, frame in sources.records.items()
        },
    )


def shift_test(
    catalogue: FeatureCatalogue,
    sources: Sources,
    *,
    days: int = 1,
    is_bad: ArrayLike | None = None,
    processed_at: datetime | None = None,
    n_threads: int = 2,
) -> DifferenceReport:
    """Recompute a sample as if everybody had applied some days earlier, and report which features differ.

    Consent moves along: who may be read is the same on both days. Windows too, so most features over records differ a little. Suspect is the feature whose separation of goods and
    bads collapses: it lived on what arrived at the moment of the application, or because of it.

    Parameters
    ----------
    catalogue : FeatureCatalogue
        What to compute.
    sources : Sources
        Checked tables.
    days : int
        By how many days of 24 hours every application is moved back, 1 to 3,650.
    is_bad : array_like of bool, shape (n_applications,), optional
        Outcomes in the order of ``sources.applications``; adds the AUC before and after.
    processed_at, n_threads
        See :func:`~credit_risk.features.compile_batch.compute_features`.

    Returns
    -------
    DifferenceReport
        'Before' is the day earlier.

    Raises
    ------
    SpecificationError
        ``days`` outside 1..3,650 (``CR-FEA-032``); outcomes of another length (``CR-FEA-030``).
    """
    if not 1 <= days <= _LONGEST_SHIFT_DAYS:
        raise SpecificationError(
            f"days = {days} is outside 1..{_LONGEST_SHIFT_DAYS}: an earlier day is a whole number of days back.",
            code="CR-FEA-032",
        )
    processed_then = None if processed_at is None else processed_at - timedelta(days=days)
    then = compute_features(
        catalogue, _moved_back(sources, days), processed_at=processed_then, n_threads=n_threads
    )
    now = compute_features(catalogue, sources, processed_at=processed_at, n_threads=n_threads)
    question = f"{days} day{'' if days == 1 else 's'} before the application against the application"
    return compare_features(then, now, is_bad=is_bad, question=question)


def _moved_back(sources: Sources, days: int) -> Sources:
    """Return the sources with every application some days earlier, and consent with it.

    People consent as they apply: were their consent left where it is, a day earlier nothing might be read, and every feature of
    records would be missing.
    """
    form, ledger = sources.applications, sources.consents
    if ledger is not None:
        times = ["granted_at", "expires_at", "withdrawn_at"]
        ledger = ledger.assign(**{name: ledger[name] - days * DAY_US for name in times})
    earlier = form.assign(applied_at=form["applied_at"] - pd.Timedelta(days=days))
    return replace(sources, applications=earlier, consents=ledger)


def _check_comparable(before: pd.DataFrame, after: pd.DataFrame) -> None:
    apart = sorted(set(before.columns) ^ set(after.columns))
    if apart:
        raise SpecificationError(
            f"The tables hold different features: {len(apart)} are in one of them only, first {apart[0]!r}. Expected two "
            "computations of the same catalogue.",
            code="CR-FEA-030",
        )
    if not after.index.isin(before.index).any():
        raise SpecificationError("The tables have no application in common.", code="CR-FEA-030")


def _outcomes(is_bad: ArrayLike, n_rows: int) -> NDArray[np.bool_]:
    bad = np.asarray(is_bad)
    if bad.shape != (n_rows,):
        raise SpecificationError(
            f"is_bad has the shape {bad.shape}. Expected one outcome for each of {n_rows} applications.",
            code="CR-FEA-030",
        )
    return bad.astype(bool)


def _difference(
    before: NDArray[np.float64], after: NDArray[np.float64], is_bad: NDArray[np.bool_] | None
) -> dict[str, float]:
    gone, there = np.isnan(before), np.isnan(after)
    differ = ~((before == after) | (gone & there))
    line: dict[str, float] = {
        "n_rows": len(after),
        "n_differ": int(differ.sum()),
        "share_differ": float(differ.mean()),
        "n_appeared": int((gone & ~there).sum()),
        "n_vanished": int((there & ~gone).sum()),
    }
    if is_bad is not None:
        line["auc_before"] = separation(before, is_bad)
        line["auc_after"] = separation(after, is_bad)
    return line


def separation(values: NDArray[np.float64], is_bad: NDArray[np.bool_]) -> float:
    """Return the AUC of one feature over the rows that have it; NaN where they hold one class only."""
    seen = ~np.isnan(values)
    n_bads = int(is_bad[seen].sum())
    if n_bads in (0, int(seen.sum())):
        return float("nan")
    return float(area_under_curve(values[seen], is_bad[seen]))

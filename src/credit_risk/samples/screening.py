"""Features that know too much: what no honest feature of an application could know.

A screening raises suspicion, it proves nothing: a person decides. Each suspicion has a name and a figure beside it.

Reading order: :class:`ScreeningLimits`, :class:`ScreeningReport`, :func:`screen_features`, :func:`refuse_copies`; the suspicions are in :data:`SUSPICIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.errors import LeakageError, SampleError
from credit_risk.features.inspection.time_travel import separation
from credit_risk.sources.consent import check_processed_at
from credit_risk.sources.consent_ledger import consented

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import ArrayLike, NDArray

    from credit_risk.features import FeatureCatalogue
    from credit_risk.features.inspection import DifferenceReport
    from credit_risk.sources import Sources

#: Name of a suspicion -> what it means and what to look at.
SUSPICIONS = {
    "copies_the_outcome": "The value says good or bad by itself. Look for a column filled in after the outcome.",
    "too_good": "One feature separates better than honest features do. Look at when its records become known.",
    "missing_tells": "Whether the value is missing says good or bad. Look for records that exist because of the outcome.",
    "fades_when_shifted": "Most of the separation is gone a little earlier. It lives on what came with the application.",
    "rewritten": "An extract taken earlier held another value for the same application. A known-at time is not true.",
    "follows_delay": "The value goes with how late the source's records became known, and so does the outcome.",
    "late_records_tell": "How many records became known only after the application says good or bad: records are filled in later.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningLimits:
    """From where on a figure is suspicious; separations are AUC's distance from one half.

    Attributes
    ----------
    separation : float
        Of one feature; 0.35 is an AUC of 0.85 or 0.15. Honest single features of credit data stay below 0.3.
    copy : float
        Of a feature that copies the outcome.
    missing : float
        Of the missingness itself. 'Never late' may honestly tell a little: only much is suspicious.
    delay : float
        Of the source's mean delay, and of its late records.
    faded : float
        Share of the separation that is gone in the shift test.
    delay_correlation : float
        Rank correlation of a feature with the mean delay of its source.
    """

    separation: float = 0.35
    copy: float = 0.49
    missing: float = 0.25
    delay: float = 0.15
    faded: float = 0.5
    delay_correlation: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScreeningReport:
    """What a screening found.

    Attributes
    ----------
    table : DataFrame
        Index ``feature``; ``suspicions`` (text, empty if none), ``auc``, ``auc_missing`` (of being missing); where given,
        ``auc_shifted``, ``share_rewritten``, ``rho_delay``, ``auc_delay``, ``auc_late_records``.
    """

    table: pd.DataFrame

    @property
    def suspects(self) -> dict[str, tuple[str, ...]]:
        """Feature -> names of the suspicions, see :data:`SUSPICIONS`; features without any are left out."""
        found = self.table["suspicions"]
        return {str(name): tuple(words.split(", ")) for name, words in found.items() if words}

    def _repr_html_(self) -> str:
        suspects = self.suspects
        named = dict.fromkeys(word for words in suspects.values() for word in words)
        meanings = "".join(f"<li><b>{word}</b>: {SUSPICIONS[word]}</li>" for word in named)
        head = (
            f"<p>{len(suspects)} of {len(self.table)} features know too much, or may.</p><ul>{meanings}</ul>"
        )
        order = self.table["suspicions"].eq("").to_numpy().argsort(kind="stable")
        return head + str(self.table.iloc[order].to_html(float_format="{:.4f}".format))


def screen_features(
    X: pd.DataFrame,
    is_bad: ArrayLike,
    *,
    shift: DifferenceReport | None = None,
    snapshots: DifferenceReport | None = None,
    catalogue: FeatureCatalogue | None = None,
    sources: Sources | None = None,
    processed_at: datetime | None = None,
    limits: ScreeningLimits | None = None,
) -> ScreeningReport:
    """Screen features for knowledge that an application cannot have.

    Parameters
    ----------
    X : DataFrame, shape (n_applications, n_features)
        Features by application; NaN is missing.
    is_bad : array_like of bool, shape (n_applications,)
        Outcomes of the same rows.
    shift : DifferenceReport, optional
        From :func:`~credit_risk.features.inspection.time_travel.shift_test` with outcomes.
    snapshots : DifferenceReport, optional
        From :func:`~credit_risk.features.inspection.time_travel.compare_features` of two extracts taken on different days.
    catalogue, sources : optional
        Both, to hold features against the delay with which the records of their sources became known.
    processed_at : datetime, optional
        When the data is processed; goes with sources that hold a ledger of consents. Records read without consent tell nothing.
    limits : ScreeningLimits, optional

    Returns
    -------
    ScreeningReport

    Raises
    ------
    SampleError
        Outcomes of another length or of one class only (``CR-SMP-003``); a catalogue without sources or the reverse
        (``CR-SMP-004``).
    SpecificationError
        ``processed_at`` missing, naive or out of place (``CR-SRC-027``).

    Examples
    --------
    >>> X = pd.DataFrame({"collected": [0, 0, 1, 1.0], "n_calls": [3, 8, 5, 6.0]})
    >>> screen_features(X, [False, False, True, True]).suspects
    {'collected': ('copies_the_outcome',)}
    """
    bad = _checked_outcome(is_bad, len(X))
    if (catalogue is None) != (sources is None):
        raise SampleError(
            "The delays of records need both the catalogue and the sources. Got one of them.",
            code="CR-SMP-004",
        )
    table = pd.DataFrame(index=pd.Index(X.columns, name="feature"))
    values = {name: _values(X[name], bad) for name in X.columns}
    table["auc"] = [separation(values[name], bad) for name in X.columns]
    table["auc_missing"] = [separation(np.isnan(values[name]).astype(np.float64), bad) for name in X.columns]
    if shift is not None and "auc_before" in shift.table:
        told = shift.table["auc_before"].fillna(0.5)  # nothing left to tell goods from bads by
        table["auc_shifted"] = told.reindex(table.index)
    if snapshots is not None:
        table["share_rewritten"] = snapshots.table["share_differ"].reindex(table.index)
    if catalogue is not None and sources is not None:
        table = table.join(_against_delays(X, bad, catalogue, sources, processed_at))
    words = _suspicions(table, limits or ScreeningLimits())
    table.insert(0, "suspicions", [", ".join(words[name]) for name in table.index])
    return ScreeningReport(table=table)


def refuse_copies(X: pd.DataFrame, is_bad: NDArray[np.bool_], *, min_per_class: int = 30) -> None:
    """Refuse features that tell goods from bads without a single error, over enough of both.

    Raises
    ------
    LeakageError
        ``CR-SMP-005``; nothing that is known at the application can do that.
    """
    copies = []
    for name in X.columns:
        values = X[name].to_numpy(float)
        n_bads, n_goods = (int((~np.isnan(values[rows])).sum()) for rows in (is_bad, ~is_bad))
        if min(n_bads, n_goods) >= min_per_class and separation(values, is_bad) in (0.0, 1.0):
            copies.append(str(name))
    if copies:
        raise LeakageError(
            f"{len(copies)} of {X.shape[1]} features tell goods from bads without a single error, first {copies[0]!r}. Nothing "
            "that is known at the application can do that. Hint: look at when its records become known, or whether its column "
            "was filled in after the outcome.",
            code="CR-SMP-005",
            context={"features": copies},
        )


def _values(column: pd.Series, bad: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return numbers to order applications by: the values; of words, which have no order, the bad rate of each."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.to_numpy(float)
    codes = column.cat.codes.to_numpy()
    rates = pd.Series(bad).groupby(codes).mean()
    return np.where(codes < 0, np.nan, rates.reindex(codes).to_numpy(float))


def _checked_outcome(is_bad: ArrayLike, n_rows: int) -> NDArray[np.bool_]:
    bad = np.asarray(is_bad)
    if bad.shape != (n_rows,):
        raise SampleError(
            f"is_bad has the shape {bad.shape}. Expected one outcome for each of {n_rows} rows.",
            code="CR-SMP-003",
        )
    bad = bad.astype(bool)
    if bad.all() or not bad.any():
        raise SampleError(
            f"All {n_rows} outcomes are the same. Expected goods and bads: nothing can be screened.",
            code="CR-SMP-003",
        )
    return bad


def _against_delays(
    X: pd.DataFrame,
    bad: NDArray[np.bool_],
    catalogue: FeatureCatalogue,
    sources: Sources,
    processed_at: datetime | None,
) -> pd.DataFrame:
    """Return, per feature over records, how it and the outcome go with the delays of its source."""
    lines: dict[str, dict[str, float]] = {}
    processed_us = check_processed_at(sources.contracts.consent, processed_at)
    for source, frame in sources.records.items():
        delays = _delays(frame, sources.applications)
        if sources.consents is not None:
            contract = sources.contracts.record(source)
            allowed = consented(sources.consents, sources.applications, contract, processed_us)
            delays = delays.astype(np.float64).where(pd.Series(allowed, index=delays.index))
        delays = delays.reindex(X.index)
        auc = {
            "auc_delay": separation(delays["delay"].to_numpy(float), bad),
            "auc_late_records": separation(delays["n_late"].to_numpy(float), bad),
        }
        names = [d.name for d in catalogue.definitions if d.source == source and d.name in X]
        is_constant = delays["delay"].nunique() < 2
        for name in names:
            alone = is_constant or X[name].nunique() < 2
            rho = float("nan") if alone else X[name].corr(delays["delay"], method="spearman")
            lines[name] = {"rho_delay": float(rho), **auc}
    return pd.DataFrame.from_dict(
        lines, orient="index", columns=["rho_delay", "auc_delay", "auc_late_records"]
    )


def _delays(records: pd.DataFrame, applications: pd.DataFrame) -> pd.DataFrame:
    """Return per application: mean delay of the records known by then (days), and how many became known only later."""
    form = pd.DataFrame(
        {
            "application_id": applications.index,
            "customer_id": applications["customer_id"].to_numpy(),
            "applied_us": applications["applied_at"].astype("int64").to_numpy(),
        }
    )
    pairs = form.merge(records[["customer_id", "event_time_us", "known_at_us"]], on="customer_id")
    pairs = pairs[pairs["event_time_us"] < pairs["applied_us"]]
    is_known = pairs["known_at_us"] <= pairs["applied_us"]
    delay = (pairs["known_at_us"] - pairs["event_time_us"]) / 86_400_000_000
    delay = delay.where(is_known).groupby(pairs["application_id"]).mean()
    n_late = (~is_known).groupby(pairs["application_id"]).sum()
    return pd.DataFrame(
        {
            "delay": delay.reindex(applications.index),
            "n_late": n_late.reindex(applications.index, fill_value=0),
        }
    )


def _suspicions(table: pd.DataFrame, limits: ScreeningLimits) -> dict[str, list[str]]:
    distance = {name: (table[name] - 0.5).abs() for name in table.columns if name.startswith("auc")}
    nothing = pd.Series(0.0, index=table.index)
    copies = distance["auc"] >= limits.copy
    faded = distance["auc"] - distance.get("auc_shifted", distance["auc"]).fillna(distance["auc"])
    delayed = table.get("rho_delay", nothing).abs() >= limits.delay_correlation
    found = {
        "copies_the_outcome": copies,
        "too_good": (distance["auc"] >= limits.separation) & ~copies,
        "missing_tells": distance["auc_missing"] >= limits.missing,
        "fades_when_shifted": (faded >= limits.faded * distance["auc"]) & (distance["auc"] >= 0.05),
        "rewritten": table.get("share_rewritten", nothing) > 0,
        "follows_delay": delayed & (distance.get("auc_delay", nothing) >= limits.delay),
        "late_records_tell": distance.get("auc_late_records", nothing) >= limits.delay,
    }
    return {name: [word for word, holds in found.items() if holds[name]] for name in table.index}

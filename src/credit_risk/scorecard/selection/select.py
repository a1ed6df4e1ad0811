"""The gates in order, over arrays (:func:`select_variables`) and over a frame with a fitted binner (:func:`select_features`)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from credit_risk.binning.checks import check_outcome
from credit_risk.scorecard.selection.candidates import Candidates, Journal
from credit_risk.scorecard.selection.gates import (
    identical_gate,
    information_gate,
    missing_gate,
    stability_gate,
)
from credit_risk.scorecard.selection.resampling import after_information, selection_stability
from credit_risk.scorecard.selection.result import SelectionResult
from credit_risk.scorecard.selection.rules import SelectionRules
from credit_risk.scorecard.selection.wording import because

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from credit_risk.binning.fit import WoeBinner
    from credit_risk.scorecard.spec import SelectionRecord


def select_variables(
    candidates: Candidates, rules: SelectionRules, *, n_jobs: int = 1, progress: bool = False
) -> tuple[list[int], tuple[SelectionRecord, ...]]:
    """Choose the variables of the card.

    Parameters
    ----------
    candidates : Candidates
    rules : SelectionRules
    n_jobs : int
        Threads of the resampling.
    progress : bool
        Whether the resampling shows a bar.

    Returns
    -------
    kept : list of int
        Their places, in column order; may be empty.
    records : tuple of SelectionRecord
        One per candidate, in column order.

    Raises
    ------
    SpecificationError
        Stability is asked for without periods (``CR-CRD-051``).
    """
    journal = Journal(candidates)
    missing_gate(candidates, rules, journal)
    identical_gate(candidates, rules, journal)
    strong = information_gate(candidates, rules, journal)
    stable = stability_gate(candidates, rules, strong, journal)
    kept = after_information(candidates, rules, stable, journal)
    if rules.n_resamples:
        shares = selection_stability(candidates, rules, among=stable, n_jobs=n_jobs, progress=progress)
        journal.kept_shares = tuple(shares.tolist())
        kept = _resampling_gate(rules, kept, journal)
    return sorted(kept), journal.records(kept)


def select_features(
    binner: WoeBinner,
    X: Any,
    y: ArrayLike,
    *,
    rules: SelectionRules | None = None,
    sample_weight: ArrayLike | None = None,
    period: ArrayLike | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> SelectionResult:
    """Choose variables for a card before it is fitted, and show the way.

    Parameters
    ----------
    binner : WoeBinner
        Fitted.
    X : DataFrame or ndarray, shape (n_rows, n_variables)
    y : array_like of 0 and 1, shape (n_rows,)
        ``is_bad``: 1 is bad.
    rules : SelectionRules, optional
    sample_weight : array_like of float, shape (n_rows,), optional
        Above 0; respected by every gate.
    period : array_like, shape (n_rows,), optional
        Sortable; for ``max_stability_index``.
    n_jobs : int
    progress : bool

    Raises
    ------
    SpecificationError
        Stability is asked for without periods (``CR-CRD-051``).
    FitError
        The outcome cannot be read (``CR-BIN-023`` and following).

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.binning import WoeBinner
    >>> value = np.arange(1000.0)
    >>> X = np.column_stack([value, np.roll(value, 500) % 7])
    >>> is_bad = (value * 7 % 1000) > 400 + value / 2
    >>> result = select_features(WoeBinner().fit(X, is_bad), X, is_bad)
    >>> result.kept, result.records[1].step
    (('x0',), 'information_value')
    """
    asked = SelectionRules() if rules is None else rules
    outcome = check_outcome(y, len(X), sample_weight, period)
    raw = X if asked.max_identical_share is not None else None
    candidates = Candidates.of_bins(binner.spec_.variables, binner.bin_indices(X), outcome, raw)
    with threadpool_limits(1):
        _, records = select_variables(candidates, asked, n_jobs=n_jobs, progress=progress)
    return SelectionResult(records=records, rules=asdict(asked))


def _resampling_gate(rules: SelectionRules, kept: list[int], journal: Journal) -> list[int]:
    """Exclude chosen variables that too few resamples choose."""
    for at in kept:
        share = 0.0 if journal.kept_shares is None else journal.kept_shares[at]
        if share < rules.min_kept_share:
            limit = f"{rules.min_kept_share:.0%}"
            reason = because("resampling", share=f"{share:.0%}", n=rules.n_resamples, limit=limit)
            journal.exclude(at, "resampling", reason, share, rules.min_kept_share)
    return [at for at in kept if at not in journal.entries]

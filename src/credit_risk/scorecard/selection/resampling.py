"""Would another sample choose the same variables? The choice repeated on bootstrap resamples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.workers import in_order
from credit_risk.scorecard.selection.candidates import Journal
from credit_risk.scorecard.selection.correlation import correlation_gate, inflation_gate
from credit_risk.scorecard.selection.gates import information_gate
from credit_risk.scorecard.selection.stepwise import lasso_gate, stepwise_gate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.scorecard.selection.candidates import Candidates
    from credit_risk.scorecard.selection.rules import SelectionRules


def selection_stability(
    candidates: Candidates,
    rules: SelectionRules,
    *,
    among: list[int] | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> NDArray[np.float64]:
    """Return the share of bootstrap resamples in which each variable is chosen.

    Rows are drawn with replacement; bins and WoE are taken as given, so the shares speak of the choice among the variables, not
    of the bins. Resample r depends on the seed and r only: threads do not matter.

    Parameters
    ----------
    candidates : Candidates
    rules : SelectionRules
        ``n_resamples`` and ``seed`` say how many and which; information value, correlation, variance inflation, L1 path and
        stepwise are repeated.
    among : list of int, optional
        Variables that take part; default all.
    n_jobs : int
        Threads.
    progress : bool
        Whether a bar shows.

    Returns
    -------
    ndarray, shape (n_variables,)
        0 for variables that did not take part.
    """
    here = list(range(len(candidates.names))) if among is None else among
    part = _only(candidates, here)

    def chosen(number: int) -> NDArray[np.float64]:
        kept = choose(_resample(part, rules.seed, number), rules)
        return np.bincount(kept, minlength=len(here)).astype(np.float64)

    label = "resampling" if progress else ""
    counts = in_order(chosen, range(rules.n_resamples), n_jobs=n_jobs, label=label)
    shares = np.zeros(len(candidates.names))
    shares[here] = np.sum(counts, axis=0) / max(rules.n_resamples, 1)
    return shares


def choose(candidates: Candidates, rules: SelectionRules, journal: Journal | None = None) -> list[int]:
    """Run the gates that depend on the rows: information, correlation, variance inflation, L1 path, stepwise."""
    journal = Journal(candidates) if journal is None else journal
    return after_information(candidates, rules, information_gate(candidates, rules, journal), journal)


def after_information(
    candidates: Candidates, rules: SelectionRules, strongest_first: list[int], journal: Journal
) -> list[int]:
    """Run the gates that judge variables against each other."""
    apart = correlation_gate(candidates, rules, strongest_first, journal)
    lean = inflation_gate(candidates, rules, apart, journal)
    held = lasso_gate(candidates, rules, lean, journal)
    return stepwise_gate(candidates, rules, held, journal)


def _resample(candidates: Candidates, seed: int, number: int) -> Candidates:
    n = len(candidates.is_bad)
    drawn = np.bincount(np.random.default_rng([seed, number]).integers(0, n, n), minlength=n)
    rows = np.flatnonzero(drawn)
    weight = drawn[rows].astype(np.float64)
    return candidates.where(rows, weight if candidates.weight is None else weight * candidates.weight[rows])


def _only(candidates: Candidates, here: list[int]) -> Candidates:
    return replace(
        candidates,
        names=tuple(candidates.names[at] for at in here),
        woe=candidates.woe[:, here],
        information_values=tuple(candidates.information_values[at] for at in here),
        variables=tuple(candidates.variables[at] for at in here) if candidates.variables else (),
        index=None if candidates.index is None else candidates.index[:, here],
        identical_shares=None,
    )

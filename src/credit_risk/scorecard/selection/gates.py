"""Gates that judge one variable at a time: how much is missing, how much is one value, how much it says, how stable it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import SpecificationError
from credit_risk.numerics.woe import information_value_standard_error, stability_parts
from credit_risk.scorecard.selection.wording import because

if TYPE_CHECKING:
    from credit_risk.scorecard.selection.candidates import Candidates, Journal
    from credit_risk.scorecard.selection.rules import SelectionRules

_Z_95 = 1.959963984540054


def missing_gate(candidates: Candidates, rules: SelectionRules, journal: Journal) -> None:
    """Exclude variables of which too much is missing."""
    limit = rules.max_missing_share
    if limit is None:
        return
    counts = candidates.counts()
    for at in journal.open():
        weight = counts[at][0] + counts[at][1]
        share = float(weight[candidates.variables[at].missing_index] / weight.sum())
        if share > limit:
            reason = because("missing_share", share=f"{share:.1%}", limit=f"{limit:.1%}")
            journal.exclude(at, "missing_share", reason, share, limit)


def identical_gate(candidates: Candidates, rules: SelectionRules, journal: Journal) -> None:
    """Exclude variables that are nearly one value."""
    limit = rules.max_identical_share
    if limit is None or candidates.identical_shares is None:
        return
    for at in journal.open():
        share = candidates.identical_shares[at]
        if share > limit:
            reason = because("identical_share", share=f"{share:.1%}", limit=f"{limit:.1%}")
            journal.exclude(at, "identical_share", reason, share, limit)


def information_gate(candidates: Candidates, rules: SelectionRules, journal: Journal) -> list[int]:
    """Exclude variables that say too little; return the others, the strongest first."""
    values, limit = candidates.information_values, rules.min_information_value
    lows = _lower_bounds(candidates) if rules.information_bound == "low" else values
    for at in journal.open():
        if lows[at] < limit:
            facts = {"value": f"{values[at]:.4f}", "limit": f"{limit:g}"}
            reason = because("information_value", **facts)
            if rules.information_bound == "low":
                reason = because("information_value_low", low=f"{lows[at]:.4f}", **facts)
            journal.exclude(at, "information_value", reason, lows[at], limit)
    return sorted(journal.open(), key=lambda at: (-values[at], at))


def stability_gate(
    candidates: Candidates, rules: SelectionRules, strongest_first: list[int], journal: Journal
) -> list[int]:
    """Exclude variables whose bins hold other shares in a later period than in the first.

    Raises
    ------
    SpecificationError
        The rule asks for periods and there are none, or only one (``CR-CRD-051``).
    """
    limit = rules.max_stability_index
    if limit is None:
        return strongest_first
    period = candidates.period
    if period is None or int(period.max()) == 0:
        raise SpecificationError(
            "max_stability_index needs rows of at least two periods. Hint: pass period to fit, or leave the rule out.",
            code="CR-CRD-051",
        )
    for at in strongest_first:
        worst, when = worst_stability(candidates, at)
        if worst > limit:
            reason = because("stability", figure=f"{worst:.3f}", period=when + 1, limit=f"{limit:g}")
            journal.exclude(at, "stability", reason, worst, limit)
    return [at for at in strongest_first if at not in journal.entries]


def worst_stability(candidates: Candidates, at: int) -> tuple[float, int]:
    """Return the largest stability index of a variable's bins against the first period, and the period it occurs in."""
    period, index = candidates.period, candidates.required_index()[:, at]
    if period is None:
        return 0.0, 0
    n_bins, n_periods = candidates.variables[at].n_bins, int(period.max()) + 1
    counts = np.bincount(period * n_bins + index, weights=candidates.weight, minlength=n_bins * n_periods)
    first, *later = counts.reshape(n_periods, n_bins).astype(np.float64)
    figures = [float(stability_parts(first, one).sum()) for one in later]
    worst = int(np.argmax(figures))
    return figures[worst], worst + 1


def _lower_bounds(candidates: Candidates) -> tuple[float, ...]:
    """Return the lower ends of the 95 % intervals; weights are scaled so that they add up to the rows."""
    n = len(candidates.is_bad)
    scale = 1.0 if candidates.weight is None else n / float(candidates.weight.sum())
    return tuple(
        value - _Z_95 * information_value_standard_error(goods * scale, bads * scale)
        for value, (goods, bads) in zip(candidates.information_values, candidates.counts(), strict=True)
    )

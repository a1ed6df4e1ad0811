"""Which variables stand on the card, and for every other one the reason why not.

Three gates in order: information value, correlation with a stronger variable, and a stepwise logistic regression in which
every coefficient must have the right sign and be significant. All choices are deterministic; ties go to column order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.logistic import LogisticFit, ScoreTests, fit_logistic, score_tests
from credit_risk.scorecard.spec import SelectionRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRules:
    """Thresholds of the three gates; see :class:`~credit_risk.scorecard.fit.Scorecard`."""

    min_information_value: float = 0.02
    max_correlation: float = 0.9
    max_p_value: float = 0.1
    max_features: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Variables that may stand on the card.

    Attributes
    ----------
    names : tuple of str
    woe : ndarray of float64, shape (n_rows, n_variables)
    information_values : tuple of float
    is_bad : ndarray of float64, shape (n_rows,)
    weight : ndarray of float64, shape (n_rows,), optional
    """

    names: tuple[str, ...]
    woe: NDArray[np.float64]
    information_values: tuple[float, ...]
    is_bad: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None


@dataclass(slots=True)
class _Journal:
    """Collects one record per variable."""

    candidates: Candidates
    entries: dict[int, tuple[str, str]] = field(default_factory=dict)

    def exclude(self, at: int, step: str, reason: str) -> None:
        self.entries[at] = (step, reason)

    def records(self, kept: list[int]) -> tuple[SelectionRecord, ...]:
        rows = []
        for at, name in enumerate(self.candidates.names):
            value = self.candidates.information_values[at]
            step, reason = self.entries.get(at, ("kept", f"information value {value:.4f}"))
            rows.append(
                SelectionRecord(
                    name=name, is_kept=at in kept, step=step, reason=reason, information_value=value
                )
            )
        return tuple(rows)


def select_variables(
    candidates: Candidates, rules: SelectionRules
) -> tuple[list[int], tuple[SelectionRecord, ...]]:
    """Choose the variables of the card.

    Returns
    -------
    kept : list of int
        Their places, in column order; may be empty.
    records : tuple of SelectionRecord
        One per candidate, in column order.
    """
    journal = _Journal(candidates)
    strong = _information_gate(candidates, rules, journal)
    apart = _correlation_gate(candidates, rules, strong, journal)
    kept = sorted(_stepwise(candidates, rules, apart, journal))
    return kept, journal.records(kept)


def _information_gate(candidates: Candidates, rules: SelectionRules, journal: _Journal) -> list[int]:
    """Return the informative variables, the strongest first."""
    values = candidates.information_values
    for at, value in enumerate(values):
        if value < rules.min_information_value:
            reason = f"information value {value:.4f} is below {rules.min_information_value:g}"
            journal.exclude(at, "information_value", reason)
    passed = [at for at in range(len(values)) if at not in journal.entries]
    return sorted(passed, key=lambda at: (-values[at], at))


def _correlation_gate(
    candidates: Candidates, rules: SelectionRules, strongest_first: list[int], journal: _Journal
) -> list[int]:
    """Keep a variable unless a stronger kept one is correlated with it."""
    if not strongest_first:
        return []
    correlation = np.atleast_2d(np.corrcoef(candidates.woe[:, strongest_first], rowvar=False))
    kept: list[int] = []
    for place, at in enumerate(strongest_first):
        to_kept = [(abs(float(correlation[place, other])), other) for other in kept]
        worst, twin = max(to_kept, key=lambda pair: pair[0], default=(0.0, -1))
        if worst > rules.max_correlation:
            name = candidates.names[strongest_first[twin]]
            journal.exclude(
                at, "correlation", f"correlation {worst:.3f} with '{name}', which has more information"
            )
        else:
            kept.append(place)
    return [strongest_first[place] for place in kept]


def _stepwise(candidates: Candidates, rules: SelectionRules, pool: list[int], journal: _Journal) -> list[int]:
    """Admit the most significant variable, then remove what lost its significance or its sign, until nothing changes."""
    kept: list[int] = []
    open_to_entry = list(pool)
    fit = _fit(candidates, kept)
    while open_to_entry and len(kept) < rules.max_features:
        tests = _tests(candidates, kept, open_to_entry, fit)
        best = int(np.argmax(np.where(tests.gradient < 0, tests.chi_squared, -1.0)))
        entrant = open_to_entry[best]
        if tests.gradient[best] >= 0 or tests.p_values[best] > rules.max_p_value:
            break
        open_to_entry.remove(entrant)
        start = (np.append(fit.coefficients, 0.0), fit.intercept)
        kept, fit = _prune(candidates, rules, [*kept, entrant], start, journal)
    _explain_rest(candidates, rules, kept, open_to_entry, journal)
    return kept


def _prune(
    candidates: Candidates,
    rules: SelectionRules,
    kept: list[int],
    start: tuple[NDArray[np.float64], float],
    journal: _Journal,
) -> tuple[list[int], LogisticFit]:
    """Drop, one at a time, a variable whose coefficient has the wrong sign or is no longer significant."""
    while True:
        fit = _fit(candidates, kept, start)
        wrong = [place for place in range(len(kept)) if fit.coefficients[place] >= 0]
        if wrong:
            place = max(wrong, key=lambda one: float(fit.coefficients[one]))
            step, figure = "wrong_sign", f"coefficient {fit.coefficients[place]:+.3f} beside the others"
        else:
            place = int(np.argmax(fit.p_values[:-1])) if kept else 0
            if not kept or fit.p_values[place] <= rules.max_p_value:
                return kept, fit
            step, figure = "not_significant", f"p-value {fit.p_values[place]:.3f} beside the others"
        journal.exclude(kept[place], step, figure)
        kept = kept[:place] + kept[place + 1 :]
        start = (np.delete(fit.coefficients, place), fit.intercept)


def _explain_rest(
    candidates: Candidates, rules: SelectionRules, kept: list[int], rest: list[int], journal: _Journal
) -> None:
    if not rest:
        return
    tests = _tests(candidates, kept, rest, _fit(candidates, kept))
    for place, at in enumerate(rest):
        if tests.gradient[place] >= 0:
            journal.exclude(at, "wrong_sign", "would enter with the wrong sign beside the others")
        elif tests.p_values[place] > rules.max_p_value:
            journal.exclude(at, "not_significant", f"p-value {tests.p_values[place]:.3f} beside the others")
        else:
            journal.exclude(at, "max_features", f"the card already has {rules.max_features} variables")


def _fit(
    candidates: Candidates, kept: list[int], start: tuple[NDArray[np.float64], float] | None = None
) -> LogisticFit:
    return fit_logistic(candidates.woe[:, kept], candidates.is_bad, candidates.weight, start=start)


def _tests(candidates: Candidates, kept: list[int], others: list[int], fit: LogisticFit) -> ScoreTests:
    woe = candidates.woe
    return score_tests(woe[:, kept], woe[:, others], candidates.is_bad, fit, candidates.weight)

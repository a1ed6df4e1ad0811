"""Gates of the regression: an L1 path, and a stepwise choice in which every coefficient has the right sign and is significant.

All choices are deterministic; ties go to the order of the pool, the strongest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.logistic import LogisticFit, ScoreTests, fit_logistic, score_tests
from credit_risk.numerics.regression.lasso_path import lasso_path
from credit_risk.scorecard.selection.wording import because

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.scorecard.selection.candidates import Candidates, Journal
    from credit_risk.scorecard.selection.rules import SelectionRules


def lasso_gate(
    candidates: Candidates, rules: SelectionRules, strongest_first: list[int], journal: Journal
) -> list[int]:
    """Keep the variables that the L1 path holds at its best BIC, wrong signs forbidden."""
    if not rules.lasso or not strongest_first:
        return strongest_first
    path = lasso_path(
        candidates.woe[:, strongest_first], candidates.is_bad, candidates.weight, forbid_positive=True
    )
    best = path.best
    for place, at in enumerate(strongest_first):
        if path.coefficients[best, place] == 0:
            held = np.flatnonzero(path.coefficients[:, place])
            figure = 0.0 if len(held) == 0 else float(path.penalties[held[0]])
            key = "lasso_never" if len(held) == 0 else "lasso_later"
            reason = because(key, at=f"{figure:.5f}", penalty=f"{path.penalties[best]:.5f}")
            journal.exclude(at, "lasso", reason, figure, float(path.penalties[best]))
    return [at for at in strongest_first if at not in journal.entries]


def stepwise_gate(
    candidates: Candidates, rules: SelectionRules, strongest_first: list[int], journal: Journal
) -> list[int]:
    """Choose by regression, in the direction the rules ask for."""
    if rules.stepwise == "backward":
        return _backward(candidates, rules, strongest_first, journal)
    return _stepwise(candidates, rules, strongest_first, journal)


def _backward(candidates: Candidates, rules: SelectionRules, pool: list[int], journal: Journal) -> list[int]:
    """Begin with all, drop wrong signs and what is not significant, then the least significant above the number allowed."""
    start = (np.zeros(len(pool)), _fit(candidates, []).intercept)
    kept, fit = _prune(candidates, rules, list(pool), start, journal)
    while len(kept) > rules.max_features:
        place = int(np.argmax(fit.p_values[:-1]))
        reason = because("max_features", n=rules.max_features)
        journal.exclude(kept[place], "max_features", reason, float(len(kept)), float(rules.max_features))
        kept = kept[:place] + kept[place + 1 :]
        kept, fit = _prune(
            candidates, rules, kept, (np.delete(fit.coefficients, place), fit.intercept), journal
        )
    return kept


def _stepwise(candidates: Candidates, rules: SelectionRules, pool: list[int], journal: Journal) -> list[int]:
    """Admit the most significant variable, then remove what lost its significance or its sign, until nothing changes.

    Going forward only, an entrant that turns a sign is refused instead.
    """
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
        if rules.stepwise == "forward":
            kept, fit = _admit(candidates, kept, entrant, (start, fit), journal)
        else:
            kept, fit = _prune(candidates, rules, [*kept, entrant], start, journal)
    _explain_rest(candidates, rules, kept, open_to_entry, journal)
    return kept


def _admit(
    candidates: Candidates,
    kept: list[int],
    entrant: int,
    state: tuple[tuple[NDArray[np.float64], float], LogisticFit],
    journal: Journal,
) -> tuple[list[int], LogisticFit]:
    """Admit a variable unless it turns a sign."""
    start, before = state
    fit = _fit(candidates, [*kept, entrant], start)
    turned = int(np.argmax(fit.coefficients))
    if fit.coefficients[turned] < 0:
        return [*kept, entrant], fit
    name, figure = candidates.names[[*kept, entrant][turned]], float(fit.coefficients[turned])
    journal.exclude(
        entrant, "wrong_sign", f"would turn the coefficient of '{name}' to {figure:+.3f}", figure, 0.0
    )
    return kept, before


def _prune(
    candidates: Candidates,
    rules: SelectionRules,
    kept: list[int],
    start: tuple[NDArray[np.float64], float],
    journal: Journal,
) -> tuple[list[int], LogisticFit]:
    """Drop, one at a time, a variable whose coefficient has the wrong sign or is no longer significant."""
    while True:
        fit = _fit(candidates, kept, start)
        wrong = [place for place in range(len(kept)) if fit.coefficients[place] >= 0]
        if wrong:
            place = max(wrong, key=lambda one: float(fit.coefficients[one]))
            step, figure, limit = "wrong_sign", float(fit.coefficients[place]), 0.0
            reason = because("wrong_sign", figure=f"{figure:+.3f}")
        else:
            place = int(np.argmax(fit.p_values[:-1])) if kept else 0
            if not kept or fit.p_values[place] <= rules.max_p_value:
                return kept, fit
            step, figure, limit = "not_significant", float(fit.p_values[place]), rules.max_p_value
            reason = because("not_significant", p_value=f"{figure:.3f}")
        journal.exclude(kept[place], step, reason, figure, limit)
        kept = kept[:place] + kept[place + 1 :]
        start = (np.delete(fit.coefficients, place), fit.intercept)


def _explain_rest(
    candidates: Candidates, rules: SelectionRules, kept: list[int], rest: list[int], journal: Journal
) -> None:
    if not rest:
        return
    tests = _tests(candidates, kept, rest, _fit(candidates, kept))
    for place, at in enumerate(rest):
        gradient, p_value = float(tests.gradient[place]), float(tests.p_values[place])
        if gradient >= 0:
            reason = because("wrong_sign_on_entry")
            journal.exclude(at, "wrong_sign", reason, gradient, 0.0)
        elif p_value > rules.max_p_value:
            reason = because("not_significant", p_value=f"{p_value:.3f}")
            journal.exclude(at, "not_significant", reason, p_value, rules.max_p_value)
        else:
            reason = because("max_features", n=rules.max_features)
            journal.exclude(at, "max_features", reason, float(len(kept) + 1), float(rules.max_features))


def _fit(
    candidates: Candidates, kept: list[int], start: tuple[NDArray[np.float64], float] | None = None
) -> LogisticFit:
    return fit_logistic(candidates.woe[:, kept], candidates.is_bad, candidates.weight, start=start)


def _tests(candidates: Candidates, kept: list[int], others: list[int], fit: LogisticFit) -> ScoreTests:
    woe = candidates.woe
    return score_tests(woe[:, kept], woe[:, others], candidates.is_bad, fit, candidates.weight)

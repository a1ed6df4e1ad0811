"""Variables that say little alone and much beside the others: a second look after the card is chosen.

A bill amount tells nothing alone (large limits go with large bills, and with good payers) and much beside the credit limit. After
the card is chosen, every variable left out is binned again on what the card leaves unexplained; the clearest one enters,
the card is fitted again, and so on until chance could explain what is left. Each such variable is marked in the selection
record, with the trend of its effect beside the others and what it needed to enter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.apply import bin_column
from credit_risk.numerics.bin_effects import fit_bin_effects
from credit_risk.numerics.logistic_function import sigmoid
from credit_risk.scorecard.selection.wording import because
from credit_risk.scorecard.shape import CardVariable, by_policy, design_of, effect_block, fit_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from credit_risk.binning.beside import BesideBins, BesideSearch
    from credit_risk.scorecard.selection import SelectionRules
    from credit_risk.scorecard.shape import ShapedRegression
    from credit_risk.scorecard.spec import SelectionRecord

STEP = "second_look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card in the making.

    Attributes
    ----------
    places : tuple of int
        Columns of the development sample that stand on it.
    variables : tuple of CardVariable
    regression : ShapedRegression
    """

    places: tuple[int, ...]
    variables: tuple[CardVariable, ...]
    regression: ShapedRegression

    def pd(self) -> NDArray[np.float64]:
        """Return the PD of each development row, before rounding."""
        fit = self.regression.fit
        design = design_of(self.variables, self.regression.card_woe)
        return sigmoid(design @ fit.coefficients + fit.intercept)

    def in_column_order(self) -> Card:
        """Return the same card with its variables in column order, so that nothing depends on who came first."""
        order = sorted(range(len(self.places)), key=self.places.__getitem__)
        fit = self.regression.fit
        coefficients = [*order, len(order)]
        ordered = replace(
            fit,
            coefficients=fit.coefficients[order],
            standard_errors=fit.standard_errors[coefficients],
            p_values=fit.p_values[coefficients],
        )
        return Card(
            places=tuple(self.places[at] for at in order),
            variables=tuple(self.variables[at] for at in order),
            regression=replace(
                self.regression, fit=ordered, card_woe=tuple(self.regression.card_woe[at] for at in order)
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Outcome and weights of the development sample, and how strongly shapes are drawn to their prior."""

    is_bad: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    pull: float


def look_again(
    card: Card,
    searches: Mapping[int, BesideSearch],
    sample: Sample,
    rules: SelectionRules,
    records: tuple[SelectionRecord, ...],
) -> tuple[Card, tuple[SelectionRecord, ...]]:
    """Let the variables left out enter for what they add beside the others, the clearest first.

    Parameters
    ----------
    card : Card
    searches : dict of int to BesideSearch
        By column: the variables left out that may enter.
    sample : Sample
    rules : SelectionRules
        The largest number of variables, correlation and p-value hold here too.
    records : tuple of SelectionRecord
        One per column.

    Returns
    -------
    Card
    tuple of SelectionRecord
        With the step 'second_look' for those that entered.
    """
    waiting, journal = dict(searches), list(records)
    while waiting and len(card.places) < rules.max_features:
        pd = card.pd()
        found = {at: search.bins(pd) for at, search in waiting.items()}
        clear = {at: one for at, one in found.items() if one is not None and one.is_clear}
        if not clear:
            break
        at = max(clear, key=lambda place: (clear[place].chi_squared, -place))
        search = waiting.pop(at)
        larger = _with(card, at, search, clear[at], sample)
        if _is_sound(larger, rules):
            card = larger
            journal[at] = _record(journal[at], clear[at])
    return card.in_column_order(), tuple(journal)


def _with(card: Card, at: int, search: BesideSearch, found: BesideBins, sample: Sample) -> Card:
    """Fit the card with one more variable."""
    index = bin_column(found.bins, search.column.values)
    entrant = CardVariable(bins=found.bins, index=index, woe=found.bins.woe, order="none")
    woe = _woe_beside(entrant, card, found, sample)
    variables = (*card.variables, replace(entrant, woe=woe, order=found.trend))
    regression = fit_shapes(variables, sample.is_bad, sample.weight, sample.pull)
    return Card(places=(*card.places, at), variables=variables, regression=regression)


def _woe_beside(entrant: CardVariable, card: Card, found: BesideBins, sample: Sample) -> tuple[float, ...]:
    """Return the effects of the bins beside the card as it stands, drawn to none."""
    nothing = np.zeros(found.bins.n_bins)
    block = replace(effect_block(entrant, nothing), order="none")
    fit = card.regression.fit
    log_odds = design_of(card.variables, card.regression.card_woe) @ fit.coefficients
    effect = fit_bin_effects([block], sample.is_bad, sample.weight, pull=sample.pull, offset=log_odds)[0]
    return tuple(by_policy(found.bins, -effect).tolist())


def _is_sound(card: Card, rules: SelectionRules) -> bool:
    """Whether the newest variable is significant, no twin of another, and leaves every sign as it must be."""
    fit = card.regression.fit
    if (fit.coefficients >= 0).any() or (fit.p_values[:-1] > rules.max_p_value).any():
        return False
    woe = design_of(card.variables, card.regression.card_woe)
    correlation = np.abs(np.atleast_2d(np.corrcoef(woe, rowvar=False))[-1, :-1])
    return bool((correlation <= rules.max_correlation).all())


def _record(record: SelectionRecord, found: BesideBins) -> SelectionRecord:
    reason = because(
        "second_look",
        trend=_trend(found.trend),
        found=f"{found.chi_squared:.0f}",
        needed=f"{found.needed:.0f}",
        alone=_trend(found.bins.trend),
        step=record.step,
        first=record.reason,
    )
    return replace(record, is_kept=True, step=STEP, reason=reason)


def _trend(name: str) -> str:
    return because(name if name in ("ascending", "descending", "peak", "valley") else "no_trend")

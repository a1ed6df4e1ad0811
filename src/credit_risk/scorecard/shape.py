"""Weights of evidence adjusted to the company they keep: bins fitted beside the other variables of the card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from credit_risk.numerics.bin_effects import EffectBlock, Order, fit_bin_effects
from credit_risk.numerics.logistic import LogisticFit, fit_logistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from credit_risk.binning.spec import VariableBins


@dataclass(frozen=True, slots=True, kw_only=True)
class CardVariable:
    """A variable of the card, before the regression.

    Attributes
    ----------
    bins : VariableBins
    index : ndarray of int, shape (n_rows,)
        Bin of each row.
    woe : tuple of float
        Per bin: what it says alone, or, for a variable that stands on the card for what it adds, beside the others.
    order : str
        That the effects on the risk must follow.
    """

    bins: VariableBins
    index: NDArray[np.integer]
    woe: tuple[float, ...]
    order: Order

    @classmethod
    def alone(cls, bins: VariableBins, index: NDArray[np.integer]) -> CardVariable:
        """Return a variable that stands on the card for what it says alone."""
        has_order = bins.kind != "categorical" and bins.trend != "single"
        order = cast("Order", bins.trend) if has_order else "none"
        return cls(bins=bins, index=index, woe=bins.woe, order=order)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapedRegression:
    """A logistic regression and the WoE tables it was fitted on."""

    fit: LogisticFit
    card_woe: tuple[tuple[float, ...], ...]


def fit_shapes(
    variables: Sequence[CardVariable],
    is_bad: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    pull: float | None,
) -> ShapedRegression:
    """Fit the regression on plain WoE, adjust the WoE beside the other variables, and fit again.

    A variable whose adjusted WoE would be flat or turned round keeps its plain WoE.
    """
    plain = tuple(variable.woe for variable in variables)
    fit = fit_logistic(design_of(variables, plain), is_bad, weight)
    if pull is None:
        return ShapedRegression(fit=fit, card_woe=plain)
    tables = list(adjusted_woe(variables, fit.coefficients, (is_bad, weight), pull=pull))
    for _ in range(len(variables) + 1):
        refit = fit_logistic(design_of(variables, tables), is_bad, weight)
        wrong = [j for j, beta in enumerate(refit.coefficients) if beta >= 0 and tables[j] != plain[j]]
        if not wrong:
            break
        for j in wrong:
            tables[j] = plain[j]
    if (refit.coefficients >= 0).any():
        return ShapedRegression(fit=fit, card_woe=plain)
    return ShapedRegression(fit=refit, card_woe=tuple(tables))


def design_of(variables: Sequence[CardVariable], tables: Sequence[tuple[float, ...]]) -> NDArray[np.float64]:
    """Return each row's WoE by these tables; shape (n_rows, n_variables)."""
    return np.column_stack(
        [np.array(table)[variable.index] for variable, table in zip(variables, tables, strict=True)]
    )


def adjusted_woe(
    variables: Sequence[CardVariable],
    coefficients: NDArray[np.float64],
    outcome: tuple[NDArray[np.float64], NDArray[np.float64] | None],
    *,
    pull: float,
) -> tuple[tuple[float, ...], ...]:
    """Return what each bin says beside the other variables, in units of WoE (higher is safer).

    Parameters
    ----------
    variables : sequence of CardVariable
    coefficients : ndarray of float64, shape (n_variables,)
        Of the logistic regression of bad on plain WoE; times WoE they are the prior.
    outcome : tuple
        ``is_bad`` and weights (or None).
    pull : float
        Strength of the prior, see :func:`~credit_risk.numerics.bin_effects.fit_bin_effects`.

    Notes
    -----
    Order of the bins by trend, ties between merged bins and policies (neutral, worst) stay as the binning has them.
    """
    blocks = [
        effect_block(variable, float(beta) * np.array(variable.woe))
        for variable, beta in zip(variables, coefficients, strict=True)
    ]
    effects = fit_bin_effects(blocks, outcome[0], outcome[1], pull=pull)
    return tuple(
        tuple(by_policy(variable.bins, -effect).tolist())
        for variable, effect in zip(variables, effects, strict=True)
    )


def effect_block(variable: CardVariable, prior: NDArray[np.float64]) -> EffectBlock:
    """Return the variable as the joint fit needs it, drawn to a prior on the log odds of bad."""
    bins = variable.bins
    owner = np.arange(bins.n_bins)
    for at, origin in enumerate(bins.origins):
        if origin.startswith("bin "):
            owner[at] = int(origin[4:])
    regular = np.array(variable.woe[: bins.n_regular])
    return EffectBlock(
        index=owner[variable.index],
        prior=prior,
        is_free=np.array([origin in {"own", "smoothed"} for origin in bins.origins]),
        n_ordered=bins.n_regular,
        order=variable.order,
        turn=int(np.argmin(regular) if variable.order == "peak" else np.argmax(regular)),
    )


def by_policy(variable: VariableBins, adjusted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give bins without an own WoE what their policy says."""
    result = adjusted.copy()
    own = [at for at, origin in enumerate(variable.origins) if origin in {"own", "smoothed", "forced"}]
    for at, origin in enumerate(variable.origins):
        if origin.startswith("bin "):
            result[at] = result[int(origin[4:])]
        elif origin == "worst":
            result[at] = result[own].min()
    return result

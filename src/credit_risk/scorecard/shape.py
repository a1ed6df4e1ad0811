"""Weights of evidence adjusted to the company they keep: bins fitted beside the other variables of the card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from credit_risk.numerics.bin_effects import EffectBlock, Order, fit_bin_effects
from credit_risk.numerics.logistic import LogisticFit, fit_logistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.spec import VariableBins
    from credit_risk.scorecard.selection import Candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapedRegression:
    """A logistic regression and the WoE tables it was fitted on."""

    fit: LogisticFit
    card_woe: tuple[tuple[float, ...], ...]


def fit_shapes(
    variables: tuple[VariableBins, ...],
    index: NDArray[np.integer],
    candidates: Candidates,
    kept: list[int],
    pull: float | None,
) -> ShapedRegression:
    """Fit the regression on plain WoE, adjust the WoE beside the other variables, and fit again.

    A variable whose adjusted WoE would be flat or turned round keeps its plain WoE.
    """
    plain = tuple(variable.woe for variable in variables)
    fit = fit_logistic(candidates.woe[:, kept], candidates.is_bad, candidates.weight)
    if pull is None:
        return ShapedRegression(fit=fit, card_woe=plain)
    outcome = (candidates.is_bad, candidates.weight)
    tables = list(adjusted_woe(variables, index, fit.coefficients, outcome, pull=pull))
    for _ in range(len(variables) + 1):
        design = np.column_stack([np.array(table)[index[:, j]] for j, table in enumerate(tables)])
        refit = fit_logistic(design, candidates.is_bad, candidates.weight)
        wrong = [j for j, beta in enumerate(refit.coefficients) if beta >= 0 and tables[j] != plain[j]]
        if not wrong:
            break
        for j in wrong:
            tables[j] = plain[j]
    if (refit.coefficients >= 0).any():
        return ShapedRegression(fit=fit, card_woe=plain)
    return ShapedRegression(fit=refit, card_woe=tuple(tables))


def adjusted_woe(
    variables: tuple[VariableBins, ...],
    index: NDArray[np.integer],
    coefficients: NDArray[np.float64],
    outcome: tuple[NDArray[np.float64], NDArray[np.float64] | None],
    *,
    pull: float,
) -> tuple[tuple[float, ...], ...]:
    """Return what each bin says beside the other variables, in units of WoE (higher is safer).

    Parameters
    ----------
    variables : tuple of VariableBins
    index : ndarray of int, shape (n_rows, n_variables)
        Bin of each row.
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
    blocks = [_block(variable, index[:, j], float(coefficients[j])) for j, variable in enumerate(variables)]
    effects = fit_bin_effects(blocks, outcome[0], outcome[1], pull=pull)
    return tuple(
        tuple(_by_policy(variable, -effect).tolist())
        for variable, effect in zip(variables, effects, strict=True)
    )


def _block(variable: VariableBins, index: NDArray[np.integer], coefficient: float) -> EffectBlock:
    woe = np.array(variable.woe)
    owner = np.arange(variable.n_bins)
    for at, origin in enumerate(variable.origins):
        if origin.startswith("bin "):
            owner[at] = int(origin[4:])
    regular = woe[: variable.n_regular]
    order = cast("Order", variable.trend if variable.kind != "categorical" else "none")
    return EffectBlock(
        index=owner[index],
        prior=coefficient * woe,
        is_free=np.array([origin in {"own", "smoothed"} for origin in variable.origins]),
        n_ordered=variable.n_regular,
        order="none" if variable.trend == "single" else order,
        turn=int(np.argmin(regular) if variable.trend == "peak" else np.argmax(regular)),
    )


def _by_policy(variable: VariableBins, adjusted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give bins without an own WoE what their policy says."""
    result = adjusted.copy()
    own = [at for at, origin in enumerate(variable.origins) if origin in {"own", "smoothed", "forced"}]
    for at, origin in enumerate(variable.origins):
        if origin.startswith("bin "):
            result[at] = result[int(origin[4:])]
        elif origin == "worst":
            result[at] = result[own].min()
    return result

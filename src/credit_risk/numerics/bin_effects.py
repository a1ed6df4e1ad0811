"""Effects of bins fitted together: what each bin adds to the log odds of bad beside all other variables.

A weight of evidence looks at one variable alone; beside others, a bin may deserve more or less. Here all bins are fitted
at once by cyclic Newton steps, drawn to a prior (the weight of evidence times its coefficient) as by additional
observations, and kept in the order of the variable's trend by the pool-adjacent-violators algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Order = Literal["ascending", "descending", "peak", "valley", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectBlock:
    """One variable: where its rows fall and what its effects must satisfy.

    Attributes
    ----------
    index : ndarray of int, shape (n_rows,)
        Bin of each row.
    prior : ndarray of float64, shape (n_bins,)
        Effects on the log odds of bad to which the fit is drawn.
    is_free : ndarray of bool, shape (n_bins,)
        Bins whose effect is fitted; the others keep their prior.
    n_ordered : int
        The first so many bins follow ``order``; those after (missing, special codes) are free.
    order : str
        Of the effects on the log odds of bad; 'peak' rises up to ``turn``, then falls.
    turn : int
        The turning bin.
    """

    index: NDArray[np.integer]
    prior: NDArray[np.float64]
    is_free: NDArray[np.bool_]
    n_ordered: int
    order: Order
    turn: int = 0


def fit_bin_effects(
    blocks: list[EffectBlock],
    is_bad: NDArray[np.float64],
    weight: NDArray[np.float64] | None = None,
    *,
    pull: float = 50.0,
    max_rounds: int = 30,
    offset: NDArray[np.float64] | None = None,
) -> list[NDArray[np.float64]]:
    """Fit all effects together; the intercept is fitted too and left out of the answer.

    Parameters
    ----------
    blocks : list of EffectBlock
    is_bad : ndarray of float64, shape (n_rows,)
    weight : ndarray of float64, shape (n_rows,), optional
    pull : float
        Strength of the prior in units of information: a bin with ``pull / (p (1 - p))`` rows at PD p moves half-way.
    max_rounds : int
        Rounds over all variables; stops early when no effect moves by more than 0.0001.
    offset : ndarray of float64, shape (n_rows,), optional
        Log odds of bad that stand, up to a constant.

    Returns
    -------
    list of ndarray of float64, shape (n_bins,)

    References
    ----------
    .. [1] Hastie and Tibshirani, Generalized Additive Models, 1990, section 6.3.
    .. [2] Barlow et al., Statistical Inference under Order Restrictions, 1972, section 1.2.
    """
    effects = [block.prior.copy() for block in blocks]
    w = np.ones(len(is_bad)) if weight is None else weight
    share = float(w @ is_bad) / float(w.sum())
    log_odds = np.full(len(is_bad), np.log(share / (1.0 - share)))
    if offset is not None:
        log_odds += offset
    for block, effect in zip(blocks, effects, strict=True):
        log_odds += effect[block.index]
    for _ in range(max_rounds):
        largest = 0.0
        for j, block in enumerate(blocks):
            moved = _newton_step(block, effects[j], log_odds, (is_bad, w), pull) - effects[j]
            log_odds += moved[block.index]
            effects[j] = effects[j] + moved
            largest = max(largest, float(np.abs(moved).max()))
        gradient, information = _score(log_odds, is_bad, w)
        if (
            known := float(information.sum())
        ) > 0.0:  # 0 where every row is certain: bins that separate the classes
            log_odds += float(gradient.sum()) / known
        if largest < 1e-4:
            break
    return effects


def monotone_means(
    values: NDArray[np.float64], weights: NDArray[np.float64], *, descending: bool = False
) -> NDArray[np.float64]:
    """Return the nearest sequence that never falls (or never rises), by weighted least squares.

    Examples
    --------
    >>> monotone_means(np.array([1.0, 3.0, 2.0, 4.0]), np.ones(4)).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    sign = -1.0 if descending else 1.0
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip((sign * values).tolist(), weights.tolist(), strict=True):
        mean, mass, count = value, weight, 1
        while pools and pools[-1][0] > mean:
            before, before_mass, before_count = pools.pop()
            mean = (mean * mass + before * before_mass) / (mass + before_mass)
            mass, count = mass + before_mass, count + before_count
        pools.append((mean, mass, count))
    return sign * np.concatenate([np.full(count, mean) for mean, _, count in pools])


def _score(
    log_odds: NDArray[np.float64], is_bad: NDArray[np.float64], w: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gradient and information of the log-likelihood, row by row."""
    p = 1.0 / (1.0 + np.exp(-log_odds))
    return w * (is_bad - p), w * p * (1.0 - p)


def _newton_step(
    block: EffectBlock,
    effect: NDArray[np.float64],
    log_odds: NDArray[np.float64],
    outcome: tuple[NDArray[np.float64], NDArray[np.float64]],
    pull: float,
) -> NDArray[np.float64]:
    row_gradient, row_information = _score(log_odds, *outcome)
    size = len(effect)
    gradient = np.bincount(block.index, weights=row_gradient, minlength=size)
    information = np.bincount(block.index, weights=row_information, minlength=size)
    strength = information + pull
    target = (information * effect + gradient + pull * block.prior) / strength
    target[: block.n_ordered] = _ordered(
        block, target[: block.n_ordered], np.asarray(strength[: block.n_ordered], dtype=np.float64)
    )
    return np.where(block.is_free, target, block.prior)


def _ordered(
    block: EffectBlock, target: NDArray[np.float64], strength: NDArray[np.float64]
) -> NDArray[np.float64]:
    if block.order == "none" or len(target) == 0:
        return target
    if block.order in {"ascending", "descending"}:
        return monotone_means(target, strength, descending=block.order == "descending")
    falls_first = block.order == "valley"
    turn = block.turn + 1
    left = monotone_means(target[:turn], strength[:turn], descending=falls_first)
    beyond = np.concatenate([left[-1:], target[turn:]])
    masses = np.concatenate([[1e12], strength[turn:]])
    right = monotone_means(beyond, masses, descending=not falls_first)
    return np.concatenate([left[:-1], right])

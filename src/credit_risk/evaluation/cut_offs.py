"""What a cut-off on PD would do: who is approved, how many of them turn bad, and whom another model would swap in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas

from credit_risk.evaluation.checks import checked_numbers, checked_outcome, checked_pd
from credit_risk.evaluation.grouping import ratio
from credit_risk.evaluation.intervals import bad_rate_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


def cut_off_table(
    pd: ArrayLike, is_bad: ArrayLike, *, n_steps: int = 100, amounts: Mapping[str, ArrayLike] | None = None
) -> pandas.DataFrame:
    """Return what happens if customers are approved in order of PD, one row per share of them.

    Customers of equal PD are approved together, so the share may be larger than the step asks for.

    Parameters
    ----------
    pd : array_like of float, shape (n_rows,)
        In 0..1.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    n_steps : int, default 100
        The approval rate rises from 0 to 1 in this many steps.
    amounts : mapping of str to array_like, shape (n_rows,), optional
        Name -> amount of each customer if approved; adds its total over the approved.

    Returns
    -------
    DataFrame, n_steps + 1 rows
        `cut_off_pd` (highest PD approved; NaN where nobody is), `n_approved`, `approval_rate`, `n_bads_approved`,
        `bad_rate_approved`, `bad_rate_approved_low`, `bad_rate_approved_high` (Jeffreys 95 %; NaN where nobody is approved),
        `share_of_bads_avoided`, then the amounts.

    Examples
    --------
    >>> table = cut_off_table([0.1, 0.2, 0.2, 0.6], [0, 0, 1, 1], n_steps=2)
    >>> table[["approval_rate", "bad_rate_approved", "share_of_bads_avoided"]].round(3).to_numpy().tolist()
    [[0.0, nan, 1.0], [0.75, 0.333, 0.5], [1.0, 0.5, 0.0]]
    """
    bad = checked_outcome(is_bad, min_per_class=0)
    risk = checked_pd(pd, bad.size)
    cut_offs = _cut_offs(risk, n_steps)
    order = np.argsort(risk, kind="stable")
    n = np.searchsorted(risk[order], cut_offs, side="right")
    n[np.isnan(cut_offs)] = 0
    n_bads = _totals(bad.astype(np.float64), order)[n]
    low, high = bad_rate_interval(n_bads, n)
    columns: dict[str, object] = {
        "cut_off_pd": cut_offs,
        "n_approved": n.astype(np.int64),
        "approval_rate": n / bad.size,
        "n_bads_approved": n_bads.astype(np.int64),
        "bad_rate_approved": ratio(n_bads, n.astype(np.float64)),
        "bad_rate_approved_low": np.where(n > 0, low, np.nan),
        "bad_rate_approved_high": np.where(n > 0, high, np.nan),
        "share_of_bads_avoided": 1.0 - ratio(n_bads, np.full(n.shape, float(bad.sum()))),
    }
    for name, values in (amounts or {}).items():
        columns[name] = _totals(checked_numbers(values, bad.size, name), order)[n]
    return pandas.DataFrame(columns)


def swap_table(
    pd_a: ArrayLike, pd_b: ArrayLike, is_bad: ArrayLike, *, n_steps: int = 100
) -> pandas.DataFrame:
    """Return whom two models would approve alike and whom only one of them, at the same steps as :func:`cut_off_table`.

    Returns
    -------
    DataFrame, n_steps + 1 rows
        `n_both`, `n_only_a`, `n_only_b`, and `bad_rate_both`, `bad_rate_only_a`, `bad_rate_only_b` (NaN where nobody is).

    Examples
    --------
    >>> swap_table([0.1, 0.2, 0.3, 0.4], [0.1, 0.3, 0.2, 0.4], [0, 0, 1, 1], n_steps=2).loc[1].tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    """
    bad = checked_outcome(is_bad, min_per_class=0)
    risks = [checked_pd(pd, bad.size) for pd in (pd_a, pd_b)]
    rows = []
    for cut_a, cut_b in zip(*(_cut_offs(risk, n_steps) for risk in risks), strict=True):
        in_a, in_b = risks[0] <= cut_a, risks[1] <= cut_b
        groups = (in_a & in_b, in_a & ~in_b, in_b & ~in_a)
        rows.append(
            [int(group.sum()) for group in groups]
            + [float(bad[group].mean()) if group.any() else np.nan for group in groups]
        )
    names = ("both", "only_a", "only_b")
    return pandas.DataFrame(
        rows, columns=[*(f"n_{name}" for name in names), *(f"bad_rate_{name}" for name in names)]
    )


def _cut_offs(risk: NDArray[np.float64], n_steps: int) -> NDArray[np.float64]:
    """Return the highest PD approved at each step; NaN at the first, where nobody is."""
    ranked = np.sort(risk)
    wanted = np.ceil(np.arange(1, n_steps + 1) / n_steps * risk.size - 1e-9).astype(np.intp)
    return np.concatenate([[np.nan], ranked[np.maximum(wanted, 1) - 1]])


def _totals(values: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the running total along `order`, 0 first."""
    return np.concatenate([[0.0], np.cumsum(values[order])])

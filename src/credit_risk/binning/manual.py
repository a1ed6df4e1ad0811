"""Applying people's decisions to the bins a solver found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.record import RegularBins
from credit_risk.errors import FitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.columns import Column
    from credit_risk.binning.decisions import BinDecision
    from credit_risk.binning.rules import Outcome
    from credit_risk.binning.spec import SpecialBin, VariableBins


def decided_bins(
    column: Column,
    outcome: Outcome,
    regular: RegularBins,
    decisions: tuple[BinDecision, ...],
    specials: tuple[SpecialBin, ...],
) -> RegularBins:
    """Apply decisions about cuts and groups, in their order.

    Raises
    ------
    FitError
        A decision cannot be kept (``CR-BIN-042``): wrong kind of variable, unknown category, or an empty bin.
    """
    changes = [decision for decision in decisions if decision.action != "force_woe"]
    if not changes:
        return regular
    if column.kind == "categorical":
        return _decided_groups(column, outcome, regular, changes)
    return _decided_cuts(column, outcome, regular, changes, specials)


def forced_woe(variable: VariableBins, decisions: tuple[BinDecision, ...]) -> VariableBins:
    """Set the WoE that people decided, mark it as forced, and keep all decisions with the variable.

    Raises
    ------
    FitError
        There is no such bin (``CR-BIN-042``).
    """
    woe, origins, labels = list(variable.woe), list(variable.origins), variable.labels()
    for decision in decisions:
        if decision.action == "force_woe":
            if decision.bin not in labels:
                raise _refused(decision, f"there is no bin {decision.bin!r}; the bins are {list(labels)}")
            at = labels.index(decision.bin)
            woe[at], origins[at] = float(decision.values[0]), "forced"
    goods, bads = np.array(variable.n_goods), np.array(variable.n_bads)
    value = float(np.sum((goods / goods.sum() - bads / bads.sum()) * np.array(woe)))
    return replace(
        variable, woe=tuple(woe), origins=tuple(origins), information_value=value, decisions=tuple(decisions)
    )


def _decided_cuts(
    column: Column,
    outcome: Outcome,
    regular: RegularBins,
    changes: list[BinDecision],
    specials: tuple[SpecialBin, ...],
) -> RegularBins:
    cuts = set(regular.cuts)
    for decision in changes:
        if decision.action == "group":
            raise _refused(decision, "the variable holds numbers, not categories")
        if decision.action == "merge":
            low, high = decision.values
            cuts = {cut for cut in cuts if not low < cut < high}
        else:
            cuts = (set() if decision.action == "cut_at" else cuts) | {
                float(value) for value in decision.values
            }
    ordered = np.array(sorted(cuts))
    ordinary = ~np.isnan(column.values) & ~np.isin(
        column.values, [code for one in specials for code in one.codes]
    )
    index = np.searchsorted(ordered, column.values[ordinary], side="right")
    counts = outcome.where(ordinary).counts_by(index, len(ordered) + 1)
    _refuse_empty(counts, changes[-1])
    return RegularBins(
        counts=counts, trend=trend_of(counts), cuts=tuple(ordered.tolist()), rare_counts=regular.rare_counts
    )


def _decided_groups(
    column: Column, outcome: Outcome, regular: RegularBins, changes: list[BinDecision]
) -> RegularBins:
    groups, rare = list(regular.groups), regular.rare
    for decision in changes:
        if decision.action != "group":
            raise _refused(decision, "the variable holds categories, not numbers")
        named = {category for group in decision.groups for category in group}
        strangers = sorted(named - set(column.categories))
        if strangers:
            raise _refused(decision, f"{len(strangers)} categories do not occur in the sample: {strangers}")
        rest = [tuple(category for category in group if category not in named) for group in groups]
        groups = [group for group in (*rest, *decision.groups) if group]
        rare = tuple(category for category in rare if category not in named)
    place = {category: at for at, group in enumerate(groups) for category in group}
    table = np.array([place.get(category, len(groups)) for category in column.categories])
    counts = outcome.counts_by(np.append(table + 1, 0)[column.codes], len(groups) + 2)[:, 1:]
    _refuse_empty(counts[:, :-1], changes[-1])
    return RegularBins(
        counts=counts[:, :-1],
        trend="none" if len(groups) > 1 else "single",
        groups=tuple(groups),
        rare=rare,
        rare_counts=counts[:, -1],
    )


def trend_of(counts: NDArray[np.float64]) -> str:
    """Name the trend that the bad rates of consecutive bins follow.

    Examples
    --------
    >>> trend_of(np.array([[9.0, 8.0, 9.0], [1.0, 2.0, 1.0]]))
    'peak'
    """
    if counts.shape[1] == 1:
        return "single"
    steps = np.sign(np.diff(counts[1] / (counts[0] + counts[1])))
    steps = steps[steps != 0]
    turns = np.flatnonzero(np.diff(steps))
    if len(turns) == 0:
        return "ascending" if steps.sum() >= 0 else "descending"
    if len(turns) == 1:
        return "peak" if steps[0] > 0 else "valley"
    return "none"


def _refuse_empty(counts: NDArray[np.float64], decision: BinDecision) -> None:
    n_empty = int(np.count_nonzero(counts[2] + counts[3] == 0))
    if n_empty:
        raise _refused(decision, f"{n_empty} of {counts.shape[1]} bins would hold no row of this sample")


def _refused(decision: BinDecision, why: str) -> FitError:
    return FitError(
        f"The decision of {decision.author} ({decision.decided_at}) to {decision.action} variable {decision.variable!r} "
        f"cannot be kept: {why}. Hint: renew or withdraw the decision.",
        code="CR-BIN-042",
        context={"variable": decision.variable, "action": decision.action},
    )

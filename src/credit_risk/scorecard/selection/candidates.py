"""What is judged: the weights of evidence of every variable, and the journal of what was decided about each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.binning.columns import raw_columns
from credit_risk.scorecard.selection.wording import because
from credit_risk.scorecard.spec import SelectionRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.rules import Outcome
    from credit_risk.binning.spec import VariableBins


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
    variables : tuple of VariableBins
        Their bins; needed by every gate but correlation and regression.
    index : ndarray of int, shape (n_rows, n_variables), optional
        Bin of each row.
    period : ndarray of int64, shape (n_rows,), optional
        Number of the period of each row, from 0.
    identical_shares : tuple of float, optional
        Share of the commonest value of each variable.
    """

    names: tuple[str, ...]
    woe: NDArray[np.float64]
    information_values: tuple[float, ...]
    is_bad: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None
    variables: tuple[VariableBins, ...] = ()
    index: NDArray[np.integer] | None = None
    period: NDArray[np.int64] | None = None
    identical_shares: tuple[float, ...] | None = None

    @classmethod
    def of_bins(
        cls, variables: tuple[VariableBins, ...], index: NDArray[np.integer], outcome: Outcome, X: Any = None
    ) -> Candidates:
        """Build from fitted bins.

        Parameters
        ----------
        variables : tuple of VariableBins
        index : ndarray of int, shape (n_rows, n_variables)
        outcome : Outcome
        X : DataFrame or ndarray, optional
            The raw columns, where the share of the commonest value matters.
        """
        woe = [np.array(variable.woe)[index[:, j]] for j, variable in enumerate(variables)]
        return cls(
            names=tuple(variable.name for variable in variables),
            woe=np.asfortranarray(np.column_stack(woe)),
            information_values=tuple(variable.information_value for variable in variables),
            is_bad=outcome.is_bad.astype(np.float64),
            weight=outcome.weight,
            variables=variables,
            index=index,
            period=outcome.period,
            identical_shares=None if X is None else identical_shares(X, outcome.weight),
        )

    def where(self, rows: NDArray[np.intp], weight: NDArray[np.float64]) -> Candidates:
        """Return some rows with other weights; information values are recounted on them, WoE stays."""
        index = None if self.index is None else self.index[rows]
        part = replace(
            self,
            woe=self.woe[rows],
            is_bad=self.is_bad[rows],
            weight=weight,
            index=index,
            period=None if self.period is None else self.period[rows],
        )
        return part if index is None else replace(part, information_values=part.recounted_information())

    def recounted_information(self) -> tuple[float, ...]:
        """Return the information value of each variable's bins on these rows, with the WoE that the bins have."""
        return tuple(
            float(np.sum((goods / goods.sum() - bads / bads.sum()) * np.array(variable.woe)))
            for variable, (goods, bads) in zip(self.variables, self.counts(), strict=True)
        )

    def counts(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return the weight of goods and of bads in each bin of each variable."""
        index = self.required_index()
        weight = np.ones(len(self.is_bad)) if self.weight is None else self.weight
        counted = [
            [
                np.bincount(index[:, j], weights=part * weight, minlength=variable.n_bins).astype(np.float64)
                for part in (1.0 - self.is_bad, self.is_bad)
            ]
            for j, variable in enumerate(self.variables)
        ]
        return [(goods, bads) for goods, bads in counted]

    def required_index(self) -> NDArray[np.integer]:
        """Return the bin of each row, which gates on bins cannot do without."""
        if self.index is None:
            raise ValueError("these candidates were built without bins")
        return self.index


@dataclass(slots=True)
class Journal:
    """Collects one record per variable."""

    candidates: Candidates
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    kept_shares: tuple[float, ...] | None = None

    def exclude(
        self, at: int, step: str, reason: str, figure: float | None = None, limit: float | None = None
    ) -> None:
        """Note that a variable left, at which gate, why, and the figure that decided."""
        self.entries[at] = {"step": step, "reason": reason, "figure": figure, "limit": limit}

    def open(self) -> list[int]:
        """Return the variables that have not left."""
        return [at for at in range(len(self.candidates.names)) if at not in self.entries]

    def records(self, kept: list[int]) -> tuple[SelectionRecord, ...]:
        """Return one record per variable, in column order."""
        rows = []
        for at, name in enumerate(self.candidates.names):
            value = self.candidates.information_values[at]
            entry = self.entries.get(at, {"step": "kept", "reason": because("kept", value=f"{value:.4f}")})
            share = None if self.kept_shares is None else self.kept_shares[at]
            rows.append(
                SelectionRecord(
                    name=name, is_kept=at in kept, information_value=value, kept_share=share, **entry
                )
            )
        return tuple(rows)


def identical_shares(X: Any, weight: NDArray[np.float64] | None) -> tuple[float, ...]:
    """Return the share of the commonest value of each column; missing values are no value, but count below the line."""
    import pandas as pd

    shares = []
    for raw in raw_columns(X):
        places = np.asarray(pd.factorize(raw)[0])
        counts = np.bincount(places[places >= 0], weights=None if weight is None else weight[places >= 0])
        total = float(len(places)) if weight is None else float(weight.sum())
        shares.append(float(counts.max()) / total if len(counts) else 0.0)
    return tuple(shares)

"""Shrinkage: a card counts for as much as rows that it was not fitted on bear out.

Bins, choice of variables and regression are all fitted to the same rows, so a card says more than new applicants will bear out: PDs
too extreme, by a fifth and more on a thousand rows. The whole of it is refitted without a part of the rows, part by part; the slope of
the outcome on the log-odds that those cards give the rows left out (Cox) is what every coefficient is multiplied by.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from credit_risk.errors import CreditRiskError, FitError, SpecificationError
from credit_risk.numerics.logistic import LogisticFit, fit_logistic
from credit_risk.numerics.logistic_line import fit_logistic_shift

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from credit_risk.binning.rules import Outcome
    from credit_risk.scorecard.spec import ScorecardSpec

_SEED = 0


class _Card(Protocol):
    """What is refitted: anything that learns from rows and gives others log-odds of bad."""

    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, *, period: ArrayLike | None = None
    ) -> Any: ...

    def decision_function(self, X: Any) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinkage:
    """How much of a card's log-odds rows new to it bear out.

    Attributes
    ----------
    n_folds : int
        Parts that the rows were cut into.
    slope : float
        Of the outcome on the log-odds that cards fitted without a row gave it; below 1: too extreme.
    standard_error : float
        Of the slope.
    """

    n_folds: int
    slope: float
    standard_error: float

    @property
    def factor(self) -> float:
        """What coefficients are multiplied by: the slope, at most 1."""
        return min(self.slope, 1.0)

    def to_dict(self) -> dict[str, float]:
        """Return plain JSON values."""
        return {**asdict(self), "factor": self.factor}


def measure_shrinkage(
    make_card: Callable[[], _Card], X: Any, outcome: Outcome, *, n_folds: int, groups: ArrayLike | None
) -> Shrinkage:
    """Fit a card without each part of the rows and return the slope on the rows left out.

    Parameters
    ----------
    make_card : callable
        Gives an unfitted card, the same each time.
    X : DataFrame or ndarray, shape (n_rows, n_variables)
    outcome : Outcome
    n_folds : int
        At least 2.
    groups : array_like, shape (n_rows,), optional
        Customers: all rows of one are left out together.

    Raises
    ------
    SpecificationError
        ``n_folds`` is no whole number from 2 (``CR-CRD-013``).
    FitError
        Too few goods, bads or customers for so many folds, or groups that are missing or not one per row (``CR-CRD-014``); no
        card can be fitted without some part of the rows (``CR-CRD-015``); the cards rank new rows no better than chance
        (``CR-CRD-016``).

    References
    ----------
    .. [1] van Houwelingen and le Cessie, Predictive value of statistical models, Statistics in Medicine 9 (1990) 1303-1325.
    .. [2] Cox, Biometrika 45 (1958) 562-565.
    """
    folds = folds_of(outcome.is_bad, n_folds, groups)
    log_odds = out_of_fold_log_odds(make_card, X, outcome, folds)
    line = fit_logistic(log_odds[:, None], outcome.is_bad.astype(np.float64), outcome.weight, ridge=0.0)
    slope = float(line.coefficients[0])
    if not slope > 0.0:
        raise FitError(
            f"Cards fitted without a part of the {len(log_odds)} rows rank those rows no better than chance (slope {slope:.3g}). "
            "Expected a slope above 0. Hint: these variables say nothing that lasts; gather more rows or other variables.",
            code="CR-CRD-016",
        )
    return Shrinkage(n_folds=n_folds, slope=slope, standard_error=float(line.standard_errors[0]))


def folds_of(
    is_bad: NDArray[np.bool_], n_folds: int, groups: ArrayLike | None = None
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return (fitted, left out) positions of each fold: bads spread evenly, no customer on both sides; the same every time.

    Examples
    --------
    >>> is_bad = np.array([True, False, False] * 4)
    >>> customer = np.repeat(np.arange(6), 2)
    >>> [bool(set(customer[a]) & set(customer[b])) for a, b in folds_of(is_bad, 2, customer)]
    [False, False]
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if isinstance(n_folds, bool) or not isinstance(n_folds, int | np.integer) or n_folds < 2:
        raise SpecificationError(
            f"shrinkage_folds must be a whole number of at least 2, or None. Got {n_folds!r}.",
            code="CR-CRD-013",
        )
    customers = None if groups is None else _numbered(groups, len(is_bad))
    _check_enough(is_bad, n_folds, customers)
    splitter = StratifiedKFold if customers is None else StratifiedGroupKFold
    drawn = splitter(int(n_folds), shuffle=True, random_state=_SEED)
    return list(drawn.split(np.zeros(len(is_bad)), is_bad, customers))


def out_of_fold_log_odds(
    make_card: Callable[[], _Card],
    X: Any,
    outcome: Outcome,
    folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
) -> NDArray[np.float64]:
    """Return each row's log-odds of bad by a card that was not fitted on it."""
    log_odds = np.empty(len(outcome.is_bad))
    weight, period = outcome.weight, outcome.period
    for number, (fitted, left_out) in enumerate(folds, start=1):
        try:
            card = make_card().fit(
                _rows(X, fitted),
                outcome.is_bad[fitted],
                None if weight is None else weight[fitted],
                period=None if period is None else period[fitted],
            )
            log_odds[left_out] = card.decision_function(_rows(X, left_out))
        except CreditRiskError as error:
            raise FitError(
                f"No card could be fitted without part {number} of {len(folds)} of the rows: {error.message} "
                "Hint: other shrinkage_folds, or None.",
                code="CR-CRD-015",
            ) from error
    return log_odds


def shrunk(
    fit: LogisticFit,
    design: NDArray[np.float64],
    outcome: Outcome,
    shrinkage: Shrinkage | None,
) -> LogisticFit:
    """Return the regression with coefficients shrunk, and the intercept at which the mean PD is the bad rate again.

    Standard errors shrink along, so p-values stay what they were: those of the regression before. Without a shrinkage the
    regression is returned as it is.
    """
    if shrinkage is None:
        return fit
    factor = shrinkage.factor
    coefficients = factor * fit.coefficients
    shift = fit_logistic_shift(design @ coefficients, outcome.is_bad, outcome.weight)
    errors = np.append(factor * fit.standard_errors[:-1], fit.standard_errors[-1])
    return replace(fit, coefficients=coefficients, intercept=shift.intercept, standard_errors=errors)


def with_shrinkage(spec: ScorecardSpec, shrinkage: Shrinkage | None) -> ScorecardSpec:
    """Return the card with the shrinkage written into its settings; a card without one stays as it is, byte for byte."""
    if shrinkage is None:
        return spec
    return replace(spec, settings={**spec.settings, "shrinkage": shrinkage.to_dict()})


def _rows(X: Any, rows: NDArray[np.intp]) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _numbered(groups: ArrayLike, n_rows: int) -> NDArray[np.intp]:
    import pandas as pd

    numbers, names = pd.factorize(np.asarray(groups))
    n_missing = int((numbers < 0).sum())
    if len(numbers) != n_rows or n_missing:
        raise FitError(
            f"groups must name a customer for each of {n_rows} rows. Got {len(numbers)}, {n_missing} of them missing; "
            f"{len(names)} customers.",
            code="CR-CRD-014",
        )
    return np.asarray(numbers)


def _check_enough(is_bad: NDArray[np.bool_], n_folds: int, customers: NDArray[np.intp] | None) -> None:
    n_bads = int(is_bad.sum())
    units = {"bads": n_bads, "goods": len(is_bad) - n_bads}
    if customers is not None:
        units = {
            f"customers with {name}": len(np.unique(customers[is_bad == label]))
            for name, label in (("bads", True), ("goods", False))
        }
    short = {name: count for name, count in units.items() if count < n_folds}
    if short:
        name, count = next(iter(short.items()))
        raise FitError(
            f"{count} {name} cannot be spread over {n_folds} folds. Expected at least one in each. "
            "Hint: fewer shrinkage_folds, or None.",
            code="CR-CRD-014",
        )

"""Fitting a blend: a card that a person can read, and trees beside it or on top of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from credit_risk.binning.checks import check_outcome
from credit_risk.binning.columns import as_sample, column_names
from credit_risk.blend.apply import blended_log_odds
from credit_risk.blend.spec import HOW, BlendSpec, How
from credit_risk.errors import SpecificationError
from credit_risk.ml import PdBooster
from credit_risk.numerics.logistic_function import sigmoid
from credit_risk.numerics.logistic_line import fit_logistic_line
from credit_risk.scorecard import Scorecard
from credit_risk.scorecard.shrinkage import folds_of, out_of_fold_log_odds

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

_N_FOLDS = 5


class PdBlend(ClassifierMixin, BaseEstimator):
    """Probability of default from a card and a booster together.

    Parameters
    ----------
    card : Scorecard, optional
    booster : PdBooster, optional
        Unfitted; each is cloned, so that what is handed in stays as it is.
    how : {'average', 'correction'}, default 'average'
        ``'average'``: both are fitted on the outcome and their log-odds are averaged. ``'correction'``: the booster is fitted
        on what the card leaves unexplained, and its log-odds are added to the card's.
    card_weight : float, 0..1, default 0.5
        The card's share of the average; a correction has none.

    Attributes
    ----------
    spec_ : BlendSpec
    card_, booster_ : Scorecard, PdBooster
        The fitted parts.
    feature_names_in_ : ndarray of str
    n_features_in_ : int

    Notes
    -----
    For a correction the trees see, on every training row, the log-odds of a card that was not fitted on that row (five folds):
    a card's own training rows look better explained than new applicants will be. For the same reason the card's log-odds count by
    ``card_weight``, the slope at which they fitted those rows (Cox), at most 1.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(7)
    >>> X = pd.DataFrame({"utilisation": rng.uniform(size=900), "late": rng.integers(0, 3, 900).astype(float)})
    >>> is_bad = rng.uniform(size=900) < 0.1 + 0.4 * X["utilisation"] * (X["late"] > 0)
    >>> blend = PdBlend(booster=PdBooster(max_rounds=30)).fit(X, is_bad)
    >>> low, high = blend.predict_proba(pd.DataFrame({"utilisation": [0.1, 0.9], "late": [0.0, 2.0]}))[:, 1]
    >>> bool(low < high)
    True
    """

    #: What reports call this model.
    name = "blend"

    def __init__(
        self,
        *,
        card: Scorecard | None = None,
        booster: PdBooster | None = None,
        how: How = "average",
        card_weight: float = 0.5,
    ) -> None:
        self.card = card
        self.booster = booster
        self.how = how
        self.card_weight = card_weight

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike) -> PdBlend:
        """Fit both parts.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n_rows, n_features)
            As the card and the booster take it: numbers, NaN where missing; text columns in a DataFrame.
        y : array_like of 0 and 1, shape (n_rows,)
            1 is bad.

        Raises
        ------
        SpecificationError
            Unknown ``how`` or a weight outside 0..1 (``CR-BLD-001``).
        FitError
            X is no table (``CR-BIN-028``), there is no outcome (``CR-BIN-025``), or a part cannot be fitted, as
            :meth:`Scorecard.fit` and :meth:`PdBooster.fit` say.
        """
        spec = self._spec()
        X = as_sample(X, y, type(self).__name__)
        is_bad = np.asarray(y)
        card = Scorecard() if self.card is None else self.card
        booster = PdBooster() if self.booster is None else self.booster
        left = None
        if self.how == "correction":
            outcome = check_outcome(is_bad, len(is_bad), None)
            folds = folds_of(outcome.is_bad, _N_FOLDS)
            log_odds = out_of_fold_log_odds(lambda: clone(card), X, outcome, folds)
            spec = replace(spec, card_weight=_trusted_share(log_odds, is_bad))
            left = spec.card_weight * log_odds
        self.spec_ = spec
        self.card_ = clone(card).fit(X, is_bad)
        self.booster_ = clone(booster).fit(X, is_bad, base_margin=left)
        self.classes_ = np.array([0, 1])
        self.feature_names_in_ = np.array(column_names(X), dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        return self

    def predict_log_odds(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Return the log-odds of bad, shape (n_rows,)."""
        check_is_fitted(self, "spec_")
        return blended_log_odds(self.spec_, self.card_.decision_function(X), self.booster_.predict_margin(X))

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Return probabilities of good and bad, shape (n_rows, 2)."""
        bad = sigmoid(self.predict_log_odds(X))
        return np.column_stack([1.0 - bad, bad])

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.int64]:
        """Return 1 where bad is more probable than good."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(np.int64)

    def _spec(self) -> BlendSpec:
        is_number = isinstance(self.card_weight, int | float | np.number)
        if self.how not in HOW or not is_number or not 0.0 <= self.card_weight <= 1.0:
            raise SpecificationError(
                f"how must be one of {list(HOW)} and card_weight lie in 0..1. Got {self.how!r} and {self.card_weight!r}.",
                code="CR-BLD-001",
            )
        if self.how == "correction":
            return BlendSpec(how="correction", card_weight=1.0, booster_weight=1.0)
        return BlendSpec(how="average", card_weight=self.card_weight, booster_weight=1.0 - self.card_weight)


def _trusted_share(log_odds: NDArray[np.float64], is_bad: NDArray[np.generic]) -> float:
    """Return how much of a card's log-odds new rows bear out; 1 where no line can be fitted."""
    slope = fit_logistic_line(log_odds, is_bad.astype(np.bool_)).slope
    return float(min(slope, 1.0)) if slope > 0 else 1.0

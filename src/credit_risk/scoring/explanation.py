"""Why the deciding model says what it says: points lost, characteristic by characteristic, whichever model it is.

A card loses points against its best bins. Trees, and a blend, are measured against the mean of the development rows: there is
no best attainable value of a feature that acts together with others. Log-odds become points on the card's own scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.decision.reasons import PointLosses, point_losses
from credit_risk.ml.contributions import LeafPaths, forest_contributions
from credit_risk.scorecard.reasons import mean_points, reason_shortfalls
from credit_risk.scoring.assembly import MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.scorecard.apply import CardResult
    from credit_risk.scoring.bundle import ScoringBundle


class Explainer:
    """Gives the losses of one bundle's deciding model.

    Parameters
    ----------
    bundle : ScoringBundle
        The paths of its trees are laid out here, once, if they are needed.
    """

    def __init__(self, bundle: ScoringBundle) -> None:
        self._bundle = bundle
        self._model = bundle.strategy.decision_model
        card, forest = bundle.scorecard, bundle.booster
        self._names = {
            "scorecard": card.feature_names,
            "booster": forest.feature_names,
            "blend": tuple(dict.fromkeys((*card.feature_names, *forest.feature_names))),
        }[self._model]
        self._factors = [bundle.features.factors[name] for name in self._names]
        self._paths = None if self._model == "scorecard" else LeafPaths.of(forest)
        self._mean_points = mean_points(card) if self._model == "blend" else np.zeros(0)

    @property
    def names(self) -> tuple[str, ...]:
        """Characteristics that can be reasons."""
        return self._names

    def losses(self, card: CardResult, forest_rows: NDArray[np.float64]) -> PointLosses:
        """Return where each applicant lost points.

        Parameters
        ----------
        card : CardResult
            What the card says of the same applicants.
        forest_rows : float64 ndarray, shape (n, n_forest_features)
            Features in the forest's order; NaN is missing.
        """
        exact, is_missing = {
            "scorecard": self._of_card,
            "booster": self._of_trees,
            "blend": self._of_both,
        }[self._model](card, forest_rows)
        wordings = self._bundle.features.wordings
        return point_losses(
            _whole(exact),
            is_missing,
            names=self._names,
            factors=self._factors,
            wordings=wordings,
            exact=exact,
        )

    def _of_card(self, card: CardResult, forest_rows: NDArray[np.float64]) -> _Losses:
        lost = reason_shortfalls(self._bundle.scorecard, card.points)
        return lost.astype(np.float64), card.flags == MISSING

    def _of_trees(self, card: CardResult, forest_rows: NDArray[np.float64]) -> _Losses:
        return self._tree_points(forest_rows, 1.0), np.isnan(forest_rows)

    def _of_both(self, card: CardResult, forest_rows: NDArray[np.float64]) -> _Losses:
        """Add up what card and trees say of a characteristic: where one takes what the other gives, nothing is lost."""
        blend, spec, forest = self._bundle.blend, self._bundle.scorecard, self._bundle.booster
        assert blend is not None  # noqa: S101  a bundle without blend is refused when blend decides
        points = np.zeros((len(forest_rows), len(self._names)))
        is_missing = np.zeros(points.shape, dtype=bool)
        on_card = [self._names.index(name) for name in spec.feature_names]
        in_trees = [self._names.index(name) for name in forest.feature_names]
        points[:, on_card] = blend.card_weight * (self._mean_points - card.points)
        points[:, in_trees] += self._tree_points(forest_rows, blend.booster_weight)
        is_missing[:, on_card] = card.flags == MISSING
        is_missing[:, in_trees] |= np.isnan(forest_rows)
        return points, is_missing

    def _tree_points(self, forest_rows: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
        assert self._paths is not None  # noqa: S101  laid out for every model that has trees
        points_per_log_odds = self._bundle.scorecard.scaling.factor
        return weight * points_per_log_odds * forest_contributions(self._paths, forest_rows)


_Losses = tuple["NDArray[np.float64]", "NDArray[np.bool_]"]


def _whole(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return points rounded half-up."""
    return np.floor(points + 0.5).astype(np.int64)

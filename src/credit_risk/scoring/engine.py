"""The engine: features of one applicant or of a portfolio -> decisions, by the same functions.

Real time (:meth:`ScoringEngine.decide`) and batch (:meth:`ScoringEngine.decide_rows`) differ only in where the feature rows
come from. Reading order: ``decide``, ``decide_rows``, then the steps below them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.blend.apply import blended_log_odds
from credit_risk.calibration.apply import apply_calibration
from credit_risk.decision.offer_choice import OfferChoice, choose_offers
from credit_risk.decision.offer_grid import OfferGrid
from credit_risk.decision.rules import rule_hits
from credit_risk.domain.application import Application
from credit_risk.errors import ScoringError
from credit_risk.features.categories import feature_categories
from credit_risk.features.closure import FeatureClosure
from credit_risk.ml.apply import forest_margin
from credit_risk.numerics.logistic_function import sigmoid
from credit_risk.scorecard.apply import apply_scorecard
from credit_risk.scoring.assembly import ChosenOffer, DecisionAssembler, RowFacts
from credit_risk.scoring.explanation import Explainer
from credit_risk.scoring.model_columns import card_columns, forest_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.decision.reasons import PointLosses
    from credit_risk.decision.record import Decision
    from credit_risk.scorecard.apply import CardResult
    from credit_risk.scoring.bundle import ScoringBundle


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureRows:
    """Feature rows of a portfolio, ready to be decided.

    Attributes
    ----------
    application_ids : sequence of str, length n
        Keys.
    applied_at : sequence of datetime, length n
        Timezone-aware.
    X : float64 ndarray, shape (n, n_features)
        In the order of the bundle's catalogue; NaN is missing.
    flags : sequence of tuple of str, length n
        Facts about sources, as the feature compilers report them.
    """

    application_ids: Sequence[str]
    applied_at: Sequence[datetime]
    X: NDArray[np.float64] = field(repr=False)
    flags: Sequence[tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """What the models say: the card's result and every model's calibrated PD."""

    card: CardResult
    pds: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExplainedScores:
    """What the models say, and where every row lost points with the one that decides."""

    card: CardResult
    pds: Mapping[str, NDArray[np.float64]]
    losses: PointLosses


class ScoringEngine:
    """Applies one bundle.

    Parameters
    ----------
    bundle : ScoringBundle
        What to apply. Loading is the time to pay for tables: the offer grid and the feature closure are built here.
    """

    def __init__(self, bundle: ScoringBundle) -> None:
        self.bundle = bundle
        self.grid = OfferGrid.build(bundle.strategy)
        self._closure = FeatureClosure(bundle.features, bundle.contracts)
        names = list(bundle.features.names)
        categories = feature_categories(bundle.features, bundle.contracts)
        self._card_columns = card_columns(bundle.scorecard, names, categories)
        self._forest_columns = forest_columns(bundle.booster, names, categories)
        self._rule_columns = [
            (rule, names.index(rule.feature), categories.get(rule.feature, ()))
            for rule in bundle.strategy.rules
        ]
        self._explainer = Explainer(bundle)
        self._assembler = DecisionAssembler(bundle, self.grid)

    def decide(
        self,
        request: Mapping[str, object],
        records: Mapping[str, Sequence[Mapping[str, object]] | None],
        *,
        consents: Sequence[Mapping[str, object]] | None = None,
        processed_at: datetime | None = None,
        human_review_requested: bool = False,
    ) -> Decision:
        """Decide one application from raw records."""
        application = Application.from_mapping(request)
        _check_records(records)
        vector = self._closure(application, records, consents=consents, processed_at=processed_at)
        rows = FeatureRows(
            application_ids=[application.application_id],
            applied_at=[application.applied_at],
            X=vector.values[None, :],
            flags=[tuple(vector.flags)],
        )
        return self.decide_rows(rows, human_review_requested=human_review_requested)[0]

    def decide_rows(self, rows: FeatureRows, *, human_review_requested: bool = False) -> list[Decision]:
        """Decide a portfolio of feature rows.

        Raises
        ------
        ScoringError
            Wrong number of columns (``CR-SCR-010``) or rows of unequal length (``CR-SCR-011``).
        """
        self._check(rows)
        scores = self.explain(rows.X)
        deciding_pd = scores.pds[self.bundle.strategy.decision_model]
        said = [rule_hits(rule, rows.X[:, j], words) for rule, j, words in self._rule_columns]
        choice = choose_offers(self.grid, self.bundle.strategy, deciding_pd)
        reasons = scores.losses.reasons()
        return [
            self._assembler.assemble(
                self._facts(rows, scores, i, human_review_requested=human_review_requested),
                rules_said=[str(column[i]) for column in said],
                choice=_chosen(choice, i),
                score_reasons=reasons[i],
                largest=() if reasons[i] else scores.losses.largest(i),
            )
            for i in range(len(rows.application_ids))
        ]

    def score(self, X: NDArray[np.float64]) -> Scores:
        """Return points and calibrated PDs of feature rows.

        Parameters
        ----------
        X : float64 ndarray, shape (n, n_features)
            In the order of the bundle's catalogue.
        """
        return self._score(X, self._forest_columns.take(X))

    def _score(self, X: NDArray[np.float64], forest_rows: NDArray[np.float64]) -> Scores:
        card = apply_scorecard(self.bundle.scorecard, self._card_columns.take(X))
        margin = forest_margin(self.bundle.booster, forest_rows).astype(np.float64)
        raw = {"scorecard": card.pd, "booster": sigmoid(margin)}
        if self.bundle.blend is not None:
            of_card = self.bundle.scorecard.scaling.log_odds_of_bad(card.score)
            raw["blend"] = sigmoid(blended_log_odds(self.bundle.blend, of_card, margin))
        return Scores(
            card=card,
            pds={
                name: apply_calibration(self.bundle.calibrations[name], raw[name])
                for name in self.bundle.model_names
            },
        )

    def explain(self, X: NDArray[np.float64]) -> ExplainedScores:
        """Return what :meth:`score` returns, and where each row lost points with the deciding model.

        Parameters
        ----------
        X : float64 ndarray, shape (n, n_features)
            In the order of the bundle's catalogue.
        """
        forest_rows = self._forest_columns.take(X)
        scores = self._score(X, forest_rows)
        losses = self._explainer.losses(scores.card, forest_rows)
        return ExplainedScores(card=scores.card, pds=scores.pds, losses=losses)

    def _check(self, rows: FeatureRows) -> None:
        n_features = len(self.bundle.features.names)
        if rows.X.ndim != 2 or rows.X.shape[1] != n_features:
            raise ScoringError(
                f"The bundle has {n_features} features. Got feature rows of shape {rows.X.shape}. "
                "Hint: compute them with the bundle's catalogue.",
                code="CR-SCR-010",
            )
        lengths = {len(rows.application_ids), len(rows.applied_at), len(rows.X), len(rows.flags)}
        if len(lengths) != 1:
            raise ScoringError(
                f"Keys, times, features and flags must have one entry per application. Got lengths {sorted(lengths)}.",
                code="CR-SCR-011",
            )

    def _facts(
        self, rows: FeatureRows, scores: ExplainedScores, i: int, *, human_review_requested: bool
    ) -> RowFacts:
        return RowFacts(
            application_id=str(rows.application_ids[i]),
            applied_at=rows.applied_at[i].astimezone(UTC).isoformat(),
            score=int(scores.card.score[i]),
            pds={name: float(pd[i]) for name, pd in scores.pds.items()},
            source_flags=rows.flags[i],
            card_flags=scores.card.flags[i],
            human_review_requested=human_review_requested,
        )


def _check_records(records: object) -> None:
    """Refuse records that are not named lists; what is in them is the contract's business."""
    if not isinstance(records, Mapping) or not all(
        rows is None or (isinstance(rows, Sequence) and not isinstance(rows, str | bytes))
        for rows in records.values()
    ):
        raise ScoringError(
            "records must be an object: source name -> list of records. Hint: an absent source is left out or an empty list.",
            code="CR-SCR-004",
        )


def _chosen(choice: OfferChoice, i: int) -> ChosenOffer | None:
    if choice.cell[i] < 0:
        return None
    return ChosenOffer(
        cell=int(choice.cell[i]),
        funding_cost_minor=int(choice.funding_cost_minor[i]),
        operating_cost_minor=int(choice.operating_cost_minor[i]),
        expected_loss_minor=int(choice.expected_loss_minor[i]),
        expected_profit_minor=int(choice.expected_profit_minor[i]),
    )

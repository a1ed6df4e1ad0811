"""Points that a person can add up: weights of evidence, a logistic regression, and a scale.

Reading order: ``scaling`` (score and PD), ``spec`` (what a card is), ``apply`` (values to points), ``reasons`` (why points were
lost), ``selection`` (which variables), ``second_look`` (which ones beside the others), ``shrinkage`` (how much of it new rows
bear out), ``decisions`` (what people decided), ``fit`` (the estimator), ``boosting`` (a card of boosted stumps), ``export`` (the
card as a query, a PMML document or a Python file of its own), ``importers`` (cards that other libraries fitted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.scorecard.apply import CardResult as CardResult
    from credit_risk.scorecard.apply import apply_scorecard as apply_scorecard
    from credit_risk.scorecard.boosting.fit import BoostedScorecard as BoostedScorecard
    from credit_risk.scorecard.decisions import Decisions as Decisions
    from credit_risk.scorecard.export.pmml import scorecard_to_pmml as scorecard_to_pmml
    from credit_risk.scorecard.export.sql import scorecard_to_sql as scorecard_to_sql
    from credit_risk.scorecard.export.standalone import scorecard_to_python as scorecard_to_python
    from credit_risk.scorecard.fit import Scorecard as Scorecard
    from credit_risk.scorecard.importers.optbinning import from_optbinning as from_optbinning
    from credit_risk.scorecard.importers.scorecardpy import from_scorecardpy as from_scorecardpy
    from credit_risk.scorecard.importers.toad import from_toad as from_toad
    from credit_risk.scorecard.overrides import PointsOverride as PointsOverride
    from credit_risk.scorecard.overrides import override_points as override_points
    from credit_risk.scorecard.reasons import main_reasons as main_reasons
    from credit_risk.scorecard.reasons import reason_shortfalls as reason_shortfalls
    from credit_risk.scorecard.reasons import shortfalls_against as shortfalls_against
    from credit_risk.scorecard.row import RowScore as RowScore
    from credit_risk.scorecard.row import RowScorer as RowScorer
    from credit_risk.scorecard.scaling import Scaling as Scaling
    from credit_risk.scorecard.scaling import shift_to_population as shift_to_population
    from credit_risk.scorecard.selection.result import SelectionResult as SelectionResult
    from credit_risk.scorecard.selection.rules import SelectionRules as SelectionRules
    from credit_risk.scorecard.selection.select import select_features as select_features
    from credit_risk.scorecard.spec import RoundingReport as RoundingReport
    from credit_risk.scorecard.spec import ScorecardSpec as ScorecardSpec
    from credit_risk.scorecard.spec import SelectionRecord as SelectionRecord

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BoostedScorecard": "credit_risk.scorecard.boosting.fit",
        "CardResult": "credit_risk.scorecard.apply",
        "Decisions": "credit_risk.scorecard.decisions",
        "PointsOverride": "credit_risk.scorecard.overrides",
        "RowScore": "credit_risk.scorecard.row",
        "RowScorer": "credit_risk.scorecard.row",
        "RoundingReport": "credit_risk.scorecard.spec",
        "Scaling": "credit_risk.scorecard.scaling",
        "Scorecard": "credit_risk.scorecard.fit",
        "ScorecardSpec": "credit_risk.scorecard.spec",
        "SelectionRecord": "credit_risk.scorecard.spec",
        "SelectionResult": "credit_risk.scorecard.selection.result",
        "SelectionRules": "credit_risk.scorecard.selection.rules",
        "select_features": "credit_risk.scorecard.selection.select",
        "main_reasons": "credit_risk.scorecard.reasons",
        "shift_to_population": "credit_risk.scorecard.scaling",
        "shortfalls_against": "credit_risk.scorecard.reasons",
        "apply_scorecard": "credit_risk.scorecard.apply",
        "from_optbinning": "credit_risk.scorecard.importers.optbinning",
        "from_scorecardpy": "credit_risk.scorecard.importers.scorecardpy",
        "from_toad": "credit_risk.scorecard.importers.toad",
        "override_points": "credit_risk.scorecard.overrides",
        "reason_shortfalls": "credit_risk.scorecard.reasons",
        "scorecard_to_pmml": "credit_risk.scorecard.export.pmml",
        "scorecard_to_python": "credit_risk.scorecard.export.standalone",
        "scorecard_to_sql": "credit_risk.scorecard.export.sql",
    },
)

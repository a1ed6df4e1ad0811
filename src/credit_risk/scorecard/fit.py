"""The estimator: from variables to a reviewed card, with the scikit-learn contract."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from credit_risk.binning.beside import BesideSearch
from credit_risk.binning.checks import check_outcome
from credit_risk.binning.columns import (
    as_fitted_table,
    as_sample,
    column_names,
    development_column,
    raw_columns,
    scoring_column,
    scoring_columns,
)
from credit_risk.binning.fit import WoeBinner
from credit_risk.binning.table import binning_table, summary_table
from credit_risk.binning.workers import check_n_jobs
from credit_risk.domain.configuration import check_names
from credit_risk.errors import FitError, SpecificationError
from credit_risk.scorecard.apply import apply_scorecard
from credit_risk.scorecard.decisions import Decisions
from credit_risk.scorecard.overrides import override_points
from credit_risk.scorecard.page import card_page
from credit_risk.scorecard.points import whole_points
from credit_risk.scorecard.scaling import Scaling, shift_to_population
from credit_risk.scorecard.second_look import Card, Sample, look_again
from credit_risk.scorecard.selection import Candidates, SelectionRules, select_variables, waterfall_table
from credit_risk.scorecard.shape import CardVariable, design_of, fit_shapes
from credit_risk.scorecard.shrinkage import Shrinkage, measure_shrinkage, shrunk, with_shrinkage
from credit_risk.scorecard.spec import ScorecardSpec
from credit_risk.scorecard.table import scorecard_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.binning.decisions import BinDecision
    from credit_risk.binning.rules import Outcome
    from credit_risk.binning.spec import BinningSpec, VariableBins
    from credit_risk.numerics.logistic import LogisticFit
    from credit_risk.scorecard.apply import CardResult
    from credit_risk.scorecard.overrides import PointsOverride
    from credit_risk.scorecard.spec import SelectionRecord

_TREND_OF_DIRECTION = {1: "ascending", -1: "descending", 0: "auto"}


class Scorecard(ClassifierMixin, BaseEstimator):
    """Fit a scorecard of whole points: optimal bins, a chosen handful of variables, logistic regression, scale.

    The whole points are the model: a score is their sum, and the PD is a function of the score.

    Parameters
    ----------
    pdo : float, points
        Points that double the odds.
    base_score : float, points
        The score at which odds are ``base_odds``.
    base_odds : float
        Goods for one bad at ``base_score``: 50 means 50:1.
    directions : dict of str to int, optional
        Expected sign of risk: +1 the bad rate rises with the value, -1 it falls, 0 let the data say. Absent names are 0.
    max_features : int
        Most variables on the card.
    min_information_value : float
        A variable with less says too little to be looked at (alone; see ``second_look``).
    max_correlation : float, 0..1
        Between the WoE of two variables; of a closer pair the one with less information value leaves.
    max_p_value : float, 0..1
        Of every coefficient on the card.
    shape_pull : float, at least 0, optional
        How strongly the bins' WoE, refitted beside the other variables, is drawn to the plain WoE (in units of information;
        see :func:`~credit_risk.numerics.bin_effects.fit_bin_effects`). None uses the plain WoE.
    second_look : bool
        Whether a numeric variable that says little alone, or would enter with the wrong sign, may stand on the card for what it
        adds beside the others, in bins found on that (:mod:`credit_risk.scorecard.second_look`). Where ``directions``
        names its direction, the effect beside the others must follow it; where not, the data say, and may say the opposite of
        what the variable says alone. Such a variable is marked ``second_look`` in ``spec_.selection``. Needs ``shape_pull``.
        Variables with manual decisions and categories are not looked at again.
    population_bad_rate : float, optional
        Share of bads in the population, where the sample was balanced; shifts every score and PD.
    shrinkage_folds : int, optional
        Small samples give cards whose PDs are too extreme. With a number (10, say) the whole card is refitted without each tenth of
        the rows, bins and choice of variables included, and all coefficients are multiplied by the slope at which those cards
        fit the rows left out, at most 1 (:mod:`credit_risk.scorecard.shrinkage`); ``spec_.settings["shrinkage"]`` tells. The
        order of applicants stays, up to the rounding of points. None, the default, shrinks nothing.
    overrides : sequence of PointsOverride
        Points decided by people; re-applied at every fit, or refused with the reason.
    decisions : sequence of BinDecision
        Bins decided by people, beside those of ``binner``; re-applied at every fit, or refused with the reason. See
        :meth:`decided` for the fluent way.
    selection : SelectionRules, optional
        How to choose variables; takes the place of the four thresholds above.
    n_jobs : int
        Threads; the card is the same with any number.
    progress : bool
        Whether bars show how far binning and resampling are (where tqdm is installed).
    binner : WoeBinner, optional
        How to bin; its trends are overridden by ``directions``. Default: at most 10 bins of at least 2 % of the sample, each
        with at least a fortieth of the bads, but no fewer than 5 and no more than 30.

    Attributes
    ----------
    spec_ : ScorecardSpec
        The card: what :func:`~credit_risk.scorecard.apply.apply_scorecard` needs.
    binning_ : BinningSpec
        Bins of all variables, chosen or not.
    classes_ : ndarray of int
        ``[0, 1]``; column 1 of ``predict_proba`` is the PD.
    feature_names_in_ : ndarray of str
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(1000.0)[:, None]
    >>> card = Scorecard(pdo=20, base_score=600, base_odds=50).fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> card.spec_.feature_names
    ('x0',)
    """

    def __init__(
        self,
        *,
        pdo: float = 20,
        base_score: float = 600,
        base_odds: float = 50,
        directions: Mapping[str, int] | None = None,
        max_features: int = 20,
        min_information_value: float = 0.02,
        max_correlation: float = 0.9,
        max_p_value: float = 0.1,
        shape_pull: float | None = 50.0,
        second_look: bool = True,
        population_bad_rate: float | None = None,
        shrinkage_folds: int | None = None,
        overrides: Sequence[PointsOverride] = (),
        decisions: Sequence[BinDecision] = (),
        selection: SelectionRules | None = None,
        n_jobs: int = 1,
        progress: bool = False,
        binner: WoeBinner | None = None,
    ) -> None:
        self.pdo = pdo
        self.base_score = base_score
        self.base_odds = base_odds
        self.directions = directions
        self.max_features = max_features
        self.min_information_value = min_information_value
        self.max_correlation = max_correlation
        self.max_p_value = max_p_value
        self.shape_pull = shape_pull
        self.second_look = second_look
        self.population_bad_rate = population_bad_rate
        self.shrinkage_folds = shrinkage_folds
        self.overrides = overrides
        self.decisions = decisions
        self.selection = selection
        self.n_jobs = n_jobs
        self.progress = progress
        self.binner = binner

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        period: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Scorecard:
        """Bin, choose, regress, scale, round.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_variables)
        y : array_like of 0 and 1, shape (n_rows,)
            ``is_bad``: 1 is bad.
        sample_weight : array_like of float, shape (n_rows,), optional
        period : array_like, shape (n_rows,), optional
            Where given, the order of bad rates between neighbouring bins must hold in every period, and
            ``selection.max_stability_index`` compares the later periods with the first.
        groups : array_like, shape (n_rows,), optional
            Customers, where one may have several rows: ``shrinkage_folds`` leaves them out together. Nothing else reads them.

        Raises
        ------
        SpecificationError
            A parameter is outside its allowed set (``CR-CRD-001``, ``CR-CRD-002``, ``CR-CRD-005``, ``CR-CRD-013``,
            ``CR-CRD-050``, ``CR-BIN-038``), or ``directions`` names a column that is not there (``CR-FIT-024``).
        FitError
            No variable qualifies (``CR-CRD-010``), an override cannot be kept (``CR-CRD-020``), the shrinkage cannot be found
            (``CR-CRD-014`` to ``CR-CRD-016``), or as :meth:`WoeBinner.fit`.
        """
        X = as_sample(X, y, type(self).__name__)
        self._check()
        scaling = Scaling(pdo=self.pdo, base_score=self.base_score, base_odds=self.base_odds)
        outcome = check_outcome(y, len(X), sample_weight, period)
        binner = self._decided_binner(X, int(outcome.is_bad.sum())).fit(X, y, sample_weight, period=period)
        with threadpool_limits(1):
            shrinkage = self._shrinkage(X, outcome, groups)
            self.spec_ = self._fit_card(scaling, binner, X, outcome, shrinkage)
        self.binning_ = binner.spec_
        self.classes_ = np.array([0, 1])
        self.feature_names_in_ = binner.feature_names_in_
        self.n_features_in_ = binner.n_features_in_
        return self

    def _check(self) -> None:
        """Refuse what nothing further on would: threads and pull."""
        check_n_jobs(self.n_jobs)
        is_number = isinstance(self.shape_pull, int | float | np.number)
        if self.shape_pull is not None and not (is_number and 0.0 <= self.shape_pull < np.inf):
            raise SpecificationError(
                f"shape_pull must be None or a number of at least 0. Got {self.shape_pull!r}.",
                code="CR-CRD-005",
            )

    def _shrinkage(self, X: Any, outcome: Outcome, groups: ArrayLike | None) -> Shrinkage | None:
        """Measure on refits of everything but the points that people decided, which belong to this card alone."""
        if self.shrinkage_folds is None:
            return None
        settings = {**self.get_params(deep=False), "shrinkage_folds": None, "overrides": ()}
        if "progress" in settings:
            settings["progress"] = False
        return measure_shrinkage(
            lambda: type(self)(**settings), X, outcome, n_folds=self.shrinkage_folds, groups=groups
        )

    def _fit_card(
        self,
        scaling: Scaling,
        binner: WoeBinner,
        X: Any,
        outcome: Outcome,
        shrinkage: Shrinkage | None,
    ) -> ScorecardSpec:
        index, variables = binner.bin_indices(X), binner.spec_.variables
        rules = self._selection_rules()
        raw = X if rules.max_identical_share is not None else None
        candidates = Candidates.of_bins(variables, index, outcome, raw)
        kept, records = select_variables(candidates, rules, n_jobs=self.n_jobs, progress=self.progress)
        if not kept:
            raise FitError(
                f"None of {len(records)} variables qualifies for the card: {_count_steps(records)}. "
                "Hint: lower min_information_value, or look at the binning tables.",
                code="CR-CRD-010",
            )
        card = self._first_look(variables, index, kept, outcome)
        if self.second_look and self.shape_pull is not None:
            card, records = self._second_look(card, binner, X, outcome, records)
        design = design_of(card.variables, card.regression.card_woe)
        fit = shrunk(card.regression.fit, design, outcome, shrinkage)
        card = replace(card, regression=replace(card.regression, fit=fit))
        spec = self._assemble(scaling, binner.spec_, card, records)
        return with_shrinkage(spec, shrinkage)

    def _first_look(
        self,
        variables: tuple[VariableBins, ...],
        index: NDArray[np.integer],
        kept: list[int],
        outcome: Outcome,
    ) -> Card:
        chosen = tuple(CardVariable.alone(variables[at], index[:, at]) for at in kept)
        is_bad = outcome.is_bad.astype(np.float64)
        regression = fit_shapes(chosen, is_bad, outcome.weight, self.shape_pull)
        return Card(places=tuple(kept), variables=chosen, regression=regression)

    def _second_look(
        self,
        card: Card,
        binner: WoeBinner,
        X: Any,
        outcome: Outcome,
        records: tuple[SelectionRecord, ...],
    ) -> tuple[Card, tuple[SelectionRecord, ...]]:
        """Prepare the numeric variables left out and let them enter for what they add."""
        names = binner.spec_.feature_names
        decided = {decision.variable for decision in binner.decisions}
        rules = binner.rules_for(names)
        searches = {
            at: BesideSearch.prepare(development_column(name, raw), outcome, rules[name])
            for at, (name, raw) in enumerate(zip(names, raw_columns(X), strict=True))
            if at not in card.places
            and name not in decided
            and records[at].step != "correlation"
            and binner.spec_.variables[at].kind != "categorical"
        }
        sample = Sample(
            is_bad=outcome.is_bad.astype(np.float64),
            weight=outcome.weight,
            pull=float(self.shape_pull or 0.0),
        )
        return look_again(card, searches, sample, self._selection_rules(), records)

    def _assemble(
        self, scaling: Scaling, binned: BinningSpec, card: Card, records: tuple[SelectionRecord, ...]
    ) -> ScorecardSpec:
        binning = replace(binned, variables=tuple(variable.bins for variable in card.variables))
        regression = card.regression
        index = np.column_stack([variable.index for variable in card.variables])
        fit = self._speak_for_population(regression.fit, binning)
        rounded = whole_points(scaling, regression.card_woe, fit, index)
        spec = ScorecardSpec(
            feature_names=binning.feature_names,
            binning=binning,
            card_woe=regression.card_woe,
            coefficients=tuple(fit.coefficients.tolist()),
            standard_errors=tuple(fit.standard_errors[:-1].tolist()),
            p_values=tuple(fit.p_values[:-1].tolist()),
            intercept=fit.intercept,
            intercept_standard_error=float(fit.standard_errors[-1]),
            scaling=scaling,
            points=rounded.points,
            exact_points=rounded.exact_points,
            neutral_points=rounded.neutral_points,
            rounding=rounded.report,
            information_values=tuple(variable.information_value for variable in binning.variables),
            selection=records,
            settings=self._settings(),
        )
        return override_points(spec, self.overrides)

    def _speak_for_population(self, fit: LogisticFit, binning: BinningSpec) -> LogisticFit:
        """Shift the intercept where the sample's bad rate is not the population's."""
        if self.population_bad_rate is None:
            return fit
        sample_bad_rate = binning.total_bads / (binning.total_bads + binning.total_goods)
        shift = shift_to_population(
            sample_bad_rate=sample_bad_rate, population_bad_rate=self.population_bad_rate
        )
        return replace(fit, intercept=fit.intercept + shift)

    def score_rows(self, X: Any) -> CardResult:
        """Return points, score, PD and flags of every row; see :func:`apply_scorecard`.

        Raises
        ------
        MissingFeatureError
            A variable of the card is absent (``CR-BIN-013``).
        """
        check_is_fitted(self)
        return apply_scorecard(self.spec_, self._matrix(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of good and of bad; shape (n_rows, 2)."""
        pd = self.score_rows(X).pd
        return np.column_stack([1.0 - pd, pd])

    def predict_score(self, X: Any) -> NDArray[np.int64]:
        """Return whole-point scores; higher is safer."""
        return self.score_rows(X).score

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return 1 where the PD is above one half. A lender decides by a strategy, not by this."""
        return (self.score_rows(X).pd > 0.5).astype(np.int64)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds of bad that the score stands for."""
        score = self.predict_score(X)
        return self.spec_.scaling.log_odds_of_bad(score)

    def binning_table(self, name: str, *, layout: str = "optbinning") -> pd.DataFrame:
        """Return the binning table of any variable of the development sample, chosen or not."""
        check_is_fitted(self)
        return binning_table(self.binning_.variable(name), layout=layout)

    def table(self, *, layout: str = "plain") -> pd.DataFrame:
        """Return the card: one row per variable and bin, with WoE, coefficient and points."""
        check_is_fitted(self)
        return scorecard_table(self.spec_, layout=layout)

    def summary(self) -> pd.DataFrame:
        """Return one row per variable of the sample: its bins, its strength, and why it is on the card or not."""
        check_is_fitted(self)
        bins = summary_table(self.binning_)
        records = self.spec_.selection
        return bins.assign(
            is_kept=[one.is_kept for one in records],
            step=[one.step for one in records],
            reason=[one.reason for one in records],
        )

    def waterfall(self, *, language: str | None = None) -> pd.DataFrame:
        """Return how many variables each gate of the selection let fall, and which."""
        check_is_fitted(self)
        return waterfall_table(self.spec_.selection, language=language)

    def decided(self, decisions: Decisions) -> Scorecard:
        """Return an unfitted copy of this card with more manual decisions; fitting applies them or says why not.

        Examples
        --------
        >>> import numpy as np
        >>> from credit_risk.scorecard import Decisions
        >>> X = np.arange(1000.0)[:, None]
        >>> is_bad = (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2
        >>> review = Decisions(author="A. Reviewer", decided_at="2026-11-02").cut_at("x0", [250, 600], reason="policy bands")
        >>> Scorecard().decided(review).fit(X, is_bad).spec_.binning.variables[0].cuts
        (250.0, 600.0)
        """
        return type(self)(**self.get_params(deep=False)).set_params(
            decisions=(*self.decisions, *decisions.bins), overrides=(*self.overrides, *decisions.points)
        )

    @property
    def decisions_(self) -> Decisions:
        """Every manual decision that the fitted card, or the bins of a variable left out, carries."""
        check_is_fitted(self)
        bins = tuple(one for variable in self.binning_.variables for one in variable.decisions)
        return Decisions(bins=bins, points=self.spec_.overrides)

    def _html_repr(self) -> str:
        """Show the card once fitted, before that what scikit-learn shows."""
        return card_page(self.spec_) if hasattr(self, "spec_") else str(super()._html_repr())

    def __sklearn_tags__(self) -> Any:
        """Missing values and text are welcome; two classes only."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.classifier_tags.multi_class = False
        return tags

    def _matrix(self, X: Any) -> NDArray[np.float64]:
        """Return the card's columns as floats."""
        X = as_fitted_table(X, self.n_features_in_, type(self).__name__)
        if not hasattr(X, "columns"):
            X = np.asarray(X)[
                :, [list(self.feature_names_in_).index(name) for name in self.spec_.feature_names]
            ]
        raw = scoring_columns(self.spec_.feature_names, X)
        columns = [scoring_column(v, one) for v, one in zip(self.spec_.binning.variables, raw, strict=True)]
        return np.asfortranarray(np.column_stack(columns))

    def _decided_binner(self, X: Any, n_bads: int) -> WoeBinner:
        """Return the binner with directions, decisions and threads."""
        binner = self._directed_binner(X, n_bads)
        return binner.set_params(
            decisions=(*binner.decisions, *self.decisions),
            n_jobs=max(self.n_jobs, binner.n_jobs),
            progress=self.progress or binner.progress,
        )

    def _directed_binner(self, X: Any, n_bads: int) -> WoeBinner:
        binner = default_binner(n_bads) if self.binner is None else _clone(self.binner)
        if self.directions is None:
            return binner
        wrong = {name: value for name, value in self.directions.items() if value not in _TREND_OF_DIRECTION}
        if wrong:
            raise SpecificationError(f"directions must be +1, -1 or 0. Got {wrong}.", code="CR-CRD-005")
        check_names("directions", self.directions, column_names(X))
        return binner.set_params(
            trend={name: _TREND_OF_DIRECTION[by] for name, by in self.directions.items()}
        )

    def _selection_rules(self) -> SelectionRules:
        if self.selection is not None:
            return self.selection
        return SelectionRules(
            min_information_value=self.min_information_value,
            max_correlation=self.max_correlation,
            max_p_value=self.max_p_value,
            max_features=self.max_features,
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "directions": None if self.directions is None else dict(self.directions),
            "max_features": self.max_features,
            "min_information_value": self.min_information_value,
            "max_correlation": self.max_correlation,
            "max_p_value": self.max_p_value,
            "selection": None if self.selection is None else asdict(self.selection),
            "shape_pull": self.shape_pull,
            "second_look": self.second_look,
            "population_bad_rate": self.population_bad_rate,
        }


def default_binner(n_bads: int) -> WoeBinner:
    """Return the binner of a card whose user gave none: finer where there are more bads."""
    least = min(30, max(5, n_bads // 40))
    return WoeBinner(max_bins=10, min_share=0.02, min_goods=least, min_bads=least, min_own_rows=10)


def _clone(binner: WoeBinner) -> WoeBinner:
    return WoeBinner(**binner.get_params(deep=False))


def _count_steps(records: tuple[SelectionRecord, ...]) -> str:
    steps = [record.step for record in records]
    return ", ".join(f"{steps.count(step)} by {step}" for step in dict.fromkeys(steps))

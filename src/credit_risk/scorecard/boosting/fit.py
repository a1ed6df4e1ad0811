"""A card of boosted stumps: monotone boosting of depth 1 is a scorecard, bin for bin."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from credit_risk.binning.checks import check_outcome
from credit_risk.binning.columns import as_sample, column_names, development_column, raw_columns
from credit_risk.binning.spec import BinningSpec
from credit_risk.errors import FitError, SpecificationError
from credit_risk.numerics.logistic import describe_logistic
from credit_risk.scorecard.boosting.bins import (
    Steps,
    columns_of,
    effect_tables,
    encoded,
    fine_variable,
    steps_of,
)
from credit_risk.scorecard.boosting.stumps import Stumps, proved
from credit_risk.scorecard.fit import Scorecard
from credit_risk.scorecard.overrides import override_points
from credit_risk.scorecard.points import whole_points
from credit_risk.scorecard.scaling import Scaling
from credit_risk.scorecard.selection.wording import because
from credit_risk.scorecard.shape import by_policy
from credit_risk.scorecard.shrinkage import shrunk, with_shrinkage
from credit_risk.scorecard.spec import ScorecardSpec, SelectionRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xgboost
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.binning.fit import WoeBinner
    from credit_risk.binning.rules import Outcome
    from credit_risk.numerics.logistic import LogisticFit
    from credit_risk.scorecard.boosting.bins import FineVariable
    from credit_risk.scorecard.overrides import PointsOverride
    from credit_risk.scorecard.shrinkage import Shrinkage

_WHOLE = ("n_rounds", "n_cells", "max_bins")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergingReport:
    """What merging the booster's bins to a readable number cost on the development sample, before rounding.

    Attributes
    ----------
    n_bins_before, n_bins_after : int
        Regular bins of all variables on the card.
    n_rows_by_policy : int
        Rows with a value whose points a policy says (a category too rare, a missing value to be neutral), not the booster; the
        figures below are over the other rows.
    max_points, mean_points : float
        Largest and mean absolute change of a row's score.
    log_loss_before, log_loss_after : float
    """

    n_bins_before: int
    n_bins_after: int
    n_rows_by_policy: int
    max_points: float
    mean_points: float
    log_loss_before: float
    log_loss_after: float


class BoostedScorecard(Scorecard):
    """Fit a scorecard by boosting stumps: bins where the trees cut, points what the trees add.

    Each tree asks one question about one variable, so the sum of all trees is a table of bins and points per variable: the
    card *is* the booster, before rounding to whole points, and travels as any card (JSON, SQL, reasons, one-row scorer). Fine
    bins that no tree tells apart are one bin. Needs XGBoost to fit, not to score.

    Parameters
    ----------
    pdo : float, points
    base_score : float, points
    base_odds : float
        As in :class:`Scorecard`.
    directions : dict of str to int, optional
        Sign that the effect must have: +1 risk rises with the value, -1 it falls, 0 free. Absent names follow the trend of their
        best bins where that is straight (no turn is clearly better, however little it adds) and their information value at
        least 0.02, and are free otherwise.
    n_rounds : int
        Trees.
    learning_rate : float
    subsample : float, 0..1
        Share of the rows that each tree sees, drawn by ``seed``.
    reg_lambda, min_child_weight : float
        Of XGBoost.
    n_cells : int, 2..1000
        Fine cells of a number between which trees may cut.
    max_bins : int, optional
        Regular bins of a number on the card; more are merged so that the effects change least, and ``merging_`` and
        ``spec_.settings`` tell what it cost. None keeps the booster exactly.
    shrinkage_folds : int, optional
        As in :class:`Scorecard`: the effects are multiplied by the slope at which cards fitted without a part of the rows fit
        that part. None shrinks nothing.
    overrides : sequence of PointsOverride
        Points decided by people; re-applied at every fit, or refused with the reason.
    binner : WoeBinner, optional
        Policies, special codes, groups of categories, and the limits under which trends are looked for.
    seed : int
        Of ``subsample``: the same seed gives the same card.

    Attributes
    ----------
    spec_ : ScorecardSpec
        Coefficients are -1 (less, where shrunk), ``card_woe`` is the booster's effect, sign turned and centred; standard errors take it as given.
    binning_ : BinningSpec
        Bins of all variables, on the card or not.
    merging_ : MergingReport

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(1000.0)[:, None]
    >>> card = BoostedScorecard(n_rounds=20).fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> card.spec_.coefficients
    (-1.0,)
    """

    def __init__(
        self,
        *,
        pdo: float = 20,
        base_score: float = 600,
        base_odds: float = 50,
        directions: Mapping[str, int] | None = None,
        n_rounds: int = 500,
        learning_rate: float = 0.1,
        subsample: float = 0.8,
        reg_lambda: float = 5.0,
        min_child_weight: float = 5.0,
        n_cells: int = 255,
        max_bins: int | None = None,
        shrinkage_folds: int | None = None,
        overrides: Sequence[PointsOverride] = (),
        binner: WoeBinner | None = None,
        seed: int = 0,
    ) -> None:
        self.pdo = pdo
        self.base_score = base_score
        self.base_odds = base_odds
        self.directions = directions
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.subsample = subsample
        self.reg_lambda = reg_lambda
        self.min_child_weight = min_child_weight
        self.n_cells = n_cells
        self.max_bins = max_bins
        self.shrinkage_folds = shrinkage_folds
        self.overrides = overrides
        self.binner = binner
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        period: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> BoostedScorecard:
        """Cut finely, boost, read the trees, merge, scale, round.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_variables)
        y : array_like of 0 and 1, shape (n_rows,)
            ``is_bad``: 1 is bad.
        sample_weight : array_like of float, shape (n_rows,), optional
        period : None
            Stumps know no periods; fit a :class:`Scorecard` where the order must hold in each.
        groups : array_like, shape (n_rows,), optional
            Customers, for ``shrinkage_folds``: as in :meth:`Scorecard.fit`.

        Raises
        ------
        SpecificationError
            A parameter is outside its allowed set (``CR-CRD-001``, ``CR-CRD-005``, ``CR-CRD-013``, ``CR-CRD-035``), or a period
            is given (``CR-CRD-036``).
        FitError
            No tree asks about anything (``CR-CRD-010``), the shrinkage cannot be found (``CR-CRD-014`` to ``CR-CRD-016``), or as
            :meth:`WoeBinner.fit`.
        """
        X = as_sample(X, y, type(self).__name__)
        scaling = Scaling(pdo=self.pdo, base_score=self.base_score, base_odds=self.base_odds)
        self._check()
        if period is not None:
            raise SpecificationError(
                "A boosted card cannot keep its order in every period. Expected no period. Hint: fit a Scorecard.",
                code="CR-CRD-036",
            )
        outcome = check_outcome(y, len(X), sample_weight)
        names = column_names(X)
        binner = self._directed_binner(X, int(outcome.is_bad.sum()))
        columns = [development_column(name, raw) for name, raw in zip(names, raw_columns(X), strict=True)]
        rules = list(binner.rules_for(names).values())
        with threadpool_limits(1):
            shrinkage = self._shrinkage(X, outcome, groups)
            fine = [
                fine_variable(
                    column,
                    outcome,
                    rule,
                    n_cells=self.n_cells,
                    direction=(self.directions or {}).get(column.name),
                )
                for column, rule in zip(columns, rules, strict=True)
            ]
            booster, stumps = self._boost(fine, outcome)
            tables, constant = effect_tables(stumps, fine)
            steps = [
                steps_of((column, outcome, rule), one, table, self.max_bins)
                for column, rule, one, table in zip(columns, rules, fine, tables, strict=True)
            ]
            n_asked = [int(np.isin(stumps.column, owned).sum()) for owned in columns_of(fine)]
            self.binning_ = _binning(steps, outcome)
            spec = self._card(scaling, outcome, steps, (constant, n_asked), shrinkage)
            self.spec_ = with_shrinkage(spec, shrinkage)
        self.booster_ = booster
        self.classes_ = np.array([0, 1])
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        return self

    def decided(self, decisions: Any) -> BoostedScorecard:
        """Refuse: the bins of a boosted card are where its trees cut, so a moved cut would be another model.

        Raises
        ------
        SpecificationError
            Always (``CR-CRD-037``).
        """
        raise SpecificationError(
            f"A boosted card takes no decisions about bins ({type(decisions).__name__}). Hint: pass max_bins or overrides of "
            "points, or review a Scorecard.",
            code="CR-CRD-037",
        )

    def _check(self) -> None:
        """Refuse parameters outside their ranges."""
        ranges: dict[str, tuple[float, float]] = {
            "n_rounds": (1, 100_000),
            "learning_rate": (1e-6, 1.0),
            "subsample": (1e-3, 1.0),
            "reg_lambda": (0.0, np.inf),
            "min_child_weight": (0.0, np.inf),
            "n_cells": (2, 1000),
            "max_bins": (1, 1000),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if name == "max_bins" and value is None:
                continue
            is_whole = name in _WHOLE
            kinds = (int, np.integer) if is_whole else (int, float, np.number)
            if isinstance(value, bool) or not isinstance(value, kinds) or not low <= float(value) <= high:
                raise SpecificationError(
                    f"{name} must be a {'whole ' if is_whole else ''}number from {low:g} to {high:g}. Got {value!r}.",
                    code="CR-CRD-035",
                )

    def _boost(self, fine: list[FineVariable], outcome: Outcome) -> tuple[xgboost.Booster, Stumps]:
        import xgboost

        matrix, directions = encoded(fine)
        is_bad = outcome.is_bad.astype(np.float64)
        share = float(np.average(is_bad, weights=outcome.weight))
        columns = xgboost.DMatrix(matrix, label=is_bad, weight=outcome.weight, nthread=1)
        parameters = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "max_depth": 1,
            "max_bin": 1024,  # more than there are fine cells: every edge may be asked about
            "learning_rate": self.learning_rate,
            "subsample": self.subsample,
            "reg_lambda": self.reg_lambda,
            "min_child_weight": self.min_child_weight,
            "monotone_constraints": "(" + ",".join(str(sign) for sign in directions) + ")",
            "base_score": share,
            "seed": self.seed,
            "nthread": 1,  # histogram sums depend on the thread count; one thread gives the same bytes everywhere
        }
        booster = xgboost.train(parameters, columns, num_boost_round=int(self.n_rounds))
        return booster, proved(booster, columns, matrix)

    def _card(
        self,
        scaling: Scaling,
        outcome: Outcome,
        steps: list[Steps],
        trees: tuple[float, list[int]],
        shrinkage: Shrinkage | None,
    ) -> ScorecardSpec:
        """Centre the effects, describe them as a regression with coefficients -1, shrink, scale and round."""
        constant, n_asked = trees
        kept = [at for at, n in enumerate(n_asked) if n > 0]
        if not kept:
            raise FitError(
                f"No tree asks about any of {len(steps)} variables. Hint: lower min_child_weight, or give more rows.",
                code="CR-CRD-010",
            )
        chosen = [steps[at] for at in kept]
        unused = sum(float(steps[at].exact[0]) for at in range(len(steps)) if at not in kept)
        means = [float(np.average(one.exact, weights=outcome.weight)) for one in chosen]
        tables = tuple(_card_woe(one, mean) for one, mean in zip(chosen, means, strict=True))
        index = np.column_stack([one.index for one in chosen])
        is_bad = outcome.is_bad.astype(np.float64)
        design = np.column_stack([np.array(t)[one.index] for t, one in zip(tables, chosen, strict=True)])
        fit = describe_logistic(
            design,
            is_bad,
            outcome.weight,
            coefficients=-np.ones(len(chosen)),
            intercept=constant + unused + sum(means),
        )
        exact = constant + unused + np.sum([one.exact for one in chosen], axis=0)
        self.merging_ = _merging(
            scaling, chosen, (is_bad, outcome.weight), exact, _log_odds(tables, chosen, fit)
        )
        fit = shrunk(fit, design, outcome, shrinkage)
        rounded = whole_points(scaling, tables, fit, index)
        spec = ScorecardSpec(
            feature_names=tuple(one.bins.name for one in chosen),
            binning=replace(self.binning_, variables=tuple(one.bins for one in chosen)),
            card_woe=tables,
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
            information_values=tuple(one.bins.information_value for one in chosen),
            selection=_records(steps, n_asked),
            settings=self._boosting_settings(),
        )
        return override_points(spec, self.overrides)

    def _boosting_settings(self) -> dict[str, Any]:
        names = (
            "n_rounds",
            "learning_rate",
            "subsample",
            "reg_lambda",
            "min_child_weight",
            "n_cells",
            "max_bins",
            "seed",
        )
        settings: dict[str, Any] = {name: getattr(self, name) for name in names}
        settings["directions"] = None if self.directions is None else dict(self.directions)
        return {"fit_by": "boosting", **settings, "merging": asdict(self.merging_)}


def _binning(steps: list[Steps], outcome: Outcome) -> BinningSpec:
    totals = outcome.counts()
    return BinningSpec(
        variables=tuple(one.bins for one in steps),
        total_goods=float(totals[0]),
        total_bads=float(totals[1]),
        settings={},
    )


def _card_woe(one: Steps, mean: float) -> tuple[float, ...]:
    """Return the effects as WoE (higher is safer), 0 at the sample's mean; policies say what bins without own rows get."""
    woe = -(one.effects - mean)
    for at, origin in enumerate(one.bins.origins):
        if origin in {"neutral", "error"}:
            woe[at] = 0.0
    return tuple(by_policy(one.bins, woe).tolist())


def _log_odds(
    tables: tuple[tuple[float, ...], ...], chosen: list[Steps], fit: LogisticFit
) -> NDArray[np.float64]:
    """Return each row's log odds of bad by the card, before rounding to points."""
    woe = np.sum([np.array(table)[one.index] for table, one in zip(tables, chosen, strict=True)], axis=0)
    return np.asarray(fit.intercept - woe)


def _merging(
    scaling: Scaling,
    chosen: list[Steps],
    outcome: tuple[NDArray[np.float64], NDArray[np.float64] | None],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
) -> MergingReport:
    judged = ~np.any([one.is_by_policy for one in chosen], axis=0)
    is_bad, weight = outcome[0][judged], None if outcome[1] is None else outcome[1][judged]
    before, after = before[judged], after[judged]
    change = scaling.factor * np.abs(after - before)

    def log_loss(log_odds: NDArray[np.float64]) -> float:
        return float(np.average(np.logaddexp(0.0, log_odds) - is_bad * log_odds, weights=weight))

    return MergingReport(
        n_bins_before=sum(one.n_before for one in chosen),
        n_bins_after=sum(one.bins.n_regular for one in chosen),
        n_rows_by_policy=int(np.count_nonzero(~judged)),
        max_points=float(change.max()),
        mean_points=float(np.average(change, weights=weight)),
        log_loss_before=log_loss(before),
        log_loss_after=log_loss(after),
    )


def _records(steps: list[Steps], n_asked: list[int]) -> tuple[SelectionRecord, ...]:
    return tuple(
        SelectionRecord(
            name=one.bins.name,
            is_kept=n > 0,
            step="kept" if n else "no_split",
            reason=because("trees", n=n, n_all=sum(n_asked)),
            information_value=one.bins.information_value,
        )
        for one, n in zip(steps, n_asked, strict=True)
    )

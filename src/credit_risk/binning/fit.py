"""The estimator: many variables at once, with the scikit-learn contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from credit_risk.binning.apply import bin_column, look_up
from credit_risk.binning.checks import (
    check_codes_fit,
    check_decisions,
    check_outcome,
    check_peer,
    check_rules,
    special_bins,
)
from credit_risk.binning.columns import (
    as_fitted_table,
    as_sample,
    column_names,
    development_column,
    raw_columns,
    scoring_column,
    scoring_columns,
)
from credit_risk.binning.page import binning_page
from credit_risk.binning.rules import BinningRules
from credit_risk.binning.solve import bin_variable
from credit_risk.binning.spec import BinningSpec
from credit_risk.binning.table import binning_table, period_table, summary_table
from credit_risk.binning.workers import in_order

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.binning.decisions import BinDecision
    from credit_risk.binning.spec import VariableBins

_PER_VARIABLE = ("trend", "special_codes", "missing", "unseen", "decisions")
_HOW = ("n_jobs", "progress")
"""How the work is done, not what comes out: never part of a spec."""


class WoeBinner(TransformerMixin, BaseEstimator):
    """Bin every variable optimally and replace values by weights of evidence.

    For each variable the cells between fine quantiles are merged by an exact dynamic programme, then each cut moves to the
    raw value that is best between its neighbours. A positive WoE means safer than the sample.

    Parameters
    ----------
    max_bins, min_bins : int, 1..200
        Most and fewest regular bins.
    min_share : float
        Least share of the whole sample in a regular bin, 0..0.5.
    min_goods, min_bads : int
        Least rows of each kind in a regular bin.
    trend : str or dict of str to str
        Trend of the bad rate as the value rises: 'ascending', 'descending', 'peak', 'valley', 'none', or 'auto' (the best
        straight trend, unless a turning one has more information value by ``turning_gain``). A dict gives it per variable.
    special_codes : sequence of float, dict, optional
        Codes that are not quantities. A sequence: each code its own bin, for every variable. A dict: variable -> sequence, or
        variable -> {label: sequence} to group codes.
    missing : {'own', 'neutral', 'worst', 'nearest', 'error'} or dict
        What missing values get: their own bin, WoE 0, the lowest WoE, the regular bin with the nearest WoE, or refusal.
    unseen : {'neutral', 'worst', 'own', 'error'} or dict
        What unknown categories (and infinite numbers) get; 'own' is the WoE of the categories too rare for a group.
    fallback : {'neutral', 'worst', 'error'}
        What a missing or special bin (or an unseen one with ``unseen='own'``) gets that held fewer than ``min_own_rows`` rows in
        development.
    min_own_rows : int, at least 1
        Rows from which on such a bin has a WoE of its own.
    rare_share : float, 0..0.5
        Categories below this share of the sample stand in the unseen bin.
    n_prebins : int, 2..2000
        Fine cells per variable before merging.
    min_woe_gap : float
        Least difference in WoE between neighbouring bins; 0 switches it off.
    max_p_value : float, 0..1
        Largest p-value of the difference in bad rate between neighbouring bins (two-sided z-test); 1 switches it off.
    objective : {'information_value', 'jensen_shannon', 'hellinger', 'kolmogorov_smirnov'}
        The last is the largest gap between the distributions of goods and bads where bad rates have one trend; it is reached
        with two bins, so more are only made where ``min_bins`` asks for them.
    turning_gain : float
        By how much more, relative to the best straight trend (0.1 is a tenth), a peak or valley must reach of the objective for
        ``trend='auto'`` to take it; of information value it must also add more than chance does.
    refine : bool
        Whether cuts move to exact raw values after merging.
    solver : {'exact', 'optbinning'}
        'optbinning' hands each variable's cells or categories to that library.
    solver_options : dict, optional
        Constraints of optbinning that have no parameter here, such as ``{'min_event_rate_diff': 0.02, 'max_bin_size': 0.4}`` or
        ``{'monotonic_trend': 'convex'}``; only with that solver.
    decisions : sequence of BinDecision
        Manual decisions; applied after the solver, kept in the spec, refused with the reason where they cannot be kept.
    n_jobs : int
        Threads that bin variables side by side; the bins are the same with any number.
    progress : bool
        Whether a bar shows how many variables are done (where tqdm is installed).

    Attributes
    ----------
    spec_ : BinningSpec
        The bins of every variable: what :func:`~credit_risk.binning.apply.apply_binning` needs.
    feature_names_in_ : ndarray of str
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> value = np.arange(1000.0)
    >>> is_bad = (value * 7 % 1000) > 400 + value / 2
    >>> binner = WoeBinner(max_bins=3).fit(value[:, None], is_bad)
    >>> binner.spec_.variables[0].trend
    'descending'
    """

    def __init__(
        self,
        *,
        max_bins: int = 8,
        min_bins: int = 1,
        min_share: float = 0.05,
        min_goods: int = 30,
        min_bads: int = 30,
        trend: str | Mapping[str, str] = "auto",
        special_codes: Sequence[float] | Mapping[str, object] | None = None,
        missing: str | Mapping[str, str] = "own",
        unseen: str | Mapping[str, str] = "neutral",
        fallback: str = "neutral",
        min_own_rows: int = 30,
        rare_share: float = 0.01,
        n_prebins: int = 48,
        min_woe_gap: float = 0.0,
        max_p_value: float = 1.0,
        objective: str = "information_value",
        turning_gain: float = 0.1,
        refine: bool = True,
        solver: str = "exact",
        solver_options: Mapping[str, Any] | None = None,
        decisions: Sequence[BinDecision] = (),
        n_jobs: int = 1,
        progress: bool = False,
    ) -> None:
        self.max_bins = max_bins
        self.min_bins = min_bins
        self.min_share = min_share
        self.min_goods = min_goods
        self.min_bads = min_bads
        self.trend = trend
        self.special_codes = special_codes
        self.missing = missing
        self.unseen = unseen
        self.fallback = fallback
        self.min_own_rows = min_own_rows
        self.rare_share = rare_share
        self.n_prebins = n_prebins
        self.min_woe_gap = min_woe_gap
        self.max_p_value = max_p_value
        self.objective = objective
        self.turning_gain = turning_gain
        self.refine = refine
        self.solver = solver
        self.solver_options = solver_options
        self.decisions = decisions
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        period: ArrayLike | None = None,
    ) -> WoeBinner:
        """Find the bins of every column.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_variables)
        y : array_like of 0 and 1, shape (n_rows,)
            ``is_bad``: 1 is bad.
        sample_weight : array_like of float, shape (n_rows,), optional
            Above 0.
        period : array_like, shape (n_rows,), optional
            Where given, the order of bad rates between neighbouring bins must hold in every period.

        Raises
        ------
        SpecificationError
            A parameter is outside its allowed set (``CR-BIN-029`` to ``CR-BIN-035``, ``CR-BIN-038``).
        FitError
            The table, the outcome, the weights or the periods are none (``CR-BIN-018``, ``CR-BIN-023`` to ``CR-BIN-028``), a column
            cannot be binned (``CR-BIN-019`` to ``CR-BIN-022``, ``CR-BIN-039``), or a decision cannot be kept (``CR-BIN-042``).
        """
        X = as_sample(X, y, type(self).__name__)
        names = column_names(X)
        outcome = check_outcome(y, len(X), sample_weight, period)
        rules = self.rules_for(names)
        for one in rules.values():
            check_peer(one, has_periods=period is not None)
        check_decisions(self.decisions, names)
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)

        def bins_of(named: tuple[str, Any]) -> VariableBins:
            name, raw = named
            mine = tuple(decision for decision in self.decisions if decision.variable == name)
            column = development_column(name, raw)
            check_codes_fit(column, self.special_codes)
            return bin_variable(column, outcome, rules[name], mine)

        tasks = list(zip(names, raw_columns(X), strict=True))
        variables = tuple(
            in_order(bins_of, tasks, n_jobs=self.n_jobs, label="binning" if self.progress else "")
        )
        totals = outcome.counts()
        self.spec_ = BinningSpec(
            variables=variables,
            total_goods=float(totals[0]),
            total_bads=float(totals[1]),
            settings=self._settings(),
        )
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Replace every value by its bin's weight of evidence.

        Raises
        ------
        MissingFeatureError
            A column is absent (``CR-BIN-013``).
        ScoringError
            Text where a number was fitted (``CR-BIN-012``) or a refused value (``CR-BIN-011``).
        """
        check_is_fitted(self)
        X = as_fitted_table(X, self.n_features_in_, type(self).__name__)
        raw = scoring_columns(self.spec_.feature_names, X)
        result = np.empty((len(X), len(raw)), order="F")
        for j, (variable, column) in enumerate(zip(self.spec_.variables, raw, strict=True)):
            look_up(variable, np.array(variable.woe), scoring_column(variable, column), result[:, j])
        return result

    def bin_indices(self, X: Any) -> NDArray[np.int16]:
        """Return the bin of every value; errors as :meth:`transform`."""
        check_is_fitted(self)
        X = as_fitted_table(X, self.n_features_in_, type(self).__name__)
        raw = scoring_columns(self.spec_.feature_names, X)
        index = np.empty((len(X), len(raw)), dtype=np.int16, order="F")
        for j, (variable, column) in enumerate(zip(self.spec_.variables, raw, strict=True)):
            index[:, j] = bin_column(variable, scoring_column(variable, column))
        return index

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the names of the transformed columns: those of the input."""
        check_is_fitted(self)
        return np.asarray(self.feature_names_in_, dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Missing values and text are welcome; the outcome is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        return tags

    def variable(self, name: str) -> VariableBins:
        """Return one variable's bins."""
        check_is_fitted(self)
        return self.spec_.variable(name)

    def binning_table(self, name: str, *, layout: str = "optbinning") -> pd.DataFrame:
        """Return one variable's binning table; see :func:`~credit_risk.binning.table.binning_table` for the layouts."""
        return binning_table(self.variable(name), layout=layout)

    def summary(self) -> pd.DataFrame:
        """Return one row per variable; see :func:`~credit_risk.binning.table.summary_table`."""
        check_is_fitted(self)
        return summary_table(self.spec_)

    def period_table(
        self, name: str, X: Any, y: ArrayLike, period: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> pd.DataFrame:
        """Return bad rate and share of one variable's bins in each period.

        Parameters
        ----------
        name : str
        X : DataFrame or ndarray, shape (n_rows, n_variables)
        y : array_like of 0 and 1, shape (n_rows,)
        period : array_like, shape (n_rows,)
            Sortable: months, quarters, dates.
        sample_weight : array_like of float, shape (n_rows,), optional
            Above 0.

        Returns
        -------
        DataFrame
            See :func:`~credit_risk.binning.table.period_table`.

        Raises
        ------
        SpecificationError
            There is no such variable (``CR-BIN-001``).
        FitError
            Outcome, weights or periods do not fit the rows (``CR-BIN-018``, ``CR-BIN-023`` to ``CR-BIN-026``).
        """
        at = self.spec_.feature_names.index(self.variable(name).name)
        raw = scoring_columns(self.spec_.feature_names, X)[at]
        index = bin_column(self.spec_.variables[at], scoring_column(self.spec_.variables[at], raw))
        outcome = check_outcome(y, len(X), sample_weight, period)
        periods = np.unique(np.asarray(period))
        return period_table(self.spec_.variables[at], index, outcome, periods)

    def _html_repr(self) -> str:
        """Show the variables once fitted, before that what scikit-learn shows."""
        return binning_page(self.spec_) if hasattr(self, "spec_") else str(super()._html_repr())

    def rules_for(self, names: tuple[str, ...]) -> dict[str, BinningRules]:
        """Return the checked rules of each variable of a sample.

        Raises
        ------
        SpecificationError
            A parameter is outside its allowed set (``CR-BIN-030`` to ``CR-BIN-034``).
        """
        plain = {
            key: value
            for key, value in self.get_params(deep=False).items()
            if key not in (*_PER_VARIABLE, *_HOW)
        }
        per_variable = {key: getattr(self, key) for key in ("trend", "missing", "unseen", "special_codes")}
        found = {}
        for name in names:
            found[name] = BinningRules(
                **plain,
                trend=_for_variable(self.trend, name, "auto"),
                missing=_for_variable(self.missing, name, "own"),
                unseen=_for_variable(self.unseen, name, "neutral"),
                specials=special_bins(self.special_codes, name),
            )
            check_rules(found[name], name, names, per_variable)
        return found

    def _settings(self) -> dict[str, Any]:
        """Return the parameters as plain JSON values."""
        settings = {
            key: _plain(value)
            for key, value in self.get_params(deep=False).items()
            if key not in {"decisions", *_HOW}
        }
        return {**settings, "n_decisions": len(self.decisions)}


def _for_variable(value: str | Mapping[str, str], name: str, default: str) -> str:
    return value.get(name, default) if isinstance(value, Mapping) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value

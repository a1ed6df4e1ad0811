"""What a report says: plain tables and arrays, filled in by whoever ran the river. This module draws nothing.

Amounts here are in major currency units, rates and shares are fractions, and texts are either one string for every
reader or a mapping from language (``"en"``, ``"zh-CN"``) to string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from credit_risk.evaluation.report import EvaluationReport
    from credit_risk.reporting.blocks import Section

#: One text for all readers, or one per language.
LocalText: TypeAlias = str | Mapping[str, str]

_REQUIRED_COLUMNS = {
    "sample": ("sample", "n", "n_bads"),
    "bands": ("band", "n", "n_bads", "bad_rate", "n_approved", "approval_rate", "bad_rate_approved"),
    "reasons": ("code", "n"),
    "fairness": ("attribute", "group", "n", "approval_rate", "adverse_impact_ratio", "finding"),
    "profit": ("component", "amount"),
    "offers": ("pd", "limit_amount", "annual_rate"),
    "outcomes": ("outcome", "n"),
    "exclusions": ("reason", "n"),
    "segments": ("segment", "group", "model", "n", "bad_rate", "mean_pd", "auc", "shift"),
    "stability": ("name", "psi", "psi_by_chance"),
    "score_stability": ("group", "share_expected", "share_actual", "psi"),
    "periods": ("group", "model", "bad_rate", "mean_pd", "mean_pd_recalibrated", "shift_recalibrated"),
    "selection": ("name", "is_kept", "step", "reason", "information_value"),
}
_BINNING_COLUMNS = ("bin", "n", "n_bads", "woe")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigures:
    """The figures a credit officer reads first.

    Attributes
    ----------
    n_holdout : int
        Customers the models never saw.
    bad_rate : float
        Share of bads among them.
    approval_rate : float
        Share of them approved.
    bad_rate_approved : float
        Share of bads among the approved.
    mean_limit_amount : float, major currency units
        Over the approved.
    mean_effective_rate : float, per year
        Effective annual rate, over the approved.
    expected_profit_amount : float, major currency units
        Total over the approved.
    """

    n_holdout: int
    bad_rate: float
    approval_rate: float
    bad_rate_approved: float
    mean_limit_amount: float
    mean_effective_rate: float
    expected_profit_amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One item of the model document: what it is, whether the run filled it, and who supplies it if not."""

    title: LocalText
    is_filled: bool
    supplied_by: LocalText = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explained:
    """What each feature adds to the log-odds a forest gives some holdout customers, in a random order of customers.

    Attributes
    ----------
    model : str
        Whose log-odds.
    names : tuple of str
        Features, in the order of the columns.
    values, contributions : ndarray of float, shape (n_customers, n_features)
        The features themselves (NaN is missing), and what each adds; above 0 raises the risk.
    n_population : int
        Customers these were drawn from.
    """

    model: str
    names: tuple[str, ...]
    values: NDArray[np.float64] = field(repr=False)
    contributions: NDArray[np.float64] = field(repr=False)
    n_population: int

    @property
    def strength(self) -> NDArray[np.float64]:
        """Return the mean size of each feature's contribution."""
        return np.asarray(np.abs(self.contributions).mean(axis=0), dtype=np.float64)

    def order_stability(self) -> float:
        """Return the rank correlation of the features' strengths between two halves of the customers; 1 is equal order."""
        halves = (self.contributions[::2], self.contributions[1::2])
        ranks = [np.abs(half).mean(axis=0).argsort(kind="stable").argsort(kind="stable") for half in halves]
        n = len(self.names)
        squares = float(((ranks[0] - ranks[1]) ** 2).sum())
        return 1.0 - 6.0 * squares / (n * (n * n - 1.0)) if n > 1 else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """Everything one report shows.

    Attributes
    ----------
    title : LocalText
        Heading of the page.
    subtitle : LocalText
        One line below it: data, its licence and attribution.
    currency : str
        ISO code that stands before amounts.
    decision_model : str
        The model that decides; a key of `predictions`.
    key_figures : KeyFigures
        The tiles at the top.
    assumptions : mapping of language to sequence of str
        Shown prominently below the summary; the first also opens the summary: say there what is hypothetical.
    sample : DataFrame
        One row per part: `sample` (``development``, ``validation``, ``holdout`` are translated), `n`, `n_bads`.
    evaluation : EvaluationReport
        Of the holdout customers; the same names and order as `predictions`.
    predictions : mapping of str to ndarray of float, shape (n_holdout,)
        Calibrated PD by model.
    is_bad : ndarray of bool, shape (n_holdout,)
        Outcome of the same customers.
    score : ndarray of float, shape (n_holdout,), optional
        Points of the deciding model, higher is safer.
    binning : mapping of str to DataFrame
        Top variables in order of importance; one row per bin: `bin` (label), `n`, `n_bads`, `woe`, optionally `iv`
        (the bin's part of the information value).
    variable_labels : mapping of str to LocalText
        Variable -> words a credit officer understands; a variable without a label is shown by its name.
    bands : DataFrame
        From :func:`credit_risk.evaluation.score_band_table` with `pd`, `is_approved`, `limit_amount` (major units) and
        `annual_rate` (effective); optionally a column `expected_profit_amount` (total of the band).
    exclusions : DataFrame, optional
        `reason` (known ones are translated), `n`: applications that left before the split, in order.
    split_by : {'customer', 'time'}
        By what the sample was cut into its parts.
    selection : DataFrame, optional
        One row per candidate variable of the card: `name`, `is_kept`, `step` (the gate that removed it, or ``kept``),
        `reason` (a sentence with figures), `information_value`.
    explained : Explained, optional
        Contributions of the features of the booster.
    segments : DataFrame, optional
        From :func:`credit_risk.evaluation.segment_table`, of the holdout customers.
    segment_labels : mapping of str to LocalText
        Segment -> words; also ``"segment=group"`` -> words for a group.
    stability : DataFrame, optional
        One row per variable, development against holdout: `name`, `psi`, `psi_by_chance`, optionally `points` (by how much the
        mean points moved), `missing_before`, `missing_now` (shares).
    score_stability : DataFrame, optional
        From :func:`credit_risk.evaluation.population_stability_index`, of the score.
    periods : DataFrame, optional
        From :func:`credit_risk.evaluation.period_table`; None where all customers applied at one time.
    amounts_if_approved : mapping of str to DataFrame
        Model -> one row per holdout customer, if that model's PD decided: any of `n_with_offer` (1 where a lawful and
        profitable offer exists), `expected_loss_amount`, `expected_profit_amount` (major units, 0 without an offer).
    outcomes : DataFrame, optional
        `outcome` (``approve``, ``decline``, ``refer``, ``incomplete``), `n`.
    offers : DataFrame, optional
        One row per approved customer: `pd`, `limit_amount` (major units), `annual_rate` (effective).
    profit : DataFrame, optional
        Parts of the expected profit in order: `component` (``interest``, ``funding``, ``operating``,
        ``expected_loss`` are translated), `amount` (income above 0, cost below 0, major units); they add up to the
        expected profit.
    reasons : DataFrame, optional
        `code`, `n` (customers given the reason), optionally `text` (a LocalText in each cell); most frequent first.
    fairness : DataFrame, optional
        From :func:`credit_risk.evaluation.fairness_table`.
    attribute_labels : mapping of str to LocalText
        Attribute of the fairness table -> words; also ``"attribute=group"`` -> words for a group.
    evidence : sequence of EvidenceItem
        The items of the model document, filled or missing.
    digests : mapping of str to str
        What -> SHA-256, of data, features, strategy, bundle and code.
    versions : mapping of str to str
        Software -> version.
    artefacts : mapping of str to str
        What -> where it lies.
    extra_sections : tuple of Section
        Further sections, shown after the fairness section and before the record.
    """

    title: LocalText
    currency: str
    decision_model: str
    key_figures: KeyFigures
    assumptions: Mapping[str, Sequence[str]]
    sample: pandas.DataFrame
    evaluation: EvaluationReport
    predictions: Mapping[str, NDArray[np.float64]]
    is_bad: NDArray[np.bool_]
    bands: pandas.DataFrame
    subtitle: LocalText = ""
    score: NDArray[np.float64] | None = None
    binning: Mapping[str, pandas.DataFrame] = field(default_factory=dict)
    variable_labels: Mapping[str, LocalText] = field(default_factory=dict)
    exclusions: pandas.DataFrame | None = None
    split_by: str = "customer"
    selection: pandas.DataFrame | None = None
    explained: Explained | None = None
    segments: pandas.DataFrame | None = None
    segment_labels: Mapping[str, LocalText] = field(default_factory=dict)
    stability: pandas.DataFrame | None = None
    score_stability: pandas.DataFrame | None = None
    periods: pandas.DataFrame | None = None
    amounts_if_approved: Mapping[str, pandas.DataFrame] = field(default_factory=dict)
    outcomes: pandas.DataFrame | None = None
    offers: pandas.DataFrame | None = None
    profit: pandas.DataFrame | None = None
    reasons: pandas.DataFrame | None = None
    fairness: pandas.DataFrame | None = None
    attribute_labels: Mapping[str, LocalText] = field(default_factory=dict)
    evidence: Sequence[EvidenceItem] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    artefacts: Mapping[str, str] = field(default_factory=dict)
    extra_sections: tuple[Section, ...] = ()

    def __post_init__(self) -> None:
        for name, columns in _REQUIRED_COLUMNS.items():
            _check_columns(name, getattr(self, name), columns)
        for variable, table in self.binning.items():
            _check_columns(f"binning[{variable!r}]", table, _BINNING_COLUMNS)
        _check_models(self)


def localized(value: LocalText, language: str) -> str:
    """Return a text in the reader's language, in English where there is none.

    Examples
    --------
    >>> localized({"en": "Sex", "zh-CN": "性别"}, "zh-CN")
    '性别'
    >>> localized("AUC", "zh-CN")
    'AUC'
    """
    if isinstance(value, str):
        return value
    return value.get(language) or value.get("en") or next(iter(value.values()), "")


def _check_columns(name: str, table: pandas.DataFrame | None, columns: tuple[str, ...]) -> None:
    if table is None:
        return
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise SpecificationError(
            f"Report table {name} lacks the columns {missing}. Expected at least {list(columns)}.",
            code="CR-RPT-001",
        )


def _check_models(content: ReportContent) -> None:
    names = list(content.predictions)
    evaluated = [model.name for model in content.evaluation.models]
    if names != evaluated or content.decision_model not in names:
        raise SpecificationError(
            f"predictions, evaluation and decision_model must name the same models. Got {names}, {evaluated} and "
            f"{content.decision_model!r}.",
            code="CR-RPT-002",
        )
    lengths = {len(pd) for pd in content.predictions.values()} | {len(content.is_bad)}
    if content.score is not None:
        lengths.add(len(content.score))
    if len(lengths) != 1:
        raise SpecificationError(
            f"predictions, is_bad and score must have one value per holdout customer. Got lengths {sorted(lengths)}.",
            code="CR-RPT-003",
        )

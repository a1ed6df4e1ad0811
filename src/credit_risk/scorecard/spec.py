"""What a fitted scorecard is: frozen records that travel as plain JSON. The whole points are the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from credit_risk.binning.spec import BinningSpec, check_schema
from credit_risk.errors import SpecificationError
from credit_risk.scorecard.overrides import PointsOverride
from credit_risk.scorecard.page import card_page
from credit_risk.scorecard.scaling import Scaling

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRecord:
    """Why a variable stands on the card, or does not.

    Attributes
    ----------
    name : str
    is_kept : bool
    step : str
        The gate at which it left: 'missing_share', 'identical_share', 'information_value', 'stability', 'correlation',
        'variance_inflation', 'lasso', 'not_significant', 'wrong_sign', 'max_features', 'resampling'; or 'kept'; 'second_look'
        where it stands on the card for what it adds beside the others; 'no_split' where a boosted card never asks about it.
    reason : str
        One sentence with the figures.
    information_value : float
    figure, limit : float, optional
        The figure that decided and what it was held against; None where the variable was kept.
    kept_share : float, optional
        Share of bootstrap resamples that chose it; None where there were none.
    """

    name: str
    is_kept: bool
    step: str
    reason: str
    information_value: float
    figure: float | None = None
    limit: float | None = None
    kept_share: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; a figure that is None is left out, as in records written before there were figures."""
        content = asdict(self)
        return {key: value for key, value in content.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingReport:
    """What rounding to whole points did on the development sample.

    Attributes
    ----------
    max_points : float
        Largest distance between the exact and the whole-point score of a row.
    mean_points : float
        Mean of whole-point score less exact score.
    max_pd : float
        Largest distance between the two PDs of a row.
    bound_points : float
        What the distance can never exceed: the largest rounding of each variable, added up.
    """

    max_points: float
    mean_points: float
    max_pd: float
    bound_points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardSpec:
    """A scorecard: bins, coefficients, whole points, scale, and how it came about.

    Attributes
    ----------
    feature_names : tuple of str
        Variables on the card, in column order.
    binning : BinningSpec
        Their bins, in the same order.
    card_woe : tuple of tuple of float
        Per variable, per bin: the WoE the regression used; that of the binning, adjusted to the other variables of the card
        (equal to it where ``shape_pull`` was None). Of a variable kept by the second look, and of a boosted card: the effect
        beside the others, which may run against the WoE of the binning.
    coefficients, standard_errors, p_values : tuple of float
        Of the logistic regression of bad on ``card_woe``; coefficients are below 0. Standard errors take bins and shapes as
        given; they and the p-values are empty where the card was imported.
    intercept : float
    intercept_standard_error : float, optional
    scaling : Scaling
    points : tuple of tuple of int
        Per variable, per bin: what :func:`~credit_risk.scorecard.apply.apply_scorecard` adds up.
    exact_points : tuple of tuple of float
        The same before rounding, for the record.
    neutral_points : tuple of int
        Per variable: what a WoE of 0 earns.
    rounding : RoundingReport
    information_values : tuple of float
    selection : tuple of SelectionRecord
        Every variable of the development sample, in its order.
    settings : dict
    overrides : tuple of PointsOverride
        Points that people decided; already in ``points``. The rounding report speaks of the fitted points.
    """

    feature_names: tuple[str, ...]
    binning: BinningSpec
    card_woe: tuple[tuple[float, ...], ...]
    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    p_values: tuple[float, ...]
    intercept: float
    intercept_standard_error: float | None
    scaling: Scaling
    points: tuple[tuple[int, ...], ...]
    exact_points: tuple[tuple[float, ...], ...]
    neutral_points: tuple[int, ...]
    rounding: RoundingReport
    information_values: tuple[float, ...]
    selection: tuple[SelectionRecord, ...]
    settings: dict[str, Any]
    overrides: tuple[PointsOverride, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def _repr_html_(self) -> str:
        return card_page(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        content = {item.name: getattr(self, item.name) for item in fields(self)}
        content["binning"] = self.binning.to_dict()
        content["scaling"] = asdict(self.scaling)
        content["rounding"] = asdict(self.rounding)
        content["overrides"] = [asdict(override) for override in self.overrides]
        content["selection"] = [record.to_dict() for record in self.selection]
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ScorecardSpec:
        """Rebuild from :meth:`to_dict`; equal to the original.

        Raises
        ------
        SpecificationError
            Newer schema (``CR-CRD-003``) or unknown or absent keys (``CR-CRD-004``).
        """
        check_schema(content, SCHEMA_VERSION, "CR-CRD-003")
        expected = {item.name for item in fields(cls)}
        if set(content) != expected:
            wrong = sorted(expected.symmetric_difference(content))
            raise SpecificationError(
                f"A scorecard record lacks or does not know the keys {wrong}. Expected exactly {sorted(expected)}.",
                code="CR-CRD-004",
            )
        checked = dict(content)
        checked["binning"] = BinningSpec.from_dict(content["binning"])
        checked["scaling"] = Scaling(**content["scaling"])
        checked["rounding"] = RoundingReport(**content["rounding"])
        checked["overrides"] = tuple(PointsOverride(**override) for override in content["overrides"])
        checked["selection"] = tuple(SelectionRecord(**record) for record in content["selection"])
        checked["feature_names"] = tuple(content["feature_names"])
        for key in ("coefficients", "standard_errors", "p_values", "information_values"):
            checked[key] = tuple(float(value) for value in content[key])
        checked["card_woe"] = tuple(tuple(float(w) for w in row) for row in content["card_woe"])
        checked["points"] = tuple(tuple(int(p) for p in row) for row in content["points"])
        checked["neutral_points"] = tuple(int(p) for p in content["neutral_points"])
        checked["exact_points"] = tuple(tuple(float(p) for p in row) for row in content["exact_points"])
        return cls(**checked)

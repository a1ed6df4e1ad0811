"""Cards of optbinning: ``optbinning.Scorecard`` on a binary target, where 1 is bad.

Its conventions are this library's: WoE is ln(share of non-events / share of events), bins are ``[left, right)``, odds are
non-events to events. Its habits that differ, and what the import makes of them:

* a category never seen gets the points of Missing from ``score`` (an index of -1) but a WoE of 0 from ``predict_proba``; the
  import gives the points, and a flag;
* an infinite number falls into an outer bin without a word; the import refuses it, or what ``unseen`` says;
* where a variable has a metric of its own in ``binning_transform_params``, ``score`` reads WoE as places of bins (its issue
  412) and its scores are wrong; the import takes the table, which is right as long as that metric is WoE.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from credit_risk.binning.spec import SpecialBin
from credit_risk.scorecard.importers.peer_card import (
    PeerBin,
    PeerCard,
    PeerVariable,
    UnseenPolicy,
    installed_version,
    refused,
    taken,
    to_spec,
)
from credit_risk.scorecard.scaling import Scaling

if TYPE_CHECKING:
    from credit_risk.scorecard.spec import ScorecardSpec

LIBRARY = "optbinning"


def from_optbinning(scorecard: Any, *, unseen: UnseenPolicy = "peer") -> ScorecardSpec:
    """Import a fitted ``optbinning.Scorecard``.

    Whole points (its ``rounding=True``) are kept; others are rounded here, and ``exact_points`` holds its own.

    Parameters
    ----------
    scorecard : optbinning.Scorecard or dict
        The fitted object, or what :func:`optbinning_content` read from one.
    unseen : {'peer', 'neutral', 'worst', 'error'}
        What values never seen get; 'peer': categories get the points of Missing, infinite numbers are refused.

    Raises
    ------
    SpecificationError
        What has no equal here (``CR-CRD-040``): a continuous target, no scaling, a score that rises with risk
        (``reverse_scorecard``), a metric other than WoE, ``cat_unknown``, categories that are not text, special codes of a
        categorical variable, or a code that is not a finite number.

    Examples
    --------
    >>> variable = {
    ...     "name": "age", "dtype": "numerical", "splits": [26.0], "special_codes": None, "metric": "woe",
    ...     "metric_special": 0, "metric_missing": 0, "cat_unknown": None, "coefficient": -1.0, "n_goods": [30, 70, 0, 0],
    ...     "n_bads": [8, 2, 0, 0], "woe": [-0.98, 1.25, 0.0, 0.0], "points": [463.0, 527.0, 491.0, 491.0],
    ... }
    >>> content = {
    ...     "library": "optbinning", "version": "1.0.0", "target": "binary", "scaling_method": "pdo_odds",
    ...     "scaling_params": {"pdo": 20, "odds": 50, "scorecard_points": 600}, "reverse_scorecard": False,
    ...     "intercept_based": False, "intercept": -0.13, "base_points": 0.0, "variables": [variable],
    ... }
    >>> spec = from_optbinning(content)
    >>> spec.points, spec.binning.variables[0].origins
    (((463, 527, 491, 463),), ('own', 'own', 'neutral', 'error'))
    """
    content = scorecard if isinstance(scorecard, Mapping) else optbinning_content(scorecard)
    intercept, variables = _checked(content)
    scaling = _scaling(content)
    share = (scaling.offset - scaling.factor * intercept) / len(variables)
    read = [_variable(one, scaling, share) for one in variables]
    lows = [0.0] * len(read)
    if content["intercept_based"]:  # each variable's lowest points stand in the base
        lows = [min(share, *(one.exact for one in _all_bins(variable))) for variable in read]
        read = [_lowered(variable, low) for variable, low in zip(read, lows, strict=True)]
    card = PeerCard(
        library=LIBRARY,
        version=str(content.get("version", "unknown")),
        variables=tuple(read),
        scaling=scaling,
        intercept=intercept,
        base=float(content["base_points"]),
        exact_base=sum(lows),
    )
    return to_spec(card, unseen)


def optbinning_content(scorecard: Any) -> dict[str, Any]:
    """Read what the import needs from a fitted ``optbinning.Scorecard``, as plain JSON values.

    Raises
    ------
    SpecificationError
        The card is not fitted (``CR-CRD-040``).
    """
    if not getattr(scorecard, "_is_fitted", False):  # it has no public name, as _target_dtype below
        raise refused(LIBRARY, "it is not fitted")
    table = scorecard.table("detailed")
    names = [str(name) for name in scorecard.binning_process_.get_support(names=True)]
    intercept: Any = getattr(scorecard.estimator_, "intercept_", 0.0)
    return {
        "library": LIBRARY,
        "version": installed_version(LIBRARY),
        "target": str(scorecard._target_dtype),
        "scaling_method": scorecard.scaling_method,
        "scaling_params": scorecard.scaling_method_params,
        "reverse_scorecard": bool(scorecard.reverse_scorecard),
        "intercept_based": bool(scorecard.intercept_based),
        "intercept": float(intercept[0] if hasattr(intercept, "__len__") else intercept),
        "base_points": float(scorecard.intercept_),
        "variables": [_variable_content(scorecard, name, table[table["Variable"] == name]) for name in names],
    }


def _variable_content(scorecard: Any, name: str, rows: Any) -> dict[str, Any]:
    process = scorecard.binning_process_
    variable = process.get_binned_variable(name)
    own = (process.binning_transform_params or {}).get(name, {})
    is_numeric = variable.dtype == "numerical"
    codes = variable.special_codes
    if codes is not None and not isinstance(codes, Mapping):
        codes = {"Special": list(codes)}
    content: dict[str, Any] = {
        "name": name,
        "dtype": str(variable.dtype),
        "special_codes": None if codes is None else {str(k): _plain_list(v) for k, v in codes.items()},
        "metric": own.get("metric", "woe"),
        "metric_special": own.get("metric_special", scorecard._metric_special),
        "metric_missing": own.get("metric_missing", scorecard._metric_missing),
        "cat_unknown": getattr(variable, "cat_unknown", None),
        "coefficient": float(rows["Coefficient"].iloc[0]),
        "n_goods": [float(count) for count in rows["Non-event"]],
        "n_bads": [float(count) for count in rows["Event"]],
        "woe": [float(woe) for woe in rows["WoE"]],
        "points": [float(points) for points in rows["Points"]],
    }
    if is_numeric:
        content["splits"] = [float(cut) for cut in variable.splits]
    else:
        content["groups"] = [list(group) for group in rows["Bin"] if not isinstance(group, str)]
    return content


def _plain_list(codes: Any) -> list[Any]:
    values = codes if hasattr(codes, "__len__") and not isinstance(codes, str) else [codes]
    return [value.item() if hasattr(value, "item") else value for value in values]


def _checked(content: Mapping[str, Any]) -> tuple[float, list[Mapping[str, Any]]]:
    """Return intercept and variables of a card that can be imported."""
    keys = ["target", "scaling_method", "scaling_params", "reverse_scorecard"]
    keys += ["intercept_based", "intercept", "base_points", "variables"]
    target, method, _, is_reversed, _, intercept, _, variables = taken(content, keys, LIBRARY)
    if target != "binary":
        raise refused(LIBRARY, f"its target is {target}, and a PD needs a binary one")
    if method not in {"pdo_odds", "min_max"}:
        raise refused(LIBRARY, "it has no scale", hint="fit it with scaling_method='pdo_odds' or 'min_max'.")
    if is_reversed:
        raise refused(LIBRARY, "its score rises with risk", hint="fit it with reverse_scorecard=False.")
    if not variables:
        raise refused(LIBRARY, "the card has no variable")
    return float(intercept), list(variables)


def _scaling(content: Mapping[str, Any]) -> Scaling:
    params = content["scaling_params"]
    if content["scaling_method"] == "pdo_odds":
        return Scaling(
            pdo=float(params["pdo"]),
            base_score=float(params["scorecard_points"]),
            base_odds=float(params["odds"]),
        )
    parts = [[one["coefficient"] * woe for woe in _effective_woe(one)] for one in content["variables"]]
    intercept = float(content["intercept"])
    return Scaling.from_range(
        lowest=float(params["min"]),
        highest=float(params["max"]),
        log_odds_lowest=-intercept - sum(max(row) for row in parts),
        log_odds_highest=-intercept - sum(min(row) for row in parts),
    )


def _effective_woe(content: Mapping[str, Any]) -> list[float]:
    """Return the WoE behind the points: for special codes and missing values the metric may be a fixed number."""
    n_special = len(content["special_codes"] or [None])
    n_regular = len(content["woe"]) - n_special - 1
    metrics = [content["metric_special"]] * n_special + [content["metric_missing"]]
    own = content["woe"][n_regular:]
    fixed = [
        woe if metric == "empirical" else float(metric) for woe, metric in zip(own, metrics, strict=True)
    ]
    return [*content["woe"][:n_regular], *fixed]


def _variable(content: Mapping[str, Any], scaling: Scaling, share: float) -> PeerVariable:
    _refuse_variable(content)
    coefficient = float(content["coefficient"])
    bins = [
        PeerBin(
            woe=float(woe),
            points=float(points),
            exact=share - scaling.factor * coefficient * float(woe),
            n_goods=float(goods),
            n_bads=float(bads),
            origin="own" if goods + bads and woe == own else "neutral" if woe == 0 else "forced",
        )
        for woe, own, points, goods, bads in zip(
            _effective_woe(content),
            *(content[key] for key in ("woe", "points", "n_goods", "n_bads")),
            strict=True,
        )
    ]
    codes = content["special_codes"] or {}
    n_regular = len(bins) - max(len(codes), 1) - 1
    is_numeric = content["dtype"] == "numerical"
    missing = bins[-1]
    return PeerVariable(
        name=str(content["name"]),
        kind="numeric" if is_numeric else "categorical",
        cuts=tuple(float(cut) for cut in content["splits"]) if is_numeric else (),
        groups=() if is_numeric else tuple(tuple(group) for group in content["groups"]),
        regular=tuple(bins[:n_regular]),
        missing=missing,
        special_codes=tuple(
            SpecialBin(label=str(k), codes=tuple(float(c) for c in v)) for k, v in codes.items() if is_numeric
        ),
        special=tuple(bins[n_regular:-1]) if codes and is_numeric else (),
        unseen=None if is_numeric else replace(missing, n_goods=0.0, n_bads=0.0, origin="forced"),
        coefficient=coefficient,
        neutral=share,
    )


def _refuse_variable(content: Mapping[str, Any]) -> None:
    """Refuse what has no equal here."""
    keys = ["name", "dtype", "special_codes", "metric", "metric_special", "metric_missing", "cat_unknown"]
    keys += ["coefficient", "n_goods", "n_bads", "woe", "points"]
    name, dtype, codes, metric, *_ = taken(content, keys, LIBRARY)
    if metric != "woe":
        raise refused(
            LIBRARY,
            f"variable {name!r} has the metric {metric!r}, to which the points of the table do not belong",
        )
    if content["cat_unknown"] is not None:
        raise refused(LIBRARY, f"variable {name!r} sets cat_unknown", hint="say it here by unseen=.")
    metrics = (content["metric_special"], content["metric_missing"])
    if not all(one == "empirical" or isinstance(one, int | float) for one in metrics):
        raise refused(
            LIBRARY, f"variable {name!r} has a metric for special codes or missing that is no number"
        )
    if dtype == "categorical":
        _refuse_categories(content)
    elif not all(_is_number(code) for group in (codes or {}).values() for code in group):
        raise refused(LIBRARY, f"variable {name!r} has special codes that are not finite numbers")


def _refuse_categories(content: Mapping[str, Any]) -> None:
    name = content["name"]
    if not all(isinstance(one, str) for group in content["groups"] for one in group):
        raise refused(LIBRARY, f"categories of variable {name!r} are not text", hint="fit it on text.")
    n_special = len(content["special_codes"] or [None])
    counts = [g + b for g, b in zip(content["n_goods"], content["n_bads"], strict=True)]
    if any(counts[-1 - n_special : -1]):
        raise refused(
            LIBRARY, f"categorical variable {name!r} has special codes", hint="make them categories."
        )


def _is_number(code: object) -> bool:
    return isinstance(code, int | float) and math.isfinite(code)


def _all_bins(variable: PeerVariable) -> tuple[PeerBin, ...]:
    return (*variable.regular, variable.missing, *variable.special)


def _lowered(variable: PeerVariable, low: float) -> PeerVariable:
    """Subtract what stands in the base; the peer's own points are lowered already."""

    def lowered(one: PeerBin) -> PeerBin:
        return replace(one, exact=one.exact - low)

    return replace(
        variable,
        regular=tuple(lowered(one) for one in variable.regular),
        missing=lowered(variable.missing),
        special=tuple(lowered(one) for one in variable.special),
        unseen=None if variable.unseen is None else lowered(variable.unseen),
        neutral=variable.neutral - low,
    )

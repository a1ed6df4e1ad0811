"""Cards of toad: ``toad.ScoreCard`` on a target where 1 is bad.

Its conventions, converted here: WoE is ln(share of bads / share of goods), so sign of WoE and coefficients turn; bins are
``[left, right)`` and odds good to bad, as here; ``rate`` times the odds cost ``pdo`` points, so a rate other than 2 becomes another
PDO. Its habits, and what the import makes of them:

* a missing number without a bin of its own (``empty_separate=False``) counts as -1 and falls into the bin that holds -1;
* missing text is the text 'nan' (of a NaN) or 'None' (of a None): it gets the bin of that text where there is one, else it was never
  seen; the import gives either the bin of whichever stands on the card;
* a category never seen gets the lowest points, or those of the group 'else';
* an infinite number falls into an outer bin without a word; the import refuses it, or what ``unseen`` says;
* a saved card keeps bins and points but neither WoE nor scale (its issue 110), and loads with the default scale without a word;
  the import then asks for the scale.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

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

LIBRARY = "toad"
_MISSING_NUMBER = -1.0
_MISSING_TEXTS = ("nan", "None")
_ELSE = "else"


def from_toad(card: Any, *, scaling: Scaling | None = None, unseen: UnseenPolicy = "peer") -> ScorecardSpec:
    """Import a ``toad.ScoreCard``.

    Its points are not whole: they are rounded here, and ``exact_points`` holds its own. It keeps no counts, so the card has none and
    reasons against the mean are refused.

    Parameters
    ----------
    card : toad.ScoreCard or dict
        The fitted object, one loaded from a saved card, or what :func:`toad_content` read from one.
    scaling : Scaling, optional
        Needed for a card that was saved and loaded; for a fitted one it must stay out.
    unseen : {'peer', 'neutral', 'worst', 'error'}
        What values never seen get; 'peer': categories get the lowest points or those of 'else', infinite numbers are refused.

    Raises
    ------
    SpecificationError
        A loaded card without ``scaling``, a fitted one with it, missing text in two groups, categories that are not text, or a
        PDO or rate that is not a scale (``CR-CRD-040``, ``CR-CRD-001``).

    Notes
    -----
    Of a loaded card neither WoE nor coefficients are known: ``card_woe`` then holds the points in units of log odds, above the
    variable's share of the offset, and 'neutral' has no meaning but that.

    Examples
    --------
    >>> rule = {"bins": [26.0], "woes": [0.9, -0.9], "weight": 1.0, "scores": [574.0, 626.0]}
    >>> content = {
    ...     "library": "toad", "version": "0.1.7", "pdo": 20.0, "rate": 2.0, "base_odds": 50.0, "base_score": 600.0,
    ...     "intercept": -3.9, "rules": {"age": rule},
    ... }
    >>> spec = from_toad(content)
    >>> spec.binning.variables[0].woe[:2], spec.coefficients, spec.binning.variables[0].origins
    ((-0.9, 0.9), (-1.0,), ('own', 'own', 'bin 0', 'error'))
    """
    content = card if isinstance(card, Mapping) else toad_content(card)
    intercept, rules, version = taken(content, ["intercept", "rules", "version"], LIBRARY)
    if not rules:
        raise refused(LIBRARY, "the card has no variable")
    is_fitted = intercept is not None
    used = _scaling(content, scaling, is_fitted=is_fitted)
    log_odds = float(intercept) if is_fitted else 0.0
    share = (used.offset - used.factor * log_odds) / len(rules)
    read = tuple(_variable(name, rule, used.factor, share) for name, rule in rules.items())
    notes = () if is_fitted else ("points in units of log odds stand for WoE: the saved card keeps none",)
    return to_spec(
        PeerCard(
            library=LIBRARY,
            version=str(version),
            variables=read,
            scaling=used,
            intercept=log_odds,
            notes=notes,
        ),
        unseen,
    )


def toad_content(card: Any) -> dict[str, Any]:
    """Read what the import needs from a ``toad.ScoreCard``, as plain JSON values; None stands for what a loaded card lost.

    Raises
    ------
    SpecificationError
        It is no ``toad.ScoreCard`` (``CR-CRD-040``).
    """
    if not hasattr(card, "rules") or not hasattr(card, "pdo"):
        raise refused(LIBRARY, f"a {type(card).__name__} is no toad.ScoreCard")
    is_fitted = hasattr(card.model, "coef_")
    scale = {key: float(getattr(card, key)) for key in ("pdo", "rate", "base_odds", "base_score")}
    return {
        "library": LIBRARY,
        "version": installed_version(LIBRARY),
        **(scale if is_fitted else dict.fromkeys(scale)),
        "intercept": float(card.intercept_) if is_fitted else None,
        "rules": {str(name): _rule_content(rule) for name, rule in card.rules.items()},
    }


def _rule_content(rule: Mapping[str, Any]) -> dict[str, Any]:
    bins = [
        one
        if isinstance(one, str)
        else [str(part) for part in one]
        if hasattr(one, "__len__")
        else float(one)
        for one in rule["bins"]
    ]
    return {
        "bins": [None if isinstance(one, float) and math.isnan(one) else one for one in bins],
        "woes": [float(woe) for woe in rule["woes"]] if "woes" in rule else None,
        "weight": float(rule["weight"]) if "weight" in rule else None,
        "scores": [float(score) for score in rule["scores"]],
    }


def _scaling(content: Mapping[str, Any], given: Scaling | None, *, is_fitted: bool) -> Scaling:
    if not is_fitted:
        if given is None:
            raise refused(
                LIBRARY,
                "it was saved and loaded, and a saved card does not hold its pdo, rate and odds",
                hint="give scaling=Scaling(pdo=..., base_score=..., base_odds=...) as the card was fitted.",
            )
        return given
    if given is not None:
        raise refused(LIBRARY, "a fitted card holds its scale", hint="leave scaling out.")
    pdo, rate, odds, score = taken(content, ["pdo", "rate", "base_odds", "base_score"], LIBRARY)
    if not rate > 1:
        raise refused(LIBRARY, f"its rate is {rate!r}, and a scale needs one above 1")
    return Scaling(pdo=pdo / math.log2(rate), base_score=score, base_odds=odds)


def _variable(name: str, rule: Mapping[str, Any], factor: float, share: float) -> PeerVariable:
    bins, woes, weight, scores = taken(rule, ["bins", "woes", "weight", "scores"], LIBRARY)
    regular = tuple(
        PeerBin(
            woe=-float(woes[at]) if woes is not None else (score - share) / factor,
            points=float(score),
            exact=float(score),
        )
        for at, score in enumerate(scores)
    )
    coefficient = -1.0 if weight is None else -float(weight)
    is_categorical = any(isinstance(one, str | Sequence) for one in bins)
    read = _categorical if is_categorical else _numeric
    return replace(read(name, bins, regular), coefficient=coefficient, neutral=share)


def _numeric(name: str, bins: Sequence[float | None], regular: tuple[PeerBin, ...]) -> PeerVariable:
    cuts = tuple(float(cut) for cut in bins if cut is not None)
    if len(cuts) < len(bins):
        own, missing = regular[:-1], regular[-1]
    else:
        own, at = regular, bisect_right(cuts, _MISSING_NUMBER)
        missing = replace(regular[at], origin=f"bin {at}")
    return PeerVariable(name=name, cuts=cuts, regular=own, missing=missing)


def _categorical(name: str, bins: Sequence[Any], regular: tuple[PeerBin, ...]) -> PeerVariable:
    groups = tuple(() if group == _ELSE else tuple(group) for group in bins)
    if not all(isinstance(one, str) for group in groups for one in group):
        raise refused(LIBRARY, f"categories of variable {name!r} are not text", hint="fit it on text.")
    worst = replace(min(regular, key=lambda one: one.exact), origin="worst")
    rest = [replace(regular[at], origin=f"bin {at}") for at, group in enumerate(bins) if group == _ELSE]
    unseen = rest[0] if rest else worst
    homes = {at for at, group in enumerate(groups) for text in _MISSING_TEXTS if text in group}
    if len(homes) > 1:
        raise refused(
            LIBRARY, f"missing text of variable {name!r} stands in two groups, as 'nan' and as 'None'"
        )
    missing = [replace(regular[at], origin=f"bin {at}") for at in homes] or [unseen]
    return PeerVariable(
        name=name, kind="categorical", groups=groups, regular=regular, missing=missing[0], unseen=unseen
    )

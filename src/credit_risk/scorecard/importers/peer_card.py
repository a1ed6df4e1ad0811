"""What an importer reads of another library's card, already in this library's conventions, and how it becomes a spec.

Whole points stay as they are. Points that are not whole are rounded half-up, and the base is corrected by the mean rounding error
where the counts of the sample are known, as in a fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from credit_risk.binning.manual import trend_of
from credit_risk.binning.spec import BinningSpec, SpecialBin, VariableBins
from credit_risk.errors import SpecificationError
from credit_risk.scorecard.points import round_half_up, spread_whole
from credit_risk.scorecard.selection.wording import because
from credit_risk.scorecard.spec import RoundingReport, ScorecardSpec, SelectionRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_risk.binning.spec import VariableKind
    from credit_risk.scorecard.scaling import Scaling

UnseenPolicy = Literal["peer", "neutral", "worst", "error"]
"""What an imported card gives a value never seen: what the peer gives (infinite numbers, which peers put into the outer bins,
are then refused), a WoE of 0, the lowest points, or refusal. It is flagged in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerBin:
    """One bin: WoE (higher is safer), the peer's points, and the same before the peer rounded them."""

    woe: float
    points: float
    exact: float
    n_goods: float = 0.0
    n_bads: float = 0.0
    origin: str = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerVariable:
    """The bins of one variable; ``neutral`` is what a WoE of 0 earns, before rounding."""

    name: str
    kind: VariableKind = "numeric"
    cuts: tuple[float, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    regular: tuple[PeerBin, ...]
    missing: PeerBin
    special_codes: tuple[SpecialBin, ...] = ()
    special: tuple[PeerBin, ...] = ()
    unseen: PeerBin | None = None
    coefficient: float = 0.0
    neutral: float = 0.0

    def zero(self) -> PeerBin:
        """Return a bin with a WoE of 0."""
        return PeerBin(
            woe=0.0, points=float(round_half_up(self.neutral)), exact=self.neutral, origin="neutral"
        )

    def bins(self, policy: UnseenPolicy) -> tuple[PeerBin, ...]:
        """Return regular bins, missing, special codes, unseen."""
        known = (*self.regular, self.missing, *self.special)
        return (*known, self._unseen(policy, known))

    def _unseen(self, policy: UnseenPolicy, known: Sequence[PeerBin]) -> PeerBin:
        if policy == "neutral":
            return self.zero()
        if policy == "peer" and self.unseen is not None:
            return self.unseen
        worst = min(known, key=lambda one: one.exact)
        return replace(worst, n_goods=0.0, n_bads=0.0, origin="worst" if policy == "worst" else "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCard:
    """A whole card; ``base`` is what every row earns besides, ``exact_base`` the same before the peer rounded it."""

    library: str
    version: str
    variables: tuple[PeerVariable, ...]
    scaling: Scaling
    intercept: float
    base: float = 0.0
    exact_base: float = 0.0
    notes: tuple[str, ...] = ()


def to_spec(card: PeerCard, unseen: UnseenPolicy) -> ScorecardSpec:
    """Return the card as a spec of this library.

    Raises
    ------
    SpecificationError
        Unknown policy, or no variable (``CR-CRD-040``).
    """
    if unseen not in {"peer", "neutral", "worst", "error"}:
        raise refused(card.library, f"unseen must be 'peer', 'neutral', 'worst' or 'error'. Got {unseen!r}")
    if not card.variables:
        raise refused(card.library, "the card has no variable")
    bins = [variable.bins(unseen) for variable in card.variables]
    variables = tuple(_variable_bins(v, b) for v, b in zip(card.variables, bins, strict=True))
    points, starts = _whole_points(card, bins)
    share = card.exact_base / len(bins)
    exact = tuple(tuple(one.exact + share for one in row) for row in bins)
    return ScorecardSpec(
        feature_names=tuple(variable.name for variable in card.variables),
        binning=BinningSpec(
            variables=variables,
            total_goods=max(sum(one.n_goods for one in row) for row in bins),
            total_bads=max(sum(one.n_bads for one in row) for row in bins),
            settings={"imported_from": card.library},
        ),
        card_woe=tuple(tuple(one.woe for one in row) for row in bins),
        coefficients=tuple(variable.coefficient for variable in card.variables),
        standard_errors=(),
        p_values=(),
        intercept=card.intercept,
        intercept_standard_error=None,
        scaling=card.scaling,
        points=points,
        exact_points=exact,
        neutral_points=tuple(starts),
        rounding=_rounding(card.scaling, points, exact, bins),
        information_values=tuple(variable.information_value for variable in variables),
        selection=tuple(_kept(v, card.library) for v in variables),
        settings={
            "imported_from": card.library,
            "version": card.version,
            "unseen": unseen,
            "notes": list(card.notes),
        },
    )


def refused(library: str, why: str, *, hint: str = "") -> SpecificationError:
    """Build the error for a card that cannot be this library's."""
    text = f"This card of {library} cannot be imported: {why}."
    return SpecificationError(f"{text} Hint: {hint}" if hint else text, code="CR-CRD-040")


def taken(content: Mapping[str, Any], keys: Sequence[str], library: str) -> list[Any]:
    """Return the values of several keys.

    Raises
    ------
    SpecificationError
        Some are absent (``CR-CRD-040``).
    """
    absent = [key for key in keys if key not in content]
    if absent:
        raise refused(library, f"it lacks {absent}")
    return [content[key] for key in keys]


def installed_version(library: str) -> str:
    """Return the version of the library that is installed here, where the live object lives, or 'unknown'."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"


def _variable_bins(variable: PeerVariable, bins: Sequence[PeerBin]) -> VariableBins:
    regular = np.array([one.woe for one in variable.regular])
    trend = trend_of(np.array([np.exp(regular), np.ones(len(regular))]))
    goods, bads = tuple(one.n_goods for one in bins), tuple(one.n_bads for one in bins)
    return VariableBins(
        name=variable.name,
        kind=variable.kind,
        cuts=variable.cuts,
        groups=variable.groups,
        specials=variable.special_codes,
        n_goods=goods,
        n_bads=bads,
        n_rows=tuple(round(g + b) for g, b in zip(goods, bads, strict=True)),
        woe=tuple(one.woe for one in bins),
        origins=tuple(one.origin for one in bins),
        trend=trend if variable.kind == "numeric" or trend == "single" else "none",
        information_value=_information_value(bins),
    )


def _information_value(bins: Sequence[PeerBin]) -> float:
    """Return the information value by the peer's WoE; 0 where the peer keeps no counts."""
    goods, bads = sum(one.n_goods for one in bins), sum(one.n_bads for one in bins)
    if not goods or not bads:
        return 0.0
    return float(sum((one.n_goods / goods - one.n_bads / bads) * one.woe for one in bins))


def _whole_points(
    card: PeerCard, bins: Sequence[Sequence[PeerBin]]
) -> tuple[tuple[tuple[int, ...], ...], list[int]]:
    """Return whole points per variable and bin, and what a WoE of 0 earns in each variable."""
    neutrals = [variable.neutral for variable in card.variables]
    is_whole = all(one.points.is_integer() for row in bins for one in row) and card.base.is_integer()
    if is_whole:
        starts = spread_whole(int(card.base), len(bins))
        whole = [[int(one.points) for one in row] for row in bins]
        zeros = [round_half_up(neutral) for neutral in neutrals]
    else:
        whole = [[round_half_up(one.exact - n) for one in row] for row, n in zip(bins, neutrals, strict=True)]
        gaps = [
            [one.exact - n - w for one, w in zip(row, rounded, strict=True)]
            for row, n, rounded in zip(bins, neutrals, whole, strict=True)
        ]
        starts = spread_whole(round_half_up(sum(neutrals) + card.exact_base + _mean(gaps, bins)), len(bins))
        zeros = [0] * len(bins)
    points = tuple(tuple(value + start for value in row) for row, start in zip(whole, starts, strict=True))
    return points, [zero + start for zero, start in zip(zeros, starts, strict=True)]


def _mean(values: Sequence[Sequence[float]], bins: Sequence[Sequence[PeerBin]]) -> float:
    """Return the mean over the sample of a sum of per-bin values; 0 where the peer keeps no counts."""
    total = 0.0
    for row, own in zip(values, bins, strict=True):
        weights = [one.n_goods + one.n_bads for one in own]
        if sum(weights):
            total += sum(w * value for w, value in zip(weights, row, strict=True)) / sum(weights)
    return total


def _rounding(
    scaling: Scaling,
    points: Sequence[Sequence[int]],
    exact: Sequence[Sequence[float]],
    bins: Sequence[Sequence[PeerBin]],
) -> RoundingReport:
    """Report what rounding can do at most: the rows of the sample are not at hand. A PD moves by a quarter of the log odds."""
    gaps = [[p - e for p, e in zip(*rows, strict=True)] for rows in zip(points, exact, strict=True)]
    bound = max(sum(max(row) for row in gaps), -sum(min(row) for row in gaps))
    return RoundingReport(
        max_points=bound,
        mean_points=_mean(gaps, bins),
        max_pd=min(1.0, bound / (4.0 * scaling.factor)),
        bound_points=bound,
    )


def _kept(variable: VariableBins, library: str) -> SelectionRecord:
    return SelectionRecord(
        name=variable.name,
        is_kept=True,
        step="kept",
        reason=because("imported", library=library),
        information_value=variable.information_value,
    )

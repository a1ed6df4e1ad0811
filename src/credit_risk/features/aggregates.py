"""Every aggregate as a quotient of two whole numbers, or the root of one.

A formula takes whole-number primitives (counts, sums, sums of squares, extremes) and gives numerator and denominator; a
denominator of 0 means missing. Formulas use ``+ - *`` only, so the same one serves the real-time compiler (Python
integers) and the batch compiler (:class:`~credit_risk.numerics.exact_integers.ExactIntegers`).

Primitives are asked for by token, see :data:`TOKENS`.

Reading order: :class:`Aggregate`, the formulas, :data:`AGGREGATES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_risk.numerics.exact_integers import minimum, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_risk.features.custom.aggregate import CustomAggregate

#: token -> (kind of primitive, whose subject, which measure, which window).
#: Subjects: 'own', 'base' (what a share is taken of) or 'all' records; measures: 'own', 'over' (the denominator), or by name;
#: windows: 'own', 'against', 'history'.
TOKENS: dict[str, tuple[str, str, str, str]] = {
    "n": ("n", "own", "own", "own"),
    "s": ("s", "own", "own", "own"),
    "q": ("q", "own", "own", "own"),
    "t": ("t", "own", "own", "own"),
    "tt": ("tt", "own", "own", "own"),
    "tx": ("tx", "own", "own", "own"),
    "min": ("min", "own", "own", "own"),
    "max": ("max", "own", "own", "own"),
    "last": ("last", "own", "own", "history"),
    "distinct": ("distinct", "own", "own", "own"),
    "lead": ("lead", "own", "records", "history"),
    "longest": ("longest", "own", "records", "own"),
    "youngest": ("min", "own", "age_days", "own"),
    "oldest": ("max", "own", "age_days", "own"),
    "p10": ("p10", "own", "own", "own"),
    "p25": ("p25", "own", "own", "own"),
    "p50": ("p50", "own", "own", "own"),
    "p75": ("p75", "own", "own", "own"),
    "p90": ("p90", "own", "own", "own"),
    "against_n": ("n", "own", "own", "against"),
    "against_s": ("s", "own", "own", "against"),
    "over_s": ("s", "own", "over", "own"),
    "gaps_squared": ("gap_squares", "own", "records", "own"),
    "widest_gap": ("gap_max", "own", "records", "own"),
    "active": ("distinct", "own", "age_days", "own"),
    "weight": ("weight", "own", "own", "own"),
    "squares": ("squares", "own", "own", "own"),
    "heaviest": ("heaviest", "own", "own", "own"),
    "entropy": ("entropy", "own", "own", "own"),
    "base": ("n", "base", "records", "own"),
    "base_s": ("s", "base", "own", "own"),
    "against_base": ("n", "base", "records", "against"),
    "history": ("n", "all", "records", "history"),
    "value": ("value", "own", "own", "history"),
    "has_value": ("has_value", "own", "own", "history"),
}

#: Kinds computed from the totals of each value of a column ('by'), see ``group_totals``.
GROUPED = ("weight", "squares", "heaviest", "entropy")
#: Kinds that are the two order statistics around a quantile.
PERCENTS = {f"p{percent}": percent for percent in (10, 25, 50, 75, 90)}
#: Entropy is carried in units of 10**-12 nats.
ENTROPY_UNIT = 10**12

Quotient = tuple[Any, Any]
#: Aggregates of a user's own, by name: see ``custom``. Their kind of primitive is ``custom <name>``.
CUSTOM: dict[str, CustomAggregate] = {}


def custom_of(kind: str) -> CustomAggregate | None:
    """Return the custom aggregate that a kind of primitive belongs to, if any."""
    return CUSTOM.get(kind.removeprefix("custom ")) if kind.startswith("custom ") else None


def is_paired(kind: str) -> bool:
    """Return whether a primitive is two numbers: the neighbours of a quantile, or a custom quotient.

    Examples
    --------
    >>> [is_paired(kind) for kind in ("p50", "n")]
    [True, False]
    """
    return kind in PERCENTS or kind.startswith("custom ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One way to turn records into a number.

    Attributes
    ----------
    needs : tuple of str
        Tokens of the primitives, in the order the formula takes them.
    formula : callable
        ``(primitives, unit, over_unit) -> (numerator, denominator)``; units are ``10**scale``.
    is_root : bool
        Whether the feature is the square root of the quotient.
    needs_scale : bool
        Whether values are added, so that a code (a word out of a list) cannot feed it.
    on_records : bool
        Whether it counts records and takes no measure.
    two_windows, takes_over, takes_by, takes_base : bool
        Whether it compares a window with a longer one; divides by a second measure; splits records by the values of a column;
        may be taken of a subject's records instead of all.
    joins : bool
        Whether it takes two features (of any sources) in place of records; its formula takes their quotients.
    meaning : str
        For the catalogue page.
    """

    needs: tuple[str, ...]
    formula: Callable[[list[Any], int, int], Quotient]
    is_root: bool = False
    needs_scale: bool = True
    on_records: bool = False
    two_windows: bool = False
    takes_over: bool = False
    takes_by: bool = False
    takes_base: bool = False
    joins: bool = False
    meaning: str


def _count(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, history = p
    return n, present(history)


def _share(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, base = p
    return n, base


def _sum(p: list[Any], unit: int, over_unit: int) -> Quotient:
    s, history = p
    return s, present(history) * unit


def _mean(p: list[Any], unit: int, over_unit: int) -> Quotient:
    s, n = p
    return s, n * unit


def _single(p: list[Any], unit: int, over_unit: int) -> Quotient:
    value, n = p
    return value, present(n) * unit


def _range(p: list[Any], unit: int, over_unit: int) -> Quotient:
    low, high, n = p
    return high - low, present(n) * unit


def _variance(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, s, q = p
    return n * q - s * s, n * (n - 1) * (unit * unit)


def _squared_variation(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, s, q = p
    return (n * q - s * s) * n, (n - 1) * (s * s)


def _slope(p: list[Any], unit: int, over_unit: int) -> Quotient:
    """Least squares on age: ``t`` counts days backwards, hence the sign; per 30 days."""
    n, s, t, tt, tx = p
    return (t * s - n * tx) * 30, (n * tt - t * t) * unit


def _plain(p: list[Any], unit: int, over_unit: int) -> Quotient:
    value, history = p
    return value, present(history)


def _streak(p: list[Any], unit: int, over_unit: int) -> Quotient:
    lead, base, history = p
    return minimum(lead, base), present(history)


def _since(p: list[Any], unit: int, over_unit: int) -> Quotient:
    age, n = p
    return age, present(n)


def _sum_ratio(p: list[Any], unit: int, over_unit: int) -> Quotient:
    s, over = p
    return s * over_unit, over * present(over) * unit


def _mean_change(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, s, all_n, all_s = p
    earlier_n, earlier_s = all_n - n, all_s - s
    return s * earlier_n - earlier_s * n, n * earlier_n * unit


def _mean_ratio(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, s, all_n, all_s = p
    earlier_n, earlier_s = all_n - n, all_s - s
    return s * earlier_n, n * earlier_s * present(earlier_s)


def _part(p: list[Any], unit: int, over_unit: int) -> Quotient:
    part, whole = p
    return part, whole * present(whole)


def _share_change(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, base, all_n, all_base = p
    earlier_n, earlier_base = all_n - n, all_base - base
    return n * earlier_base - earlier_n * base, base * earlier_base


def _mean_gap(p: list[Any], unit: int, over_unit: int) -> Quotient:
    youngest, oldest, n = p
    return oldest - youngest, (n - 1) * present(n)


def _span(p: list[Any], unit: int, over_unit: int) -> Quotient:
    youngest, oldest, n = p
    return oldest - youngest, present(n)


def _widest_gap(p: list[Any], unit: int, over_unit: int) -> Quotient:
    gap, n = p
    return gap, present(n - 1)


def _squared_gap_variation(p: list[Any], unit: int, over_unit: int) -> Quotient:
    """Gaps add up to the days between the first record and the last, so their mean needs no sum of its own."""
    youngest, oldest, squares, n = p
    gaps, total = n - 1, oldest - youngest
    return (gaps * squares - total * total) * gaps, (gaps - 1) * (total * total)


def _frequency(p: list[Any], unit: int, over_unit: int) -> Quotient:
    n, oldest = p
    return n * 30, (oldest + 1) * present(n)


def _concentration(p: list[Any], unit: int, over_unit: int) -> Quotient:
    squares, weight = p
    return squares, weight * weight


def _entropy(p: list[Any], unit: int, over_unit: int) -> Quotient:
    entropy, weight = p
    return entropy, present(weight) * ENTROPY_UNIT


def _ratio(p: list[Any], unit: int, over_unit: int) -> Quotient:
    top, bottom, over_top, over_bottom = p
    return top * over_bottom, bottom * over_top * (present(over_top) * present(over_bottom))


def _difference(p: list[Any], unit: int, over_unit: int) -> Quotient:
    top, bottom, over_top, over_bottom = p
    return top * over_bottom - over_top * bottom, bottom * over_bottom


def _quantile(percent: int) -> Callable[[list[Any], int, int], Quotient]:
    """Linear interpolation between order statistics (Hyndman and Fan's type 7), exactly."""

    def formula(p: list[Any], unit: int, over_unit: int) -> Quotient:
        (low, high), n = p
        part = ((n - 1) * percent) % 100
        return low * (part * -1 + 100) + high * part, present(n) * (100 * unit)

    return formula


def _percentile(percent: int, words: str) -> Aggregate:
    return Aggregate(needs=(f"p{percent}", "n"), formula=_quantile(percent), meaning=words)


AGGREGATES: dict[str, Aggregate] = {
    "count": Aggregate(
        needs=("n", "history"),
        formula=_count,
        needs_scale=False,
        meaning="number of records that have the measure",
    ),
    "share": Aggregate(
        needs=("n", "base"),
        formula=_share,
        on_records=True,
        takes_base=True,
        meaning="share of the window's records",
    ),
    "sum_share": Aggregate(
        needs=("s", "base_s"), formula=_part, takes_base=True, meaning="share of the window's sum"
    ),
    "sum": Aggregate(needs=("s", "history"), formula=_sum, meaning="sum"),
    "mean": Aggregate(needs=("s", "n"), formula=_mean, meaning="mean"),
    "min": Aggregate(needs=("min", "n"), formula=_single, meaning="smallest value"),
    "max": Aggregate(needs=("max", "n"), formula=_single, meaning="largest value"),
    "range": Aggregate(
        needs=("min", "max", "n"), formula=_range, meaning="largest value less smallest value"
    ),
    "last": Aggregate(needs=("last", "n"), formula=_single, needs_scale=False, meaning="most recent value"),
    "std": Aggregate(
        needs=("n", "s", "q"), formula=_variance, is_root=True, meaning="standard deviation (n - 1)"
    ),
    "cv": Aggregate(
        needs=("n", "s", "q"),
        formula=_squared_variation,
        is_root=True,
        meaning="standard deviation over the mean's magnitude",
    ),
    "slope": Aggregate(
        needs=("n", "s", "t", "tt", "tx"), formula=_slope, meaning="least-squares trend per 30 days"
    ),
    "distinct": Aggregate(
        needs=("distinct", "history"),
        formula=_plain,
        needs_scale=False,
        meaning="number of different values",
    ),
    "current_streak": Aggregate(
        needs=("lead", "base", "history"),
        formula=_streak,
        on_records=True,
        meaning="records in a row, counted back from the most recent",
    ),
    "longest_streak": Aggregate(
        needs=("longest", "history"), formula=_plain, on_records=True, meaning="most records in a row"
    ),
    "days_since_last": Aggregate(
        needs=("youngest", "n"), formula=_since, on_records=True, meaning="days since the most recent"
    ),
    "days_since_first": Aggregate(
        needs=("oldest", "n"), formula=_since, on_records=True, meaning="days since the earliest"
    ),
    "sum_ratio": Aggregate(
        needs=("s", "over_s"), formula=_sum_ratio, takes_over=True, meaning="sum over sum"
    ),
    "mean_change": Aggregate(
        needs=("n", "s", "against_n", "against_s"),
        formula=_mean_change,
        two_windows=True,
        meaning="recent mean less earlier mean",
    ),
    "mean_ratio": Aggregate(
        needs=("n", "s", "against_n", "against_s"),
        formula=_mean_ratio,
        two_windows=True,
        meaning="recent mean over earlier mean",
    ),
    "share_change": Aggregate(
        needs=("n", "base", "against_n", "against_base"),
        formula=_share_change,
        on_records=True,
        two_windows=True,
        takes_base=True,
        meaning="recent share less earlier share",
    ),
    "recent_share": Aggregate(
        needs=("n", "against_n"),
        formula=_part,
        on_records=True,
        two_windows=True,
        meaning="share of the records that are recent",
    ),
    "recent_sum_share": Aggregate(
        needs=("s", "against_s"), formula=_part, two_windows=True, meaning="share of the sum that is recent"
    ),
    "active_days": Aggregate(
        needs=("active", "history"), formula=_plain, on_records=True, meaning="number of days with a record"
    ),
    "per_active_day": Aggregate(
        needs=("n", "active"), formula=_part, on_records=True, meaning="records per day with a record"
    ),
    "frequency": Aggregate(
        needs=("n", "oldest"),
        formula=_frequency,
        on_records=True,
        meaning="records per 30 days since the earliest",
    ),
    "span_days": Aggregate(
        needs=("youngest", "oldest", "n"),
        formula=_span,
        on_records=True,
        meaning="days from the earliest to the most recent",
    ),
    "mean_gap": Aggregate(
        needs=("youngest", "oldest", "n"),
        formula=_mean_gap,
        on_records=True,
        meaning="mean number of days between a record and the next",
    ),
    "longest_gap": Aggregate(
        needs=("widest_gap", "n"),
        formula=_widest_gap,
        on_records=True,
        meaning="most days between a record and the next",
    ),
    "gap_cv": Aggregate(
        needs=("youngest", "oldest", "gaps_squared", "n"),
        formula=_squared_gap_variation,
        is_root=True,
        on_records=True,
        meaning="standard deviation of the days between records over their mean (0 = perfectly regular)",
    ),
    "entropy": Aggregate(
        needs=("entropy", "weight"),
        formula=_entropy,
        takes_by=True,
        meaning="entropy in nats over the values (0 = one value only)",
    ),
    "hhi": Aggregate(
        needs=("squares", "weight"),
        formula=_concentration,
        takes_by=True,
        meaning="concentration (Herfindahl-Hirschman) over the values (1 = one value only)",
    ),
    "top_share": Aggregate(
        needs=("heaviest", "weight"), formula=_part, takes_by=True, meaning="share of the largest value"
    ),
    "p10": _percentile(10, "10th percentile"),
    "p25": _percentile(25, "lower quartile"),
    "median": _percentile(50, "median"),
    "p75": _percentile(75, "upper quartile"),
    "p90": _percentile(90, "90th percentile"),
    "value": Aggregate(
        needs=("value", "has_value"), formula=_single, needs_scale=False, meaning="the application's field"
    ),
    "ratio": Aggregate(
        needs=(),
        formula=_ratio,
        joins=True,
        meaning="one feature over another (missing unless that is above 0)",
    ),
    "difference": Aggregate(needs=(), formula=_difference, joins=True, meaning="one feature less another"),
}

"""Records a backend hands in: JSON-like rows to the same scaled whole numbers that files give.

Every refusal is a :class:`~credit_risk.errors.ScoringError` that names source, field, rule and count, never a value.

Reading order: :func:`normalize_attributes`, :func:`normalize_records`.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.errors import MissingFeatureError, ScoringError
from credit_risk.sources.calendar import DAY_US, EARLIEST_US, LATEST_US, moment_of_date, written_moment
from credit_risk.sources.iso_times import iso_moments
from credit_risk.sources.normalization import (
    ScaledColumn,
    Violation,
    normalize_codes,
    normalize_numbers,
    plain_scaler,
    scale_few,
    scale_plain,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from credit_risk.sources.contract import ApplicationContract, ColumnContract, RecordContract, TimeRule

_FIRST_ORDINAL = date(1970, 1, 1).toordinal()
#: Most records of one source that a request may bring; longer histories are for the batch.
LONGEST_HISTORY = 200_000
#: Up to this many values, plain Python is quicker than numpy.
FEW = 24
_PLAIN_NUMBERS = ({int}, {float}, {int, float})
_PLAIN_OR_MISSING = frozenset({int, float, type(None)})
_WORDS = frozenset({str, type(None)})


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedRecords:
    """One customer's records of one source, in the order given.

    Attributes
    ----------
    event_time_us, known_at_us : list of int, length n
        UTC microseconds.
    columns : dict of str to list
        Scaled whole numbers, None where missing.
    """

    event_time_us: list[int]
    known_at_us: list[int]
    columns: dict[str, list[int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordArrays:
    """The same as :class:`NormalizedRecords`, in arrays: for long histories.

    Attributes
    ----------
    event_time_us, known_at_us : ndarray of int64, shape (n,)
        UTC microseconds.
    columns : dict of str to ScaledColumn
        Scaled whole numbers and where they are missing.
    """

    event_time_us: NDArray[np.int64]
    known_at_us: NDArray[np.int64]
    columns: dict[str, ScaledColumn]

    def to_lists(self) -> NormalizedRecords:
        """Return Python integers."""
        return NormalizedRecords(
            event_time_us=self.event_time_us.tolist(),
            known_at_us=self.known_at_us.tolist(),
            columns={name: column.to_list() for name, column in self.columns.items()},
        )


def normalize_attributes(
    attributes: Mapping[str, object], contract: ApplicationContract
) -> dict[str, int | None]:
    """Check and scale the fields of one application form; fields outside the contract are not read.

    Raises
    ------
    MissingFeatureError
        A field is absent (``CR-SRC-021``); a field without value must be an explicit null.
    ScoringError
        Wrong type (``CR-SRC-020``) or another broken rule (``CR-SRC-022``).
    """
    scaled: dict[str, int | None] = {}
    for column in contract.attributes:
        if column.name not in attributes:
            raise _absent(contract.name, column.name, 1, 1)
        scaled[column.name] = _scale([attributes[column.name]], column, contract.name)[0]
    return scaled


def normalize_records(
    rows: Sequence[Mapping[str, object]], contract: RecordContract, timezone: str
) -> NormalizedRecords:
    """Check and scale one customer's records of one source.

    Raises
    ------
    MissingFeatureError
        A field is absent from some records (``CR-SRC-021``).
    ScoringError
        Wrong type (``CR-SRC-020``), broken rule (``CR-SRC-022``), the same key twice (``CR-SRC-024``).
    """
    raw = _fields(rows, contract)
    event_time_us = _moments(raw[contract.event_time.column], contract.event_time, timezone, contract.name)
    if contract.known_at == contract.event_time:
        known_at_us = event_time_us
    else:
        known_at_us = _moments(raw[contract.known_at.column], contract.known_at, timezone, contract.name)
    columns = {column.name: _scale(raw[column.name], column, contract.name) for column in contract.measures}
    # compared as read, not as written: '2005-09-01' and '20050901' are one month
    _check_unique({**raw, **columns, contract.event_time.column: event_time_us}, contract)
    return NormalizedRecords(event_time_us=event_time_us, known_at_us=known_at_us, columns=columns)


def normalize_record_arrays(
    rows: Sequence[Mapping[str, object]], contract: RecordContract, timezone: str
) -> RecordArrays:
    """Do what :func:`normalize_records` does, with the same refusals, in arrays: quicker for a long history."""
    return RecordReader(contract)(rows, timezone)


class RecordReader:
    """:func:`normalize_record_arrays` for one source: what the contract says is looked up once.

    Parameters
    ----------
    contract : RecordContract
        What the records promise.
    """

    def __init__(self, contract: RecordContract) -> None:
        self._contract = contract
        self._names = _names(contract)
        self._pick = itemgetter(*self._names)
        self._pick_with_owner = itemgetter(*self._names, contract.customer_key)
        self._columns = tuple((column, plain_scaler(column)) for column in contract.measures)

    def __call__(
        self, rows: Sequence[Mapping[str, object]], timezone: str, customer_id: str | None = None
    ) -> RecordArrays:
        """Return the records in arrays; raises as :func:`check_person` (if a customer is given) and :func:`normalize_records` do."""
        contract = self._contract
        raw = self._fields(rows, customer_id)
        event_time_us, known_at_us = _moment_arrays(raw, contract, timezone)
        columns = {}
        for column, scaler in self._columns:
            values = raw[column.name]
            columns[column.name] = scaler(values) or _scale_array(list(values), column, contract.name)
        if contract.unique_key:
            compared: dict[str, Sequence[Any]] = {**raw}
            for name in contract.unique_key:
                if name == contract.event_time.column:
                    compared[name] = event_time_us.tolist()
                elif name in columns:
                    compared[name] = columns[name].to_list()
            _check_unique(compared, contract)
        return RecordArrays(event_time_us=event_time_us, known_at_us=known_at_us, columns=columns)

    def _fields(
        self, rows: Sequence[Mapping[str, object]], customer_id: str | None
    ) -> Mapping[str, Sequence[Any]]:
        names = self._names
        if FEW < len(rows) <= LONGEST_HISTORY and len(names) > 1:
            try:  # one pass over the records, whose fields lie close together
                if customer_id is None:
                    return dict(zip(names, zip(*map(self._pick, rows), strict=True), strict=True))
                *fields, owners = zip(*map(self._pick_with_owner, rows), strict=True)
                if owners.count(customer_id) != len(owners):
                    check_person(rows, self._contract, customer_id)
                return dict(zip(names, fields, strict=True))
            except (KeyError, TypeError, IndexError):
                pass  # said field by field
        if customer_id is not None:
            check_person(rows, self._contract, customer_id)
        return _fields(rows, self._contract)


def check_person(rows: Sequence[Mapping[str, object]], contract: RecordContract, customer_id: str) -> None:
    """Refuse records that say they belong to somebody else; records without the customer's key are taken as theirs.

    Raises
    ------
    ScoringError
        Some records carry another customer's key (``CR-SRC-028``).
    """
    key = contract.customer_key
    if len(rows) > FEW and _is_only(rows, key, customer_id):
        return
    n_other = sum(isinstance(row, Mapping) and key in row and str(row[key]) != customer_id for row in rows)
    if n_other:
        raise ScoringError(
            f"Source {contract.name!r}: {n_other} of {len(rows)} records carry the key ({key}) of another customer than the "
            "application. Expected one person's records. Hint: check the query that fetched them.",
            code="CR-SRC-028",
            context={"source": contract.name, "count": n_other},
        )


def _is_only(rows: Sequence[Mapping[str, object]], key: str, customer_id: str) -> bool:
    """Return whether all records plainly carry the customer's key (False decides nothing)."""
    try:
        owners = list(map(itemgetter(key), rows))
    except (KeyError, TypeError, IndexError):
        return False
    if owners.count(customer_id) == len(owners):
        return True
    return set(map(type, owners)) == {int} and set(map(str, set(owners))) == {customer_id}


def _fields(rows: Sequence[Mapping[str, object]], contract: RecordContract) -> dict[str, list[Any]]:
    if len(rows) > LONGEST_HISTORY:
        raise ScoringError(
            f"Source {contract.name!r} brings {len(rows)} records. Expected at most {LONGEST_HISTORY} in one request, so that it "
            "is answered in bounded time and memory. Hint: score such a history in the batch.",
            code="CR-SRC-032",
            context={"source": contract.name, "count": len(rows)},
        )
    return {name: _field(rows, name, contract.name) for name in _names(contract)}


def _names(contract: RecordContract) -> list[str]:
    """Return the fields that are read."""
    return [
        column.name
        for column in contract.columns
        if column.role in ("measure", "time") or _tells_apart(column, contract)
    ]


def _tells_apart(column: ColumnContract, contract: RecordContract) -> bool:
    """Whether the column is a key that tells one customer's records apart."""
    return (
        column.role == "key" and column.name != contract.customer_key and column.name in contract.unique_key
    )


def _field(rows: Sequence[Mapping[str, object]], name: str, source: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        absent = sum(name not in row for row in rows)
        raise _absent(source, name, absent, len(rows)) from None
    except (TypeError, IndexError):
        raise ScoringError(
            f"Source {source!r} is not a list of records. Expected a list of objects with named fields.",
            code="CR-SRC-025",
            context={"source": source},
        ) from None


def _check_unique(raw: Mapping[str, Sequence[Any]], contract: RecordContract) -> None:
    parts = [raw[name] for name in contract.unique_key if name in raw]
    if not parts:
        return
    _check_key_types(raw, contract)
    keys = list(zip(*parts, strict=True))
    try:
        repeated = len(keys) - len(set(keys))
    except TypeError:
        return  # an unhashable value is of a wrong type, which the checks that follow report
    if repeated:
        names = ", ".join(name for name in contract.unique_key if name in raw)
        raise ScoringError(
            f"Source {contract.name!r} holds {repeated} of {len(keys)} records more than once by its key ({names}). "
            "Expected each key once. Hint: remove the duplicates before scoring.",
            code="CR-SRC-024",
            context={"source": contract.name, "count": repeated},
        )


def _check_key_types(raw: Mapping[str, Sequence[Any]], contract: RecordContract) -> None:
    """Refuse keys of another type: 7 and '7' would pass for two records."""
    for column in contract.columns:
        if column.role == "key" and column.name in raw:
            kind = int if column.kind == "integer" else str
            if set(map(type, raw[column.name])) - {kind}:
                right = [type(value) is kind for value in raw[column.name]]
                _check_types(right, column, contract.name, "a whole number" if kind is int else "text")


def _scale(values: list[Any], column: ColumnContract, source: str) -> list[int | None]:
    if (
        len(values) <= FEW
        and column.kind not in ("code", "boolean", "date")
        and set(map(type, values)) in _PLAIN_NUMBERS
    ):
        scaled = scale_few(values, column)
        if scaled is not None:
            return list(scaled)
    return (scale_plain(values, column) or _scale_array(values, column, source)).to_list()


def _scale_array(values: list[Any], column: ColumnContract, source: str) -> ScaledColumn:
    result: ScaledColumn | Violation
    kinds = frozenset(map(type, values))
    if column.kind == "code":
        if not kinds <= _WORDS:
            _check_types([v is None or isinstance(v, str) for v in values], column, source, "text")
        result = normalize_codes(values, column)
    elif column.kind == "date":
        result = normalize_numbers(*_day_numbers(values, column, source), column)
    elif column.kind == "boolean" or not kinds <= _PLAIN_OR_MISSING:
        result = _scale_mixed(values, column, source)
    elif type(None) not in kinds:
        result = normalize_numbers(_number_array(values), None, column)
    else:
        result = normalize_numbers(*_numbers_and_gaps(values, kinds), column)
    if isinstance(result, Violation):
        raise _broken_rule(source, column.name, result, len(values))
    return result


def _day_numbers(
    values: list[Any], column: ColumnContract, source: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return dates as whole days since 1970-01-01, and where there is none."""
    days = [None if value is None else day_number(value) for value in values]
    right = [value is None or day is not None for value, day in zip(values, days, strict=True)]
    _check_types(right, column, source, "a date (ISO 8601, YYYY-MM-DD)")
    return np.array([day or 0 for day in days], dtype=np.int64), np.array(
        [day is None for day in days], dtype=bool
    )


def _numbers_and_gaps(values: list[Any], kinds: frozenset[type]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return plain numbers and where there are none."""
    if int not in kinds and float in kinds:
        read = np.array(values, dtype=np.float64)
        gaps = np.isnan(read)
        if np.count_nonzero(gaps) == values.count(None):
            return read, gaps
    gaps = np.array([value is None for value in values], dtype=bool)
    return _number_array([0 if value is None else value for value in values]), gaps


def _scale_mixed(values: list[Any], column: ColumnContract, source: str) -> ScaledColumn | Violation:
    """Scale values of which some are missing, decimals or numpy scalars."""
    if column.kind == "boolean":
        right = [v is None or isinstance(v, (bool, np.bool_)) for v in values]
        _check_types(right, column, source, "true or false")
    else:
        right = [
            v is None or (isinstance(v, (numbers.Real, Decimal)) and not isinstance(v, bool)) for v in values
        ]
        _check_types(right, column, source, "a number")
    missing = np.array([v is None for v in values], dtype=bool)
    if Decimal in set(map(type, values)):
        inexact = np.array([isinstance(v, Decimal) and has_more_places(v, column.scale) for v in values])
        if inexact.any():
            return Violation(
                rule="decimal_places",
                positions=np.flatnonzero(inexact),
                expected=f"at most {column.scale} decimal places",
            )
    plain = [0 if v is None else int(v) if isinstance(v, numbers.Integral) else float(v) for v in values]
    return normalize_numbers(_number_array(plain), missing, column)


def has_more_places(number: Decimal, scale: int) -> bool:
    """Return whether a decimal has digits beyond ``scale`` places, which a float might hide.

    Examples
    --------
    >>> has_more_places(Decimal("12.340"), 2), has_more_places(Decimal("12.34000000000000000001"), 2)
    (False, True)
    """
    if not number.is_finite() or not number:
        return False
    _, digits, exponent = number.as_tuple()
    n_zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return -int(exponent) - n_zeros > scale


def _number_array(values: list[Any]) -> NDArray[Any]:
    """Hold plain numbers as int64 or float64; whole numbers beyond 64 bits become floats and break the range rule."""
    try:
        array = np.array(values)
        if array.dtype in (np.int64, np.float64):
            return array
        return np.array([float(value) for value in values])
    except OverflowError:
        return np.array([np.inf if abs(value) > 1e300 else float(value) for value in values])


def _moments(values: Sequence[Any], rule: TimeRule, timezone: str, source: str) -> list[int]:
    read = _read_moment if rule.moment == "exact" else _read_date
    moments = [read(value, rule, timezone) for value in values]
    wrong = sum(moment is None for moment in moments)
    if wrong:
        expected = (
            "a time with time zone (ISO 8601), to the microsecond at most"
            if rule.moment == "exact"
            else "a date (ISO 8601, YYYY-MM-DD)"
        )
        raise _wrong_type(source, rule.column, wrong, len(values), expected)
    delay = rule.delay_days * DAY_US
    found = [moment + delay for moment in moments if moment is not None]
    outside = sum(not EARLIEST_US <= moment <= LATEST_US for moment in found)
    if outside:
        positions = np.arange(outside)
        violation = Violation(rule="range", positions=positions, expected="a time from 1900 to 2199")
        raise _broken_rule(source, rule.column, violation, len(values))
    return found


def _moment_arrays(
    raw: Mapping[str, Sequence[Any]], contract: RecordContract, timezone: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return event times and known-at times; both are read in one pass if they can be."""
    event, known = contract.event_time, contract.known_at
    if known != event and known.moment == event.moment == "exact" and event.delay_days == known.delay_days:
        rows = len(raw[event.column])
        found = iso_moments([*raw[event.column], *raw[known.column]])
        delay = event.delay_days * DAY_US
        if found is not None and _lie_between(found, EARLIEST_US - delay, LATEST_US - delay):
            if delay:
                found += delay
            return found[:rows], found[rows:]
    event_time_us = _moment_array(raw[event.column], event, timezone, contract.name)
    if known == event:
        return event_time_us, event_time_us
    return event_time_us, _moment_array(raw[known.column], known, timezone, contract.name)


def _lie_between(moments: NDArray[np.int64], first: int, last: int) -> bool:
    return bool(first <= np.minimum.reduce(moments) and np.maximum.reduce(moments) <= last)


def _moment_array(values: Sequence[Any], rule: TimeRule, timezone: str, source: str) -> NDArray[np.int64]:
    """Do what :func:`_moments` does; times all written in one layout are read digit by digit."""
    found = iso_moments(values) if rule.moment == "exact" else None
    if found is not None:
        found += rule.delay_days * DAY_US
        if _lie_between(found, EARLIEST_US, LATEST_US):
            return found
    return np.array(_moments(values, rule, timezone, source), dtype=np.int64)


def _read_moment(value: object, _rule: TimeRule, _timezone: str) -> int | None:
    return written_moment(value)


def _read_date(value: object, rule: TimeRule, timezone: str) -> int | None:
    day = _written_date(value)
    return None if day is None else moment_of_date(day, rule.moment, timezone)


def day_number(value: object) -> int | None:
    """Return a written date as whole days since 1970-01-01, or None if it is no date from 1900 to 2199.

    Examples
    --------
    >>> day_number("1970-01-02"), day_number(date(1970, 1, 1)), day_number("tomorrow")
    (1, 0, None)
    """
    day = _written_date(value)
    return None if day is None else day.toordinal() - _FIRST_ORDINAL


def _written_date(value: object) -> date | None:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, date) or isinstance(value, datetime) or not 1900 <= value.year < 2200:
        return None
    return value


def _check_types(right: list[bool], column: ColumnContract, source: str, expected: str) -> None:
    if not all(right):
        raise _wrong_type(source, column.name, right.count(False), len(right), expected)


def _wrong_type(source: str, field: str, count: int, total: int, expected: str) -> ScoringError:
    return ScoringError(
        f"Field {field!r} of source {source!r} has the wrong type in {count} of {total} records. Expected {expected}.",
        code="CR-SRC-020",
        context={"source": source, "field": field, "count": count},
    )


def _absent(source: str, field: str, count: int, total: int) -> MissingFeatureError:
    return MissingFeatureError(
        f"Field {field!r} of source {source!r} is absent from {count} of {total} records. Expected every field of the "
        "contract; where there is no value, an explicit null.",
        code="CR-SRC-021",
        context={"source": source, "field": field, "count": count},
    )


def _broken_rule(source: str, field: str, violation: Violation, total: int) -> ScoringError:
    return ScoringError(
        f"Field {field!r} of source {source!r} breaks the rule {violation.rule!r} in {violation.count} of {total} "
        f"records. Expected {violation.expected}.",
        code="CR-SRC-022",
        context={"source": source, "field": field, "rule": violation.rule, "count": violation.count},
    )

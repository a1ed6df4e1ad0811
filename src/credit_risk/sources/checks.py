"""Holding files against their contracts: columns present, types right, rules kept, keys once, no orphan, no future.

Every refusal is a :class:`~credit_risk.errors.DataContractError` that names file, column, rule, count and up to three
sample keys, never a value.

Reading order: :func:`key_column`, :func:`scaled_column`, :func:`moment_column`, then the checks across columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.errors import DataContractError
from credit_risk.sources.calendar import DAY_US, EARLIEST_US, EPOCH, LATEST_US, moment_of_date
from credit_risk.sources.normalization import ScaledColumn, Violation, normalize_codes, normalize_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from credit_risk.sources.contract import ColumnContract, TimeRule

_KIND_WORDS = {
    "integer": "whole numbers",
    "decimal": "numbers",
    "money": "numbers",
    "boolean": "true or false",
    "code": "text",
    "date": "dates (or time stamps without time zone, at midnight)",
    "timestamp": "time stamps with time zone",
    "text": "text",
}


def contract_error(
    *, file: str, column: str, rule: str, count: int, expected: str, code: str, keys: Sequence[str] = ()
) -> DataContractError:
    """Build the one sentence in which a broken contract is reported."""
    sample = f" (first keys: {', '.join(repr(key) for key in keys)})" if keys else ""
    return DataContractError(
        f"File '{file}', column {column!r}: rule {rule!r} is broken by {count} row{'' if count == 1 else 's'}{sample}. "
        f"Expected {expected}.",
        code=code,
        context={"file": file, "column": column, "rule": rule, "count": count, "keys": list(keys)},
    )


def check_columns_present(table: pa.Table, columns: Sequence[ColumnContract], file: str) -> None:
    """Refuse a file that lacks a declared column, or holds no row."""
    absent = [column.name for column in columns if column.name not in table.column_names]
    if absent:
        raise DataContractError(
            f"File '{file}' lacks {len(absent)} column{'' if len(absent) == 1 else 's'} of its contract: "
            f"{', '.join(repr(name) for name in absent)}. Found: {', '.join(repr(n) for n in table.column_names)}.",
            code="CR-SRC-012",
            context={"file": file, "columns": absent, "count": len(absent)},
        )
    if table.num_rows == 0:
        raise DataContractError(
            f"File '{file}' is empty: 0 rows. Expected at least one.",
            code="CR-SRC-014",
            context={"file": file, "count": 0},
        )


def key_column(table: pa.Table, column: ColumnContract, file: str) -> pa.Array:
    """Return keys as text."""
    return pc.cast(raw_key_column(table, column, file), pa.string())


def raw_key_column(table: pa.Table, column: ColumnContract, file: str) -> pa.Array:
    """Return keys as written, checked."""
    values = table.column(column.name).combine_chunks()
    right = pa.types.is_integer(values.type) if column.kind == "integer" else _is_text(values.type)
    if not right:
        raise _wrong_type(file, column, len(values))
    if values.null_count:
        raise contract_error(
            file=file,
            column=column.name,
            rule="not_null",
            count=values.null_count,
            expected="a key in every row",
            code="CR-SRC-015",
        )
    return values


def scaled_column(table: pa.Table, column: ColumnContract, file: str, keys: pa.Array) -> ScaledColumn:
    """Return a column as scaled whole numbers, checked."""
    values = table.column(column.name).combine_chunks()
    result = _scale(values, column, file)
    if isinstance(result, Violation):
        raise contract_error(
            file=file,
            column=column.name,
            rule=result.rule,
            count=result.count,
            expected=result.expected,
            keys=sample_keys(keys, result.positions),
            code="CR-SRC-015",
        )
    return result


def _scale(values: pa.Array, column: ColumnContract, file: str) -> ScaledColumn | Violation:
    kind, missing = values.type, np.asarray(values.is_null().to_numpy(zero_copy_only=False))
    gone = missing if values.null_count else None
    if column.kind == "code" and _is_text(kind):
        return _code_positions(values, column)
    if column.kind == "boolean" and pa.types.is_boolean(kind):
        return normalize_numbers(_dense(pc.cast(values, pa.int64()), 0), gone, column)
    is_number = column.kind in ("integer", "decimal", "money")
    if is_number and pa.types.is_integer(kind):
        return normalize_numbers(_dense(pc.cast(values, pa.int64()), 0), gone, column)
    if is_number and (pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return normalize_numbers(_dense(pc.cast(values, pa.float64()), 0.0), gone, column)
    raise _wrong_type(file, column, len(values))


def _code_positions(values: pa.Array, column: ColumnContract) -> ScaledColumn | Violation:
    """Return words as their positions in the closed list; each different word is looked up once."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    words = pc.cast(encoded.dictionary, pa.string()).to_pylist()
    known = {word: position for position, word in enumerate(column.codes)}
    if encoded.null_count or None in words or not known.keys() >= set(words):
        return normalize_codes(pc.cast(values, pa.string()).to_pylist(), column)
    positions = np.array([known[word] for word in words] or [0], dtype=np.int64)
    return ScaledColumn(values=positions[np.asarray(encoded.indices)], missing=None)


def moment_column(
    table: pa.Table, rule: TimeRule, column: ColumnContract, *, file: str, keys: pa.Array, timezone: str
) -> NDArray[np.int64]:
    """Return the moments a time column stands for, in UTC microseconds."""
    values = table.column(column.name).combine_chunks()
    right = _is_aware(values.type) if column.kind == "timestamp" else _is_date(values.type)
    if not right:
        raise _wrong_type(file, column, len(values))
    raw = _dense(pc.cast(pc.cast(values, _time_type(values.type)), pa.int64()), 0)
    missing = np.asarray(values.is_null().to_numpy(zero_copy_only=False))
    _refuse(missing, "not_null", "a time in every row", file=file, column=column.name, keys=keys)
    if column.kind == "date":
        at_midnight = raw % DAY_US == 0
        _refuse(~at_midnight, "whole_day", "a date at midnight", file=file, column=column.name, keys=keys)
    outside = (raw < EARLIEST_US) | (raw > LATEST_US)
    _refuse(outside, "range", "a time from 1900 to 2199", file=file, column=column.name, keys=keys)
    moments = _apply_moment(raw // DAY_US, rule, timezone) if column.kind == "date" else raw
    return moments + rule.delay_days * DAY_US


def _apply_moment(days: NDArray[np.int64], rule: TimeRule, timezone: str) -> NDArray[np.int64]:
    distinct, position = np.unique(days, return_inverse=True)
    first = EPOCH.date().toordinal()
    moments = [
        moment_of_date(EPOCH.date().fromordinal(first + day), rule.moment, timezone)
        for day in distinct.tolist()
    ]
    return np.array(moments, dtype=np.int64)[position]


def check_once(keys: Sequence[NDArray[Any]], names: Sequence[str], *, file: str, labels: pa.Array) -> None:
    """Refuse rows whose key occurs more than once."""
    columns = [np.unique(key, return_inverse=True)[1] for key in keys]
    order = np.lexsort(columns)
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in columns:
        same &= column[order][1:] == column[order][:-1]
    repeated = np.sort(order[1:][same])
    if repeated.size:
        raise contract_error(
            file=file,
            column=", ".join(names),
            rule="unique",
            count=int(repeated.size),
            expected="each key once",
            keys=sample_keys(labels, repeated),
            code="CR-SRC-016",
        )


def check_no_orphans(customers: pa.Array, known: pa.Array, *, file: str, column: str) -> None:
    """Refuse records of customers who have no application."""
    orphan = ~np.asarray(pc.is_in(customers, value_set=known).to_numpy(zero_copy_only=False))
    if orphan.any():
        raise contract_error(
            file=file,
            column=column,
            rule="has_application",
            count=int(orphan.sum()),
            expected="a customer of the applications file",
            keys=sample_keys(customers, np.flatnonzero(orphan)),
            code="CR-SRC-017",
        )


def check_no_future(
    event_time_us: NDArray[np.int64],
    last_applied_us: NDArray[np.int64],
    *,
    file: str,
    column: str,
    keys: pa.Array,
) -> None:
    """Refuse records that happen at or after the customer's last application."""
    late = event_time_us >= last_applied_us
    if late.any():
        raise contract_error(
            file=file,
            column=column,
            rule="before_application",
            count=int(late.sum()),
            expected="every record before the application (a later one could leak the outcome)",
            keys=sample_keys(keys, np.flatnonzero(late)),
            code="CR-SRC-018",
        )


def sample_keys(keys: pa.Array, positions: NDArray[np.int64]) -> list[str]:
    """Return up to three distinct keys."""
    found = dict.fromkeys(keys.take(pa.array(positions[:1000])).to_pylist())
    return list(found)[:3]


def _refuse(
    wrong: NDArray[np.bool_], rule: str, expected: str, *, file: str, column: str, keys: pa.Array
) -> None:
    if wrong.any():
        raise contract_error(
            file=file,
            column=column,
            rule=rule,
            count=int(wrong.sum()),
            expected=expected,
            keys=sample_keys(keys, np.flatnonzero(wrong)),
            code="CR-SRC-015",
        )


def _dense(values: pa.Array, fill: float) -> NDArray[Any]:
    filled = pc.fill_null(values, fill) if values.null_count else values
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_aware(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.tz is not None)


def _is_date(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None))


def _time_type(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us", tz=kind.tz if pa.types.is_timestamp(kind) else None)


def _wrong_type(file: str, column: ColumnContract, count: int) -> DataContractError:
    return DataContractError(
        f"File '{file}', column {column.name!r}: wrong type in all {count} rows. Expected {_KIND_WORDS[column.kind]}.",
        code="CR-SRC-013",
        context={"file": file, "column": column.name, "rule": "type", "count": count},
    )

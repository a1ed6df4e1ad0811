"""A written column to scaled whole numbers: exact, and with every fault noted by row instead of at the first.

What a value may be is said once more for requests in ``normalization``; a test holds both to the same answers.

Reading order: :class:`DecodedColumn`, :func:`decode`, then one function per kind of value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.errors import DataContractError
from credit_risk.sources.calendar import DAY_US, EARLIEST_US, EPOCH, LATEST_US, moment_of_date
from credit_risk.sources.contract import LARGEST_SCALED_VALUE
from credit_risk.sources.reading.text import read_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.sources.contract import ColumnContract, TimeRule

KIND_WORDS = {
    "integer": "whole numbers",
    "decimal": "numbers",
    "money": "numbers",
    "boolean": "true or false",
    "code": "text",
    "date": "dates (or time stamps without time zone, at midnight)",
    "timestamp": "time stamps with time zone",
    "text": "text",
}
#: Stands for a word outside the closed list.
UNKNOWN_WORD = -1
_PAST_UNDERSTANDING = 2**62
_LARGEST_KEY = 2**63 - 1
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedColumn:
    """One column of a table, decoded.

    Attributes
    ----------
    values : ndarray of int64, shape (n,), or pyarrow.Array of text
        Scaled whole numbers, positions of words, or microseconds; anything where there is none. Of keys: text.
    missing : ndarray of bool, shape (n,)
        Where the source has no value.
    broken : dict of str to ndarray of bool
        Rule -> rows that could not be decoded; they carry no value either.
    """

    values: Any
    missing: NDArray[np.bool_]
    broken: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    @property
    def unusable(self) -> NDArray[np.bool_]:
        """Rows without a value, for whatever reason."""
        gone = self.missing.copy()
        for rows in self.broken.values():
            gone |= rows
        return gone


def decode(values: pa.Array, column: ColumnContract, *, file: str, as_text: bool) -> DecodedColumn:
    """Decode a column of any role but time.

    Raises
    ------
    DataContractError
        The whole column is of another type than the contract says (``CR-SRC-013``).
    """
    typed, missing, broken = _typed(values, column, as_text=as_text)
    kind = typed.type
    if column.role == "key" or column.kind == "text":
        if column.kind == "integer" and pa.types.is_decimal(kind):  # out of a CSV file
            typed, odd = _whole_keys(typed)
            broken = _joined(broken, odd)
        return DecodedColumn(values=_keys(typed, column, file), missing=missing, broken=broken)
    if column.kind == "code" and _is_text(kind):
        return DecodedColumn(values=_positions(typed, column), missing=missing, broken=broken)
    if column.kind == "boolean" and pa.types.is_boolean(kind):
        return DecodedColumn(values=_dense(pc.cast(typed, pa.int64()), 0), missing=missing, broken=broken)
    if column.kind == "date" and _is_date(kind):
        ticks, found = _microseconds(typed)
        found["whole_day"] = ticks % DAY_US != 0
        return DecodedColumn(values=ticks // DAY_US, missing=missing, broken={**broken, **found})
    if column.kind in ("integer", "decimal", "money"):
        scaled = _scaled(typed, column)
        if scaled is not None:
            return DecodedColumn(values=scaled[0], missing=missing, broken=_joined(broken, scaled[1]))
    raise wrong_type(file, column, len(values))


def decode_moments(
    values: pa.Array, column: ColumnContract, rule: TimeRule, timezone: str, *, file: str, as_text: bool
) -> DecodedColumn:
    """Decode a time column to the moments it stands for, in UTC microseconds.

    Raises
    ------
    DataContractError
        The whole column is of another type than the contract says (``CR-SRC-013``).
    """
    typed, missing, broken = _typed(values, column, as_text=as_text)
    right = _is_aware(typed.type) if column.kind == "timestamp" else _is_date(typed.type)
    if not right:
        raise wrong_type(file, column, len(values))
    ticks, found = _microseconds(typed)
    if column.kind == "date":
        found["whole_day"] = ticks % DAY_US != 0
    outside = (ticks < EARLIEST_US) | (ticks > LATEST_US)
    ticks = np.where(outside, 0, ticks)
    moments = _apply_moment(ticks // DAY_US, rule, timezone) if column.kind == "date" else ticks
    moments = moments + rule.delay_days * DAY_US
    found["range"] = found.get("range", False) | outside | (moments < EARLIEST_US) | (moments > LATEST_US)
    return DecodedColumn(values=moments, missing=missing, broken=_joined(broken, found))


def wrong_type(file: str, column: ColumnContract, count: int) -> DataContractError:
    """Build the refusal of a column of another type."""
    return DataContractError(
        f"File '{file}', column {column.name!r}: wrong type in all {count} rows. Expected {KIND_WORDS[column.kind]}.",
        code="CR-SRC-013",
        context={"file": file, "column": column.name, "rule": "type", "count": count},
    )


def _typed(
    values: pa.Array, column: ColumnContract, *, as_text: bool
) -> tuple[pa.Array, NDArray[np.bool_], dict[str, NDArray[np.bool_]]]:
    """Return typed values, where the source has none, and what could not be read."""
    missing = np.asarray(values.is_null().to_numpy(zero_copy_only=False))
    if not as_text:
        return values, missing, {}
    typed, broken = read_text(values, column)
    return typed, missing, {rule: rows for rule, rows in broken.items() if rows.any()}


def _joined(
    first: dict[str, NDArray[np.bool_]], second: dict[str, NDArray[np.bool_]]
) -> dict[str, NDArray[np.bool_]]:
    """Return rules that some rows break; a rule of both parts once."""
    joined = {**second, **first}
    joined.update({rule: first[rule] | second[rule] for rule in first if rule in second})
    return {rule: rows for rule, rows in joined.items() if rows.any()}


def _whole_keys(values: pa.Array) -> tuple[pa.Array, dict[str, NDArray[np.bool_]]]:
    """Return keys written as numbers; one with decimal places, or beyond 64 bits, is nobody's: cut short it would be another's."""
    inexact = _dense(pc.not_equal(pc.round(values), values), False)
    far = _dense(pc.greater(pc.abs(values), pa.scalar(_LARGEST_KEY, pa.decimal256(40, 0))), False)
    kept = pc.if_else(pa.array(inexact | far), pa.scalar(None, values.type), values)
    return pc.cast(kept, pa.int64()), {"decimal_places": inexact, "range": far}


def _keys(values: pa.Array, column: ColumnContract, file: str) -> pa.Array:
    kind = values.type
    is_right = pa.types.is_integer(kind) if column.kind == "integer" else _is_text(kind)
    if not is_right:
        raise wrong_type(file, column, len(values))
    return pc.fill_null(pc.cast(values, pa.string()), "")


def _positions(words: pa.Array, column: ColumnContract) -> NDArray[np.int64]:
    found = pc.index_in(pc.cast(words, pa.string()), value_set=pa.array(column.codes, pa.string()))
    return np.asarray(pc.fill_null(found, UNKNOWN_WORD).to_numpy(zero_copy_only=False)).astype(np.int64)


def _scaled(
    values: pa.Array, column: ColumnContract
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]] | None:
    kind = values.type
    if pa.types.is_integer(kind):
        return _scaled_integers(values, column)
    if pa.types.is_floating(kind):
        return _scaled_floats(_dense(pc.cast(values, pa.float64()), 0.0), column)
    if pa.types.is_decimal(kind):
        return _scaled_decimals(values, column)
    return None


def _scaled_integers(
    values: pa.Array, column: ColumnContract
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]]:
    factor = 10**column.scale
    limit = LARGEST_SCALED_VALUE // factor
    dense = _dense(values, 0)
    far = dense > limit if dense.dtype.kind == "u" else (dense > limit) | (dense < -limit)
    return np.where(far, 0, dense).astype(np.int64) * factor, {"range": far}


def _scaled_floats(
    values: NDArray[np.float64], column: ColumnContract
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]]:
    """Accept a float if it is the binary64 number nearest to a decimal with ``scale`` places."""
    factor = float(10**column.scale)
    odd = ~np.isfinite(values)
    values = np.where(odd, 0.0, values)
    with np.errstate(over="ignore"):
        whole = np.rint(values * factor)
    far = np.abs(whole) > LARGEST_SCALED_VALUE
    inexact = ~far & (whole / factor != values)
    return np.where(far, 0, whole).astype(np.int64), {"finite": odd, "range": far, "decimal_places": inexact}


def _scaled_decimals(
    values: pa.Array, column: ColumnContract
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]]:
    """Scale decimals without ever passing through a float."""
    scale = max(values.type.scale, column.scale)
    wide = pc.fill_null(pc.cast(values, pa.decimal256(76, scale)), pa.scalar(0, pa.decimal256(76, scale)))
    rounded = pc.round(wide, ndigits=column.scale)
    inexact = _dense(pc.not_equal(rounded, wide), 0)
    limit = pa.scalar(LARGEST_SCALED_VALUE // 10**column.scale, pa.decimal256(40, 0))
    far = _dense(pc.greater(pc.abs(rounded), limit), 0)
    kept = pc.if_else(pa.array(far), pa.scalar(0, wide.type), rounded)
    exact = pc.cast(pc.cast(kept, pa.decimal256(76, column.scale)), pa.decimal128(38, column.scale))
    return _unscaled(exact), {"range": far, "decimal_places": inexact}


def _unscaled(values: pa.Array) -> NDArray[np.int64]:
    """Return the whole numbers inside decimals of at most 64 bits."""
    limbs = np.frombuffer(values.buffers()[1], dtype=np.int64).reshape(-1, 2)
    return limbs[values.offset : values.offset + len(values), 0].copy()


def _microseconds(values: pa.Array) -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]]:
    """Return dates and time stamps as microseconds since 1970; what does not fit or is finer is noted."""
    kind = values.type
    unit = kind.unit if pa.types.is_timestamp(kind) else "s"
    if pa.types.is_date32(kind):
        days = _dense(pc.cast(values, pa.int32()), 0).astype(np.int64)
        return np.clip(days, -(10**7), 10**7) * DAY_US, {}
    if pa.types.is_date64(kind):
        return _dense(pc.cast(values, pa.int64()), 0) * 1_000, {}
    raw = _dense(pc.cast(values, pa.int64()), 0)
    if unit == "ns":
        return raw // 1_000, {"microseconds": raw % 1_000 != 0}
    factor = _TICKS["us"] // _TICKS[unit]
    far = np.abs(raw) > _PAST_UNDERSTANDING // factor
    return np.where(far, 0, raw) * factor, {"range": far}


def _apply_moment(days: NDArray[np.int64], rule: TimeRule, timezone: str) -> NDArray[np.int64]:
    distinct, position = np.unique(days, return_inverse=True)
    first = EPOCH.date().toordinal()
    moments = [
        moment_of_date(EPOCH.date().fromordinal(first + day), rule.moment, timezone)
        for day in distinct.tolist()
    ]
    return np.array(moments, dtype=np.int64)[position]


def _dense(values: pa.Array, fill: Any) -> NDArray[Any]:
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

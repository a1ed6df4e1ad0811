"""One table, read and held against its contract; every fault is noted with its rows.

Reading order: :class:`CheckedTable`, then the checks across rows.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.errors import DataContractError
from credit_risk.sources.contract import TimeRule
from credit_risk.sources.failures import Failure
from credit_risk.sources.reading.decoding import DecodedColumn, decode, decode_moments
from credit_risk.sources.reading.validation import broken_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.sources.contract import ColumnContract
    from credit_risk.sources.reading.stores import RawTable


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """What is read of a table.

    Attributes
    ----------
    columns : sequence of ColumnContract
        What is promised; ignored columns left out.
    label : str
        The key column whose keys messages name.
    times : mapping of str to TimeRule
        Name -> how a time column becomes a moment.
    may_be_empty : bool
        Whether no row says something: that nobody has a record, or gave consent.
    """

    columns: Sequence[ColumnContract]
    label: str
    times: Mapping[str, TimeRule]
    may_be_empty: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class CheckedTable:
    """A table with its columns decoded and its faults noted.

    Attributes
    ----------
    name : str
        For messages.
    labels : pyarrow.Array of text
        Key of each row, for messages.
    columns : dict of str to DecodedColumn
        By column name; of a time column the first moment that was asked for.
    moments : dict of str to ndarray of int64
        By the name the moment was asked for ('event_time', 'known_at').
    failures : list of Failure
        Faults found so far.
    """

    name: str
    labels: pa.Array
    columns: dict[str, DecodedColumn]
    moments: dict[str, NDArray[np.int64]]
    failures: list[Failure] = field(default_factory=list)

    @classmethod
    def read(cls, raw: RawTable, shape: TableShape, *, timezone: str) -> CheckedTable:
        """Decode all columns and run every rule that looks at one column.

        Raises
        ------
        DataContractError
            A column is absent (``CR-SRC-012``) or of another type (``CR-SRC-013``), or there is no row though the table may not
            be empty (``CR-SRC-014``).
        """
        _check_columns_present(raw, shape)
        if raw.content.num_rows == 0:
            return cls._without_rows(raw.name, shape)
        decoded: dict[str, DecodedColumn] = {}
        moments: dict[str, NDArray[np.int64]] = {}
        for column in shape.columns:
            values = _one_array(raw.content.column(column.name))
            if column.role != "time":
                decoded[column.name] = decode(values, column, file=raw.name, as_text=raw.as_text)
                continue
            for name, rule in _time_rules(column, shape.times):
                found = decode_moments(values, column, rule, timezone, file=raw.name, as_text=raw.as_text)
                moments[name] = found.values
                decoded.setdefault(column.name, found)
        table = cls(name=raw.name, labels=decoded[shape.label].values, columns=decoded, moments=moments)
        for name, broken, expected, rows in broken_rules(shape.columns, decoded):
            table.note(name, broken, expected, rows)
        return table

    @classmethod
    def _without_rows(cls, name: str, shape: TableShape) -> CheckedTable:
        """Return a table without rows; its columns have no values that could be of a wrong type."""
        nothing = np.zeros(0, dtype=np.int64)
        labels = pa.array([], pa.string())
        columns = {
            column.name: DecodedColumn(
                values=labels if column.role == "key" or column.kind == "text" else nothing,
                missing=np.zeros(0, dtype=bool),
            )
            for column in shape.columns
        }
        return cls(name=name, labels=labels, columns=columns, moments=dict.fromkeys(shape.times, nothing))

    @property
    def n_rows(self) -> int:
        """Number of rows read."""
        return len(self.labels)

    def note(
        self, column: str, rule: str, expected: str, rows: NDArray[np.int64], code: str = "CR-SRC-015"
    ) -> None:
        """Add a fault, if any row has it. Its code, unless another is given: a rule about one column is broken (``CR-SRC-015``)."""
        if rows.size:
            self.failures.append(
                Failure(
                    table=self.name,
                    column=column,
                    rule=rule,
                    expected=expected,
                    rows=rows,
                    keys=tuple(self.labels.take(pa.array(rows)).to_pylist()),
                    code=code,
                )
            )

    def good_rows(self) -> NDArray[np.bool_]:
        """Return which rows break no rule."""
        good = np.ones(self.n_rows, dtype=bool)
        for failure in self.failures:
            good[failure.rows] = False
        return good

    def series(self, name: str, rows: NDArray[Any]) -> Any:
        """Return a pandas column of some rows: int64, or Int64 where values are missing."""
        column = self.columns[name]
        missing = column.missing[rows]
        if not missing.any():
            return pd.Series(column.values[rows])
        return pd.Series(pd.arrays.IntegerArray(np.where(missing, 0, column.values[rows]), missing))

    def check_once(self, names: Sequence[str]) -> None:
        """Note rows whose key occurs more than once: copies of a row, and rows that contradict each other."""
        if not names:
            return
        for name in names:
            gaps = np.flatnonzero(self.columns[name].missing)
            if not any((f.column, f.rule) == (name, "not_null") for f in self.failures):
                self.note(name, "not_null", "a value in every part of the key", gaps)
        usable = np.flatnonzero(~np.logical_or.reduce([self.columns[name].unusable for name in names]))
        first, second = _repeats([_codes(self.columns[name].values) for name in names], usable)
        if not first.size:
            return
        same = np.logical_and.reduce([_equal(column, first, second) for column in self.columns.values()])
        conflicting = _groups_with(first, second, ~same)
        where = ", ".join(names)
        copies = second[~np.isin(second, conflicting)]
        self.note(where, "unique", "one row for each key", conflicting, "CR-SRC-016")
        self.note(where, "duplicate", "each row once", np.sort(copies), "CR-SRC-016")

    def check_has_application(self, column: str, customers: pa.Array) -> None:
        """Note rows of customers who have no application."""
        known = pc.is_in(self.labels, value_set=customers).to_numpy(zero_copy_only=False)
        orphan = ~np.asarray(known) & ~self.columns[column].missing
        self.note(
            column, "has_application", "a customer of the applications", np.flatnonzero(orphan), "CR-SRC-017"
        )

    def check_no_future(self, column: str, last_applied_us: pd.Series[int]) -> None:
        """Note rows that happen at or after the customer's last application."""
        position = pc.index_in(self.labels, value_set=pa.array(last_applied_us.index, pa.string()))
        known = (
            np.asarray(position.is_valid().to_numpy(zero_copy_only=False)) & ~self.columns[column].unusable
        )
        at = np.asarray(pc.fill_null(position, 0).to_numpy(zero_copy_only=False))
        late = known & (self.moments["event_time"] >= last_applied_us.to_numpy()[at])
        expected = "every record before the application (a later one could leak the outcome)"
        self.note(column, "before_application", expected, np.flatnonzero(late), "CR-SRC-018")


def _time_rules(column: ColumnContract, times: Mapping[str, TimeRule]) -> list[tuple[str, TimeRule]]:
    """Return the moments that are read from a time column; of one nobody asks for, the plain one."""
    asked = [(name, rule) for name, rule in times.items() if rule.column == column.name]
    plain = TimeRule(column=column.name, moment="exact" if column.kind == "timestamp" else "start_of_day")
    return asked or [(column.name, plain)]


def _found_instead(absent: str, others: Sequence[str], *, is_empty: bool) -> str:
    """Say what the file holds beside its contract: there the misspelt name stands."""
    if is_empty:
        return "Found: no column at all; the file is empty."
    if not others:
        return "Found: the other columns of the contract, and no more."
    close = difflib.get_close_matches(absent, others, n=1)
    hint = f" Hint: is {absent!r} written {close[0]!r} there?" if close else ""
    return f"Found beside the contract: {', '.join(repr(name) for name in others)}.{hint}"


def _check_columns_present(raw: RawTable, shape: TableShape) -> None:
    """Refuse a table that lacks a declared column, or holds no row though it must."""
    found = raw.content.column_names
    absent = [column.name for column in shape.columns if column.name not in found]
    if absent:
        declared = {column.name for column in shape.columns}
        others = [name for name in (*found, *raw.undeclared) if name not in declared]
        raise DataContractError(
            f"File '{raw.name}' lacks {len(absent)} column{'' if len(absent) == 1 else 's'} of its contract: "
            f"{', '.join(repr(name) for name in absent)}. {_found_instead(absent[0], others, is_empty=not found and not others)}",
            code="CR-SRC-012",
            context={"file": raw.name, "columns": absent, "count": len(absent)},
        )
    if raw.content.num_rows == 0 and not shape.may_be_empty:
        raise DataContractError(
            f"File '{raw.name}' is empty: 0 rows. Expected at least one.",
            code="CR-SRC-014",
            context={"file": raw.name, "count": 0},
        )


def _one_array(values: pa.ChunkedArray) -> pa.Array:
    combined = values.combine_chunks()
    return combined if not isinstance(combined, pa.ChunkedArray) else pa.concat_arrays(combined.chunks)


def _codes(values: Any) -> NDArray[np.int64]:
    """Return whole numbers that are equal where values are."""
    if isinstance(values, np.ndarray):
        return values
    return np.asarray(values.dictionary_encode().indices.to_numpy(zero_copy_only=False)).astype(np.int64)


def _repeats(
    parts: Sequence[NDArray[np.int64]], usable: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of neighbouring rows with the same key, lower row number first."""
    chosen = [part[usable] for part in parts]
    order = np.lexsort([usable, *chosen])
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for part in chosen:
        ordered = part[order]
        same &= ordered[1:] == ordered[:-1]
    return usable[order[:-1][same]], usable[order[1:][same]]


def _equal(column: DecodedColumn, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
    values, gone = _codes(column.values), column.missing
    same: NDArray[np.bool_] = (values[first] == values[second]) & (gone[first] == gone[second])
    return same


def _groups_with(
    first: NDArray[np.int64], second: NDArray[np.int64], differ: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return all rows of those groups of equal keys in which some neighbours differ."""
    starts = np.concatenate([[True], first[1:] != second[:-1]])
    group = np.cumsum(starts) - 1
    bad = np.isin(group, np.unique(group[differ]))
    return np.unique(np.concatenate([first[bad], second[bad]]))

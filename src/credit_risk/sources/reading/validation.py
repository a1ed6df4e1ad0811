"""The rules of a contract as a pandera schema: all columns are checked, all faults come back at once.

A lender's own rules (a payment never above what was due) are a pandera schema too and run beside them.

Reading order: :func:`broken_rules`, :func:`own_rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from credit_risk.errors import SpecificationError
from credit_risk.sources.reading.text import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.sources.contract import ColumnContract
    from credit_risk.sources.reading.decoding import DecodedColumn

_EXPECTED = {
    **EXPECTED,
    "not_null": "a value",
    "whole_day": "a date at midnight",
    "microseconds": "times no finer than microseconds",
    "codes": "one of the contract's codes",
}


#: So many rows are asked about alone and repeated so often, to find out checks that look at other rows.
_PROBED, _COPIES = 8, 1_000


def broken_rules(
    columns: Sequence[ColumnContract], decoded: Mapping[str, DecodedColumn]
) -> list[tuple[str, str, str, NDArray[np.int64]]]:
    """Return (column, rule, expected, rows) for every broken rule, column by column.

    Parameters
    ----------
    columns : sequence of ColumnContract
        What is promised.
    decoded : mapping of str to DecodedColumn
        What was found, by column name.
    """
    import pandera.pandas as pandera

    present = [column for column in columns if column.name in decoded]
    frame = pd.DataFrame({column.name: _series(decoded[column.name]) for column in present}, copy=False)
    checks = {
        column.name: pandera.Column(nullable=True, checks=list(_checks(column, decoded[column.name])))
        for column in present
    }
    contracts = {column.name: column for column in present}
    found: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for name, rule, wrong in _failing(pandera.DataFrameSchema(checks), frame):
        key = (name, rule)
        found[key] = found[key] | wrong if key in found else wrong
    order = {column.name: position for position, column in enumerate(present)}
    return [
        (name, rule, _expectation(contracts[name], rule), np.flatnonzero(wrong))
        for (name, rule), wrong in sorted(found.items(), key=lambda item: order[item[0][0]])
    ]


def own_rules(schema: Any, frame: pd.DataFrame, table: str) -> list[tuple[str, str, str, NDArray[np.int64]]]:
    """Return what breaks a lender's own pandera schema, as :func:`broken_rules` does.

    A large table is checked batch by batch and rows may be set apart, so an answer about a row may depend on that row only. Who
    looks at others is found out on some rows of the table itself, see :func:`_looks_at_other_rows`.

    Raises
    ------
    SpecificationError
        Not a pandera schema, or one that judges rows by other rows, or the table as a whole (``CR-SRC-031``).
    """
    import pandera.pandas as pandera

    if not isinstance(schema, pandera.DataFrameSchema):
        raise SpecificationError(
            f"The rules of {table!r} are a {type(schema).__name__}. Expected a pandera.DataFrameSchema.",
            code="CR-SRC-031",
        )
    if schema.unique or any(column.unique for column in schema.columns.values()):
        raise SpecificationError(
            f"The rules of {table!r} ask for values that occur once. Expected checks that answer row by row: a large table is "
            "checked batch by batch. Hint: unique_key in the contract.",
            code="CR-SRC-031",
        )
    for name, check, values in _checks_with_values(schema, frame.iloc[:_PROBED].reset_index(drop=True)):
        if _looks_at_other_rows(check, values):
            raise SpecificationError(
                f"The rules of {table!r}: {check.error or check.name or 'a check'!r} of {name!r} judges rows by other rows, or the "
                "table as a whole (a mean, an order, a count, uniqueness). Expected checks that answer row by row: a large table "
                "is checked batch by batch. Hint: unique_key in the contract finds repeated keys; compare whole tables yourself.",
                code="CR-SRC-031",
            )
    return [
        (name, rule, "what the lender's own rule says", np.flatnonzero(wrong))
        for name, rule, wrong in _failing(schema, frame.reset_index(drop=True), table)
    ]


def _checks_with_values(schema: Any, frame: pd.DataFrame) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name of a column (or 'row'), one of its checks, and what the check is asked about."""
    for check in schema.checks:
        yield "row", check, frame
    for name, column in schema.columns.items():
        named = column.get_regex_columns(frame) if column.regex else [name]
        for found in named:
            if found in frame:
                for check in column.checks:
                    yield str(found), check, frame[found]


def _looks_at_other_rows(check: Any, values: Any) -> bool:
    """Return whether a check answers for some rows otherwise if they stand alone, or beside many copies of one of them.

    A mean, a rank, an order or a count changes with that. What differs in none of these rows is not found out.
    """
    n = len(values)
    if check.element_wise or not n:
        return False
    alone = [_answers(check, values.iloc[[row]]) for row in range(n)]
    expected = [answer for answers in alone if answers is not None for answer in answers]
    return len(expected) < n or any(
        _answers(check, values.iloc[[*range(n), *[row] * _COPIES]]) != expected + [expected[row]] * _COPIES
        for row in range(n)
    )


def _answers(check: Any, values: Any) -> list[bool] | None:
    """Return what a check says of each row; rows without a value pass, and None is no answer by rows."""
    values = values.reset_index(drop=True)
    try:
        passed = check(values).check_output
    except Exception:  # a lender's own code may fail in any way, most likely where it expects other rows
        return None
    if isinstance(passed, pd.DataFrame):
        passed = passed.all(axis=1)
    if not isinstance(passed, pd.Series) or not passed.index.isin(values.index).all():
        return None
    return [bool(answer) for answer in passed.reindex(values.index).fillna(True)]


def _failing(
    schema: Any, frame: pd.DataFrame, table: str = ""
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Yield column, rule and the rows that break it; pandera's own report holds values and is never kept."""
    from pandera.errors import SchemaErrors

    try:
        schema.validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        faults = list(errors.schema_errors)
    else:
        return
    for fault in faults:
        passed = fault.check_output
        rule = fault.check if isinstance(fault.check, str) else (fault.check.error or fault.check.name)
        if not isinstance(passed, pd.Series) or not passed.index.isin(frame.index).all():
            raise SpecificationError(
                f"The rules of {table!r}: {rule!r} does not fail by rows. Expected checks that answer row by row on the "
                "columns of the contract.",
                code="CR-SRC-031",
            )
        wrong = np.zeros(len(frame), dtype=bool)
        wrong[passed.index[~passed.to_numpy(dtype=bool)]] = True  # pandera leaves rows without a value out
        yield str(fault.schema.name or "row"), str(rule), wrong


def _checks(column: ColumnContract, decoded: DecodedColumn) -> Iterator[Any]:
    import pandera.pandas as pandera

    for rule, rows in decoded.broken.items():
        yield pandera.Check(_only_where(~rows), ignore_na=False, name=rule, error=rule)
    if not column.nullable and decoded.missing.any():
        yield pandera.Check(_only_where(~decoded.missing), ignore_na=False, name="not_null", error="not_null")
    if column.role in ("key", "time"):
        return
    if column.kind == "code":
        yield pandera.Check.in_range(0, len(column.codes) - 1, error="codes")
    elif column.kind != "boolean":
        yield pandera.Check.in_range(column.minimum, column.maximum, error="range")
        if column.codes:
            yield pandera.Check.isin(list(column.codes), error="codes")


def _only_where(right: NDArray[np.bool_]) -> Any:
    return lambda series: pd.Series(right, index=series.index)


def _series(decoded: DecodedColumn) -> Any:
    if not isinstance(decoded.values, np.ndarray):
        return pd.Series(
            np.zeros(len(decoded.values), dtype=np.int64)
        )  # keys: only their presence is checked
    gone = decoded.unusable
    if not gone.any():
        return pd.Series(decoded.values, copy=False)
    return pd.Series(pd.arrays.IntegerArray(decoded.values, gone), copy=False)


def _expectation(column: ColumnContract, rule: str) -> str:
    if column.role == "time" and rule in ("range", "not_null"):
        return "a time from 1900 to 2199" if rule == "range" else "a time in every row"
    if column.role == "key":
        return "a key in every row" if rule == "not_null" else "a key that is a whole number of 64 bits"
    if rule == "range" and column.kind == "date":
        return "a date from 1900 to 2199"
    if rule == "range":
        factor = 10**column.scale
        return f"a number from {column.minimum / factor:.15g} to {column.maximum / factor:.15g}"
    return f"at most {column.scale} decimal places" if rule == "decimal_places" else _EXPECTED.get(rule, rule)

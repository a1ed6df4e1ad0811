"""Prepared rows whose features are words: each word becomes its place in the contract's list, as one applicant's does.

A word that the contract does not list is refused, as in a request; so is a number that is no place in the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.errors import DataContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_SHOWN = 12


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds words: text, or a dictionary of text."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner)
    )


def look_like_numbers(words: Sequence[str]) -> bool:
    """Whether a whole number could be meant as a word: then numbers say nothing of places.

    Examples
    --------
    >>> look_like_numbers(["1", "2"]), look_like_numbers(["car", "tv"])
    (True, False)
    """
    return any(word.strip().lstrip("+-").replace(".", "", 1).isdecimal() for word in words)


def as_places(table: pa.Table, words: Mapping[str, Sequence[str]], where: str) -> pa.Table:
    """Return the table with every column of words as places in the contract's list; null is missing.

    Parameters
    ----------
    table : Table
        Prepared rows.
    words : mapping of str to sequence of str
        Feature -> its words, in the order of the contract.
    where : str
        The input, for messages.

    Raises
    ------
    DataContractError
        A word, or a place, that the contract does not list (``CR-RSC-007``); the message never repeats it.

    Examples
    --------
    >>> as_places(pa.table({"purpose": ["tv", None, "car"]}), {"purpose": ("car", "tv")}, "rows")["purpose"].to_pylist()
    [1.0, None, 0.0]
    """
    for name, known in words.items():
        if name in table.column_names:
            at = table.column_names.index(name)
            table = table.set_column(at, name, _places(table.column(at), known, name, where))
    return table


def _places(column: pa.ChunkedArray, words: Sequence[str], name: str, where: str) -> pa.ChunkedArray:
    if is_text(column.type):
        found = pc.index_in(column.cast(pa.string()), value_set=pa.array(words, pa.string()))
        n_wrong, what = found.null_count - column.null_count, "a word"
    else:
        found = column.cast(pa.float64(), safe=False)
        found = pc.if_else(pc.is_nan(found), pa.scalar(None, pa.float64()), found)
        is_place = pc.is_in(found, value_set=pa.array(range(len(words)), pa.float64()))
        n_wrong, what = len(found) - found.null_count - (pc.sum(is_place).as_py() or 0), "a number for a word"
    if n_wrong:
        raise DataContractError(
            f"Input '{where}': column {name!r} holds {what} that the contract does not list in {n_wrong} of {len(column)} rows of a "
            f"block. Expected {_shown(words)}, or nothing where the value is missing. Hint: such applicants cannot be decided either; "
            "mend the rows.",
            code="CR-RSC-007",
            context={"column": name, "count": n_wrong},
        )
    return found.cast(pa.float64())


def _shown(words: Sequence[str]) -> str:
    more = f" and {len(words) - _MOST_SHOWN} more" if len(words) > _MOST_SHOWN else ""
    return "one of " + ", ".join(repr(word) for word in words[:_MOST_SHOWN]) + more

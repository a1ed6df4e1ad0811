"""A plain table as a person keeps it: one row per application, a header, numbers and words.

Every cell is kept as text; what a column holds is decided later. Reading order: :func:`read_flat_table`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_risk.domain.configuration import nearest
from credit_risk.errors import DataContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: What people and programs write where a value is missing. 'none' is not among them: it often is an answer.
MISSING = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL"})
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatTable:
    """A table of texts.

    Attributes
    ----------
    file : str
        Its name, for messages.
    columns : mapping of str to list of (str or None)
        None where a value is missing.
    n_rows : int
    """

    file: str
    columns: Mapping[str, Sequence[str | None]]
    n_rows: int

    def column(self, name: str, purpose: str) -> Sequence[str | None]:
        """Return a column.

        Raises
        ------
        DataContractError
            There is none of that name (``CR-INI-004``).
        """
        if name not in self.columns:
            raise DataContractError(
                f"File '{self.file}' has no column {name!r}, which shall be the {purpose}. {nearest(name, self.columns)}",
                code="CR-INI-004",
                context={"file": self.file, "column": name},
            )
        return self.columns[name]


def read_flat_table(path: Path, *, encoding: str = "utf-8") -> FlatTable:
    """Read a CSV file (comma, semicolon, tab or bar; the header decides) or a Parquet file.

    Raises
    ------
    DataContractError
        No such file (``CR-INI-001``), not text in the encoding (``CR-INI-002``), or not a table (``CR-INI-003``).
    """
    if not path.is_file():
        beside = [
            other.name for other in path.parent.glob("*") if other.suffix in (".csv", ".parquet", ".tsv")
        ]
        hint = nearest(path.name, beside) if beside else "Hint: check the path."
        raise DataContractError(f"Table '{path}' does not exist. {hint}", code="CR-INI-001")
    header, rows = _parquet_rows(path) if path.suffix == ".parquet" else _csv_rows(path, encoding)
    _check_header(path.name, header)
    if not rows:
        raise _no_table(path.name, "it holds a header and no row")
    cells = list(zip(*rows, strict=True))
    columns = {name: [_cell(text) for text in cells[at]] for at, name in enumerate(header)}
    return FlatTable(file=path.name, columns=columns, n_rows=len(rows))


def _cell(text: str) -> str | None:
    stripped = text.strip()
    return None if stripped in MISSING else stripped


def _csv_rows(path: Path, encoding: str) -> tuple[list[str], list[list[str]]]:
    text = _decoded(path, encoding)
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        numbered = [(row, reader.line_num) for row in reader if row]
    except csv.Error as error:
        raise _no_table(
            path.name,
            f"line {reader.line_num} cannot be read (a quotation mark that is never closed, perhaps)",
        ) from error
    if not numbered:
        raise _no_table(path.name, "it is empty")
    (header, _), *rest = numbered
    ragged = [(len(row), line) for row, line in rest if len(row) != len(header)]
    if ragged:
        n_cells, line = ragged[0]
        raise _no_table(
            path.name,
            f"{len(ragged)} of {len(rest)} rows do not have the header's {len(header)} columns (first: line {line} with "
            f"{n_cells})",
        )
    return [name.strip() for name in header], [row for row, _ in rest]


def _decoded(path: Path, encoding: str) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataContractError(
            f"File '{path.name}' is not {encoding} text (first in line {line}). Hint: save it as UTF-8, or say how it is "
            "written: --encoding gb18030 (Chinese Windows), --encoding cp1252 (western Europe).",
            code="CR-INI-002",
            context={"file": path.name, "line": line},
        ) from error
    except LookupError as error:
        raise DataContractError(
            f"The encoding {encoding!r} is not known. Expected a name such as utf-8, gb18030 or cp1252.",
            code="CR-INI-002",
        ) from error


def _parquet_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _no_table(path.name, "it is no readable Parquet file") from error
    columns = [
        ["" if value is None else str(value) for value in column.to_pylist()] for column in table.columns
    ]
    return list(table.column_names), [list(row) for row in zip(*columns, strict=True)]


def _check_header(file: str, header: Sequence[str]) -> None:
    unnamed = [at + 1 for at, name in enumerate(header) if not name]
    if unnamed:
        raise _no_table(file, f"{len(unnamed)} columns have no name (first: column {unnamed[0]})")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise _no_table(file, f"{len(twice)} column names stand twice (first: {twice[0]!r})")
    if len(header) < 3:
        raise _no_table(file, f"it has {len(header)} columns: expected the outcome and at least two others")


def _no_table(file: str, why: str) -> DataContractError:
    return DataContractError(
        f"File '{file}' cannot be used as a table: {why}. Expected a header of distinct names and one row per application, "
        "separated by comma, semicolon, tab or bar.",
        code="CR-INI-003",
        context={"file": file},
    )

"""Where tables come from: a folder of Parquet and CSV files, a DuckDB file, or any database that Ibis reaches.

Every store answers the same question, so what follows does not know where the rows came from.

Reading order: :class:`RawTable`, :class:`TableStore`, then one store per kind of place, and :func:`store_of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from credit_risk.domain.digest import sha256_of_file
from credit_risk.errors import DataContractError, SpecificationError
from credit_risk.sources.reading.ragged_lines import broken_quotation, ragged_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_risk.sources.contract import (
        ApplicationContract,
        ColumnContract,
        ConsentDeclaration,
        RecordContract,
    )

    TableContract = ApplicationContract | RecordContract | ConsentDeclaration

_NOBODY = "Hint: where nobody has a record, a table with its header and no row says so."
#: The file of a folder that declares its contracts.
CONTRACT_FILE = "sources.toml"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """A table as it was found.

    Attributes
    ----------
    name : str
        For messages: the file, or the table of a database.
    content : pyarrow.Table
        The columns that were asked for and exist.
    undeclared : tuple of str
        Columns nobody asked for; they were not read.
    as_text : bool
        Whether values are still text (CSV).
    digest : str
        SHA-256 of the file; empty where there is no file.
    """

    name: str
    content: pa.Table
    undeclared: tuple[str, ...]
    as_text: bool = False
    digest: str = ""


class TableStore(Protocol):
    """A place that tables are read from."""

    def name_of(self, contract: TableContract) -> str:
        """Return how messages call the table."""
        ...

    def files(self) -> tuple[str, ...]:
        """Return the files that could be read; none of a database, which may hold much that is none of our business."""
        ...

    def read(self, contract: TableContract, columns: Sequence[ColumnContract]) -> RawTable:
        """Return the columns of a table that exist there.

        Raises
        ------
        DataContractError
            No such table (``CR-SRC-010``), or it cannot be read (``CR-SRC-011``).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStore:
    """A folder of Parquet and CSV files; the ending of a file's name says which it is."""

    root: Path

    def name_of(self, contract: TableContract) -> str:
        """Return the file's name."""
        return contract.file

    def files(self) -> tuple[str, ...]:
        """Return the Parquet and CSV files of the folder."""
        return tuple(sorted(path.name for path in self.root.iterdir() if path.suffix in (".parquet", ".csv")))

    def read(self, contract: TableContract, columns: Sequence[ColumnContract]) -> RawTable:
        """Read a file."""
        path = self.root / contract.file
        if not path.is_file():
            raise DataContractError(
                f"File '{contract.file}' does not exist in folder '{self.root}'. Expected the file that '{CONTRACT_FILE}' "
                f"names. {_NOBODY}",
                code="CR-SRC-010",
                context={"file": contract.file},
            )
        readers = {".parquet": _read_parquet, ".csv": _read_csv}
        if path.suffix not in readers:
            raise SpecificationError(
                f"File '{contract.file}' is of no known format. Expected a name that ends in .parquet or .csv.",
                code="CR-SRC-029",
            )
        names = [column.name for column in columns]
        content, found = readers[path.suffix](path, names)
        return RawTable(
            name=contract.file,
            content=content,
            undeclared=tuple(name for name in found if name not in names),
            as_text=path.suffix == ".csv",
            digest=sha256_of_file(path),
        )


def _read_parquet(path: Path, names: Sequence[str]) -> tuple[pa.Table, list[str]]:
    try:
        found = list(pq.read_schema(path).names)
        return pq.read_table(path, columns=[name for name in names if name in found]), found
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(
            path.name,
            "as Parquet: it is damaged or of another format",
            "copy it again and compare its SHA-256",
        ) from error


def _read_csv(path: Path, names: Sequence[str]) -> tuple[pa.Table, list[str]]:
    """Read columns as text; an empty field is missing. Arrow's own errors quote the line, a person's, so they are never shown."""
    parsing = pa_csv.ParseOptions(newlines_in_values=True)
    try:
        with pa_csv.open_csv(path, parse_options=parsing) as reader:
            found = list(reader.schema.names)
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise _not_utf8(path.name) from None
        if path.stat().st_size and "Empty CSV" not in str(error):
            raise _broken_csv(path) from None
        found = []
    except UnicodeDecodeError:
        raise _not_utf8(path.name) from None
    if len(set(found)) < len(found):
        raise _unreadable(path.name, "as CSV: its header names a column twice", "name every column once")
    wanted = [name for name in names if name in found]
    if not wanted:
        return pa.table({}), found
    options = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()),
        include_columns=wanted,
        null_values=[""],
        strings_can_be_null=True,
    )
    try:
        table = pa_csv.read_csv(path, convert_options=options, parse_options=parsing)
    except pa.ArrowInvalid as error:
        raise (_not_utf8(path.name) if "UTF8" in str(error) else _broken_csv(path)) from None
    line = broken_quotation(path)
    if line is not None:
        raise _unreadable(
            path.name,
            f"as CSV: a quotation mark in the record that starts on line {line} is not closed, and rows after it would be lost",
            "close it, or write it twice where it belongs to the text",
        )
    return table, found


def _not_utf8(file: str) -> DataContractError:
    return _unreadable(file, "as CSV: it is not UTF-8 text", "save it again as UTF-8")


def _broken_csv(path: Path) -> DataContractError:
    """Say which lines are wrong by number: Arrow's own error names one by its content."""
    n_columns, ragged = ragged_lines(path)
    which = f" ({len(ragged)} wrong, first: line {ragged[0]}; expected {n_columns} columns)" if ragged else ""
    return _unreadable(
        path.name,
        f"as CSV: its lines do not all have the columns of its header{which}",
        "check commas and quotation marks there",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStore:
    """A database behind an Ibis connection.

    Attributes
    ----------
    connection : ibis backend
        Whatever ``ibis.<backend>.connect`` returned; it is read from, never written to.
    """

    connection: Any

    def name_of(self, contract: TableContract) -> str:
        """Return the table's name."""
        return contract.table

    def files(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()

    def read(self, contract: TableContract, columns: Sequence[ColumnContract]) -> RawTable:
        """Read a table through Ibis."""
        return _read_database(self.connection, contract.table, [column.name for column in columns])


@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDbStore:
    """A DuckDB file, opened for reading only while a table is read."""

    path: Path

    def name_of(self, contract: TableContract) -> str:
        """Return the table's name."""
        return contract.table

    def files(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()

    def read(self, contract: TableContract, columns: Sequence[ColumnContract]) -> RawTable:
        """Read a table with DuckDB itself: Ibis 12 cannot talk to DuckDB 2."""
        import duckdb

        try:
            connection = duckdb.connect(str(self.path), read_only=True)
        except duckdb.Error:
            raise _unreadable(
                self.path.name,
                "as a DuckDB file: it is damaged, locked or of another format",
                "close other writers",
            ) from None
        try:
            return _read_duckdb(connection, contract.table, [column.name for column in columns])
        finally:
            connection.close()


def _read_duckdb(connection: Any, table: str, names: Sequence[str]) -> RawTable:
    import duckdb

    tables = [str(name).lower() for (name,) in connection.sql("SHOW TABLES").fetchall()]
    if table.lower() not in tables:  # DuckDB would take the name of a file for a table
        raise _no_table(table)
    found = connection.table('"' + table.replace('"', '""') + '"')
    wanted = [duckdb.ColumnExpression(name) for name in names if name in found.columns]
    content = found.select(*wanted).to_arrow_table() if wanted else pa.table({})
    undeclared = tuple(name for name in found.columns if name not in names)
    return RawTable(name=table, content=content, undeclared=undeclared)


def _no_table(table: str) -> DataContractError:
    return DataContractError(
        f"Table '{table}' does not exist in the database. Expected the table that the contract's file is named after. {_NOBODY}",
        code="CR-SRC-010",
        context={"file": table},
    )


def _read_database(connection: Any, table: str, names: Sequence[str]) -> RawTable:
    try:
        found = connection.table(table) if table in connection.list_tables() else None
        columns = () if found is None else found.columns
        wanted = [name for name in names if name in columns]
        content = pa.table({}) if found is None or not wanted else found.select(wanted).to_pyarrow()
    except Exception as error:  # every driver has exceptions of its own, and their text may hold values
        raise DataContractError(
            f"Table '{table}' cannot be read: the database or its driver failed with {type(error).__name__}. Hint: check "
            "access rights, and values the driver cannot carry (NaN in a numeric column); for DuckDB give the file's path.",
            code="CR-SRC-011",
            context={"file": table, "cause": type(error).__name__},
        ) from None
    if found is None:
        raise _no_table(table)
    undeclared = tuple(name for name in columns if name not in names)
    return RawTable(name=table, content=content, undeclared=undeclared)


def _unreadable(file: str, what: str, hint: str) -> DataContractError:
    return DataContractError(
        f"File '{file}' cannot be read {what}. Hint: {hint}.", code="CR-SRC-011", context={"file": file}
    )


def store_of(where: object) -> TableStore:
    """Return the store for a folder, a DuckDB file or an Ibis connection.

    Raises
    ------
    DataContractError
        No such folder or file (``CR-SRC-010``).
    SpecificationError
        Neither a path nor an Ibis connection (``CR-SRC-029``).
    """
    if isinstance(where, (str, Path)):
        path = Path(where)
        if path.is_file() and path.suffix in (".duckdb", ".db", ".ddb"):
            return DuckDbStore(path=path)
        if path.is_dir():
            return FolderStore(root=path)
        raise DataContractError(
            f"Folder '{path}' does not exist. Expected a folder that holds '{CONTRACT_FILE}' and its files, or a DuckDB "
            "file (.duckdb).",
            code="CR-SRC-010",
            context={"file": str(path)},
        )
    if hasattr(where, "list_tables") and hasattr(where, "table"):
        return DatabaseStore(connection=where)
    raise SpecificationError(
        f"Sources cannot be read from a {type(where).__name__}. Expected a folder, a DuckDB file or an Ibis connection.",
        code="CR-SRC-029",
    )

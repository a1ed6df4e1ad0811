"""Prepared feature rows on disk, read block by block: a Parquet file, a folder of them, or a CSV file.

Blocks are cut by row number alone, so block 7 holds the same rows in every run, whatever the file's own row groups are.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from credit_risk.domain.configuration import nearest
from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import DataContractError, MissingFeatureError
from credit_risk.jobs.rescore.words import as_places, is_text, look_like_numbers
from credit_risk.sources.reading.ragged_lines import broken_quotation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

KEY = "application_id"

_ENDS_READ_BYTES = 1 << 20
_CSV_BLOCK_BYTES = 1 << 23
_NUMERIC = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_decimal,
    pa.types.is_null,
)


class PreparedRows(Protocol):
    """Feature rows that can be read again from any block on."""

    @property
    def n_rows(self) -> int | None:
        """Number of rows; None where only reading to the end tells."""
        ...

    def fingerprint(self) -> str:
        """Return a digest by which a later run recognises the same input."""
        ...

    def blocks(self, first: int, block_rows: int) -> Iterator[pa.Table]:
        """Yield blocks of ``block_rows`` rows (the last may be shorter), from block number ``first`` on."""
        ...


def open_prepared_rows(
    path: Path, features: Sequence[str], words: Mapping[str, Sequence[str]] | None = None
) -> PreparedRows:
    """Open prepared rows and check that every feature is there and is a number or, where it is one, a word.

    Parameters
    ----------
    path : Path
        A Parquet file, a folder of them, or a CSV file.
    features : sequence of str
        Columns that are needed.
    words : mapping of str to sequence of str, optional
        Feature -> its words in the order of the contract. A Parquet file may hold the words, or their places in that list; a
        CSV file holds the words.

    Raises
    ------
    DataContractError
        Nothing readable there (``CR-RSC-001``), a column is not numeric (``CR-RSC-003``), or files differ in their columns
        (``CR-RSC-004``).
    MissingFeatureError
        Columns are absent (``CR-RSC-002``).
    """
    if path.is_file() and path.suffix.lower() == ".csv":
        return CsvRows.open(path, features, words or {})
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.is_file() else []
    if not files:
        raise DataContractError(
            f"Input '{path}': nothing to read. Expected a Parquet file, a folder of Parquet files, or a CSV file.",
            code="CR-RSC-001",
        )
    return ParquetRows.open(files, features, words or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetRows:
    """Rows of one or more Parquet files, in the order of the files' names."""

    files: tuple[Path, ...]
    rows_of_file: tuple[int, ...]
    columns: tuple[str, ...]
    words: Mapping[str, Sequence[str]]

    @classmethod
    def open(
        cls, files: Sequence[Path], features: Sequence[str], words: Mapping[str, Sequence[str]]
    ) -> ParquetRows:
        """Read the files' footers only."""
        columns = (KEY, *features)
        counts = []
        for file in files:
            try:
                parquet = pq.ParquetFile(file)
            except (OSError, pa.ArrowInvalid) as error:
                raise DataContractError(
                    f"Input '{file}' is not a readable Parquet file. Hint: write it again; it may be cut off.",
                    code="CR-RSC-001",
                ) from error
            with parquet:
                _check_columns(str(file), parquet.schema_arrow.names, columns)
                _check_types(str(file), parquet.schema_arrow, features, words)
                counts.append(parquet.metadata.num_rows)
        return cls(files=tuple(files), rows_of_file=tuple(counts), columns=columns, words=words)

    @property
    def n_rows(self) -> int | None:
        """Number of rows, from the footers."""
        return sum(self.rows_of_file)

    def fingerprint(self) -> str:
        """Return a digest of names, sizes, and both ends of every file (the footer is one)."""
        return sha256_of(canonical_json([_file_facts(file) for file in self.files]))

    def blocks(self, first: int, block_rows: int) -> Iterator[pa.Table]:
        """Yield blocks; files and row groups that lie wholly before the first block are not read."""
        return _rows_to_blocks(self._tables(first * block_rows, block_rows), block_rows)

    def _tables(self, skip: int, block_rows: int) -> Iterator[pa.Table]:
        for file, n_rows in zip(self.files, self.rows_of_file, strict=True):
            if skip >= n_rows:
                skip -= n_rows
                continue
            with pq.ParquetFile(file) as parquet:
                groups, skip = _groups_after(parquet.metadata, skip)
                for batch in parquet.iter_batches(block_rows, row_groups=groups, columns=list(self.columns)):
                    kept = batch.slice(min(skip, batch.num_rows))
                    skip -= batch.num_rows - kept.num_rows
                    if kept.num_rows:
                        table = pa.Table.from_batches([kept]).select(self.columns)
                        yield as_places(table, self.words, str(file))


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRows:
    """Rows of a CSV file with a header; an empty field is missing."""

    file: Path
    names: tuple[str, ...]
    columns: tuple[str, ...]
    words: Mapping[str, Sequence[str]]

    @property
    def n_rows(self) -> int | None:
        """Unknown before the end is read."""
        return None

    @classmethod
    def open(cls, file: Path, features: Sequence[str], words: Mapping[str, Sequence[str]]) -> CsvRows:
        """Read the header only."""
        try:
            with file.open(encoding="utf-8-sig", newline="") as stream:
                names = tuple(next(csv.reader(stream), ()))
        except UnicodeDecodeError as error:
            raise DataContractError(
                f"Input '{file}' is not UTF-8 text. Hint: save it as UTF-8.", code="CR-RSC-001"
            ) from error
        _check_columns(str(file), names, (KEY, *features))
        line = broken_quotation(file)
        if line is not None:
            raise DataContractError(
                f"Input '{file}': a quotation mark in the record that starts on line {line} is not closed, and rows after it would be "
                "lost. Hint: close it, or write it twice where it belongs to the text.",
                code="CR-RSC-003",
            )
        return cls(file=file, names=names, columns=(KEY, *features), words=words)

    def fingerprint(self) -> str:
        """Return a digest of name, size and both ends of the file."""
        return sha256_of(canonical_json(_file_facts(self.file)))

    def blocks(self, first: int, block_rows: int) -> Iterator[pa.Table]:
        """Yield blocks; rows before the first block are read past."""
        return _rows_to_blocks(self._tables(first * block_rows), block_rows)

    def _tables(self, skip: int) -> Iterator[pa.Table]:
        types = {name: pa.string() if name in self.words else pa.float64() for name in self.columns[1:]}
        types[KEY] = pa.string()
        listed = {word for words in self.words.values() for word in words}
        try:
            with pa.csv.open_csv(
                self.file,
                read_options=pa.csv.ReadOptions(block_size=_CSV_BLOCK_BYTES),
                convert_options=pa.csv.ConvertOptions(
                    column_types=types,
                    include_columns=list(self.columns),
                    strings_can_be_null=True,
                    # a word of a contract may be spelt as others spell a missing value
                    null_values=[text for text in pa.csv.ConvertOptions().null_values if text not in listed],
                ),
            ) as reader:
                for batch in reader:
                    kept = batch.slice(min(skip, batch.num_rows))
                    skip -= batch.num_rows - kept.num_rows
                    if kept.num_rows:
                        yield as_places(pa.Table.from_batches([kept]), self.words, str(self.file))
        except pa.ArrowInvalid as error:
            # from None: the reader's own words quote the value
            raise DataContractError(self._without_value(str(error)), code="CR-RSC-003") from None

    def _without_value(self, message: str) -> str:
        column = re.search(r"column #(\d+)", message)
        if column is None:
            return (
                f"Input '{self.file}' is not a table of {len(self.names)} columns throughout. "
                "Hint: check quotation marks and separators."
            )
        return (
            f"Input '{self.file}': column {self.names[int(column[1])]!r} holds a text that is not a number. "
            "Expected numbers, or nothing where the value is missing."
        )


def _rows_to_blocks(tables: Iterator[pa.Table], block_rows: int) -> Iterator[pa.Table]:
    """Cut a stream of tables of any length into blocks of one length."""
    waiting: list[pa.Table] = []
    n_waiting = 0
    for table in tables:
        waiting.append(table)
        n_waiting += table.num_rows
        while n_waiting >= block_rows:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, block_rows)
            waiting = [joined.slice(block_rows)]
            n_waiting -= block_rows
    if n_waiting:
        yield pa.concat_tables(waiting)


def _groups_after(metadata: pq.FileMetaData, skip: int) -> tuple[list[int], int]:
    """Return the row groups that hold rows after ``skip``, and how many rows of the first to drop."""
    first = 0
    while first < metadata.num_row_groups and skip >= metadata.row_group(first).num_rows:
        skip -= metadata.row_group(first).num_rows
        first += 1
    return list(range(first, metadata.num_row_groups)), skip


def _file_facts(file: Path) -> list[object]:
    """Return name, size, time of change, and a digest of both ends: cheap on files of any size."""
    facts = file.stat()
    with file.open("rb") as stream:
        head = stream.read(_ENDS_READ_BYTES)
        stream.seek(max(0, facts.st_size - _ENDS_READ_BYTES))
        tail = stream.read(_ENDS_READ_BYTES)
    return [file.name, facts.st_size, facts.st_mtime_ns, sha256_of(head + tail)]


def _check_columns(where: str, found: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in found]
    if missing:
        raise MissingFeatureError(
            f"Input '{where}': {len(missing)} of {len(needed)} columns are missing (first: {missing[0]!r}). "
            f"{nearest(missing[0], found)} Hint: compute the rows with the bundle's own feature catalogue.",
            code="CR-RSC-002",
            context={"missing": missing},
        )
    twice = sorted({name for name in needed if list(found).count(name) > 1})
    if twice:
        raise DataContractError(
            f"Input '{where}': {len(twice)} columns stand twice (first: {twice[0]!r}). Expected each name once.",
            code="CR-RSC-004",
        )


def _check_types(
    where: str, schema: pa.Schema, features: Sequence[str], words: Mapping[str, Sequence[str]]
) -> None:
    kinds = {name: schema.field(name).type for name in features}
    numbers = {name for name, kind in kinds.items() if any(is_kind(kind) for is_kind in _NUMERIC)}
    unclear = [
        name
        for name in words
        if name in numbers and not pa.types.is_null(kinds[name]) and look_like_numbers(words[name])
    ]
    if unclear:
        raise DataContractError(
            f"Input '{where}': {len(unclear)} columns hold numbers where the contract lists words that look like numbers (first: "
            f"{unclear[0]!r}), so nobody can tell words from places. Expected the words as text.",
            code="CR-RSC-003",
        )
    wrong = [
        name for name in features if name not in numbers and not (name in words and is_text(kinds[name]))
    ]
    if wrong:
        raise DataContractError(
            f"Input '{where}': {len(wrong)} of {len(features)} feature columns are not numbers (first: {wrong[0]!r}, "
            f"{schema.field(wrong[0]).type}). Expected numbers, null where the value is missing.",
            code="CR-RSC-003",
        )

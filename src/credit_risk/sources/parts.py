"""A folder too large for memory, taken part by part: whole customers together, checked as ``read_sources`` checks.

Files of records are read once, batch by batch, checked, scaled to whole numbers and set aside in a temporary folder, sorted
by part. A feature looks at one customer's records only, so parts can be computed one by one and their results put together:
the answer cannot depend on how the folder was cut.

Reading order: :func:`scan_sources`, :func:`cut_sources`, :class:`SourceParts`, :class:`_Scan` (file to batches), :class:`_Aside`
(batches to parts).
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk.domain.digest import sha256_of_file
from credit_risk.errors import DataContractError, SpecificationError
from credit_risk.sources.readers import Reading, read_columns, record_shape
from credit_risk.sources.reading.own_folder import OwnFolder, no_room
from credit_risk.sources.reading.stores import FolderStore, RawTable
from credit_risk.sources.reading.tables import CheckedTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future
    from types import TracebackType

    from numpy.typing import NDArray

    from credit_risk.domain.ports import ProgressReporter
    from credit_risk.sources.contract import RecordContract, SourceContracts
    from credit_risk.sources.readers import Applications, Sources

_ROWS_PER_BATCH = 1 << 18
_N_THREADS = 2
#: Numbers of parts fit 16 bits, which sort fastest.
_MOST_PARTS = 2**16
#: Keys that are whole numbers of 64 bits, written in the one plain way.
_WHOLE_NUMBER = "^(0|-?[1-9][0-9]{0,17})$"
#: Names of columns set aside beside the measures.
_CUSTOMER, _EVENT, _KNOWN, _MISSING = "customer", "event_time_us", "known_at_us", "missing "


def scan_sources(
    where: str | Path | Any,
    contracts: SourceContracts | str | Path | None = None,
    *,
    rules: Mapping[str, Any] | None = None,
    records_per_part: int = 500_000,
    temporary_folder: str | Path | None = None,
    progress: ProgressReporter | None = None,
) -> SourceParts:
    """Read sources in bounded memory and hold every table against its contract.

    Applications, consent and a few parts of the records are in memory at a time, where the records are Parquet files; a table
    of another kind is in memory once, and so is a file with a fault, which is then reported in the words and with the counts
    of :func:`~credit_risk.sources.readers.read_sources`. Personal data lies in ``temporary_folder`` until the parts are closed:
    choose a disk that may hold it. What a killed process left there is deleted by the next one that uses it.

    Parameters
    ----------
    where, contracts, rules
        See :func:`~credit_risk.sources.readers.read_sources`.
    records_per_part : int
        About how many records a part holds; the features do not depend on it.
    temporary_folder : path, optional
        Where a folder of its own is made and, when the parts are closed, deleted; the system's by default.
    progress : ProgressReporter, optional
        Told about each batch of rows.

    Raises
    ------
    DataContractError, SpecificationError
        As :func:`~credit_risk.sources.readers.read_sources`; ``records_per_part`` below 1 (``CR-SRC-040``); the
        temporary folder cannot be written to, or is full (``CR-SRC-041``); the engine fails on a file (``CR-SRC-043``).

    Examples
    --------
    >>> with scan_sources("data_samples/uci_credit_card", records_per_part=50_000) as parts:
    ...     len(parts), len(parts.part(0).applications)
    (4, 7500)
    """
    if records_per_part < 1:
        raise SpecificationError(f"records_per_part = {records_per_part} is below 1.", code="CR-SRC-040")
    reading = Reading.of(where, contracts, rules, keeps_reading=False)
    form = reading.applications()
    n_records = sum(_n_rows(reading, contract) for contract in reading.contracts.records)
    customers = _Customers.of(form.frame["customer_id"], -(-n_records // records_per_part))
    kept = OwnFolder(temporary_folder)
    try:
        scan = _Scan(reading, form, customers, Path(kept.name))
        asides = {c.name: scan.set_aside(c, progress) for c in reading.contracts.records}
        whole, _ = reading.finish(form, {})
    except BaseException:
        kept.cleanup()
        raise
    return SourceParts(whole, customers.rows, asides, kept)


def _parquet_of(reading: Reading, contract: RecordContract) -> Path | None:
    """Return the Parquet file that holds a source; None if it is in another kind of place."""
    store = reading.store
    if not isinstance(store, FolderStore):
        return None
    path = store.root / contract.file
    return path if path.suffix == ".parquet" else None


def _n_rows(reading: Reading, contract: RecordContract) -> int:
    """Return the rows of a Parquet file; 0 if it is absent, damaged or none: :meth:`_Scan.set_aside` sees to that."""
    path = _parquet_of(reading, contract)
    try:
        return 0 if path is None else int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return 0


def cut_sources(sources: Sources, *, records_per_part: int = 500_000) -> SourceParts:
    """Cut sources in memory into parts of whole customers, so that work on them takes little memory more.

    Examples
    --------
    >>> from credit_risk.sources import read_sources
    >>> len(cut_sources(read_sources("data_samples/uci_credit_card"), records_per_part=50_000))
    4
    """
    n_records = sum(len(frame) for frame in sources.records.values())
    customers = _Customers.of(sources.applications["customer_id"], -(-n_records // records_per_part))
    held = {
        contract.name: _Held(sources.records[contract.name], contract, customers)
        for contract in sources.contracts.records
    }
    return SourceParts(replace(sources, records={}), customers.rows, held)


class SourceParts:
    """Sources cut into parts of whole customers; where the records lie on disk, to be used in a ``with`` statement.

    Attributes
    ----------
    whole : Sources
        Everything but the records: ``whole.records`` is empty.
    rows : tuple of ndarray of int64
        Per part: the rows of ``whole.applications`` it holds. Together they are all rows, each once.
    """

    def __init__(
        self,
        whole: Sources,
        rows: tuple[NDArray[np.int64], ...],
        asides: Mapping[str, _Aside | _Held],
        folder: OwnFolder | None = None,
    ) -> None:
        self.whole = whole
        self.rows = rows
        self._asides = asides
        self._folder = folder

    def __len__(self) -> int:
        return len(self.rows)

    def __enter__(self) -> SourceParts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def folder(self) -> str | None:
        """Where records are set aside; None where they are in memory."""
        return None if self._folder is None else self._folder.name

    def close(self) -> None:
        """Delete what was set aside."""
        if self._folder is not None:
            self._folder.cleanup()

    def part(self, position: int, names: Iterable[str] | None = None) -> Sources:
        """Return one part as sources in memory, with the records of the sources named (all by default).

        Records that no application could have known may be left out.
        """
        applications = self.whole.applications.iloc[self.rows[position]]
        return replace(
            self.whole,
            applications=applications,
            records={
                name: self._asides[name].part(position) for name in (self._asides if names is None else names)
            },
            held=self.whole.held.loc[applications.index],
            outcomes=self.whole.outcomes.loc[applications.index],
        )

    def magnitudes(self, source: str) -> dict[str, int]:
        """Return measure -> largest magnitude in the records of a source."""
        return dict(self._asides[source].magnitudes)

    def longest_history(self, source: str) -> int:
        """Return the number of records of the customer who has most."""
        return int(self._asides[source].n_records.max(initial=0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Customers:
    """Customers in the order of their first application, numbered, and cut into parts of equal size.

    Attributes
    ----------
    names : Index of text, shape (n_customers,)
    borders : ndarray of int64, shape (n_parts + 1,)
        Part ``k`` holds customers ``borders[k]`` to ``borders[k + 1] - 1``.
    rows : tuple of ndarray of int64
        Per part: its rows of the applications.
    """

    names: pd.Index[str]
    borders: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, customer_ids: pd.Series[str], n_parts: int) -> _Customers:
        numbers, names = pd.factorize(customer_ids)
        n_parts = max(min(n_parts, len(names), _MOST_PARTS), 1)
        borders = np.arange(n_parts + 1) * len(names) // n_parts
        part = np.searchsorted(borders, numbers, side="right") - 1
        rows = tuple(np.flatnonzero(part == position) for position in range(n_parts))
        return cls(names=pd.Index(names), borders=borders, rows=rows)


class _Scan:
    """One reading of all records."""

    def __init__(self, reading: Reading, form: Applications, customers: _Customers, folder: Path) -> None:
        self._reading, self._form = reading, form
        self._customers, self._folder = customers, folder
        self._last_us = np.array(form.last_applied_us.reindex(customers.names), dtype=np.int64)
        self._lookup = _Lookup(customers.names)

    def set_aside(self, contract: RecordContract, progress: ProgressReporter | None) -> _Aside:
        """Check a table and set its rows aside; a fault is reported in the words, and with the counts, of ``read_sources``."""
        path = _parquet_of(self._reading, contract)
        if path is None:
            return self._read_at_once(contract)
        try:
            self._check_key_once(contract, path)
            return self._read_by_batch(contract, path, progress)
        except (DataContractError, pa.ArrowException, duckdb.Error, OSError, KeyError) as error:
            if not isinstance(error, (MemoryError, duckdb.OutOfMemoryException)):
                self._reading.records(contract, self._form)
            raise _not_in_parts(contract, error) from None  # the texts of engines may hold values

    def _read_at_once(self, contract: RecordContract) -> _Aside:
        frame = self._reading.records(contract, self._form)
        columns: dict[str, NDArray[Any]] = {
            _CUSTOMER: self._customers.names.get_indexer(pd.Index(frame["customer_id"])),
            **{name: frame[name].to_numpy() for name in (_EVENT, _KNOWN)},
        }
        for measure in contract.measures:
            values = frame[measure.name]
            columns[measure.name] = values.fillna(0).to_numpy(dtype=np.int64)
            columns[_MISSING + measure.name] = values.isna().to_numpy()
        with _Aside(self._folder, contract, self._customers) as aside:
            aside.append(self._sorted(columns, np.arange(len(frame)), contract))
        return aside

    def _read_by_batch(
        self, contract: RecordContract, path: Path, progress: ProgressReporter | None
    ) -> _Aside:
        aside = _Aside(self._folder, contract, self._customers)
        tables: Iterable[pa.Table] = self._tables(contract, path)
        if progress is not None:
            n_batches = -(-_n_rows(self._reading, contract) // _ROWS_PER_BATCH)
            tables = progress.track(tables, label=f"Reading {contract.name}", total=n_batches)
        waiting: deque[Future[_Batch]] = deque()
        with aside, ThreadPoolExecutor(_N_THREADS) as workers:
            for table in tables:
                waiting.append(workers.submit(self._batch, table, contract))
                if len(waiting) > _N_THREADS:
                    aside.append(waiting.popleft().result())
            for batch in waiting:
                aside.append(batch.result())
        return aside

    def _tables(self, contract: RecordContract, path: Path) -> Iterator[pa.Table]:
        columns = read_columns(contract)
        words = [column.name for column in columns if column.kind in ("code", "text")]
        with pq.ParquetFile(path, read_dictionary=words, pre_buffer=False) as file:
            names = [file.schema_arrow.field(column.name).name for column in columns]
            for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH, columns=names):
                yield pa.Table.from_batches([batch])
            declared = {column.name for column in contract.columns}
            extra = tuple(name for name in file.schema_arrow.names if name not in declared)
        self._reading.digests[contract.file] = sha256_of_file(path)
        if extra:
            self._reading.undeclared[contract.file] = extra

    def _check_key_once(self, contract: RecordContract, path: Path) -> None:
        """Refuse a key that occurs twice anywhere in the file; the engine finds it without holding the file."""
        if not contract.unique_key:
            return
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in contract.unique_key)
        with duckdb.connect(
            config={"threads": _N_THREADS, "temp_directory": str(self._folder)}
        ) as connection:
            connection.execute("SET memory_limit = '1GB'")
            connection.execute("SET preserve_insertion_order = false")
            file = connection.read_parquet(_literally(path), hive_partitioning=False)
            repeated = file.aggregate(f"{names}, count(*) AS n", names).filter("n > 1").limit(1)
            if repeated.fetchall():
                raise _broken(contract)

    def _batch(self, table: pa.Table, contract: RecordContract) -> _Batch:
        """Check and scale some rows, drop those no application could have known, sort the rest by part."""
        raw = RawTable(name=contract.file, content=table, undeclared=())
        checked = CheckedTable.read(raw, record_shape(contract), timezone=self._reading.contracts.timezone)
        measures = [measure.name for measure in contract.measures]
        self._reading.run_own_rules(contract.name, checked, measures)
        numbers = self._lookup.numbers(table.column(contract.customer_key))
        has_gap = any(checked.columns[name].missing.any() for name in contract.unique_key)
        if checked.failures or has_gap or numbers.min(initial=0) < 0:
            raise _broken(contract)
        event_us, known_us = checked.moments["event_time"], checked.moments["known_at"]
        last_us = self._last_us[numbers]
        if contract.future_records == "error" and (event_us >= last_us).any():
            raise _broken(contract)
        columns: dict[str, NDArray[Any]] = {_CUSTOMER: numbers, _EVENT: event_us, _KNOWN: known_us}
        for name in measures:
            columns[name] = checked.columns[name].values
            columns[_MISSING + name] = checked.columns[name].missing
        kept = np.flatnonzero((event_us < last_us) & (known_us <= last_us))
        return self._sorted(columns, kept, contract)

    def _sorted(
        self, columns: dict[str, NDArray[Any]], rows: NDArray[np.int64], contract: RecordContract
    ) -> _Batch:
        """Take some rows, part after part, in the types they are set aside in."""
        borders = self._customers.borders
        part = np.searchsorted(borders, columns[_CUSTOMER][rows], side="right") - 1
        rows = rows[np.argsort(part.astype(np.uint16), kind="stable")]
        kinds = _types(contract)
        return _Batch(
            columns={name: columns[name].astype(kind, copy=False)[rows] for name, kind in kinds.items()},
            counts=np.bincount(part, minlength=len(borders) - 1),
        )


def _types(contract: RecordContract) -> dict[str, np.dtype[Any]]:
    """Return the columns that are set aside, each in the fewest bytes its contract allows."""
    kinds: dict[str, np.dtype[Any]] = {
        _CUSTOMER: np.dtype(np.int32),
        _EVENT: np.dtype(np.int64),
        _KNOWN: np.dtype(np.int64),
    }
    for measure in contract.measures:
        kinds[measure.name] = _narrowest(measure.bound)
        if measure.nullable:
            kinds[_MISSING + measure.name] = np.dtype(np.bool_)
    return kinds


def _literally(path: Path) -> str:
    """Return a path for an engine that takes ``[``, ``*`` and ``?`` in it for a pattern, and would read other files."""
    return "".join(f"[{sign}]" if sign in "[*?" else sign for sign in str(path))


def _broken(contract: RecordContract) -> DataContractError:
    """Return what makes the scan ask ``read_sources`` for its answer; nobody sees it."""
    return DataContractError(f"File '{contract.file}': a rule is broken.", code="CR-SRC-015")


def _not_in_parts(contract: RecordContract, error: Exception) -> DataContractError:
    """Return the refusal of a file that ``read_sources`` has no fault to find with, or was not asked about."""
    return DataContractError(
        f"File '{contract.file}' cannot be read in parts: the engine failed with {type(error).__name__}. Expected a file that "
        "is read to its end, and a temporary folder with room for what does not fit in memory. Hint: choose another folder with "
        "temporary_folder, see that nobody writes the file meanwhile, or use read_sources where memory holds it.",
        code="CR-SRC-043",
        context={"file": contract.file, "cause": type(error).__name__},
    )


class _Lookup:
    """Finds a customer's number by its key as a file writes it: whole number or text. Built once, then only read."""

    def __init__(self, names: pd.Index[str]) -> None:
        self._names = names
        self._integers: pd.Index[int] | None = None
        text = pa.array(names, pa.string())
        if pc.all(pc.match_substring_regex(text, _WHOLE_NUMBER)).as_py():
            self._integers = pd.Index(text.cast(pa.int64()).to_numpy())
            self._integers.get_indexer(self._integers[:1])  # builds its table before threads share it
        names.get_indexer(names[:1])

    def numbers(self, keys: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
        """Return numbers, -1 for an unknown key."""
        keys = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
        keys = pa.concat_arrays(keys.chunks) if isinstance(keys, pa.ChunkedArray) else keys
        if pa.types.is_dictionary(keys.type):
            of_words = self.numbers(keys.dictionary)
            return of_words[np.asarray(keys.indices, dtype=np.int64)]
        if self._integers is None or not pa.types.is_signed_integer(keys.type):
            text = pd.Index(keys.cast(pa.string()).to_pandas(), dtype="str")
            return self._names.get_indexer(text).astype(np.int64)
        return self._integers.get_indexer(pd.Index(keys.cast(pa.int64()).to_numpy())).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Batch:
    """Some rows, sorted by part.

    Attributes
    ----------
    columns : dict of str to ndarray
    counts : ndarray of int64, shape (n_parts,)
        Rows of each part.
    """

    columns: dict[str, NDArray[Any]]
    counts: NDArray[np.int64]


class _Aside:
    """Rows of one source on disk: a file per column, each batch behind the one before, sorted by part inside it."""

    def __init__(self, folder: Path, contract: RecordContract, customers: _Customers) -> None:
        self._folder, self._customers = folder, customers
        self._measures = contract.measures
        self._counts: list[NDArray[np.int64]] = []
        self._types = _types(contract)
        self._paths = {
            name: folder / f"{contract.name}.{position}" for position, name in enumerate(self._types)
        }
        self._files: dict[str, BinaryIO] = {}
        self.magnitudes = {measure.name: 0 for measure in contract.measures}
        self.n_records = np.zeros(len(customers.names), dtype=np.int64)

    def append(self, batch: _Batch) -> None:
        """Set a batch aside."""
        self._counts.append(batch.counts)
        self.n_records += np.bincount(batch.columns[_CUSTOMER], minlength=len(self.n_records))
        for name, values in batch.columns.items():
            try:
                self._files[name].write(values.data)
            except OSError as error:
                raise no_room(error) from error
            if name in self.magnitudes and values.size:
                largest = max(abs(int(values.min())), abs(int(values.max())))
                self.magnitudes[name] = max(self.magnitudes[name], largest)

    def __enter__(self) -> _Aside:
        """Open the files."""
        try:
            for name, path in self._paths.items():
                self._files[name] = path.open("wb")
        except OSError as error:
            self.__exit__()
            raise no_room(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files; they are read from now on."""
        try:
            for file in self._files.values():
                file.close()
        except OSError as error:  # the last bytes are written only now
            raise no_room(error) from error

    def part(self, position: int) -> pd.DataFrame:
        """Return the rows of a part, as ``Sources.records`` holds them; customers are categories."""
        low, high = self._customers.borders[position : position + 2]
        numbers = self._read(_CUSTOMER, position) - low
        names = self._customers.names[low:high]
        columns: dict[str, Any] = {
            "customer_id": pd.Categorical.from_codes(numbers, categories=names),
            _EVENT: self._read(_EVENT, position),
            _KNOWN: self._read(_KNOWN, position),
        }
        for measure in self._measures:
            values = self._read(measure.name, position).astype(np.int64)
            missing = self._read(_MISSING + measure.name, position) if measure.nullable else None
            if missing is None or not missing.any():
                columns[measure.name] = values
            else:
                columns[measure.name] = pd.arrays.IntegerArray(values, missing)
        return pd.DataFrame(columns, copy=False)

    def _read(self, name: str, position: int) -> NDArray[Any]:
        kind = self._types[name]
        counts = np.array(self._counts, dtype=np.int64).reshape(-1, len(self._customers.rows))
        starts = np.cumsum(counts.ravel()).reshape(counts.shape) - counts
        content = bytearray(int(counts[:, position].sum()) * kind.itemsize)
        view, filled = memoryview(content), 0
        try:
            with self._paths[name].open("rb") as file:
                for start, count in zip(
                    starts[:, position].tolist(), counts[:, position].tolist(), strict=True
                ):
                    file.seek(start * kind.itemsize)
                    size = count * kind.itemsize
                    if file.readinto(view[filled : filled + size]) != size:
                        raise _gone()
                    filled += size
        except OSError as error:
            raise _gone() from error
        values: NDArray[Any] = np.frombuffer(content, dtype=kind)
        return values


def _gone() -> DataContractError:
    return DataContractError(
        "Records that were set aside are gone from the temporary folder: somebody deleted them, or the parts were closed. Hint: "
        "scan the sources again.",
        code="CR-SRC-042",
    )


class _Held:
    """Rows of one source in memory, with their order by part."""

    def __init__(self, frame: pd.DataFrame, contract: RecordContract, customers: _Customers) -> None:
        self._frame, self._customers = frame, customers
        self._numbers = customers.names.get_indexer(pd.Index(frame["customer_id"]))
        rows = np.flatnonzero(self._numbers >= 0)
        part = np.searchsorted(customers.borders, self._numbers[rows], side="right") - 1
        self._order = rows[np.argsort(part.astype(np.uint16), kind="stable")]
        self._ends = np.cumsum(np.bincount(part, minlength=len(customers.rows)))
        self.magnitudes = {measure.name: _magnitude(frame[measure.name]) for measure in contract.measures}
        self.n_records = np.bincount(self._numbers[rows], minlength=len(customers.names))

    def part(self, position: int) -> pd.DataFrame:
        """Return the rows of a part; customers are categories."""
        low, high = self._customers.borders[position : position + 2]
        start = self._ends[position - 1] if position else 0
        rows = self._order[start : self._ends[position]]
        names = self._customers.names[low:high]
        people = pd.Categorical.from_codes(self._numbers[rows] - low, categories=names)
        measures = self._frame.drop(columns="customer_id").take(rows).reset_index(drop=True)
        return pd.concat([pd.DataFrame({"customer_id": people}), measures], axis=1)


def _magnitude(values: pd.Series[Any]) -> int:
    known = values.dropna()
    return max(abs(int(known.min())), abs(int(known.max()))) if len(known) else 0


def _narrowest(bound: int) -> np.dtype[Any]:
    """Return the smallest signed type that holds magnitudes up to a bound."""
    return next(
        np.dtype(kind) for kind in (np.int8, np.int16, np.int32, np.int64) if bound <= np.iinfo(kind).max
    )

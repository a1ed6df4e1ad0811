"""Reading sources: tables in, checked and scaled frames out, wherever the tables are.

:func:`read_sources` refuses at the first broken promise; :func:`filter_sources` sets the broken rows apart and says why.

Reading order: :func:`read_sources`, :func:`filter_sources`, :class:`Sources`, then one function per kind of table.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.domain.configuration import nearest
from credit_risk.domain.digest import canonical_json, sha256_of, sha256_of_file
from credit_risk.errors import DataContractError, SpecificationError
from credit_risk.sources.calendar import EPOCH, LATEST_US, MICROSECOND, microseconds
from credit_risk.sources.checks import contract_error
from credit_risk.sources.consent import FIELDS
from credit_risk.sources.consent_ledger import HARMLESS, ledger_frame, ledger_table, note_ledger_faults
from credit_risk.sources.contract import (
    SourceContracts,
    TimeRule,
)
from credit_risk.sources.contract_toml import read_contracts
from credit_risk.sources.failures import FailureReport
from credit_risk.sources.raw import iterate_raw_requests
from credit_risk.sources.reading.stores import CONTRACT_FILE, FolderStore, store_of
from credit_risk.sources.reading.tables import CheckedTable, TableShape
from credit_risk.sources.reading.validation import own_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.sources.contract import (
        ApplicationContract,
        ColumnContract,
        ConsentDeclaration,
        RecordContract,
    )
    from credit_risk.sources.failures import Failure
    from credit_risk.sources.reading.stores import TableContract, TableStore


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """Customer data, checked against its contracts.

    Attributes
    ----------
    store : TableStore
        Where it was read from.
    applications : DataFrame
        Index ``application_id`` (text, sorted); ``customer_id``, ``applied_at`` (UTC) and the attributes as scaled whole
        numbers (money in minor units).
    records : mapping of str to DataFrame
        Per source: ``customer_id``, ``event_time_us``, ``known_at_us`` (UTC microseconds) and measures as scaled
        whole numbers, in the order read.
    held : DataFrame
        Protected attributes by ``application_id``, for the fairness table; no feature can name them.
    outcomes : DataFrame
        Outcome columns by ``application_id``; no feature can name them.
    contracts : SourceContracts
        What was promised and checked.
    consents : DataFrame or None
        The consent ledger (see ``consent_ledger``); None where consent is assumed.
    digests : dict of str to str
        File name -> SHA-256 of the file; of a database table -> SHA-256 of its rows in canonical order.
    undeclared : dict of str to tuple
        File or table -> columns the contract does not name; they are never read.
    unread : tuple of str
        Parquet and CSV files of the folder that no contract names: perhaps a source that was forgotten.
    """

    store: TableStore
    contracts: SourceContracts
    applications: pd.DataFrame
    records: Mapping[str, pd.DataFrame]
    held: pd.DataFrame
    outcomes: pd.DataFrame
    consents: pd.DataFrame | None
    digests: Mapping[str, str]
    undeclared: Mapping[str, tuple[str, ...]]
    unread: tuple[str, ...] = ()

    @property
    def empty(self) -> tuple[str, ...]:
        """Sources whose table holds no row: their features are missing, with the flag ``no_records``, for everybody."""
        return tuple(name for name, frame in self.records.items() if frame.empty)

    @property
    def name(self) -> str:
        """Name of the collection."""
        return self.contracts.name

    @property
    def timezone(self) -> str:
        """The lender's timezone; day arithmetic happens in it."""
        return self.contracts.timezone

    @property
    def currency(self) -> str:
        """ISO code of the currency of every money column."""
        return self.contracts.currency

    @property
    def consent(self) -> ConsentDeclaration:
        """How consent stands for this data."""
        return self.contracts.consent

    def content_digest(self) -> str:
        """Return the SHA-256 of what was read: the same rows give the same digest from any store, in any order.

        Names of files are left out; columns, types and promises count.
        """
        promises: dict[str, Any] = self.contracts.to_dict()
        for section in (promises["consent"], promises["applications"], *promises["records"]):
            del section["file"]
        frames = {
            "applications": self.applications.reset_index(),
            "held": self.held.reset_index(),
            "outcomes": self.outcomes.reset_index(),
            **{f"records.{name}": frame for name, frame in self.records.items()},
            **({} if self.consents is None else {"consents": self.consents}),
        }
        digests = {name: frame_digest(frame) for name, frame in frames.items()}
        return sha256_of(canonical_json({"promises": promises, "rows": digests}))

    def raw_requests(
        self, ids: Sequence[str]
    ) -> Iterator[tuple[dict[str, object], dict[str, list[dict[str, object]]]]]:
        """Yield applications and their records as a backend would hand them in, in the order asked for.

        Protected, outcome and ignored columns are left out. Values are as written in the tables.

        Raises
        ------
        DataContractError
            Some ids are not in the applications table (``CR-SRC-019``).
        """
        return iterate_raw_requests(self.store, self.contracts, ids)

    def raw_consents(self, customer_id: str) -> list[dict[str, object]] | None:
        """Return a customer's rows of the consent ledger as a backend would hand them in; None where consent is assumed."""
        return next(self.raw_consents_of([customer_id]))

    def raw_consents_of(self, customer_ids: Iterable[str]) -> Iterator[list[dict[str, object]] | None]:
        """Yield what :meth:`raw_consents` returns, for many customers in the order asked for."""
        ledger = self.consents
        if ledger is None:
            yield from (None for _ in customer_ids)
            return
        places = ledger.groupby("customer_id", sort=False).indices
        for customer in customer_ids:
            rows = ledger.iloc[places.get(customer, [])].to_dict("records")
            yield [{name: _written(row[name]) for name in FIELDS} for row in rows]


def read_sources(
    where: str | Path | Any,
    contracts: SourceContracts | str | Path | None = None,
    *,
    rules: Mapping[str, Any] | None = None,
) -> Sources:
    """Read sources and hold every table against its contract; the first broken promise is an error.

    Parameters
    ----------
    where : path or Ibis connection
        A folder of Parquet and CSV files, a DuckDB file, or an open connection (``ibis.postgres.connect(...)``).
    contracts : SourceContracts or path, optional
        What is promised; left out, the folder's own ``sources.toml``.
    rules : mapping of str to pandera.DataFrameSchema, optional
        Source name (or 'application') -> a lender's own rules on its columns, which are scaled whole numbers.

    Raises
    ------
    DataContractError
        Folder, file or table absent (``CR-SRC-010``), unreadable (``CR-SRC-011``), column absent (``CR-SRC-012``), of a wrong
        type (``CR-SRC-013``), no application at all (``CR-SRC-014``), a rule broken (``CR-SRC-015``), a key twice (``CR-SRC-016``), a
        record without application (``CR-SRC-017``), a record at or after the application (a ``LeakageError``, ``CR-SRC-018``).
    SpecificationError
        ``sources.toml`` absent or wrong (``CR-CFG-*``, ``CR-SRC-001`` to ``CR-SRC-006``), a place that cannot be read from
        (``CR-SRC-029``), own rules of an unknown source or kind (``CR-SRC-031``).
    """
    sources, _ = Reading.of(where, contracts, rules, keeps_reading=False).run()
    return sources


def filter_sources(
    where: str | Path | Any,
    contracts: SourceContracts | str | Path | None = None,
    *,
    rules: Mapping[str, Any] | None = None,
) -> tuple[Sources, FailureReport]:
    """Read sources, set apart every row that breaks a rule, and say which and why.

    Nothing is repaired and nothing is lost in silence: a row is either in the result or in the report. Of identical rows one
    is kept; of rows that contradict each other under one key, none. Records of an application that was set apart are set
    apart too. A table that is absent or lacks a column is still an error, for no row of it can be right.

    Parameters
    ----------
    where, contracts, rules
        See :func:`read_sources`.

    Returns
    -------
    Sources, FailureReport

    Raises
    ------
    DataContractError, SpecificationError
        As :func:`read_sources`, save for what only some rows break; no application left (``CR-SRC-014``).
    """
    return Reading.of(where, contracts, rules, keeps_reading=True).run()


@dataclass(slots=True, kw_only=True)
class Reading:
    """One reading of all tables: where from, what is promised, and what was found wrong."""

    store: TableStore
    contracts: SourceContracts
    rules: Mapping[str, Any]
    keeps_reading: bool
    tables: list[tuple[CheckedTable, NDArray[np.bool_]]]
    digests: dict[str, str]
    undeclared: dict[str, tuple[str, ...]]

    @classmethod
    def of(
        cls, where: Any, contracts: Any, rules: Mapping[str, Any] | None, *, keeps_reading: bool
    ) -> Reading:
        """Open the store and read what is promised."""
        store = store_of(where)
        digests = {}
        if contracts is None:
            if not isinstance(store, FolderStore):
                raise SpecificationError(
                    "A database holds no contracts. Expected contracts = SourceContracts or the path of a sources.toml.",
                    code="CR-SRC-029",
                )
            contracts = store.root / CONTRACT_FILE
        if not isinstance(contracts, SourceContracts):
            path = Path(contracts)
            contracts = read_contracts(path)
            digests[CONTRACT_FILE] = sha256_of_file(path)
        own = dict(rules or {})
        known = [contracts.applications.name, *(record.name for record in contracts.records)]
        for name in own:
            if name not in known:
                raise SpecificationError(
                    f"Rules are given for the unknown source {name!r}. {nearest(name, known)}",
                    code="CR-SRC-031",
                )
        return cls(
            store=store,
            contracts=contracts,
            rules=own,
            keeps_reading=keeps_reading,
            tables=[],
            digests=digests,
            undeclared={},
        )

    def run(self) -> tuple[Sources, FailureReport]:
        """Read everything."""
        form = self.applications()
        return self.finish(
            form, {record.name: self.records(record, form) for record in self.contracts.records}
        )

    def finish(
        self, form: Applications, records: Mapping[str, pd.DataFrame]
    ) -> tuple[Sources, FailureReport]:
        """Read consents and put everything together."""
        consents = None
        if self.contracts.consent.mode == "ledger":
            table = self._read(self.contracts.consent, ledger_table(self.contracts))
            note_ledger_faults(table)
            consents = ledger_frame(table, self._kept(table, HARMLESS), self.contracts)
            self._add_digest(table, consents)
        sources = Sources(
            store=self.store,
            contracts=self.contracts,
            applications=form.frame,
            records=records,
            held=form.by_role("protected"),
            outcomes=form.by_role("outcome"),
            consents=consents,
            digests=self.digests,
            undeclared=self.undeclared,
            unread=self._unread(),
        )
        report = FailureReport(
            failures=tuple(failure for table, _ in self.tables for failure in table.failures),
            n_read={table.name: table.n_rows for table, _ in self.tables},
            n_kept={table.name: int(good.sum()) for table, good in self.tables},
        )
        return sources, report

    def applications(self) -> Applications:
        """Read the applications."""
        contract, times = self.contracts.applications, {}
        if not contract.applied_at:
            column = next(column for column in contract.columns if column.name == contract.applied_at_column)
            if column.kind != "timestamp":
                raise SpecificationError(
                    f"Column {column.name!r} of '{contract.file}' gives the moment of application as a date. Expected kind "
                    "'timestamp'.",
                    code="CR-SRC-002",
                )
            times = {"applied_at": TimeRule(column=column.name)}
        columns = read_columns(contract)
        table = self._read(contract, TableShape(columns=columns, label=contract.application_key, times=times))
        table.check_once([contract.application_key])
        self.run_own_rules(contract.name, table, [c.name for c in columns if c.role in CARRIED])
        rows = self._kept(table)
        if not rows.size:
            raise DataContractError(
                f"File '{table.name}': every one of {table.n_rows} rows breaks a rule, so no application is left. Hint: "
                "read_sources names the first broken rule.",
                code="CR-SRC-014",
                context={"file": table.name, "count": table.n_rows},
            )
        form = Applications.of(table, rows, contract)
        self._add_digest(table, form.frame)
        return form

    def records(self, contract: RecordContract, form: Applications) -> pd.DataFrame:
        """Read the records of one source."""
        table = self._read(contract, record_shape(contract))
        table.check_has_application(contract.customer_key, form.customers)
        table.check_once(contract.unique_key)
        if contract.future_records == "error":
            table.check_no_future(contract.event_time.column, form.last_applied_us)
        names = [column.name for column in contract.measures]
        self.run_own_rules(contract.name, table, names)
        rows = self._kept(table)
        frame = pd.DataFrame(
            {
                "customer_id": pd.Series(_taken(table.labels, rows), dtype="str"),
                "event_time_us": table.moments["event_time"][rows],
                "known_at_us": table.moments["known_at"][rows],
                **{name: table.series(name, rows) for name in names},
            }
        )
        self._add_digest(table, frame)
        return frame

    def _unread(self) -> tuple[str, ...]:
        contracts = self.contracts
        named = {
            contracts.applications.file,
            contracts.consent.file,
            *(record.file for record in contracts.records),
        }
        return tuple(file for file in self.store.files() if file not in named)

    def _read(self, contract: TableContract, shape: TableShape) -> CheckedTable:
        raw = self.store.read(contract, shape.columns)
        ignored = {column.name for column in getattr(contract, "columns", ()) if column.role == "ignored"}
        extra = tuple(name for name in raw.undeclared if name not in ignored)
        if extra:
            self.undeclared[raw.name] = extra
        if raw.digest:
            self.digests[raw.name] = raw.digest
        return CheckedTable.read(raw, shape, timezone=self.contracts.timezone)

    def run_own_rules(self, source: str, table: CheckedTable, names: Sequence[str]) -> None:
        """Run a lender's own rules on the rows that are right so far."""
        if source not in self.rules:
            return
        rows = np.flatnonzero(table.good_rows())
        frame = pd.DataFrame({name: table.series(name, rows) for name in names})
        for column, rule, expected, wrong in own_rules(self.rules[source], frame, source):
            table.note(column, rule, expected, rows[wrong])

    def _kept(self, table: CheckedTable, harmless: Sequence[str] = ()) -> NDArray[np.int64]:
        """Return the rows that are kept; refuse if ones that break a rule which is not harmless are not to be set apart."""
        faults = [failure for failure in table.failures if failure.rule not in harmless]
        if faults and not self.keeps_reading:
            raise _refusal(faults)
        good = table.good_rows()
        self.tables.append((table, good))
        return np.flatnonzero(good)

    def _add_digest(self, table: CheckedTable, frame: pd.DataFrame) -> None:
        if table.name not in self.digests:
            self.digests[table.name] = frame_digest(frame)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Applications:
    """The applications, checked: the public frame, and what other tables are held against."""

    contract: ApplicationContract
    table: CheckedTable
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    customers: pa.Array
    last_applied_us: pd.Series[int]

    @classmethod
    def of(cls, table: CheckedTable, rows: NDArray[np.int64], contract: ApplicationContract) -> Applications:
        """Split some rows of the table by what its columns are for."""
        names = _taken(table.labels, rows)
        order = np.argsort(names, kind="stable")
        rows = rows[order]
        people = pd.Series(_taken(table.columns[contract.customer_key].values, rows), dtype="str")
        applied_us = np.full(rows.size, microseconds(datetime.fromisoformat(contract.applied_at or _EPOCH)))
        if not contract.applied_at:
            applied_us = table.moments["applied_at"][rows]
        frame = pd.DataFrame(
            {
                "customer_id": people,
                "applied_at": pd.to_datetime(applied_us, unit="us", utc=True).as_unit("us"),
                **{column.name: table.series(column.name, rows) for column in contract.attributes},
            }
        )
        frame.index = pd.Index(names[order], dtype="str", name="application_id")
        return cls(
            contract=contract,
            table=table,
            frame=frame,
            rows=rows,
            customers=pc.unique(pa.array(people, pa.string())),
            last_applied_us=pd.Series(applied_us).groupby(people.to_numpy()).max(),
        )

    def by_role(self, role: str) -> pd.DataFrame:
        """Return the columns of one role by application; codes as words, for people read these."""
        columns = [column for column in self.contract.columns if column.role == role]
        return pd.DataFrame(
            {column.name: self._readable(column) for column in columns},
            index=self.frame.index,
            columns=[column.name for column in columns],
        )

    def _readable(self, column: ColumnContract) -> NDArray[Any]:
        if column.kind != "code":
            return np.asarray(self.table.series(column.name, self.rows).to_numpy())
        decoded = self.table.columns[column.name]
        words = np.array([*column.codes, None], dtype=object)
        places = np.where(decoded.missing, len(column.codes), decoded.values)
        return np.asarray(words[places[self.rows]])


CARRIED = ("attribute", "protected", "outcome")
_EPOCH = "1970-01-01T00:00:00+00:00"


def frame_digest(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of a table's columns and rows, whatever the order of its rows.

    Examples
    --------
    >>> frame_digest(pd.DataFrame({"a": [1, 2]})) == frame_digest(pd.DataFrame({"a": [2, 1]}))
    True
    """
    ordered = frame.sort_values(list(frame.columns), kind="stable", na_position="first", ignore_index=True)
    state = hashlib.sha256(canonical_json({"columns": list(frame.columns), "n_rows": len(frame)}))
    for name in ordered.columns:
        column = ordered[name]
        gone = column.isna().to_numpy()
        state.update(gone.tobytes())
        if pd.api.types.is_numeric_dtype(column.dtype):
            state.update(column.fillna(0).to_numpy(dtype=np.int64).tobytes())
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            state.update(column.astype("int64").to_numpy().tobytes())
        else:
            words = [str(word).encode() for word in column.to_numpy(dtype=object)]
            state.update(np.array([len(word) for word in words], dtype=np.int64).tobytes() + b"".join(words))
    return state.hexdigest()


def _written(value: object) -> object:
    """Return a moment in ISO 8601, None for the latest there is, and words as they are."""
    if isinstance(value, str):
        return value
    moment_us = int(str(value))
    return None if moment_us == LATEST_US else (EPOCH + moment_us * MICROSECOND).isoformat()


def _refusal(failures: Sequence[Failure]) -> DataContractError:
    """Build the error for the first broken rule; the others are counted."""
    first, *others = failures
    error = contract_error(first)
    if not others:
        return error
    more = "1 more rule is" if len(others) == 1 else f"{len(others)} more rules are"
    message = f"{error.message} Also, {more} broken in this table. Hint: credit-risk check, or filter_sources, reports all of them."
    rules = [{"column": f.column, "rule": f.rule, "count": f.n_rows} for f in failures]
    return type(error)(message, code=error.code, context={**error.context, "broken": rules})


def record_shape(contract: RecordContract) -> TableShape:
    """Return what is read of a source's records."""
    times = {"event_time": contract.event_time, "known_at": contract.known_at}
    columns = read_columns(contract)
    return TableShape(columns=columns, label=contract.customer_key, times=times, may_be_empty=True)


def read_columns(contract: ApplicationContract | RecordContract) -> list[ColumnContract]:
    """Return the columns that are read."""
    return [column for column in contract.columns if column.role != "ignored"]


def _taken(keys: pa.Array, rows: NDArray[np.int64]) -> NDArray[Any]:
    return np.asarray(keys.take(pa.array(rows)).to_numpy(zero_copy_only=False))

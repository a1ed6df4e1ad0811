"""Reading a folder of sources: files in, checked and scaled tables out.

Reading order: :func:`read_sources`, :class:`Sources`, then one function per kind of table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk.domain.digest import sha256_of_file
from credit_risk.errors import DataContractError, SpecificationError
from credit_risk.sources.calendar import microseconds
from credit_risk.sources.checks import (
    check_columns_present,
    check_no_future,
    check_no_orphans,
    check_once,
    contract_error,
    key_column,
    moment_column,
    scaled_column,
)
from credit_risk.sources.consent_ledger import ledger_columns, read_ledger
from credit_risk.sources.contract import (
    ApplicationContract,
    ColumnContract,
    ConsentDeclaration,
    RecordContract,
    SourceContracts,
    TimeRule,
)
from credit_risk.sources.contract_toml import read_contracts
from credit_risk.sources.raw import iterate_raw_requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.sources.normalization import ScaledColumn

#: The file of a folder that declares its contracts.
CONTRACT_FILE = "sources.toml"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """A folder of customer data, checked against its contracts.

    Attributes
    ----------
    applications : DataFrame
        Index ``application_id`` (text, sorted); ``customer_id``, ``applied_at`` (UTC) and the attributes as scaled whole
        numbers (money in minor units).
    records : mapping of str to DataFrame
        Per source: ``customer_id``, ``event_time_us``, ``known_at_us`` (UTC microseconds) and measures as scaled
        whole numbers, in the file's order.
    held : DataFrame
        Protected attributes by ``application_id``, for the fairness table; no feature can name them.
    outcomes : DataFrame
        Outcome columns by ``application_id``; no feature can name them.
    contracts : SourceContracts
        What was promised and checked.
    consents : DataFrame or None
        The consent ledger (see ``consent_ledger``); None where consent is assumed.
    digests : dict of str to str
        File name -> SHA-256.
    undeclared : dict of str to tuple
        File name -> columns the contract does not name; they are never read.
    """

    folder: Path
    contracts: SourceContracts
    applications: pd.DataFrame
    records: Mapping[str, pd.DataFrame]
    held: pd.DataFrame
    outcomes: pd.DataFrame
    consents: pd.DataFrame | None
    digests: Mapping[str, str]
    undeclared: Mapping[str, tuple[str, ...]]

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

    def raw_requests(
        self, ids: Sequence[str]
    ) -> Iterator[tuple[dict[str, object], dict[str, list[dict[str, object]]]]]:
        """Yield applications and their records as a backend would hand them in, in the order asked for.

        Protected, outcome and ignored columns are left out. Values are as written in the files.

        Raises
        ------
        DataContractError
            Some ids are not in the applications file (``CR-SRC-019``).
        """
        return iterate_raw_requests(self.folder, self.contracts, ids)


def read_sources(folder: str | Path) -> Sources:
    """Read a folder of sources and hold every file against its contract.

    Parameters
    ----------
    folder : path
        Holds ``sources.toml`` and the files it names.

    Raises
    ------
    DataContractError
        Folder or file absent (``CR-SRC-010``), file unreadable (``CR-SRC-011``), column absent (``CR-SRC-012``), of a wrong
        type (``CR-SRC-013``), file empty (``CR-SRC-014``), a rule broken (``CR-SRC-015``), a key twice (``CR-SRC-016``), a
        record without application (``CR-SRC-017``), a record at or after the application (``CR-SRC-018``).
    SpecificationError
        ``sources.toml`` absent or wrong (``CR-CFG-*``, ``CR-SRC-001`` to ``CR-SRC-004``).
    """
    root = Path(folder)
    whole, form = read_all_but_records(root)
    records = {
        contract.name: read_records(root, contract, whole.contracts, form)
        for contract in whole.contracts.records
    }
    return described(replace(whole, records=records))


def read_all_but_records(root: Path) -> tuple[Sources, Applications]:
    """Read contracts, applications and consent of a folder; records, digests and undeclared columns are left empty."""
    if not root.is_dir():
        raise DataContractError(
            f"Folder '{root}' does not exist. Expected a folder that holds '{CONTRACT_FILE}' and its files.",
            code="CR-SRC-010",
            context={"file": str(root)},
        )
    contracts = read_contracts(root / CONTRACT_FILE)
    table = _read_file(root, contracts.applications.file, contracts.applications.columns)
    form = Applications.read(table, contracts)
    consents = None
    if contracts.consent.mode == "ledger":
        ledger = _read_file(root, contracts.consent.file, ledger_columns(contracts))
        consents = read_ledger(ledger, contracts)
    sources = Sources(
        folder=root,
        contracts=contracts,
        applications=form.frame,
        records={},
        held=form.by_role("protected"),
        outcomes=form.by_role("outcome"),
        consents=consents,
        digests={},
        undeclared={},
    )
    return sources, form


def described(sources: Sources) -> Sources:
    """Add digests of all files, and the columns no contract names."""
    root, contracts = sources.folder, sources.contracts
    files = [contracts.applications.file, *(contract.file for contract in contracts.records)]
    files += [contracts.consent.file] if contracts.consent.file else []
    return replace(
        sources,
        digests={file: sha256_of_file(root / file) for file in [CONTRACT_FILE, *files]},
        undeclared=_undeclared(root, contracts),
    )


def _read_file(root: Path, file: str, columns: Sequence[ColumnContract]) -> pa.Table:
    path = root / file
    if not path.is_file():
        raise DataContractError(
            f"File '{file}' does not exist in folder '{root}'. Expected the file that '{CONTRACT_FILE}' names.",
            code="CR-SRC-010",
            context={"file": file},
        )
    read = [column for column in columns if column.role != "ignored"]
    try:
        present = set(pq.read_schema(path).names)
        table = pq.read_table(path, columns=[column.name for column in read if column.name in present])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataContractError(
            f"File '{file}' cannot be read as Parquet: it is damaged or of another format. Hint: copy it again and "
            "compare its SHA-256.",
            code="CR-SRC-011",
            context={"file": file},
        ) from error
    check_columns_present(table, read, file)
    return table


def _undeclared(root: Path, contracts: SourceContracts) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    everything: tuple[ApplicationContract | RecordContract, ...] = (
        contracts.applications,
        *contracts.records,
    )
    for contract in everything:
        declared = {column.name for column in contract.columns}
        extra = tuple(name for name in pq.read_schema(root / contract.file).names if name not in declared)
        if extra:
            found[contract.file] = extra
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Applications:
    """The applications file, checked: the public frame, and what other tables are held against (customers as text and as written)."""

    contract: ApplicationContract
    frame: pd.DataFrame
    scaled: Mapping[str, ScaledColumn]
    order: NDArray[np.int64]
    customers: pa.Array
    written_customers: pa.Array
    last_applied_us: pd.Series[int]

    @classmethod
    def read(cls, table: pa.Table, contracts: SourceContracts) -> Applications:
        """Check the table and split it by what its columns are for."""
        contract = contracts.applications
        keys = key_column(table, column_of(contract, contract.application_key), contract.file)
        customers = key_column(table, column_of(contract, contract.customer_key), contract.file)
        key_names = np.asarray(keys.to_numpy(zero_copy_only=False))
        check_once([key_names], [contract.application_key], file=contract.file, labels=keys)
        applied_us = _applied_at(table, contract, contracts.timezone, keys)
        scaled = {
            column.name: scaled_column(table, column, contract.file, keys)
            for column in contract.columns
            if column.role in ("attribute", "protected", "outcome")
        }
        order = np.argsort(key_names, kind="stable")
        people = pd.Series(customers.to_pandas().to_numpy()[order], dtype="str")
        frame = pd.DataFrame(
            {
                "customer_id": people,
                "applied_at": pd.to_datetime(applied_us[order], unit="us", utc=True).as_unit("us"),
                **{column.name: _series(scaled[column.name], order) for column in contract.attributes},
            }
        )
        frame.index = pd.Index(key_names[order], dtype="str", name="application_id")
        last = pd.Series(applied_us[order]).groupby(people.to_numpy()).max()
        return cls(
            contract=contract,
            frame=frame,
            scaled=scaled,
            order=order,
            customers=pc.unique(customers),
            written_customers=table.column(contract.customer_key).combine_chunks(),
            last_applied_us=last,
        )

    def by_role(self, role: str) -> pd.DataFrame:
        """Return the columns of a role, by application."""
        names = [column.name for column in self.contract.columns if column.role == role]
        return pd.DataFrame(
            {name: _series(self.scaled[name], self.order).to_numpy() for name in names},
            index=self.frame.index,
            columns=names,
        )


def _applied_at(
    table: pa.Table, contract: ApplicationContract, timezone: str, keys: pa.Array
) -> NDArray[np.int64]:
    if contract.applied_at:
        return np.full(table.num_rows, microseconds(datetime.fromisoformat(contract.applied_at)))
    column = column_of(contract, contract.applied_at_column)
    if column.kind != "timestamp":
        raise SpecificationError(
            f"Column {column.name!r} of '{contract.file}' gives the moment of application as a date. Expected kind "
            "'timestamp'.",
            code="CR-SRC-002",
        )
    return moment_column(
        table, TimeRule(column=column.name), column, file=contract.file, keys=keys, timezone=timezone
    )


def read_records(
    root: Path, contract: RecordContract, contracts: SourceContracts, form: Applications
) -> pd.DataFrame:
    """Read one file of records at once, checked."""
    table = _read_file(root, contract.file, contract.columns)
    file, timezone = contract.file, contracts.timezone
    customers = key_column(table, column_of(contract, contract.customer_key), file)
    event_time = _moments(table, contract.event_time, contract, customers, timezone)
    known_at = _moments(table, contract.known_at, contract, customers, timezone)
    scaled = {column.name: scaled_column(table, column, file, customers) for column in contract.measures}
    check_no_orphans(customers, form.customers, file=file, column=contract.customer_key)
    _check_unique_key(table, contract, customers)
    if contract.future_records == "error":
        last = np.array(form.last_applied_us.reindex(customers.to_pandas()), dtype=np.int64)
        check_no_future(event_time, last, file=file, column=contract.event_time.column, keys=customers)
    return pd.DataFrame(
        {
            "customer_id": pd.Series(customers.to_pandas(), dtype="str"),
            "event_time_us": event_time,
            "known_at_us": known_at,
            **{name: _series(column) for name, column in scaled.items()},
        }
    )


def _moments(
    table: pa.Table, rule: TimeRule, contract: RecordContract, customers: pa.Array, timezone: str
) -> NDArray[np.int64]:
    column = column_of(contract, rule.column)
    return moment_column(table, rule, column, file=contract.file, keys=customers, timezone=timezone)


def _check_unique_key(table: pa.Table, contract: RecordContract, customers: pa.Array) -> None:
    if not contract.unique_key:
        return
    keys = []
    for name in contract.unique_key:
        encoded = table.column(name).combine_chunks().dictionary_encode()
        if encoded.indices.null_count:
            raise contract_error(
                file=contract.file,
                column=name,
                rule="not_null",
                count=encoded.indices.null_count,
                expected="a value in every part of the key",
                code="CR-SRC-015",
            )
        keys.append(np.asarray(encoded.indices.to_numpy(zero_copy_only=False)))
    check_once(keys, contract.unique_key, file=contract.file, labels=customers)


def _series(column: ScaledColumn, order: NDArray[np.int64] | None = None) -> Any:
    """Return a pandas column: int64, or Int64 where some values are missing."""
    values = column.values if order is None else column.values[order]
    if column.missing is None:
        return pd.Series(values)
    missing = column.missing if order is None else column.missing[order]
    return pd.Series(pd.arrays.IntegerArray(values.copy(), missing.copy()))


def column_of(contract: ApplicationContract | RecordContract, name: str) -> ColumnContract:
    """Return a column of a contract by its name."""
    return next(column for column in contract.columns if column.name == name)

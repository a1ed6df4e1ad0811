"""The tables as a backend would hand them in: plain JSON-like applications and records.

Used to prove that real time equals batch, and to make example requests.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.errors import DataContractError
from credit_risk.sources.calendar import zone_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from credit_risk.sources.contract import (
        ApplicationContract,
        ColumnContract,
        RecordContract,
        SourceContracts,
    )
    from credit_risk.sources.reading.stores import TableContract, TableStore


def iterate_raw_requests(
    store: TableStore, contracts: SourceContracts, ids: Sequence[str]
) -> Iterator[tuple[dict[str, object], dict[str, list[dict[str, object]]]]]:
    """Yield (application, records) as plain values, in the order of ``ids``.

    Raises
    ------
    DataContractError
        Some ids are not in the applications table (``CR-SRC-019``).
    """
    applications = _applications(store, contracts, ids)
    table = store.name_of(contracts.applications)
    unknown = [key for key in ids if key not in applications]
    if unknown:
        raise DataContractError(
            f"{len(unknown)} of {len(ids)} application ids are not in '{table}' (first keys: "
            f"{', '.join(repr(key) for key in unknown[:3])}). Expected ids of that table.",
            code="CR-SRC-019",
            context={"file": table, "count": len(unknown), "keys": unknown[:3]},
        )
    customers = {str(application["customer_id"]) for application in applications.values()}
    records = {contract.name: _records(store, contract, customers) for contract in contracts.records}
    return _requests(applications, records, ids)


def _requests(
    applications: dict[str, dict[str, object]],
    records: dict[str, dict[str, list[dict[str, object]]]],
    ids: Sequence[str],
) -> Iterator[tuple[dict[str, object], dict[str, list[dict[str, object]]]]]:
    for key in ids:
        customer = str(applications[key]["customer_id"])
        yield dict(applications[key]), {name: by_key.get(customer, []) for name, by_key in records.items()}


def _applications(
    store: TableStore, contracts: SourceContracts, ids: Sequence[str]
) -> dict[str, dict[str, object]]:
    contract = contracts.applications
    wanted = {contract.application_key, contract.customer_key, contract.applied_at_column}
    columns = [column for column in contract.columns if column.name in wanted or column.role == "attribute"]
    found: dict[str, dict[str, object]] = {}
    for row in _rows(store, contract, columns, contract.application_key, set(ids)):
        key = str(row[contract.application_key])
        found[key] = {
            "application_id": key,
            "customer_id": str(row[contract.customer_key]),
            "applied_at": _applied_at(row, contract, contracts.timezone),
            **{column.name: _plain(row[column.name], column) for column in contract.attributes},
        }
    return found


def _applied_at(row: dict[str, Any], contract: ApplicationContract, timezone: str) -> str:
    if contract.applied_at:
        return contract.applied_at
    moment = row[contract.applied_at_column]
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return str(moment.astimezone(zone_of(timezone)).isoformat())


def _records(
    store: TableStore, contract: RecordContract, customers: set[str]
) -> dict[str, list[dict[str, object]]]:
    columns = [column for column in contract.columns if column.role in ("key", "measure", "time")]
    found: dict[str, list[dict[str, object]]] = {}
    for row in _rows(store, contract, columns, contract.customer_key, customers):
        fields = (column for column in columns if column.name != contract.customer_key)
        record = {column.name: _plain(row[column.name], column) for column in fields}
        found.setdefault(str(row[contract.customer_key]), []).append(record)
    return found


def _rows(
    store: TableStore, contract: TableContract, columns: Sequence[ColumnContract], key: str, wanted: set[str]
) -> Iterable[dict[str, Any]]:
    """Return the rows whose key is wanted."""
    table = store.read(contract, columns).content
    chosen = pc.is_in(
        pc.cast(table.column(key), pa.string()), value_set=pa.array(sorted(wanted), pa.string())
    )
    rows: list[dict[str, Any]] = table.filter(chosen).to_pylist()
    return rows


def _plain(value: Any, column: ColumnContract) -> object:
    """Return a value as JSON would carry it."""
    if isinstance(value, str):
        return _of_text(value, column)
    if isinstance(value, datetime):
        return value.date().isoformat() if column.kind == "date" else value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return _number(value) if isinstance(value, Decimal) else value


def _of_text(text: str, column: ColumnContract) -> object:
    """Return what a field of a CSV file says."""
    if column.kind == "boolean":
        return text.lower() == "true"
    return _number(Decimal(text)) if column.kind in ("integer", "decimal", "money") else text


def _number(value: Decimal) -> int | float:
    """Return a number as JSON has it; at most 15 digits are exact as binary64."""
    return int(value) if value == value.to_integral_value() else float(value)

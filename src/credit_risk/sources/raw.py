"""The files as a backend would hand them in: plain JSON-like applications and records.

Used to prove that real time equals batch, and to make example requests.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk.errors import DataContractError
from credit_risk.sources.calendar import zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from credit_risk.sources.contract import ApplicationContract, RecordContract, SourceContracts


def iterate_raw_requests(
    folder: Path, contracts: SourceContracts, ids: Sequence[str]
) -> Iterator[tuple[dict[str, object], dict[str, list[dict[str, object]]]]]:
    """Yield (application, records) as plain values, in the order of ``ids``.

    Raises
    ------
    DataContractError
        Some ids are not in the applications file (``CR-SRC-019``).
    """
    applications = _applications(folder, contracts, ids)
    unknown = [key for key in ids if key not in applications]
    if unknown:
        raise DataContractError(
            f"{len(unknown)} of {len(ids)} application ids are not in '{contracts.applications.file}' (first keys: "
            f"{', '.join(repr(key) for key in unknown[:3])}). Expected ids of that file.",
            code="CR-SRC-019",
            context={"file": contracts.applications.file, "count": len(unknown), "keys": unknown[:3]},
        )
    customers = {str(application["customer_id"]) for application in applications.values()}
    records = {contract.name: _records(folder, contract, customers) for contract in contracts.records}
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
    folder: Path, contracts: SourceContracts, ids: Sequence[str]
) -> dict[str, dict[str, object]]:
    contract = contracts.applications
    attributes = [column.name for column in contract.attributes]
    dates = {column.name for column in contract.attributes if column.kind == "date"}
    keys = [contract.application_key, contract.customer_key]
    times = [contract.applied_at_column] if contract.applied_at_column else []
    table = _read_some(
        folder / contract.file, [*keys, *times, *attributes], contract.application_key, set(ids)
    )
    found: dict[str, dict[str, object]] = {}
    for row in table.to_pylist():
        key = str(row[contract.application_key])
        found[key] = {
            "application_id": key,
            "customer_id": str(row[contract.customer_key]),
            "applied_at": _applied_at(row, contract, contracts.timezone),
            **{name: _plain(row[name], as_date=name in dates) for name in attributes},
        }
    return found


def _applied_at(row: dict[str, Any], contract: ApplicationContract, timezone: str) -> str:
    if contract.applied_at:
        return contract.applied_at
    moment: datetime = row[contract.applied_at_column]
    return moment.astimezone(zone_of(timezone)).isoformat()


def _records(
    folder: Path, contract: RecordContract, customers: set[str]
) -> dict[str, list[dict[str, object]]]:
    fields = [column for column in contract.columns if column.role in ("measure", "time")]
    names = list(dict.fromkeys([contract.customer_key, *(column.name for column in fields)]))
    table = _read_some(folder / contract.file, names, contract.customer_key, customers)
    dates = {column.name for column in fields if column.kind == "date"}
    found: dict[str, list[dict[str, object]]] = {}
    for row in table.to_pylist():
        record = {column.name: _plain(row[column.name], as_date=column.name in dates) for column in fields}
        found.setdefault(str(row[contract.customer_key]), []).append(record)
    return found


def _read_some(path: Path, columns: Sequence[str], key: str, wanted: set[str]) -> pa.Table:
    table = pq.read_table(path, columns=list(dict.fromkeys(columns)))
    chosen = pc.is_in(
        pc.cast(table.column(key), pa.string()), value_set=pa.array(sorted(wanted), pa.string())
    )
    return table.filter(chosen)


def _plain(value: Any, *, as_date: bool = False) -> object:
    """Return a value as JSON would carry it."""
    if isinstance(value, datetime):
        return value.date().isoformat() if as_date else value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value

"""The consent ledger as a file: read, checked, and asked for many applications at once.

Columns: ``customer``, ``source``, ``purpose``, ``granted_at``, ``expires_at``, ``withdrawn_at`` (the last two may be null).

Reading order: :func:`read_ledger`, :func:`consented`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk.sources.calendar import LATEST_US
from credit_risk.sources.checks import (
    check_once,
    contract_error,
    key_column,
    moment_column,
    sample_keys,
    scaled_column,
)
from credit_risk.sources.contract import ColumnContract, TimeRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.sources.contract import RecordContract, SourceContracts


def ledger_columns(contracts: SourceContracts) -> tuple[ColumnContract, ...]:
    """Return the contract of the ledger's columns."""
    form = contracts.applications
    customer = next(column for column in form.columns if column.name == form.customer_key)
    sources = tuple(dict.fromkeys(contract.consent_source for contract in contracts.records))
    purposes = tuple(dict.fromkeys(contract.consent_purpose for contract in contracts.records))
    return (
        ColumnContract(name="customer", role="key", kind=customer.kind),
        ColumnContract(name="source", role="measure", kind="code", codes=sources),
        ColumnContract(name="purpose", role="measure", kind="code", codes=purposes),
        *(
            ColumnContract(name=name, role="time", kind="timestamp", nullable=name != "granted_at")
            for name in ("granted_at", "expires_at", "withdrawn_at")
        ),
    )


def read_ledger(table: pa.Table, contracts: SourceContracts) -> pd.DataFrame:
    """Check the ledger and return it with moments in UTC microseconds.

    Raises
    ------
    DataContractError
        Wrong type (``CR-SRC-013``); unknown source or purpose, or an end before the grant (``CR-SRC-015``); the same grant
        twice, hence perhaps in conflict (``CR-SRC-016``).
    """
    file = contracts.consent.file
    customer, source, purpose, granted, expires, withdrawn = ledger_columns(contracts)
    keys = key_column(table, customer, file)
    columns: dict[str, NDArray[np.int64]] = {
        column.name: scaled_column(table, column, file, keys).values for column in (source, purpose)
    }
    for column in (granted, expires, withdrawn):
        filled = _with_no_end(table, column)
        rule = TimeRule(column=column.name)
        columns[column.name] = moment_column(
            filled, rule, column, file=file, keys=keys, timezone=contracts.timezone
        )
    for name in ("expires_at", "withdrawn_at"):
        early = columns[name] <= columns["granted_at"]
        if early.any():
            raise contract_error(
                file=file,
                column=name,
                rule="after_granted_at",
                count=int(early.sum()),
                expected="an end after the grant",
                keys=sample_keys(keys, np.flatnonzero(early)),
                code="CR-SRC-015",
            )
    people = np.asarray(keys.to_numpy(zero_copy_only=False))
    identity = [people, columns["source"], columns["purpose"], columns["granted_at"]]
    check_once(identity, ("customer", "source", "purpose", "granted_at"), file=file, labels=keys)
    words = {
        column.name: np.array(column.codes, dtype=object)[columns[column.name]]
        for column in (source, purpose)
    }
    return pd.DataFrame({"customer_id": pd.Series(people, dtype="str"), **columns, **words})


def _with_no_end(table: pa.Table, column: ColumnContract) -> pa.Table:
    """Replace a missing end by the latest moment there is."""
    values = table.column(column.name)
    if not column.nullable or not pa.types.is_timestamp(values.type):
        return table
    in_us = values.cast(pa.timestamp("us", tz=values.type.tz))
    filled = in_us.fill_null(pa.scalar(LATEST_US, in_us.type))
    return table.set_column(table.column_names.index(column.name), column.name, filled)


def consented(
    ledger: pd.DataFrame, applications: pd.DataFrame, contract: RecordContract, processed_us: int
) -> NDArray[np.bool_]:
    """Return for each application whether the source may be read: as ``consent.is_granted``, for many at once."""
    about = (ledger["source"] == contract.consent_source) & (ledger["purpose"] == contract.consent_purpose)
    kept = ledger[about & (ledger["withdrawn_at"] > processed_us)]
    asked = pd.DataFrame(
        {
            "row": np.arange(len(applications)),
            "customer_id": applications["customer_id"].to_numpy(),
            "applied_us": applications["applied_at"].astype("int64").to_numpy(),
        }
    )
    pairs = asked.merge(kept, on="customer_id")
    valid = (pairs["granted_at"] <= pairs["applied_us"]) & (pairs["applied_us"] < pairs["expires_at"])
    allowed = np.zeros(len(applications), dtype=bool)
    allowed[pairs.loc[valid, "row"].to_numpy()] = True
    return allowed

"""The consent ledger as a table: read, checked, and asked for many applications at once.

Columns: ``customer``, ``source``, ``purpose``, ``granted_at``, ``expires_at``, ``withdrawn_at`` (the last two may be null).
What ``source`` calls a source is its feed, or its own name where it stands alone.

Reading order: :func:`ledger_table`, :func:`ledger_frame`, :func:`consented`, :func:`consent_state`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.sources.calendar import LATEST_US
from credit_risk.sources.consent import check_processed_at
from credit_risk.sources.contract import ColumnContract, TimeRule
from credit_risk.sources.reading.tables import TableShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from credit_risk.sources.contract import RecordContract, SourceContracts
    from credit_risk.sources.readers import Sources
    from credit_risk.sources.reading.tables import CheckedTable

_TIMES = ("granted_at", "expires_at", "withdrawn_at")
#: Rules whose breach changes nobody's consent: an exact copy of a row says nothing new, so it is read once and reported.
HARMLESS = ("duplicate",)


def ledger_table(contracts: SourceContracts) -> TableShape:
    """Return what is read of the ledger."""
    form = contracts.applications
    customer = next(column for column in form.columns if column.name == form.customer_key)
    sources = tuple(dict.fromkeys(contract.consent_source for contract in contracts.records))
    purposes = tuple(dict.fromkeys(contract.consent_purpose for contract in contracts.records))
    columns = (
        ColumnContract(name="customer", role="key", kind=customer.kind),
        ColumnContract(name="source", role="measure", kind="code", codes=sources),
        ColumnContract(name="purpose", role="measure", kind="code", codes=purposes),
        *(
            ColumnContract(name=name, role="time", kind="timestamp", nullable=name != "granted_at")
            for name in _TIMES
        ),
    )
    times = {name: TimeRule(column=name) for name in _TIMES}
    return TableShape(columns=columns, label="customer", times=times, may_be_empty=True)


def note_ledger_faults(table: CheckedTable) -> None:
    """Note rows that contradict themselves or each other.

    The rules: an end comes after its grant (``CR-SRC-015``), and rows of one grant agree (``CR-SRC-016``). Exact copies are noted
    too, but harm nobody: see :data:`HARMLESS`.
    """
    granted = table.moments["granted_at"]
    for name in ("expires_at", "withdrawn_at"):
        column = table.columns[name]
        # no end is the latest moment there is, as in a request: rows that differ in no more than how they say so are copies
        ends = np.where(column.missing, LATEST_US, table.moments[name])
        table.moments[name] = ends
        table.columns[name] = replace(column, values=ends, missing=np.zeros(ends.size, dtype=bool))
        table.note(name, "after_granted_at", "an end after the grant", np.flatnonzero(ends <= granted))
    table.check_once(("customer", "source", "purpose", "granted_at"))


def ledger_frame(table: CheckedTable, rows: NDArray[np.int64], contracts: SourceContracts) -> pd.DataFrame:
    """Return the ledger with moments in UTC microseconds, once its faults are noted; no end is the latest moment there is."""
    words = {column.name: column.codes for column in ledger_table(contracts).columns if column.kind == "code"}
    people = table.labels.take(pa.array(rows)).to_numpy(zero_copy_only=False)
    return pd.DataFrame(
        {
            "customer_id": pd.Series(people, dtype="str"),
            **{
                name: np.array(codes, dtype=object)[table.columns[name].values[rows]]
                for name, codes in words.items()
            },
            **{name: table.moments[name][rows] for name in _TIMES},
        }
    )


def consented(
    ledger: pd.DataFrame,
    applications: pd.DataFrame,
    contract: RecordContract,
    processed_us: int | NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return for each application whether the source may be read: as ``consent.is_granted``, for many at once.

    ``processed_us`` is one moment, or one for each application.
    """
    about = ledger[
        (ledger["source"] == contract.consent_source) & (ledger["purpose"] == contract.consent_purpose)
    ]
    asked = pd.DataFrame(
        {
            "row": np.arange(len(applications)),
            "customer_id": applications["customer_id"].to_numpy(),
            "applied_us": _applied_us(applications),
            "processed_us": processed_us,
        }
    )
    pairs = asked.merge(about, on="customer_id")
    until = pairs[["applied_us", "processed_us"]].max(axis=1)
    withdrawn = pairs["withdrawn_at"].where(pairs["withdrawn_at"] <= until)
    last = withdrawn.groupby(pairs["row"]).transform("max")
    valid = (pairs["granted_at"] <= pairs["applied_us"]) & (pairs["applied_us"] < pairs["expires_at"])
    allowed = np.zeros(len(applications), dtype=bool)
    allowed[pairs.loc[valid & ~(pairs["granted_at"] <= last), "row"].to_numpy()] = True
    return allowed


def _applied_us(applications: pd.DataFrame) -> NDArray[np.int64]:
    return np.array(applications["applied_at"].astype("int64"), dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentState:
    """How consent stood when data was processed: part of the provenance of everything computed from it.

    Attributes
    ----------
    processed_at : str
        The moment of processing, ISO 8601 in UTC.
    digest : str
        SHA-256 of which application may use which source; the same consent gives the same digest, a withdrawal that
        matters another one.
    n_allowed, n_withdrawn : mapping of str to int
        Source -> applications that may use it; that could when they applied, but no longer because consent was withdrawn.
    """

    processed_at: str
    digest: str
    n_allowed: Mapping[str, int]
    n_withdrawn: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def consent_state(sources: Sources, processed_at: datetime) -> ConsentState:
    """Return how consent stands for all applications at a moment of processing.

    Parameters
    ----------
    sources : Sources
        With a consent ledger.
    processed_at : datetime
        With time zone; never the clock.

    Raises
    ------
    SpecificationError
        Consent is assumed, or ``processed_at`` is naive (``CR-SRC-027``).
    """
    processed_us = check_processed_at(sources.contracts.consent, processed_at)
    ledger = sources.consents
    assert ledger is not None  # noqa: S101  a ledger is declared, so it was read
    applied_us = _applied_us(sources.applications)
    allowed, withdrawn, bits = {}, {}, {}
    for contract in sources.contracts.records:
        now = consented(ledger, sources.applications, contract, processed_us)
        before = consented(ledger, sources.applications, contract, applied_us)
        allowed[contract.name], withdrawn[contract.name] = int(now.sum()), int((before & ~now).sum())
        bits[contract.name] = np.packbits(now).tobytes().hex()
    content = {"applications": list(sources.applications.index), "allowed": bits}
    return ConsentState(
        processed_at=processed_at.astimezone(UTC).isoformat(),
        digest=sha256_of(canonical_json(content)),
        n_allowed=allowed,
        n_withdrawn=withdrawn,
    )

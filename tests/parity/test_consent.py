"""A ledger is read alike as a table and as the rows of a request: the same consent, or refused in both.

Ledgers are drawn with copies, contradictions, ends before their grants and times beyond any calendar.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from credit_risk.errors import CreditRiskError
from credit_risk.sources import read_contracts
from credit_risk.sources.calendar import microseconds
from credit_risk.sources.consent import is_granted, read_grants
from credit_risk.sources.consent_ledger import consented
from credit_risk.sources.readers import Reading
from credit_risk.sources.reading.stores import RawTable

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "data_samples" / "synthetic_instant_loan"
APPLIED = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = [
    APPLIED + timedelta(days=days, microseconds=ticks) for days in (-400, -1, 0, 30) for ticks in (-1, 0)
]
FAR = [
    datetime(1899, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(2200, 1, 1, tzinfo=UTC),
    datetime(2200, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=timezone(timedelta(hours=8))),
]
MOMENT = st.sampled_from([*MOMENTS, *MOMENTS, *FAR])
END = st.none() | MOMENT
ROW = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["telecom", "ecommerce"]),
        "purpose": st.sampled_from(["credit_assessment", "fraud_prevention"]),
        "granted_at": st.sampled_from(MOMENTS[:6]) | MOMENT,
        "expires_at": END,
        "withdrawn_at": END,
    }
)
PLAIN = {
    "source": "telecom",
    "purpose": "credit_assessment",
    "granted_at": MOMENTS[0],
    "expires_at": None,
    "withdrawn_at": None,
}
SCHEMA = pa.schema(
    [
        ("customer", pa.string()),
        ("source", pa.string()),
        ("purpose", pa.string()),
        *((name, pa.timestamp("us", tz="UTC")) for name in ("granted_at", "expires_at", "withdrawn_at")),
    ]
)


@lru_cache(maxsize=1)
def sample():
    contracts = read_contracts(SAMPLE / "sources.toml")
    reading = Reading.of(SAMPLE, contracts, None, keeps_reading=False)
    return contracts, reading.applications()


class Shelf:
    """A store that holds one table."""

    def __init__(self, rows, person):
        columns = [{"customer": person, **row} for row in rows]
        self.table = RawTable(
            name="consents", content=pa.Table.from_pylist(columns, SCHEMA), undeclared=(), digest="0"
        )

    def read(self, contract, columns):
        return self.table

    def files(self):
        return ()


def in_a_table(rows, person, processed_at, *, keeps_reading=False):
    """Return source -> whether the person's data may be read, or None if the ledger is refused; and the report."""
    contracts, form = sample()
    reading = Reading.of(SAMPLE, contracts, None, keeps_reading=keeps_reading)
    reading.store = Shelf(rows, person)
    try:
        sources, report = reading.finish(form, {})
    except CreditRiskError:
        return None, None
    one = sources.applications[sources.applications["customer_id"] == person].iloc[:1]
    one = one.assign(applied_at=[APPLIED])
    return {
        record.name: bool(consented(sources.consents, one, record, microseconds(processed_at))[0])
        for record in contracts.records
    }, report


def in_a_request(rows, person, processed_at, *, written):
    contracts, _ = sample()
    words = [
        {
            key: value.isoformat() if written and isinstance(value, datetime) else value
            for key, value in row.items()
        }
        for row in rows
    ]
    try:
        grants = read_grants(words, contracts.consent, person)
    except CreditRiskError:
        return None
    applied_us, processed_us = microseconds(APPLIED), microseconds(processed_at)
    return {record.name: is_granted(grants, record, applied_us, processed_us) for record in contracts.records}


@given(
    rows=st.lists(ROW, max_size=4),
    copies=st.lists(st.integers(0, 3), max_size=3),
    processed_at=st.sampled_from(MOMENTS),
    written=st.booleans(),
)
@example(rows=[PLAIN], copies=[0], processed_at=MOMENTS[-1], written=True)
@example(rows=[{**PLAIN, "expires_at": FAR[-2]}], copies=[], processed_at=MOMENTS[-1], written=True)
@example(
    rows=[PLAIN, {**PLAIN, "withdrawn_at": MOMENTS[4]}], copies=[], processed_at=MOMENTS[-1], written=True
)
@example(rows=[PLAIN, {**PLAIN, "expires_at": FAR[2]}], copies=[], processed_at=MOMENTS[-1], written=True)
@example(rows=[], copies=[], processed_at=MOMENTS[-1], written=True)
def test_a_ledger_means_the_same_in_a_table_and_in_a_request(rows, copies, processed_at, written):
    rows = [*rows, *(dict(rows[place]) for place in copies if place < len(rows))]
    person = str(sample()[1].frame["customer_id"].iloc[0])
    found, _ = in_a_table(rows, person, processed_at)
    assert found == in_a_request(rows, person, processed_at, written=written)


@pytest.mark.parametrize(
    "processed_at", [APPLIED - timedelta(days=90), APPLIED, APPLIED + timedelta(days=90)]
)
def test_consent_withdrawn_before_the_application_is_no_consent_whenever_the_data_is_processed(processed_at):
    person = str(sample()[1].frame["customer_id"].iloc[0])
    rows = [{**PLAIN, "withdrawn_at": APPLIED - timedelta(days=1)}]
    allowed, _ = in_a_table(rows, person, processed_at)
    assert not any(allowed.values())
    assert allowed == in_a_request(rows, person, processed_at, written=True)


def test_copies_are_read_once_and_reported_once_and_contradictions_are_no_consent():
    person = str(sample()[1].frame["customer_id"].iloc[0])
    allowed, report = in_a_table([PLAIN, PLAIN, PLAIN], person, MOMENTS[-1], keeps_reading=True)
    assert allowed == in_a_request([PLAIN], person, MOMENTS[-1], written=True)
    assert any(allowed.values())
    assert [(f.rule, f.n_rows, f.code) for f in report] == [("duplicate", 2, "CR-SRC-016")]
    contradiction = [PLAIN, {**PLAIN, "expires_at": MOMENTS[-1]}]
    assert in_a_table(contradiction, person, MOMENTS[-1])[0] is None
    allowed, report = in_a_table(contradiction, person, MOMENTS[-1], keeps_reading=True)
    assert not any(allowed.values())
    assert [(f.rule, f.n_rows) for f in report] == [("unique", 2)]

"""Consent has two times; a ledger that contradicts itself, or is not asked properly, is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.errors import DataContractError, ScoringError, SpecificationError
from credit_risk.sources import ConsentDeclaration, read_sources
from credit_risk.sources.consent import check_processed_at, read_grants
from credit_risk.sources.consent_ledger import consented

LEDGER = ConsentDeclaration(mode="ledger", purpose="credit_assessment", statement="", file="consents.parquet")
ASSUMED = ConsentDeclaration(mode="assumed", purpose="credit_assessment", statement="assumed")
GRANTED = datetime(2026, 1, 1, tzinfo=UTC)
ROW = {
    "source": "bank",
    "purpose": "credit_assessment",
    "granted_at": "2026-01-01T00:00:00+00:00",
    "expires_at": None,
    "withdrawn_at": None,
}


@pytest.fixture
def with_ledger(folder):
    def read(**replaced):
        root = folder()
        path = root / "sources.toml"
        text = path.read_text().replace('mode = "assumed"', 'mode = "ledger"\nfile = "consents.parquet"')
        path.write_text(text)
        moment = pa.timestamp("us", tz="UTC")
        columns = {
            "customer": ["p", "q"],
            "source": ["bank", "bank"],
            "purpose": ["credit_assessment"] * 2,
            "granted_at": pa.array([GRANTED, GRANTED], moment),
            "expires_at": pa.array([None, GRANTED + timedelta(days=1)], moment),
            "withdrawn_at": pa.array([GRANTED + timedelta(days=100), None], moment),
        }
        pq.write_table(pa.table({**columns, **replaced}), root / "consents.parquet")
        return read_sources(root)

    return read


def test_consent_is_valid_at_the_application_and_not_withdrawn_when_processed(with_ledger):
    sources = with_ledger()
    bank = sources.contracts.record("bank")
    assert list(sources.applications.index) == ["10", "2"]  # of q, whose grant expired, and of p
    withdrawn = int((GRANTED + timedelta(days=100)).timestamp() * 1_000_000)
    assert consented(sources.consents, sources.applications, bank, withdrawn - 1).tolist() == [False, True]
    assert consented(sources.consents, sources.applications, bank, withdrawn).tolist() == [False, False]
    assert "consents.parquet" in sources.digests


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        (
            {"customer": ["p", "p"]},
            r"CR-SRC-016: File 'consents.parquet'.*'unique' is broken by 2 rows .*'p'",
        ),
        ({"source": ["bank", "bnak"]}, "CR-SRC-015: .*'source': rule 'codes' is broken by 1 row"),
        (
            {"purpose": ["credit_assessment", "fun"]},
            "CR-SRC-015: .*'purpose': rule 'codes' is broken by 1 row",
        ),
        (
            {"expires_at": pa.array([GRANTED, None], pa.timestamp("us", tz="UTC"))},
            "CR-SRC-015: .*'expires_at': rule 'after_granted_at' is broken by 1 row",
        ),
        (
            {"granted_at": pa.array([GRANTED, None], pa.timestamp("us", tz="UTC"))},
            "CR-SRC-015: .*'granted_at': rule 'not_null' is broken by 1 row",
        ),
        ({"withdrawn_at": ["x", "y"]}, "CR-SRC-013: .*'withdrawn_at': wrong type"),
    ],
)
def test_a_ledger_in_conflict_is_refused(with_ledger, replaced, message):
    with pytest.raises(DataContractError, match=message):
        with_ledger(**replaced)


def test_the_moment_of_processing_is_explicit_with_a_ledger_and_only_then():
    assert check_processed_at(ASSUMED, None) == 0
    assert check_processed_at(LEDGER, datetime(1970, 1, 1, tzinfo=UTC)) == 0
    for declaration, moment in ((LEDGER, None), (LEDGER, datetime(2026, 1, 1)), (ASSUMED, GRANTED)):
        with pytest.raises(SpecificationError, match="CR-SRC-027"):
            check_processed_at(declaration, moment)


def test_rows_of_a_request_are_read_or_refused():
    (grant,) = read_grants([ROW], LEDGER)
    assert (grant.source, grant.granted_us) == ("bank", 1_767_225_600_000_000)
    assert read_grants([], LEDGER) == ()
    assert read_grants(None, ASSUMED) == ()
    for rows, declaration in ((None, LEDGER), ([ROW], ASSUMED)):
        with pytest.raises(SpecificationError, match="CR-SRC-027: consents do not fit"):
            read_grants(rows, declaration)
    wrong = [
        {"source": "bank"},
        {**ROW, "granted_at": None},
        {**ROW, "expires_at": "2026-01-01"},
        {**ROW, "source": 3},
    ]
    wrong += [{**ROW, "granted_at": "soon"}, 5]
    for row in wrong:
        with pytest.raises(ScoringError, match="CR-SRC-028: A consent row"):
            read_grants([row], LEDGER)

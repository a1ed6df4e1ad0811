"""Consent has two times; a ledger that contradicts itself, or is not asked properly, is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.errors import DataContractError, ScoringError, SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition, compute_features
from credit_risk.sources import ConsentDeclaration, consent_state, filter_sources, read_sources
from credit_risk.sources.consent import check_processed_at, is_granted, read_grants
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


def test_another_persons_consent_is_nobodys():
    assert len(read_grants([{**ROW, "customer": "P-1"}], LEDGER, "P-1")) == 1
    assert len(read_grants([ROW], LEDGER, "P-1")) == 1
    with pytest.raises(ScoringError, match="1 of 2 consent rows name another customer") as caught:
        read_grants([ROW, {**ROW, "customer": "P-2"}], LEDGER, "P-1")
    assert caught.value.code == "CR-SRC-028"
    assert "P-2" not in str(caught.value)
    with pytest.raises(ScoringError, match="1 of 1 consent rows name another customer"):
        read_grants([{**ROW, "customer": "P-2"}], LEDGER, "")  # an empty key is nobody's, not everybody's


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
    wrong += [{**ROW, "granted_at": "2026-01-01T00:00:00.0000001+00:00"}]
    wrong += [
        {**ROW, "expires_at": "9999-12-31T00:00:00+00:00"},
        {**ROW, "granted_at": "1899-12-31T00:00:00+00:00"},
    ]
    wrong += [{**ROW, "withdrawn_at": ROW["granted_at"]}, {**ROW, "expires_at": "2025-01-01T00:00:00Z"}]
    for row in wrong:
        with pytest.raises(ScoringError, match="CR-SRC-028: A consent row"):
            read_grants([row], LEDGER)


def test_rows_of_a_request_that_contradict_each_other_are_refused_and_copies_are_not():
    assert len(read_grants([ROW, dict(ROW)], LEDGER)) == 2
    other = {**ROW, "withdrawn_at": "2026-02-01T00:00:00Z"}
    with pytest.raises(ScoringError, match="CR-SRC-034: 1 of 2 consent rows contradict another"):
        read_grants([ROW, other], LEDGER)
    read_grants([ROW, {**other, "source": "wallet"}], LEDGER)


def test_a_withdrawal_ends_every_grant_given_up_to_it_and_none_given_later(with_ledger):
    moment = pa.timestamp("us", tz="UTC")
    days = [GRANTED, GRANTED + timedelta(days=10), GRANTED + timedelta(days=40)]
    sources = with_ledger(
        customer=["p", "p", "q", "q"],
        source=["bank"] * 4,
        purpose=["credit_assessment"] * 4,
        granted_at=pa.array([days[0], days[1], days[0], days[2]], moment),
        expires_at=pa.array([None] * 4, moment),
        withdrawn_at=pa.array([days[2], None, days[1], None], moment),
    )
    bank = sources.contracts.record("bank")
    processed = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1_000_000)
    assert consented(sources.consents, sources.applications, bank, processed).tolist() == [True, False]
    rows = [{**ROW, "granted_at": days[0], "withdrawn_at": days[2]}, {**ROW, "granted_at": days[1]}]
    applied = int(datetime(2026, 3, 1, 4, tzinfo=UTC).timestamp() * 1_000_000)
    assert not is_granted(read_grants(rows, LEDGER), bank, applied, processed)
    later = [{**ROW, "granted_at": days[0], "withdrawn_at": days[1]}, {**ROW, "granted_at": days[2]}]
    assert is_granted(read_grants(later, LEDGER), bank, applied, processed)


def test_the_same_moment_gives_the_same_state_and_a_later_withdrawal_another(with_ledger):
    sources = with_ledger()
    before = consent_state(sources, GRANTED + timedelta(days=99))
    again = consent_state(sources, GRANTED + timedelta(days=99))
    after = consent_state(sources, GRANTED + timedelta(days=100))
    assert before == again
    assert before.digest != after.digest
    assert (before.n_allowed, before.n_withdrawn) == ({"bank": 1}, {"bank": 0})
    assert (after.n_allowed, after.n_withdrawn) == ({"bank": 0}, {"bank": 1})
    assert after.to_dict()["processed_at"] == "2026-04-11T00:00:00+00:00"
    with pytest.raises(SpecificationError, match="CR-SRC-027"):
        consent_state(sources, datetime(2026, 4, 1))


def test_consent_withdrawn_before_the_application_was_not_lost_after_it(with_ledger):
    moment = pa.timestamp("us", tz="UTC")
    sources = with_ledger(
        customer=["p", "q"],
        source=["bank"] * 2,
        purpose=["credit_assessment"] * 2,
        granted_at=pa.array([GRANTED] * 2, moment),
        expires_at=pa.array([None] * 2, moment),
        withdrawn_at=pa.array(
            [datetime(2026, 3, 1, 4, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)], moment
        ),
    )  # both apply on 2026-03-01 at 4: p had withdrawn by then, q withdraws later
    state = consent_state(sources, datetime(2026, 6, 1, tzinfo=UTC))
    assert (state.n_allowed, state.n_withdrawn) == ({"bank": 0}, {"bank": 1})


def test_a_contradiction_set_apart_is_no_consent(with_ledger):
    with pytest.raises(DataContractError):
        with_ledger(customer=["p", "p"])
    root = with_ledger().store.root
    table = pq.read_table(root / "consents.parquet").to_pylist()
    pq.write_table(
        pa.Table.from_pylist([*table, {**table[0], "withdrawn_at": None}]), root / "consents.parquet"
    )
    sources, report = filter_sources(root)
    assert [(f.rule, f.n_rows) for f in report] == [("unique", 2)]
    assert sources.consents["customer_id"].tolist() == ["q"]


def test_a_ledger_without_a_row_says_that_nobody_consented(with_ledger):
    moments = {name: pa.array([], pa.timestamp("us", tz="UTC")) for name in ("granted_at", "expires_at")}
    nothing = pa.nulls(0)
    sources = with_ledger(
        customer=nothing, source=nothing, purpose=nothing, withdrawn_at=moments["expires_at"], **moments
    )
    catalogue = FeatureCatalogue(
        name="t",
        version="1",
        definitions=(FeatureDefinition(source="bank", window="history", aggregate="count", factor="x"),),
    )
    table = compute_features(catalogue, sources, processed_at=GRANTED)
    assert table.X.isna().all(axis=None)
    assert table.flags.to_dict("list") == {"bank__no_consent": [True] * 2, "bank__no_records": [False] * 2}
    assert consent_state(sources, GRANTED).n_allowed == {"bank": 0}

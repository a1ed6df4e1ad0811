"""Without consent nothing of a source comes through: not to features, not to scores, not to decisions.

Two worlds differ only in what a source says of people who did not consent to it. Every output must be the same bytes in
both, in batch and in real time.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.features import compute_features
from credit_risk.scoring import FeatureRows, load_bundle, trace_data_use
from credit_risk.sources import ConsentDeclaration, consent_state, read_sources

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = "monthly_statements"
APPLIED = datetime(2005, 9, 30, 16, tzinfo=UTC)
PROCESSED = datetime(2005, 12, 1, tzinfo=UTC)
MONTHS = [date(2005, month, 1) for month in (7, 8, 9)]
LEDGER = ConsentDeclaration(mode="ledger", purpose="credit_assessment", statement="", file="consents.parquet")
LEDGER_SCHEMA = pa.schema(
    [
        ("customer", pa.int64()),
        ("source", pa.string()),
        ("purpose", pa.string()),
        *((name, pa.timestamp("us", tz="UTC")) for name in ("granted_at", "expires_at", "withdrawn_at")),
    ]
)
#: Why a person's consent does not stand; None where it does.
GRANTS = {
    1: None,
    2: {},
    3: {"granted_at": datetime(2005, 10, 2, tzinfo=UTC)},
    4: {"expires_at": APPLIED},
    5: {"withdrawn_at": PROCESSED},
    6: {"withdrawn_at": datetime(2006, 1, 1, tzinfo=UTC)},
}
CONSENTING = {2, 6}


@pytest.fixture(scope="module")
def bundle():
    found = load_bundle(PROJECT / "models" / "uci-reference")
    return replace(found, contracts=replace(found.contracts, consent=LEDGER))


@pytest.fixture(scope="module")
def contract_text():
    text = (PROJECT / "data_samples" / "uci_credit_card" / "sources.toml").read_text(encoding="utf-8")
    return text.replace('mode = "assumed"', 'mode = "ledger"\nfile = "consents.parquet"')


def grants():
    rows = []
    for person, changes in GRANTS.items():
        if changes is not None:
            row = {
                "customer": person,
                "source": SOURCE,
                "purpose": "credit_assessment",
                "granted_at": datetime(2005, 1, 1, tzinfo=UTC),
                "expires_at": None,
                "withdrawn_at": None,
            }
            rows.append({**row, **changes})
    return rows


STATEMENT = st.fixed_dictionaries(
    {
        "pay_status": st.integers(-2, 8),
        "bill_amt": st.integers(-1_000, 200_000),
        "pay_amt": st.integers(0, 50_000),
    }
)
HISTORY = st.lists(STATEMENT, min_size=0, max_size=len(MONTHS))
WORLD = st.fixed_dictionaries(dict.fromkeys(GRANTS, HISTORY))


def write_world(folder, contract_text, histories):
    rows = [
        {"ID": person, "month": month, **statement}
        for person, history in histories.items()
        for month, statement in zip(MONTHS, history, strict=False)
    ]
    rows.append({"ID": 2, "month": date(2005, 4, 1), "pay_status": 0, "bill_amt": 10, "pay_amt": 10})
    people = [
        {"ID": p, "LIMIT_BAL": 50_000 * p, "SEX": 1, "MARRIAGE": 1, "AGE": 30, "default_next_month": 0}
        for p in GRANTS
    ]
    (folder / "sources.toml").write_text(contract_text, encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(people), folder / "customers.parquet")
    pq.write_table(pa.Table.from_pylist(rows), folder / "monthly_statements.parquet")
    pq.write_table(pa.Table.from_pylist(grants(), LEDGER_SCHEMA), folder / "consents.parquet")
    return read_sources(folder)


def outputs(bundle, sources):
    """Return features, flags and decisions of batch and real time as bytes, by person."""
    table = compute_features(bundle.features, sources, processed_at=PROCESSED)
    flags = [tuple(name for name in table.flags if row[name]) for _, row in table.flags.iterrows()]
    rows = FeatureRows(
        application_ids=list(table.X.index),
        applied_at=list(sources.applications["applied_at"].dt.to_pydatetime()),
        X=table.X.to_numpy(),
        flags=flags,
    )
    batch = dict(zip(table.X.index, bundle.engine.decide_rows(rows), strict=True))
    found = {}
    for application, records in sources.raw_requests(list(table.X.index)):
        person = application["application_id"]
        own = [
            {k: v for k, v in row.items() if k != "customer"}
            for row in grants()
            if str(row["customer"]) == person
        ]
        decision = bundle.decide(application, records, consents=own, processed_at=PROCESSED)
        found[person] = {
            "features": table.X.loc[person].to_numpy().tobytes(),
            "flags": tuple(table.flags.loc[person]),
            "batch": json.dumps(batch[person].to_dict(), sort_keys=True),
            "real_time": json.dumps(decision.to_dict(), sort_keys=True),
        }
    return found


@settings(max_examples=8, deadline=None)
@given(histories=WORLD, others=WORLD)
def test_what_a_source_says_without_consent_changes_no_output(bundle, contract_text, histories, others):
    altered = {person: histories[person] if person in CONSENTING else others[person] for person in GRANTS}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        sources = write_world(Path(one), contract_text, histories)
        first = outputs(bundle, sources)
        assert first == outputs(bundle, write_world(Path(two), contract_text, altered))
        assert consent_state(sources, PROCESSED).n_allowed == {SOURCE: len(CONSENTING)}
    for person in map(str, sorted(GRANTS)):
        batch, real_time = (json.loads(first[person][kind]) for kind in ("batch", "real_time"))
        assert {k: v for k, v in batch.items() if k != "applied_at"} == {
            k: v for k, v in real_time.items() if k != "applied_at"
        }
        assert (f"{SOURCE}__no_consent" in batch["flags"]) == (int(person) not in CONSENTING)
        has_records = bool(histories[int(person)]) or person == "2"
        use = trace_data_use(SOURCE, [person], bundles=[bundle], decisions=[real_time])
        assert bool(use.decisions) == (int(person) in CONSENTING and has_records)


def test_with_consent_the_same_change_does_come_through(bundle, contract_text, tmp_path):
    good = [{"pay_status": -1, "bill_amt": 1_000, "pay_amt": 1_000}] * 3
    bad = [{"pay_status": 3, "bill_amt": 90_000, "pay_amt": 0}] * 3
    found = []
    for name, history in (("good", good), ("bad", bad)):
        (tmp_path / name).mkdir()
        sources = write_world(tmp_path / name, contract_text, dict.fromkeys(GRANTS, history))
        found.append(outputs(bundle, sources))
    differ = {person for person in found[0] if found[0][person] != found[1][person]}
    assert differ == set(map(str, CONSENTING))

"""A sample of people with a consent ledger: the state of consent travels with it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition
from credit_risk.performance import OutcomeDefinition
from credit_risk.samples import DevelopmentSample
from credit_risk.sources import read_sources

CONTRACT = """
name = "synthetic"
timezone = "Asia/Shanghai"
currency = "CNY"
[consent]
mode = "ledger"
file = "consents.csv"
purpose = "credit_assessment"
statement = "synthetic data"
[applications]
file = "people.csv"
application_key = "customer"
customer_key = "customer"
applied_at = 2026-01-01T00:00:00+08:00
[applications.columns]
customer = { role = "key", kind = "integer" }
is_bad = { role = "outcome", kind = "integer", codes = [0, 1] }
[records.bank]
file = "bank.csv"
customer_key = "customer"
event_time = { column = "day", moment = "start_of_day" }
[records.bank.columns]
customer = { role = "key", kind = "integer" }
day = { role = "time", kind = "date" }
amount = { role = "measure", kind = "money", minimum = 0, maximum = 1_000_000 }
"""
OUTCOME = OutcomeDefinition(
    name="bad",
    column="is_bad",
    bad_values=(1,),
    good_values=(0,),
    horizon="12m",
    known_at=datetime(2027, 1, 1, tzinfo=UTC),
)
CATALOGUE = FeatureCatalogue(
    name="synthetic",
    version="1",
    definitions=(
        FeatureDefinition(source="bank", measure="amount", window="90d", aggregate="sum", factor="income"),
    ),
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    people = range(600)
    lines = {
        "people": ["customer,is_bad", *(f"{p},{p % 2}" for p in people)],
        "bank": ["customer,day,amount", *(f"{p},2025-12-01,{p}.25" for p in people)],
        "consents": [
            "customer,source,purpose,granted_at,expires_at,withdrawn_at",
            *(
                f"{p},bank,credit_assessment,2025-01-01T00:00:00Z,,{'2026-06-01T00:00:00Z' if p < 10 else ''}"
                for p in people
            ),
        ],
    }
    (folder / "sources.toml").write_text(CONTRACT, encoding="utf-8")
    for name, rows in lines.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return read_sources(folder)


def build(sources, processed_at):
    return DevelopmentSample.build(sources, CATALOGUE, OUTCOME, processed_at=processed_at)


def values(sample):
    parts = (sample.development, sample.validation, sample.holdout)
    return [part.X.to_numpy().tobytes() for part in parts]


def test_the_same_moment_of_processing_gives_the_same_bytes_and_state(sources):
    first, second = (build(sources, datetime(2026, 5, 31, tzinfo=UTC)) for _ in range(2))
    assert values(first) == values(second)
    assert first.consent == second.consent
    assert first.consent.n_withdrawn == {"bank": 0}


def test_a_withdrawal_takes_the_values_out_and_shows_in_the_state(sources):
    before = build(sources, datetime(2026, 5, 31, tzinfo=UTC))
    after = build(sources, datetime(2026, 6, 1, tzinfo=UTC))
    assert after.consent.digest != before.consent.digest
    assert after.consent.n_withdrawn == {"bank": 10}
    n_missing = sum(
        int(np.isnan(p.X.to_numpy()).sum()) for p in (after.development, after.validation, after.holdout)
    )
    assert n_missing == 10


def test_a_ledger_without_moment_of_processing_is_refused(sources):
    with pytest.raises(SpecificationError, match="CR-SRC-027"):
        build(sources, None)

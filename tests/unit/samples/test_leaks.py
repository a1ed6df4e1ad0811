"""Where features and outcomes meet, no feature may know the outcome."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import LeakageError
from credit_risk.features import FeatureCatalogue, FeatureDefinition
from credit_risk.performance import OutcomeDefinition
from credit_risk.samples import DevelopmentSample
from credit_risk.samples.screening import refuse_copies
from credit_risk.sources import read_sources

N = 600
CONTRACT = """
name = "synthetic"
timezone = "Asia/Shanghai"
currency = "CNY"
[consent]
mode = "assumed"
purpose = "credit_assessment"
statement = "synthetic"
[applications]
file = "applications.parquet"
application_key = "id"
customer_key = "id"
applied_at = 2026-01-01T00:00:00+08:00
[applications.columns]
id = { role = "key", kind = "integer" }
income = { role = "attribute", kind = "integer" }
days_in_collection = { role = "attribute", kind = "integer" }
is_bad = { role = "outcome", kind = "integer" }
"""
OUTCOME = OutcomeDefinition(
    name="bad",
    column="is_bad",
    bad_values=(1,),
    good_values=(0,),
    horizon="3m",
    known_at=datetime(2026, 6, 1, tzinfo=UTC),
)


def catalogue_of(*fields):
    definitions = [
        FeatureDefinition(source="application", measure=name, window="now", aggregate="value", factor="any")
        for name in fields
    ]
    return FeatureCatalogue(name="form", version="1", definitions=tuple(definitions))


@pytest.fixture
def sources(tmp_path):
    rng = np.random.default_rng(1)
    is_bad = (rng.random(N) < 0.4).astype(int)
    frame = pd.DataFrame(
        {"id": np.arange(N), "income": rng.integers(1, 99, N) - 9 * is_bad, "is_bad": is_bad}
    )
    frame["days_in_collection"] = rng.integers(1, 90, N) * is_bad
    frame.to_parquet(tmp_path / "applications.parquet")
    (tmp_path / "sources.toml").write_text(CONTRACT, encoding="utf-8")
    return read_sources(tmp_path)


def test_an_honest_sample_is_split_by_customer(sources):
    sample = DevelopmentSample.build(sources, catalogue_of("income"), OUTCOME)
    assert sample.table()["n"].sum() == N


def test_a_column_filled_in_after_the_outcome_is_a_leak(sources):
    with pytest.raises(LeakageError) as caught:
        DevelopmentSample.build(sources, catalogue_of("income", "days_in_collection"), OUTCOME)
    assert str(caught.value).startswith(
        "CR-SMP-005: 1 of 2 features tell goods from bads without a single error, first "
        "'application__all__days_in_collection__now__value'."
    )


def test_few_rows_may_separate_by_chance():
    is_bad = np.repeat([True, False], 40)
    X = pd.DataFrame({"rare": np.where(np.arange(80) % 20 == 0, is_bad, np.nan), "copy": is_bad * 1.0})
    with pytest.raises(LeakageError, match="1 of 2 features"):
        refuse_copies(X, is_bad)
    refuse_copies(X[["rare"]], is_bad)

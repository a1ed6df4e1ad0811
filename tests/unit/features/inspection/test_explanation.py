"""Which records made a value, and why the others did not: each reason once, and the value is the model's."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.domain.application import Application
from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureClosure, FeatureDefinition, Subject
from credit_risk.features.inspection import FeatureExplanation, explain_feature
from credit_risk.sources import SourceContracts

KEY = {"name": "customer", "role": "key", "kind": "text"}
AMOUNT = {"name": "amount", "role": "measure", "kind": "money", "scale": 2, "nullable": True}
KIND = {"name": "kind", "role": "measure", "kind": "code", "codes": ["rent", "food"]}
TIMES = [{"name": name, "role": "time", "kind": "timestamp"} for name in ("at", "known")]
APPLIED_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)


def bank(mode="assumed"):
    form = {
        "file": "a.parquet",
        "application_key": "customer",
        "customer_key": "customer",
        "applied_at_column": "at",
        "consent_purpose": "credit_assessment",
        "columns": [KEY, TIMES[0], {"name": "limit", "role": "attribute", "kind": "integer"}],
    }
    source = {
        "name": "bank",
        "file": "b.parquet",
        "customer_key": "customer",
        "unique_key": [],
        "event_time": {"column": "at"},
        "known_at": {"column": "known"},
        "future_records": "ignore",
        "consent_purpose": "credit_assessment",
        "columns": [KEY, *TIMES, AMOUNT, KIND],
    }
    consent = {"mode": mode, "purpose": "credit_assessment", "statement": "synthetic"}
    content = {"name": "tiny", "timezone": "Asia/Shanghai", "currency": "CNY", "consent": consent}
    return SourceContracts.from_dict({**content, "applications": form, "records": [source]})


def catalogue_of(**definition):
    subjects = (
        Subject(source="bank", name="rent", where=("kind == 'rent'", "amount >= 10")),
        Subject(source="bank", name="dear", where=("amount > 20",)),
    )
    fields = {"source": "bank", "factor": "any", **definition}
    return FeatureCatalogue(
        name="one", version="1", subjects=subjects, definitions=(FeatureDefinition(**fields),)
    )


def record(days_ago, *, amount=20.0, kind="rent", known_after_days=0.0):
    at = APPLIED_AT - timedelta(days=days_ago)
    known = at + timedelta(days=known_after_days)
    return {"customer": "A", "at": at.isoformat(), "known": known.isoformat(), "amount": amount, "kind": kind}


def explained(catalogue, records, contracts=None, **consent):
    application = Application.from_mapping(
        {"application_id": "A", "customer_id": "A", "applied_at": APPLIED_AT.isoformat(), "limit": 5}
    )
    sent = records if isinstance(records, dict) else {"bank": records}
    (name,) = catalogue.names
    return explain_feature(catalogue, contracts or bank(), name, application, sent, **consent)


def test_every_reason_is_given_in_the_order_of_the_records():
    records = [
        record(3),
        record(40),
        record(2, kind="food"),
        record(2, amount=9.99),
        record(2, amount=None),
        record(1, known_after_days=2),
        record(0),
        record(-5),
    ]
    found = explained(catalogue_of(subject="rent", measure="amount", window="30d", aggregate="sum"), records)
    assert found.records["why"].tolist() == [
        "yes",
        "no: older than 30 days",
        "no: not kind == 'rent'",
        "no: not amount >= 10",
        "no: not amount >= 10",
        "no: known only after the application",
        "no: at or after the application",
        "no: at or after the application",
    ]
    assert found.records["counted"].tolist() == [True, *[False] * 7]
    assert (found.value, found.flags) == (20.0, ())
    assert found.records["value"].fillna(-1).tolist() == [20.0, 20.0, 20.0, 9.99, -1.0, -1.0, -1.0, -1.0]
    assert found.records["event_at"].iloc[0].isoformat() == "2026-02-26T12:00:00+08:00"
    assert "1 of 8 records counted" in found._repr_html_()


def test_both_parts_of_a_comparison_and_the_base_of_a_share_are_told_apart():
    records = [record(3), record(50), record(100)]
    change = explained(catalogue_of(measure="amount", window="30d_vs_90d", aggregate="mean_change"), records)
    assert change.records["why"].tolist() == [
        "yes, in the recent part",
        "yes, in the earlier part",
        "no: older than 90 days",
    ]
    share = explained(
        catalogue_of(subject="rent", window="history", aggregate="share"), [record(1), record(2, kind="food")]
    )
    assert share.records["why"].tolist() == ["yes", "yes, in the base only: not kind == 'rent'"]
    assert share.value == 0.5
    of_rent = explained(
        catalogue_of(subject="dear", base="rent", window="history", aggregate="share"),
        [record(1, amount=50.0), record(2), record(3, kind="food")],
    )
    assert of_rent.records["why"].tolist() == [
        "yes",
        "yes, in the base only: not amount > 20",
        "no: not kind == 'rent'",
    ]
    assert of_rent.value == 0.5
    measured = explained(catalogue_of(measure="amount", aggregate="max"), [record(1, amount=None)])
    assert measured.records["why"].tolist() == ["no: amount is missing"]
    assert measured.value is None


def test_without_consent_nothing_was_read_and_the_flag_says_so():
    grant = {
        "source": "bank",
        "purpose": "credit_assessment",
        "granted_at": (APPLIED_AT - timedelta(days=9)).isoformat(),
        "expires_at": None,
        "withdrawn_at": (APPLIED_AT + timedelta(days=1)).isoformat(),
    }
    catalogue, contracts = catalogue_of(measure="amount", aggregate="sum"), bank("ledger")

    def on(moment):
        return explained(catalogue, [record(1)], contracts, consents=[grant], processed_at=moment)

    assert on(APPLIED_AT).value == 20.0
    withdrawn = on(APPLIED_AT + timedelta(days=2))
    assert (withdrawn.value, withdrawn.flags) == (None, ("bank__no_consent",))
    assert len(withdrawn.records) == 0


def test_a_source_that_is_silent_and_a_field_of_the_form_have_no_records():
    silent = explained(catalogue_of(aggregate="count"), {})
    assert (silent.value, silent.flags, len(silent.records)) == (None, ("bank__not_supplied",), 0)
    form = explained(
        catalogue_of(source="application", measure="limit", window="now", aggregate="value"), [record(1)]
    )
    assert (form.value, len(form.records)) == (5.0, 0)


def test_an_unknown_feature_is_named_with_the_nearest():
    application = Application.from_mapping({"application_id": "A", "applied_at": APPLIED_AT.isoformat()})
    with pytest.raises(SpecificationError) as caught:
        explain_feature(
            catalogue_of(aggregate="count"), bank(), "bank__all__record__history__count", application, {}
        )
    assert str(caught.value) == (
        "CR-FEA-033: The catalogue 'one' has no feature 'bank__all__record__history__count'. "
        "Did you mean 'bank__all__records__history__count'?"
    )


@given(
    rng=st.randoms(use_true_random=False),
    n_records=st.integers(0, 70),
    window=st.sampled_from(["history", "10d", "60d"]),
    subject=st.sampled_from(["all", "rent"]),
)
def test_the_records_that_counted_make_the_value(rng: random.Random, n_records, window, subject):
    records = [
        record(
            rng.uniform(-5, 90),
            amount=rng.choice([None, 0.5, 10, 12.25]),
            kind=rng.choice(["rent", "food"]),
            known_after_days=rng.choice([0, 0, rng.uniform(0, 9)]),
        )
        for _ in range(n_records)
    ]
    common = {"subject": subject, "window": window}
    counted = explained(catalogue_of(aggregate="count", **common), records)
    added = explained(catalogue_of(aggregate="sum", measure="amount", **common), records)
    if counted.value is not None:
        assert counted.value == counted.records["counted"].sum()
        assert added.value == added.records.loc[added.records["counted"], "value"].sum()
    else:
        assert not counted.records["counted"].any()
    closure = FeatureClosure(catalogue_of(aggregate="sum", measure="amount", **common), bank())
    application = Application.from_mapping(
        {"application_id": "A", "customer_id": "A", "applied_at": APPLIED_AT.isoformat(), "limit": 5}
    )
    assert closure(application, {"bank": records}).to_dict() == {added.feature: added.value}


def test_words_of_a_catalogue_are_no_markup():
    found = FeatureExplanation(
        feature="n", meaning="a < b", value=1.0, flags=(), records=pd.DataFrame({"counted": []})
    )
    assert "a &lt; b" in found._repr_html_()

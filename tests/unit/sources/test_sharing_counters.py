"""Sharing counters: other people only, known by then only, consented only; against a naive count and through features."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import credit_risk
from credit_risk.domain.application import Application
from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureClosure, FeatureDefinition, Subject
from credit_risk.sources import read_contracts
from credit_risk.sources.calendar import LATEST_US, microseconds
from credit_risk.sources.consent import Grant
from credit_risk.sources.sharing_counters import SharingCounterStore, replay

START = datetime(2026, 3, 1, tzinfo=UTC)
TEMPLATE = Path(credit_risk.__file__).parent / "sources" / "templates" / "instant_loan" / "sources.toml"
PEOPLE = ("anna", "bert", "carl", "dora")


@pytest.fixture(scope="module")
def contracts():
    return read_contracts(TEMPLATE)


def random_moment(rng):
    return START + timedelta(hours=rng.choice([0, 1, 23, 24, 25, 24 * 29, 24 * 30, 24 * 31, 24 * 60]))


def naive(sightings, outcomes, granted, person, key, at):
    """Count with sets, straight from the words."""

    def past(moment, known):
        return moment < at and known <= at

    seen = [
        (other, moment)
        for other, used, moment, known in sightings
        if other != person and used == key and past(moment, known) and granted(other, moment)
    ]

    def people(days):
        return {other for other, moment in seen if moment >= at - timedelta(days=days)}

    known_of = [(other, outcome, moment) for other, outcome, moment, known in outcomes if past(moment, known)]
    everybody = people(36_500)
    month = at - timedelta(days=30)
    return {
        "n_people_1d": len(people(1)),
        "n_people_30d": len(people(30)),
        "n_people_history": len(everybody),
        "n_declined_30d": len(
            everybody & {other for other, what, moment in known_of if what == "declined" and moment >= month}
        ),
        "n_bad_history": len(everybody & {other for other, what, _ in known_of if what == "bad"}),
    }


@given(rng=st.randoms(use_true_random=False), has_ledger=st.booleans())
def test_counts_are_those_of_a_naive_count_in_any_order_of_arrival(contracts, rng, has_ledger):
    sightings, outcomes = [], []
    for _ in range(rng.randint(0, 12)):
        moment = random_moment(rng)
        known = moment + rng.choice([timedelta(0), timedelta(days=2)])
        sightings.append((rng.choice(PEOPLE), rng.choice(["d1", "d2"]), moment, known))
        outcomes.append((rng.choice(PEOPLE), rng.choice(["declined", "bad"]), moment, known))
    withdrawn = {person: rng.choice([None, START + timedelta(days=40)]) for person in PEOPLE[1:]}
    grants = {
        person: [
            Grant(
                source="sharing_counters",
                purpose="fraud_prevention",
                granted_us=microseconds(START + timedelta(hours=1)),
                withdrawn_us=LATEST_US if moment is None else microseconds(moment),
            )
        ]
        for person, moment in withdrawn.items()
    }
    at, person = random_moment(rng) + timedelta(hours=rng.choice([0, 1])), rng.choice(PEOPLE)

    def granted(other, moment):
        if not has_ledger:
            return True
        ends = withdrawn.get(other)
        return other in withdrawn and moment >= START + timedelta(hours=1) and (ends is None or at < ends)

    contract = contracts.record("sharing_counters")
    store = SharingCounterStore(contract=contract, grants=grants) if has_ledger else SharingCounterStore()
    for other, key, moment, known in sightings:
        store.see(other, "device", key, moment, known_at=known)
    for other, outcome, moment, known in outcomes:
        store.report(other, outcome, moment, known_at=known)
    (record,) = store.count(person, {"device": "d1"}, at)
    expected = naive(sightings, outcomes, granted, person, "d1", at)
    assert {key: record[key] for key in expected} == expected


def test_records_feed_features_and_see_nothing_of_the_application_itself(contracts):
    store = SharingCounterStore()
    for number, person in enumerate(PEOPLE):
        store.see(person, "device", "d1", START + timedelta(hours=number))
    applied_at = START + timedelta(hours=2)
    records = replay(store, [("carl", applied_at, {"device": "d1", "address": "a1"})])
    assert all(record["counted_at"] < applied_at for record in records)
    catalogue = FeatureCatalogue(
        name="sharing",
        version="1",
        subjects=(Subject(source="sharing_counters", name="device", where=("shared == 'device'",)),),
        definitions=(
            FeatureDefinition(
                source="sharing_counters",
                subject="device",
                measure="n_people_history",
                aggregate="last",
                factor="fraud",
                consent_purpose="fraud_prevention",
            ),
        ),
    )
    form = {
        column.name: None if column.nullable else (column.codes or [column.minimum / 10**column.scale])[0]
        for column in contracts.applications.attributes
    }
    application = Application.from_mapping(
        {**form, "application_id": "A", "customer_id": "carl", "applied_at": applied_at.isoformat()}
    )
    closure = FeatureClosure(catalogue, contracts)
    grant = {
        "source": "sharing_counters",
        "purpose": "fraud_prevention",
        "granted_at": START,
        "expires_at": None,
        "withdrawn_at": None,
    }
    vector = closure(application, {"sharing_counters": records}, consents=[grant], processed_at=applied_at)
    assert vector.to_dict() == {"sharing_counters__device__n_people_history__history__last": 2.0}


def test_a_record_names_no_key_and_no_other_person():
    store = SharingCounterStore()
    store.see("bert", "device", "secret-key", START)
    (record,) = store.count("anna", {"device": "secret-key"}, START + timedelta(days=1))
    assert "bert" not in str(record)
    assert "secret-key" not in str(record)


def test_a_replay_counts_nobody_who_has_withdrawn_since_and_must_be_told_when_it_runs(contracts):
    withdrawn = START + timedelta(days=30)
    grant = Grant(
        source="sharing_counters",
        purpose="fraud_prevention",
        granted_us=microseconds(START),
        withdrawn_us=microseconds(withdrawn),
    )
    store = SharingCounterStore(contract=contracts.record("sharing_counters"), grants={"bert": [grant]})
    store.see("bert", "device", "d1", START)
    applications = [("anna", START + timedelta(days=1), {"device": "d1"})]

    def counted(processed_at):
        (record,) = replay(store, applications, processed_at=processed_at)
        return record["n_people_history"]

    assert [counted(withdrawn - timedelta(microseconds=1)), counted(withdrawn)] == [1, 0]
    late = store.count("anna", {"device": "d1"}, withdrawn, processed_at=START + timedelta(days=1))
    assert (
        late[0]["n_people_history"] == 0
    )  # withdrawn by the moment of counting, whatever is said of the processing
    with pytest.raises(SpecificationError, match="CR-SRC-027: .*a replay needs processed_at"):
        replay(store, applications)
    with pytest.raises(SpecificationError, match="CR-SRC-060"):
        replay(store, applications, processed_at=datetime(2026, 4, 1))


def test_what_cannot_be_counted_is_refused(contracts):
    store = SharingCounterStore()
    with pytest.raises(SpecificationError, match="CR-SRC-060: .*without time zone"):
        store.see("anna", "device", "d1", datetime(2026, 3, 1))
    with pytest.raises(SpecificationError, match="CR-SRC-060: .*'late' is not counted"):
        store.report("anna", "late", START)
    with pytest.raises(SpecificationError, match="CR-SRC-027: .*together"):
        SharingCounterStore(contract=contracts.record("sharing_counters"))


def test_the_order_of_sightings_does_not_matter():
    sightings = [(person, START + timedelta(hours=hour)) for hour, person in enumerate(PEOPLE * 3)]
    found = []
    for seed in range(3):
        random.Random(seed).shuffle(sightings)
        store = SharingCounterStore()
        for person, moment in sightings:
            store.see(person, "device", "d1", moment)
        found.append(store.count("anna", {"device": "d1"}, START + timedelta(days=1)))
    assert found[0] == found[1] == found[2]
    assert found[0][0]["n_people_history"] == 3

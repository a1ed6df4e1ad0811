"""Each suspicion is raised by what it is about, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import SampleError, SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition, compute_features
from credit_risk.features.inspection import DifferenceReport, shift_test
from credit_risk.samples import ScreeningLimits, screen_features
from credit_risk.samples.screening import SUSPICIONS
from credit_risk.sources import ConsentDeclaration
from credit_risk.sources.calendar import LATEST_US

N = 400
IS_BAD = np.arange(N) % 4 == 0


@pytest.fixture
def honest():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {"income": rng.normal(size=N) - 0.4 * IS_BAD, "n_calls": rng.poisson(3, size=N) * 1.0}
    )


def test_honest_features_are_not_suspected(honest):
    report = screen_features(honest, IS_BAD)
    assert report.suspects == {}
    assert report.table["suspicions"].tolist() == ["", ""]
    assert "0 of 2 features know too much" in report._repr_html_()


def test_a_copy_of_the_outcome_is_named(honest):
    X = honest.assign(collected=IS_BAD * 1.0, repaid=np.where(IS_BAD, 3.0, 70.0))
    assert screen_features(X, IS_BAD).suspects == {
        "collected": ("copies_the_outcome",),
        "repaid": ("copies_the_outcome",),
    }


def test_a_feature_that_is_too_good_is_named_in_both_directions(honest):
    noise = np.random.default_rng(2).normal(size=N)
    X = honest.assign(up=noise + 2.2 * IS_BAD, down=noise - 2.2 * IS_BAD)
    report = screen_features(X, IS_BAD)
    assert report.suspects == {"up": ("too_good",), "down": ("too_good",)}
    assert 0.85 < report.table.loc["up", "auc"] < 0.99
    assert screen_features(X, IS_BAD, limits=ScreeningLimits(separation=0.49)).suspects == {}


def test_missing_values_that_tell_are_named(honest):
    X = honest.assign(visits=np.where(IS_BAD, 1.0, np.nan))
    report = screen_features(X, IS_BAD)
    assert report.suspects == {"visits": ("missing_tells",)}
    assert report.table.loc["visits", "auc_missing"] == 0.0
    assert np.isnan(report.table.loc["visits", "auc"])


def test_separation_that_fades_a_day_earlier_and_a_rewritten_past_are_named(honest):
    noise = np.random.default_rng(2).normal(size=N)
    X = honest.assign(fresh=noise + 0.9 * IS_BAD)
    before = pd.DataFrame({"auc_before": [0.62, 0.5, 0.53]}, index=["income", "n_calls", "fresh"])
    before.loc["income", "auc_before"] = screen_features(X, IS_BAD).table.loc["income", "auc"]
    shift = DifferenceReport(table=before, question="a day")
    assert screen_features(X, IS_BAD, shift=shift).suspects == {"fresh": ("fades_when_shifted",)}
    rewritten = pd.DataFrame({"share_differ": [0.0, 0.01, 0.0]}, index=X.columns)
    snapshots = DifferenceReport(table=rewritten, question="two extracts")
    assert screen_features(X, IS_BAD, snapshots=snapshots).suspects == {"n_calls": ("rewritten",)}


@pytest.fixture
def synthetic(write_calls, tmp_path):
    """Return a function that makes a world with one call 10 days before each application.

    The call is known after ``delay_days(is_bad, i)``; its minutes follow the delay.
    """

    def make(delay_days, *, n=80):
        start = datetime(2026, 1, 1, tzinfo=UTC)
        at = start - timedelta(days=10)
        people = [(f"a{i:02d}", i % 2, delay_days(i % 2, i)) for i in range(n)]
        sources = write_calls(
            tmp_path,
            [(person, person, start, 1.0, bad) for person, bad, _ in people],
            [(person, at, at + timedelta(days=delay), int(60 * delay)) for person, _, delay in people],
        )
        fields = {"source": "calls", "factor": "any", "window": "history"}
        longest = FeatureDefinition(measure="minutes", aggregate="max", **fields)
        catalogue = FeatureCatalogue(
            name="calls", version="1", definitions=(longest, FeatureDefinition(aggregate="count", **fields))
        )
        table = compute_features(catalogue, sources)
        return catalogue, sources, table, sources.outcomes["is_bad"].to_numpy()

    return make


def test_records_that_arrive_late_for_bads_are_named(synthetic):
    catalogue, sources, table, is_bad = synthetic(lambda bad, i: 2 * bad + (i % 5) / 2)
    report = screen_features(table.X, is_bad, catalogue=catalogue, sources=sources)
    longest, count = catalogue.names
    assert report.suspects[longest] == ("too_good", "follows_delay")
    assert count not in report.suspects  # always one call: it tells nothing
    assert report.table.loc[longest, "rho_delay"] == pytest.approx(1.0)
    assert report.table.loc[count, "auc_late_records"] == 0.5


def test_records_filled_in_after_the_application_of_bads_are_named(synthetic):
    catalogue, sources, table, is_bad = synthetic(lambda bad, i: 60.0 * (bad and i % 3 > 0))
    report = screen_features(table.X, is_bad, catalogue=catalogue, sources=sources)
    assert report.table["auc_late_records"].iloc[0] > 0.65
    assert all("late_records_tell" in words for words in report.suspects.values())
    assert len(report.suspects) == 2


def test_records_read_without_consent_tell_the_screening_nothing(synthetic):
    """Delays of people who did not consent, or have withdrawn, are as unknown as their records."""
    catalogue, sources, _, is_bad = synthetic(lambda bad, i: 60.0 * (bad and i % 3 > 0))
    start = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    people = sources.applications["customer_id"].to_numpy()
    consents = pd.DataFrame(
        {
            "customer_id": people[::2],
            "source": "calls",
            "purpose": "credit_assessment",
            "granted_at": start,
            "expires_at": LATEST_US,
            "withdrawn_at": np.where(np.arange(people[::2].size) % 2, LATEST_US, start + 1),
        }
    )
    consent = ConsentDeclaration(mode="ledger", purpose="credit_assessment", statement="", file="c.csv")
    with_ledger = replace(sources, consents=consents, contracts=replace(sources.contracts, consent=consent))
    allowed = consents.loc[consents["withdrawn_at"] == LATEST_US, "customer_id"]
    calls = sources.records["calls"]
    hidden = ~calls["customer_id"].isin(allowed)
    others = calls.assign(known_at_us=calls["known_at_us"].where(~hidden, calls["event_time_us"]))
    processed_at = datetime(2026, 6, 1, tzinfo=UTC)

    def screened(records):
        given = replace(with_ledger, records={"calls": records})
        X = compute_features(catalogue, given, processed_at=processed_at).X
        return screen_features(X, is_bad, catalogue=catalogue, sources=given, processed_at=processed_at).table

    pd.testing.assert_frame_equal(screened(calls), screened(others))
    assert not calls.equals(others)
    with pytest.raises(SpecificationError, match="CR-SRC-027"):
        screen_features(
            compute_features(catalogue, sources).X, is_bad, catalogue=catalogue, sources=with_ledger
        )


def test_a_real_shift_test_feeds_the_screening(synthetic):
    catalogue, sources, table, is_bad = synthetic(lambda bad, i: 9.5 * (1 - bad))
    shift = shift_test(catalogue, sources, days=1, is_bad=is_bad)
    report = screen_features(table.X, is_bad, shift=shift)
    # a day earlier the calls of goods were not known: one class is left, and nothing to tell it by
    assert (report.table["auc_shifted"] == 0.5).all()
    assert report.suspects == {catalogue.names[0]: ("copies_the_outcome", "fades_when_shifted")}
    others = table.X.assign(elsewhere=table.X[catalogue.names[0]])  # a feature the shift test did not see
    assert screen_features(others, is_bad, shift=shift).suspects["elsewhere"] == ("copies_the_outcome",)


def test_bad_input_is_refused(honest):
    with pytest.raises(
        SampleError, match="CR-SMP-003: is_bad has the shape .3,.. Expected one outcome for each of 400"
    ):
        screen_features(honest, [0, 1, 0])
    with pytest.raises(SampleError, match="CR-SMP-003: All 400 outcomes are the same"):
        screen_features(honest, np.zeros(N))
    one = FeatureCatalogue(
        name="one",
        version="1",
        definitions=(FeatureDefinition(source="visits", aggregate="count", factor="any"),),
    )
    with pytest.raises(SampleError, match="CR-SMP-004: .*both the catalogue and the sources"):
        screen_features(honest, IS_BAD, catalogue=one)


def test_every_suspicion_says_what_to_look_at():
    assert all(
        "Look" in text or "known-at" in text or "lives" in text or "records" in text
        for text in SUSPICIONS.values()
    )


def test_words_are_ordered_by_their_bad_rates():
    words = pd.Categorical(["b", "a", "b", None, "c", "a"], categories=["a", "b", "c"])
    X = pd.DataFrame({"purpose": words})
    table = screen_features(X, [True, False, True, False, False, False]).table
    assert table.loc["purpose", "auc"] == 1.0
    assert table.loc["purpose", "suspicions"] == "copies_the_outcome"

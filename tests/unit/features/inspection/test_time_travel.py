"""The same features as of another day."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition, FeatureTable, compute_features
from credit_risk.features.inspection import compare_features, known_by, shift_test
from credit_risk.sources import read_sources

START = datetime(2026, 1, 1, tzinfo=UTC)


def feature(**fields):
    return FeatureDefinition(**{"source": "calls", "factor": "any", **fields})


CATALOGUE = FeatureCatalogue(
    name="calls",
    version="1",
    definitions=(
        feature(source="application", measure="income", window="now", aggregate="value"),
        feature(window="30d", aggregate="count"),
        feature(measure="minutes", aggregate="mean"),
        feature(measure="minutes", aggregate="last"),
        feature(measure="minutes", window="10d_vs_60d", aggregate="mean_change"),
        feature(aggregate="days_since_last"),
        feature(measure="minutes", aggregate="median"),
    ),
)
COUNT = "calls__all__records__30d__count"


def random_sources(write_calls, rng, folder, n_calls=60):
    applications = [
        (
            f"a{i}",
            rng.choice("xyz"),
            START + timedelta(days=rng.uniform(0, 90)),
            float(rng.randint(1, 9)),
            i % 2,
        )
        for i in range(12)
    ]
    people = sorted({customer for _, customer, *_ in applications})
    calls = []
    for _ in range(n_calls):
        at = START + timedelta(days=rng.uniform(-30, 90))
        calls.append(
            (
                rng.choice(people),
                at,
                at + timedelta(days=rng.choice([0, 0, rng.uniform(0, 40)])),
                rng.randint(0, 9),
            )
        )
    return write_calls(folder, applications, calls)


@given(seed=st.integers(0, 10**6), day=st.integers(30, 90))
@settings(max_examples=30)
def test_an_extract_of_an_earlier_day_gives_the_same_past_rows(write_calls, tmp_path_factory, seed, day):
    """Whatever arrives later, and however late: rows of applications made by then never change."""
    sources = random_sources(write_calls, random.Random(seed), tmp_path_factory.mktemp("random"))
    moment = START + timedelta(days=day)
    if (sources.applications["applied_at"] > moment).all():
        return
    then = compute_features(CATALOGUE, known_by(sources, moment), n_threads=1)
    now = compute_features(CATALOGUE, sources, n_threads=1)
    report = compare_features(then, now)
    assert report.differing == ()
    assert (report.table["n_rows"] == len(then.X)).all()
    assert then.flags.equals(now.flags.loc[then.X.index])


def test_an_extract_leaves_out_later_applications_outcomes_and_news(tmp_path, write_calls):
    applications = [("a", "x", START, 1.0, 0), ("b", "x", START + timedelta(days=9), 2.0, 1)]
    calls = [
        ("x", START - timedelta(days=2), START - timedelta(days=1), 5),
        ("x", START - timedelta(days=2), START + timedelta(days=5), 7),
    ]
    sources = write_calls(tmp_path, applications, calls)
    old = known_by(sources, START + timedelta(days=1))
    assert list(old.applications.index) == list(old.outcomes.index) == list(old.held.index) == ["a"]
    assert old.records["calls"]["minutes"].tolist() == [5]
    assert len(sources.records["calls"]) == 2  # the original is untouched
    with pytest.raises(SpecificationError, match="CR-FEA-031.*time zone"):
        known_by(sources, datetime(2026, 1, 1))
    with pytest.raises(SpecificationError, match="CR-FEA-031: None of 2 applications was made by"):
        known_by(sources, START - timedelta(days=1))


def test_a_rewritten_past_is_found_by_comparing_two_extracts(tmp_path, write_calls):
    applications = [("a", "x", START, 1.0, 0), ("b", "y", START, 1.0, 1)]
    honest = [("x", START - timedelta(days=2), START - timedelta(days=2), 5)]
    rewritten = [
        *honest,
        ("y", START - timedelta(days=3), START - timedelta(days=3), 9),
    ]  # says it was known then
    for name in ("then", "now"):
        (tmp_path / name).mkdir()
    then = compute_features(CATALOGUE, write_calls(tmp_path / "then", applications, honest))
    now = compute_features(CATALOGUE, write_calls(tmp_path / "now", applications, rewritten))
    report = compare_features(then, now, question="extract of January against extract of March")
    line = report.table.loc[COUNT]
    assert (line["n_rows"], line["n_differ"], line["n_appeared"], line["n_vanished"]) == (2, 1, 1, 0)
    assert line["share_differ"] == 0.5
    assert "application__all__income__now__value" not in report.differing
    assert "extract of January against extract of March: 5 of 7 features differ" in report._repr_html_()


def test_shifting_by_a_day_shows_what_lives_on_the_last_day(tmp_path, write_calls):
    """Bad customers call on the day before the application, and never else: a day earlier nothing is left of it."""
    rng = np.random.default_rng(5)
    applications, calls = [], []
    for i in range(60):
        bad = i % 2
        applications.append((f"a{i:02d}", f"c{i:02d}", START, 1.0, bad))
        moments = [START - timedelta(days=day) for day in [0.5] * bad + rng.uniform(5, 25, size=3).tolist()]
        calls += [(f"c{i:02d}", at, at, 4) for at in moments]
    sources = write_calls(tmp_path, applications, calls)
    is_bad = sources.outcomes["is_bad"].to_numpy()
    report = shift_test(CATALOGUE, sources, days=1, is_bad=is_bad)
    line = report.table.loc[COUNT]
    assert (line["auc_after"], line["auc_before"]) == (1.0, 0.5)
    assert line["n_differ"] == 30
    assert report.table.loc["application__all__income__now__value", "n_differ"] == 0
    assert COUNT in report.differing
    again = compare_features(
        compute_features(CATALOGUE, replace(sources, applications=earlier(sources, 1))),
        compute_features(CATALOGUE, sources),
        is_bad=is_bad,
    )
    assert again.table.equals(report.table)
    assert report.question == "1 day before the application against the application"


def earlier(sources, days):
    form = sources.applications
    return form.assign(applied_at=form["applied_at"] - pd.Timedelta(days=days))


def test_consent_given_with_the_application_moves_with_it(tmp_path, write_calls):
    """A grant minutes before the application must not make all features vanish a day earlier."""
    calls = [(who, START - timedelta(days=9), START - timedelta(days=9), 4) for who in ("x", "y", "z")]
    write_calls(tmp_path, [(name, name, START, 1.0, 0) for name in ("x", "y", "z")], calls)
    contract = tmp_path / "sources.toml"
    text = contract.read_text(encoding="utf-8").replace('"assumed"', '"ledger"\nfile = "consents.csv"')
    contract.write_text(text, encoding="utf-8")
    granted = (START - timedelta(minutes=5)).isoformat()
    (tmp_path / "consents.csv").write_text(
        "customer,source,purpose,granted_at,expires_at,withdrawn_at\n"
        f"x,calls,credit_assessment,{granted},,\n"
        f"y,calls,credit_assessment,{granted},,{(START + timedelta(days=5)).isoformat()}\n",
        encoding="utf-8",
    )
    sources = read_sources(tmp_path)
    for processed, n_flagged in (
        (START + timedelta(days=5, microseconds=-1), 1),
        (START + timedelta(days=5), 2),
    ):
        table = compute_features(CATALOGUE, sources, processed_at=processed)
        assert table.flags["calls__no_consent"].sum() == n_flagged
        report = shift_test(CATALOGUE, sources, days=1, processed_at=processed)
        assert report.differing == ("calls__all__records__history__days_since_last",)
        assert report.table.loc["calls__all__records__history__days_since_last", "n_differ"] == 3 - n_flagged
        assert report.table["n_appeared"].sum() == report.table["n_vanished"].sum() == 0


@pytest.mark.parametrize("days", [0, -1, 3_651])
def test_a_shift_goes_a_whole_number_of_days_back(tmp_path, write_calls, days):
    sources = write_calls(tmp_path, [("a", "x", START, 1.0, 0)], [("x", START, START, 1)])
    with pytest.raises(SpecificationError, match=f"CR-FEA-032: days = {days} is outside 1..3650"):
        shift_test(CATALOGUE, sources, days=days)


def test_tables_that_cannot_be_compared_are_refused():
    def table(columns, index):
        return FeatureTable(X=pd.DataFrame(1.0, columns=columns, index=index), flags=pd.DataFrame())

    with pytest.raises(SpecificationError, match="CR-FEA-030.*1 are in one of them only, first 'b'"):
        compare_features(table(["a"], ["x"]), table(["a", "b"], ["x"]))
    with pytest.raises(SpecificationError, match="CR-FEA-030: The tables have no application in common"):
        compare_features(table(["a"], ["x"]), table(["a"], ["y"]))
    with pytest.raises(
        SpecificationError, match="CR-FEA-030: is_bad has the shape .2,.. Expected one outcome for each of 1"
    ):
        compare_features(table(["a"], ["x"]), table(["a"], ["x"]), is_bad=[True, False])


def test_one_class_has_no_separation():
    table = FeatureTable(X=pd.DataFrame({"a": [1.0, np.nan]}, index=["x", "y"]), flags=pd.DataFrame())
    report = compare_features(table, table, is_bad=[True, False])
    assert np.isnan(report.table.loc["a", "auc_after"])
    assert report.differing == ()

"""Manual decisions as a user meets them: said fluently, kept at refit, refused with why, stored as JSON and TOML."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import FitError, SpecificationError
from credit_risk.scorecard import Decisions, Scorecard


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(11)
    n = 6000
    age = rng.integers(18, 70, n).astype(float)
    job = rng.choice(["clerk", "driver", "nurse", "other"], n, p=[0.4, 0.3, 0.25, 0.05])
    z = -1 - 0.04 * (age - 40) + np.where(job == "driver", 0.8, 0.0)
    X = pd.DataFrame({"age": age, "job": job})
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


@pytest.fixture(scope="module")
def review():
    return (
        Decisions(author="A. Reviewer", decided_at="2026-11-02")
        .cut_at("age", [25, 35, 50], reason="bands of the product policy")
        .group("job", ["clerk", "nurse"], ["other"], reason="too few others")
        .by("B. Officer", "2026-11-03T10:00:00+08:00")
        .force_woe("age", "Missing", -0.2, reason="missing age means a rushed application")
        .force_points("job", "Unseen", 3, reason="agreed with collections")
    )


def test_decisions_reach_the_card_and_survive_a_refit(sample, review):
    X, is_bad = sample
    card = Scorecard().fit(X, is_bad)
    reviewed = card.decided(review).fit(X, is_bad)
    for fitted in (reviewed, reviewed.fit(X.iloc[::2], is_bad[::2])):
        age = fitted.spec_.binning.variable("age")
        assert age.cuts == (25.0, 35.0, 50.0)
        assert (age.woe[age.missing_index], age.origins[age.missing_index]) == (-0.2, "forced")
        job = fitted.spec_.binning.variable("job")
        assert ("clerk", "nurse") in job.groups
        at = fitted.spec_.feature_names.index("job")
        assert fitted.spec_.points[at][job.unseen_index] == 3
    assert card.spec_.binning.variable("age").cuts != (25.0, 35.0, 50.0)


def test_the_fitted_card_hands_its_decisions_on(sample, review):
    X, is_bad = sample
    reviewed = Scorecard().decided(review).fit(X, is_bad)
    assert set(reviewed.decisions_.bins) == set(review.bins)
    assert reviewed.decisions_.points == review.points
    assert Decisions.of(reviewed.spec_).bins == reviewed.decisions_.bins
    again = Scorecard().decided(Decisions.of(reviewed.spec_)).fit(X, is_bad)
    assert again.spec_ == reviewed.spec_


def test_more_decisions_can_follow_and_a_variable_can_be_freed(review):
    first = Scorecard().decided(review)
    second = first.decided(
        review.by("C", "2026-12-01").force_points("age", "Missing", 1, reason="r").without("job")
    )
    assert len(second.overrides) == 2
    assert "job" not in {one.variable for one in review.without("job").bins}
    assert len(first.overrides) == 1


def test_the_table_says_who_what_when_and_why(review):
    table = review.table()
    assert list(table.columns) == ["variable", "action", "what", "author", "decided_at", "reason"]
    assert table["what"].tolist() == [
        "cuts exactly at 25, 35, 50",
        "groups [clerk, nurse]; [other]",
        "Missing: WoE -0.2",
        "Unseen: 3 points",
    ]
    assert table["author"].tolist() == ["A. Reviewer", "A. Reviewer", "B. Officer", "B. Officer"]
    assert review.table(language="zh-CN")["what"].tolist() == [
        "切点固定为 25, 35, 50",
        "分组 [clerk, nurse]; [other]",
        "Missing：WoE 为 -0.2",
        "Unseen：3 分",
    ]
    assert Decisions().table().shape == (0, 6)


def test_a_split_is_said_in_words():
    review = Decisions(author="A", decided_at="2026-11-02").split("age", 30, 40, reason="r")
    assert review.table()["what"][0] == "a cut at 30, 40"
    assert "a cut at 30, 40" in review._repr_html_()


def test_reasons_are_escaped_in_notebooks():
    review = Decisions(author="<i>A</i>", decided_at="2026-11-02").cut_at(
        "age", [], reason="<script>x</script>"
    )
    assert "<script>" not in review._repr_html_()
    assert "&lt;i&gt;A&lt;/i&gt;" in review._repr_html_()


def test_json_and_toml_bring_them_back(review):
    same = {"bins": review.bins, "points": review.points}
    from_json = Decisions.from_dict(json.loads(json.dumps(review.to_dict())))
    from_toml = Decisions.from_toml(review.to_toml())
    for again in (from_json, from_toml):
        assert {"bins": again.bins, "points": again.points} == same
    assert Decisions.from_toml("") == Decisions()
    assert Decisions().to_toml() == ""


texts = st.text(min_size=1).filter(lambda one: one.strip() and one.isprintable())


@given(
    texts, texts, st.floats(allow_nan=False, allow_infinity=False), st.lists(texts, min_size=1, unique=True)
)
def test_toml_keeps_any_words_and_numbers(name, reason, number, group):
    review = Decisions(author=name, decided_at="2026-11-02")
    review = review.split(name, number, reason=reason).group(name, group, reason=reason)
    review = review.force_points(name, name, -7, reason=reason)
    again = Decisions.from_toml(review.to_toml())
    assert (again.bins, again.points) == (review.bins, review.points)


def test_control_characters_survive_toml():
    review = Decisions(author="A\t\x7f\x01\n", decided_at="2026-11-02").cut_at(
        "v", [1], reason='say "no" \\ 不'
    )
    assert Decisions.from_toml(review.to_toml()).bins == review.bins


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("[[bins]\n", "CR-CRD-055: The decisions are no valid TOML"),
        ("[[bin]]\n", r"CR-CRD-054: A list of decisions does not know the keys \['bin'\]"),
        ('[[bins]]\nvariable = "age"\n', r"CR-CRD-054: A decision about bins .* lacks \['action', 'author'"),
        (
            '[[bins]]\nvariable = "age"\naction = "burn"\nauthor = "A"\ndecided_at = "2026-11-02"\nreason = "r"\n',
            "CR-BIN-040: action of a decision about 'age' must be one of",
        ),
        ('[[points]]\nvariable = "age"\n', r"CR-CRD-054: A decision about points .* lacks"),
    ],
)
def test_files_that_say_something_else_are_refused(document, message):
    with pytest.raises(SpecificationError, match=message):
        Decisions.from_toml(document)


def test_nobody_decides_without_name_time_or_reason():
    with pytest.raises(SpecificationError, match="CR-BIN-040: A decision about 'age' lacks its author"):
        Decisions(decided_at="2026-11-02").merge("age", 1, 2, reason="r")
    with pytest.raises(
        SpecificationError, match="CR-BIN-040: A decision about 'age' must have a date or time in ISO 8601"
    ):
        Decisions(author="A", decided_at="last week").merge("age", 1, 2, reason="r")
    with pytest.raises(
        SpecificationError, match="CR-CRD-008: An override of 'age' must have a date or time in ISO 8601"
    ):
        Decisions(author="A", decided_at="soon").force_points("age", "Missing", 1, reason="r")
    with pytest.raises(SpecificationError, match="CR-BIN-041: A decision to cut_at about 'age' does not say"):
        Decisions(author="A", decided_at="2026-11-02").cut_at("age", [float("nan")], reason="r")


def test_what_cannot_be_kept_is_refused_with_the_reason(sample):
    X, is_bad = sample
    signed = Decisions(author="A. Reviewer", decided_at="2026-11-02")
    cases = [
        (
            signed.cut_at("age", [200], reason="r"),
            r"CR-BIN-042: .* A\. Reviewer \(2026-11-02\) to cut_at .* no row",
        ),
        (signed.force_woe("age", "[1, 2)", 0.1, reason="r"), r"CR-BIN-042: .* there is no bin '\[1, 2\)'"),
        (signed.force_points("age", "[1, 2)", 5, reason="r"), r"CR-CRD-020: .* there is no such bin"),
        (signed.group("job", ["pilot"], reason="r"), r"CR-BIN-042: .* 1 categories do not occur"),
    ]
    for review, message in cases:
        with pytest.raises(FitError, match=message):
            Scorecard().decided(review).fit(X, is_bad)
    with pytest.raises(SpecificationError, match=r"CR-BIN-035: decisions name 1 variables .*\['height'\]"):
        Scorecard().decided(signed.split("height", 1, reason="r")).fit(X, is_bad)


def test_the_card_shows_itself_in_optbinnings_layout_and_escaped(sample):
    X, is_bad = sample
    card = Scorecard().fit(X.rename(columns={"job": "<job>"}), is_bad)
    table = card.table(layout="optbinning")
    assert list(table.columns[:6]) == ["Variable", "Bin id", "Bin", "Count", "Count (%)", "Non-event"]
    assert {"Coefficient", "Points"} <= set(table.columns)
    for _, row in table.iterrows():
        at = card.spec_.feature_names.index(row["Variable"])
        assert card.spec_.points[at][row["Bin id"]] == row["Points"]
        assert card.spec_.binning.variables[at].labels()[row["Bin id"]] == row["Bin"]
    with pytest.raises(SpecificationError, match="CR-CRD-056: layout must be one of"):
        card.table(layout="excel")
    for page in (card._repr_html_(), card.spec_._repr_html_()):
        assert "&lt;job&gt;" in page
        assert "<job>" not in page


def test_threads_do_not_change_the_card(sample):
    X, is_bad = sample
    assert Scorecard(n_jobs=2).fit(X, is_bad).spec_ == Scorecard(n_jobs=1).fit(X, is_bad).spec_

"""Segments, stability and periods of a run: counted on known rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import SpecificationError
from credit_risk.evaluation import stability_of_counts
from credit_risk.jobs.evidence import holding
from credit_risk.jobs.project import ReportSettings, SegmentRule
from credit_risk.scorecard import Scorecard

WORDS = {"en": "x", "zh-CN": "x"}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(4)
    X = pd.DataFrame({"a": rng.normal(size=4000), "b": rng.normal(size=4000)})
    X.loc[rng.random(4000) < 0.1, "b"] = np.nan
    return X, rng.random(4000) < 1 / (1 + np.exp(1 - X["a"])).to_numpy()


def test_bands_are_lower_bounds_and_missing_comes_last(data) -> None:
    X = pd.DataFrame({"f": [-5.0, 0.0, 9.9, 10.0, np.nan]})
    rule = SegmentRule(feature="f", bands=(0.0, 10.0), label=WORDS, groups=())
    table = holding.segments({"s": rule}, X, {"m": np.full(5, 0.2)}, np.array([1, 0, 0, 0, 1], dtype=bool))
    assert table[["group", "n"]].to_numpy().tolist() == [[0, 3], [1, 1], [2, 1]]
    assert [words["en"] for words in holding.band_names(rule)] == ["[0, 10)", "≥ 10", "Missing"]
    assert holding.segments({}, X, {}, np.zeros(5, dtype=bool)) is None


def test_names_of_the_project_replace_the_bounds() -> None:
    rule = SegmentRule(feature="f", bands=(0.0,), label=WORDS, groups=({"en": "all", "zh-CN": "全部"},))
    assert [words["zh-CN"] for words in holding.band_names(rule)] == ["全部", "缺失"]


def test_stability_is_counted_in_the_bins_of_the_card(data) -> None:
    X, is_bad = data
    card = Scorecard(max_p_value=1.0, min_information_value=0.0).fit(X[["a"]], is_bad)
    moved = X.assign(a=X["a"] + 1.0)[2000:]
    table = holding.variable_stability(card.spec_, X[:2000], moved, others=["b"]).set_index("name")
    bins = [card.spec_.binning.variables[0]]
    cuts = np.array(bins[0].cuts)
    counts = [
        np.bincount(np.searchsorted(cuts, part["a"], side="right"), minlength=cuts.size + 1)
        for part in (X[:2000], moved)
    ]
    assert table.loc["a", "psi"] == pytest.approx(stability_of_counts(*counts).sum())
    assert table.loc["a", "psi"] > 0.25 > table.loc["b", "psi"]
    assert table.loc["a", "points"] < 0
    assert np.isnan(table.loc["b", "points"])
    assert table.loc["b", "missing_before"] == pytest.approx(X["b"][:2000].isna().mean())


def test_chance_alone_gives_about_the_stated_index() -> None:
    rng = np.random.default_rng(0)
    draws = [
        stability_of_counts(rng.multinomial(5000, [0.2] * 5), rng.multinomial(3000, [0.2] * 5)).sum()
        for _ in range(400)
    ]
    assert np.mean(draws) == pytest.approx(holding.chance_index(np.array([5]), 5000, 3000)[0], rel=0.15)


def test_one_month_says_nothing_about_time_and_months_are_those_of_the_lender() -> None:
    # 17:00 UTC on 31 January is February in Shanghai
    moments = pd.Series(pd.to_datetime(["2026-01-31T15:00Z", "2026-01-31T17:00Z"] * 40, utc=True))
    pds, is_bad = {"m": np.full(80, 0.3)}, np.arange(80) % 3 == 0
    assert holding.periods(moments, pds, is_bad, "UTC") is None
    table = holding.periods(moments, pds, is_bad, "Asia/Shanghai")
    assert table["group"].tolist() == ["2026-01", "2026-02"]


SETTINGS = """
[title]
en = "t"
zh-CN = "t"
[subtitle]
en = ""
zh-CN = ""
[segments.s]
feature = "f"
bands = [0, 0.5]
label = { en = "L", zh-CN = "L" }
"""


def test_segments_are_read_from_the_project(tmp_path) -> None:
    path = tmp_path / "report.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    rule = ReportSettings.from_toml(path).segments["s"]
    assert (rule.feature, rule.bands, rule.groups) == ("f", (0.0, 0.5), ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0, 0.5]", "[]"),
        ("[0, 0.5]", "[0.5, 0]"),
        ("[0, 0.5]", "[0, 0.5]\ngroups = [{ en = 'a', zh-CN = 'a' }]"),
    ],
)
def test_segments_that_cannot_be_are_refused(tmp_path, old, new) -> None:
    path = tmp_path / "report.toml"
    path.write_text(SETTINGS.replace(old, new), encoding="utf-8")
    with pytest.raises(SpecificationError, match=r"CR-CFG-006.*\[s\].*rising lower bounds"):
        ReportSettings.from_toml(path)


def test_words_are_groups_and_the_rest_stands_together() -> None:
    X = pd.DataFrame({"f": pd.Categorical(["car", "tv", None, "van", "boat"], ["boat", "car", "tv", "van"])})
    names = ({"en": "vehicles", "zh-CN": "车辆"}, {"en": "tv", "zh-CN": "电视"})
    rule = SegmentRule(feature="f", bands=(), label=WORDS, groups=names, words=(("car", "van"), ("tv",)))
    found = rule.held_against(("boat", "car", "tv", "van"), "report.toml")
    table = holding.segments({"s": found}, X, {"m": np.full(5, 0.2)}, np.array([1, 0, 0, 0, 1], dtype=bool))
    assert table[["group", "n"]].to_numpy().tolist() == [[0, 2], [1, 1], [2, 1], [3, 1]]
    assert [words["en"] for words in holding.band_names(found)] == [
        "vehicles",
        "tv",
        "Other words",
        "Missing",
    ]


def test_without_groups_every_word_is_one() -> None:
    rule = SegmentRule(feature="f", bands=(), label=WORDS, groups=()).held_against(("a", "b"), "report.toml")
    assert rule.words == (("a",), ("b",))
    assert [words["zh-CN"] for words in holding.band_names(rule)] == ["a", "b", "其他取值", "缺失"]


@pytest.mark.parametrize(
    ("changes", "known", "message"),
    [
        ({"bands": (0.0,)}, ("a", "b"), "words have no order: leave bands out"),
        ({}, (), "'f' is a number: bands are missing"),
        ({"words": (("aa",),)}, ("aaa", "b"), "never is 'aa'. Did you mean 'aaa'"),
    ],
)
def test_a_segment_that_does_not_fit_its_feature_is_refused(changes, known, message) -> None:
    rule = SegmentRule(**{"feature": "f", "bands": (), "label": WORDS, "groups": (), **changes})
    with pytest.raises(SpecificationError, match=message):
        rule.held_against(known, "report.toml [segments.s]")


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("groups = [{ words = ['a'], en = 'a', zh-CN = 'a' }, { en = 'b', zh-CN = 'b' }]", "words in every group"),
        ("groups = [{ words = ['a'], en = 'a', zh-CN = 'a' }, { words = ['a'], en = 'b', zh-CN = 'b' }]", "in one group"),
        ("groups = [{ word = ['a'], en = 'a', zh-CN = 'a' }]", "Did you mean 'words'"),
        ("bands = [0]\ngroups = [{ words = ['a'], en = 'a', zh-CN = 'a' }]", "Expected either bands"),
        ("bands = ['low', 3]", "rising lower bounds"),
    ],
)  # fmt: skip
def test_groups_of_words_that_cannot_be_are_refused(tmp_path, new, message) -> None:
    path = tmp_path / "report.toml"
    path.write_text(SETTINGS.replace("bands = [0, 0.5]", new), encoding="utf-8")
    with pytest.raises(SpecificationError, match=message):
        ReportSettings.from_toml(path)


def test_groups_of_words_are_read_from_the_project(tmp_path) -> None:
    path = tmp_path / "report.toml"
    new = "groups = [{ words = ['a', 'b'], en = 'ab', zh-CN = '甲乙' }]"
    path.write_text(SETTINGS.replace("bands = [0, 0.5]", new), encoding="utf-8")
    rule = ReportSettings.from_toml(path).segments["s"]
    assert (rule.bands, rule.words, rule.groups) == ((), (("a", "b"),), ({"en": "ab", "zh-CN": "甲乙"},))

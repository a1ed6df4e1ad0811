"""The card as a Python file of its own gives the points, PD, flags and refusals of the library."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from credit_risk import load_bundle
from credit_risk.binning import WoeBinner
from credit_risk.binning.apply import category_codes
from credit_risk.errors import ScoringError, SpecificationError
from credit_risk.scorecard import RowScorer, Scorecard, apply_scorecard, scorecard_to_python

LABELS = ["O'Brien", 'say "yes"', "back\\slash\n{line}", "沪", ""]


def load(spec):
    module = {}
    exec(compile(scorecard_to_python(spec), "card", "exec"), module)  # noqa: S102
    return module


def mixed_sample(n=6000):
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=n), np.round(rng.normal(size=n), 1)
    c = rng.choice(LABELS, n)
    start = pd.Timestamp("2024-01-01")
    t = pd.Series(start + pd.to_timedelta(rng.integers(0, 300, n), unit="D"))
    days = (t - start).dt.days.to_numpy()
    z = -1.5 + a - 0.7 * b + np.where(c == LABELS[1], 1.2, 0.0) + days / 200
    is_bad = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    X = pd.DataFrame({"a": a, "b": b, "c": c, "t": t})
    X.loc[rng.random(n) < 0.05, "a"] = np.nan
    X.loc[rng.random(n) < 0.05, "b"] = -9.0
    X.loc[rng.random(n) < 0.03, "c"] = None
    return X, is_bad


@pytest.fixture(scope="module")
def mixed():
    X, is_bad = mixed_sample()
    binner = WoeBinner(special_codes={"b": {"bureau": (-9, -8)}}, unseen={"c": "worst"})
    return Scorecard(binner=binner).fit(X, is_bad), X


@pytest.fixture(scope="module")
def refusing():
    X, is_bad = mixed_sample()
    X["a"] = X["a"].fillna(0.0)
    binner = WoeBinner(missing={"a": "error"}, unseen={"a": "error", "c": "error"})
    return Scorecard(binner=binner).fit(X, is_bad).spec_


@pytest.fixture(scope="module")
def taiwan(project_folder):
    return load_bundle(project_folder / "models" / "uci-reference").scorecard


def random_matrix(spec, n, seed):
    """Values around, on and just beside every cut, missing, infinite, zero of both signs, huge."""
    rng = np.random.default_rng(seed)
    columns = []
    for variable in spec.binning.variables:
        cuts = np.array(variable.cuts or (0.0,))
        near = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)]
        pool = np.concatenate([*near, [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, -1e308, 5e-324]])
        width = max(np.ptp(cuts), 1.0)
        smooth = rng.uniform(cuts.min() - width, cuts.max() + width, n)
        columns.append(np.where(rng.random(n) < 0.5, rng.choice(pool, n), smooth))
    return np.column_stack(columns)


def test_the_reference_card_scores_as_the_library_does(taiwan):
    X = random_matrix(taiwan, 20_000, 7)
    expected = apply_scorecard(taiwan, X)
    score = load(taiwan)["score"]
    results = [score(dict(zip(taiwan.feature_names, row, strict=True))) for row in X.tolist()]
    assert [list(one["points"].values()) for one in results] == expected.points.tolist()
    assert [list(one["flags"].values()) for one in results] == expected.flags.tolist()
    assert [one["score"] for one in results] == expected.score.tolist()
    assert np.abs(np.array([one["pd"] for one in results]) - expected.pd).max() <= 1e-12
    assert set(expected.flags.ravel().tolist()) == {0, 1, 3}


def test_text_times_and_special_codes_score_as_the_library_does(mixed):
    card, X = mixed
    spec = card.spec_
    assert set(spec.feature_names) == {"a", "b", "c", "t"}
    odd = pd.DataFrame(
        {
            "a": [np.inf, -np.inf, 0.0, np.nan],
            "b": [-8.0, -9.0, np.nextafter(-9, 0), np.nan],
            "c": ["never", "o'brien", None, LABELS[2]],
            "t": pd.to_datetime(
                ["1969-12-31 23:59:59.999999", "2024-03-01 00:00:00.000001", None, "2099-01-01"],
                format="ISO8601",
            ),
        }
    )
    rows = pd.concat([X, odd], ignore_index=True)
    expected = card.score_rows(rows)
    score = load(spec)["score"]
    results = [score(row) for row in rows.to_dict("records")]
    names = spec.feature_names
    assert [[one["points"][name] for name in names] for one in results] == expected.points.tolist()
    assert [[one["flags"][name] for name in names] for one in results] == expected.flags.tolist()
    assert np.abs(np.array([one["pd"] for one in results]) - expected.pd).max() <= 1e-12
    assert set(expected.flags.ravel().tolist()) == {0, 1, 2, 3}


def test_a_time_may_be_seconds_or_a_moment_in_any_zone(mixed):
    spec = mixed[0].spec_
    score = load(spec)["score"]
    cut = spec.binning.variable("t").cuts[0]
    base = {"a": 0.0, "b": 0.0, "c": LABELS[0]}
    utc = datetime.fromtimestamp(cut, tz=UTC)
    east = utc.astimezone(timezone(timedelta(hours=8)))
    at_cut = score({**base, "t": cut})
    assert [score({**base, "t": t}) for t in (utc, east, utc.replace(tzinfo=None))] == [at_cut] * 3
    before = score({**base, "t": utc - timedelta(microseconds=1)})
    assert before["points"]["t"] == score({**base, "t": math.nextafter(cut, 0)})["points"]["t"]
    assert before["points"]["t"] != at_cut["points"]["t"]


def test_numbers_of_other_types_are_read_as_binary64(mixed):
    spec = mixed[0].spec_
    score = load(spec)["score"]
    base = {"b": 0, "c": LABELS[0], "t": 1.7e9}
    assert score({**base, "a": Decimal("0.25")}) == score({**base, "a": np.float32(0.25)})
    assert score({**base, "a": pd.NA})["flags"]["a"] == 1
    assert score({**base, "a": pd.NaT}) == score({**base, "a": None})


@pytest.mark.parametrize(
    "change",
    [{"a": None}, {"a": math.nan}, {"a": math.inf}, {"c": "never"}],
    ids=["missing", "not a number", "infinite", "unseen"],
)
def test_what_the_card_refuses_is_refused_in_the_same_words(refusing, change):
    row = {"a": 0.0, "b": 0.0, "c": LABELS[0], "t": 1.7e9, **change}
    columns = [
        category_codes(variable, [row[variable.name]])
        if variable.kind == "categorical"
        else np.array([row[variable.name]], dtype=float)
        for variable in refusing.binning.variables
    ]
    with pytest.raises(ScoringError, match="CR-BIN-011: .*policy refuses") as expected:
        apply_scorecard(refusing, np.column_stack(columns))
    module = load(refusing)
    with pytest.raises(module["ScoringError"], match="CR-BIN-011: .*policy refuses") as refused:
        module["score"](row)
    assert str(refused.value) == str(expected.value)
    assert refused.value.code == "CR-BIN-011"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"a": "12"}, "CR-CRD-012: Variable 'a' holds a value of type str. Expected a number or None."),
        ({"c": 3}, "CR-CRD-012: Variable 'c' holds a value of type int. Expected text or None."),
    ],
)
def test_text_and_numbers_are_not_mixed_up(mixed, change, match):
    spec = mixed[0].spec_
    row = {"a": 0.0, "b": 0.0, "c": LABELS[0], "t": 1.7e9, **change}
    module = load(spec)
    with pytest.raises(module["ScoringError"], match=match) as own:
        module["score"](row)
    with pytest.raises(ScoringError) as library:
        RowScorer(spec)(row)
    assert str(own.value) == str(library.value)


@pytest.mark.parametrize("value", [10**400, [1.0], timedelta(1), 1j])
def test_what_is_no_number_is_refused_without_showing_it(mixed, value):
    module = load(mixed[0].spec_)
    with pytest.raises(module["ScoringError"], match=r"CR-CRD-012: .* type (int|list|timedelta|complex)\. "):
        module["score"]({"a": value, "b": 0.0, "c": LABELS[0], "t": 1.7e9})


def test_an_absent_variable_is_refused_in_the_same_words(mixed):
    spec = mixed[0].spec_
    module = load(spec)
    with pytest.raises(module["ScoringError"], match="CR-CRD-011: 2 of 4 variables are absent") as own:
        module["score"]({"a": 1.0, "b": 1.0})
    with pytest.raises(ScoringError) as library:
        RowScorer(spec)({"a": 1.0, "b": 1.0})
    assert str(own.value) == str(library.value)


def test_extreme_scores_keep_a_pd(mixed):
    spec = mixed[0].spec_
    far = replace(spec, points=tuple(tuple(10**6 * (-1) ** at for at in range(len(p))) for p in spec.points))
    module = load(far)
    for total in (-(10**7), 10**7):
        assert module["pd_of"](total) == spec.scaling.pd_of(total)


def test_the_text_needs_the_standard_library_only_and_never_changes(taiwan, mixed, tmp_path):
    for spec in (taiwan, mixed[0].spec_):
        text = scorecard_to_python(spec)
        assert text == scorecard_to_python(type(spec).from_dict(spec.to_dict()))
        imported = {
            name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names])
        }
        assert imported == {"math", "bisect", "datetime"}
        ast.parse(text, feature_version=(3, 8))
    path = tmp_path / "card.py"
    path.write_text(scorecard_to_python(taiwan), encoding="utf-8")
    run = f"import card; print(card.score(dict.fromkeys({list(taiwan.feature_names)!r}))['score'])"
    bare = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {run}"]
    done = subprocess.run(bare, capture_output=True, text=True, check=True)
    nothing_known = np.full((1, len(taiwan.feature_names)), np.nan)
    assert int(done.stdout) == apply_scorecard(taiwan, nothing_known).score[0]


def test_two_variables_of_one_name_are_refused(mixed):
    spec = mixed[0].spec_
    twice = replace(spec, feature_names=("a", "a", *spec.feature_names[2:]))
    with pytest.raises(
        SpecificationError, match=r"CR-CRD-032: 1 names stand for more than one variable.*\['a'\]"
    ):
        scorecard_to_python(twice)

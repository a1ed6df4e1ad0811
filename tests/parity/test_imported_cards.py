"""Cards of optbinning, toad and scorecardpy score as their own libraries scored the same rows, edges included.

The fixtures hold what the libraries said in environments of their own (tests/peers/write_*_cards.py), on openly licensed data.
Where a peer contradicts itself or its own table, the test says what the import does instead.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from credit_risk.binning.apply import category_codes
from credit_risk.errors import ScoringError
from credit_risk.scorecard import (
    RowScorer,
    Scaling,
    ScorecardSpec,
    apply_scorecard,
    from_optbinning,
    from_scorecardpy,
    from_toad,
    scorecard_to_pmml,
    scorecard_to_python,
    scorecard_to_sql,
)

FIXTURES = Path(__file__).resolve().parents[1] / "peers" / "fixtures"


def cards(peer):
    content = json.loads((FIXTURES / f"{peer}_cards.json").read_text(encoding="utf-8"))
    return {card["name"]: card for card in content["cards"]}


OPTBINNING, TOAD, SCORECARDPY = cards("optbinning"), cards("toad"), cards("scorecardpy")
SAVED_SCALE = Scaling(pdo=40 / math.log2(3), base_score=500, base_odds=20)


def imported_toad(card):
    return from_toad(card["content"], scaling=SAVED_SCALE if card["content"]["pdo"] is None else None)


def imported_scorecardpy(card):
    return from_scorecardpy(
        card["content"]["bins"], card["content"]["card"], **card["scale"], model=card["model"]
    )


def is_infinite(row):
    return any(isinstance(value, float) and math.isinf(value) for value in row.values())


def finite(card):
    """Rows, scores and PDs of the peer, without the rows that hold an infinite number."""
    kept = [at for at, row in enumerate(card["rows"]) if not is_infinite(row)]
    return [[card[key][at] for at in kept] for key in ("rows", "scores", "pds")]


def placed(spec, rows):
    """Our result, and the exact score of each row before rounding."""
    columns = []
    for variable in spec.binning.variables:
        values = [row[variable.name] for row in rows]
        if variable.kind == "categorical":
            columns.append(category_codes(variable, values))
        else:
            columns.append(np.array([np.nan if v is None else v for v in values], dtype=float))
    result = apply_scorecard(spec, np.column_stack(columns))
    exact = sum(np.array(table)[result.bin_index[:, j]] for j, table in enumerate(spec.exact_points))
    return result, exact


def exact_pd(spec, exact):
    return 1.0 / (1.0 + np.exp((exact - spec.scaling.offset) / spec.scaling.factor))


def assert_scores(spec, card, skipped=()):
    """Whole points give the peer's score; others give it before rounding, and within the stated bound after."""
    rows, scores, _ = finite(card)
    result, exact = placed(spec, rows)
    kept = [at for at in range(len(rows)) if at not in skipped]
    peer, ours = np.array(scores)[kept], result.score[kept]
    if all(float(score).is_integer() for score in scores):
        assert ours.tolist() == peer.tolist()
    else:
        np.testing.assert_allclose(exact[kept], peer, atol=1e-9, rtol=0)
    assert np.abs(ours - exact[kept]).max() <= spec.rounding.bound_points + 1e-9
    assert np.abs(result.pd - exact_pd(spec, exact)).max() <= spec.rounding.max_pd + 1e-12
    scorer = RowScorer(spec)
    assert [scorer(row).score for row in rows] == result.score.tolist()


@pytest.mark.parametrize("name", [name for name in OPTBINNING if name != "issue 412"])
def test_optbinning(name):
    card = OPTBINNING[name]
    spec = from_optbinning(card["content"])
    assert_scores(spec, card)
    rows, _, pds = finite(card)
    result, exact = placed(spec, rows)
    at_unseen = spec.feature_names.index("education")
    unseen = result.flags[:, at_unseen] == 3
    assert unseen.sum() == 1
    assert np.abs(exact_pd(spec, exact) - pds)[~unseen].max() <= 1e-12
    assert set(result.flags[:, at_unseen].tolist()) == {0, 1, 3}


def test_optbinning_gives_a_category_never_seen_two_answers():
    card = OPTBINNING["base apart, whole points, empirical missing"]
    rows, scores, pds = finite(card)
    unseen = next(at for at, row in enumerate(rows) if row["education"] == "never seen")
    missing = next(at for at, row in enumerate(rows) if row["education"] is None)
    assert scores[unseen] == scores[missing]
    neutral = from_optbinning(card["content"], unseen="neutral")
    result, exact = placed(neutral, rows)
    assert abs(exact_pd(neutral, exact)[unseen] - pds[unseen]) <= 1e-12
    assert result.flags[unseen, neutral.feature_names.index("education")] == 3


def test_optbinning_issue_412_is_not_imported():
    """optbinning scores every row wrongly where one variable has a metric of its own; its table and its PD are right."""
    wrong, right = OPTBINNING["issue 412"], OPTBINNING["points with decimals"]
    spec = from_optbinning(wrong["content"])
    rows, scores, pds = finite(wrong)
    result, exact = placed(spec, rows)
    ordinary = result.flags[:, spec.feature_names.index("education")] != 3
    assert np.abs(exact_pd(spec, exact) - pds)[ordinary].max() <= 1e-12
    assert np.abs(exact - scores).max() > 10
    status = [card["content"]["variables"][2] for card in (wrong, right)]
    assert status[0]["metric"] == "woe"
    assert status[0]["points"] == pytest.approx(status[1]["points"], abs=5)


@pytest.mark.parametrize("name", TOAD)
def test_toad(name):
    card = TOAD[name]
    spec = imported_toad(card)
    assert_scores(spec, card)
    rows, _, pds = finite(card)
    _, exact = placed(spec, rows)
    if name != "saved and loaded":
        assert np.abs(exact_pd(spec, exact) - pds).max() <= 1e-12
    assert {"rate 3": 40 / math.log2(3)}.get(name[-6:], spec.scaling.pdo) == spec.scaling.pdo


def test_toad_forgets_the_scale_of_a_saved_card():
    """Its issue 110: the loaded card gives other PDs; the import, told the scale, gives those of the card that was saved."""
    saved, loaded = TOAD["missing apart, rate 3"], TOAD["saved and loaded"]
    spec = imported_toad(loaded)
    assert saved["rows"] == loaded["rows"]
    rows, _, pds = finite(saved)
    _, exact = placed(spec, rows)
    assert np.abs(np.array(finite(loaded)[2]) - pds).max() > 0.1
    assert np.abs(exact_pd(spec, exact) - pds).max() < 2e-4  # the saved card holds two decimals


def test_toad_bins_are_closed_on_the_left():
    spec = imported_toad(TOAD["missing apart, rate 3"])
    cut = spec.binning.variable("limit").cuts[0]
    row = next(row for row in TOAD["missing apart, rate 3"]["rows"] if row["limit"] == cut)
    at = spec.feature_names.index("limit")
    points = [RowScorer(spec)({**row, "limit": value}).points[at] for value in (math.nextafter(cut, 0), cut)]
    assert points == list(spec.points[at][:2])


def test_toad_missing_numbers_are_minus_one_and_missing_text_is_text():
    variables = {v.name: v for v in imported_toad(TOAD["missing as -1, group else"]).binning.variables}
    assert variables["age"].origins[variables["age"].missing_index] == "bin 0"
    education = variables["education"]
    assert education.groups[-1] == ()
    assert education.origins[-1] == education.origins[education.missing_index] == "bin 2"
    apart = imported_toad(TOAD["missing apart, rate 3"]).binning.variable("age")
    assert apart.origins[apart.missing_index] == "own"


@pytest.mark.parametrize("name", SCORECARDPY)
def test_scorecardpy(name):
    card = SCORECARDPY[name]
    spec = imported_scorecardpy(card)
    rows, _, pds = finite(card)
    codes = [at for at, row in enumerate(rows) if row["duration"] == -9 or row["amount"] == -7]
    assert_scores(spec, card, skipped=codes)
    _, exact = placed(spec, rows)
    known = [at for at, pd in enumerate(pds) if pd is not None and at not in codes]
    if card["model"]:
        assert np.abs(exact_pd(spec, exact)[known] - np.array(pds, dtype=float)[known]).max() <= 1e-12


def test_scorecardpy_special_values_get_the_points_the_card_shows():
    card = SCORECARDPY["base apart"]
    spec = imported_scorecardpy(card)
    at = spec.feature_names.index("duration")
    shown = next(row["points"] for row in card["content"]["card"]["duration"] if row["bin"] in {"-9", "-9.0"})
    row = card["rows"][0]
    points = [RowScorer(spec)({**row, "duration": value}).points[at] for value in (-9, -9.0)]
    start = spec.neutral_points[at]
    assert points == [shown + start, shown + start]
    rows, scores, _ = finite(card)
    theirs = next(score for row, score in zip(rows, scores, strict=True) if row["duration"] == -9)
    ours = next(RowScorer(spec)(row).score for row in rows if row["duration"] == -9)
    assert theirs != ours


EVERY = [
    *((name, from_optbinning(card["content"]), card) for name, card in OPTBINNING.items()),
    *((name, imported_toad(card), card) for name, card in TOAD.items()),
    *((name, imported_scorecardpy(card), card) for name, card in SCORECARDPY.items()),
]


@pytest.mark.parametrize(("name", "spec", "card"), EVERY, ids=[one[0] for one in EVERY])
def test_an_imported_card_is_a_card(name, spec, card):
    assert ScorecardSpec.from_dict(json.loads(json.dumps(spec.to_dict(), allow_nan=False))) == spec
    rows, *_ = finite(card)
    result, _ = placed(spec, rows)
    module: dict = {}
    exec(scorecard_to_python(spec), module)  # noqa: S102
    assert [module["score"](row)["score"] for row in rows] == result.score.tolist()
    assert scorecard_to_sql(spec, table="t", dialect="duckdb")
    assert scorecard_to_pmml(spec)
    numeric = next(v.name for v in spec.binning.variables if v.kind == "numeric")
    for infinite in (math.inf, -math.inf):
        with pytest.raises(ScoringError, match="CR-BIN-011: .*policy refuses"):
            RowScorer(spec)({**rows[0], numeric: infinite})


def test_peers_score_infinite_numbers_by_an_outer_bin_without_a_word():
    for peer in (OPTBINNING["points with decimals"], TOAD["missing apart, rate 3"]):
        infinite = [
            score for row, score in zip(peer["rows"], peer["scores"], strict=True) if is_infinite(row)
        ]
        assert len(infinite) == 2
        assert all(math.isfinite(score) for score in infinite)

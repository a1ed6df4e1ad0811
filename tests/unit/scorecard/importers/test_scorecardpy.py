"""What an import from scorecardpy reads, and what it refuses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import SpecificationError
from credit_risk.scorecard import RowScorer, from_scorecardpy
from credit_risk.scorecard.importers.scorecardpy import scorecardpy_content

SCALE = {"points0": 600, "odds0": 1 / 19, "pdo": 50}


def row(text, woe, points):
    return {"bin": text, "good": 10, "bad": 5, "woe": woe, "points": float(points)}


AGE = [row("-9%,%-8", 0.1, -7), row("[-inf,26.0)", 0.2, -14), row("[26.0,inf)%,%missing", -1.1, 79)]
JOB = [row("a%,%b", 0.3, -22), row("[c]", -0.4, 29)]
BASE = [{"bin": None, "points": 480.0}]


def imported(age=AGE, job=JOB, base=BASE, **settings):
    tables = {"age": age, "job": job}
    return from_scorecardpy(tables, {"basepoints": base, **tables}, **{**SCALE, **settings})


def test_frames_and_records_are_one_card():
    frames = {"age": pd.DataFrame(AGE), "job": pd.DataFrame(JOB)}
    card = {"basepoints": pd.DataFrame({"bin": [np.nan], "points": [480.0]}), **frames}
    model = SimpleNamespace(
        feature_names_in_=["age_woe", "job_woe"], intercept_=np.array([-1.0]), coef_=np.array([[0.9, 1.1]])
    )
    live = from_scorecardpy(frames, card, model=model, **SCALE)
    content = scorecardpy_content(frames, card)
    plain = {"intercept": -1.0, "coefficients": {"age": 0.9, "job": 1.1}}
    assert live == from_scorecardpy(content["bins"], content["card"], model=plain, **SCALE)
    assert live.coefficients == (-0.9, -1.1)


def test_text_of_bins_is_read():
    age, job = imported().binning.variables
    assert (age.cuts, age.specials[0].codes) == ((26.0,), (-9.0, -8.0))
    assert age.origins == ("own", "own", "bin 1", "own", "error")
    assert job.groups == (("a", "b"), ("[c]",))
    assert job.origins == ("own", "own", "neutral", "neutral")
    scorer = RowScorer(imported())
    assert scorer({"age": -8, "job": "a"}).score == 480 - 7 - 22
    assert scorer({"age": None, "job": "never"}).score == 480 + 79
    assert scorer({"age": None, "job": "never"}).flags == [1, 3]


def test_without_a_model_the_points_say_the_coefficients():
    fitted = imported(model={"intercept": -1.0, "coefficients": {"age": 1.0, "job": 1.0}})
    read_off = imported()
    assert read_off.coefficients == pytest.approx(fitted.coefficients, abs=0.02)
    assert read_off.settings["notes"]
    assert not fitted.settings["notes"]


def test_what_has_no_bin_earns_nothing_where_the_variables_carry_the_base():
    model = {"intercept": -1.5, "coefficients": {"age": 0.9, "job": 1.1}}
    spec = imported(base=[{"bin": None, "points": 0.0}], model=model)
    job = spec.binning.variables[1]
    assert job.origins[-2:] == ("forced", "forced")
    assert spec.points[1][-2:] == (0, 0)
    with pytest.raises(SpecificationError, match="its variables carry the base .*Hint: give model, too"):
        imported(base=[{"bin": None, "points": 0.0}])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"odds0": 0.0}, "CR-CRD-040: .*odds0 is 0.0, and odds bad to good"),
        ({"pdo": -20}, "CR-CRD-001: pdo must be a finite number above 0. Got -20"),
        ({"age": AGE[:2]}, "CR-CRD-040: .*the intervals of variable 'age' leave a gap or overlap"),
        (
            {"age": [*AGE, row("missing", 0, 0)]},
            "CR-CRD-040: .*variable 'age' has two bins of missing values",
        ),
        (
            {"age": [row("[-inf,1.0)%,%[1.0,2.0)", 0, 0), row("[2.0,inf)", 0, 0)]},
            "CR-CRD-040: .*joins intervals",
        ),
        (
            {"job": [row("a", 0, 0), row("a%,%b", 0, 0)]},
            "CR-CRD-040: .*variable 'job' has no category, or one in two",
        ),
        ({"job": [row("a", 0, 0), row("a", 0, 0)]}, "CR-CRD-040: .*variable 'job' do not hold the same bins"),
        ({"job": [row("a", 0, 0.5)]}, "CR-CRD-040: .*points of variable 'job' are not whole"),
        (
            {"model": {"intercept": 0.0, "coefficients": {"age": 1.0}}},
            r"the model lacks coefficients of \['job'\]",
        ),
    ],
)
def test_cards_without_an_equal_are_refused(change, match):
    with pytest.raises(SpecificationError, match=match):
        imported(**change)


def test_bins_and_card_must_match():
    with pytest.raises(SpecificationError, match="CR-CRD-040: .*variable 'age' of the card has no bins"):
        from_scorecardpy({}, {"basepoints": BASE, "age": AGE}, **SCALE)
    with pytest.raises(SpecificationError, match="CR-CRD-040: .*the card has no variable"):
        from_scorecardpy({}, {"basepoints": BASE}, **SCALE)

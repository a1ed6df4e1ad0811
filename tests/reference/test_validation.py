"""Published figures of discrimination, calibration, stability and fairness.

Sources are named at each vector; V-... ids are those of the project's collection of vectors. Tolerance: half a unit in
the last published digit, 1e-9 relative where the figure was computed from given inputs.
"""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.evaluation import (
    auc_interval,
    bad_rate_interval,
    binomial_test,
    cumulative_difference,
    expected_maximum_profit,
    fairness_table,
    h_measure,
    hosmer_lemeshow_of_groups,
    jeffreys_test,
    ks_interval,
    population_stability_index,
    stability_of_counts,
    two_proportion_test,
)
from credit_risk.numerics.discrimination import area_under_curve, kolmogorov_smirnov


def toad_seed_1() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return feature, target and base of toad's own tests (numpy legacy generator, seed 1)."""
    legacy = np.random.RandomState(1)
    feature = legacy.rand(500)
    target = legacy.randint(2, size=500).astype(bool)
    return feature, target, legacy.rand(500)


def test_v_c11_six_rows_with_ties() -> None:
    is_bad, risk = [0, 0, 1, 1, 0, 1], [0.1, 0.4, 0.35, 0.8, 0.4, 0.4]
    assert auc_interval(risk, is_bad).estimate == pytest.approx(0.6666666667, abs=5e-11)
    assert 2 * auc_interval(risk, is_bad).estimate - 1 == pytest.approx(0.3333333333, abs=5e-11)
    assert ks_interval(risk, is_bad, n_bootstrap=20).estimate == pytest.approx(0.3333333333, abs=5e-11)


def test_v_c12_toad_ks() -> None:
    """toad, tests of `KS`, commit 4317ece."""
    feature, target, _ = toad_seed_1()
    assert kolmogorov_smirnov(feature, target) == pytest.approx(0.05536775661256989, rel=1e-12)


def test_v_c13_toad_tutorial_deciles() -> None:
    """toad, docs/source/tutorial.ipynb, commit 4317ece: cumulative differences by decile of score."""
    bads = [9, 12, 37, 26, 59, 76, 116, 108, 173, 313]
    goods = [4332, 3585, 5071, 3854, 4759, 3901, 4665, 4188, 4187, 4105]
    published = [-0.091890, -0.163035, -0.242114, -0.304497, -0.352578]
    published += [-0.362241, -0.346762, -0.328710, -0.240666, 0.0]
    np.testing.assert_allclose(cumulative_difference(bads, goods), published, atol=5e-7)


def test_v_c15_identical_curves_differ_by_nothing() -> None:
    """The rule stated with V-C15: identical curves have Z = 0 and p = 1."""
    from credit_risk.evaluation import compare_models

    risk = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4]
    (pair,) = compare_models({"a": risk, "b": risk}, [0, 0, 1, 1, 0, 1], n_bootstrap=20)
    assert (pair.z, pair.p_value) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("severity_ratio", "published"), [(None, 0.18889596344769588), (0.7, 0.13502616807120948)]
)
def test_v_c16_h_measure(severity_ratio, published) -> None:
    """PyPI package hmeasure 0.1.6."""
    is_bad = [1, 1, 0, 1, 1, 0, 1, 1, 1, 0]
    risk = [0.84901876, 0.10282827, 0.43752488, 0.46004468, 0.90878931]
    risk += [0.79177719, 0.5297229, 0.13803906, 0.73166264, 0.22959056]
    assert h_measure(risk, is_bad, severity_ratio=severity_ratio) == pytest.approx(published, rel=1e-12)


def test_v_c17_expected_maximum_profit() -> None:
    """EMP-Py, class 1 is the defaulter and a higher score is riskier."""
    result = expected_maximum_profit([0.34, 0.44, 0.67, 0.83], [0, 0, 1, 0])
    assert result.profit == pytest.approx(0.042063447, abs=5e-10)
    assert result.rejected_share == pytest.approx(0.17873, abs=5e-6)


def test_v_c18_jeffreys_and_binomial() -> None:
    """Definition of the ECB validation reporting instructions, 2019; N = 1000, PD = 1 %."""
    assert jeffreys_test(15, 1000, 0.01) == pytest.approx(0.0632284289, abs=5e-11)
    assert binomial_test(15, 1000, 0.01) == pytest.approx(0.0824123195, abs=5e-11)
    assert jeffreys_test(10, 1000, 0.01) == pytest.approx(0.4790568062, abs=5e-11)
    assert binomial_test(10, 1000, 0.01) == pytest.approx(0.5426994078, abs=5e-11)
    low, high = bad_rate_interval([15], [1000])
    assert low[0] == pytest.approx(0.00879465, abs=5e-9)
    assert high[0] == pytest.approx(0.02399998, abs=5e-9)


def test_v_c19_no_bad_at_all() -> None:
    assert jeffreys_test(0, 500, 0.002) == pytest.approx(0.8430121971, abs=5e-11)
    assert binomial_test(0, 500, 0.002) == 1.0


def test_v_c20_hosmer_lemeshow() -> None:
    rows = np.full(10, 200)
    expected = [1, 2, 3, 4, 6, 8, 11, 15, 22, 38]
    observed = [0, 3, 2, 6, 5, 9, 8, 18, 20, 41]
    holdout = hosmer_lemeshow_of_groups(rows, observed, expected)
    development = hosmer_lemeshow_of_groups(rows, observed, expected, is_development=True)
    assert holdout.statistic == pytest.approx(5.1820601758, abs=5e-11)
    assert (holdout.degrees, development.degrees) == (10, 8)
    assert holdout.p_value == pytest.approx(0.8786889618, abs=5e-11)
    assert development.p_value == pytest.approx(0.7379518891, abs=5e-11)


_ACTUAL = [236, 334, 331, 310, 416, 269, 185, 298, 407, 352]
_EXPECTED = [565, 803, 807, 729, 1015, 565, 417, 752, 823, 845]


def test_v_c21_optbinning_stability_table() -> None:
    """optbinning, tutorial_scorecard_monitoring.ipynb, commit 36a276f."""
    parts = stability_of_counts(_EXPECTED, _ACTUAL)
    published = [0.000051, 0.000098, 0.000209, 0.000006, 0.000272]
    published += [0.000898, 0.000069, 0.000608, 0.002472, 0.000093]
    np.testing.assert_allclose(parts, published, atol=5e-7)
    assert parts.sum() == pytest.approx(0.004776, abs=5e-7)


def test_v_c22_toad_stability() -> None:
    """toad, tests of `PSI`, commit 4317ece."""
    feature, _, base = toad_seed_1()
    table = population_stability_index(base, feature, edges=[0.3, 0.5, 0.7])
    np.testing.assert_allclose(table["share_actual"], [0.298, 0.172, 0.216, 0.314], rtol=1e-12)
    np.testing.assert_allclose(table["share_expected"], [0.288, 0.224, 0.210, 0.278], rtol=1e-12)
    assert table["psi"].sum() == pytest.approx(0.018630024627491467, rel=1e-12)


def test_v_c26_toad_auc() -> None:
    """toad, tests of `AUC`, commit 4317ece."""
    feature, target, _ = toad_seed_1()
    assert area_under_curve(feature, target) == pytest.approx(0.5038690142424582, rel=1e-12)


@pytest.mark.parametrize(
    ("actual", "expected", "chi_square", "p_value"),
    [
        ((216, 236), (518, 565), 0.005285, 0.942048),
        ((274, 334), (684, 803), 1.758519, 0.184809),
        ((220, 310), (483, 729), 2.207654, 0.137327),
    ],
)
def test_v_c27_optbinning_bad_rate_shift(actual, expected, chi_square, p_value) -> None:
    """optbinning, tutorial_scorecard_monitoring.ipynb, commit 36a276f: chi-square is the squared pooled z."""
    result = two_proportion_test(*actual, *expected)
    assert result.statistic**2 == pytest.approx(chi_square, abs=5e-7)
    assert result.p_value == pytest.approx(p_value, abs=5e-7)


def _groups(n_a: int, hits_a: int, n_b: int, hits_b: int) -> dict[str, object]:
    n = n_a + n_b
    approved = np.concatenate([np.arange(n_a) < hits_a, np.arange(n_b) < hits_b])
    return {
        "groups": {"sex": np.repeat(["a", "b"], [n_a, n_b])},
        "is_approved": approved,
        "pd": np.full(n, 0.1),
        "is_bad": np.arange(n) % 10 == 0,
    }


def test_v_g01_adverse_impact() -> None:
    table = fairness_table(**_groups(300, 180, 500, 420)).set_index("group")
    row = table.loc["a"]
    assert row["adverse_impact_ratio"] == pytest.approx(0.7142857143, abs=5e-11)
    assert row["z"] == pytest.approx(-7.5894663844, abs=5e-11)
    assert row["odds_ratio"] == pytest.approx(0.2857142857, abs=5e-11)
    assert bool(table.loc["b", "is_reference"])


def test_v_g02_no_reference_approvals_is_undefined_with_a_reason() -> None:
    row = fairness_table(**_groups(300, 180, 500, 0)).set_index("group").loc["a"]
    assert np.isnan(row["adverse_impact_ratio"])
    assert row["finding"] == "undefined: the reference group has no approvals"


def test_v_g02_small_groups_get_no_verdict() -> None:
    row = fairness_table(**_groups(40, 10, 500, 420)).set_index("group").loc["a"]
    assert row["finding"] == "insufficient data"
    assert np.isnan(row["adverse_impact_ratio"])
    assert np.isnan(row["p_value"])

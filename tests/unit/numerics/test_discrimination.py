"""Discrimination kernels against naive twins."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.numerics.discrimination import (
    area_under_curve,
    class_distributions,
    delong_covariance,
    kolmogorov_smirnov,
    placements,
    resampled_kolmogorov_smirnov,
    roc_hull,
)


@pytest.fixture
def tied() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    risk = generator.integers(0, 7, size=60) / 7.0
    other = generator.random(60)
    return risk, other, generator.random(60) < 0.2 + 0.5 * risk


def naive_psi(bad: float, good: float) -> float:
    return 1.0 if bad > good else 0.5 if bad == good else 0.0


def naive_auc(risk: np.ndarray, is_bad: np.ndarray) -> float:
    pairs = [naive_psi(b, g) for b in risk[is_bad] for g in risk[~is_bad]]
    return sum(pairs) / len(pairs)


def naive_ks(risk: np.ndarray, is_bad: np.ndarray) -> float:
    return max(abs((risk[is_bad] <= v).mean() - (risk[~is_bad] <= v).mean()) for v in risk)


def naive_delong(risks: list[np.ndarray], is_bad: np.ndarray) -> np.ndarray:
    """Return the covariance matrix from the full m x n table of comparisons, entry by entry."""
    of_bads, of_goods = [], []
    for risk in risks:
        table = np.array([[naive_psi(b, g) for g in risk[~is_bad]] for b in risk[is_bad]])
        of_bads.append(table.mean(axis=1))
        of_goods.append(table.mean(axis=0))
    m, n = int(is_bad.sum()), int((~is_bad).sum())
    return np.cov(of_bads, ddof=1) / m + np.cov(of_goods, ddof=1) / n


def test_auc_counts_ties_half_like_its_naive_twin(tied) -> None:
    risk, other, is_bad = tied
    assert area_under_curve(risk, is_bad) == pytest.approx(naive_auc(risk, is_bad), abs=1e-12)
    assert area_under_curve(other, is_bad) == pytest.approx(naive_auc(other, is_bad), abs=1e-12)


def test_auc_of_one_value_is_a_half() -> None:
    assert area_under_curve(np.ones(5), np.array([True, False, True, False, False])) == 0.5


def test_ks_is_read_at_distinct_values_like_its_naive_twin(tied) -> None:
    risk, _, is_bad = tied
    assert kolmogorov_smirnov(risk, is_bad) == pytest.approx(naive_ks(risk, is_bad), abs=1e-12)


def test_delong_covariance_equals_its_naive_twin(tied) -> None:
    risk, other, is_bad = tied
    areas, covariance = delong_covariance([risk, other], is_bad)
    np.testing.assert_allclose(covariance, naive_delong([risk, other], is_bad), rtol=1e-12)
    np.testing.assert_allclose(areas, [naive_auc(risk, is_bad), naive_auc(other, is_bad)], rtol=1e-12)


def test_placements_of_both_classes_average_to_the_auc(tied) -> None:
    risk, _, is_bad = tied
    of_bads, of_goods = placements(risk, is_bad)
    assert of_bads.mean() == pytest.approx(of_goods.mean(), abs=1e-12)


def test_resampled_ks_equals_a_loop_over_the_same_draws(tied) -> None:
    risk, other, is_bad = tied
    resampled = resampled_kolmogorov_smirnov(
        [risk, other], is_bad, n_replicates=7, generator=np.random.default_rng(0)
    )
    generator = np.random.default_rng(0)
    bads, goods = np.flatnonzero(is_bad), np.flatnonzero(~is_bad)
    drawn_bads = bads[generator.integers(0, bads.size, size=(7, bads.size))]
    drawn_goods = goods[generator.integers(0, goods.size, size=(7, goods.size))]
    for model, values in enumerate((risk, other)):
        for r in range(7):
            rows = np.concatenate([drawn_bads[r], drawn_goods[r]])
            assert resampled[model, r] == pytest.approx(naive_ks(values[rows], is_bad[rows]), abs=1e-12)


def test_resampling_in_blocks_keeps_every_replicate(tied, monkeypatch) -> None:
    risk, _, is_bad = tied
    monkeypatch.setattr("credit_risk.numerics.discrimination._CELLS_PER_BLOCK", 3 * risk.size)
    resampled = resampled_kolmogorov_smirnov(
        [risk], is_bad, n_replicates=10, generator=np.random.default_rng(0)
    )
    assert resampled.shape == (1, 10)
    assert ((resampled > 0) & (resampled <= 1)).all()


def test_class_distributions_end_at_one(tied) -> None:
    risk, _, is_bad = tied
    values, bad_share, good_share = class_distributions(risk, is_bad)
    assert (np.diff(values) > 0).all()
    assert bad_share[-1] == good_share[-1] == 1.0


def test_hull_lies_on_or_above_the_curve_and_bends_one_way(tied) -> None:
    risk, _, is_bad = tied
    good, bad = roc_hull(risk, is_bad)
    with np.errstate(divide="ignore"):
        slopes = np.diff(bad) / np.diff(good)
    assert (np.diff(slopes) < 0).all()
    _, below_bad, below_good = class_distributions(risk, is_bad)
    assert (np.interp(1 - below_good, good, bad) >= 1 - below_bad - 1e-12).all()

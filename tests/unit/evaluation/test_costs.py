"""The H-measure and the expected maximum profit against numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from credit_risk.errors import SpecificationError
from credit_risk.evaluation import expected_maximum_profit, h_measure
from credit_risk.numerics.discrimination import class_distributions


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(6)
    risk = generator.integers(0, 25, size=150) / 25
    return risk, generator.random(150) < 0.1 + 0.5 * risk


def points(risk: np.ndarray, is_bad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of goods and bads flagged at every cut-off."""
    _, bad_share, good_share = class_distributions(risk, is_bad)
    return np.append(1 - good_share, 1.0), np.append(1 - bad_share, 1.0)


def test_h_measure_equals_integrating_the_smallest_loss(rows) -> None:
    risk, is_bad = rows
    prior = is_bad.mean()
    goods, bads = points(risk, is_bad)
    density = stats.beta(2, 1 + (1 - prior) / prior).pdf

    def loss(c: float) -> float:
        return float(np.min(c * (1 - prior) * goods + (1 - c) * prior * (1 - bads)) * density(c))

    def blind(c: float) -> float:
        return min(c * (1 - prior), (1 - c) * prior) * float(density(c))

    grid = np.linspace(0, 1, 4_001)
    expected = 1 - np.trapezoid([loss(c) for c in grid], grid) / np.trapezoid([blind(c) for c in grid], grid)
    assert h_measure(risk, is_bad) == pytest.approx(expected, abs=1e-6)


def test_profit_equals_integrating_the_best_cut_off(rows) -> None:
    risk, is_bad = rows
    prior = is_bad.mean()
    goods, bads = points(risk, is_bad)

    def best(loss_share: float) -> float:
        return float(np.max(loss_share * prior * bads - 0.2644 * (1 - prior) * goods))

    uniform, _ = integrate.quad(best, 0, 1, limit=500)
    assert expected_maximum_profit(risk, is_bad).profit == pytest.approx(
        0.35 * uniform + 0.10 * best(1.0), abs=1e-7
    )


def test_a_blind_model_saves_nothing() -> None:
    assert h_measure(np.ones(10), np.arange(10) < 3) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan"), float("inf")])
def test_a_severity_ratio_that_is_none_is_refused(ratio: float) -> None:
    with pytest.raises(SpecificationError, match="CR-EVL-011: severity_ratio must be a number above 0"):
        h_measure([0.1, 0.9], [0, 1], severity_ratio=ratio)


@pytest.mark.parametrize(
    "wrong",
    [{"no_loss_share": 0.95}, {"total_loss_share": -0.1}, {"return_rate": -0.2}, {"return_rate": np.nan}],
)
def test_shares_of_loss_that_do_not_add_up_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SpecificationError, match="CR-EVL-011.*together at most 1"):
        expected_maximum_profit([0.1, 0.9], [0, 1], **wrong)

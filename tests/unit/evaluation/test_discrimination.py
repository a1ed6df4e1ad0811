"""Intervals of discrimination."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.evaluation import auc_interval, compare_models, ks_interval, roc_curve
from credit_risk.evaluation.discrimination import debiased_interval


def test_resamples_that_overstate_move_the_interval_down_by_twice_as_much() -> None:
    resampled = np.linspace(0.40, 0.50, 101)  # mean 0.45, middle 90 %: 0.405 to 0.495
    interval = debiased_interval(0.44, resampled, 0.90, bounds=(0.0, 1.0))
    assert interval == pytest.approx((0.44, 0.385, 0.475))


def test_the_interval_is_widened_to_hold_the_estimate_and_cut_to_its_bounds() -> None:
    resampled = np.linspace(0.20, 0.30, 101)
    assert debiased_interval(0.10, resampled, 0.90, bounds=(0.0, 1.0)) == pytest.approx((0.10, 0.0, 0.10))


def test_ks_interval_uses_seed_and_level() -> None:
    generator = np.random.default_rng(0)
    risk = generator.random(400)
    is_bad = generator.random(400) < risk
    wide, narrow = (ks_interval(risk, is_bad, seed=3, confidence_level=level) for level in (0.99, 0.80))
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high
    assert ks_interval(risk, is_bad, seed=3) == ks_interval(risk, is_bad, seed=3)


def test_a_perfect_model_has_no_width() -> None:
    assert auc_interval([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == (1.0, 1.0, 1.0)


def test_perfect_against_perfectly_wrong_is_infinitely_far() -> None:
    risk = np.array([0.1, 0.2, 0.8, 0.9])
    (pair,) = compare_models({"right": risk, "wrong": -risk}, [0, 0, 1, 1], n_bootstrap=10)
    assert (pair.auc_difference, pair.z, pair.p_value) == (1.0, np.inf, 0.0)


def test_the_difference_changes_sign_with_the_order_of_models() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.random(300), generator.random(300)
    is_bad = generator.random(300) < a
    (ab,) = compare_models({"a": a, "b": b}, is_bad, n_bootstrap=100)
    (ba,) = compare_models({"b": b, "a": a}, is_bad, n_bootstrap=100)
    assert ab.auc_difference == -ba.auc_difference
    assert ab.auc_difference_low == pytest.approx(-ba.auc_difference_high)
    assert ab.p_value == pytest.approx(ba.p_value)


def test_equal_risks_are_one_step_of_the_curve() -> None:
    good_share, bad_share = roc_curve([0.5, 0.5, 0.5, 0.9], [0, 0, 1, 1])
    assert good_share.tolist() == [0.0, 0.0, 1.0]
    assert bad_share.tolist() == [0.0, 0.5, 1.0]

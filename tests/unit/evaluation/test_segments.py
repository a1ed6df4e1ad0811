"""By segment and along time: every figure is that of the group's own rows, and recalibration looks only back."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.errors import SpecificationError
from credit_risk.evaluation import auc_interval, calibration_in_the_large, period_table, segment_table


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(11)
    pd = rng.uniform(0.02, 0.5, size=3000)
    period = rng.integers(1, 4, size=3000)
    odds = pd / (1 - pd) * np.exp(np.where(period == 1, 0.0, 0.6))  # the level shifts after the first period
    return pd, rng.random(3000) < odds / (1 + odds), period


def test_figures_of_a_group_are_those_of_its_rows(sample) -> None:
    pd, is_bad, period = sample
    table = segment_table({"p": period}, {"m": pd, "half": pd / 2}, is_bad)
    assert table[["group", "model"]].to_numpy().tolist() == [[g, m] for g in (1, 2, 3) for m in ("m", "half")]
    rows = period == 2
    row = table[(table["group"] == 2) & (table["model"] == "half")].iloc[0]
    auc, shift = (
        auc_interval(pd[rows] / 2, is_bad[rows]),
        calibration_in_the_large(pd[rows] / 2, is_bad[rows]),
    )
    assert (row["auc"], row["auc_low"], row["auc_high"]) == tuple(auc)
    assert (row["shift"], row["shift_low"], row["shift_high"]) == tuple(shift)
    assert (row["n"], row["n_bads"]) == (rows.sum(), is_bad[rows].sum())
    assert row["mean_pd"] == pytest.approx((pd[rows] / 2).mean())


def test_too_few_goods_or_bads_judge_nothing() -> None:
    table = segment_table({"s": [0] * 50 + [1] * 50}, {"m": np.full(100, 0.3)}, [1, 0] * 25 + [0] * 50)
    assert table.loc[0, ["auc", "shift"]].isna().all()
    assert table.loc[1, "bad_rate_high"] > 0
    assert (
        segment_table({"s": [0] * 50}, {"m": np.full(50, 0.3)}, [1, 0] * 25, min_per_class=25)["auc"]
        .notna()
        .all()
    )


def test_recalibration_on_earlier_periods_removes_a_lasting_shift(sample) -> None:
    pd, is_bad, period = sample
    table = period_table(period, {"m": pd}, is_bad)
    assert np.isnan(table.loc[0, "mean_pd_recalibrated"])
    assert table.loc[2, "shift_low"] > 0
    assert abs(table.loc[2, "shift_recalibrated"]) < table.loc[2, "shift"]


def test_recalibration_never_looks_ahead(sample) -> None:
    pd, is_bad, period = sample
    changed = np.where(period == 3, ~is_bad, is_bad)
    before, after = (period_table(period, {"m": pd}, outcome) for outcome in (is_bad, changed))
    columns = ["mean_pd_recalibrated", "shift_recalibrated"]
    np.testing.assert_array_equal(before.loc[:1, columns], after.loc[:1, columns])
    assert before.loc[2, "mean_pd_recalibrated"] == after.loc[2, "mean_pd_recalibrated"]


def test_a_segment_of_another_length_is_refused() -> None:
    with pytest.raises(SpecificationError, match=r"CR-EVL-003.*Segment 's'"):
        segment_table({"s": [1, 2]}, {"m": [0.1, 0.2, 0.3]}, [0, 1, 0])


@pytest.mark.parametrize("gap", [None, float("nan")])
def test_a_row_without_a_group_is_refused_not_lost(gap) -> None:
    labels = np.array([1.0, gap, 1.0, 2.0], dtype=object if gap is None else float)
    with pytest.raises(SpecificationError, match="CR-EVL-004: Segment 's' gives no group for 1 of 4 rows"):
        segment_table({"s": labels}, {"m": [0.1, 0.2, 0.3, 0.4]}, [0, 1, 0, 1])

"""Cut-offs counted one by one: every row of the tables against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import SpecificationError
from credit_risk.evaluation import cut_off_table, swap_table

customers = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans(), st.integers(-5, 5)),
    min_size=1,
    max_size=40,
)


@given(customers, st.integers(1, 13))
def test_every_row_counts_the_customers_up_to_its_cut_off(rows, n_steps) -> None:
    pd, _, is_bad, amount = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    pd = pd / 20
    table = cut_off_table(pd, is_bad, n_steps=n_steps, amounts={"profit": amount})
    assert len(table) == n_steps + 1
    assert table.loc[0, "n_approved"] == 0
    assert table["n_approved"].iloc[-1] == len(rows)
    for step, row in table.iloc[1:].iterrows():
        approved = pd <= row["cut_off_pd"]
        assert row["n_approved"] == approved.sum()
        assert row["approval_rate"] >= step / n_steps - 1e-9
        assert row["n_bads_approved"] == is_bad[approved].sum()
        assert row["bad_rate_approved"] == pytest.approx(is_bad[approved].mean())
        assert row["bad_rate_approved_low"] <= row["bad_rate_approved"] <= row["bad_rate_approved_high"]
        assert row["profit"] == pytest.approx(amount[approved].sum())
        # no smaller share of customers, cut between different PDs, would do
        fewer = pd < row["cut_off_pd"]
        assert fewer.mean() < step / n_steps + 1e-9


@given(customers, st.integers(1, 9))
def test_swaps_split_what_each_model_approves(rows, n_steps) -> None:
    a, b, is_bad, _ = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    tables = [cut_off_table(pd / 20, is_bad, n_steps=n_steps) for pd in (a, b)]
    swaps = swap_table(a / 20, b / 20, is_bad, n_steps=n_steps)
    np.testing.assert_array_equal(swaps["n_both"] + swaps["n_only_a"], tables[0]["n_approved"])
    np.testing.assert_array_equal(swaps["n_both"] + swaps["n_only_b"], tables[1]["n_approved"])
    bads = sum((swaps[f"n_{key}"] * swaps[f"bad_rate_{key}"]).fillna(0) for key in ("both", "only_a"))
    np.testing.assert_allclose(bads, tables[0]["n_bads_approved"], atol=1e-9)


def test_equal_models_swap_nobody() -> None:
    pd = np.random.default_rng(0).random(50)
    swaps = swap_table(pd, pd, pd > 0.5)
    assert swaps[["n_only_a", "n_only_b"]].to_numpy().sum() == 0


def test_without_bads_none_can_be_avoided() -> None:
    assert cut_off_table([0.1, 0.2], [0, 0])["share_of_bads_avoided"].isna().all()


def test_a_pd_beyond_one_is_refused() -> None:
    with pytest.raises(SpecificationError, match="CR-EVL-00"):
        cut_off_table([0.1, 1.2], [0, 1])

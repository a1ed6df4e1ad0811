"""Score bands, stability and fairness tables."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.errors import SampleError, SpecificationError
from credit_risk.evaluation import (
    fairness_table,
    population_stability_index,
    score_band_table,
    stability_of_counts,
    standardized_mean_difference,
    two_proportion_test,
)


@pytest.fixture(scope="module")
def customers() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(13)
    n = 1200
    pd = generator.beta(1.4, 6.0, size=n)
    approved = pd < 0.2
    return {
        "score": 600 - 40 * np.log(pd / (1 - pd)),
        "pd": pd,
        "is_bad": generator.random(n) < pd,
        "is_approved": approved,
        "limit_amount": np.where(approved, 100_000 * (0.3 - pd), np.nan),
        "annual_rate": np.where(approved, 0.08 + pd / 2, np.nan),
        "sex": np.where(generator.random(n) < 0.6, "f", "m"),
    }


def test_bands_say_what_a_loop_says(customers) -> None:
    c = customers
    table = score_band_table(
        c["score"],
        c["is_bad"],
        edges=[640, 690, 740],
        pd=c["pd"],
        is_approved=c["is_approved"],
        limit_amount=c["limit_amount"],
        annual_rate=c["annual_rate"],
    )
    assert table["band"].tolist() == ["< 640", "[640, 690)", "[690, 740)", ">= 740"]
    for i, (low, high) in enumerate([(-np.inf, 640), (640, 690), (690, 740), (740, np.inf)]):
        member = (c["score"] >= low) & (c["score"] < high)
        taken = member & c["is_approved"]
        row = table.loc[i]
        assert row["n"] == member.sum()
        assert row["bad_rate"] == pytest.approx(c["is_bad"][member].mean())
        assert row["mean_pd"] == pytest.approx(c["pd"][member].mean())
        assert row["approval_rate"] == pytest.approx(c["is_approved"][member].mean())
        if taken.any():
            assert row["mean_limit_amount"] == pytest.approx(c["limit_amount"][taken].mean())
            assert row["mean_annual_rate"] == pytest.approx(c["annual_rate"][taken].mean())
            assert row["bad_rate_approved"] == pytest.approx(c["is_bad"][taken].mean())
        else:
            assert np.isnan(row["mean_limit_amount"])


def test_a_score_on_an_edge_belongs_to_the_right_and_empty_bands_vanish() -> None:
    table = score_band_table([500.0, 600.0, 600.0, 700.0], [1, 0, 1, 0], edges=[100, 600, 650])
    assert table["band"].tolist() == ["[100, 600)", "[600, 650)", ">= 650"]
    assert table["n"].tolist() == [1, 2, 1]


def test_bands_without_any_bad_are_counted_too() -> None:
    table = score_band_table([1.0, 2.0], [0, 0], n_bands=2)
    assert table["bad_rate"].tolist() == [0.0, 0.0]
    assert table["cumulative_difference"].isna().all()


def test_an_approved_customer_without_a_limit_is_refused() -> None:
    with pytest.raises(SpecificationError, match=r"CR-EVL-004.*limit_amount.*1 missing"):
        score_band_table([1, 2], [0, 1], is_approved=[1, 0], limit_amount=[np.nan, 5.0])


def test_flags_must_be_flags() -> None:
    with pytest.raises(SpecificationError, match=r"CR-EVL-001.*is_approved.*1 other"):
        score_band_table([1, 2], [0, 1], is_approved=[1, 7])
    with pytest.raises(SpecificationError, match=r"CR-EVL-003.*is_approved"):
        score_band_table([1, 2], [0, 1], is_approved=[1])


def test_missing_values_are_a_group_of_the_stability_table() -> None:
    table = population_stability_index([1.0, 2.0, np.nan, 4.0], [1.0, 1.0, 2.0, 4.0], n_groups=2)
    assert table["group"].iloc[-1] == "missing"
    assert table["n_expected"].tolist() == [1, 2, 1]
    assert table["n_actual"].tolist() == [2, 2, 0]
    assert np.isfinite(table["psi"]).all()


def test_stability_refuses_what_it_cannot_compare() -> None:
    with pytest.raises(SpecificationError, match=r"CR-EVL-007.*\(2,\) and \(3,\)"):
        stability_of_counts([1, 2], [1, 2, 3])
    with pytest.raises(SpecificationError, match="CR-EVL-007"):
        stability_of_counts([1, -2], [1, 2])
    with pytest.raises(SampleError, match=r"CR-EVL-008.*0 expected and 3 actual"):
        stability_of_counts([0, 0], [1, 2])


def test_fairness_figures_equal_their_definitions(customers) -> None:
    c = customers
    keys = ("is_approved", "pd", "is_bad", "score", "limit_amount", "annual_rate")
    table = fairness_table({"sex": c["sex"]}, **{key: c[key] for key in keys}).set_index("group")
    f, m = c["sex"] == "f", c["sex"] == "m"
    row = table.loc["m"]
    assert bool(table.loc["f", "is_reference"])
    assert table.loc["f", "finding"] == "reference"
    rates = [c["is_approved"][g].mean() for g in (m, f)]
    assert row["adverse_impact_ratio"] == pytest.approx(rates[0] / rates[1])
    z = two_proportion_test(c["is_approved"][m].sum(), m.sum(), c["is_approved"][f].sum(), f.sum())
    assert (row["z"], row["p_value"]) == z
    assert row["mean_pd"] == pytest.approx(c["pd"][m].mean())
    assert row["bad_rate"] == pytest.approx(c["is_bad"][m].mean())
    taken_m, taken_f = m & c["is_approved"], f & c["is_approved"]
    assert row["mean_limit_amount"] == pytest.approx(c["limit_amount"][taken_m].mean())
    assert row["smd_annual_rate"] == pytest.approx(
        standardized_mean_difference(c["annual_rate"][taken_m], c["annual_rate"][taken_f])
    )
    assert row["finding"] == "ratio not below 0.80"


def test_every_attribute_has_its_own_reference(customers) -> None:
    c = customers
    age = np.where(np.arange(c["pd"].size) % 3 == 0, "old", "young")
    table = fairness_table(
        {"sex": c["sex"], "age": age}, is_approved=c["is_approved"], pd=c["pd"], is_bad=c["is_bad"]
    )
    assert table.groupby("attribute")["is_reference"].sum().tolist() == [1, 1]
    assert table.loc[table["is_reference"], "group"].tolist() == ["f", "young"]


def test_group_labels_must_cover_every_customer(customers) -> None:
    c = customers
    with pytest.raises(SpecificationError, match="CR-EVL-003.*Attribute 'sex'"):
        fairness_table({"sex": c["sex"][:5]}, is_approved=c["is_approved"], pd=c["pd"], is_bad=c["is_bad"])


def test_a_customer_without_a_group_is_refused(customers) -> None:
    c = customers
    sex = c["sex"].astype(object)
    sex[3] = None
    with pytest.raises(SpecificationError, match="CR-EVL-004: Attribute 'sex' gives no group for 1 of 1200"):
        fairness_table({"sex": sex}, is_approved=c["is_approved"], pd=c["pd"], is_bad=c["is_bad"])


def test_a_limit_of_nobody_in_particular_is_refused() -> None:
    with pytest.raises(SpecificationError, match="CR-EVL-010.*Expected is_approved"):
        score_band_table([1, 2], [0, 1], limit_amount=[10.0, 20.0])


def test_given_edges_hold_where_every_expected_value_is_missing() -> None:
    table = population_stability_index([np.nan, np.nan], [1.0, 2.0], edges=[1.5])
    assert table["group"].tolist() == ["< 1.5", ">= 1.5", "missing"]
    assert table["n_actual"].tolist() == [1, 1, 0]


def test_an_approved_customer_without_a_price_is_refused(customers) -> None:
    c = customers
    rate = c["annual_rate"].copy()
    rate[np.flatnonzero(c["is_approved"])[0]] = np.nan
    with pytest.raises(SpecificationError, match="CR-EVL-004.*annual_rate.*1 missing"):
        fairness_table(
            {"sex": c["sex"]}, is_approved=c["is_approved"], pd=c["pd"], is_bad=c["is_bad"], annual_rate=rate
        )


def test_mean_difference_without_spread_exists_only_for_equal_means() -> None:
    assert standardized_mean_difference([1, 1], [1, 1]) == 0.0
    assert np.isnan(standardized_mean_difference([1, 1], [2, 2]))
    assert np.isnan(standardized_mean_difference([1], [2, 3]))


def test_equal_and_full_shares_do_not_differ() -> None:
    assert two_proportion_test(5, 5, 9, 9) == (0.0, 1.0)

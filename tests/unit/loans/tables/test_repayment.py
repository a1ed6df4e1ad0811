from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount
from credit_risk.loans.rates import annual_rates
from credit_risk.loans.schedule import equal_instalment_minor, equal_instalment_schedule, repayment_schedule
from credit_risk.loans.tables.annual import annual_rates_table
from credit_risk.loans.tables.calendar import calendar_table
from credit_risk.loans.tables.repayment import equal_instalment_table, repayment_table
from credit_risk.loans.terms import Fee, LoanTerms


@pytest.mark.parametrize(
    ("principal", "rate", "options", "message"),
    [
        (
            [100, 0],
            [1, 1],
            {},
            r"CR-LON-001: principal_minor must be at least 1: broken by 1 of 2 loans, first at row 1",
        ),
        ([100], [-1], {}, r"CR-LON-003: annual_rate_ppm must not be negative: broken by 1 of 1"),
        (
            [100.0],
            [1],
            {},
            r"CR-LON-008: principal_minor must be whole numbers in one dimension. Got float64",
        ),
        ([[100]], [1], {}, r"CR-LON-008: .*in 2 dimensions"),
        ([100], [np.nan], {}, r"CR-LON-008: annual_rate_ppm must be whole numbers"),
        ([10**12], [10**7], {}, r"CR-LON-007: principal x rate overflows exact 64-bit arithmetic"),
        ([10**13], [0], {}, r"CR-LON-007"),
        ([100], [0], {"balloon_minor": 100}, r"CR-LON-015: balloon_minor must lie below the principal"),
        (
            [100],
            [0],
            {"balloon_minor": 1, "method": "interest_only"},
            r"CR-LON-015: .*with equal instalments",
        ),
        ([100], [0], {"method": "at_will"}, r"CR-LON-015: method must be one of"),
        (
            [10],
            [360_000],
            {"n_instalments": 360},
            r"CR-LON-004: the instalment must exceed the first interest",
        ),
        (
            [5],
            [0],
            {"method": "equal_principal"},
            r"CR-LON-004: the principal is too small for its instalments",
        ),
        ([100], [0], {"n_instalments": 0}, r"CR-LON-002: n_instalments"),
        ([100], [0], {"n_grace_instalments": 12}, r"CR-LON-015: n_grace_instalments must be a whole number"),
        ([100], [0], {"n_threads": 0}, r"CR-LON-015: n_threads must be a whole number from 1 to 64"),
        ([100], [0], {"n_grace_instalments": True}, r"CR-LON-015: n_grace_instalments"),
        ([100], [0], {"initial_fee_minor": 101}, r"CR-LON-001: initial fees must not exceed the principal"),
        ([100], [0], {"instalment_fee_minor": -1}, r"CR-LON-001: fees must be 0 or more"),
        (
            [100],
            [0],
            {"out": np.zeros((4, 12, 2), dtype=np.int64)},
            r"CR-LON-008: out must be a writeable int64",
        ),
        ([100], [0], {"out": np.zeros((4, 12, 1))}, r"CR-LON-008: out must be .*\(4, 12, 1\)"),
        (
            [100],
            [0],
            {"calendar": calendar_table(["2026-01-10"], 6)},
            r"CR-LON-008: The calendar must have the shape",
        ),
        (
            [100],
            [0],
            {"calendar": calendar_table(["2026-01-10"], 12), "first_period_extra_days": 3},
            r"CR-LON-015: The calendar .* takes the place of first_period_extra_days",
        ),
        (
            [10**12],
            [240_000],
            {"calendar": calendar_table(["2026-01-10"], 12, day_count=DayCount.ACTUAL_ACTUAL_ISDA)},
            r"CR-LON-007: principal x rate overflows",
        ),
        ([100], [0], {"periods_per_year": 0}, r"CR-LON-002: periods_per_year"),
    ],
)
def test_bad_loans_are_counted_not_repaired(principal, rate, options, message):
    with pytest.raises(LoanError, match=message):
        repayment_table(principal, rate, **{"n_instalments": 12, **options})


def test_fees_match_the_scalar_path():
    fees = (
        Fee(code="service", timing="deducted", collector="lender", amount_minor=30_000),
        Fee(code="guarantee", timing="per_instalment", collector="guarantor", amount_minor=5_000),
    )
    schedule = repayment_schedule(
        LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12, fees=fees)
    )
    table = equal_instalment_table([1_000_000], [144_000], n_instalments=12).with_fees(
        initial_minor=30_000, instalment_minor=5_000
    )
    assert tuple(table.instalment_minor[0]) == schedule.instalment_minor
    nominal, effective = annual_rates_table(table.disbursed_minor, table.instalment_minor)
    assert (nominal[0], effective[0]) == (annual_rates(schedule).nominal, annual_rates(schedule).effective)
    with pytest.raises(LoanError, match="CR-LON-001: fees must be 0 or more"):
        table.with_fees(initial_minor=-1)


def test_errors_count_all_loans_not_one_chunk():
    principal = np.full(40_000, 1_000_000)
    principal[[20_000, 39_999]] = 10
    with pytest.raises(LoanError, match="CR-LON-004: .*broken by 2 of 40000 loans, first at row 20000"):
        equal_instalment_table(principal, np.full(40_000, 360_000), n_instalments=360)
    flows = np.full((40_000, 2), 600)
    flows[30_000] = 0
    with pytest.raises(LoanError, match="CR-LON-009: .*broken by 1 of 40000 loans, first at row 30000"):
        annual_rates_table(np.full(40_000, 1_000), flows)


def test_no_loans_is_an_empty_table():
    empty = np.array([], dtype=np.int64)
    table = equal_instalment_table(empty, empty, n_instalments=12)
    assert table.instalment_minor.shape == (0, 12)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_threads_change_nothing(n_threads):
    rng = np.random.default_rng(7)
    principal, rate = rng.integers(1_000, 10**7, 50_000), rng.integers(0, 360_000, 50_000)
    alone, shared = np.empty((2, 4, 6, 50_000), dtype=np.int64)
    repayment_table(principal, rate, n_instalments=6, out=alone)
    repayment_table(principal, rate, n_instalments=6, out=shared, n_threads=n_threads)
    np.testing.assert_array_equal(alone, shared)


@pytest.mark.parametrize("n_loans", [1, 16_383, 16_384, 16_385, 40_000])
def test_chunk_borders_change_nothing(n_loans):
    rng = np.random.default_rng(7)
    principal, rate = rng.integers(1_000, 10**7, 40_000), rng.integers(0, 360_000, 40_000)
    whole = equal_instalment_table(principal, rate, n_instalments=6)
    part = equal_instalment_table(principal[:n_loans], rate[:n_loans], n_instalments=6)
    np.testing.assert_array_equal(part.instalment_minor, whole.instalment_minor[:n_loans])
    rates = annual_rates_table(whole.disbursed_minor, whole.instalment_minor)
    some = annual_rates_table(part.disbursed_minor, part.instalment_minor)
    np.testing.assert_array_equal(some[0], rates[0][:n_loans])
    np.testing.assert_array_equal(some[1], rates[1][:n_loans])


def test_halves_of_free_loans_are_rounded_up_in_whole_numbers():
    table = equal_instalment_table([3, 5, 7, 10**12 - 1], [0, 0, 0, 0], n_instalments=2)
    assert table.payment_minor.tolist() == [2, 3, 4, 5 * 10**11]


@pytest.mark.parametrize("principal", [1_000_500, 3_001_500, 5_002_500])
def test_halves_that_floating_point_misses_are_recomputed_exactly(principal):
    # at 1.2 % a year over two months the instalment is exactly m + 1/2; in binary64 it comes out just below
    table = equal_instalment_table([principal], [12_000], n_instalments=2)
    schedule = equal_instalment_schedule(principal, annual_rate=Decimal("0.012"), n_instalments=2)
    assert table.payment_minor[0] == schedule.instalment_minor[0]


@pytest.mark.parametrize("method", ["equal_instalment", "equal_principal"])
@pytest.mark.parametrize(
    ("principal", "ppm", "n"), [(18, 0, 12), (95, 120_000, 60), (30, 12_000, 20), (397, 120_000, 60)]
)
def test_tiny_loans_that_rounding_repays_early_stop_at_zero_like_the_scalar_path(method, principal, ppm, n):
    terms = LoanTerms(
        principal_minor=principal, annual_rate=Decimal(ppm) / 1_000_000, n_instalments=n, method=method
    )
    schedule = repayment_schedule(terms)
    table = repayment_table([principal, 10**6], [ppm, ppm], n_instalments=n, method=method)
    assert tuple(table.instalment_minor[0]) == schedule.instalment_minor
    assert tuple(table.interest_minor[0]) == schedule.interest_minor
    assert tuple(table.balance_minor[0]) == schedule.balance_minor


def test_more_fees_are_added_to_earlier_ones_and_stay_within_the_principal():
    table = equal_instalment_table([1_000_000, 2_000_000], [144_000, 0], n_instalments=12)
    once = table.with_fees(initial_minor=[30_000, 1], instalment_minor=7)
    twice = once.with_fees(initial_minor=500, instalment_minor=[2, 0])
    assert twice.disbursed_minor.tolist() == [969_500, 1_999_499]
    assert twice.fee_minor.tolist() == [9, 7]
    with pytest.raises(
        LoanError, match="CR-LON-001: initial fees must not exceed the principal: broken by 1 of 2"
    ):
        once.with_fees(initial_minor=970_001)
    for fees in ({"initial_minor": 2**62}, {"instalment_minor": 2**62}, {"instalment_minor": 10**12}):
        with pytest.raises(LoanError, match="CR-LON-007: fees must be at most 1000000000000"):
            once.with_fees(**fees)
    with pytest.raises(LoanError, match="CR-LON-008: initial_minor must have one entry, or one per loan"):
        table.with_fees(initial_minor=[1, 2, 3])


@pytest.mark.parametrize("name", ["annual_rate_ppm", "balloon_minor", "first_period_extra_days"])
def test_columns_of_another_length_are_refused(name):
    columns = {"annual_rate_ppm": [0, 0], name: [1, 1, 1]}
    with pytest.raises(
        LoanError, match=f"CR-LON-008: {name} must have one entry, or one per loan. Got 3 for 2"
    ):
        repayment_table([100, 100], n_instalments=12, **columns)


@pytest.mark.parametrize("days", [-366, -(10**17), -(2**62)])
def test_a_first_period_is_never_shorter_than_nothing(days):
    table = repayment_table([10**6], [144_000], n_instalments=12, first_period_extra_days=[days])
    rates = [Fraction(0), *[Fraction(12, 1000)] * 11]
    assert table.interest_minor[0, 0] == 0
    assert table.payment_minor[0] == equal_instalment_minor(10**6, rates)


def test_a_loan_is_never_refused_because_of_its_neighbour():
    large, odd = (10**12, 240_000, 0), (1_000_000, 144_000, 59)
    alone = [_one(*large), _one(*odd)]
    both = repayment_table(
        [large[0], odd[0]], [large[1], odd[1]], n_instalments=12, first_period_extra_days=[large[2], odd[2]]
    )
    for i, table in enumerate(alone):
        np.testing.assert_array_equal(both.interest_minor[i], table.interest_minor[0])
        np.testing.assert_array_equal(both.instalment_minor[i], table.instalment_minor[0])
    schedule = equal_instalment_schedule(10**12, annual_rate=Decimal("0.24"), n_instalments=12)
    assert tuple(both.instalment_minor[0]) == schedule.instalment_minor
    with pytest.raises(LoanError, match="CR-LON-007: .*broken by 1 of 2 loans, first at row 1"):
        repayment_table([10**12] * 2, [240_000] * 2, n_instalments=12, first_period_extra_days=[0, 30])


def _one(principal, ppm, days):
    return repayment_table([principal], [ppm], n_instalments=12, first_period_extra_days=[days])


@pytest.mark.parametrize("ppm", [1_000_000, 2_345_678, 4_400_000])
@pytest.mark.parametrize("n", [2, 12, 60])
def test_the_largest_loans_are_exact_too(ppm, n):
    table = equal_instalment_table([10**12, 10**12 - 1], [ppm, ppm], n_instalments=n)
    for row, principal in enumerate((10**12, 10**12 - 1)):
        schedule = equal_instalment_schedule(principal, annual_rate=Fraction(ppm, 10**6), n_instalments=n)
        assert tuple(table.instalment_minor[row]) == schedule.instalment_minor
        assert tuple(table.interest_minor[row]) == schedule.interest_minor


def test_columns_are_written_where_the_caller_says_and_shown_by_the_table():
    columns = np.empty((4, 12, 2), dtype=np.int64)
    terms = ([1_000_000, 2_000_000], [144_000, 0])
    table = repayment_table(*terms, n_instalments=12, instalment_fee_minor=[0, 500], out=columns)
    lean = repayment_table(*terms, n_instalments=12, instalment_fee_minor=[0, 500])
    for mine, shown, worked_out in zip(
        columns,
        (table.instalment_minor, table.principal_part_minor, table.interest_minor, table.balance_minor),
        (lean.instalment_minor, lean.principal_part_minor, lean.interest_minor, lean.balance_minor),
        strict=True,
    ):
        assert np.shares_memory(mine, shown)
        np.testing.assert_array_equal(shown, worked_out)
    dearer = table.with_fees(instalment_minor=100)
    np.testing.assert_array_equal(dearer.instalment_minor, table.instalment_minor + 100)
    np.testing.assert_array_equal(dearer.balance_minor, table.balance_minor)


@pytest.mark.parametrize(("principal", "ppm"), [(1, 3 * 10**12), (1_000, 3 * 10**9), (10**6, 3 * 10**8)])
def test_growth_beyond_floating_point_is_an_ordinary_refusal(principal, ppm):
    with pytest.raises(
        LoanError, match="CR-LON-004: the instalment must exceed .* by 1 of 2 loans, first at row 1"
    ):
        repayment_table([10**6, principal], [1_000, ppm], n_instalments=1200)

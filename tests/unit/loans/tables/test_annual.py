"""Annual rates of many loans: counted refusals, rows of different terms, flows on which Newton's method does not settle."""

from dataclasses import replace

import pytest

from credit_risk.errors import LoanError
from credit_risk.loans.rates import annual_rates, internal_rate
from credit_risk.loans.schedule import equal_instalment_schedule
from credit_risk.loans.tables.annual import annual_rates_table, dated_rates_table


@pytest.mark.parametrize(
    ("disbursed", "flows", "message"),
    [
        ([0], [[1, 2]], r"CR-LON-009: the flows need a payout above 0 and a payment above 0"),
        ([100], [[0, 0]], r"CR-LON-009"),
        ([100], [[200, -1]], r"CR-LON-016: payments must be 0 or more \(internal_rates takes mixed signs\)"),
        ([100.0], [[200]], r"CR-LON-008: disbursed_minor and flows_minor must be whole numbers of shapes"),
        ([100, 100], [[200]], r"CR-LON-008"),
        ([1], [[10**12] * 2], r"CR-LON-010: the effective annual rate exceeds any floating-point number"),
    ],
)
def test_flows_without_a_rate_are_counted(disbursed, flows, message):
    with pytest.raises(LoanError, match=message):
        annual_rates_table(disbursed, flows, periods_per_year=365)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ([[-1, 5]], r"CR-LON-005: days must be 0 or more, with a payment after day 0"),
        ([[0, 0]], r"CR-LON-005"),
        (
            [[1.0, 2.0]],
            r"CR-LON-008: days must be whole numbers, per instalment or per loan and instalment. Got float64",
        ),
        ([1, 2, 3], r"CR-LON-008: days must be whole numbers"),
    ],
)
def test_days_out_of_order_are_counted(days, message):
    with pytest.raises(LoanError, match=message):
        dated_rates_table([100], [[60, 60]], days)


def test_an_effective_rate_beyond_floating_point_is_an_error_not_infinity():
    with pytest.raises(LoanError, match="CR-LON-010: the effective annual rate exceeds"):
        dated_rates_table([100], [[1000]], [[1]])


def test_rows_on_which_newton_does_not_settle_are_bisected(monkeypatch):
    flows = [[500, 500], [10, 9_000]]
    nominal, _ = annual_rates_table([1_000, 1_000], flows)
    _, dated = dated_rates_table([1_000, 1_000], flows, [10, 400])
    monkeypatch.setattr("credit_risk.loans.tables.annual._MAX_STEPS", 1)
    assert annual_rates_table([1_000, 1_000], flows)[0] == pytest.approx(nominal, rel=1e-13, abs=1e-14)
    assert dated_rates_table([1_000, 1_000], flows, [10, 400])[1] == pytest.approx(
        dated, rel=1e-13, abs=1e-14
    )


def test_a_rate_that_is_not_found_is_counted(monkeypatch):
    monkeypatch.setattr("credit_risk.loans.tables.annual._MAX_STEPS", 1)
    with pytest.raises(
        LoanError, match="CR-LON-010: no annual rate could be found: broken by 1 of 2 loans, first at row 1"
    ):
        annual_rates_table([1_000, 10**9], [[500, 500], [1, 1]])
    with pytest.raises(LoanError, match="CR-LON-010: no annual rate could be found: broken by 1 of 2"):
        dated_rates_table([1_000, 10**9], [[500, 9_000], [1, 1]], [10, 400])


LATE_BALLOON = [66] * 119 + [1_962_969]


def test_a_late_large_payment_has_its_rate_and_does_not_fail_the_batch():
    nominal, _ = annual_rates_table([7_262, 100_000], [LATE_BALLOON, [1_000] * 120])
    assert nominal[0] / 12 == pytest.approx(0.049533968990859725, rel=1e-13)
    assert nominal[1] == annual_rates_table([100_000], [[1_000] * 120])[0][0]
    schedule = replace(
        equal_instalment_schedule(7_262, annual_rate=0, n_instalments=120),
        instalment_minor=tuple(LATE_BALLOON),
    )
    assert annual_rates(schedule).nominal == nominal[0]


def test_dated_rates_have_the_bounds_of_the_scalar_path():
    with pytest.raises(LoanError, match="CR-LON-010: no annual rate above -99.9 % exists: broken by 1 of 2"):
        dated_rates_table([10**9, 100], [[1], [110]], [[365], [365]])
    with pytest.raises(LoanError, match="CR-LON-010: No rate above -99.9 %"):
        internal_rate([-(10**9), 1])


def test_payments_on_day_zero_are_taken_off_the_payout():
    with pytest.raises(
        LoanError, match="CR-LON-009: less payments on day 0, the flows need a payout above 0"
    ):
        dated_rates_table([100], [[100, 10]], [[0, 30]])
    _, effective = dated_rates_table([100, 90], [[10, 99], [99, 0]], [[0, 365], [365, 400]])
    assert effective == pytest.approx([0.1, 0.1], rel=1e-14)


def test_rates_below_zero_exist_when_less_is_repaid_than_received():
    nominal, _ = annual_rates_table([1_000], [[300, 300, 300]])
    assert nominal[0] < 0


def test_rows_of_different_terms_keep_their_rates():
    short, long = [89_975] * 11 + [89_980], [52_000] * 24
    together = annual_rates_table([1_000_000, 1_000_000], [short, long])
    assert [array[0] for array in together] == [a[0] for a in annual_rates_table([1_000_000], [short])]
    assert [array[1] for array in together] == [a[0] for a in annual_rates_table([1_000_000], [long])]
    days = [[30 * k for k in range(1, 13)], [30 * k for k in range(1, 25)]]
    dated = dated_rates_table([1_000_000, 1_000_000], [short, long], days)
    assert dated[1][1] == dated_rates_table([1_000_000], [long], days[1:])[1][0]


@pytest.mark.parametrize(
    ("flows", "days", "message"),
    [
        (
            [[60, 60], [130]],
            [[30, 60], [30, 60]],
            "CR-LON-008: a row of days must be as long .* first at row 1",
        ),
        (
            [[60, 60], [130]],
            [[30], [30, 60]],
            "CR-LON-008: a row of days must be as long .* broken by 2 of 2",
        ),
        ([[60, 60], ["a"]], [[30, 60], [30]], "CR-LON-008: .*must be whole numbers"),
        ([[60, 60], 5.5], [[30, 60], [30]], "CR-LON-008"),
        ([60, 60], [30, 60], "CR-LON-008"),
        (7, [1], "CR-LON-008: flows_minor must be rows of whole numbers"),
        ([[60, 60], [130]], [], "CR-LON-008"),
    ],
)
def test_rows_that_do_not_match_are_refused(flows, days, message):
    with pytest.raises(LoanError, match=message):
        dated_rates_table([100, 100], flows, days)

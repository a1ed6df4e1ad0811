from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import LoanError
from credit_risk.loans.rates import (
    annual_rates,
    annualise,
    dated_internal_rate,
    instalment_parts,
    internal_rate,
    internal_rates,
    net_present_value,
    unrounded_instalment,
)
from credit_risk.loans.schedule import equal_instalment_schedule
from credit_risk.loans.statutory_rates import (
    UnitPeriodFlow,
    dated_regulation_z_rate,
    eu_annual_percentage_rate,
    exact_percent,
    regulation_z_rate,
    rounded_percent,
    unit_periods_between,
)

payments = st.lists(st.integers(1, 100_000), min_size=1, max_size=24)


@given(payments, st.integers(-30, 80))
def test_internal_rate_equals_pyxirr(flows, percent):
    principal = round(sum(flows) / (1 + percent / 100)) + 1
    ours = internal_rate([-principal, *flows])
    peer = pyxirr.irr([-principal, *flows])
    assert peer is None or ours == pytest.approx(peer, abs=1e-9)
    present = sum(flow / (1 + ours) ** k for k, flow in enumerate(flows, 1))
    assert present == pytest.approx(principal, rel=1e-11)


def test_several_rates_are_an_error_that_lists_how_many():
    with pytest.raises(LoanError, match="CR-LON-011: 2 rates make these flows worth nothing") as caught:
        internal_rate([-100, 230, -132])
    assert caught.value.context == {"n_rates": 2}
    assert internal_rates([-100, 230, -132]) == pytest.approx((0.1, 0.2), abs=1e-12)


def test_a_double_rate_is_one_rate():
    assert internal_rates([-100, 220, -121]) == pytest.approx((0.1,), abs=1e-7)


def test_no_rate_and_no_sign_change_are_different_errors():
    with pytest.raises(LoanError, match="CR-LON-010: No rate above -99.9 %"):
        internal_rate([-100, 230, -133])
    with pytest.raises(LoanError, match="CR-LON-009: No internal rate exists: all flows have one sign"):
        internal_rate([100, 200])
    with pytest.raises(LoanError, match="CR-LON-009"):
        internal_rate([0, 0])


@pytest.mark.parametrize(
    ("flows", "times"),
    [([], None), ([-1, 2], [0.0]), ([-1, float("nan")], None), ([-1, 2], [0, float("inf")])],
)
def test_flows_and_times_must_be_finite_and_as_many(flows, times):
    with pytest.raises(LoanError, match="CR-LON-008: Flows and their times must be finite and as many"):
        internal_rates(flows, times)


def test_dates_must_be_as_many_as_amounts():
    with pytest.raises(LoanError, match="CR-LON-008: .*Got 2 flows and 1 times"):
        dated_internal_rate([date(2026, 1, 1)], [-1, 2])


def test_equal_times_are_added_up():
    assert internal_rate([-60, -40, 110], [0, 0, 1]) == pytest.approx(0.1, abs=1e-14)


def test_nothing_received_has_no_annual_rate():
    schedule = equal_instalment_schedule(1_000, annual_rate=Decimal("0.1"), n_instalments=2)
    with pytest.raises(LoanError, match="CR-LON-009: No annual rate exists: the borrower must receive"):
        annual_rates(replace(schedule, disbursed_minor=0))
    with pytest.raises(
        LoanError, match="CR-LON-010: The effective annual rate exceeds any floating-point number"
    ):
        annual_rates(replace(schedule, disbursed_minor=1, instalment_minor=(10**12,), periods_per_year=365))


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -1.0])
def test_annualise_refuses_impossible_rates(rate):
    with pytest.raises(LoanError, match="CR-LON-008: rate_per_period must be finite and above -1"):
        annualise(rate, 12)


def test_textbook_functions_refuse_nan():
    with pytest.raises(LoanError, match="CR-LON-008: The net present value is undefined"):
        net_present_value(float("nan"), [-1, 2])
    with pytest.raises(LoanError, match="CR-LON-002: n_periods"):
        unrounded_instalment(0.01, 0, 100)


def test_regulation_z_refuses_what_has_no_rate():
    lent = [UnitPeriodFlow(amount=100, whole=0)]
    with pytest.raises(
        LoanError, match="CR-LON-009: No annual percentage rate exists: expected flows on both sides"
    ):
        regulation_z_rate(lent, [UnitPeriodFlow(amount=90, whole=1)], unit_periods_per_year=12)
    with pytest.raises(LoanError, match="CR-LON-010: No rate up to 100,000 % per unit-period"):
        regulation_z_rate(lent, [UnitPeriodFlow(amount=10**9, whole=1)], unit_periods_per_year=12)
    with pytest.raises(LoanError, match="CR-LON-008: The amount of a unit-period flow must be finite"):
        UnitPeriodFlow(amount=float("nan"), whole=1)
    with pytest.raises(LoanError, match="CR-LON-005: A flow lies whole >= 0 unit-periods"):
        UnitPeriodFlow(amount=1, whole=-1)
    with pytest.raises(LoanError, match="CR-LON-005: Dates are out of order"):
        unit_periods_between(date(2026, 2, 1), date(2026, 1, 1))


def test_a_whole_month_is_one_unit_period_without_odd_days():
    assert unit_periods_between(date(1978, 1, 10), date(1978, 2, 10)) == (1, 0)


def test_regulation_z_takes_several_advances():
    advances = [UnitPeriodFlow(amount=500, whole=0), UnitPeriodFlow(amount=500, whole=1)]
    rate = regulation_z_rate(advances, [UnitPeriodFlow(amount=1_100, whole=12)], unit_periods_per_year=12)
    i = rate / 12
    assert 500 + 500 / (1 + i) == pytest.approx(1_100 / (1 + i) ** 12, rel=1e-12)


def test_eu_rate_takes_several_drawdowns():
    rate = eu_annual_percentage_rate([(0, 500), (0.5, 500)], [(1, 1_080)])
    assert 500 + 500 * (1 + rate) ** -0.5 == pytest.approx(1_080 / (1 + rate), rel=1e-12)


def test_percentages_of_any_size_and_kind_are_written():
    assert rounded_percent(1e300, 2) == Decimal(10) ** 302
    assert rounded_percent(np.float64(0.09685708), 2) == Decimal("9.69")
    assert exact_percent(Fraction(1, 3)) == Decimal("33.33333333")
    assert exact_percent(Fraction(1, 25_000)) == Decimal("0.004")
    for rate, decimals in ((float("nan"), 2), (float("inf"), 2), ("0.1", 2), (0.1, -1), (0.1, 31)):
        with pytest.raises(
            LoanError, match="CR-LON-008: A percentage needs a finite rate and 0 to 30 decimals"
        ):
            rounded_percent(rate, decimals)


@pytest.mark.parametrize("bad", ["a", "1", None, [1], float("nan"), float("inf"), True])
def test_textbook_functions_check_their_arguments_before_the_compiled_code_sees_them(bad):
    for call in (
        lambda: instalment_parts(bad, 1, 2, 3),
        lambda: instalment_parts(0.01, 1, 2, bad),
        lambda: unrounded_instalment(bad, 12, 100),
        lambda: unrounded_instalment(0.01, 12, bad),
        lambda: net_present_value(bad, [1, 2]),
        lambda: net_present_value(0.01, [1, bad]),
    ):
        with pytest.raises(LoanError, match="CR-LON-008: The .* is undefined for these arguments"):
            call()


def test_periods_and_dates_are_checked_too():
    for period in ("1", 1.5, None, 3):
        with pytest.raises(LoanError, match="CR-LON-008: The interest part is undefined"):
            instalment_parts(0.01, period, 2, 100)
    with pytest.raises(LoanError, match="CR-LON-002: n_periods"):
        instalment_parts(0.01, 1, "2", 100)
    for dates in ([date(2026, 1, 1)], ["2026-01-01", "2027-01-01"]):
        with pytest.raises(LoanError, match="CR-LON-008: Flows and their times"):
            net_present_value(0.01, [-1, 2], dates)
    with pytest.raises(LoanError, match="CR-LON-002: multiple"):
        unit_periods_between(date(2026, 1, 1), date(2026, 2, 1), multiple=0)


def test_arrays_are_flows_too_and_text_is_not():
    assert internal_rate(np.array([-100.0, 110.0])) == pytest.approx(0.1, abs=1e-14)
    assert net_present_value(np.float64(0.1), np.array([0, 110])) == pytest.approx(100)
    with pytest.raises(LoanError, match="CR-LON-008: Flows and their times"):
        internal_rate(["-1", "2"])


def test_what_no_floating_point_number_holds_is_an_error():
    with pytest.raises(LoanError, match="CR-LON-010: The effective annual rate exceeds"):
        annualise(1e6, 1200)
    with pytest.raises(LoanError, match="CR-LON-008: rate_per_period"):
        annualise("0.1", 12)


@pytest.mark.parametrize("per_year", [float("nan"), 0, -12, "12", None])
def test_regulation_z_needs_unit_periods_a_year(per_year):
    flows = [UnitPeriodFlow(amount=100, whole=0)], [UnitPeriodFlow(amount=110, whole=1)]
    with pytest.raises(LoanError, match="CR-LON-008: unit_periods_per_year must be finite and above 0"):
        regulation_z_rate(*flows, unit_periods_per_year=per_year)
    with pytest.raises(LoanError, match="CR-LON-008: The amount of a unit-period flow"):
        UnitPeriodFlow(amount="1", whole=0)


@pytest.mark.parametrize(
    ("start", "end", "options", "expected"),
    [
        ((1978, 2, 10), (1978, 4, 1), {}, (1, Fraction(19, 30))),
        (
            (1978, 1, 10),
            (1978, 3, 1),
            {"multiple": 2},
            (0, Fraction(52, 60)),
        ),  # a month and 22 days, not 50 days
        ((1978, 2, 23), (1978, 3, 1), {"unit": "half_month"}, (0, Fraction(6, 15))),
        ((1978, 2, 23), (1978, 4, 16), {"unit": "half_month"}, (3, Fraction(6, 15))),
        ((1978, 3, 20), (1978, 4, 21), {"unit": "week"}, (4, Fraction(4, 7))),
        ((1978, 4, 3), (1978, 4, 11), {"unit": "week", "multiple": 2}, (0, Fraction(8, 14))),
        ((1978, 1, 1), (1978, 1, 4), {"unit": "day"}, (3, Fraction(0))),
        ((1978, 1, 10), (1979, 7, 10), {"unit": "year"}, (1, Fraction(6, 12))),
        ((1978, 1, 10), (1979, 7, 15), {"unit": "year"}, (1, Fraction(186, 365))),
        ((2026, 2, 28), (2026, 3, 31), {}, (1, Fraction(0))),
        ((1, 1, 1), (1, 1, 16), {}, (0, Fraction(1, 2))),
    ],
)
def test_unit_periods_are_counted_as_appendix_j_says(start, end, options, expected):
    assert unit_periods_between(date(*start), date(*end), **options) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "fortnight"}, "CR-LON-015: No unit-period of 1 fortnight"),
        ({"unit": "half_month", "multiple": 2}, "CR-LON-015: No unit-period of 2 half_month"),
        ({"unit": "term"}, "CR-LON-015: No unit-period of 1 term"),
        ({"multiple": 0}, "CR-LON-002: multiple must be a whole number"),
    ],
)
def test_unit_periods_that_do_not_exist_are_refused(options, message):
    with pytest.raises(LoanError, match=message):
        unit_periods_between(date(2026, 1, 1), date(2026, 2, 1), **options)


def test_dated_regulation_z_flows_must_fit_their_unit():
    lent, repaid = [(date(2026, 1, 1), 100)], [(date(2026, 7, 1), 60), (date(2026, 8, 1), 60)]
    with pytest.raises(LoanError, match="CR-LON-015: The term is the unit-period only of one advance"):
        dated_regulation_z_rate(lent, repaid, unit="term")
    with pytest.raises(LoanError, match="CR-LON-015: The term is the unit-period only"):
        dated_regulation_z_rate(lent, [(date(2027, 1, 1), 120)], unit="term")
    with pytest.raises(LoanError, match="CR-LON-009: No annual percentage rate exists"):
        dated_regulation_z_rate(lent, [])
    with pytest.raises(LoanError, match="CR-LON-005: Dates are out of order"):
        dated_regulation_z_rate(lent, lent, unit="term")
    half_a_year = dated_regulation_z_rate(lent, [(date(2026, 7, 1), 106)], unit="term")
    assert half_a_year == pytest.approx(0.12, rel=1e-12)  # 6 % times 12 / 6: whole months, not days

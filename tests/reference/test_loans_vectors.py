"""Published vectors of the loan itself (docs: domain rules, sections A, B and H); each at its published digits.

Ids are those of the project's domain notes. Sources: [PYXIRR] GitHub Anexen/pyxirr 5f31a85, tests and day-count tables;
[REGZ] 12 CFR 1026 Appendix J; [EU] Directive 98/7/EC Annex III; [CN] announcements of the People's Bank of China and the
Supreme People's Court; [C] computed independently with numpy, scipy and decimal, inputs fully given.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from credit_risk.errors import LoanError, PolicyError
from credit_risk.loans.ceilings import (
    check_amount_and_tenor,
    check_ceiling,
    check_joint_lending,
    load_ceilings,
    lpr_rate,
)
from credit_risk.loans.day_count import DayCount, days_between, due_dates, year_fraction
from credit_risk.loans.rates import (
    annual_rates,
    annualise,
    dated_internal_rate,
    instalment_parts,
    internal_rate,
    net_present_value,
    unrounded_instalment,
)
from credit_risk.loans.schedule import (
    daily_interest_minor,
    equal_instalment_schedule,
    equal_principal_schedule,
    flat_rate_schedule,
    repayment_schedule,
)
from credit_risk.loans.statutory_rates import (
    UnitPeriodFlow,
    eu_annual_percentage_rate,
    regulation_z_rate,
    rounded_percent,
    unit_periods_between,
)
from credit_risk.loans.terms import Fee, LoanTerms

#: Half a unit in the tenth digit, the precision of the computed vectors.
TEN_DIGITS = 6e-11
#: The published XIRR digits stop up to 6.5e-13 short of the root (checked with 40-digit decimals below); ours do not.
PUBLISHED_XIRR_ERROR = 7e-13
#: Some published digits are cut off, not rounded: one unit in the last digit instead of half a unit.
V_B22 = {"principal_minor": 1_000_000, "annual_rate": Decimal("0.144"), "n_instalments": 12}


@pytest.fixture(scope="module")
def ceilings():
    return load_ceilings()


# ---- A: China ----


@pytest.mark.parametrize(
    ("on", "one_year", "five_year"),
    [
        ("2019-08-20", "4.25", "4.85"),
        ("2019-09-20", "4.20", "4.85"),
        ("2019-11-20", "4.15", "4.80"),
        ("2020-02-20", "4.05", "4.75"),
        ("2020-04-20", "3.85", "4.65"),
        ("2021-12-20", "3.80", "4.65"),
        ("2022-01-20", "3.70", "4.60"),
        ("2022-05-20", "3.70", "4.45"),
        ("2022-08-22", "3.65", "4.30"),
        ("2023-06-20", "3.55", "4.20"),
        ("2023-08-21", "3.45", "4.20"),
        ("2024-02-20", "3.45", "3.95"),
        ("2024-07-22", "3.35", "3.85"),
        ("2024-10-21", "3.10", "3.60"),
        ("2025-05-20", "3.00", "3.50"),
    ],
)
def test_v_a01_lpr_is_a_step_function(ceilings, on, one_year, five_year):
    start = date.fromisoformat(on)
    assert lpr_rate(start, ceilings=ceilings) * 100 == Decimal(one_year)
    assert lpr_rate(start, ceilings=ceilings, term="five_year") * 100 == Decimal(five_year)
    if on > "2019-08-20":
        before = [row for row in ceilings.lpr if row.from_on < start][-1]
        assert lpr_rate(start - timedelta(days=1), ceilings=ceilings) == before.one_year


def test_v_a01_no_lpr_before_the_first_publication(ceilings):
    with pytest.raises(
        PolicyError, match=r"CR-CEI-002: No LPR on 2019-08-19: it is published since 2019-08-20"
    ):
        lpr_rate(date(2019, 8, 19), ceilings=ceilings)


@pytest.mark.parametrize("on", [date(2026, 4, 20), date(2026, 7, 20), date(2026, 8, 20)])
def test_v_a01_lpr_unchanged_in_2026(ceilings, on):
    assert lpr_rate(on, ceilings=ceilings) == Decimal("0.0300")


def _rates_with(fee):
    return annual_rates(repayment_schedule(LoanTerms(**V_B22, fees=(fee,))))


def test_v_a02_third_party_guarantee_fee_breaks_24_percent(ceilings):
    rates = _rates_with(
        Fee(code="guarantee", timing="per_instalment", collector="guarantor", amount_minor=5_000)
    )
    assert rates.nominal == pytest.approx(0.248581302845, abs=6e-13)
    assert rates.effective == pytest.approx(0.278952804752, abs=6e-13)
    check = _consumer_finance(rates.nominal, rates.effective, ceilings)
    assert not check.is_lawful
    assert rates.nominal > 0.24


def test_v_a03_deducted_fee(ceilings):
    rates = _rates_with(Fee(code="service", timing="deducted", collector="lender", amount_minor=30_000))
    assert rates.nominal == pytest.approx(0.202581968097, abs=6e-13)
    assert rates.effective == pytest.approx(0.222491507440, abs=6e-13)
    assert _consumer_finance(rates.nominal, rates.effective, ceilings).is_lawful
    assert min(rates.nominal, rates.effective) > 0.20


def test_v_a04_two_percent_a_month_straddles_24_percent(ceilings):
    rates = annualise(Decimal("0.02"), 12)
    assert rates.nominal == 0.24
    assert rates.effective == pytest.approx(0.268241794563, abs=6e-13)
    assert annualise(Decimal("0.01"), 12).effective == pytest.approx(0.126825030132, abs=6e-13)
    assert annualise(Decimal("0.155") / 12, 12).effective == pytest.approx(0.166499630548, abs=6e-13)
    check = _consumer_finance(rates.nominal, rates.effective, ceilings)
    assert (check.is_lawful, check.measure) == (False, "effective")
    assert _consumer_finance(rates.nominal, rates.nominal, ceilings).is_lawful


def _consumer_finance(nominal, effective, ceilings):
    return check_ceiling(
        nominal=nominal,
        effective=effective,
        lender_type="consumer_finance",
        product="consumer_loan",
        contract_on=date(2026, 8, 20),
        ceilings=ceilings,
    )


def test_v_a05_small_loan_ceiling_at_the_end_of_2027(ceilings):
    check = check_ceiling(
        nominal=0.12,
        effective=0.12,
        lender_type="small_loan",
        product="consumer_loan",
        contract_on=date(2027, 12, 31),
        ceilings=ceilings,
    )
    assert (check.ceiling_rate, check.is_lawful, check.rule_id) == (0.12, True, "cn-small-loan-4-lpr")
    assert "LPR of 2027-12-31 is not known: the file ends on 2026-08-20" in check.warnings[0]


@pytest.mark.parametrize(
    ("amount", "last_due_on", "broken"),
    [
        ("200000.00", date(2027, 1, 10), ()),
        ("200000.01", date(2027, 1, 10), ("cn-internet-200k",)),
        ("200000.00", date(2027, 1, 11), ("cn-internet-bullet-1y",)),
    ],
)
def test_v_a06_amount_and_bullet_tenor(ceilings, amount, last_due_on, broken):
    check = check_amount_and_tenor(
        amount=Decimal(amount),
        method="bullet",
        disbursed_on=date(2026, 1, 10),
        last_due_on=last_due_on,
        lender_type="consumer_finance",
        ceilings=ceilings,
    )
    assert (check.is_lawful, check.broken) == (not broken, broken)


def test_v_a06_partner_share_of_thirty_percent_is_accepted(ceilings):
    check = check_joint_lending(
        partner_share=Decimal("0.30"),
        one_partner_to_tier1=Decimal("0.25"),
        joint_to_total_loans=Decimal("0.50"),
        lender_type="bank",
        contract_on=date(2026, 1, 1),
        ceilings=ceilings,
    )
    assert check.is_lawful
    assert len(check.tested) == 3


# ---- B1: Regulation Z, Appendix J ----


def _regular(n, amount, *, start=1, fraction=Fraction(0)):
    return [UnitPeriodFlow(amount=amount, whole=start + k, fraction=fraction) for k in range(n)]


REGULATION_Z = {
    "V-B01": (5000, _regular(24, 230), 12, "9.69", 9.685708),
    "V-B02": (5000, _regular(24, 219.17, start=0, fraction=Fraction(6, 15)), 24, "10.34", 10.337903),
    "V-B03": (10000, _regular(40, 385, fraction=Fraction(39, 90)), 4, "8.97", 8.970770),
    "V-B04": (5000, _regular(1, 250) + _regular(23, 230, start=2), 12, "10.08", 10.082890),
    "V-B05": (5000, _regular(23, 230) + _regular(1, 280, start=24), 12, "10.50", 10.500469),
    "V-B06": (
        5000,
        _regular(1, 250) + _regular(22, 230, start=2) + _regular(1, 280, start=24),
        12,
        "10.90",
        10.895549,
    ),
    "V-B07": (1000, _regular(1, 1080), 365 / 255, "11.45", 11.450980),
    "V-B08": (1000, _regular(1, 1135.19, fraction=Fraction(6, 12)), 1, "8.76", 8.757047),
}


@pytest.mark.parametrize("vector", REGULATION_Z)
def test_v_b01_to_b08_regulation_z(vector):
    lent, payments, per_year, published, six_digits = REGULATION_Z[vector]
    rate = regulation_z_rate([UnitPeriodFlow(amount=lent, whole=0)], payments, unit_periods_per_year=per_year)
    assert rounded_percent(rate, 2) == Decimal(published)
    assert rate * 100 == pytest.approx(six_digits, abs=5.1e-7)


def test_v_b03_b07_unit_periods_are_counted_back_from_the_payment():
    assert unit_periods_between(date(1978, 5, 23), date(1978, 10, 1), multiple=3) == (1, Fraction(39, 90))
    assert days_between(date(1978, 1, 3), date(1978, 9, 15)) == 255


# ---- B2: EU ----


def test_v_b09_eu_example_1():
    years = year_fraction(date(1994, 1, 1), date(1995, 7, 1), DayCount.ACTUAL_365_FIXED)
    rate = eu_annual_percentage_rate([(0, 1000)], [(years, 1200)])
    assert years == Fraction(546, 365)
    assert rounded_percent(rate, 2) == Decimal("12.96")
    assert rounded_percent(rate, 1) == Decimal("13.0")
    assert rate == pytest.approx(0.12962038, abs=5e-9)
    assert eu_annual_percentage_rate([(0, 1000)], [(1.5, 1200)]) == pytest.approx(0.129243, abs=5e-7)


def test_v_b10_eu_example_3():
    rate = eu_annual_percentage_rate([(0, 1000)], [(1, 600), (2, 600)])
    assert rounded_percent(rate, 2) == Decimal("13.07")
    assert rounded_percent(rate, 1) == Decimal("13.1")
    assert rate == pytest.approx(0.130662386, abs=5.1e-10)


def test_v_b11_old_uk_example():
    rate = eu_annual_percentage_rate([(0, 150)], [(Fraction(k, 12), 15) for k in range(1, 12)])
    assert rounded_percent(rate, 1) == Decimal("21.3")
    assert rate == pytest.approx(0.21314007, abs=5.1e-9)


# ---- B3: IRR and XIRR ----

UNORDERED = (
    [date(2015, 6, 11), date(2015, 7, 21), date(2018, 6, 10), date(2015, 10, 17)],
    [-1000, -9000, 20000, -3000],
)
MATHWORKS = (
    [date(2007, 1, 12), date(2008, 2, 14), date(2008, 3, 3), date(2008, 6, 14), date(2008, 12, 1)],
    [-10000, 2500, 2000, 3000, 4000],
)


def test_v_b12_unordered_dates():
    assert dated_internal_rate(*UNORDERED) == pytest.approx(0.16353715844, abs=5.1e-12)


@pytest.mark.parametrize(
    ("vector", "day_count", "published"),
    [
        ("V-B13", DayCount.ACTUAL_365_FIXED, 0.10064378342638),
        ("V-B13", DayCount.ACTUAL_360, 0.0991988898057063),
        ("V-B13", DayCount.THIRTY_E_360, 0.100675477282743),
        ("V-B31", DayCount.ACTUAL_ACTUAL_ISDA, 0.100739648987346),
        ("V-B31", DayCount.THIRTY_360_ISDA, 0.100675477282743),
        ("V-B31 SIA", DayCount.THIRTY_360_US, 0.100675477282743),
    ],
)
def test_v_b13_b31_mathworks_flows(vector, day_count, published):
    assert dated_internal_rate(*MATHWORKS, day_count=day_count) == pytest.approx(
        published, abs=PUBLISHED_XIRR_ERROR
    )


def test_v_b13_to_forty_digits():
    """0.10064378342663987... solves the flows in 40-digit decimal arithmetic; the published 0.10064378342638 does not."""
    assert dated_internal_rate(*MATHWORKS) == pytest.approx(0.10064378342663987, abs=2e-15)


def test_v_b14_spreadsheet_example():
    dates = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)]
    assert dated_internal_rate(dates, [-10000, 2750, 4250, 3250, 2750]) == pytest.approx(
        0.3733625335, abs=5.1e-11
    )


@pytest.mark.parametrize(
    ("flows", "published", "last_digit"),
    [
        ([-100, 39, 59, 55, 20], 0.28094842116, 1e-11),
        ([-250000, 100000, 150000, 200000, 250000, 300000], 0.5672303344358536, 1e-15),
        ([-40000, 5000, 8000, 12000, 30000], 0.10582259840, 1e-11),
        ([-100, 0, 0, 74], -0.09549583034, 1e-11),
    ],
)
def test_v_b15_irr(flows, published, last_digit):
    assert internal_rate(flows) == pytest.approx(published, rel=0, abs=last_digit)  # some digits are cut off


def test_v_b16_npv():
    # the published digits are cut off, not rounded: ...6681795 is given as ...668179
    assert net_present_value(0.08, [-40000, 5000, 8000, 12000, 30000]) == pytest.approx(
        3065.222668179, rel=0, abs=6e-10
    )


def test_v_b17_pmt():
    assert unrounded_instalment(0.075 / 12, 180, 200_000) == pytest.approx(1854.0247200054619, rel=1e-15)
    assert unrounded_instalment(0.0, 180, 200_000) == pytest.approx(1111.111111111111, rel=1e-15)
    assert unrounded_instalment(0.08 / 12, 60, 15_000) == pytest.approx(304.1459143262, abs=5.1e-11)


def test_v_b18_interest_parts():
    published = [
        171.66666666666666,
        157.89337457350777,
        144.0255058746426,
        130.06241114404526,
        116.00343649629737,
        101.84792355596869,
        87.59520942678299,
        73.2446266605768,
        58.79550322604296,
        44.24716247725825,
        29.598923121998908,
        14.850099189833006,
    ]
    ours = [instalment_parts(0.0824 / 12, k, 12, 25_000)[0] for k in range(1, 13)]
    assert ours == pytest.approx(published, rel=2e-14)
    for period in (0, 13):
        with pytest.raises(LoanError, match="CR-LON-008: The interest part is undefined"):
            instalment_parts(0.0824 / 12, period, 12, 25_000)


def test_v_b32_pmt_ipmt_ppmt():
    assert unrounded_instalment(0.01 / 12, 180, 200_000) == pytest.approx(1196.9890290366611, rel=1e-14)
    assert unrounded_instalment(0.5 / 12, 180, 200_000) == pytest.approx(8338.702667524864, rel=1e-14)
    interest, principal = instalment_parts(0.05, 2, 10, 50_000)
    assert interest == pytest.approx(2301.238562586, abs=5.1e-10)
    assert principal == pytest.approx(4173.9901856864, rel=0, abs=8e-11)  # cut off, not rounded
    for period in (0, 11):
        with pytest.raises(LoanError, match="CR-LON-008: The interest part is undefined"):
            instalment_parts(0.05, period, 10, 50_000)


def test_v_b33_xnpv():
    assert net_present_value(0.10, UNORDERED[1], UNORDERED[0]) == pytest.approx(2218.42566365675, abs=5e-11)


# ---- B4: day counts ----

ALL_CONVENTIONS = list(DayCount)


@pytest.mark.parametrize(
    ("vector", "start", "end", "expected"),
    [
        (
            "V-B19",
            "2007-12-28",
            "2008-02-28",
            ("4/365+58/366", "62/365", "62/360", "62/365", "60/360", "60/360", "60/360", "60/360", "60/360"),
        ),
        (
            "V-B20",
            "2007-12-28",
            "2008-02-29",
            ("4/365+59/366", "63/365", "63/360", "62/365", "61/360", "61/360", "61/360", "62/360", "61/360"),
        ),
        (
            "V-B34",
            "2007-10-31",
            "2008-11-30",
            ("62/365+334/366", "396/365", "396/360", "395/365", *["390/360"] * 5),
        ),
    ],
)
def test_v_b19_b20_b34_year_fractions(vector, start, end, expected):
    ours = [year_fraction(date.fromisoformat(start), date.fromisoformat(end), c) for c in ALL_CONVENTIONS]
    assert ours == [sum(Fraction(part) for part in text.split("+")) for text in expected]


@pytest.mark.parametrize(
    ("start", "end", "us", "european", "actual"),
    [
        ("2007-01-15", "2007-01-30", 15, 15, 15),
        ("2007-01-15", "2007-02-15", 30, 30, 31),
        ("2007-01-15", "2007-07-15", 180, 180, 181),
        ("2007-09-30", "2008-03-31", 180, 180, 183),
        ("2007-09-30", "2007-10-31", 30, 30, 31),
        ("2007-09-30", "2008-09-30", 360, 360, 366),
        ("2007-01-15", "2007-01-31", 16, 15, 16),
        ("2007-01-31", "2007-02-28", 28, 28, 28),
        ("2007-02-28", "2007-03-31", 30, 32, 31),
        ("2006-08-31", "2007-02-28", 178, 178, 181),
        ("2007-02-14", "2007-02-28", 14, 14, 14),
        ("2008-02-29", "2009-02-28", 360, 359, 365),
        ("2008-02-29", "2008-03-30", 30, 31, 30),
        ("2007-10-31", "2007-11-28", 28, 28, 28),
        # V-B35
        ("2007-02-28", "2007-08-31", 180, 182, 184),
        ("2007-02-26", "2008-02-29", 363, 363, 368),
        ("2008-02-29", "2008-03-31", 30, 31, 31),
        ("2007-02-28", "2007-03-05", 5, 7, 5),
        ("2007-08-31", "2008-02-29", 179, 179, 182),
        ("2008-02-29", "2008-08-31", 180, 181, 184),
        ("2008-08-31", "2009-02-28", 178, 178, 181),
        ("2009-02-28", "2009-08-31", 180, 182, 184),
    ],
)
def test_v_b21_b35_day_numbers(start, end, us, european, actual):
    dates = date.fromisoformat(start), date.fromisoformat(end)
    assert days_between(*dates, DayCount.THIRTY_360_US) == us
    assert days_between(*dates, DayCount.THIRTY_E_360) == european
    assert days_between(*dates, DayCount.ACTUAL_365_FIXED) == actual


# ---- B5: schedules ----


def test_v_b22_equal_instalments():
    schedule = equal_instalment_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    assert schedule.instalment_minor == (89975,) * 11 + (89980,)
    assert schedule.interest_minor == (
        12000, 11064, 10117, 9159, 8189, 7208, 6215, 5210, 4192, 3163, 2121, 1067,
    )  # fmt: skip
    assert sum(schedule.interest_minor) == 79705
    assert (schedule.balance_minor[0], schedule.balance_minor[10]) == (922025, 88913)
    rates = annual_rates(schedule)
    assert rates.nominal / 12 == pytest.approx(0.0119999232, abs=5.1e-11)
    assert rates.nominal == pytest.approx(0.14399908, abs=5.1e-9)
    assert rates.effective == pytest.approx(0.15389357, abs=5.1e-9)


def test_v_b23_equal_principal():
    schedule = equal_principal_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    assert schedule.instalment_minor == (
        95333, 94333, 93333, 92333, 91333, 90333, 89333, 88333, 87333, 86333, 85333, 84337,
    )  # fmt: skip
    assert sum(schedule.interest_minor) == 78000
    assert schedule.principal_part_minor[-1] == 83337


def _dated(n, method, day_count, **changes):
    return repayment_schedule(
        LoanTerms(
            principal_minor=1_000_000,
            annual_rate=Decimal("0.146"),
            n_instalments=n,
            method=method,
            disbursed_on=date(2026, 1, 10),
            day_count=day_count,
            **changes,
        )
    )


def test_v_b24_interest_only_by_days():
    schedule = _dated(3, "interest_only", DayCount.ACTUAL_365_FIXED)
    assert schedule.interest_minor == (12400, 11200, 12400)
    assert schedule.instalment_minor[-1] == 1_012_400


def test_v_b25_bullet():
    schedule = _dated(1, "bullet", DayCount.ACTUAL_365_FIXED, first_due_on=date(2026, 7, 9))
    assert schedule.interest_minor == (72000,)
    assert annual_rates(schedule).effective == pytest.approx(0.1514055400, abs=TEN_DIGITS)


def test_v_b26_month_end_clamp_from_the_original_day():
    expected = (
        "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31",
        "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31",
    )  # fmt: skip
    assert tuple(day.isoformat() for day in due_dates(date(2026, 1, 31), 12)) == expected


def test_v_b29_flat_fee():
    schedule = flat_rate_schedule(1_200_000, flat_rate=Decimal("0.006"), n_instalments=12)
    assert set(schedule.instalment_minor) == {107_200}
    rates = annual_rates(schedule)
    assert rates.nominal / 12 == pytest.approx(0.0108618536, abs=TEN_DIGITS)
    assert rates.nominal == pytest.approx(0.130342243, abs=5.1e-10)
    assert rates.effective == pytest.approx(0.138417851, abs=5.1e-10)


def test_v_b30_daily_rate():
    rates = annualise(Decimal("0.0005"), 365)
    assert rates.nominal == 0.1825
    assert annualise(Decimal("0.0005"), 360).nominal == 0.18
    assert rates.effective == pytest.approx(0.200159410678, abs=5.1e-13)


def test_v_b36_act_360():
    assert _dated(3, "interest_only", DayCount.ACTUAL_360).interest_minor == (12572, 11356, 12572)
    bullet = _dated(1, "bullet", DayCount.ACTUAL_360, first_due_on=date(2026, 7, 9))
    assert bullet.interest_minor == (73000,)


def test_v_b37_leap_day():
    interest = daily_interest_minor(
        1_000_000, annual_rate=Decimal("0.146"), from_on=date(2028, 2, 10), to_on=date(2028, 3, 10)
    )
    assert interest == 11600


def test_v_b39_flat_half_a_percent():
    schedule = flat_rate_schedule(1_200_000, flat_rate=Decimal("0.005"), n_instalments=12)
    assert set(schedule.instalment_minor) == {106_000}
    rates = annual_rates(schedule)
    assert rates.nominal == pytest.approx(0.108963825185, abs=6e-13)
    assert rates.effective == pytest.approx(0.114573796529, abs=6e-13)

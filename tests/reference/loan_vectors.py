"""Published numbers of the loan itself, beside ours: the one list that the tests check and the table is written from.

Ids are those of the project's domain notes. Sources: [CN] announcements of the People's Bank of China, the Supreme People's
Court and the financial regulator; [REGZ] 12 CFR 1026 Appendix J; [EU] Directive 98/7/EC Annex III; [PYXIRR] GitHub
Anexen/pyxirr 5f31a85, tests and day-count tables; [C] computed independently with numpy, scipy and decimal, inputs fully
given. Verdicts (lawful or not, refused or not) are tests of their own in ``test_loans_vectors.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from credit_risk.loans.ceilings import load_ceilings, lpr_rate
from credit_risk.loans.day_count import DayCount, add_months, days_between, due_dates, year_fraction
from credit_risk.loans.ledger import ServicingPolicy, accrued_interest_minor, advance, open_account, position
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
from credit_risk.loans.servicing import Repayment, payoff_minor, replay, waived_interest_minor
from credit_risk.loans.statutory_rates import dated_regulation_z_rate, eu_annual_percentage_rate
from credit_risk.loans.terms import Fee, LoanTerms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_risk.loans.schedule import Schedule

CUT_OFF = "published digits are cut off, not rounded"
STOPPED = "the published solver stopped short of the root; ours agrees with 40-digit decimals"


@dataclass(frozen=True, kw_only=True)
class Vector:
    """One published number and ours.

    `published` is text: its digits say how exact it is. Ours must lie within half a unit of its last digit, or within
    `n_units` of it where `note` says why. Fractions and whole numbers must be equal.
    """

    id: str
    quantity: str
    published: str
    ours: float | int | Fraction | Decimal | str
    source: str = "C"
    n_units: float = 0.5
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether our number is the published one, at its digits."""
        if isinstance(self.ours, str):
            return self.ours == self.published
        if isinstance(self.ours, (int, Fraction)):
            return Fraction(self.ours) == sum(Fraction(part) for part in self.published.split("+"))
        published = Decimal(self.published)
        last_digit = Decimal(1).scaleb(int(published.as_tuple().exponent))
        ours = Decimal(repr(self.ours)) if isinstance(self.ours, float) else self.ours
        # a float has about 16 digits of its own: where more are printed, two last bits are allowed
        slack = abs(published) * Decimal("4.5e-16")
        return abs(ours - published) <= Decimal(str(self.n_units)) * last_digit + slack

    @property
    def shown(self) -> str:
        """Our number, with the published number of digits (and the bits a float has, where more are printed)."""
        if isinstance(self.ours, float):
            n_decimals = -int(Decimal(self.published).as_tuple().exponent)
            return f"{self.ours:.{n_decimals}f}"
        return str(self.ours)


def money(minor: int) -> Decimal:
    """Return minor units as an amount with two decimals."""
    return Decimal(minor).scaleb(-2)


def vectors() -> list[Vector]:
    """Return all published numbers in the order of their ids, each computed anew."""
    groups = (_china, _regulation_z, _eu, _internal_rates, _annuities, _day_counts, _schedules, _accounts)
    found = [vector for group in groups for vector in group()]
    return sorted(found, key=lambda vector: vector.id.split()[0])


LPR = (
    ("2019-08-20", "4.25", "4.85"), ("2019-09-20", "4.20", "4.85"), ("2019-11-20", "4.15", "4.80"),
    ("2020-02-20", "4.05", "4.75"), ("2020-04-20", "3.85", "4.65"), ("2021-12-20", "3.80", "4.65"),
    ("2022-01-20", "3.70", "4.60"), ("2022-05-20", "3.70", "4.45"), ("2022-08-22", "3.65", "4.30"),
    ("2023-06-20", "3.55", "4.20"), ("2023-08-21", "3.45", "4.20"), ("2024-02-20", "3.45", "3.95"),
    ("2024-07-22", "3.35", "3.85"), ("2024-10-21", "3.10", "3.60"), ("2025-05-20", "3.00", "3.50"),
    ("2026-04-20", "3.00", "3.50"), ("2026-07-20", "3.00", "3.50"), ("2026-08-20", "3.00", "3.50"),
)  # fmt: skip

EMI = {"principal_minor": 1_000_000, "annual_rate": Decimal("0.144"), "n_instalments": 12}


def _china() -> Iterator[Vector]:
    ceilings = load_ceilings()
    for on, *published in LPR:
        for term, percent in zip(("one_year", "five_year"), published, strict=True):
            ours = lpr_rate(date.fromisoformat(on), ceilings=ceilings, term=term) * 100
            yield Vector(
                id="V-A01", quantity=f"LPR {term} % on {on}", published=percent, ours=ours, source="CN"
            )
    guarantee = Fee(code="guarantee", timing="per_instalment", collector="guarantor", amount_minor=5_000)
    deducted = Fee(code="service", timing="deducted", collector="lender", amount_minor=30_000)
    for name, what, fee, nominal, effective in (
        ("V-A02", "guarantee fee 50.00 a month", guarantee, "24.8581302845", "27.8952804752"),
        ("V-A03", "fee 300 deducted", deducted, "20.2581968097", "22.2491507440"),
    ):
        rates = annual_rates(repayment_schedule(LoanTerms(**EMI, fees=(fee,))))
        yield Vector(id=name, quantity=f"{what}, nominal %", published=nominal, ours=rates.nominal * 100)
        yield Vector(
            id=name, quantity=f"{what}, effective %", published=effective, ours=rates.effective * 100
        )
    for rate, nominal, effective in (
        (Fraction(2, 100), "24.00", "26.8241794563"),
        (Fraction(1, 100), "12.00", "12.6825030132"),
        (Fraction(155, 12_000), "15.50", "16.6499630548"),
    ):
        rates = annualise(rate, 12)
        yield Vector(
            id="V-A04", quantity="monthly rate x 12, nominal %", published=nominal, ours=rates.nominal * 100
        )
        yield Vector(
            id="V-A04",
            quantity=f"effective % of nominal {nominal} %",
            published=effective,
            ours=rates.effective * 100,
        )
    end_of_2027 = 4 * lpr_rate(date(2026, 8, 20), ceilings=ceilings) * 100
    yield Vector(
        id="V-A05", quantity="4 x LPR of 3.0 %, %", published="12", ours=Fraction(end_of_2027), source="CN"
    )


def _monthly(first: date, n: int, amount: float, *, every: int = 1) -> list[tuple[date, float]]:
    return [(add_months(first, k * every), amount) for k in range(n)]


def _weekly(first: date, n: int, amount: float, *, every: int = 1) -> list[tuple[date, float]]:
    return [(first + timedelta(weeks=k * every), amount) for k in range(n)]


def _half_monthly(n: int, amount: float) -> list[tuple[date, float]]:
    first, second = _monthly(date(1978, 3, 1), n // 2, amount), _monthly(date(1978, 3, 16), n // 2, amount)
    return sorted(first + second)


FEBRUARY, MARCH = date(1978, 2, 10), date(1978, 3, 10)
#: id -> (paragraph, advance, payments, unit-period, published percent, own earlier six digits)
REGULATION_Z = {
    "V-B01": (
        "(c)(1)(i) monthly", (date(1978, 1, 10), 5000), _monthly(FEBRUARY, 24, 230), {}, "9.69", "9.685708",
    ),
    "V-B02": (
        "(c)(1)(iii) half-monthly", (date(1978, 2, 23), 5000), _half_monthly(24, 219.17), {"unit": "half_month"},
        "10.34", "10.337903",
    ),
    "V-B03": (
        "(c)(1)(iv) quarterly", (date(1978, 5, 23), 10000), _monthly(date(1978, 10, 1), 40, 385, every=3),
        {"multiple": 3}, "8.97", "8.970770",
    ),
    "V-B04": (
        "(c)(2)(i) odd first payment", (date(1978, 1, 10), 5000), [(FEBRUARY, 250), *_monthly(MARCH, 23, 230)], {},
        "10.08", "10.082890",
    ),
    "V-B05": (
        "(c)(3)(i) odd last payment", (date(1978, 1, 10), 5000),
        [*_monthly(FEBRUARY, 23, 230), (date(1980, 1, 10), 280)], {}, "10.50", "10.500469",
    ),
    "V-B06": (
        "(c)(4)(i) both odd", (date(1978, 1, 10), 5000),
        [(FEBRUARY, 250), *_monthly(MARCH, 22, 230), (date(1980, 1, 10), 280)], {}, "10.90", "10.895549",
    ),
    "V-B07": (
        "(c)(5)(i) one payment after 255 days", (date(1978, 1, 3), 1000), [(date(1978, 9, 15), 1080)],
        {"unit": "term"}, "11.45", "11.450980",
    ),
    "V-B08": (
        "(c)(5)(iii) one payment after 1.5 years", (date(1978, 1, 10), 1000), [(date(1979, 7, 10), 1135.19)],
        {"unit": "year"}, "8.76", "8.757047",
    ),
    "V-B08a": (
        "(c)(1)(ii) monthly, long first period", (FEBRUARY, 6000), _monthly(date(1978, 4, 1), 36, 200), {},
        "11.82", None,
    ),
    "V-B08b": (
        "(c)(1)(v) weekly, long first period", (date(1978, 3, 20), 500), _weekly(date(1978, 4, 21), 30, 17.60),
        {"unit": "week"}, "14.96", None,
    ),
    "V-B08c": (
        "(c)(2)(ii) every 4 weeks, odd first payment", (date(1978, 3, 18), 400),
        [(date(1978, 4, 20), 39.50), *_weekly(date(1978, 5, 18), 11, 38.31, every=4)],
        {"unit": "week", "multiple": 4}, "28.50", None,
    ),
    "V-B08d": (
        "(c)(3)(ii) every 2 weeks, odd last payment", (date(1978, 4, 3), 200),
        [*_weekly(date(1978, 4, 11), 19, 9.50, every=2), (date(1979, 1, 2), 30)],
        {"unit": "week", "multiple": 2}, "12.22", None,
    ),
    "V-B08e": (
        "(c)(4)(ii) every 2 months, both odd", (date(1978, 1, 10), 8000),
        [(date(1978, 3, 1), 449.36), *_monthly(date(1978, 5, 1), 18, 465, every=2), (date(1981, 5, 1), 200)],
        {"multiple": 2}, "7.30", None,
    ),
}  # fmt: skip


def _regulation_z() -> Iterator[Vector]:
    for name, (paragraph, advance_, payments, options, percent, six_digits) in REGULATION_Z.items():
        rate = dated_regulation_z_rate([advance_], payments, **options) * 100
        yield Vector(id=name, quantity=f"{paragraph}, %", published=percent, ours=rate, source="REGZ")
        if six_digits is not None:
            yield Vector(id=name, quantity=f"{paragraph}, six digits, %", published=six_digits, ours=rate)


def _eu() -> Iterator[Vector]:
    years = year_fraction(date(1994, 1, 1), date(1995, 7, 1), DayCount.ACTUAL_365_FIXED)
    by_days = eu_annual_percentage_rate([(0, 1000)], [(years, 1200)]) * 100
    equal = eu_annual_percentage_rate([(0, 1000)], [(1.5, 1200)]) * 100
    two_years = eu_annual_percentage_rate([(0, 1000)], [(1, 600), (2, 600)]) * 100
    old = eu_annual_percentage_rate([(0, 150)], [(Fraction(k, 12), 15) for k in range(1, 12)]) * 100
    for name, quantity, source, ours, *published in (
        ("V-B09", "example 1, 546 days, %", "EU", by_days, "12.96", "12.962038"),
        ("V-B09", "the same by 1.5 equal years, %", "C", equal, "12.9243"),
        ("V-B10", "example 3, %", "EU", two_years, "13.07", "13.1", "13.0662386"),
        ("V-B11", "old UK example, 11 x 15, %", "EU", old, "21.3", "21.314007"),
    ):
        for digits in published:
            yield Vector(id=name, quantity=quantity, published=digits, ours=ours, source=source)


UNORDERED = (
    [date(2015, 6, 11), date(2015, 7, 21), date(2018, 6, 10), date(2015, 10, 17)],
    [-1000, -9000, 20000, -3000],
)
MATHWORKS = (
    [date(2007, 1, 12), date(2008, 2, 14), date(2008, 3, 3), date(2008, 6, 14), date(2008, 12, 1)],
    [-10000, 2500, 2000, 3000, 4000],
)
SPREADSHEET = (
    [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)],
    [-10000, 2750, 4250, 3250, 2750],
)


def _internal_rates() -> Iterator[Vector]:
    source = "PYXIRR"
    yield Vector(
        id="V-B12", quantity="XIRR, unordered dates", published="0.16353715844", ours=dated_internal_rate(*UNORDERED),
        source=source,
    )  # fmt: skip
    for name, convention, published in (
        ("V-B13", DayCount.ACTUAL_365_FIXED, "0.10064378342638"),
        ("V-B13", DayCount.ACTUAL_360, "0.0991988898057063"),
        ("V-B13", DayCount.THIRTY_E_360, "0.100675477282743"),
        ("V-B31", DayCount.ACTUAL_ACTUAL_ISDA, "0.100739648987346"),
        ("V-B31", DayCount.THIRTY_360_ISDA, "0.100675477282743"),
        ("V-B31", DayCount.THIRTY_360_US, "0.100675477282743"),
    ):
        last_digit = 10.0 ** -len(published.split(".")[1])
        yield Vector(
            id=name, quantity=f"XIRR of the MathWorks flows, {convention.value}", published=published,
            ours=dated_internal_rate(*MATHWORKS, day_count=convention), source=source,
            n_units=round(7e-13 / last_digit), note=STOPPED,
        )  # fmt: skip
    yield Vector(
        id="V-B13", quantity="the same by act/365f, to 40 digits", published="0.10064378342663987",
        ours=dated_internal_rate(*MATHWORKS), n_units=100, note="within 1e-15",
    )  # fmt: skip
    spreadsheet = dated_internal_rate(*SPREADSHEET)
    for published in ("0.373362535", "0.3733625335"):
        is_short = published == "0.373362535"
        yield Vector(
            id="V-B14", quantity="XIRR, spreadsheet example", published=published, ours=spreadsheet,
            source="PYXIRR" if is_short else "C", n_units=2 if is_short else 0.5,
            note="the published solver stops at 1e-8; ours is 0.3733625335" if is_short else "",
        )  # fmt: skip
    for flows, published, is_cut in (
        ([-100, 39, 59, 55, 20], "0.28094842116", True),
        ([-250000, 100000, 150000, 200000, 250000, 300000], "0.5672303344358536", False),
        ([-40000, 5000, 8000, 12000, 30000], "0.10582259840", True),
        ([-100, 0, 0, 74], "-0.09549583034", True),
    ):
        yield Vector(
            id="V-B15", quantity=f"IRR of {flows}", published=published, ours=internal_rate(flows), source=source,
            n_units=1 if is_cut else 10, note=CUT_OFF if is_cut else "within 1e-15",
        )  # fmt: skip
    yield Vector(
        id="V-B16", quantity="NPV at 8 %", published="3065.222668179", source=source, n_units=1, note=CUT_OFF,
        ours=net_present_value(0.08, [-40000, 5000, 8000, 12000, 30000]),
    )  # fmt: skip
    yield Vector(
        id="V-B33", quantity="XNPV at 10 %, unordered dates", published="2218.42566365675", source=source,
        ours=net_present_value(0.10, UNORDERED[1], UNORDERED[0]), n_units=5,
        note="2218.425663656712 to 40 digits: the published value is off by 4e-11, ours by 5e-12",
    )  # fmt: skip


INTEREST_PARTS = (
    "171.66666666666666", "157.89337457350777", "144.0255058746426", "130.06241114404526", "116.00343649629737",
    "101.84792355596869", "87.59520942678299", "73.2446266605768", "58.79550322604296", "44.24716247725825",
    "29.598923121998908", "14.850099189833006",
)  # fmt: skip


def _annuities() -> Iterator[Vector]:
    for name, rate, n, principal, published, source in (
        ("V-B17", 0.075 / 12, 180, 200_000, "1854.0247200054619", "PYXIRR"),
        ("V-B17", 0.0, 180, 200_000, "1111.111111111111", "PYXIRR"),
        ("V-B17", 0.08 / 12, 60, 15_000, "304.1459143262", "C"),
        ("V-B32", 0.01 / 12, 180, 200_000, "1196.9890290366611", "PYXIRR"),
        ("V-B32", 0.5 / 12, 180, 200_000, "8338.702667524864", "PYXIRR"),
    ):
        yield Vector(
            id=name, quantity=f"PMT {rate:.6f} x {n}, {principal:,}", published=published, source=source,
            ours=unrounded_instalment(rate, n, principal), n_units=50, note="within 1e-14 of the amount",
        )  # fmt: skip
    for k, published in enumerate(INTEREST_PARTS, 1):
        yield Vector(
            id="V-B18", quantity=f"interest part {k} of 12", published=published, source="PYXIRR", n_units=300,
            ours=instalment_parts(0.0824 / 12, k, 12, 25_000)[0], note="published and ours are both within 2e-14 of the exact value",
        )  # fmt: skip
    interest, principal_part = instalment_parts(0.05, 2, 10, 50_000)
    yield Vector(id="V-B32", quantity="IPMT", published="2301.238562586", ours=interest, source="PYXIRR")
    yield Vector(
        id="V-B32", quantity="PPMT", published="4173.9901856864", ours=principal_part, source="PYXIRR", n_units=1,
        note=CUT_OFF,
    )  # fmt: skip


YEAR_FRACTIONS = (
    ("V-B19", "2007-12-28", "2008-02-28",
     ("4/365+58/366", "62/365", "62/360", "62/365", "60/360", "60/360", "60/360", "60/360", "60/360")),
    ("V-B20", "2007-12-28", "2008-02-29",
     ("4/365+59/366", "63/365", "63/360", "62/365", "61/360", "61/360", "61/360", "62/360", "61/360")),
    ("V-B34", "2007-10-31", "2008-11-30",
     ("62/365+334/366", "396/365", "396/360", "395/365", *["390/360"] * 5)),
)  # fmt: skip
#: Days by 30/360 US, 30E/360 and the calendar.
DAY_NUMBERS = {
    "V-B21": (
        ("2007-01-15", "2007-01-30", 15, 15, 15), ("2007-01-15", "2007-02-15", 30, 30, 31),
        ("2007-01-15", "2007-07-15", 180, 180, 181), ("2007-09-30", "2008-03-31", 180, 180, 183),
        ("2007-09-30", "2007-10-31", 30, 30, 31), ("2007-09-30", "2008-09-30", 360, 360, 366),
        ("2007-01-15", "2007-01-31", 16, 15, 16), ("2007-01-31", "2007-02-28", 28, 28, 28),
        ("2007-02-28", "2007-03-31", 30, 32, 31), ("2006-08-31", "2007-02-28", 178, 178, 181),
        ("2007-02-14", "2007-02-28", 14, 14, 14), ("2008-02-29", "2009-02-28", 360, 359, 365),
        ("2008-02-29", "2008-03-30", 30, 31, 30), ("2007-10-31", "2007-11-28", 28, 28, 28),
    ),
    "V-B35": (
        ("2007-02-28", "2007-08-31", 180, 182, 184), ("2007-02-26", "2008-02-29", 363, 363, 368),
        ("2008-02-29", "2008-03-31", 30, 31, 31), ("2007-02-28", "2007-03-05", 5, 7, 5),
        ("2007-08-31", "2008-02-29", 179, 179, 182), ("2008-02-29", "2008-08-31", 180, 181, 184),
        ("2008-08-31", "2009-02-28", 178, 178, 181), ("2009-02-28", "2009-08-31", 180, 182, 184),
    ),
}  # fmt: skip


def _day_counts() -> Iterator[Vector]:
    for name, start, end, published in YEAR_FRACTIONS:
        for convention, fraction in zip(DayCount, published, strict=True):
            ours = year_fraction(date.fromisoformat(start), date.fromisoformat(end), convention)
            quantity = f"{start} to {end}, {convention.value}"
            yield Vector(id=name, quantity=quantity, published=fraction, ours=ours, source="PYXIRR")
    conventions = (DayCount.THIRTY_360_US, DayCount.THIRTY_E_360, DayCount.ACTUAL_365_FIXED)
    for name, rows in DAY_NUMBERS.items():
        for start, end, *published in rows:
            for convention, n_days in zip(conventions, published, strict=True):
                ours = days_between(date.fromisoformat(start), date.fromisoformat(end), convention)
                quantity = f"days {start} to {end}, {convention.value}"
                yield Vector(id=name, quantity=quantity, published=str(n_days), ours=ours, source="PYXIRR")


EMI_INTEREST = (
    "120.00", "110.64", "101.17", "91.59", "81.89", "72.08", "62.15", "52.10", "41.92", "31.63", "21.21", "10.67",
)  # fmt: skip
EQUAL_PRINCIPAL = (
    "953.33", "943.33", "933.33", "923.33", "913.33", "903.33", "893.33", "883.33", "873.33", "863.33", "853.33",
    "843.37",
)  # fmt: skip
MONTH_ENDS = (
    "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30",
    "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31",
)  # fmt: skip


def _amounts(
    name: str, quantity: str, published: tuple[str, ...], minor: tuple[int, ...]
) -> Iterator[Vector]:
    for k, (amount, ours) in enumerate(zip(published, minor, strict=True), 1):
        yield Vector(id=name, quantity=f"{quantity} {k}", published=amount, ours=money(ours), n_units=0)


def _dated(n: int, method: str, day_count: DayCount, **changes: object) -> Schedule:
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


def _schedules() -> Iterator[Vector]:
    emi = equal_instalment_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    yield from _amounts("V-B22", "instalment", ("899.75",) * 11 + ("899.80",), emi.instalment_minor)
    yield from _amounts("V-B22", "interest", EMI_INTEREST, emi.interest_minor)
    totals = (sum(emi.interest_minor), emi.balance_minor[0], emi.balance_minor[10])
    yield from _amounts(
        "V-B22", "interest in all, balance after 1 and 11:", ("797.05", "9220.25", "889.13"), totals
    )
    rates = annual_rates(emi)
    for quantity, published, ours in (
        ("IRR a month", "0.0119999232", rates.nominal / 12),
        ("nominal", "0.14399908", rates.nominal),
        ("effective", "0.15389357", rates.effective),
    ):
        yield Vector(id="V-B22", quantity=quantity, published=published, ours=ours)
    falling = equal_principal_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    yield from _amounts("V-B23", "instalment", EQUAL_PRINCIPAL, falling.instalment_minor)
    ends = (sum(falling.interest_minor), falling.principal_part_minor[-1])
    yield from _amounts("V-B23", "interest in all, last principal:", ("780.00", "833.37"), ends)
    yield from _amounts(
        "V-B24", "interest only, act/365f, month", ("124.00", "112.00", "124.00"),
        _dated(3, "interest_only", DayCount.ACTUAL_365_FIXED).interest_minor,
    )  # fmt: skip
    bullet = _dated(1, "bullet", DayCount.ACTUAL_365_FIXED, first_due_on=date(2026, 7, 9))
    yield from _amounts("V-B25", "bullet, 180 days, interest", ("720.00",), bullet.interest_minor)
    yield Vector(id="V-B25", quantity="XIRR", published="0.1514055400", ours=annual_rates(bullet).effective)
    for k, (published, due_on) in enumerate(
        zip(MONTH_ENDS, due_dates(date(2026, 1, 31), 12), strict=True), 1
    ):
        yield Vector(id="V-B26", quantity=f"due date {k}", published=published, ours=due_on.isoformat())
    yield from _flat_and_daily()
    yield from _amounts(
        "V-B36", "interest only, act/360, month", ("125.72", "113.56", "125.72"),
        _dated(3, "interest_only", DayCount.ACTUAL_360).interest_minor,
    )  # fmt: skip
    by_360 = _dated(1, "bullet", DayCount.ACTUAL_360, first_due_on=date(2026, 7, 9))
    yield from _amounts("V-B36", "bullet, act/360, interest", ("730.00",), by_360.interest_minor)
    leap = daily_interest_minor(
        1_000_000, annual_rate=Decimal("0.146"), from_on=date(2028, 2, 10), to_on=date(2028, 3, 10)
    )
    yield from _amounts("V-B37", "29 days over a leap day, interest", ("116.00",), (leap,))


def _flat_and_daily() -> Iterator[Vector]:
    for name, flat_rate, instalment, nominal, effective in (
        ("V-B29", "0.006", "1072.00", "13.0342243", "13.8417851"),
        ("V-B39", "0.005", "1060.00", "10.8963825185", "11.4573796529"),
    ):
        schedule = flat_rate_schedule(1_200_000, flat_rate=Decimal(flat_rate), n_instalments=12)
        rates = annual_rates(schedule)
        yield from _amounts(name, "instalment", (instalment,) * 12, schedule.instalment_minor)
        if name == "V-B29":
            yield Vector(id=name, quantity="IRR a month", published="0.0108618536", ours=rates.nominal / 12)
        yield Vector(id=name, quantity="nominal %", published=nominal, ours=rates.nominal * 100)
        yield Vector(id=name, quantity="effective %", published=effective, ours=rates.effective * 100)
    daily = Decimal("0.0005")
    for quantity, published, ours in (
        ("0.05 % a day x 365, %", "18.25", annualise(daily, 365).nominal * 100),
        ("0.05 % a day x 360, %", "18.00", annualise(daily, 360).nominal * 100),
        ("compounded over 365 days, %", "20.0159410678", annualise(daily, 365).effective * 100),
    ):
        yield Vector(id="V-B30", quantity=quantity, published=published, ours=ours)


POLICY = ServicingPolicy(
    annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"), day_count=DayCount.ACTUAL_360
)


def _accounts() -> Iterator[Vector]:
    schedule = equal_instalment_schedule(
        1_000_000, annual_rate=Decimal("0.144"), n_instalments=12, disbursed_on=date(2026, 1, 10)
    )
    paid = [Repayment(on=day, amount_minor=89_975) for day in schedule.due_on[:3]]
    account, later = replay(schedule, POLICY, paid), date(2026, 4, 20)
    parts = (
        position(account, later).principal_outstanding_minor,
        accrued_interest_minor(account, later),
        payoff_minor(account, later),
    )
    yield from _amounts(
        "V-B27", "balance, ten days' interest, payoff:", ("7632.56", "30.53", "7663.09"), parts
    )
    late = LoanTerms(
        principal_minor=80_690, annual_rate=0, n_instalments=1, disbursed_on=date(2026, 1, 10),
        first_due_on=date(2026, 2, 10),
    )  # fmt: skip
    penalty = advance(open_account(repayment_schedule(late), POLICY), date(2026, 2, 25)).posted.penalty
    yield from _amounts("V-B28", "penalty of 15 days", ("7.26",), (penalty,))
    waived = waived_interest_minor(account, date(2026, 4, 10))
    rule_of_78 = round(79_705 * 45 / 78)
    yield from _amounts(
        "V-B38", "interest waived; the rule of 78 would waive", ("465.24", "459.84"), (waived, rule_of_78)
    )

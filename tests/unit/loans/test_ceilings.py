from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from credit_risk.errors import LoanError, PolicyError, SpecificationError
from credit_risk.loans.ceilings import (
    check_amount_and_tenor,
    check_ceiling,
    check_joint_lending,
    joint_cap_minor,
    joint_cap_rate,
    load_ceilings,
    lpr_quote,
    lpr_rate,
    portfolio_ceilings,
)

TODAY = date(2026, 8, 20)
LOAN = {"lender_type": "consumer_finance", "product": "consumer_loan", "contract_on": TODAY}


@pytest.fixture(scope="module")
def ceilings():
    return load_ceilings()


@pytest.mark.parametrize(
    ("nominal", "effective", "is_lawful", "measure", "margin"),
    [
        (0.20, 0.2194, True, "effective", 0.0206),
        (0.22, 0.2436, False, "effective", -0.0036),
        (0.24, 0.24, True, "effective", 0.0),
        (-0.02, -0.0198, True, "effective", 0.2598),
        (0.10, 0.05, True, "nominal", 0.14),
    ],
)
def test_the_stricter_measure_decides(ceilings, nominal, effective, is_lawful, measure, margin):
    check = check_ceiling(nominal=nominal, effective=effective, **LOAN, ceilings=ceilings)
    assert (check.is_lawful, check.measure, check.rule_id) == (is_lawful, measure, "cn-licensed-24")
    assert check.margin == pytest.approx(margin, abs=1e-12)
    assert (check.ceiling_rate, check.status) == (0.24, "S2")
    assert check.warnings == (
        "Rule cn-licensed-24 has status S2: check the primary text. 24 % is an interpretation through court practice, "
        "not a figure in the 2025 notice.",
    )


@pytest.mark.parametrize(
    ("lender_type", "contract_on", "rule_id", "rate"),
    [
        ("bank", TODAY, "cn-licensed-24", 0.24),
        ("eligible_bank", TODAY, "cn-licensed-24", 0.24),
        ("small_loan", date(2025, 12, 18), "cn-small-loan-24-practice", 0.24),
        ("small_loan", TODAY, "cn-small-loan-24", 0.24),
        ("small_loan", date(2027, 12, 30), "cn-small-loan-24", 0.24),
        ("small_loan", date(2028, 1, 1), "cn-small-loan-4-lpr", 0.12),
        ("private_lender", date(2020, 8, 19), "cn-private-24", 0.24),
        ("private_lender", date(2020, 8, 20), "cn-private-4-lpr", 0.154),
        ("private_lender", date(2022, 8, 21), "cn-private-4-lpr", 0.148),
        ("private_lender", date(2022, 8, 22), "cn-private-4-lpr", 0.146),
        ("private_lender", TODAY, "cn-private-4-lpr", 0.12),
    ],
)
def test_ceilings_depend_on_lender_and_contract_date(ceilings, lender_type, contract_on, rule_id, rate):
    check = check_ceiling(
        nominal=0.1,
        effective=0.1,
        lender_type=lender_type,
        product="consumer_loan",
        contract_on=contract_on,
        ceilings=ceilings,
    )
    assert (check.rule_id, check.ceiling_rate) == (rule_id, pytest.approx(rate))


def test_an_lpr_after_its_last_known_date_warns(ceilings):
    checks = [
        check_ceiling(
            nominal=0.1,
            effective=0.1,
            lender_type="private_lender",
            product="consumer_loan",
            contract_on=day,
            ceilings=ceilings,
        )
        for day in (TODAY, date(2026, 8, 21))
    ]
    from_memory = "The LPR published on 2025-05-20 has status M: check the primary text."
    assert checks[0].warnings == (from_memory,)
    assert checks[1].warnings == (
        "LPR of 2026-08-21 is not known: the file ends on 2026-08-20; the last value is used.",
        from_memory,
    )


def test_portfolio_averages_never_decide_one_loan(ceilings):
    check = check_ceiling(nominal=0.22, effective=0.23, **LOAN, ceilings=ceilings)
    assert check.is_lawful
    averages = portfolio_ceilings(lender_type="consumer_finance", contract_on=TODAY, ceilings=ceilings)
    assert averages == (("cn-consumer-finance-average-20", 0.2),)
    assert portfolio_ceilings(lender_type="bank", contract_on=TODAY, ceilings=ceilings) == ()


def test_unknown_lender_and_missing_rule_are_errors_never_lawful(ceilings):
    with pytest.raises(
        SpecificationError, match="CR-CEI-003: Lender type 'banc' is not known .*Did you mean 'bank'"
    ):
        check_ceiling(**{**LOAN, "lender_type": "banc"}, nominal=0.1, effective=0.1, ceilings=ceilings)
    for changes in ({"contract_on": date(2010, 1, 1)}, {"product": "mortgage"}):
        with pytest.raises(
            PolicyError, match="CR-CEI-004: No per-loan ceiling is known for lender type 'consumer_fin"
        ):
            check_ceiling(**{**LOAN, **changes}, nominal=0.1, effective=0.1, ceilings=ceilings)


@pytest.mark.parametrize("rates", [(float("nan"), 0.1), (0.1, float("inf"))])
def test_rates_that_are_no_numbers_are_refused(ceilings, rates):
    with pytest.raises(LoanError, match="CR-LON-008: Annual rates must be finite numbers"):
        check_ceiling(nominal=rates[0], effective=rates[1], **LOAN, ceilings=ceilings)


def test_joint_cap_is_simple_on_the_initial_principal(ceilings):
    cap = joint_cap_minor(
        1_000_000,
        lender_type="private_lender",
        contract_on=date(2026, 1, 1),
        from_on=date(2026, 1, 1),
        to_on=date(2026, 7, 2),
        ceilings=ceilings,
    )
    assert cap == 1_000_000 * 12 * 182 // 36_500
    with pytest.raises(PolicyError, match="CR-CEI-004: No joint cap on interest, penalty and fees"):
        joint_cap_rate(lender_type="private_lender", contract_on=date(2010, 1, 1), ceilings=ceilings)


@pytest.mark.parametrize(
    ("lender_type", "channel", "amount", "on", "is_lawful"),
    [
        ("eligible_bank", "internet", "300000", date(2026, 1, 1), True),
        ("eligible_bank", "internet", "300000.01", date(2026, 1, 1), False),
        ("eligible_bank", "internet", "300000", date(2025, 3, 13), False),
        ("eligible_bank", "self_paid", "500000", date(2026, 1, 1), True),
        ("small_loan", "internet", "200000.01", date(2026, 1, 1), False),
    ],
)
def test_amounts_are_dated_and_depend_on_the_lender(ceilings, lender_type, channel, amount, on, is_lawful):
    check = check_amount_and_tenor(
        amount=Decimal(amount),
        method="equal_instalment",
        disbursed_on=on,
        last_due_on=date(on.year + 1, on.month, on.day),
        lender_type=lender_type,
        ceilings=ceilings,
        channel=channel,
    )
    assert check.is_lawful == is_lawful
    assert check.tested


def test_one_year_is_one_calendar_year_in_leap_years_too(ceilings):
    def check(last_due_on):
        return check_amount_and_tenor(
            amount=Decimal(1),
            method="interest_only",
            disbursed_on=date(2028, 1, 10),
            last_due_on=last_due_on,
            lender_type="bank",
            ceilings=ceilings,
        ).is_lawful

    assert check(date(2029, 1, 10))
    assert not check(date(2029, 1, 11))
    with pytest.raises(LoanError, match="CR-LON-005: .*last_due_on must lie on or after"):
        check(date(2028, 1, 9))


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"partner_share": Decimal("0.2999")}, "cn-joint-lending:min_partner_share"),
        ({"one_partner_to_tier1": Decimal("0.2501")}, "cn-joint-lending:max_one_partner_to_tier1"),
        ({"joint_to_total_loans": Decimal("0.5001")}, "cn-joint-lending:max_joint_to_total_loans"),
    ],
)
def test_each_figure_of_joint_lending_is_tested(ceilings, changes, broken):
    figures = {
        "partner_share": Decimal("0.30"),
        "one_partner_to_tier1": Decimal("0.25"),
        "joint_to_total_loans": Decimal("0.50"),
        **changes,
    }
    check = check_joint_lending(**figures, lender_type="bank", contract_on=TODAY, ceilings=ceilings)
    assert (check.is_lawful, check.broken) == (False, (broken,))


RULE = """
known_until = 2026-01-01
[[lpr]]
from = 2025-01-01
one_year = 0.03
five_year = 0.035
status = "S"
source = "test"
[[ceiling]]
id = "r"
lender_types = ["bank"]
products = ["consumer_loan"]
from = 2025-01-01
scope = "per_loan"
measure = "{measure}"
{figure}
status = "S"
source = "test"
"""


@pytest.mark.parametrize(("measure", "is_lawful"), [("nominal", True), ("effective", False), ("both", False)])
def test_the_measure_is_policy_data(tmp_path, measure, is_lawful):
    path = tmp_path / "c.toml"
    path.write_text(RULE.format(measure=measure, figure="lpr_multiple = 8"), encoding="utf-8")
    check = check_ceiling(
        nominal=0.24,
        effective=0.268,
        lender_type="bank",
        product="consumer_loan",
        contract_on=date(2025, 6, 1),
        ceilings=load_ceilings(path),
    )
    assert check.is_lawful == is_lawful


def test_a_wrong_file_is_refused_with_its_place(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(RULE.format(measure="both", figure="rate = 0.2\nlpr_multiple = 4"), encoding="utf-8")
    with pytest.raises(
        SpecificationError,
        match=r"CR-CEI-001: .*c.toml \[\[ceiling\]\] #1, line \d+: expected exactly one of",
    ):
        load_ceilings(path)
    path.write_text(RULE.format(measure="both", figure=""), encoding="utf-8")
    with pytest.raises(SpecificationError, match="CR-CEI-001: .*Got \\[\\]"):
        load_ceilings(path)
    path.write_text(RULE.format(measure="both", figure="rat = 0.2"), encoding="utf-8")
    with pytest.raises(SpecificationError, match=r"CR-CEI-001|CR-CFG-003"):
        load_ceilings(path)
    doubled = RULE.format(measure="both", figure="rate = 0.2").replace(
        "[[ceiling]]",
        "[[lpr]]\nfrom = 2024-01-01\none_year = 0.03\nfive_year = 0.03\nstatus = 'S'\nsource = 't'\n[[ceiling]]",
    )
    path.write_text(doubled, encoding="utf-8")
    with pytest.raises(SpecificationError, match="CR-CEI-001: .*LPR rows must ascend by date"):
        load_ceilings(path)


def test_every_packaged_rule_has_source_and_status(ceilings):
    assert all(rule.source and rule.status in {"S", "S2", "M"} for rule in ceilings.rules)
    assert all(row.source and row.status in {"S", "S2", "M"} for row in ceilings.lpr)
    assert len({rule.rule_id for rule in ceilings.rules}) == len(ceilings.rules)


def test_an_lpr_quote_names_its_publication_and_warns_when_too_late(ceilings):
    quote = lpr_quote(TODAY, ceilings=ceilings)
    assert (quote.one_year, quote.five_year) == (Decimal("0.0300"), Decimal("0.0350"))
    assert (quote.published_on, quote.status, quote.warnings) == (date(2025, 5, 20), "M", ())
    assert "the file ends on 2026-08-20" in lpr_quote(date(2026, 8, 21), ceilings=ceilings).warnings[0]


def test_lpr_without_rows_says_so(ceilings):
    with pytest.raises(PolicyError, match="CR-CEI-002: No LPR on 2019-01-01"):
        lpr_rate(date(2019, 1, 1), ceilings=ceilings)


@pytest.mark.parametrize(
    ("lender_type", "contract_on", "rate"),
    [
        ("eligible_bank", TODAY, "0.24"),
        ("bank", TODAY, "0.24"),
        ("small_loan", date(2027, 12, 30), "0.24"),
        ("small_loan", date(2027, 12, 31), "0.12"),
    ],
)
def test_the_joint_cap_binds_every_licensed_lender_and_follows_the_per_loan_ceiling(
    ceilings, lender_type, contract_on, rate
):
    assert joint_cap_rate(lender_type=lender_type, contract_on=contract_on, ceilings=ceilings) == Fraction(
        rate
    )


def test_every_lender_type_with_an_amount_limit_has_a_ceiling_and_a_joint_cap(ceilings):
    limited = {name for rule in ceilings.rules if rule.kind == "amount_limit" for name in rule.lender_types}
    for kind in ("ceiling", "joint_cap"):
        assert limited <= {name for rule in ceilings.rules if rule.kind == kind for name in rule.lender_types}


AMOUNT = {
    "amount": Decimal(1),
    "method": "bullet",
    "disbursed_on": date(2026, 1, 10),
    "last_due_on": date(2026, 6, 10),
    "lender_type": "bank",
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "Internet"}, "CR-CEI-007: Channel 'Internet' is not known. .*internet"),
        ({"method": "Bullet"}, "CR-CEI-007: Method 'Bullet' is not known. .*bullet"),
    ],
)
def test_a_typing_error_never_looks_lawful(ceilings, changes, message):
    with pytest.raises(SpecificationError, match=message):
        check_amount_and_tenor(**{**AMOUNT, **changes}, ceilings=ceilings)


def test_where_no_rule_is_known_nothing_is_lawful(ceilings):
    for changes in (
        {"lender_type": "small_loan", "amount": Decimal(10**9), "disbursed_on": date(2024, 1, 10)},
        {"channel": "self_paid"},
    ):
        with pytest.raises(PolicyError, match="CR-CEI-004: No rule on amount or tenor"):
            check_amount_and_tenor(**{**AMOUNT, **changes}, ceilings=ceilings)
    with pytest.raises(PolicyError, match="CR-CEI-004: No rule on joint lending is known for .*small_loan"):
        check_joint_lending(**SHARES, lender_type="small_loan", contract_on=TODAY, ceilings=ceilings)


SHARES = {
    "partner_share": Decimal("0.30"),
    "one_partner_to_tier1": Decimal("0.25"),
    "joint_to_total_loans": Decimal("0.50"),
}


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal(-1), 0.3, None, True])
def test_figures_that_are_no_numbers_are_refused_before_they_are_compared(ceilings, value):
    with pytest.raises(LoanError, match="CR-LON-008: amount must be an exact, finite number of 0 or more"):
        check_amount_and_tenor(**{**AMOUNT, "amount": value}, ceilings=ceilings)
    for name in SHARES:
        with pytest.raises(LoanError, match=f"CR-LON-008: {name} must be an exact, finite number"):
            check_joint_lending(
                **{**SHARES, name: value}, lender_type="bank", contract_on=TODAY, ceilings=ceilings
            )


@pytest.mark.parametrize("rates", [(None, 0.1), (0.1, "0.1")])
def test_rates_of_another_kind_are_refused(ceilings, rates):
    with pytest.raises(LoanError, match="CR-LON-008: Annual rates must be finite numbers"):
        check_ceiling(nominal=rates[0], effective=rates[1], **LOAN, ceilings=ceilings)


def test_the_status_of_a_ceiling_is_no_better_than_that_of_its_lpr(ceilings):
    for contract_on, status in ((date(2025, 6, 1), "M"), (date(2025, 5, 19), "S")):
        check = check_ceiling(
            nominal=0.1,
            effective=0.1,
            lender_type="private_lender",
            product="consumer_loan",
            contract_on=contract_on,
            ceilings=ceilings,
        )
        assert (check.status, len(check.warnings)) == (status, int(status == "M"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rate = 0.2", "rate = 24", r"\[\[ceiling\]\] #1, line \d+: rate is out of range. .*below 1.*Got 24"),
        ("rate = 0.2", "rate = 0", "rate is out of range"),
        ("rate = 0.2", "lpr_multiple = -4", "lpr_multiple is out of range. Expected above 0"),
        ("one_year = 0.03", "one_year = 3.0", "one_year is out of range"),
        ("rate = 0.2", "rate = 0.2\nuntil = 2024-12-31", "until must lie on or after from, 2025-01-01"),
    ],
)
def test_figures_no_law_could_mean_are_refused(tmp_path, old, new, message):
    path = tmp_path / "c.toml"
    path.write_text(RULE.format(measure="both", figure="rate = 0.2").replace(old, new), encoding="utf-8")
    with pytest.raises(SpecificationError, match=f"CR-CEI-001: .*{message}"):
        load_ceilings(path)


def test_shares_and_months_are_checked_and_ids_are_unique(tmp_path):
    rule = RULE.format(measure="both", figure="rate = 0.2")
    head, body = rule.split("[[ceiling]]")
    path = tmp_path / "c.toml"
    path.write_text(rule + "[[ceiling]]" + body, encoding="utf-8")
    with pytest.raises(SpecificationError, match=r"CR-CEI-001: .*own id. Used twice: \['r'\]"):
        load_ceilings(path)
    common = 'id = "x"\nlender_types = ["bank"]\nfrom = 2025-01-01\nstatus = "S"\nsource = "t"\n'
    shares = "min_partner_share = 30\nmax_one_partner_to_tier1 = 0.2\nmax_joint_to_total_loans = 1.0\n"
    path.write_text(f"{head}[[joint_lending]]\n{common}{shares}", encoding="utf-8")
    with pytest.raises(SpecificationError, match="CR-CEI-001: .*min_partner_share is out of range"):
        load_ceilings(path)
    tenor = 'methods = ["bullet"]\nchannels = ["internet"]\nmax_months = 1.5\n'
    path.write_text(f"{head}[[tenor_limit]]\n{common}{tenor}", encoding="utf-8")
    with pytest.raises(SpecificationError, match="CR-CEI-001: .*max_months is out of range"):
        load_ceilings(path)

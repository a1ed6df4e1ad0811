from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from credit_risk.domain.money import Currency
from credit_risk.domain.texts import catalogue
from credit_risk.errors import LoanError, PolicyError, SpecificationError
from credit_risk.loans.ceilings import load_ceilings
from credit_risk.loans.disclosure import (
    ContingentCost,
    DisclosureFrame,
    check_disclosure,
    disclose,
    missing_parts,
)
from credit_risk.loans.disclosure_page import as_html, as_plain_text
from credit_risk.loans.terms import Fee, LoanTerms

LATE = ContingentCost(code="late", nature="penalty", collector="Lender", annual_rate=Decimal("0.216"))
EARLY = ContingentCost(code="early", nature="early_repayment", collector="Lender", amount_minor=0)
FRAME = DisclosureFrame(
    lender_name="Lender <A&B>",
    lender_type="consumer_finance",
    contract_on=date(2026, 8, 20),
    currency=Currency.of("CNY"),
    contingent=(LATE, EARLY),
    states_nothing_else=True,
    forced_reading_seconds=10,
)
TERMS = LoanTerms(
    principal_minor=1_000_000,
    annual_rate=Decimal("0.144"),
    n_instalments=12,
    disbursed_on=date(2026, 8, 20),
    fees=(
        Fee(
            code="guarantee",
            timing="per_instalment",
            collector="Guarantor",
            amount_minor=2_000,
            nature="guarantee",
        ),
        Fee(code="service", timing="deducted", collector="Platform", rate=Decimal("0.005")),
    ),
)


@pytest.fixture(scope="module")
def ceilings():
    return load_ceilings()


def test_a_complete_table_is_accepted_under_its_rule(ceilings):
    check = check_disclosure(disclose(TERMS, FRAME), ceilings=ceilings)
    assert (check.is_applied, check.rule_id) == (True, "cn-all-in-cost-table")


def _fees(**changes):
    return replace(TERMS, fees=(replace(TERMS.fees[0], **changes), TERMS.fees[1]))


@pytest.mark.parametrize(
    ("terms", "frame", "message"),
    [
        (_fees(collector=" "), FRAME, "item 'guarantee' has no collector"),
        (TERMS, replace(FRAME, contingent=()), "the cost of late payment is not listed"),
        (TERMS, replace(FRAME, contingent=(EARLY,)), "the cost of late payment is not listed"),
        (
            TERMS,
            replace(FRAME, contingent=(replace(LATE, collector=""),)),
            "contingent cost 'late' has no collector",
        ),
        (
            TERMS,
            replace(FRAME, contingent=(replace(LATE, annual_rate=None),)),
            "'late' does not say how much",
        ),
        (
            TERMS,
            replace(FRAME, states_nothing_else=False),
            "the statement that nothing else will be charged is missing",
        ),
        (TERMS, replace(FRAME, forced_reading_seconds=0), "the online page has no forced reading time"),
    ],
)
def test_v_a08_an_incomplete_table_is_refused(ceilings, terms, frame, message):
    with pytest.raises(
        PolicyError, match=f"CR-CEI-006: The disclosure breaks rule cn-all-in-cost-table in 1 .*{message}"
    ):
        check_disclosure(disclose(terms, frame), ceilings=ceilings)


def test_v_a08_all_that_is_missing_is_named_at_once(ceilings):
    frame = replace(FRAME, contingent=(), states_nothing_else=False, forced_reading_seconds=0)
    with pytest.raises(PolicyError, match=r"in 3 point\(s\)") as caught:
        check_disclosure(disclose(TERMS, frame), ceilings=ceilings)
    assert caught.value.context == {"n_missing": 3}
    assert len(missing_parts(disclose(TERMS, frame))) == 3


def test_v_a08_before_1_august_2026_the_rule_is_not_applied(ceilings):
    frame = replace(FRAME, contingent=(), contract_on=date(2026, 7, 31))
    assert not check_disclosure(disclose(TERMS, frame), ceilings=ceilings).is_applied
    with pytest.raises(PolicyError, match="CR-CEI-006"):
        check_disclosure(disclose(TERMS, replace(frame, contract_on=date(2026, 8, 1))), ceilings=ceilings)


def test_on_site_needs_a_signature_not_a_reading_time(ceilings):
    frame = replace(FRAME, channel="on_site", forced_reading_seconds=0)
    disclosure = disclose(TERMS, frame)
    assert check_disclosure(disclosure, ceilings=ceilings).is_applied
    assert disclosure.to_dict()["confirmation"] == {
        "channel": "on_site", "forced_reading_seconds": 0, "kind": "signature",
    }  # fmt: skip
    assert "button" not in as_html(disclosure, "en").split("</style>")[1].split("<script>")[0]


def test_items_add_up_to_the_headline_and_to_the_cost():
    disclosure = disclose(TERMS, FRAME)
    assert sum(item.annual_rate for item in disclosure.items) == pytest.approx(
        disclosure.headline_rate, abs=1e-15
    )
    assert sum(item.total_minor for item in disclosure.items) == disclosure.schedule.total_cost_minor
    assert all(item.annual_rate > 0 for item in disclosure.items)
    nominal = disclose(TERMS, replace(FRAME, headline="nominal"))
    assert nominal.headline_rate == disclosure.rates.nominal < disclosure.headline_rate


def test_contingent_fees_of_the_terms_are_listed_not_in_the_rate():
    fee = Fee(
        code="early", timing="contingent", collector="Lender", amount_minor=5_000, nature="early_repayment"
    )
    frame = replace(FRAME, contingent=(LATE,))
    with_fee = disclose(replace(TERMS, fees=(*TERMS.fees, fee)), frame)
    assert with_fee.rates == disclose(TERMS, frame).rates
    assert [cost.code for cost in with_fee.contingent] == ["late", "early"]
    assert "50.00 each time" in as_plain_text(with_fee, "en")


def test_an_unknown_fee_gives_no_disclosure():
    with pytest.raises(LoanError, match="CR-LON-006: Fee 'guarantee' has an unknown amount"):
        disclose(_fees(amount_minor=None), FRAME)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_annual_rate_comes_first_and_everything_is_on_both_pages(language):
    disclosure = disclose(TERMS, FRAME)
    plain, html = as_plain_text(disclosure, language), as_html(disclosure, language)
    assert plain.index("21.45%") < plain.index("10,000.00")
    assert html.index("21.45%") < html.index("10,000.00")
    for figure in ("19.59%", "9,950.00", "11,037.05", "1,087.05", "21.60%", "2027-08-20", "889.13"):
        assert figure in plain
        assert figure in html
    assert "Lender <A&B>" in plain
    assert "Lender &lt;A&amp;B&gt;" in html
    assert "Lender <A&B>" not in html
    assert 'data-forced-reading-seconds="10"' in html
    assert "http" not in html


def test_shown_lines_add_up_to_the_shown_headline():
    rows = as_plain_text(disclose(TERMS, FRAME), "en").splitlines()
    shown = [
        Decimal(row.split(" | ")[4].rstrip("%"))
        for row in rows
        if row.startswith(("Interest |", "Guarantee fee", "Service fee"))
    ]
    assert (len(shown), sum(shown)) == (3, Decimal("21.45"))


def test_html_is_well_formed():
    class Balance(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.errors = [], []

        def handle_starttag(self, tag, attrs):
            if tag not in {"meta", "br"}:
                self.open.append(tag)

        def handle_endtag(self, tag):
            if self.open.pop() != tag:
                self.errors.append(tag)

    parser = Balance()
    parser.feed(as_html(disclose(TERMS, FRAME), "zh-CN"))
    assert (parser.open, parser.errors) == ([], [])


def test_unknown_language_is_refused():
    with pytest.raises(SpecificationError, match="CR-TXT-001: Language 'fr' is not available"):
        as_html(disclose(TERMS, FRAME), "fr")


def test_both_languages_have_the_same_texts():
    names = [{key for key in catalogue(language) if key.startswith("loans.")} for language in ("en", "zh-CN")]
    assert names[0] == names[1]


def test_data_form_is_plain_json():
    import json

    content = disclose(TERMS, FRAME).to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["annual_rate_effective"] == pytest.approx(0.2145, abs=5e-5)

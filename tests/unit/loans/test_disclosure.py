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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "Online"}, "channel must be one of"),
        ({"channel": "app"}, "channel must be one of"),
        ({"headline": "Effective"}, "headline must be one of"),
        ({"lender_name": None}, "lender_name must be a text. Got NoneType"),
        *(
            (
                {"forced_reading_seconds": seconds},
                "forced_reading_seconds must be a whole number from 0 to 3600",
            )
            for seconds in (float("nan"), 0.001, True, -1, 3601, "10")
        ),
    ],
)
def test_v_a08_a_frame_outside_its_sets_is_refused(changes, message):
    with pytest.raises(SpecificationError, match=f"CR-CEI-008: {message}"):
        replace(FRAME, **changes)


def test_a_contingent_cost_outside_its_sets_is_refused():
    with pytest.raises(SpecificationError, match="CR-CEI-008: nature of 'late' must be one of"):
        replace(LATE, nature="Penalty")
    with pytest.raises(SpecificationError, match="CR-CEI-008: collector of 'late' must be a text"):
        replace(LATE, collector=None)


def test_v_a08_items_left_out_are_noticed_and_the_page_is_a_draft(ceilings):
    complete = disclose(TERMS, FRAME)
    for language, word in (("en", "DRAFT"), ("zh-CN", "草稿")):
        assert word not in as_plain_text(complete, language) + as_html(complete, language)
        for incomplete in (
            replace(complete, items=()),
            replace(complete, frame=replace(FRAME, states_nothing_else=False)),
        ):
            assert as_plain_text(incomplete, language).startswith(word)
            html = as_html(incomplete, language)
            assert html.index(word) < html.index("<h1>")
    with pytest.raises(PolicyError, match="CR-CEI-006: .*the items do not add up to the total cost"):
        check_disclosure(replace(complete, items=()), ceilings=ceilings)


OPTIONAL = Fee(
    code="insurance",
    timing="per_instalment",
    collector="Insurer",
    amount_minor=3_333,
    nature="insurance",
    is_mandatory=False,
)


@pytest.mark.parametrize("headline", ["effective", "nominal"])
def test_optional_fees_are_listed_outside_the_rate_with_the_rate_they_would_make(headline):
    frame = replace(FRAME, headline=headline)
    disclosure = disclose(replace(TERMS, fees=(*TERMS.fees, OPTIONAL)), frame)
    plain = disclose(TERMS, frame)
    assert (disclosure.rates, disclosure.items) == (plain.rates, plain.items)
    assert plain.rates_with_optional is None
    taken = disclose(replace(TERMS, fees=(*TERMS.fees, replace(OPTIONAL, is_mandatory=True))), frame)
    assert disclosure.rates_with_optional == taken.rates
    (item,) = disclosure.optional
    assert (item.code, item.total_minor) == ("insurance", 12 * 3_333)
    assert disclosure.headline_rate + item.annual_rate == pytest.approx(taken.headline_rate, abs=1e-15)
    for page in (as_plain_text(disclosure, "en"), as_html(disclosure, "en")):
        assert "Optional: only if you choose it" in page
        assert "399.96" in page
        assert f"with every optional item: {taken.headline_rate:.2%}" in page
    assert "Optional" not in as_plain_text(plain, "en")
    assert disclosure.to_dict()["optional"][0]["collector"] == "Insurer"


def test_an_optional_fee_without_a_collector_is_noticed(ceilings):
    fee = replace(OPTIONAL, collector="")
    with pytest.raises(PolicyError, match="CR-CEI-006: .*item 'insurance' has no collector"):
        check_disclosure(disclose(replace(TERMS, fees=(fee,)), FRAME), ceilings=ceilings)


def test_an_upfront_fee_is_paid_not_kept_back():
    fee = Fee(code="service", timing="upfront", collector="Platform", amount_minor=30_000)
    disclosure = disclose(replace(TERMS, fees=(fee,)), FRAME)
    assert (disclosure.received_minor, disclosure.upfront_minor) == (1_000_000, 30_000)
    assert disclosure.total_paid_minor == 1_109_705
    assert disclosure.total_paid_minor - disclosure.received_minor == disclosure.schedule.total_cost_minor
    lines = as_plain_text(disclosure, "en").splitlines()
    assert "You receive: 10,000.00 CNY" in lines
    assert "You pay on the day of payout: 300.00 CNY" in lines
    assert "You repay in total: 11,097.05 CNY" in lines
    assert "0 | 2026-08-20 | 300.00 | 0.00 | 0.00 | 300.00 | 10,000.00" in lines
    kept_back = as_plain_text(disclose(replace(TERMS, fees=(replace(fee, timing="deducted"),)), FRAME), "en")
    assert "You receive: 9,700.00 CNY" in kept_back
    assert "You repay in total: 10,797.05 CNY" in kept_back
    assert "You pay on the day of payout" not in kept_back
    assert "\n0 | " not in kept_back


def test_agreed_rates_are_written_with_all_their_digits():
    fees = (
        Fee(code="tiny", timing="deducted", collector="Platform", rate=Decimal("0.00004")),
        Fee(code="early", timing="contingent", collector="L", rate=Decimal("0.03"), nature="early_repayment"),
    )
    frame = replace(FRAME, contingent=(replace(LATE, annual_rate=Decimal("0.10125")),))
    page = as_plain_text(disclose(replace(TERMS, annual_rate=Decimal("0.07125"), fees=fees), frame), "en")
    assert "7.125% a year" in page
    assert "0.004% of the principal: 0.40, once" in page
    assert "3.00% of the principal, 300.00 each time" in page
    assert "10.125% a year on overdue principal" in page


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    shown = disclose(TERMS, FRAME)._repr_html_()
    assert shown.startswith('<iframe title="disclosure" srcdoc="&lt;!doctype html&gt;')
    assert "Lender &amp;lt;A&amp;amp;B&amp;gt;" in shown


def test_the_instalments_end_with_their_sum_and_amounts_are_in_the_readers_words():
    chinese, english = (as_plain_text(disclose(TERMS, FRAME), language) for language in ("zh-CN", "en"))
    assert "\n合计 |  | 11,037.05 | 10,000.00 | 797.05 | 240.00 | \n" in chinese
    assert "\nSum |  | 11,037.05 | 10,000.00 | 797.05 | 240.00 | \n" in english
    assert "贷款本金: 10,000.00 元\n" in chinese
    assert "Principal: 10,000.00 CNY\n" in english
    assert "折合年化按复利计算" in chinese

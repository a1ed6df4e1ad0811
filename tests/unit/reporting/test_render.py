"""The page as text: complete, self-contained, escaped, deterministic, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas
import pytest

import credit_risk.reporting
from credit_risk.domain.texts import catalogue
from credit_risk.errors import SpecificationError
from credit_risk.reporting import ReportContent, render_report
from credit_risk.reporting.blocks import Paragraph, Section
from credit_risk.reporting.render import report_sections

ANCHORS = [
    "assumptions",
    "sample",
    "selection",
    "discrimination",
    "calibration",
    "scores",
    "variables",
    "segments",
    "stability",
    "explained",
    "approvals",
    "cut-off",
    "offers",
    "profit",
    "reasons",
    "fairness",
    "document",
    "record",
]
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """A strict reader: every element is closed, ids are unique, references are collected."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self._note(attrs)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self._note(attrs)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag, self.getpos()

    def _note(self, attrs) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in {"href", "xlink:href", "src"}:
                self.references.append(value)
            if name in {"clip-path", "style"}:
                self.references += re.findall(r"url\(([^)]*)\)", value)


@pytest.fixture(scope="module", params=["en", "zh-CN"])
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def page(content: ReportContent, language: str) -> str:
    return render_report(content, language)


@pytest.fixture(scope="module")
def small(content: ReportContent) -> ReportContent:
    """The same content with few charts, for tests of one sentence or table."""
    without = {
        "explained": None,
        "segments": None,
        "stability": None,
        "bands": content.bands.drop(
            columns=["mean_limit_amount", "mean_annual_rate", "expected_profit_amount"]
        ),
    }
    return replace(content, score=None, binning={}, offers=None, profit=None, **without)


def test_page_is_well_formed_and_refers_only_to_itself(page) -> None:
    read = Page(page)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    outside = [r for r in read.references if r != "data:," and r.lstrip("#") not in read.ids]
    assert outside == []
    assert read.tags.count("script") == 2  # data of the explorer, and the script that reads it
    assert "unsafe-inline'; img-src data:; script-src 'sha256-" in page
    assert "@import" not in page


def test_page_is_for_phones_and_print_and_forbids_requests(page, language) -> None:
    assert f'<html lang="{language}">' in page
    assert 'name="viewport"' in page
    assert "@media print" in page
    assert "default-src 'none'" in page


def test_every_section_stands_in_order_and_in_the_contents(content, page, language) -> None:
    assert [section.anchor for section in report_sections(content, language)] == ANCHORS
    for anchor in ANCHORS:
        assert f'<section id="{anchor}">' in page
        assert f'href="#{anchor}"' in page


def test_key_figures_and_assumptions_are_shown(content, page, language) -> None:
    card = content.evaluation["scorecard"]
    for written in (
        f"{card.auc:.3f}",
        f"{card.ks:.3f}",
        f"{content.key_figures.approval_rate:.1%}",
        "TWD 2.10m",
    ):
        assert written in page
    for assumption in content.assumptions[language]:
        assert assumption in page


def test_the_same_content_gives_the_same_bytes(content, page, language) -> None:
    assert render_report(content, language) == page


def test_page_holds_no_date_and_no_drawing_software(page) -> None:
    assert "matplotlib" not in re.sub(r'id="[^"]*"', "", page).lower()
    assert "<dc:date>" not in page


def test_texts_of_the_caller_are_escaped(small) -> None:
    page = render_report(replace(small, title="<b>& loans", variable_labels={}), "en")
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp; loans" in page


def test_chinese_page_has_no_english_sentence_left(content) -> None:
    chinese = render_report(content, "zh-CN")
    english = {
        k: v for k, v in catalogue("en").items() if k.startswith("report.") and " " in v and "{" not in v
    }
    names = {"Hosmer-Lemeshow p", "Spiegelhalter p"}
    left = [key for key, value in english.items() if value in chinese and value not in names]
    assert left == []


def test_both_catalogues_have_the_same_keys_and_placeholders() -> None:
    english, chinese = (
        {key: sorted(set(re.findall(r"{(\w+)}", value))) for key, value in catalogue(name).items()}
        for name in ("en", "zh-CN")
    )
    mine = {key for key in english if key.startswith("report.")}
    assert mine == {key for key in chinese if key.startswith("report.")}
    assert [key for key in mine if english[key] != chinese[key]] == []


REPORTING = Path(credit_risk.reporting.__file__).parent


def test_every_text_of_the_catalogue_is_used(content) -> None:
    """A text nobody reads is removed."""
    from unittest.mock import patch

    from credit_risk.domain import texts

    asked: set[str] = set()
    real = texts.text

    def noted(key: str, language: str = "en", **values: object) -> str:
        asked.add(key)
        return real(key, language, **values)

    uses_texts = re.compile(r"domain\.texts import (\w+, )*text\n")
    modules = [
        ".".join(path.relative_to(REPORTING).with_suffix("").parts)
        for path in REPORTING.rglob("*.py")
        if uses_texts.search(path.read_text(encoding="utf-8"))
    ]
    patches = [patch(f"credit_risk.reporting.{name}.text", noted) for name in modules]
    for one in patches:
        one.start()
    try:
        render_report(content, "en")
    finally:
        for one in patches:
            one.stop()
    looked_up = re.compile(
        r"report\.(bin|label.by_time|lead.offers|lead.verdict|lead.one_period|sample|exclusion|evidence|supplier|profit|finding|summary\.(level|no_difference|better))"
    )
    # charts for notebooks are not part of the page: their keys stand in their modules
    written = "".join(path.read_text(encoding="utf-8") for path in REPORTING.glob("*_charts.py"))
    in_charts = {
        key for key in catalogue("en") if f'"{key}"' in written or f'"{key.rpartition(".")[2]}"' in written
    }
    unused = {key for key in catalogue("en") if key.startswith("report.")} - asked - in_charts
    assert sorted(key for key in unused if not looked_up.match(key)) == []


@pytest.mark.parametrize(
    ("mean_pd", "words"),
    [(0.17, "too low"), (0.19, "right"), (0.21, "right"), (0.23, "too high")],
)
def test_the_summary_judges_the_level_by_the_interval(small, mean_pd, words) -> None:
    level = {"mean_pd": mean_pd, "bad_rate": 0.20, "bad_rate_low": 0.18, "bad_rate_high": 0.22}
    models = tuple(replace(model, **level) for model in small.evaluation.models)
    page = render_report(replace(small, evaluation=replace(small.evaluation, models=models)), "en")
    assert page.count(f"PDs are {words} on the whole") == 1


def test_sections_without_data_are_left_out(content) -> None:
    bare = replace(
        content,
        exclusions=None,
        selection=None,
        explained=None,
        segments=None,
        stability=None,
        amounts_if_approved={},
        score=None,
        binning={},
        outcomes=None,
        offers=None,
        profit=None,
        reasons=None,
        fairness=None,
        evidence=(),
        digests={},
        versions={},
        artefacts={},
        bands=content.bands.drop(columns=["mean_limit_amount", "mean_annual_rate", "expected_profit_amount"]),
    )
    anchors = [section.anchor for section in report_sections(bare, "en")]
    assert anchors == [
        "assumptions",
        "sample",
        "discrimination",
        "calibration",
        "approvals",
        "cut-off",
        "offers",
    ]
    assert Page(render_report(bare, "en")).open == []


def test_further_sections_stand_before_the_record(small) -> None:
    extra = Section(anchor="stability", title="Stability", blocks=(Paragraph(text="Nothing moved."),))
    page = render_report(replace(small, extra_sections=(extra,)), "en")
    assert page.index('id="fairness"') < page.index('id="stability"') < page.index('id="record"')


@pytest.mark.parametrize(
    ("limits", "rates", "words"),
    [
        ([30, 20, 20], [0.1, 0.1, 0.2], "never rise and prices never fall (by 0.01% or more)"),
        ([30, 20, 21], [0.1, 0.1, 0.2], "some limits rise"),
        ([30, 20, 20], [0.1, 0.2, 0.19], "some prices fall"),
    ],
)
def test_the_order_of_offers_is_checked_not_claimed(small, limits, rates, words) -> None:
    offers = pandas.DataFrame({"pd": [0.01, 0.02, 0.03], "limit_amount": limits, "annual_rate": rates})
    page = render_report(replace(small, offers=offers), "en")
    assert words in page
    assert page.count("Checked over every approved customer") == 1


def test_bins_are_written_for_people_in_their_language(small) -> None:
    table = pandas.DataFrame(
        {
            "bin": ["(-inf, 30)", "[30, inf)", "Missing"],
            "n": [10, 10, 5],
            "n_bads": [5, 2, 1],
            "woe": [-1, 1, 0],
        }
    )
    page = render_report(replace(small, binning={"x": table}), "zh-CN")
    for written in ("&lt; 30", "≥ 30", "缺失"):
        assert f">{written}<" in page
    assert "inf)" not in page


def test_a_finding_below_the_line_is_marked(small) -> None:
    fairness = small.fairness.copy()
    fairness.loc[0, "finding"] = "ratio below 0.80: look closer"
    page = render_report(replace(small, fairness=fairness), "en")
    assert len(re.findall(r'<td class="text[^"]* alert', page)) == 1


def test_a_report_of_thirty_thousand_customers_is_below_eight_megabytes() -> None:
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    source = spec_from_file_location("sample_content", Path(__file__).with_name("conftest.py"))
    module = module_from_spec(source)
    source.loader.exec_module(module)
    assert len(render_report(module.made_up_content(30_000), "en").encode()) < 8_000_000


def test_unknown_language_is_refused(content) -> None:
    with pytest.raises(SpecificationError, match="CR-TXT-001.*'fr'"):
        render_report(content, "fr")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        (
            {"sample": pandas.DataFrame({"sample": ["a"]})},
            r"CR-RPT-001.*sample lacks the columns \['n', 'n_bads'\]",
        ),
        ({"binning": {"x": pandas.DataFrame({"bin": ["a"]})}}, r"CR-RPT-001.*binning\['x'\]"),
        ({"decision_model": "nobody"}, "CR-RPT-002.*'nobody'"),
        ({"predictions": {}}, "CR-RPT-002"),
        ({"is_bad": np.array([True])}, r"CR-RPT-003.*lengths \[1, 3000\]"),
        ({"score": np.array([1.0])}, "CR-RPT-003"),
    ],
)
def test_incomplete_content_is_refused(content, changes, match) -> None:
    with pytest.raises(SpecificationError, match=match):
        replace(content, **changes)

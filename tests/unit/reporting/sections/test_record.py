"""The model document on the page: what is missing stands first, with who supplies it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from credit_risk.reporting import ReportContent
from credit_risk.reporting.sections.record import record_sections
from credit_risk.reporting.sections.summary import summary_blocks


@pytest.mark.parametrize(("language", "words"), [("en", "Head of credit risk"), ("zh-CN", "信用风险负责人")])
def test_missing_evidence_is_listed_with_who_supplies_it(
    content: ReportContent, language: str, words: str
) -> None:
    document, record = record_sections(content, language)
    lead, table, filled = document.blocks
    assert "2" in lead.text
    assert table.rows[0][1].text == words
    assert len(table.rows) == 1
    assert len(filled.items[0].items) == 1
    assert record.anchor == "record"


def test_a_complete_document_has_nothing_missing(content: ReportContent) -> None:
    complete = replace(content, evidence=content.evidence[:1])
    document = record_sections(complete, "en")[0]
    assert [block.kind for block in document.blocks] == ["paragraph", "details"]
    assert not any("still missing" in line for line in summary_blocks(complete, "en")[1].items)


def test_the_summary_says_where_the_level_is_off(content: ReportContent) -> None:
    lines = summary_blocks(content, "en")[1].items
    assert sum("is off beyond chance in" in line for line in lines) == 1
    without = summary_blocks(replace(content, segments=None), "en")[1].items
    assert not any("is off beyond chance in" in line for line in without)


def test_the_summary_says_how_much_evidence_is_missing(content: ReportContent) -> None:
    last = summary_blocks(content, "en")[1].items[-1]
    assert last.startswith("Evidence still missing: 1 of the 2 items")

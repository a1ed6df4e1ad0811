"""The last section: what the report was made from, and where everything lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.domain.texts import text
from credit_risk.reporting.blocks import Block, Cell, Details, Section, Table
from credit_risk.reporting.sections.model import paragraph, section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_risk.reporting.content import ReportContent


def record_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the record: artefacts, digests, versions; left out when all are empty."""
    tables = (
        ("artefacts", content.artefacts),
        ("digests", content.digests),
        ("versions", content.versions),
    )
    blocks: list[Block] = []
    for key, pairs in tables:
        if pairs:
            table = _pairs_table(key, pairs, language)
            is_long = key == "versions"
            blocks.append(
                Details(summary=text(f"report.label.{key}", language), items=(table,)) if is_long else table
            )
    if not blocks:
        return ()
    return (section("record", language, paragraph("record", language), *blocks),)


def _pairs_table(key: str, pairs: Mapping[str, str], language: str) -> Table:
    return Table(
        headers=(text("report.column.what", language), text(f"report.label.{key}", language)),
        rows=tuple((Cell(text=name), Cell(text=value)) for name, value in pairs.items()),
        numeric=(False, False),
    )

"""The last section: what the report was made from, and where everything lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.domain.texts import text
from credit_risk.reporting.blocks import Block, Bullets, Cell, Details, Section, Table
from credit_risk.reporting.content import localized
from credit_risk.reporting.sections.model import paragraph, section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_risk.reporting.content import EvidenceItem, ReportContent


def record_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the model document and the record (artefacts, digests, versions); each is left out when empty."""
    document = (_document(content.evidence, language),) if content.evidence else ()
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
        return document
    return (*document, section("record", language, paragraph("record", language), *blocks))


def _document(evidence: Sequence[EvidenceItem], language: str) -> Section:
    """Return what is filled in one line, and what is missing with who supplies it."""
    missing = [item for item in evidence if not item.is_filled]
    filled = [localized(item.title, language) for item in evidence if item.is_filled]
    rows = tuple(
        (Cell(text=localized(item.title, language)), Cell(text=localized(item.supplied_by, language)))
        for item in missing
    )
    table = Table(
        headers=(text("report.column.missing", language), text("report.column.supplied_by", language)),
        rows=rows,
        numeric=(False, False),
    )
    lead = paragraph(
        "document", language, n_filled=str(len(filled)), n=str(len(evidence)), n_missing=str(len(missing))
    )
    summary = text("report.label.filled", language, n=str(len(filled)))
    blocks: list[Block] = [lead, table] if missing else [lead]
    return section(
        "document", language, *blocks, Details(summary=summary, items=(Bullets(items=tuple(filled)),))
    )


def _pairs_table(key: str, pairs: Mapping[str, str], language: str) -> Table:
    return Table(
        headers=(text("report.column.what", language), text(f"report.label.{key}", language)),
        rows=tuple((Cell(text=name), Cell(text=value)) for name, value in pairs.items()),
        numeric=(False, False),
    )

"""Turning the content into one HTML file that needs nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from credit_risk.domain.texts import text
from credit_risk.reporting.content import localized
from credit_risk.reporting.sections_explained import explained_sections
from credit_risk.reporting.sections_model import model_sections
from credit_risk.reporting.sections_portfolio import portfolio_sections
from credit_risk.reporting.sections_record import record_sections
from credit_risk.reporting.sections_sample import sample_sections
from credit_risk.reporting.summary import summary_blocks

if TYPE_CHECKING:
    from credit_risk.reporting.blocks import Section
    from credit_risk.reporting.content import ReportContent


def render_report(content: ReportContent, language: str = "en") -> str:
    """Return the report as one self-contained HTML page.

    It makes no network request, runs no script, reads well on a phone and prints. The same content gives the same
    bytes.

    Parameters
    ----------
    content : ReportContent
        Tables and arrays.
    language : {'en', 'zh-CN'}
        The reader's language.

    Raises
    ------
    SpecificationError
        Unknown language (``CR-TXT-001``).
    """
    sections = report_sections(content, language)
    page = _environment().get_template("report.html.jinja")
    return page.render(
        language=language,
        title=localized(content.title, language),
        subtitle=localized(content.subtitle, language),
        summary=summary_blocks(content, language),
        sections=sections,
        t=lambda key: text(f"report.{key}", language),
    )


def report_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the sections in the order a reader meets them."""
    return (
        *sample_sections(content, language),
        *model_sections(content, language),
        *explained_sections(content, language),
        *portfolio_sections(content, language),
        *content.extra_sections,
        *record_sections(content, language),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("credit_risk.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup  # our own charts, already escaped by matplotlib
    return environment

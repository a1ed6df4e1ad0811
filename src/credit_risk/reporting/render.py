"""Turning the content into one HTML file that needs nothing else."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from credit_risk.domain.texts import text
from credit_risk.reporting.content import localized
from credit_risk.reporting.sections.explained import explained_sections
from credit_risk.reporting.sections.holding import holding_sections
from credit_risk.reporting.sections.model import model_sections
from credit_risk.reporting.sections.portfolio import portfolio_sections
from credit_risk.reporting.sections.record import record_sections
from credit_risk.reporting.sections.sample import sample_sections
from credit_risk.reporting.sections.summary import summary_blocks

if TYPE_CHECKING:
    from credit_risk.reporting.blocks import Section
    from credit_risk.reporting.content import ReportContent


def render_report(content: ReportContent, language: str = "en") -> str:
    """Return the report as one self-contained HTML page.

    It makes no network request, reads well on a phone and prints; its one script (the cut-off explorer) is allowed by digest
    and the page is whole without it. The same content gives the same bytes.

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
    script = _explorer_script()
    page = _environment().get_template("report.html.jinja")
    return page.render(
        language=language,
        title=localized(content.title, language),
        subtitle=localized(content.subtitle, language),
        summary=summary_blocks(content, language),
        sections=sections,
        script=script,
        script_digest=content_digest(script),
        t=lambda key: text(f"report.{key}", language),
    )


def report_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the sections in the order a reader meets them."""
    return (
        *sample_sections(content, language),
        *model_sections(content, language),
        *holding_sections(content, language),
        *explained_sections(content, language),
        *portfolio_sections(content, language),
        *content.extra_sections,
        *record_sections(content, language),
    )


@cache
def _explorer_script() -> str:
    """Return the only script of the page; it moves a marker and shows texts that are already in the page."""
    folder = files("credit_risk.reporting").joinpath("templates")
    return folder.joinpath("explorer.js").read_text(encoding="utf-8")


def content_digest(script: str) -> str:
    """Return the digest by which a content security policy allows exactly this script.

    Examples
    --------
    >>> content_digest("")
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return "sha256-" + b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("credit_risk.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    environment.filters["svg"] = Markup  # our own charts, already escaped by matplotlib
    return environment

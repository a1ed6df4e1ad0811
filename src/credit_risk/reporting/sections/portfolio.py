"""Sections about the portfolio: approvals, limits and prices, expected profit, reasons, fairness."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from credit_risk.domain.texts import catalogue, text
from credit_risk.evaluation import fairness
from credit_risk.reporting import charts
from credit_risk.reporting.blocks import Block, Cell, Details, Figure, Grid, Section, Table
from credit_risk.reporting.content import localized
from credit_risk.reporting.formatting import (
    amount,
    decimal_short,
    p_value,
    percent,
    percent_fine,
    text_table,
    whole,
)
from credit_risk.reporting.sections.cut_off import cut_off_sections
from credit_risk.reporting.sections.model import chart, column, label_of, paragraph, section

if TYPE_CHECKING:
    import pandas

    from credit_risk.reporting.content import ReportContent

_TERMS = ("limit_amount", "annual_rate")
#: Effective rates come from instalments rounded to the cent: differences below 0.01 % are not a price.
_RATE_STEP = 1e-4
_FINDINGS = {
    fairness.BELOW_LINE: "below_line",
    fairness.NOT_BELOW_LINE: "not_below_line",
    fairness.INSUFFICIENT: "insufficient",
    fairness.REFERENCE: "reference",
    fairness.UNDEFINED: "undefined",
}


def portfolio_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the sections from approvals to fairness; those without data are left out."""
    sections = [
        _approvals(content, language),
        *cut_off_sections(content, language),
        _offers(content, language),
    ]
    if content.profit is not None:
        sections.append(_profit(content, content.profit, language))
    if content.reasons is not None:
        sections.append(_reasons(content.reasons, language))
    if content.fairness is not None:
        sections.append(_fairness(content, content.fairness, language))
    return tuple(sections)


def _approvals(content: ReportContent, language: str) -> Section:
    approvals = partial(charts.plot_approvals, bands=content.bands, language=language)
    columns = [
        column("band", language),
        column("n", language, whole),
        column("bad_rate", language, percent),
        column("mean_pd", language, percent),
        column("n_approved", language, whole),
        column("approval_rate", language, percent),
        column("bad_rate_approved", language, percent),
    ]
    beside: list[Block] = [chart("approvals", approvals, language)]
    if content.outcomes is not None:
        beside.append(_outcomes(content.outcomes, language))
    blocks: list[Block] = [
        paragraph("approvals", language),
        Grid(items=tuple(beside)),
        text_table(content.bands, columns, bars=("approval_rate",)),
    ]
    return section("approvals", language, *blocks)


def _outcomes(outcomes: pandas.DataFrame, language: str) -> Table:
    words = catalogue(language)
    table = outcomes.assign(
        outcome=[words.get(f"decision.outcome.{name}", str(name)) for name in outcomes["outcome"]],
        share=outcomes["n"] / outcomes["n"].sum(),
    )
    columns = [column("outcome", language), column("n", language, whole), column("share", language, percent)]
    return text_table(table, columns, bars=("share",))


def _offers(content: ReportContent, language: str) -> Section:
    figures: list[Figure] = []
    for term in _TERMS:
        if f"mean_{term}" in content.bands.columns:
            plot = partial(
                charts.plot_by_band,
                bands=content.bands,
                column=f"mean_{term}",
                is_share=term == "annual_rate",
                language=language,
            )
            figures.append(chart(f"mean-{term.replace('_', '-')}", plot, language, currency=content.currency))
    for term in _TERMS:
        if content.offers is not None and len(content.offers):
            plot = partial(
                charts.plot_offers,
                offers=content.offers,
                column=term,
                is_share=term == "annual_rate",
                language=language,
            )
            figures.append(
                chart(f"{term.replace('_', '-')}-by-pd", plot, language, currency=content.currency)
            )
    columns = [
        column("band", language),
        column("n_approved", language, whole),
        column("mean_limit_amount", language, partial(amount, currency=content.currency)),
        column("mean_annual_rate", language, percent_fine),
        column("expected_profit_amount", language, partial(amount, currency=content.currency)),
    ]
    blocks: list[Block] = [paragraph(_offers_key(content.offers), language), Grid(items=tuple(figures))]
    if content.offers is not None and len(content.offers):
        blocks.append(_spread(content.offers, content.currency, language))
    return section("offers", language, *blocks, text_table(content.bands, columns))


def _offers_key(offers: pandas.DataFrame | None) -> str:
    """Return which sentence is true: terms follow PD in order, or they do not, or nothing is known."""
    if offers is None or offers.empty:
        return "offers"
    by_pd = offers.groupby("pd", sort=True).agg(
        largest=("limit_amount", "max"),
        smallest=("limit_amount", "min"),
        dearest=("annual_rate", "max"),
        cheapest=("annual_rate", "min"),
    )
    limits_rise = by_pd["largest"].to_numpy()[1:] > by_pd["smallest"].to_numpy()[:-1]
    prices_fall = by_pd["cheapest"].to_numpy()[1:] < by_pd["dearest"].to_numpy()[:-1] - _RATE_STEP
    return "offers_out_of_order" if (limits_rise | prices_fall).any() else "offers_in_order"


def _spread(offers: pandas.DataFrame, currency: str, language: str) -> Table:
    """Return smallest, middle and largest limit and rate, and how many distinct ones occur."""
    rows = []
    for term, write, step in (
        ("limit_amount", partial(amount, currency=currency), 0.01),
        ("annual_rate", percent_fine, _RATE_STEP),
    ):
        values = offers[term]
        rows.append(
            (
                Cell(text=text(f"report.column.{term}", language)),
                *(Cell(text=write(value)) for value in (values.min(), values.median(), values.max())),
                Cell(text=whole((values / step).round().nunique())),
            )
        )
    keys = ("term", "smallest", "median", "largest", "n_distinct")
    return Table(
        headers=tuple(text(f"report.column.{key}", language) for key in keys),
        rows=tuple(rows),
        numeric=(False, True, True, True, True),
    )


def _profit(content: ReportContent, profit: pandas.DataFrame, language: str) -> Section:
    words = catalogue(language)
    labels = [words.get(f"report.profit.{name}", str(name)) for name in profit["component"]]
    amounts = dict(zip(labels, profit["amount"].astype(float), strict=True))
    total = text("report.profit.total", language)
    items: list[Block] = [
        chart(
            "profit",
            partial(charts.plot_profit, amounts=amounts, total_label=total, currency=content.currency),
            language,
            size=(4.7, 1.0 + 0.33 * len(amounts)),
        )
    ]
    rows = [
        (Cell(text=name), Cell(text=amount(value, content.currency)))
        for name, value in {**amounts, total: sum(amounts.values())}.items()
    ]
    table = Table(
        headers=(text("report.column.component", language), text("report.column.amount", language)),
        rows=tuple(rows),
        numeric=(False, True),
    )
    items.append(table)
    if "expected_profit_amount" in content.bands.columns:
        plot = partial(
            charts.plot_by_band,
            bands=content.bands,
            column="expected_profit_amount",
            is_share=False,
            language=language,
        )
        items.append(chart("profit-by-band", plot, language, currency=content.currency))
    return section("profit", language, paragraph("profit", language), Grid(items=tuple(items)))


def _reasons(reasons: pandas.DataFrame, language: str) -> Section:
    table = reasons
    words = table["text"] if "text" in table.columns else table["code"]
    largest = max(int(table["n"].max()), 1)
    rows = tuple(
        (
            Cell(text=localized(words, language), note=str(code)),
            Cell(text=whole(n), bar=float(n) / largest),
        )
        for words, code, n in zip(words, table["code"], table["n"], strict=True)
    )
    headers = (text("report.column.text", language), text("report.column.n_given", language))
    listing = Table(headers=headers, rows=rows, numeric=(False, True))
    return section("reasons", language, paragraph("reasons", language), listing)


def _fairness(content: ReportContent, groups: pandas.DataFrame, language: str) -> Section:
    table = groups.copy()
    table["group"] = [
        _group_name(content, str(attribute), str(group), language)
        for attribute, group in zip(groups["attribute"], groups["group"], strict=True)
    ]
    main = [
        column("group", language),
        column("approval_rate", language, percent),
        column("adverse_impact_ratio", language, decimal_short),
        column("p_value", language, p_value),
        column("n", language, whole),
    ]
    risk = [
        column("group", language),
        column("mean_pd", language, percent),
        column("bad_rate", language, percent),
        column("bad_rate_low", language, percent),
        column("bad_rate_high", language, percent),
    ]
    terms = [
        column("group", language),
        column("n_approved", language, whole),
        column("mean_limit_amount", language, partial(amount, currency=content.currency)),
        column("smd_limit_amount", language, decimal_short),
        column("mean_annual_rate", language, percent_fine),
        column("smd_annual_rate", language, decimal_short),
    ]
    return section(
        "fairness",
        language,
        paragraph("fairness", language),
        _with_findings(text_table(table, main, bars=("approval_rate",)), groups, language),
        Details(summary=text("report.label.fairness_risk", language), items=(text_table(table, risk),)),
        Details(summary=text("report.label.fairness_terms", language), items=(text_table(table, terms),)),
    )


def _group_name(content: ReportContent, attribute: str, group: str, language: str) -> str:
    """Return attribute and group in the reader's words."""
    labels = content.attribute_labels
    key = f"{attribute}={group}"
    written = label_of(labels, key, language) if key in labels else group
    return text(
        "report.label.group", language, attribute=label_of(labels, attribute, language), group=written
    )


def _finding(finding: str, language: str) -> str:
    key = _FINDINGS.get(finding)
    return text(f"report.finding.{key}", language) if key else finding


def _with_findings(table: Table, groups: pandas.DataFrame, language: str) -> Table:
    """Say below each group what was found, and mark what a person should look at."""
    rows = tuple(
        (
            Cell(
                text=row[0].text,
                note=_finding(str(finding), language),
                is_alert=finding == fairness.BELOW_LINE,
            ),
            *row[1:],
        )
        for row, finding in zip(table.rows, groups["finding"], strict=True)
    )
    return Table(headers=table.headers, rows=rows, numeric=table.numeric, caption=table.caption)

"""Does it hold? By segment and score band, between development and holdout, and from period to period."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.texts import text
from credit_risk.reporting import charts_evidence
from credit_risk.reporting.blocks import Block, Cell, Details, Grid, Heading, Paragraph, Section, Stack, Table
from credit_risk.reporting.formatting import (
    decimal,
    decimal_fine,
    decimal_short,
    interval_cell,
    percent,
    percent_fine,
    text_table,
    whole,
)
from credit_risk.reporting.sections.model import chart, column, label_of, paragraph, section

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas

    from credit_risk.reporting.content import ReportContent


def holding_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return segments and stability; each is left out without data."""
    sections = []
    if content.segments is not None:
        sections.append(_segments(content, content.segments, language))
    if content.stability is not None:
        sections.append(_stability(content, content.stability, language))
    return tuple(sections)


def _segments(content: ReportContent, table: pandas.DataFrame, language: str) -> Section:
    figures, tables = [], []
    for name in dict.fromkeys(table["segment"]):
        part = _named_groups(content, table[table["segment"] == name], language)
        title = label_of(content.segment_labels, str(name), language)
        plot = partial(charts_evidence.plot_segments, table=part, language=language)
        figures.append(
            chart(
                f"segment--{str(name).replace('_', '-')}",
                plot,
                language,
                size=(4.7, 1.0 + 0.42 * part["group"].nunique()),
                segment=title,
            )
        )
        summary = text("report.label.segment_table", language, segment=title)
        tables.append(Details(summary=summary, items=(_segment_table(part, language),)))
    return section(
        "segments",
        language,
        paragraph("segments", language),
        Paragraph(text=marked_groups(table, content.decision_model, language)),
        Grid(items=tuple(figures)),
        *tables,
        Heading(text=text("report.label.by_score_band", language, model=content.decision_model)),
        _bands(content.bands, language),
    )


def marked_groups(table: pandas.DataFrame, model: str, language: str) -> str:
    """Say in how many groups the deciding model's level is off beyond chance."""
    judged = table[(table["model"] == model) & table["shift"].notna()]
    n_marked = int(((judged["shift_low"] > 0) | (judged["shift_high"] < 0)).sum())
    return text(
        "report.lead.segments_marked", language, model=model, n_marked=whole(n_marked), n=whole(len(judged))
    )


def _named_groups(content: ReportContent, part: pandas.DataFrame, language: str) -> pandas.DataFrame:
    names = [
        label_of(content.segment_labels, f"{segment}={group}", language)
        if f"{segment}={group}" in content.segment_labels
        else str(group)
        for segment, group in zip(part["segment"], part["group"], strict=True)
    ]
    return part.assign(group=names)


def _cells_of_group(row: pandas.Series) -> tuple[Cell, ...]:
    """Return what a segment and a period have in common: who, how many, how well ranked, how true the PDs."""
    return (
        Cell(text=str(row["group"]), note=str(row["model"])),
        Cell(text=whole(row["n"])),
        interval_cell(decimal, *_interval(row, "auc")),
        interval_cell(percent, *_interval(row, "bad_rate")),
        Cell(text=percent(row["mean_pd"])),
        _shift_cell(row, "shift"),
    )


def _segment_table(part: pandas.DataFrame, language: str) -> Table:
    rows = tuple(_cells_of_group(row) for _, row in part.iterrows())
    keys = ("group", "n", "auc", "bad_rate", "mean_pd", "shift")
    return _table(keys, rows, language)


def _bands(bands: pandas.DataFrame, language: str) -> Table:
    """Return mean PD beside the bad rate by score band; a mean PD outside the interval is marked."""
    rows = tuple(
        (
            Cell(text=str(row["band"])),
            Cell(text=whole(row["n"])),
            interval_cell(percent, *_interval(row, "bad_rate")),
            Cell(
                text=percent(row["mean_pd"]),
                is_alert=not row["bad_rate_low"] <= row["mean_pd"] <= row["bad_rate_high"],
            ),
        )
        for _, row in bands.iterrows()
    )
    return _table(("band", "n", "bad_rate", "mean_pd"), rows, language)


def _stability(content: ReportContent, table: pandas.DataFrame, language: str) -> Section:
    scores = content.score_stability
    blocks: list[Block] = [paragraph("stability", language)]
    if scores is not None:
        index = float(scores["psi"].sum())
        plot = partial(charts_evidence.plot_shares, table=scores, language=language)
        blocks.append(
            Grid(
                items=(
                    chart("score-stability", plot, language, psi=decimal_fine(index)),
                    Stack(items=(Paragraph(text=_verdict(index, table, language)),)),
                )
            )
        )
    blocks.append(_variables(content, table, language))
    blocks.append(Heading(text=text("report.label.over_time", language)))
    if content.periods is None:
        blocks.append(paragraph("one_period", language))
    else:
        blocks += _periods(content.periods, language)
    return section("stability", language, *blocks)


def _verdict(index: float, table: pandas.DataFrame, language: str) -> str:
    """Say how far the score and the least stable variable moved, in words of common usage."""
    worst = float(table["psi"].max())
    largest = max(index, worst)
    key = "stable" if largest < 0.10 else "moved" if largest < 0.25 else "much_moved"
    return text(f"report.lead.verdict_{key}", language, score=decimal_fine(index), worst=decimal_fine(worst))


def _variables(content: ReportContent, table: pandas.DataFrame, language: str) -> Block:
    shown = table.sort_values("psi", ascending=False, kind="stable").assign(
        variable=[
            label_of(content.variable_labels, str(name), language)
            for name in table.sort_values("psi", ascending=False, kind="stable")["name"]
        ]
    )
    columns = [
        column("variable", language),
        column("psi", language, decimal_fine),
        column("psi_by_chance", language, decimal_fine),
        column("points", language, decimal_short),
        column("missing_before", language, percent),
        column("missing_now", language, percent),
    ]
    return Details(
        summary=text("report.label.variable_stability", language, n=whole(len(table))),
        items=(text_table(shown, columns),),
    )


def _periods(table: pandas.DataFrame, language: str) -> list[Block]:
    plot = partial(charts_evidence.plot_periods, table=table, language=language)
    rows = tuple(
        (
            *_cells_of_group(row),
            Cell(text=percent_fine(row["mean_pd_recalibrated"])),
            _shift_cell(row, "shift_recalibrated"),
        )
        for _, row in table.iterrows()
    )
    keys = (
        "period",
        "n",
        "auc",
        "bad_rate",
        "mean_pd",
        "shift",
        "mean_pd_recalibrated",
        "shift_recalibrated",
    )
    return [
        paragraph("periods", language),
        Grid(items=(chart("periods", plot, language),)),
        _table(keys, rows, language),
    ]


def _shift_cell(row: pandas.Series, name: str) -> Cell:
    """Return a shift with its interval, marked where the interval leaves 0 out."""
    estimate, low, high = _interval(row, name)
    cell = interval_cell(decimal_short, estimate, low, high)
    return Cell(text=cell.text, note=cell.note, is_alert=bool(np.isfinite(estimate) and not low <= 0 <= high))


def _interval(row: pandas.Series, name: str) -> tuple[float, float, float]:
    return float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"])


def _table(keys: Sequence[str], rows: tuple[tuple[Cell, ...], ...], language: str) -> Table:
    headers = tuple(text(f"report.column.{key}", language) for key in keys)
    return Table(headers=headers, rows=rows, numeric=(False, *(True for _ in keys[1:])))

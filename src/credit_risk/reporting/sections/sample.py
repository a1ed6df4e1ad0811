"""Sections before any model: what is assumed, who was counted, and which variables were chosen for the card."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from credit_risk.domain.texts import catalogue, text
from credit_risk.evaluation.intervals import bad_rate_interval
from credit_risk.reporting import charts_evidence
from credit_risk.reporting.blocks import Block, Bullets, Cell, Details, Grid, Section, Table
from credit_risk.reporting.figures import STANDARD
from credit_risk.reporting.formatting import decimal, interval_cell, percent, whole
from credit_risk.reporting.sections.model import chart, label_of, named, paragraph, section, words_table
from credit_risk.scorecard.selection.result import STEPS
from credit_risk.scorecard.selection.wording import told_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas

    from credit_risk.reporting.content import ReportContent


def sample_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return assumptions, sample and selection; the last is left out where the card does not record it."""
    sections = [_assumptions(content, language), _sample(content, language)]
    if content.selection is not None:
        sections.append(_selection(content, content.selection, language))
    return tuple(sections)


def _assumptions(content: ReportContent, language: str) -> Section:
    items = content.assumptions.get(language) or content.assumptions.get("en") or ()
    return section("assumptions", language, Bullets(items=tuple(items), is_notice=True))


def _sample(content: ReportContent, language: str) -> Section:
    items: list[Block] = [_parts(content.sample, language)]
    if content.exclusions is not None:
        steps = sample_steps(content.sample, content.exclusions, language)
        plot = partial(charts_evidence.plot_flow, steps=steps)
        split_by = text(f"report.label.by_{content.split_by}", language)
        size = _flow_size(steps)
        items.insert(0, chart("sample-flow", plot, language, size=size, split_by=split_by))
    return section("sample", language, paragraph("sample", language), Grid(items=tuple(items)))


def _parts(table: pandas.DataFrame, language: str) -> Table:
    low, high = bad_rate_interval(table["n_bads"], table["n"])
    keys = ("sample", "n", "n_bads", "bad_rate")
    rows = tuple(
        (
            Cell(text=named("sample", str(name), language)),
            Cell(text=whole(n)),
            Cell(text=whole(n_bads)),
            interval_cell(percent, n_bads / n, low[i], high[i]),
        )
        for i, (name, n, n_bads) in enumerate(zip(table["sample"], table["n"], table["n_bads"], strict=True))
    )
    return words_table(keys, rows, language)


def sample_steps(
    sample: pandas.DataFrame, exclusions: pandas.DataFrame, language: str
) -> list[tuple[str, float, float, str]]:
    """Return the waterfall from all applications, less each exclusion, to the parts of the sample.

    Examples
    --------
    >>> import pandas
    >>> sample = pandas.DataFrame({"sample": ["development", "holdout"], "n": [6, 3]})
    >>> excluded = pandas.DataFrame({"reason": ["outcome undetermined"], "n": [1]})
    >>> [(start, end, kind) for _, start, end, kind in sample_steps(sample, excluded, "en")]
    [(0, 10, 'all'), (10, 9, 'out'), (0, 9, 'left'), (0, 6, 'part'), (6, 9, 'part')]
    """
    n_kept = int(sample["n"].sum())
    remaining = n_kept + int(exclusions["n"].sum())
    steps: list[tuple[str, float, float, str]] = [
        (text("report.label.applications", language), 0, remaining, "all")
    ]
    for reason, n in zip(exclusions["reason"], exclusions["n"].astype(int), strict=True):
        label = named("exclusion", str(reason).replace(" ", "_"), language, str(reason))
        steps.append((label, remaining, remaining - n, "out"))
        remaining -= n
    steps.append((text("report.label.in_sample", language), 0, n_kept, "left"))
    start = 0
    for name, n in zip(sample["sample"], sample["n"].astype(int), strict=True):
        steps.append((named("sample", str(name), language), start, start + n, "part"))
        start += n
    return steps


def selection_steps(selection: pandas.DataFrame, language: str) -> list[tuple[str, float, float, str]]:
    """Return the waterfall from all candidate variables, less those each gate removed, to the card.

    Examples
    --------
    >>> import pandas
    >>> table = pandas.DataFrame({"is_kept": [True, False, False], "step": ["kept", "correlation", "correlation"]})
    >>> [(start, end, kind) for _, start, end, kind in selection_steps(table, "en")]
    [(0, 3, 'all'), (3, 1, 'out'), (0, 1, 'kept')]
    """
    removed = selection.loc[~selection["is_kept"].astype(bool), "step"].astype(str)
    remaining = len(selection)
    steps: list[tuple[str, float, float, str]] = [
        (text("report.label.candidates", language), 0, remaining, "all")
    ]
    for gate in dict.fromkeys([*(gate for gate in STEPS if gate in set(removed)), *removed]):
        n = int((removed == gate).sum())
        steps.append((_step_name(gate, language), remaining, remaining - n, "out"))
        remaining -= n
    return [*steps, (text("report.label.on_the_card", language), 0, remaining, "kept")]


def _step_name(step: str, language: str) -> str:
    """Return the words for a gate of the selection, or its code where there are none."""
    return catalogue(language).get(f"scorecard.selection.{step}", step)


def _selection(content: ReportContent, selection: pandas.DataFrame, language: str) -> Section:
    steps = selection_steps(selection, language)
    plot = partial(charts_evidence.plot_flow, steps=steps)
    figure = chart("selection", plot, language, size=_flow_size(steps))
    kept = selection[selection["is_kept"].astype(bool)].sort_values("information_value", ascending=False)
    left_out = selection[~selection["is_kept"].astype(bool)].sort_values("information_value", ascending=False)
    tables = (
        Details(
            summary=text(f"report.label.{key}", language, n=whole(len(table))),
            items=(_variables_table(content, table, language),),
        )
        for key, table in (("kept_table", kept), ("left_out_table", left_out))
    )
    return section("selection", language, paragraph("selection", language), Grid(items=(figure,)), *tables)


def _variables_table(content: ReportContent, table: pandas.DataFrame, language: str) -> Table:
    """Return one row per variable: what it is, how informative, what became of it and why."""
    labels = {name: label_of(content.variable_labels, name, language) for name in content.variable_labels}
    rows = tuple(
        (
            Cell(text=label_of(content.variable_labels, str(name), language)),
            Cell(text=decimal(value)),
            Cell(text=_step_name(str(step), language), note=told_in(str(reason), language, labels)),
        )
        for name, value, step, reason in zip(
            *(table[column] for column in ("name", "information_value", "step", "reason")), strict=True
        )
    )
    keys = ("variable", "iv", "step")
    headers = tuple(text(f"report.column.{key}", language) for key in keys)
    return Table(headers=headers, rows=rows, numeric=(False, True, False))


def _flow_size(steps: Sequence[object]) -> tuple[float, float]:
    return (STANDARD[0], 0.6 + 0.3 * len(steps))

"""Sections about the models: discrimination, calibration, scores, variables."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.texts import catalogue, text
from credit_risk.evaluation.discrimination import roc_curve
from credit_risk.evaluation.intervals import bad_rate_interval
from credit_risk.evaluation.reliability import calibration_table
from credit_risk.reporting import charts
from credit_risk.reporting.blocks import (
    Block,
    Cell,
    Details,
    Figure,
    Grid,
    Paragraph,
    Section,
    Stack,
    Table,
)
from credit_risk.reporting.content import localized
from credit_risk.reporting.figures import STANDARD, draw
from credit_risk.reporting.formatting import (
    decimal,
    decimal_fine,
    decimal_short,
    interval_cell,
    p_value,
    percent,
    percent_fine,
    text_table,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import SupportsFloat

    import pandas
    from numpy.typing import NDArray

    from credit_risk.reporting.content import LocalText, ReportContent

#: Model, figure and how it is written, in the order of the tables.
_DISCRIMINATION = (("auc", decimal_fine), ("gini", decimal_fine), ("ks", decimal_fine))
_CALIBRATION = (
    ("bad_rate", percent),
    ("calibration_intercept", decimal),
    ("calibration_slope", decimal),
    ("brier", decimal_fine),
    ("log_loss", decimal_fine),
)


def model_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the sections from discrimination to variables; those without data are left out."""
    sections = [
        _discrimination(content, language),
        _calibration(content, language),
    ]
    if content.score is not None:
        sections.append(_scores(content, content.score, language))
    if content.binning:
        sections.append(_variables(content, language))
    return tuple(sections)


def section(anchor: str, language: str, *blocks: Block) -> Section:
    """Return a section whose title stands in the catalogue under its anchor."""
    key = anchor.replace("-", "_")
    return Section(anchor=anchor, title=text(f"report.section.{key}", language), blocks=blocks)


def paragraph(key: str, language: str, **facts: object) -> Paragraph:
    """Return a paragraph of the catalogue."""
    return Paragraph(text=text(f"report.lead.{key}", language, **facts))


def column(
    name: str, language: str, write: Callable[[SupportsFloat], str] | None = None
) -> tuple[str, str, Callable[[SupportsFloat], str] | None]:
    """Return a table column whose header stands in the catalogue under its name."""
    return name, text(f"report.column.{name}", language), write


def chart(
    name: str,
    plot: Callable[..., object],
    language: str,
    *,
    size: tuple[float, float] = STANDARD,
    **facts: object,
) -> Figure:
    """Draw a chart whose title and caption stand in the catalogue under the first part of its name."""
    key = name.split("--", maxsplit=1)[0].replace("-", "_")
    return draw(
        name,
        plot,  # type: ignore[arg-type]
        title=text(f"report.figure.{key}", language, **facts),
        caption=text(f"report.figure.{key}_caption", language, **facts),
        size=size,
    )


def _discrimination(content: ReportContent, language: str) -> Section:
    curves = {name: roc_curve(pd, content.is_bad) for name, pd in content.predictions.items()}
    figures = [chart("roc", partial(charts.plot_roc, curves=curves, language=language), language)]
    for i, (name, pd) in enumerate(content.predictions.items()):
        plot = partial(charts.plot_ks, pd=pd, is_bad=content.is_bad, language=language)
        figures.append(chart(f"ks--{i}", plot, language, model=name))
    tables: list[Block] = [_models_table(content, _DISCRIMINATION, language)]
    if content.evaluation.comparisons:
        tables.append(_comparison(content, language))
    level = f"{100.0 * content.evaluation.confidence_level:.4g}%"
    return section(
        "discrimination",
        language,
        paragraph("discrimination", language, level=level),
        Grid(items=(figures[0], Stack(items=tuple(tables)), *figures[1:])),
    )


def _models_table(
    content: ReportContent,
    figures: tuple[tuple[str, Callable[[SupportsFloat], str]], ...],
    language: str,
    extra: tuple[tuple[str, Callable[[SupportsFloat], str]], ...] = (),
) -> Table:
    """Return one row per figure and one column per model; every figure of `figures` with its interval."""
    models = content.evaluation.models
    rows = []
    for key, write in figures:
        cells = [
            interval_cell(write, *(getattr(model, f"{key}{end}") for end in ("", "_low", "_high")))
            for model in models
        ]
        rows.append((Cell(text=text(f"report.column.{key}", language)), *cells))
    for key, write in extra:
        cells = [Cell(text=write(getattr(model, key))) for model in models]
        rows.append((Cell(text=text(f"report.column.{key}", language)), *cells))
    names = [
        text("report.label.decides", language, model=model.name)
        if model.name == content.decision_model
        else model.name
        for model in models
    ]
    return Table(
        headers=(text("report.column.figure", language), *names),
        rows=tuple(rows),
        numeric=(False, *(True for _ in names)),
    )


def _comparison(content: ReportContent, language: str) -> Block:
    rows = []
    for pair in content.evaluation.comparisons:
        auc = (pair.auc_difference, pair.auc_difference_low, pair.auc_difference_high)
        ks = (pair.ks_difference, pair.ks_difference_low, pair.ks_difference_high)
        rows.append(
            (
                Cell(text=f"{pair.model_a} − {pair.model_b}"),
                interval_cell(decimal_fine, *auc),
                Cell(text=p_value(pair.p_value), note=f"z = {decimal_short(pair.z)}"),
                interval_cell(decimal_fine, *ks),
            )
        )
    keys = ("models", "auc_difference", "p_value", "ks_difference")
    note = text("report.lead.comparison", language, n=whole(content.evaluation.n_bootstrap))
    return Stack(items=(words_table(keys, tuple(rows), language), Paragraph(text=note, is_note=True)))


def words_table(keys: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...], language: str) -> Table:
    """Return a table whose first column is words and whose others are numbers."""
    return Table(
        headers=tuple(text(f"report.column.{key}", language) for key in keys),
        rows=rows,
        numeric=(False, *(True for _ in keys[1:])),
    )


def _calibration(content: ReportContent, language: str) -> Section:
    tables = {name: calibration_table(pd, content.is_bad) for name, pd in content.predictions.items()}
    plot = partial(charts.plot_reliability, tables=tables, language=language)
    extra = (("hosmer_lemeshow_p", p_value), ("spiegelhalter_p", p_value))
    groups = [
        Details(
            summary=text("report.label.pd_groups", language, model=name),
            items=(_groups_table(table, language),),
        )
        for name, table in tables.items()
    ]
    return section(
        "calibration",
        language,
        paragraph("calibration", language),
        Grid(
            items=(
                chart("reliability", plot, language),
                Stack(
                    items=(
                        _models_table(content, _CALIBRATION, language, (("mean_pd", percent), *extra)),
                        Paragraph(text=text("report.lead.calibration_tests", language), is_note=True),
                    )
                ),
            )
        ),
        *groups,
    )


def _groups_table(table: pandas.DataFrame, language: str) -> Table:
    columns = [
        column("pd_low", language, percent_fine),
        column("pd_high", language, percent_fine),
        column("n", language, whole),
        column("n_bads", language, whole),
        column("mean_pd", language, percent_fine),
        column("bad_rate", language, percent_fine),
        column("bad_rate_low", language, percent_fine),
        column("bad_rate_high", language, percent_fine),
        column("jeffreys_p", language, p_value),
    ]
    return text_table(table, columns)


def _scores(content: ReportContent, score: NDArray[np.float64], language: str) -> Section:
    plot = partial(charts.plot_score_distribution, score=score, is_bad=content.is_bad, language=language)
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    members = {"goods": score[~content.is_bad], "bads": score[content.is_bad], "all": score}
    rows = tuple(
        (
            Cell(text=text(f"report.label.{key}", language)),
            *(Cell(text=whole(value)) for value in np.quantile(values, shares)),
        )
        for key, values in members.items()
    )
    quantiles = Table(
        headers=(
            text("report.column.customers", language),
            *(f"{100.0 * share:.4g}%" for share in shares),
        ),
        rows=rows,
        numeric=(False, *(True for _ in shares)),
        caption=text("report.label.score_quantiles", language),
    )
    return section(
        "scores",
        language,
        paragraph("scores", language, model=content.decision_model),
        Grid(items=(chart("scores", plot, language), quantiles)),
    )


def _variables(content: ReportContent, language: str) -> Section:
    cards = []
    for i, (variable, table) in enumerate(content.binning.items()):
        label = label_of(content.variable_labels, variable, language)
        cards.append(_variable(f"binning--{i}", (variable, label), table, language))
    return section("variables", language, paragraph("variables", language), Grid(items=tuple(cards)))


def _variable(name: str, variable: tuple[str, str], table: pandas.DataFrame, language: str) -> Block:
    """Return one variable: its chart, and its table on request."""
    low, high = bad_rate_interval(table["n_bads"], table["n"])
    full = table.assign(
        bin=[_bin_label(str(label), language) for label in table["bin"]],
        share=table["n"] / table["n"].sum(),
        bad_rate=(table["n_bads"] / table["n"]).fillna(0.0),
        bad_rate_low=np.where(table["n"] > 0, low, 0.0),
        bad_rate_high=np.where(table["n"] > 0, high, 0.0),
    )
    full = full[full["n"] > 0]
    height = 0.95 + 0.26 * len(full)
    plot = partial(charts.plot_binning, table=full, language=language)
    value = float(table["iv"].sum()) if "iv" in table.columns else float("nan")
    technical, label = variable
    key = "binning_caption_short" if technical in label else "binning_caption"
    figure = draw(
        name,
        plot,
        title=label,
        caption=text(f"report.figure.{key}", language, variable=technical, iv=decimal(value)),
        size=(STANDARD[0], height),
    )
    columns = [
        column("bin", language),
        column("n", language, whole),
        column("share", language, percent),
        column("n_bads", language, whole),
        column("bad_rate", language, percent),
        column("woe", language, decimal),
        column("iv", language, decimal),
    ]
    details = Details(summary=text("report.label.woe_table", language), items=(text_table(full, columns),))
    return Stack(items=(figure, details))


def label_of(labels: Mapping[str, LocalText], name: str, language: str) -> str:
    """Return the words for a name, or the name itself."""
    return localized(labels.get(name, name), language)


def _bin_label(label: str, language: str) -> str:
    """Write a bin for people: open ends as comparisons, missing values in the reader's language.

    Examples
    --------
    >>> _bin_label("(-inf, 30)", "en"), _bin_label("[30, inf)", "en"), _bin_label("[1, 2)", "en")
    ('< 30', '≥ 30', '[1, 2)')
    """
    low_open = re.fullmatch(r"[\[(]-inf, (.+)\)", label)
    high_open = re.fullmatch(r"\[(.+), inf\)", label)
    if low_open:
        return f"< {low_open[1]}"
    return f"≥ {high_open[1]}" if high_open else named("bin", label.lower(), language, label)


def named(kind: str, name: str, language: str, otherwise: str | None = None) -> str:
    """Return the catalogue's word for a known name, or the name itself."""
    return catalogue(language).get(f"report.{kind}.{name}", name if otherwise is None else otherwise)

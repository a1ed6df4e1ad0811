"""The booster explained: what each feature adds to a customer's log-odds, exactly, for holdout customers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.texts import text
from credit_risk.reporting import charts_evidence
from credit_risk.reporting.blocks import Cell, Figure, Grid, Heading, Section, Stack, Table
from credit_risk.reporting.figures import STANDARD, draw
from credit_risk.reporting.formatting import decimal, decimal_short, percent, whole
from credit_risk.reporting.sections.model import chart, label_of, paragraph, section

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.reporting.content import Explained, ReportContent

_N_FEATURES, _N_CURVES = 12, 6
#: Customers drawn per feature: more dots cannot be told apart, and the page stays small.
_N_DOTS = 300


def explained_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the section on the booster; left out without contributions."""
    explained = content.explained
    if explained is None:
        return ()
    order = np.argsort(-explained.strength, kind="stable")
    top = order[:_N_FEATURES]
    lead = paragraph(
        "explained",
        language,
        model=explained.model,
        n=whole(len(explained.contributions)),
        n_population=whole(explained.n_population),
        n_dots=whole(min(_N_DOTS, len(explained.contributions))),
        stability=decimal_short(explained.order_stability()),
    )
    return (
        section(
            "explained",
            language,
            lead,
            Grid(
                items=(
                    _swarm(content, explained, top, language),
                    _strengths(content, explained, top, language),
                )
            ),
            Stack(
                items=(
                    Heading(text=text("report.label.dependence", language)),
                    Grid(
                        items=tuple(
                            _dependence(content, explained, int(at), language) for at in top[:_N_CURVES]
                        )
                    ),
                )
            ),
        ),
    )


def _swarm(content: ReportContent, explained: Explained, top: NDArray[np.intp], language: str) -> Figure:
    plot = partial(
        charts_evidence.plot_contributions,
        contributions=explained.contributions[:_N_DOTS, top],
        values=explained.values[:_N_DOTS, top],
        labels=[label_of(content.variable_labels, explained.names[at], language) for at in top],
        language=language,
    )
    return chart("contributions", plot, language, size=(STANDARD[0], 0.7 + 0.44 * len(top)))


def _strengths(content: ReportContent, explained: Explained, top: NDArray[np.intp], language: str) -> Table:
    strength = explained.strength
    total, largest = float(strength.sum()) or 1.0, float(strength.max()) or 1.0
    rows = tuple(
        (
            Cell(text=label_of(content.variable_labels, explained.names[at], language)),
            Cell(text=decimal(strength[at]), bar=float(strength[at]) / largest),
            Cell(text=percent(strength[at] / total)),
        )
        for at in top
    )
    keys = ("variable", "contribution", "contribution_share")
    headers = tuple(text(f"report.column.{key}", language) for key in keys)
    return Table(headers=headers, rows=rows, numeric=(False, True, True))


def _dependence(content: ReportContent, explained: Explained, at: int, language: str) -> Figure:
    name = explained.names[at]
    label = label_of(content.variable_labels, name, language)
    key = "dependence_caption_short" if name in label else "dependence_caption"
    plot = partial(
        charts_evidence.plot_dependence,
        value=explained.values[:_N_DOTS, at],
        contribution=explained.contributions[:_N_DOTS, at],
        language=language,
    )
    return draw(
        f"dependence--{at}",
        plot,
        title=label,
        caption=text(f"report.figure.{key}", language, variable=name),
        size=(STANDARD[0], 2.6),
    )

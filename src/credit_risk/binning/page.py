"""How a fitted binning shows itself in a notebook: plain HTML tables, every text escaped; nothing is imported for it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_risk.binning.spec import BinningSpec, VariableBins


def html_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a small table; numbers stand right, every text is escaped.

    Examples
    --------
    >>> html_table("<b>", ["a"], [["<script>"], [0.25]]).count("&lt;")
    2
    """
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return (
        f"<table><caption style='text-align:left'>{escape(title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def variable_page(variable: VariableBins) -> str:
    """Return one variable's bins as HTML."""
    rows = []
    for at, label in enumerate(variable.labels()):
        weight = variable.n_goods[at] + variable.n_bads[at]
        rate = f"{variable.n_bads[at] / weight:.2%}" if weight > 0 else "–"
        rows.append((label, variable.n_rows[at], rate, f"{variable.woe[at]:+.4f}", variable.origins[at]))
    title = f"{variable.name}: {variable.trend}, information value {variable.information_value:.4f}"
    return html_table(title, ("bin", "rows", "bad rate", "WoE", "origin"), rows)


def binning_page(spec: BinningSpec) -> str:
    """Return a row per variable as HTML."""
    rows = [
        (v.name, v.kind, v.trend, v.n_regular, f"{v.information_value:.4f}", len(v.decisions))
        for v in spec.variables
    ]
    title = f"{len(rows)} variables, {spec.total_goods:g} goods, {spec.total_bads:g} bads"
    return html_table(title, ("variable", "kind", "trend", "bins", "information value", "decisions"), rows)


def _cell(value: object) -> str:
    side = (
        "left" if isinstance(value, str) and not value[:1].isdigit() and value[:1] not in "+-–" else "right"
    )
    return f"<td style='text-align:{side}'>{escape(str(value))}</td>"

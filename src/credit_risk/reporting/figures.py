"""Charts to SVG text: the same drawing gives the same bytes, on any machine, in either language.

Text stays text (searchable, sharp, small). It is measured with the font matplotlib ships, and shown in the reader's own
fonts; legends leave the drawing and become HTML, so that they wrap on a phone.
"""

from __future__ import annotations

import html
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from credit_risk.reporting.blocks import Figure, Frame, LegendEntry
from credit_risk.reporting.charts import GRID, INK, MUTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

#: Width and height in inches; small enough that text stays readable when the drawing fills a phone.
STANDARD = (4.7, 3.3)

_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "credit-risk",
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.linewidth": 0.7,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "lines.linewidth": 1.6,
    "axes.unicode_minus": True,
    "path.simplify": True,
}
_MARKERS = {"s": "square", "x": "cross"}
_STYLES = {"--": "dashed", "-.": "dashed", ":": "dotted", "-": "solid"}


def draw(
    name: str,
    plot: Callable[[Axes], Axes],
    *,
    title: str,
    caption: str = "",
    size: tuple[float, float] = STANDARD,
) -> Figure:
    """Draw one chart and return it as a block.

    Parameters
    ----------
    name : str
        Unique in the document; prefixes every id inside the drawing.
    plot : callable
        Draws on the axes it is given.
    title, caption : str
        What it shows, and what to see in it.
    size : tuple of float
        Inches.
    """
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        canvas = Canvas(figsize=size, layout="constrained")
        FigureCanvasSVG(canvas)
        ax = plot(canvas.add_subplot())
        legend = _legend(ax)
        stream = io.StringIO()
        canvas.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return Figure(
        svg=_embedded(stream.getvalue(), name, title),
        title=title,
        caption=caption,
        legend=legend,
        frame=_frame(ax, size),
    )


def _legend(ax: Axes) -> tuple[LegendEntry, ...]:
    """Return what a legend would say, over the axes and their twins."""
    entries = []
    for twin in ax.figure.axes:
        for handle, label in zip(*twin.get_legend_handles_labels(), strict=True):
            entries.append(LegendEntry(label=label, color=_color_of(handle), style=_style_of(handle)))
    return tuple(entries)


def _frame(ax: Axes, size: tuple[float, float]) -> Frame:
    """Return where the axes lie once everything is laid out; a drawing's unit is a point, 72 to the inch."""
    width, height = (72.0 * inches for inches in size)
    box = ax.get_position()
    (x_low, x_high), (y_low, y_high) = ax.get_xlim(), ax.get_ylim()
    edges = (box.x0 * width, (1.0 - box.y1) * height, box.width * width, box.height * height)
    left, top, wide, high = (round(float(edge), 2) for edge in edges)
    return Frame(
        left=left,
        top=top,
        width=wide,
        height=high,
        x_low=float(x_low),
        x_high=float(x_high),
        y_low=float(y_low),
        y_high=float(y_high),
    )


def _first(handle: Any) -> Any:
    """Return the artist that shows the color: containers of bars and of error bars are tuples."""
    return handle[0] if isinstance(handle, tuple) else handle


def _color_of(handle: Any) -> str:
    first = _first(handle)
    color = first.get_color() if hasattr(first, "get_color") else first.get_facecolor()
    return str(mpl.colors.to_hex(color))


def _style_of(handle: Any) -> str:
    first = _first(handle)
    if not isinstance(first, Line2D):
        return "block"
    if first.get_linestyle() in {"None", ""}:
        return _MARKERS.get(first.get_marker(), "dot")
    return _STYLES.get(first.get_linestyle(), "solid")


def _embedded(svg: str, name: str, title: str) -> str:
    """Make a stand-alone drawing part of a page: no prologue, own ids, no fonts, a spoken title."""
    body = svg[svg.index("<svg ") :]
    body = re.sub(r"<(metadata|style)\b.*?</\1>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = body.replace('xlink:href="#', f'xlink:href="#{name}-').replace("url(#", f"url(#{name}-")
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r"\bfont: ([\d.]+px)[^;\"]*", r"font-size: \1", body)
    body = re.sub(r"\n\s*", "\n", body)
    head, tail = body.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return head.replace("<svg", f'<svg role="img" aria-label="{html.escape(title)}"', 1) + ">" + tail

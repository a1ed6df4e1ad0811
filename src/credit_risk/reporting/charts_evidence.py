"""Charts of the evidence behind a model: who was counted, what drives it, what a cut-off does, whether it holds.

As in ``charts``: each function draws one table on the axes it is given and returns them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.reporting.charts import ACCENT, BAD, GOOD, INK, PALE, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

#: Color of a bar by what it stands for.
_FLOW_COLORS = {"all": ACCENT, "out": BAD, "left": ACCENT, "part": PALE, "kept": GOOD}


def plot_flow(ax: Axes, steps: Sequence[tuple[str, float, float, str]]) -> Axes:
    """Draw who entered and who left, top to bottom, each bar with its count.

    `steps` are (label, start, end, kind); kind is one of ``all``, ``out`` (left here), ``left`` (what remains), ``part`` (of
    what remains) and ``kept``.
    """
    highest = max((max(start, end) for _, start, end, _ in steps), default=1.0)
    for row, (_, start, end, kind) in enumerate(steps):
        left, width = min(start, end), abs(end - start)
        ax.barh(row, width, left=left, color=_FLOW_COLORS[kind], height=0.65)
        is_late = left + width > 0.82 * highest
        ax.text(
            left - 0.01 * highest if is_late and kind == "out" else left + width + 0.01 * highest,
            row,
            f"−{width:,.0f}" if kind == "out" else f"{width:,.0f}",
            ha="right" if is_late and kind == "out" else "left",
            va="center",
            color=INK,
        )
    ax.set_yticks(range(len(steps)), [label for label, _, _, _ in steps])
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.16 * highest))
    ax.xaxis.set_major_formatter(lambda value, _position: f"{value:,.0f}")
    ax.grid(visible=False, axis="y")
    return styled(ax)

"""The parts a document is made of: sections of paragraphs, lists, tiles, tables and figures. Text only, no layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text."""

    kind: ClassVar[str] = "paragraph"
    text: str
    is_note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list of sentences; `is_notice` makes it stand out."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]
    is_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One key figure: what it is, its value, and one line that says how sure or of what."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Key figures side by side."""

    kind: ClassVar[str] = "tiles"
    items: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One table cell: text, a small line below it, a bar (0..1) behind it; `is_alert` marks it for attention."""

    text: str
    note: str = ""
    bar: float | None = None
    is_alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headers; `numeric` columns are aligned right."""

    kind: ClassVar[str] = "table"
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[bool, ...]
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """One entry of a chart's legend, in CSS terms."""

    label: str
    color: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a chart's axes lie, in the drawing's own units, and what they span: so that a script can mark a point."""

    left: float
    top: float
    width: float
    height: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart as SVG text, with a caption that says what to see."""

    kind: ClassVar[str] = "figure"
    svg: str
    title: str
    caption: str = ""
    legend: tuple[LegendEntry, ...] = ()
    frame: Frame | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Blocks side by side where the page is wide enough."""

    kind: ClassVar[str] = "grid"
    items: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Blocks below one another that stay together."""

    kind: ClassVar[str] = "stack"
    items: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Blocks that open on request (and always in print)."""

    kind: ClassVar[str] = "details"
    summary: str
    items: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """A slider over the steps of a table, beside a chart on which the step is marked; hidden where no script runs.

    Attributes
    ----------
    name : str
        Unique in the document; letters and hyphens.
    figure : Figure
        The chart; shown in any case.
    slider, model, hint, back, forward : str
        Words of the controls.
    models : tuple of str
        What can be chosen.
    chosen_model, start, last : int
        What is shown first, and the number of the last step.
    labels : tuple of str
        What the values of a step are.
    data : mapping
        Plain JSON values: the axes of the chart, and per model its steps (texts in the order of `labels`), swaps and points.
    """

    kind: ClassVar[str] = "explorer"
    name: str
    figure: Figure
    slider: str
    model: str
    hint: str
    back: str
    forward: str
    models: tuple[str, ...]
    chosen_model: int
    start: int
    last: int
    labels: tuple[str, ...]
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"
    text: str


Block: TypeAlias = Paragraph | Bullets | Tiles | Table | Figure | Explorer | Grid | Stack | Details | Heading


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered part of the document with an anchor.

    Attributes
    ----------
    anchor : str
        Unique, letters and hyphens.
    title : str
        In the reader's language.
    blocks : tuple of Block
        From top to bottom.
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...]

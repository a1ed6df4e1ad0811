"""How numbers are written for people: one function per kind of number, a dash where there is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, SupportsFloat, TypeAlias

from credit_risk.reporting.blocks import Cell, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas

#: A column of a table: its name in the frame, its header, and how its values are written (None: as they are).
Column: TypeAlias = "tuple[str, str, Callable[[SupportsFloat], str] | None]"

NOTHING = "–"
_SMALLEST_P = 1e-4


def whole(value: SupportsFloat) -> str:
    """Write a count: ``'9,000'``."""
    return _written(value, "{:z,.0f}")


def percent(value: SupportsFloat) -> str:
    """Write a share with one decimal: ``'22.1%'``.

    Examples
    --------
    >>> percent(0.2212), percent(float("nan"))
    ('22.1%', '–')
    """
    return _written(float(value) * 100.0, "{:z.1f}%")


def percent_fine(value: SupportsFloat) -> str:
    """Write a rate with two decimals: ``'18.25%'``."""
    return _written(float(value) * 100.0, "{:z.2f}%")


def decimal(value: SupportsFloat) -> str:
    """Write a number with three decimals: ``'0.771'``."""
    return _signed(_written(value, "{:z.3f}"))


def decimal_fine(value: SupportsFloat) -> str:
    """Write a number with four decimals: ``'0.1352'``."""
    return _signed(_written(value, "{:z.4f}"))


def decimal_short(value: SupportsFloat) -> str:
    """Write a number with two decimals: ``'1.02'``."""
    return _signed(_written(value, "{:z.2f}"))


def p_value(value: SupportsFloat) -> str:
    """Write a p-value: ``'0.031'``, or ``'<0.0001'``.

    Examples
    --------
    >>> p_value(0.0314), p_value(1e-9)
    ('0.0314', '<0.0001')
    """
    number = float(value)
    return f"<{_SMALLEST_P:.4f}" if number < _SMALLEST_P else _written(number, "{:z.4f}")


def amount(value: SupportsFloat, currency: str) -> str:
    """Write money in whole major units: ``'TWD 61,200'``.

    Examples
    --------
    >>> amount(-61200.4, "TWD")
    'TWD −61,200'
    """
    text = _written(value, "{:z,.0f}")
    return text if text == NOTHING else f"{currency} {_signed(text)}"


def amount_short(value: SupportsFloat, currency: str) -> str:
    """Write money with three or four digits: ``'TWD 2.10m'``.

    Examples
    --------
    >>> amount_short(2_104_000, "TWD"), amount_short(52_810, "TWD")
    ('TWD 2.10m', 'TWD 52,810')
    """
    number = float(value)
    for size, unit in ((1e9, "bn"), (1e6, "m")):
        if abs(number) >= size:
            return f"{currency} {_signed(f'{number / size:,.2f}')}{unit}"
    return amount(number, currency)


def p_clause(value: SupportsFloat) -> str:
    """Write a p-value inside a sentence: ``'p = 0.0314'``, ``'p < 0.0001'``."""
    written = p_value(value)
    return f"p < {written[1:]}" if written.startswith("<") else f"p = {written}"


def interval_cell(write: Callable[[SupportsFloat], str], estimate: float, low: float, high: float) -> Cell:
    """Return a cell with an estimate, and its interval below it."""
    if not math.isfinite(estimate):
        return Cell(text=NOTHING)
    return Cell(text=write(estimate), note=f"[{write(low)}, {write(high)}]")


def text_table(
    frame: pandas.DataFrame,
    columns: Sequence[Column],
    *,
    caption: str = "",
    bars: Sequence[str] = (),
) -> Table:
    """Turn a frame into a table of texts.

    Parameters
    ----------
    frame : DataFrame
        The numbers.
    columns : sequence of (column, header, writer)
        A writer None shows the value as it is, aligned left; columns that the frame lacks are left out.
    caption : str
        Above the table.
    bars : sequence of str
        Columns whose cells carry a bar in proportion to the largest value.
    """
    shown = [column for column in columns if column[0] in frame.columns]
    rows = []
    for _, row in frame.iterrows():
        cells = []
        for name, _, write in shown:
            value = row[name]
            text = str(value) if write is None else write(value)
            cells.append(Cell(text=text, bar=_bar(value, frame[name]) if name in bars else None))
        rows.append(tuple(cells))
    return Table(
        headers=tuple(header for _, header, _ in shown),
        rows=tuple(rows),
        numeric=tuple(write is not None for _, _, write in shown),
        caption=caption,
    )


def _bar(value: SupportsFloat, column: pandas.Series[float]) -> float | None:
    largest = max(float(column.max()), 1.0)  # shares are drawn against the whole, counts against the largest
    share = float(value) / largest if largest > 0 else math.nan
    return share if math.isfinite(share) and share >= 0 else None


def _written(value: SupportsFloat, pattern: str) -> str:
    number = float(value)
    return pattern.format(number) if math.isfinite(number) else NOTHING


def _signed(text: str) -> str:
    """Use a true minus sign."""
    return text.replace("-", "−")

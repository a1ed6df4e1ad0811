"""Which lines of a CSV file are broken: what the engine reads past in silence, and what it refuses without a line number."""

from __future__ import annotations

import csv
import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def broken_quotation(path: Path) -> int | None:
    """Return the line number at which a record with a quotation mark that is not closed starts; None where there is none.

    The engine takes whatever follows such a mark as one text: rows would be gone without a word. A file without quotation
    marks costs one search for them.
    """
    if not _has_quotation(path):
        return None
    start = 1
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for _ in reader:
                start = reader.line_num + 1
        except (
            csv.Error
        ):  # the file ends inside the text, goes on after it without a comma, or the text never seems to end
            return start
    return None


def _has_quotation(path: Path) -> bool:
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'"') >= 0


def ragged_lines(path: Path) -> tuple[int, list[int]]:
    """Return how many columns the header has, and the line number at which each record with another number starts.

    Lines are counted from 1, as an editor shows them: an empty line counts, and so does a line break inside quotation marks.
    """
    n_columns, start = 0, 1
    ragged: list[int] = []
    # the file may stop being text further down: bytes that are none do not move a comma
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        try:
            for record in reader:
                n_columns = n_columns or len(record)
                if record and len(record) != n_columns:
                    ragged.append(start)
                start = reader.line_num + 1
        except csv.Error:  # a quotation mark that is never closed made one field out of what follows
            ragged.append(start)
    return n_columns, ragged

"""Which lines of a CSV file do not have its header's columns: looked up only after the engine has refused the file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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

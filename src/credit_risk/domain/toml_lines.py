"""Where in a TOML file a key stands: asked only when something is wrong with it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A key's path: names of tables and keys, and places in arrays of tables.
TomlPath = tuple["str | int", ...]
#: No value runs over more lines than this.
_LONGEST_VALUE = 2_000


def key_lines(text: str) -> dict[TomlPath, int]:
    r"""Return the line, counted from 1, of every key and table header of a valid TOML text.

    Examples
    --------
    >>> lines = key_lines("a = 1\n[b]\nc = [\n  2,\n]\n[[d]]\ne = 3\n")
    >>> lines[("b", "c")], lines[("d", 0)], lines[("d", 0, "e")]
    (3, 6, 7)
    """
    rows = text.splitlines()
    found: dict[TomlPath, int] = {}
    counts: dict[TomlPath, int] = {}
    table: TomlPath = ()
    at = 0
    while at < len(rows):
        row = rows[at].strip()
        if row.startswith("["):
            table = _header(row, counts)
            found[table] = at + 1
        elif row and not row.startswith("#"):
            content, n_lines = _assignment(rows[at:])
            for path in _paths(content):
                found.setdefault((*table, *path), at + 1)
            at += n_lines - 1
        at += 1
    return found


def _header(row: str, counts: dict[TomlPath, int]) -> TomlPath:
    """Return the path of a table header; of an array of tables with its place."""
    content = tomllib.loads(row)
    path: list[str | int] = []
    inner: object = content
    while isinstance(inner, dict) and inner:
        name, inner = next(iter(inner.items()))
        path.append(name)
        if isinstance(inner, list):
            counts[tuple(path)] = counts.get(tuple(path), -1) + 1
            return (*path, counts[tuple(path)])
        if tuple(path) in counts:  # a table inside the latest entry of an array
            path.append(counts[tuple(path)])
    return tuple(path)


def _assignment(rows: list[str]) -> tuple[dict[str, object], int]:
    """Return what the first line assigns, and over how many lines."""
    for n_lines in range(1, min(len(rows), _LONGEST_VALUE) + 1):
        try:
            return tomllib.loads("\n".join(rows[:n_lines])), n_lines
        except tomllib.TOMLDecodeError:
            continue
    return {}, 1


def _paths(content: object) -> Iterator[TomlPath]:
    if isinstance(content, dict):
        for name, inner in content.items():
            yield (name,)
            for path in _paths(inner):
                yield (name, *path)

"""A mistake in a configuration file is answered with the line it stands in."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from credit_risk.domain.configuration import read_toml
from credit_risk.domain.toml_lines import key_lines
from credit_risk.errors import SpecificationError

PROJECT = Path(__file__).resolve().parents[3]
SHIPPED = [
    *sorted((PROJECT / "examples").rglob("*.toml")),
    *sorted((PROJECT / "data_samples").rglob("*.toml")),
    *sorted((PROJECT / "src").rglob("*.toml")),
]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nwrong = 2\n", 2),
        ('# wrong = 1\na = """\nwrong = 1\n"""\n\nwrong = 3', 6),
        ("a = [\n  1,\n]\nwrong = 4", 4),
        ("wrong.inner = 1\na = 1", 1),
        ('"a" = 1\r\n\r\n"wrong" = 1\r\n', 3),
        ("a = 1\n\n[wrong]\nb = 2", 3),
    ],
)
def test_a_wrong_key_is_named_with_its_line(tmp_path, text, line):
    path = tmp_path / "card.toml"
    path.write_bytes(text.encode())
    with pytest.raises(SpecificationError, match=f"card.toml, line {line}: unknown key 'wrong'"):
        read_toml(path).finish(["a"])


def test_lines_are_found_in_sections_and_arrays_of_tables(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(
        "[[rows]]\nname = 1\n[rows.inner]\nkey = 1\n\n[[rows]]\nname = 2\n[rows.inner]\nkey = 'x'\n",
        encoding="utf-8",
    )
    inner = read_toml(path).tables("rows")[1].table("inner")
    with pytest.raises(SpecificationError, match=r"#2 \[inner\], line 9: key = 'x' has the wrong type"):
        inner.take("key", int)
    with pytest.raises(SpecificationError, match=r"#2 \[inner\], line 8: key 'absent' is missing"):
        inner.take("absent", int)


def test_a_misspelled_required_key_is_named_with_its_own_line(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[a]\nfirst = 1\nhorizn = 2\n", encoding="utf-8")
    with pytest.raises(SpecificationError, match=r"\[a\], line 3: key 'horizon' is missing.*Found 'horizn'"):
        read_toml(path).table("a").take("horizon", int)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem + " of " + path.parent.name)
def test_every_key_of_the_shipped_files_has_a_line_that_holds_it(path):
    text = path.read_text(encoding="utf-8")
    rows = text.splitlines()
    found = key_lines(text)
    names = set(_paths(tomllib.loads(text)))
    assert names <= set(found)
    for key in names:
        name = next(part for part in reversed(key) if isinstance(part, str))
        assert name in rows[found[key] - 1]


def _paths(content, before=()):
    if isinstance(content, dict):
        for name, inner in content.items():
            yield from _paths(inner, (*before, name))
    elif isinstance(content, list) and content and all(isinstance(item, dict) for item in content):
        for at, inner in enumerate(content):
            yield from _paths(inner, (*before, at))
    else:
        yield before

"""Reading configuration: TOML whose every key is checked, with the nearest valid name in the error.

Every package that is configured by data (sources, features, outcome, strategy) reads its file through
:class:`ConfigTable`, so a user meets one kind of message everywhere: file, place, key, what was expected.
"""

from __future__ import annotations

import difflib
import tomllib
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from credit_risk.domain.toml_lines import key_lines
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from credit_risk.domain.toml_lines import TomlPath

T = TypeVar("T")

_KIND_NAMES: dict[type, str] = {
    str: "text",
    int: "a whole number",
    Decimal: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime: "a date and time with time zone",
    date: "a date",
}


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return a hint that names the closest allowed word, or lists them all.

    Examples
    --------
    >>> nearest("windw", ["window", "source"])
    "Did you mean 'window'?"
    >>> nearest("q", ["window", "source"])
    "Valid names: 'source', 'window'."
    """
    words = sorted(allowed)
    close = difflib.get_close_matches(name, words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return "Valid names: " + ", ".join(repr(word) for word in words) + "."


def check_names(setting: str, given: Iterable[str], columns: Sequence[str]) -> None:
    """Refuse a setting by column that names a column which is not there: misspelt, it would be left out in silence.

    Raises
    ------
    SpecificationError
        Some names are no columns (``CR-FIT-024``).

    Examples
    --------
    >>> check_names("directions", ["incme"], ["income", "age"])
    Traceback (most recent call last):
        ...
    credit_risk.errors.SpecificationError: CR-FIT-024: directions names 1 column that is not in the sample: 'incme'. Did you mean 'income'?
    """
    strangers = [name for name in given if name not in set(columns)]
    if strangers:
        plural = "column that is" if len(strangers) == 1 else "columns that are"
        raise SpecificationError(
            f"{setting} names {len(strangers)} {plural} not in the sample: {', '.join(map(repr, strangers))}. "
            f"{nearest(strangers[0], columns)}",
            code="CR-FIT-024",
        )


def read_toml(path: Path) -> ConfigTable:
    """Read one TOML file; numbers with a point become exact decimals.

    Raises
    ------
    SpecificationError
        File absent or not TOML (``CR-CFG-001``, ``CR-CFG-002``).
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError as error:
        raise SpecificationError(
            f"Configuration file '{path}' does not exist. Hint: check the path.", code="CR-CFG-001"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SpecificationError(
            f"Configuration file '{path}' cannot be read as TOML: {error}.", code="CR-CFG-002"
        ) from error
    return ConfigTable(content, where=str(path), file_text=text)


class ConfigTable:
    """One table of a configuration, read key by key; keys nobody asked for are errors.

    Parameters
    ----------
    content : mapping
        Parsed TOML.
    where : str
        File and section, for messages.
    file_text : str
        The whole file, by which messages find the line; empty where the content comes from no file.
    path : tuple
        Where the table stands in the file.

    Examples
    --------
    >>> table = ConfigTable({"pdo": 20}, where="card.toml")
    >>> table.take("pdo", int)
    20
    >>> ConfigTable({"pdoo": 20}, where="card.toml").finish(["pdo"])
    Traceback (most recent call last):
        ...
    credit_risk.errors.SpecificationError: CR-CFG-003: card.toml: unknown key 'pdoo'. Did you mean 'pdo'?
    """

    def __init__(
        self, content: Mapping[str, object], *, where: str, file_text: str = "", path: TomlPath = ()
    ) -> None:
        self._content = dict(content)
        self._asked: set[str] = set()
        self._section = where
        self._file_text = file_text
        self._path = path

    @property
    def where(self) -> str:
        """File, section and the section's line, for messages."""
        return self._at()

    def _at(self, *key: str) -> str:
        """Return file, section and line of a key, or of the section where the key has no line of its own."""
        lines = key_lines(self._file_text) if self._file_text else {}
        line = lines.get((*self._path, *key)) or lines.get(self._path)
        return f"{self._section}, line {line}" if line else self._section

    def _inner(self, content: Mapping[str, object], name: str, *path: str | int) -> ConfigTable:
        return ConfigTable(
            content, where=f"{self._section} {name}", file_text=self._file_text, path=(*self._path, *path)
        )

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def holds(self, key: str, kind: type) -> bool:
        """Return whether a key is there and its value is of a kind."""
        return isinstance(self._content.get(key), kind)

    def take(self, key: str, kind: type[T]) -> T:
        """Return a required value of the given kind."""
        self._asked.add(key)
        if key not in self._content:
            close = difflib.get_close_matches(key, [k for k in self._content if k not in self._asked], n=1)
            hint = f" Found {close[0]!r}: did you mean {key!r}?" if close else ""
            raise SpecificationError(
                f"{self._at(*close)}: key {key!r} is missing. Expected {_kind_name(kind)}.{hint}",
                code="CR-CFG-004",
            )
        return self._checked(key, self._content[key], kind)

    def get(self, key: str, kind: type[T], default: T) -> T:
        """Return an optional value of the given kind."""
        self._asked.add(key)
        return self._checked(key, self._content[key], kind) if key in self._content else default

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """Return a word out of a closed set."""
        words = list(allowed)
        value = self.take(key, str) if default is None else self.get(key, str, default)
        if value not in words:
            raise SpecificationError(
                f"{self._at(key)}: {key} = {value!r} is not allowed. {nearest(value, words)}",
                code="CR-CFG-005",
            )
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of words as a tuple."""
        items = self.take(key, list) if default is None else self.get(key, list, list(default))
        if not all(isinstance(item, str) for item in items):
            raise SpecificationError(f"{self._at(key)}: {key} must be a list of words.", code="CR-CFG-006")
        return tuple(items)

    def table(self, key: str) -> ConfigTable:
        """Return a required sub-table."""
        return self._inner(self.take(key, dict), f"[{key}]", key)

    def optional_table(self, key: str) -> ConfigTable:
        """Return a sub-table, empty when absent."""
        return self._inner(self.get(key, dict, {}), f"[{key}]", key)

    def tables(self, key: str) -> list[ConfigTable]:
        """Return an array of tables, numbered from 1 in messages."""
        rows = self.get(key, list, [])
        if not all(isinstance(row, dict) for row in rows):
            raise SpecificationError(f"{self._at(key)}: {key} must be a list of tables.", code="CR-CFG-006")
        return [self._inner(row, f"[[{key}]] #{i + 1}", key, i) for i, row in enumerate(rows)]

    def sub_tables(self) -> Iterator[tuple[str, ConfigTable]]:
        """Yield every key as a named sub-table (for sections whose keys the user chooses)."""
        for key in self._content:
            yield key, self.table(key)

    def finish(self, allowed: Iterable[str] = ()) -> None:
        """Refuse any key that was never asked for."""
        valid = self._asked | set(allowed)
        for key in self._content:
            if key not in valid:
                raise SpecificationError(
                    f"{self._at(key)}: unknown key {key!r}. {nearest(key, valid)}", code="CR-CFG-003"
                )

    def _checked(self, key: str, value: object, kind: type[T]) -> T:
        if kind is Decimal and isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)
        wrong_bool = isinstance(value, bool) and kind is not bool
        wrong_moment = kind is date and isinstance(value, datetime)
        wrong_naive = kind is datetime and isinstance(value, datetime) and value.tzinfo is None
        if not isinstance(value, kind) or wrong_bool or wrong_naive or wrong_moment:
            raise SpecificationError(
                f"{self._at(key)}: {key} = {value!r} has the wrong type. Expected {_kind_name(kind)}.",
                code="CR-CFG-006",
            )
        if isinstance(value, Decimal) and not value.is_finite():
            raise SpecificationError(
                f"{self._at(key)}: {key} = {value} must be a finite number.", code="CR-CFG-006"
            )
        return value


def _kind_name(kind: type) -> str:
    return _KIND_NAMES.get(kind, kind.__name__)

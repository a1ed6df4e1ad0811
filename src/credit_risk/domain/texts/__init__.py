"""The text catalogue: every sentence a borrower or officer sees, in zh-CN and English."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from credit_risk.errors import SpecificationError

LANGUAGES = ("en", "zh-CN")


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return all texts of a language, by dotted key."""
    if language not in LANGUAGES:
        raise SpecificationError(
            f"Language {language!r} is not available. Expected one of {list(LANGUAGES)}.", code="CR-TXT-001"
        )
    folder = files("credit_risk.domain.texts").joinpath(language)
    texts: dict[str, str] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            texts.update(_flatten(tomllib.loads(entry.read_text(encoding="utf-8")), entry.name[:-5]))
    return texts


def text(key: str, language: str = "en", **values: object) -> str:
    """Return one sentence in the reader's language.

    Parameters
    ----------
    key : str
        Dotted key: file, section, name.
    language : {'en', 'zh-CN'}
        The reader's language.
    **values
        Facts to fill in.

    Raises
    ------
    SpecificationError
        Unknown language (``CR-TXT-001``) or key (``CR-TXT-002``).

    Examples
    --------
    >>> text("decision.outcome.approve")
    'Approved'
    >>> text("decision.outcome.approve", "zh-CN")
    '批准'
    """
    texts = catalogue(language)
    if key not in texts:
        raise SpecificationError(f"Text {key!r} does not exist in {language!r}.", code="CR-TXT-002")
    return texts[key].format(**values) if values else texts[key]


def _flatten(table: dict[str, object], prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}.{key}"
        if isinstance(value, dict):
            flat.update(_flatten(value, name))
        else:
            flat[name] = str(value)
    return flat

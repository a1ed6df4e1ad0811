"""Why a variable stands on a card or not, in words: kept in English with the card, told in the reader's language.

A sentence is written once, in the text catalogue of either language. The card keeps the English one; another language is read
back from it, so that cards of any age can be told.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from credit_risk.domain.texts import catalogue, text

if TYPE_CHECKING:
    from collections.abc import Mapping

_SENTENCES = "scorecard.because."
_BLANK = re.compile(r"\\{(\w+)\\}")


def because(key: str, **facts: str | int) -> str:
    """Return the English sentence of a reason, as cards keep it.

    Examples
    --------
    >>> because("not_significant", p_value="0.545")
    'p-value 0.545 beside the others'
    """
    return text(_SENTENCES + key, "en", **facts)


def told_in(reason: str, language: str, labels: Mapping[str, str] | None = None) -> str:
    """Return a reason in the reader's language; one that no template wrote (by hand, by another library) as it is.

    Parameters
    ----------
    reason : str
        As a card keeps it.
    language : {'en', 'zh-CN'}
        The reader's language.
    labels : mapping of str to str, optional
        Words for the names of variables that a reason mentions.

    Examples
    --------
    >>> told_in("p-value 0.545 beside the others", "zh-CN")
    '与其他变量并列时 p 值为 0.545'
    >>> told_in("as agreed with the branches", "zh-CN")
    'as agreed with the branches'
    """
    if language == "en":
        return reason
    for key, pattern in _patterns():
        found = pattern.fullmatch(reason)
        if found:
            facts = {
                name: _in_words(name, value, language, labels or {})
                for name, value in found.groupdict().items()
            }
            return text(_SENTENCES + key, language, **facts)
    return reason


def _in_words(name: str, value: str, language: str, labels: Mapping[str, str]) -> str:
    """Return a fact of a sentence for the reader: a variable by its label, a sentence within it told too."""
    if name == "variable":
        return labels.get(value, value)
    if name == "step":
        return catalogue(language).get(f"scorecard.selection.{value}", value)
    return told_in(value, language, labels) if name in ("trend", "alone", "first") else value


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return every English sentence as a pattern that finds its facts again, the longest first."""
    sentences = {
        key.removeprefix(_SENTENCES): sentence
        for key, sentence in catalogue("en").items()
        if key.startswith(_SENTENCES)
    }
    ranked = sorted(sentences.items(), key=lambda item: -len(item[1]))
    return tuple(
        (key, re.compile(_BLANK.sub(r"(?P<\1>.+?)", re.escape(sentence)))) for key, sentence in ranked
    )

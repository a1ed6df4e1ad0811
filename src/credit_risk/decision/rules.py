"""Hard rules: a comparison on one feature, with an explicit meaning for a missing value.

On a feature that is a word out of a list a rule names words: equal to one, one of some, none of some. Words have no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.configuration import nearest
from credit_risk.domain.texts import catalogue
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.decision.strategy import Rule

_COMPARE: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    "<": lambda x, bound: x < bound,
    "<=": lambda x, bound: x <= bound,
    ">": lambda x, bound: x > bound,
    ">=": lambda x, bound: x >= bound,
    "==": lambda x, bound: x == bound,
}


#: Ends what a rule says where the value was missing, so that the reason does not claim something nobody observed.
UNKNOWN = " (value missing)"


_SENTENCES = "reasons.rule."


def check_rules(
    rules: Sequence[Rule], feature_names: Sequence[str], categories: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Refuse rules on features or words that do not exist, and rules that compare words by order.

    Parameters
    ----------
    rules : sequence of Rule
        Of a strategy.
    feature_names : sequence of str
        What rules may name.
    categories : mapping of str to sequence of str, optional
        The words of every feature that is a word out of a list; where it is left out, values are not held against them.

    Raises
    ------
    SpecificationError
        A rule names an unknown feature (``CR-STR-004``); it takes a word for a number, a number for a word, or names a word that
        the contract does not list (``CR-STR-006``).
    """
    for rule in rules:
        if rule.feature not in feature_names:
            raise SpecificationError(
                f"Rule {rule.id!r} uses the unknown feature {rule.feature!r}. {nearest(rule.feature, feature_names)}",
                code="CR-STR-004",
            )
        problem = "" if categories is None else _wrong_value(rule, categories.get(rule.feature, ()))
        if problem:
            raise SpecificationError(f"Rule {rule.id!r}: {problem}", code="CR-STR-006")


def check_sentences(rule: Rule) -> None:
    """Refuse a rule that would have to tell an applicant something for which there is no sentence.

    Raises
    ------
    SpecificationError
        Neither the rule nor the text catalogue has one (``CR-STR-007``).
    """
    words = [key.removeprefix(_SENTENCES) for key in catalogue("en") if key.startswith(_SENTENCES)]
    for told in rule.reasons:
        if not told.wording and told.code not in words:
            raise SpecificationError(
                f"Rule {rule.id!r}: there is no sentence for the reason {told.code!r}. Expected one of your own, wording = "
                f'{{ en = "...", zh-CN = "..." }} (wording_when_missing for reason_when_missing). {nearest(told.code, words)}',
                code="CR-STR-007",
            )


def _wrong_value(rule: Rule, words: Sequence[str]) -> str:
    """Return what is wrong between a rule's value and its feature; nothing if they fit."""
    if not words and not isinstance(rule.value, int | float):
        return f"{rule.feature!r} is a number, but the rule names words. Expected a number and one of <, <=, >, >=, ==."
    if words and isinstance(rule.value, int | float):
        return (
            f"{rule.feature!r} is a word out of a list, and words have no order or number. Expected operator '==' with a word, or "
            f"'one_of' or 'none_of' with a list of words. {nearest('', words)}"
        )
    for word in _named(rule) if words else ():
        if word not in words:
            return f"{word!r} is no word of {rule.feature!r}. {nearest(word, words)}"
    return ""


def _named(rule: Rule) -> tuple[str, ...]:
    """Return the words that a rule names."""
    if isinstance(rule.value, tuple):
        return rule.value
    return (rule.value,) if isinstance(rule.value, str) else ()


def rule_hits(rule: Rule, values: NDArray[np.float64], words: Sequence[str] = ()) -> NDArray[np.str_]:
    """Return per applicant what a rule says: ``""`` (passes), ``"decline"`` or ``"refer"``, marked where the value is missing.

    Parameters
    ----------
    rule : Rule
        The comparison that fails an applicant.
    values : float64 ndarray, shape (n_applicants,)
        The rule's feature; NaN is missing. A word is its place in `words`.
    words : sequence of str
        The feature's words, in the order of the contract; empty for a number.
    """
    missing = np.isnan(values)
    hit = _holds(rule, values, words) & ~missing
    said = np.where(hit, rule.outcome, "")
    if rule.when_missing != "pass":
        said = np.where(missing, rule.when_missing + UNKNOWN, said)
    return said


def _holds(rule: Rule, values: NDArray[np.float64], words: Sequence[str]) -> NDArray[np.bool_]:
    if isinstance(rule.value, int | float):
        return _COMPARE[rule.operator](values, rule.value)
    is_named = np.isin(values, [words.index(word) for word in _named(rule)])
    return ~is_named if rule.operator == "none_of" else is_named

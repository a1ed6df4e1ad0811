"""Hard rules: a comparison on one feature, with an explicit meaning for a missing value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def check_rules(rules: Sequence[Rule], feature_names: Sequence[str]) -> None:
    """Refuse rules on features that do not exist.

    Raises
    ------
    SpecificationError
        A rule names an unknown feature (``CR-STR-004``).
    """
    for rule in rules:
        if rule.feature not in feature_names:
            raise SpecificationError(
                f"Rule {rule.id!r} uses the unknown feature {rule.feature!r}. {nearest(rule.feature, feature_names)}",
                code="CR-STR-004",
            )


def rule_hits(rule: Rule, values: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return per applicant what a rule says: ``""`` (passes), ``"decline"`` or ``"refer"``, marked where the value is missing.

    Parameters
    ----------
    rule : Rule
        The comparison that fails an applicant.
    values : float64 ndarray, shape (n_applicants,)
        The rule's feature; NaN is missing.
    """
    missing = np.isnan(values)
    hit = _COMPARE[rule.operator](values, rule.value) & ~missing
    said = np.where(hit, rule.outcome, "")
    if rule.when_missing != "pass":
        said = np.where(missing, rule.when_missing + UNKNOWN, said)
    return said

"""Features that are words: which they are, and the words their numbers stand for.

A feature of a column of kind ``code`` is carried as the word's place in the contract's list, the same whole number in
notebook, batch and backend. Models treat it as a category. A word outside the list breaks the contract and is refused.
Light: standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.errors import SpecificationError
from credit_risk.features.definition import APPLICATION, CROSS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.features.definition import FeatureDefinition
    from credit_risk.sources.contract import SourceContracts

#: Aggregates that hand a column's value on as it is.
_AS_IT_IS = ("value", "last")


def feature_categories(
    catalogue: FeatureCatalogue, contracts: SourceContracts
) -> Mapping[str, tuple[str, ...]]:
    """Return the words of every feature that is a word: feature name -> words, in the order of the contract.

    Raises
    ------
    SpecificationError
        Such a feature is said to rise or fall with risk, but words have no order (``CR-FEA-040``).
    """
    words = {
        definition.name: _words(definition, contracts)
        for definition in catalogue.definitions
        if definition.source != CROSS and definition.aggregate in _AS_IT_IS
    }
    found = {name: codes for name, codes in words.items() if codes}
    for name, direction in catalogue.directions.items():
        if name in found and direction:
            raise SpecificationError(
                f"Feature {name!r} is a word out of a list, and words have no order. Expected risk = 'open'.",
                code="CR-FEA-040",
            )
    return found


def _words(definition: FeatureDefinition, contracts: SourceContracts) -> tuple[str, ...]:
    is_form = definition.source == APPLICATION
    columns = contracts.applications.attributes if is_form else contracts.record(definition.source).measures
    for column in columns:
        if column.name == definition.measure and column.kind == "code":
            return tuple(str(code) for code in column.codes)
    return ()

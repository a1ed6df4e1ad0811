"""From a feature row to the columns one model reads: chosen by name, words translated to the model's own numbers.

In a feature row a word is its place in the contract's list. A card knows it as a category of its bins, a forest as the
number its encoding gives it: one look-up table per column, made when the bundle is loaded, so that one row and a million
rows get the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.apply import category_codes
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.ml.spec import ForestSpec
    from credit_risk.scorecard.spec import ScorecardSpec


#: What a card takes a category for that it does not know.
_UNKNOWN = -1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelColumns:
    """Which columns of a feature row a model reads, and what words become.

    Attributes
    ----------
    places : ndarray of int64, shape (n_columns,)
        Places in the feature row.
    tables : mapping of int to ndarray of float64
        Column -> the number of each word in the contract's order, then that of anything else, then that of a missing word.
    """

    places: NDArray[np.int64]
    tables: Mapping[int, NDArray[np.float64]]

    def take(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the model's matrix, shape (n_rows, n_columns)."""
        chosen = np.ascontiguousarray(X[:, self.places])
        for at, table in self.tables.items():
            chosen[:, at] = table[_entries(chosen[:, at], len(table) - 2)]
        return chosen


def _entries(column: NDArray[np.float64], n_words: int) -> NDArray[np.int64]:
    """Return the entry of each value: its own, or the one for what is no place in the list, or the one for missing."""
    missing = np.isnan(column)
    is_place = (column >= 0) & (column < n_words) & (np.floor(column) == column)
    return np.where(missing, n_words + 1, np.where(is_place, column, n_words)).astype(np.int64)


def card_columns(
    card: ScorecardSpec, names: Sequence[str], categories: Mapping[str, Sequence[str]]
) -> ModelColumns:
    """Return what a scorecard reads of a feature row.

    Raises
    ------
    SpecificationError
        The card takes a feature for a word that is a number, or the reverse (``CR-BND-008``).
    """
    _check_kinds(
        "scorecard", [v.name for v in card.binning.variables if v.kind == "categorical"], card, categories
    )
    tables = {
        at: np.append(category_codes(variable, categories[variable.name]), [_UNKNOWN, np.nan])
        for at, variable in enumerate(card.binning.variables)
        if variable.kind == "categorical"
    }
    return ModelColumns(places=_places(card.feature_names, names), tables=tables)


def forest_columns(
    forest: ForestSpec, names: Sequence[str], categories: Mapping[str, Sequence[str]]
) -> ModelColumns:
    """Return what a booster reads of a feature row.

    Raises
    ------
    SpecificationError
        The booster takes a feature for a word that is a number, or the reverse (``CR-BND-008``).
    """
    _check_kinds("booster", [encoding.feature for encoding in forest.encodings], forest, categories)
    tables = {
        forest.feature_names.index(encoding.feature): np.append(
            encoding.encode(categories[encoding.feature]), [encoding.unseen, encoding.missing]
        )
        for encoding in forest.encodings
    }
    return ModelColumns(places=_places(forest.feature_names, names), tables=tables)


def _places(wanted: Sequence[str], names: Sequence[str]) -> NDArray[np.int64]:
    return np.array([names.index(name) for name in wanted], dtype=np.int64)


def _check_kinds(
    model: str, as_words: Sequence[str], spec: ScorecardSpec | ForestSpec, categories: Mapping[str, object]
) -> None:
    words = {name for name in spec.feature_names if name in categories}
    different = sorted(words.symmetric_difference(as_words))
    if different:
        raise SpecificationError(
            f"The {model} and the catalogue differ in which of {len(spec.feature_names)} features are words out of a list "
            f"(first: {different[0]!r}). Hint: fit on the rows of a DevelopmentSample, which carries words as categories.",
            code="CR-BND-008",
        )

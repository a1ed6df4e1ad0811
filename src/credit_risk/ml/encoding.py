"""Texts to numbers for trees: every category stands for how often it went bad, shrunk towards the mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryEncoding:
    """What number each category of a text column stands for.

    Attributes
    ----------
    feature : str
        The column.
    categories : tuple of str
        Known categories, sorted.
    values : tuple of float, in 0..1
        Shrunken bad rate of each.
    missing : float
        Value of a missing text.
    unseen : float
        Value of a category that the fit never saw: the mean bad rate.
    """

    feature: str
    categories: tuple[str, ...]
    values: tuple[float, ...]
    missing: float
    unseen: float

    def encode(self, texts: Iterable[object]) -> NDArray[np.float64]:
        """Return the number of each text; None and NaN are missing.

        Examples
        --------
        >>> purpose = CategoryEncoding(feature="purpose", categories=("car", "tv"), values=(0.1, 0.3), missing=0.2, unseen=0.25)
        >>> purpose.encode(["tv", None, "boat", "car"]).tolist()
        [0.3, 0.2, 0.25, 0.1]
        """
        known = dict(zip(self.categories, self.values, strict=True))
        return np.array(
            [self.missing if _is_missing(text) else known.get(str(text), self.unseen) for text in texts]
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "feature": self.feature,
            "categories": list(self.categories),
            "values": list(self.values),
            "missing": self.missing,
            "unseen": self.unseen,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, object]) -> CategoryEncoding:
        """Rebuild an encoding from its JSON values."""
        facts = dict(content)
        facts["categories"] = tuple(content["categories"])  # type: ignore[arg-type]
        facts["values"] = tuple(content["values"])  # type: ignore[arg-type]
        return cls(**facts)  # type: ignore[arg-type]


def _is_missing(text: object) -> bool:
    return text is None or text != text  # noqa: PLR0124  NaN is the only value that differs from itself

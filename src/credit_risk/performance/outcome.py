"""The outcome: which customers count as bad, over which horizon, and from when on that is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.domain.configuration import nearest, read_toml
from credit_risk.errors import DataContractError, LeakageError, SpecificationError

if TYPE_CHECKING:
    from credit_risk.domain.configuration import ConfigTable
    from credit_risk.sources import Sources

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDefinition:
    """What "bad" means for one product.

    Attributes
    ----------
    name : str
        Name of the outcome.
    column : str
        Outcome column of the sources.
    bad_values, good_values : tuple of int or str
        Values that mean bad and good; any other is indeterminate and leaves the sample.
    horizon : str
        How far the outcome looks, for instance ``"1m"``.
    known_at : datetime
        Timezone-aware moment from which on the outcome is known; must lie after every application.
    """

    name: str
    column: str
    bad_values: tuple[int | str, ...]
    good_values: tuple[int | str, ...]
    horizon: str
    known_at: datetime

    @classmethod
    def from_toml(cls, path: str | Path) -> OutcomeDefinition:
        """Read a definition; every key is checked.

        Raises
        ------
        SpecificationError
            A key is missing, unknown or of the wrong type (``CR-CFG-*``), or a code is both good and bad
            (``CR-OUT-001``).
        """
        table = read_toml(Path(path))
        if table.take("schema_version", int) != SCHEMA_VERSION:
            raise SpecificationError(
                f"{table.where}: schema_version must be {SCHEMA_VERSION}.", code="CR-OUT-001"
            )
        definition = cls(
            name=table.take("name", str),
            column=table.take("column", str),
            bad_values=_codes(table, "bad_values"),
            good_values=_codes(table, "good_values"),
            horizon=table.take("horizon", str),
            known_at=table.take("known_at", datetime),
        )
        table.finish()
        both = sorted(set(definition.bad_values) & set(definition.good_values), key=str)
        if both:
            raise SpecificationError(
                f"{table.where}: the codes {both} are both good and bad.", code="CR-OUT-001"
            )
        return definition

    def label(self, sources: Sources) -> pd.DataFrame:
        """Return ``is_bad`` (bool) and ``is_determined`` per application.

        Raises
        ------
        SpecificationError
            The outcome column does not exist (``CR-OUT-002``) or never holds one of the values (``CR-OUT-005``).
        LeakageError
            The outcome would be known before an application it belongs to (``CR-OUT-003``).
        DataContractError
            An outcome is missing (``CR-OUT-004``).
        """
        outcomes = sources.outcomes
        if self.column not in outcomes.columns:
            raise SpecificationError(
                f"Outcome {self.name!r}: column {self.column!r} is not an outcome column of {sources.name!r}. "
                f"{nearest(self.column, map(str, outcomes.columns))}",
                code="CR-OUT-002",
            )
        applied_at = sources.applications["applied_at"]
        n_early = int((applied_at >= pd.Timestamp(self.known_at)).sum())
        if n_early:
            raise LeakageError(
                f"Outcome {self.name!r} is known at {self.known_at.isoformat()}, but {n_early} of {len(applied_at)} "
                "applications are not earlier than that. Hint: check known_at and applied_at.",
                code="CR-OUT-003",
            )
        codes = outcomes[self.column]
        n_missing = int(codes.isna().sum())
        if n_missing:
            raise DataContractError(
                f"Outcome {self.name!r}: {n_missing} of {len(codes)} applications have no {self.column!r}.",
                code="CR-OUT-004",
            )
        self._check_values(sources)
        is_bad = np.isin(codes.to_numpy(), self.bad_values)
        is_good = np.isin(codes.to_numpy(), self.good_values)
        return pd.DataFrame({"is_bad": is_bad, "is_determined": is_bad | is_good}, index=outcomes.index)

    def _check_values(self, sources: Sources) -> None:
        """Refuse a value that the contract says the column never holds: it would label nobody, in silence."""
        contract = sources.contracts.applications
        column = next(column for column in contract.columns if column.name == self.column)
        for value in (*self.bad_values, *self.good_values):
            if column.codes and value not in column.codes:
                raise SpecificationError(
                    f"Outcome {self.name!r}: {value!r} is no value of column {self.column!r}. "
                    f"{nearest(str(value), map(str, column.codes))}",
                    code="CR-OUT-005",
                )
            if isinstance(value, str) and column.kind != "code":
                raise SpecificationError(
                    f"Outcome {self.name!r}: {value!r} is a word, but column {self.column!r} holds {column.kind} values.",
                    code="CR-OUT-005",
                )


def _codes(table: ConfigTable, key: str) -> tuple[int | str, ...]:
    codes = table.take(key, list)
    kinds = {type(code) for code in codes}
    if kinds not in ({int}, {str}):
        raise SpecificationError(
            f"{table.where}: {key} must be a list of whole numbers, or of words.", code="CR-CFG-006"
        )
    return tuple(codes)

"""What came out of a selection: records, a waterfall, and JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from credit_risk.binning.page import html_table
from credit_risk.binning.spec import check_schema
from credit_risk.domain.texts import text
from credit_risk.errors import SpecificationError
from credit_risk.scorecard.spec import SelectionRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

SCHEMA_VERSION = 1

STEPS = (
    "missing_share",
    "identical_share",
    "information_value",
    "stability",
    "correlation",
    "variance_inflation",
    "lasso",
    "not_significant",
    "wrong_sign",
    "max_features",
    "resampling",
    "no_split",
)
"""The gates, in the order in which they stand; the regression is one gate with three exits, a boosted card has one gate only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionResult:
    """Which variables were kept, why each other one was not, and under which rules.

    Attributes
    ----------
    records : tuple of SelectionRecord
        In column order.
    rules : dict
        The :class:`~credit_risk.scorecard.selection.rules.SelectionRules`, as plain values.
    """

    records: tuple[SelectionRecord, ...]
    rules: dict[str, Any]
    schema_version: int = SCHEMA_VERSION

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the variables that were kept, in column order."""
        return tuple(record.name for record in self.records if record.is_kept)

    def table(self) -> pd.DataFrame:
        """Return one row per variable: name, kept or not, gate, reason, information value, figure, limit, share kept."""
        import pandas as pd

        return pd.DataFrame([asdict(record) for record in self.records])

    def waterfall(self, *, language: str | None = None) -> pd.DataFrame:
        """Return one row per gate; see :func:`waterfall_table`."""
        return waterfall_table(self.records, language=language)

    def _repr_html_(self) -> str:
        rows = [
            (row.step, row.n_in, row.n_out, row.n_left, ", ".join(row.names))
            for row in _waterfall(self.records)
        ]
        title = f"Selection: {len(self.kept)} of {len(self.records)} variables kept"
        return html_table(title, ("step", "in", "out", "left", "left out"), rows)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "schema_version": self.schema_version,
            "rules": dict(self.rules),
            "records": [record.to_dict() for record in self.records],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> SelectionResult:
        """Rebuild from :meth:`to_dict`; equal to the original.

        Raises
        ------
        SpecificationError
            Newer schema (``CR-CRD-052``) or unknown or absent keys (``CR-CRD-053``).
        """
        check_schema(content, SCHEMA_VERSION, "CR-CRD-052")
        expected = {"schema_version", "rules", "records"}
        if set(content) != expected:
            wrong = sorted(expected.symmetric_difference(content))
            raise SpecificationError(
                f"A selection record lacks or does not know the keys {wrong}. Expected exactly {sorted(expected)}.",
                code="CR-CRD-053",
            )
        records = tuple(SelectionRecord(**record) for record in content["records"])
        return cls(records=records, rules=dict(content["rules"]), schema_version=content["schema_version"])


def waterfall_table(records: Sequence[SelectionRecord], *, language: str | None = None) -> pd.DataFrame:
    """Return one row per gate that let a variable fall: how many came, how many left, how many stayed, and which left.

    Parameters
    ----------
    records : sequence of SelectionRecord
        Of a card (``card.spec_.selection``) or of a :class:`SelectionResult`.
    language : {'en', 'zh-CN'}, optional
        Names the gates in words; default their codes, as in the records.

    Returns
    -------
    DataFrame
        ``step``, ``in``, ``out``, ``left``, ``names``; the last row is 'kept', with the names that stayed.

    Examples
    --------
    >>> from credit_risk.scorecard import SelectionRecord
    >>> records = [SelectionRecord(name="age", is_kept=True, step="kept", reason="", information_value=0.3),
    ...     SelectionRecord(name="rank", is_kept=False, step="information_value", reason="", information_value=0.01)]
    >>> waterfall_table(records)[["step", "in", "out", "left"]].values.tolist()
    [['information_value', 2, 1, 1], ['kept', 1, 0, 1]]
    """
    import pandas as pd

    rows = [
        {
            "step": row.step if language is None else text(f"scorecard.selection.{row.step}", language),
            "in": row.n_in,
            "out": row.n_out,
            "left": row.n_left,
            "names": ", ".join(row.names),
        }
        for row in _waterfall(records)
    ]
    return pd.DataFrame(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fall:
    step: str
    n_in: int
    n_out: int
    n_left: int
    names: tuple[str, ...]


def _waterfall(records: Sequence[SelectionRecord]) -> list[_Fall]:
    rows, n_in = [], len(records)
    for step in STEPS:
        names = tuple(record.name for record in records if record.step == step and not record.is_kept)
        if names:
            n_left = n_in - len(names)
            rows.append(_Fall(step=step, n_in=n_in, n_out=len(names), n_left=n_left, names=names))
            n_in = n_left
    # a variable may come back at a later look: its record names that step, and it never fell
    for step in dict.fromkeys(record.step for record in records if record.is_kept and record.step != "kept"):
        names = tuple(record.name for record in records if record.is_kept and record.step == step)
        rows.append(_Fall(step=step, n_in=n_in, n_out=0, n_left=n_in, names=names))
    kept = tuple(record.name for record in records if record.is_kept)
    return [*rows, _Fall(step="kept", n_in=n_in, n_out=0, n_left=n_in, names=kept)]

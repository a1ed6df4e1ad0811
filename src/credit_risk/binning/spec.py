"""What a fitted binning is: frozen records that travel as plain JSON.

Every variable has its bins in one fixed order: regular bins (by value, or groups of categories), then *missing*, then one
bin per group of special codes, then *unseen*. All of them always exist, so whatever arrives at scoring has a bin, a stated
origin of its WoE, and a flag.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from credit_risk.binning.decisions import BinDecision
from credit_risk.binning.page import binning_page, variable_page
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1

VariableKind = Literal["numeric", "categorical", "datetime"]

FLAG_NONE, FLAG_MISSING, FLAG_SPECIAL, FLAG_UNSEEN = 0, 1, 2, 3
"""What scoring says about a value: ordinary, missing, a special code, or never seen (unknown category, infinite number)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialBin:
    """Special codes that share a bin, such as -7 and -8 of a bureau.

    Attributes
    ----------
    label : str
    codes : tuple of float
    """

    label: str
    codes: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableBins:
    """The bins of one variable and what the development sample held in them.

    Attributes
    ----------
    name : str
    kind : {'numeric', 'categorical', 'datetime'}
        Datetimes are seconds since 1970-01-01 UTC.
    cuts : tuple of float
        Regular bins of numbers are ``[left, right)`` between these.
    groups : tuple of tuple of str
        Regular bins of categories, riskiest last where categories have no order; groups that people decided stand after them.
    specials : tuple of SpecialBin
    n_goods, n_bads : tuple of float
        Weight per bin, in the fixed order; rows where no weights were given.
    n_rows : tuple of int
    woe : tuple of float
    origins : tuple of str
        Where each bin's WoE comes from: 'own', 'smoothed' (own, with 0.5 added to a zero cell), 'neutral' (0), 'worst',
        'bin <i>' (merged with that regular bin), 'forced', 'error' (such a value is refused).
    trend : str
        Trend of the bad rate as the value rises: 'ascending', 'descending', 'peak', 'valley', 'none', or 'single' for one bin.
    information_value : float
        Over the bins that hold rows.
    unseen_categories : tuple of str
        Categories too rare in development to stand in a group; they share the unseen bin.
    decisions : tuple of BinDecision
        What people decided about these bins.
    """

    name: str
    kind: VariableKind = "numeric"
    cuts: tuple[float, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    specials: tuple[SpecialBin, ...] = ()
    n_goods: tuple[float, ...]
    n_bads: tuple[float, ...]
    n_rows: tuple[int, ...]
    woe: tuple[float, ...]
    origins: tuple[str, ...]
    trend: str
    information_value: float
    unseen_categories: tuple[str, ...] = ()
    decisions: tuple[BinDecision, ...] = ()

    @property
    def n_regular(self) -> int:
        """Number of regular bins."""
        return len(self.groups) if self.kind == "categorical" else len(self.cuts) + 1

    @property
    def missing_index(self) -> int:
        """Index of the bin of missing values."""
        return self.n_regular

    @property
    def unseen_index(self) -> int:
        """Index of the bin of values never seen in development."""
        return self.n_regular + 1 + len(self.specials)

    @property
    def n_bins(self) -> int:
        """Number of all bins, regular and other."""
        return self.unseen_index + 1

    def labels(self) -> tuple[str, ...]:
        """Return one readable label per bin.

        Examples
        --------
        >>> from credit_risk.binning import VariableBins
        >>> empty = dict(n_goods=(1.0,) * 4, n_bads=(1.0,) * 4, n_rows=(2,) * 4, woe=(0.0,) * 4, origins=("own",) * 4)
        >>> VariableBins(name="age", cuts=(26.0,), trend="none", information_value=0.0, **empty).labels()
        ('(-inf, 26)', '[26, inf)', 'Missing', 'Unseen')
        """
        if self.kind == "categorical":
            regular = ["[" + ", ".join(group) + "]" for group in self.groups]
        else:
            write = _written_time if self.kind == "datetime" else "{:.10g}".format
            edges = [write(cut) for cut in self.cuts]
            lefts = ["(-inf", *[f"[{edge}" for edge in edges]]
            regular = [f"{left}, {right})" for left, right in zip(lefts, [*edges, "inf"], strict=True)]
        return (*regular, "Missing", *[special.label for special in self.specials], "Unseen")

    def _repr_html_(self) -> str:
        return variable_page(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> VariableBins:
        """Rebuild from :meth:`to_dict`."""
        checked = _known_keys(cls, content)
        checked["specials"] = tuple(
            SpecialBin(label=item["label"], codes=tuple(float(code) for code in item["codes"]))
            for item in content["specials"]
        )
        checked["decisions"] = tuple(BinDecision.from_dict(item) for item in content["decisions"])
        checked["groups"] = tuple(tuple(group) for group in content["groups"])
        for key in ("cuts", "n_goods", "n_bads", "woe"):
            checked[key] = tuple(float(value) for value in content[key])
        for key in ("n_rows", "origins", "unseen_categories"):
            checked[key] = tuple(content[key])
        return cls(**checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class BinningSpec:
    """The bins of several variables, in column order.

    Attributes
    ----------
    variables : tuple of VariableBins
    total_goods, total_bads : float
        Weight of the development sample.
    settings : dict
        The parameters of the fit, for the record.
    woe_orientation : str
        Always ``'ln(share of goods / share of bads)'``: higher is safer.
    """

    variables: tuple[VariableBins, ...]
    total_goods: float
    total_bads: float
    settings: dict[str, Any]
    woe_orientation: str = "ln(share of goods / share of bads)"
    schema_version: int = SCHEMA_VERSION

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the variables, in column order."""
        return tuple(variable.name for variable in self.variables)

    def variable(self, name: str) -> VariableBins:
        """Return one variable's bins.

        Raises
        ------
        SpecificationError
            There is no such variable (``CR-BIN-001``).
        """
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise SpecificationError(
            f"Variable {name!r} is not in this binning. Expected one of {list(self.feature_names)}.",
            code="CR-BIN-001",
        )

    def _repr_html_(self) -> str:
        return binning_page(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        content = {item.name: getattr(self, item.name) for item in fields(self)}
        content["variables"] = [variable.to_dict() for variable in self.variables]
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> BinningSpec:
        """Rebuild from :meth:`to_dict`; equal to the original.

        Raises
        ------
        SpecificationError
            Newer schema (``CR-BIN-002``) or unknown or absent keys (``CR-BIN-003``).
        """
        check_schema(content, SCHEMA_VERSION, "CR-BIN-002")
        checked = _known_keys(cls, content)
        checked["variables"] = tuple(VariableBins.from_dict(item) for item in content["variables"])
        return cls(**checked)


def _written_time(seconds: float) -> str:
    """Write seconds since 1970-01-01 UTC as date and time, to the second where they are whole."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime(
            "%Y-%m-%d %H:%M:%S"
        ) + (f"{seconds % 1:.6f}"[1:] if seconds % 1 else "")
    except OverflowError:
        return f"{seconds:.10g}"


def check_schema(content: Mapping[str, Any], newest: int, code: str) -> None:
    """Refuse a record written by a newer version of this library.

    Raises
    ------
    SpecificationError
        Newer, or no version at all; with the ``code`` given.
    """
    version = content.get("schema_version")
    if not isinstance(version, int) or version > newest:
        raise SpecificationError(
            f"The record has schema_version {version!r}. Expected a whole number up to {newest}. "
            "Hint: update this library.",
            code=code,
        )


def _known_keys(cls: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    expected = {item.name for item in fields(cls)}
    if set(content) != expected:
        wrong = sorted(expected.symmetric_difference(content))
        raise SpecificationError(
            f"A {cls.__name__} record lacks or does not know the keys {wrong}. Expected exactly {sorted(expected)}.",
            code="CR-BIN-003",
        )
    return dict(content)

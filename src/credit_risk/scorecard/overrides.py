"""Points that people decided, as data: who, when, why; re-applied at every refit, or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from credit_risk.binning.decisions import SIGNED, check_signed
from credit_risk.errors import FitError, SpecificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_risk.scorecard.spec import ScorecardSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsOverride:
    """One decision about the points of one bin.

    Attributes
    ----------
    variable : str
    bin : str
        Label of the bin, such as 'Missing' or '[26, 35)'.
    points : int
    author, decided_at, reason : str
        Who, when (ISO 8601), why; none may be empty.

    Raises
    ------
    SpecificationError
        Points that are not whole, an empty author, time or reason, or a time that is none (``CR-CRD-008``).

    Examples
    --------
    >>> PointsOverride(variable="age", bin="Missing", points=12, author="A. Reviewer", decided_at="2026-11-02",
    ...     reason="as agreed with collections").points
    12
    """

    variable: str
    bin: str
    points: int
    author: str
    decided_at: str
    reason: str

    def __post_init__(self) -> None:
        if isinstance(self.points, bool) or not isinstance(self.points, int):
            raise SpecificationError(
                f"points of an override of {self.variable!r} must be a whole number. Got {self.points!r}.",
                code="CR-CRD-008",
            )
        check_signed(self, f"An override of {self.variable!r}", names=(*SIGNED, "bin"), code="CR-CRD-008")


def override_points(spec: ScorecardSpec, overrides: Sequence[PointsOverride]) -> ScorecardSpec:
    """Return the card with decided points in place of fitted ones; the decisions stay on the card.

    Raises
    ------
    FitError
        The variable is not on the card, or has no such bin (``CR-CRD-020``).
    """
    points = [list(row) for row in spec.points]
    for override in overrides:
        if override.variable not in spec.feature_names:
            record = next((one for one in spec.selection if one.name == override.variable), None)
            why = (
                f"it was left out ({record.step}: {record.reason})"
                if record
                else "the sample has no such variable"
            )
            raise _refused(override, f"the variable is not on the card: {why}")
        at = spec.feature_names.index(override.variable)
        labels = spec.binning.variables[at].labels()
        if override.bin not in labels:
            raise _refused(override, f"there is no such bin; the bins are {list(labels)}")
        points[at][labels.index(override.bin)] = override.points
    return replace(spec, points=tuple(tuple(row) for row in points), overrides=(*spec.overrides, *overrides))


def _refused(override: PointsOverride, why: str) -> FitError:
    return FitError(
        f"The override by {override.author} ({override.decided_at}) of bin {override.bin!r} of {override.variable!r} "
        f"cannot be kept: {why}. Hint: renew or withdraw the override.",
        code="CR-CRD-020",
        context={"variable": override.variable, "bin": override.bin},
    )

"""Decisions of people about bins, as data: who, when, why; re-applied at every refit, or refused with the reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

Action = Literal["cut_at", "merge", "split", "group", "force_woe"]

SIGNED = ("variable", "author", "decided_at", "reason")
_ACTIONS = ("cut_at", "merge", "split", "group", "force_woe")


@dataclass(frozen=True, slots=True, kw_only=True)
class BinDecision:
    """One decision about the bins of one variable.

    Attributes
    ----------
    variable : str
    action : {'cut_at', 'merge', 'split', 'group', 'force_woe'}
        Cut exactly at ``values``; keep no cut strictly between two ``values``; have a cut at each of ``values``; give the
        categories in ``groups`` bins of their own; set the WoE of ``bin`` to the one number in ``values``.
    author, decided_at, reason : str
        Who, when (ISO 8601), why; none may be empty.
    values : tuple of float
    groups : tuple of tuple of str
    bin : str
        Label of a bin, such as 'Missing'.

    Raises
    ------
    SpecificationError
        Unknown action, an empty author, time or reason, or a time that is none (``CR-BIN-040``), or values that do not fit the action
        (``CR-BIN-041``).

    Examples
    --------
    >>> BinDecision(variable="age", action="merge", values=(30, 45), author="A. Reviewer", decided_at="2026-11-01",
    ...     reason="no policy difference between 30 and 45").action
    'merge'
    """

    variable: str
    action: Action
    author: str
    decided_at: str
    reason: str
    values: tuple[float, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    bin: str = ""

    def __post_init__(self) -> None:
        if self.action not in _ACTIONS:
            raise SpecificationError(
                f"action of a decision about {self.variable!r} must be one of {list(_ACTIONS)}. Got {self.action!r}.",
                code="CR-BIN-040",
            )
        check_signed(self, f"A decision about {self.variable!r}", code="CR-BIN-040")
        if not self._fits():
            raise SpecificationError(
                f"A decision to {self.action} about {self.variable!r} does not say what it needs: cut_at and split need "
                "ascending finite values, merge two of them, group groups without repetition, force_woe a bin and one value.",
                code="CR-BIN-041",
            )

    def _fits(self) -> bool:
        if not all(isfinite(value) for value in self.values):
            return False
        ascending = all(a < b for a, b in zip(self.values, self.values[1:], strict=False))
        if self.action == "merge":
            return len(self.values) == 2 and ascending
        if self.action == "group":
            flat = [category for group in self.groups for category in group]
            return bool(flat) and len(set(flat)) == len(flat) and all(self.groups)
        if self.action == "force_woe":
            return bool(self.bin) and len(self.values) == 1
        return ascending and (self.action == "cut_at" or bool(self.values))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> BinDecision:
        """Rebuild from :meth:`to_dict`."""
        checked = {item.name: content[item.name] for item in fields(cls)}
        checked["values"] = tuple(float(value) for value in content["values"])
        checked["groups"] = tuple(tuple(group) for group in content["groups"])
        return cls(**checked)


def check_signed(decision: Any, what: str, *, names: tuple[str, ...] = SIGNED, code: str) -> None:
    """Refuse a decision that does not say about what, by whom, when and why.

    Raises
    ------
    SpecificationError
        One of ``names`` is empty, or the time is none; with the ``code`` given.
    """
    for name in names:
        if not str(getattr(decision, name)).strip():
            raise SpecificationError(f"{what} lacks its {name}. Expected who, when and why.", code=code)
    if not is_iso_time(decision.decided_at):
        raise SpecificationError(
            f"{what} must have a date or time in ISO 8601 as decided_at. Got {decision.decided_at!r}.",
            code=code,
        )


def is_iso_time(written: str) -> bool:
    """Whether a text is a date, or a date and time, in ISO 8601.

    Examples
    --------
    >>> is_iso_time("2026-11-02"), is_iso_time("2026-11-02T09:30:00+08:00"), is_iso_time("last week")
    (True, True, False)
    """
    try:
        datetime.fromisoformat(written)
    except ValueError:
        return False
    return True

"""All manual decisions of a review in one place: said fluently, kept as data, shown as a table, stored as JSON or TOML."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from credit_risk.binning.decisions import BinDecision
from credit_risk.binning.page import html_table
from credit_risk.domain.texts import text
from credit_risk.errors import SpecificationError
from credit_risk.scorecard.overrides import PointsOverride

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from credit_risk.scorecard.spec import ScorecardSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Decisions about bins and points, in the order in which they were taken; every method returns a longer list.

    Attributes
    ----------
    author, decided_at : str
        Who decides and when (ISO 8601), for the decisions still to come; see :meth:`by`.
    bins : tuple of BinDecision
    points : tuple of PointsOverride

    Examples
    --------
    >>> review = Decisions(author="A. Reviewer", decided_at="2026-11-02")
    >>> review = review.merge("age", 30, 45, reason="no policy difference")
    >>> review = review.force_points("age", "Missing", 12, reason="as agreed with collections")
    >>> review.table()[["variable", "action", "what"]].values.tolist()
    [['age', 'merge', 'no cut between 30 and 45'], ['age', 'force_points', 'Missing: 12 points']]
    >>> Decisions.from_toml(review.to_toml()).bins == review.bins
    True
    """

    author: str = ""
    decided_at: str = ""
    bins: tuple[BinDecision, ...] = ()
    points: tuple[PointsOverride, ...] = ()

    @classmethod
    def of(cls, spec: ScorecardSpec) -> Decisions:
        """Return the decisions that a fitted card carries."""
        bins = tuple(decision for variable in spec.binning.variables for decision in variable.decisions)
        return cls(bins=bins, points=spec.overrides)

    def by(self, author: str, decided_at: str) -> Decisions:
        """Return the same decisions, with another person or time for those to come."""
        return replace(self, author=author, decided_at=decided_at)

    def merge(self, variable: str, low: float, high: float, *, reason: str) -> Decisions:
        """Keep no cut strictly between two values."""
        return self._bin(variable, "merge", reason, values=(float(low), float(high)))

    def split(self, variable: str, *cuts: float, reason: str) -> Decisions:
        """Have a cut at each of these values, beside the others."""
        return self._bin(variable, "split", reason, values=tuple(float(cut) for cut in cuts))

    def cut_at(self, variable: str, cuts: Sequence[float], *, reason: str) -> Decisions:
        """Cut exactly at these values."""
        return self._bin(variable, "cut_at", reason, values=tuple(float(cut) for cut in cuts))

    def group(self, variable: str, *groups: Sequence[str], reason: str) -> Decisions:
        """Give each of these lists of categories a bin of its own."""
        return self._bin(variable, "group", reason, groups=tuple(tuple(group) for group in groups))

    def force_woe(self, variable: str, bin: str, woe: float, *, reason: str) -> Decisions:
        """Set the weight of evidence of one bin, named by its label."""
        return self._bin(variable, "force_woe", reason, bin=bin, values=(float(woe),))

    def force_points(self, variable: str, bin: str, points: int, *, reason: str) -> Decisions:
        """Set the points of one bin, named by its label."""
        override = PointsOverride(
            variable=variable,
            bin=bin,
            points=points,
            author=self.author,
            decided_at=self.decided_at,
            reason=reason,
        )
        return replace(self, points=(*self.points, override))

    def without(self, variable: str) -> Decisions:
        """Withdraw every decision about one variable."""
        return replace(
            self,
            bins=tuple(decision for decision in self.bins if decision.variable != variable),
            points=tuple(override for override in self.points if override.variable != variable),
        )

    def table(self, *, language: str = "en") -> pd.DataFrame:
        """Return one row per decision: variable, action, what (in the reader's language), author, when, why."""
        import pandas as pd

        return pd.DataFrame(
            self._rows(language), columns=["variable", "action", "what", "author", "decided_at", "reason"]
        )

    def _repr_html_(self) -> str:
        headers = ("variable", "action", "what", "author", "decided at", "reason")
        return html_table(f"{len(self.bins) + len(self.points)} manual decisions", headers, self._rows("en"))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values: ``{"bins": [...], "points": [...]}``."""
        return {
            "bins": [decision.to_dict() for decision in self.bins],
            "points": [asdict(override) for override in self.points],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Decisions:
        """Rebuild from :meth:`to_dict`; keys that an action does not use may be absent.

        Raises
        ------
        SpecificationError
            Unknown keys, or lacking ones (``CR-CRD-054``), or a decision that says too little (``CR-BIN-040`` and following).
        """
        _refuse_strangers(content, {"bins", "points"}, "a list of decisions")
        bins = [_bin_decision(item) for item in content.get("bins", ())]
        points = [_points_override(item) for item in content.get("points", ())]
        return cls(bins=tuple(bins), points=tuple(points))

    def to_toml(self) -> str:
        """Return the decisions as TOML, for a file that people read and edit."""
        blocks = [
            "\n".join(
                [
                    f"[[{kind}]]",
                    *(f"{key} = {_toml(value)}" for key, value in item.items() if value not in ((), "")),
                ]
            )
            for kind, items in self.to_dict().items()
            for item in items
        ]
        return "\n\n".join(blocks) + ("\n" if blocks else "")

    @classmethod
    def from_toml(cls, document: str) -> Decisions:
        """Rebuild from :meth:`to_toml`, or from a file written by hand; errors as :meth:`from_dict`.

        Raises
        ------
        SpecificationError
            The text is no TOML (``CR-CRD-055``).
        """
        try:
            content = tomllib.loads(document)
        except tomllib.TOMLDecodeError as error:
            raise SpecificationError(
                f"The decisions are no valid TOML: {error}.", code="CR-CRD-055"
            ) from error
        return cls.from_dict(content)

    def _bin(self, variable: str, action: Any, reason: str, **what: Any) -> Decisions:
        decision = BinDecision(
            variable=variable,
            action=action,
            author=self.author,
            decided_at=self.decided_at,
            reason=reason,
            **what,
        )
        return replace(self, bins=(*self.bins, decision))

    def _rows(self, language: str) -> list[tuple[str, ...]]:
        signed: list[tuple[BinDecision | PointsOverride, str, str]] = [
            *((one, str(one.action), _what(one, language)) for one in self.bins),
            *(
                (
                    one,
                    "force_points",
                    text("scorecard.decision.force_points", language, bin=one.bin, value=one.points),
                )
                for one in self.points
            ),
        ]
        return [
            (one.variable, action, what, one.author, one.decided_at, one.reason)
            for one, action, what in signed
        ]


def _what(decision: BinDecision, language: str) -> str:
    """Say a decision in words."""
    values = [f"{value:.10g}" for value in decision.values]
    if decision.action == "cut_at" and not values:
        return text("scorecard.decision.no_cut", language)
    facts = {
        "low": values[0] if values else "",
        "high": values[-1] if values else "",
        "value": values[0] if values else "",
        "values": ", ".join(values),
        "groups": "; ".join("[" + ", ".join(group) + "]" for group in decision.groups),
        "bin": decision.bin,
    }
    return text(f"scorecard.decision.{decision.action}", language, **facts)


def _bin_decision(item: Mapping[str, Any]) -> BinDecision:
    needed = {"variable", "action", "author", "decided_at", "reason"}
    _refuse_strangers(item, needed | {"values", "groups", "bin"}, "a decision about bins", needed)
    return BinDecision.from_dict({"values": (), "groups": (), "bin": "", **item})


def _points_override(item: Mapping[str, Any]) -> PointsOverride:
    needed = {"variable", "bin", "points", "author", "decided_at", "reason"}
    _refuse_strangers(item, needed, "a decision about points", needed)
    return PointsOverride(**item)


def _refuse_strangers(
    content: Mapping[str, Any], known: set[str], what: str, needed: set[str] | None = None
) -> None:
    unknown, absent = sorted(set(content) - known), sorted((needed or set()) - set(content))
    if unknown or absent:
        raise SpecificationError(
            f"{what[0].upper()}{what[1:]} does not know the keys {unknown} and lacks {absent}. Expected {sorted(known)}.",
            code="CR-CRD-054",
        )


def _toml(value: object) -> str:
    """Write one value; strings as JSON does, which TOML reads alike but for the character 127."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")

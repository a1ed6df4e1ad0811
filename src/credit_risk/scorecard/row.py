"""One applicant at a time, in plain Python: for a backend that scores single requests in microseconds.

The same bins, the same whole points and the same PD function as :func:`~credit_risk.scorecard.apply.apply_scorecard`,
without arrays: a binary search per variable and a sum.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from credit_risk.binning.apply import flag_table, known_categories
from credit_risk.errors import MissingFeatureError, ScoringError, SpecificationError
from credit_risk.scorecard.reasons import MAX_REASONS, factor_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_risk.binning.spec import VariableBins
    from credit_risk.scorecard.spec import ScorecardSpec


class RowScore(NamedTuple):
    """What the card says about one applicant.

    Attributes
    ----------
    score : int, points
    pd : float, in 0..1
    points : list of int
        Per variable of the card.
    flags : list of int
        0 ordinary, 1 missing, 2 special code, 3 unseen.
    reasons : list of tuple of str and int
        Business factor and points lost against the best bins; the costliest first.
    """

    score: int
    pd: float
    points: list[int]
    flags: list[int]
    reasons: list[tuple[str, int]]


class RowScorer:
    """Score dictionaries by a card; build once, call often.

    Parameters
    ----------
    spec : ScorecardSpec
    factors : dict of str to str, optional
        Business factor of each variable, for the reasons.
    max_reasons : int, 1..4

    Raises
    ------
    SpecificationError
        ``max_reasons`` outside 1..4 (``CR-CRD-007``).

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.scorecard import Scorecard
    >>> X = np.arange(1000.0)[:, None]
    >>> card = Scorecard().fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> score = RowScorer(card.spec_)
    >>> score({"x0": 5.0}).score == card.predict_score(np.array([[5.0]]))[0]
    np.True_
    """

    def __init__(
        self, spec: ScorecardSpec, *, factors: Mapping[str, str] | None = None, max_reasons: int = MAX_REASONS
    ) -> None:
        if not 1 <= max_reasons <= MAX_REASONS:
            raise SpecificationError(
                f"max_reasons must be 1 to {MAX_REASONS}. Got {max_reasons!r}.", code="CR-CRD-007"
            )
        numbers, self._factor_names = factor_numbers(spec.feature_names, factors)
        self._pd = spec.scaling.pd_of
        self._max_reasons = max_reasons
        self._is_grouped = len(self._factor_names) < len(numbers)
        self._variables = [
            _row_variable(variable, points, int(factor))
            for variable, points, factor in zip(spec.binning.variables, spec.points, numbers, strict=True)
        ]

    def __call__(self, record: Mapping[str, object]) -> RowScore:
        """Score one applicant.

        Parameters
        ----------
        record : mapping
            Value per variable: a number, text for a category, None or NaN where missing. Other keys are ignored.

        Raises
        ------
        MissingFeatureError
            A variable of the card is absent (``CR-CRD-011``); a missing value must be said: None.
        ScoringError
            Text where a number was fitted or the reverse (``CR-CRD-012``), or a refused value (``CR-BIN-011``).
        """
        points: list[int] = []
        flags: list[int] = []
        lost: list[tuple[int, int]] = []
        for name, place, table, best, factor in self._variables:
            if name not in record:
                raise self._absent(record)
            at = place(record[name])
            earned, flag = table[at]
            points.append(earned)
            flags.append(flag)
            if earned < best:
                lost.append((earned - best, factor))
        score = sum(points)
        return RowScore(score, self._pd(score), points, flags, self._reasons(lost))

    def _reasons(self, lost: list[tuple[int, int]]) -> list[tuple[str, int]]:
        """Add up by factor, then name the costliest; ties in the order of the card."""
        if self._is_grouped:
            by_factor: dict[int, int] = {}
            for amount, factor in lost:
                by_factor[factor] = by_factor.get(factor, 0) + amount
            lost = [(amount, factor) for factor, amount in by_factor.items()]
        lost.sort()
        return [(self._factor_names[factor], -amount) for amount, factor in lost[: self._max_reasons]]

    def _absent(self, record: Mapping[str, object]) -> MissingFeatureError:
        absent = [variable[0] for variable in self._variables if variable[0] not in record]
        return MissingFeatureError(
            f"{len(absent)} of {len(self._variables)} variables are absent: {absent}. "
            "Expected every variable of the card; a missing value is None.",
            code="CR-CRD-011",
            context={"absent": absent},
        )


def _row_variable(
    variable: VariableBins, points: tuple[int, ...], factor: int
) -> tuple[str, _Place, list[tuple[int, int]], int, int]:
    table = list(zip(points, flag_table(variable).tolist(), strict=True))
    place: _Place = _CategoryPlace(variable) if variable.kind == "categorical" else _NumberPlace(variable)
    if "error" in variable.origins:
        place = _GuardedPlace(variable, place)
    return variable.name, place, table, max(points), factor


class _Place:
    """Find the bin of one value."""

    __slots__ = ("missing", "name", "unseen")

    def __init__(self, variable: VariableBins) -> None:
        self.name = variable.name
        self.missing = variable.missing_index
        self.unseen = variable.unseen_index

    def __call__(self, value: Any) -> int:
        raise NotImplementedError

    def wrong_type(self, value: object, expected: str) -> ScoringError:
        return ScoringError(
            f"Variable {self.name!r} holds a value of type {type(value).__name__}. Expected {expected}.",
            code="CR-CRD-012",
            context={"variable": self.name},
        )


class _NumberPlace(_Place):
    __slots__ = ("cuts", "specials")

    def __init__(self, variable: VariableBins) -> None:
        super().__init__(variable)
        self.cuts = variable.cuts
        self.specials = {
            code: self.missing + 1 + offset
            for offset, special in enumerate(variable.specials)
            for code in special.codes
        }

    def __call__(self, value: Any) -> int:
        if value is None:
            return self.missing
        try:
            if value - value != 0:  # NaN and infinity: what is left is not a number
                return self.missing if value != value else self.unseen  # noqa: PLR0124
            if self.specials and value in self.specials:
                return self.specials[value]
            return bisect_right(self.cuts, value)
        except TypeError as error:
            raise self.wrong_type(value, "a number or None") from error


class _CategoryPlace(_Place):
    __slots__ = ("bins",)

    def __init__(self, variable: VariableBins) -> None:
        super().__init__(variable)
        sizes = [at for at, group in enumerate(variable.groups) for _ in group]
        self.bins = dict(zip(known_categories(variable), sizes, strict=True))

    def __call__(self, value: Any) -> int:
        if isinstance(value, str):
            return self.bins.get(value, self.unseen)
        if value is None or value != value:  # noqa: PLR0124
            return self.missing
        raise self.wrong_type(value, "text or None")


class _GuardedPlace(_Place):
    """Refuses what its policy refuses."""

    __slots__ = ("inner", "refused")

    def __init__(self, variable: VariableBins, inner: _Place) -> None:
        super().__init__(variable)
        self.inner = inner
        self.refused = {
            at: variable.labels()[at] for at, origin in enumerate(variable.origins) if origin == "error"
        }

    def __call__(self, value: Any) -> int:
        at = self.inner(value)
        if at in self.refused:
            raise ScoringError(
                f"Variable {self.name!r} holds 1 values of the kind {self.refused[at]!r}, which its policy refuses. "
                "Hint: mend the source, or fit with another policy.",
                code="CR-BIN-011",
                context={"variable": self.name, "count": 1},
            )
        return at

"""One applicant at a time, in plain Python: for a backend that scores single requests in microseconds.

The same bins, the same whole points and the same PD function as :func:`~credit_risk.scorecard.apply.apply_scorecard`,
without arrays: a binary search per variable and a sum.
"""

from __future__ import annotations

from bisect import bisect_right
from numbers import Real
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from credit_risk.binning.apply import flag_table, known_categories
from credit_risk.errors import MissingFeatureError, ScoringError, SpecificationError
from credit_risk.scorecard.reasons import MAX_REASONS, factor_numbers, rank_losses, reference_points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from credit_risk.binning.spec import VariableBins
    from credit_risk.scorecard.reasons import Reference
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
    reasons : list of tuple of str and number
        Business factor and points lost against the reference; the costliest first.
    """

    score: int
    pd: float
    points: list[int]
    flags: list[int]
    reasons: list[tuple[str, float]]


class RowScorer:
    """Score dictionaries by a card; build once, call often.

    Parameters
    ----------
    spec : ScorecardSpec
    factors : dict of str to str, optional
        Business factor of each variable, for the reasons.
    max_reasons : int, 1..4
    reference : {'maximum', 'mean', 'neutral'}
        What points are lost against, see :func:`~credit_risk.scorecard.reasons.shortfalls_against`.

    Raises
    ------
    SpecificationError
        ``max_reasons`` outside 1..4 (``CR-CRD-007``) or an unusable reference (``CR-CRD-006``, ``CR-CRD-041``).

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
        self,
        spec: ScorecardSpec,
        *,
        factors: Mapping[str, str] | None = None,
        max_reasons: int = MAX_REASONS,
        reference: Reference = "maximum",
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
            _row_variable(variable, points, level, int(factor))
            for variable, points, level, factor in zip(
                spec.binning.variables, spec.points, _levels(spec, reference), numbers, strict=True
            )
        ]

    def __call__(self, record: Mapping[str, Any]) -> RowScore:
        """Score one applicant.

        Parameters
        ----------
        record : mapping
            Value per variable: a number, text for a category; None, NaN or pandas' NA where missing. Other keys are ignored.

        Raises
        ------
        MissingFeatureError
            A variable of the card is absent (``CR-CRD-011``); a missing value must be said: None.
        ScoringError
            Text where a number was fitted or the reverse (``CR-CRD-012``), or a refused value (``CR-BIN-011``).
        """
        points: list[int] = []
        flags: list[int] = []
        lost: list[tuple[float, int]] = []
        name, value = "", None
        try:
            for name, cuts, codes, missing, unseen, place, table, level, factor in self._variables:
                value = record[name]
                if place is not None:
                    at = place(value)
                elif value is None:
                    at = missing
                elif value - value != 0:  # NaN and infinity: what is left is not a number
                    at = missing if value != value else _beyond(value, unseen)  # noqa: PLR0124
                elif codes and value in codes:
                    at = codes[value]
                else:
                    at = bisect_right(cuts, value)
                earned, flag = table[at]
                points.append(earned)
                flags.append(flag)
                if earned < level:
                    lost.append((earned - level, factor))
        except KeyError:
            raise self._absent(record) from None
        except TypeError as error:
            known = {one: _plain(record[one]) for one, *_ in self._variables}
            if any(known[one] is not record[one] for one in known):
                return self(known)
            raise _wrong_type(name, value, "a number or None") from error
        score = sum(points)
        return RowScore(score, self._pd(score), points, flags, self._reasons(lost))

    def _reasons(self, lost: list[tuple[float, int]]) -> list[tuple[str, float]]:
        """Name the costliest factors; where each variable is its own factor, sorting is all there is to do."""
        if self._is_grouped:
            losses = [(at, -amount, factor) for at, (amount, factor) in enumerate(lost)]
            ranked = rank_losses(losses, self._max_reasons)
            return [(self._factor_names[factor], amount) for factor, amount, _ in ranked]
        lost.sort(key=_AMOUNT)
        return [(self._factor_names[factor], -amount) for amount, factor in lost[: self._max_reasons]]

    def _absent(self, record: Mapping[str, object]) -> MissingFeatureError:
        absent = [variable[0] for variable in self._variables if variable[0] not in record]
        return MissingFeatureError(
            f"{len(absent)} of {len(self._variables)} variables are absent: {absent}. "
            "Expected every variable of the card; a missing value is None.",
            code="CR-CRD-011",
            context={"absent": absent},
        )


_RowVariable = tuple[
    str,
    tuple[float, ...],
    dict[float, int],
    int,
    int,
    "Callable[[Any], int] | None",
    list[tuple[int, int]],
    float,
    int,
]
"""Name, cuts, special codes, missing bin, unseen bin, place (or None: numbers are placed in line), points and flag per bin,
points of the reference, factor."""
_AMOUNT = itemgetter(0)


def _levels(spec: ScorecardSpec, reference: Reference) -> list[float]:
    """Return the points of the reference, whole where they are."""
    levels = reference_points(spec, reference).tolist()
    return [int(level) if level.is_integer() else level for level in levels]


def _row_variable(variable: VariableBins, points: tuple[int, ...], level: float, factor: int) -> _RowVariable:
    table = list(zip(points, flag_table(variable).tolist(), strict=True))
    codes = {
        code: variable.missing_index + 1 + offset
        for offset, special in enumerate(variable.specials)
        for code in special.codes
    }
    place = _place(variable, codes) if variable.kind == "categorical" or "error" in variable.origins else None
    return (
        variable.name,
        variable.cuts,
        codes,
        variable.missing_index,
        variable.unseen_index,
        place,
        table,
        level,
        factor,
    )


def _place(variable: VariableBins, codes: dict[float, int]) -> Callable[[Any], int]:
    """Return a function that finds the bin of a category, or refuses what the variable's policy refuses."""
    inner = _category_place(variable) if variable.kind == "categorical" else _number_place(variable, codes)
    refused = {at: variable.labels()[at] for at, origin in enumerate(variable.origins) if origin == "error"}
    if not refused:
        return inner

    def guarded(value: Any) -> int:
        at = inner(value)
        if at in refused:
            raise ScoringError(
                f"Variable {variable.name!r} holds 1 values of the kind {refused[at]!r}, which its policy refuses. "
                "Hint: mend the source, or fit with another policy.",
                code="CR-BIN-011",
                context={"variable": variable.name, "count": 1},
            )
        return at

    return guarded


def _category_place(variable: VariableBins) -> Callable[[Any], int]:
    sizes = [at for at, group in enumerate(variable.groups) for _ in group]
    bins = dict(zip(known_categories(variable), sizes, strict=True))
    missing, unseen, name = variable.missing_index, variable.unseen_index, variable.name

    def place(value: Any) -> int:
        if isinstance(value, str):
            return bins.get(value, unseen)
        if value is None or value != value:  # noqa: PLR0124
            return missing
        raise _wrong_type(name, value, "text or None")

    return place


def _number_place(variable: VariableBins, codes: dict[float, int]) -> Callable[[Any], int]:
    missing, unseen, cuts = variable.missing_index, variable.unseen_index, variable.cuts

    def place(value: Any) -> int:
        if value is None or value != value:  # noqa: PLR0124
            return missing
        if value - value != 0:
            return _beyond(value, unseen)
        return codes[value] if value in codes else bisect_right(cuts, value)

    return place


def _plain(value: object) -> object:
    """Return None for pandas' NA, which neither compares nor computes; anything else as it is."""
    return None if type(value).__name__ == "NAType" else value


def _beyond(value: object, unseen: int) -> int:
    """Return the unseen bin for an infinite number; what is no number (a datetime) is a wrong type, never an answer."""
    if not isinstance(value, Real):
        raise TypeError
    return unseen


def _wrong_type(name: str, value: object, expected: str) -> ScoringError:
    return ScoringError(
        f"Variable {name!r} holds a value of type {type(value).__name__}. Expected {expected}.",
        code="CR-CRD-012",
        context={"variable": name},
    )

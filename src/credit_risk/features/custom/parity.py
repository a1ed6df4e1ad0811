"""The proof a custom aggregate must pass: both halves, on the same random histories, give the same whole numbers.

Reading order: :func:`check_parity`, :func:`output_digest`.
"""

from __future__ import annotations

import random
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from credit_risk.features.custom.aggregate import CustomAggregate

    Case = tuple[list[int], list[int]]

_INT64 = 2**63 - 1
#: Histories whose outputs are digested, whatever an aggregate was registered with; never to be changed.
_DIGESTED_CASES, _DIGESTED_SEED = 200, 0


def check_parity(aggregate: CustomAggregate, *, cases: int = 200, seed: int = 0) -> None:
    """Refuse a custom aggregate whose halves differ anywhere.

    Histories are random, without a record too: ties, zeros, negative values, values at the bound of 10**15, several records on
    one day. The batch half sees all of them at once, in another order, and one by one.

    Parameters
    ----------
    aggregate : CustomAggregate
    cases : int
        Number of random histories.
    seed : int
        Of the random numbers, so that a refusal can be seen again.

    Raises
    ------
    SpecificationError
        The halves differ, or a half gives no whole numbers of 64 bits (``CR-FEA-021``).

    Examples
    --------
    >>> from credit_risk.features.custom.aggregate import CustomAggregate
    >>> wrong = CustomAggregate(name="latest", real_time=lambda values, ages: (values[-1], 1) if values else (0, 0),
    ...                         batch=lambda values, ages, starts: (starts[1:] * 0, np.diff(starts)), meaning="wrong")
    >>> check_parity(wrong, cases=50)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    credit_risk.errors.SpecificationError: CR-FEA-021: Aggregate 'latest': real time and batch differ in ...
    """
    if cases < 1:
        raise SpecificationError(f"cases = {cases} is below 1.", code="CR-FEA-021")
    rng = random.Random(seed)  # noqa: S311 - test cases, no secrets
    histories = _histories(rng, cases)
    expected = [run_real_time(aggregate, list(values), list(ages)) for values, ages in histories]
    shuffled = list(range(cases))
    rng.shuffle(shuffled)
    together = _run(aggregate, [histories[place] for place in shuffled])
    found = dict(zip(shuffled, together, strict=True))
    differ = [place for place in range(cases) if not _equal(expected[place], found[place])]
    alone = [
        place
        for place in range(min(cases, 25))
        if not _equal(expected[place], _run(aggregate, [histories[place]])[0])
    ]
    if differ or alone:
        first = (differ or alone)[0]
        raise SpecificationError(
            f"Aggregate {aggregate.name!r}: real time and batch differ in {len(differ or alone)} of {cases} random histories "
            f"(first: number {first}, of {len(histories[first][0])} records, seed {seed}). Expected the same numerator and "
            "denominator, or a denominator of 0 in both.",
            code="CR-FEA-021",
            context={"aggregate": aggregate.name, "cases": cases, "first": first},
        )


def output_digest(aggregate: CustomAggregate) -> str:
    """Return the SHA-256 of what a custom aggregate gives in 200 fixed random histories, and of whether it keeps the unit.

    It tells two aggregates of one name apart by what they compute, not by how they are written. A difference that shows in
    none of the histories (such as beyond 20 records) does not show in the digest either: give changed code a new version.

    Examples
    --------
    >>> from credit_risk.features.custom.aggregate import CustomAggregate
    >>> size = CustomAggregate(name="size", real_time=lambda values, ages: (len(values), 1),
    ...                        batch=lambda values, ages, starts: (np.diff(starts), np.diff(starts) * 0 + 1), meaning="records")
    >>> output_digest(size)[:12]
    '387eea65d5a8'
    """
    rng = random.Random(_DIGESTED_SEED)  # noqa: S311 - test cases, no secrets
    outputs = [run_real_time(aggregate, values, ages) for values, ages in _histories(rng, _DIGESTED_CASES)]
    # a denominator of 0 is a missing value, whatever stands above it
    quotients = [[top, bottom] if bottom else [0, 0] for top, bottom in outputs]
    return sha256_of(canonical_json({"keeps_unit": aggregate.keeps_unit, "outputs": quotients}))


def _histories(rng: random.Random, cases: int) -> list[Case]:
    return [_history(rng) for _ in range(cases)]


def _history(rng: random.Random) -> Case:
    n = rng.choice([0, 1, 2, 3, 7, 20])
    largest = rng.choice([0, 3, 10**6, 10**15])
    ages = sorted((rng.choice([0, 1, 30, rng.randint(0, 400)]) for _ in range(n)), reverse=True)
    return [rng.randint(-largest, largest) for _ in range(n)], ages


def _run(aggregate: CustomAggregate, histories: list[Case]) -> list[tuple[int, int]]:
    starts = np.array([0, *accumulate(len(values) for values, _ in histories)], dtype=np.int64)
    values = np.array([value for values, _ in histories for value in values], dtype=np.int64)
    ages = np.array([age for _, ages in histories for age in ages], dtype=np.int64)
    tops, bottoms = run_batch(aggregate, values, ages, starts)
    return list(zip(tops.tolist(), bottoms.tolist(), strict=True))


def run_batch(
    aggregate: CustomAggregate,
    values: np.ndarray[tuple[int], np.dtype[np.int64]],
    ages: np.ndarray[tuple[int], np.dtype[np.int64]],
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return what the batch half gives, held to its promise.

    Raises
    ------
    SpecificationError
        Not two arrays of whole numbers, one per application (``CR-FEA-021``).
    """
    tops, bottoms = (np.asarray(part) for part in aggregate.batch(values, ages, starts))
    for part in (tops, bottoms):
        if part.dtype.kind not in "iu" or part.dtype == np.uint64 or part.shape != (starts.size - 1,):
            raise SpecificationError(
                f"Aggregate {aggregate.name!r}: the batch half gives an array of {part.dtype} and shape {part.shape}. Expected "
                f"signed whole numbers of shape {(starts.size - 1,)}.",
                code="CR-FEA-021",
            )
    return tops.astype(np.int64), bottoms.astype(np.int64)


def run_real_time(aggregate: CustomAggregate, values: list[int], ages: list[int]) -> tuple[int, int]:
    """Return what the real-time half gives, held to its promise.

    Raises
    ------
    SpecificationError
        Not two whole numbers of 64 bits (``CR-FEA-021``).
    """
    top, bottom = aggregate.real_time(values, ages)
    for part in (top, bottom):
        if not isinstance(part, (int, np.integer)) or abs(int(part)) > _INT64:
            raise SpecificationError(
                f"Aggregate {aggregate.name!r}: the real-time half gives a {type(part).__name__}. Expected two whole numbers of "
                "at most 64 bits.",
                code="CR-FEA-021",
            )
    return int(top), int(bottom)


def _equal(left: tuple[int, int], right: tuple[int, int]) -> bool:
    return left == right or left[1] == right[1] == 0

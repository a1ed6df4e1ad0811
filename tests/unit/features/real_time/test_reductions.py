"""Sums that leave 63 bits, empty windows and histories cut in parts, against Python integers one by one."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.features.real_time import reductions
from credit_risk.features.real_time.reductions import (
    SUMMED,
    Extremes,
    History,
    OrderStatistics,
    Positions,
    Request,
    Scratch,
    Sums,
)

WINDOWS = (None, 400, 30, 1, 0)
RNG = np.random.default_rng(20261126)


def history_of(n, largest):
    masks = RNG.random((3, n)) < np.array([[1.1], [0.5], [0.0]])
    values = RNG.integers(-largest, largest, (2, n), endpoint=True)
    present = np.ones((3, n), dtype=bool)
    present[1] = RNG.random(n) < 0.7
    values *= present[:2]
    ages = np.sort(RNG.integers(1, 500, n))[::-1].copy()
    history = History(masks, values, present, ages, Scratch())
    history.cut(np.array([-(2**62) if days is None else -days for days in WINDOWS]))
    return history


def requests_of(*kinds):
    return [
        Request(kind=kind, subject=subject, measure=measure, window=window)
        for kind in kinds
        for subject in range(3)
        for measure in range(2)
        for window in range(len(WINDOWS))
    ]


def chosen(history, request):
    days = WINDOWS[request.window]
    return [
        (int(history.values[request.measure, at]), int(history.ages[at]))
        for at in range(history.n)
        if history.masks[request.subject, at]
        and history.present[request.measure, at]
        and (days is None or history.ages[at] <= days)
    ]


TERMS = {
    "n": lambda x, age: 1,
    "s": lambda x, age: x,
    "q": lambda x, age: x * x,
    "t": lambda x, age: age,
    "tt": lambda x, age: age * age,
    "tx": lambda x, age: x * age,
}


@pytest.mark.parametrize("chunk", [3, 50, 1024])
@pytest.mark.parametrize("largest", [5, 10**9, 10**15])
def test_sums_are_exact_whatever_their_size(monkeypatch, chunk, largest):
    monkeypatch.setattr(reductions, "CHUNK", chunk)
    history, requests = history_of(120, largest), requests_of(*SUMMED)
    expected = [sum(TERMS[r.kind](x, age) for x, age in chosen(history, r)) for r in requests]
    assert Sums(requests)(history) == expected


@pytest.mark.parametrize("most_cells", [7, 2048])
@pytest.mark.parametrize("chunk", [3, 50, 1024])
def test_extremes_and_order_statistics_are_those_of_sorted_lists(monkeypatch, chunk, most_cells):
    monkeypatch.setattr(reductions, "CHUNK", chunk)
    monkeypatch.setattr(reductions, "_MOST_CELLS", most_cells)
    largest = 20 if chunk < 1024 else 10**15
    history, extremes, ordered = history_of(120, largest), requests_of("min", "max"), requests_of("any")
    pick = {"min": min, "max": max}
    expected = [pick[r.kind]((x for x, _ in chosen(history, r)), default=0) for r in extremes]
    assert Extremes(extremes)(history) == expected
    percents = [(None, 10, 50, 90)[place % 4] for place in range(len(ordered))]
    found = OrderStatistics(ordered, percents)(history)
    for request, percent, value in zip(ordered, percents, found, strict=True):
        x = sorted(v for v, _ in chosen(history, request))
        if percent is None:
            assert value == len(set(x))
        else:
            low = (len(x) - 1) * percent // 100
            assert value == ((x[low], x[min(low + 1, len(x) - 1)]) if x else (0, 0))


def test_positions_are_those_of_a_walk_through_the_records():
    history = history_of(60, 9)
    for request, found in zip(requests := requests_of("last"), Positions(requests)(history), strict=True):
        whole = Request(kind="last", subject=request.subject, measure=request.measure, window=0)
        x = [value for value, _ in chosen(history, whole)]
        assert found == (x[-1] if x else 0)
    for subject in range(3):
        flags = history.masks[subject].tolist()
        lead = next((place for place, flag in enumerate(reversed(flags)) if not flag), len(flags))
        longest = max(len(run) for run in "".join("1" if flag else "0" for flag in flags).split("0"))
        requests = [Request(kind=k, subject=subject, measure=-1, window=0) for k in ("lead", "longest")]
        assert Positions(requests)(history) == [lead, longest]


def test_memory_is_used_again():
    scratch = Scratch()
    first = scratch.table("terms", 4, 100)
    assert np.shares_memory(first, scratch.table("terms", 2, 10))
    assert scratch.table("terms", 40, 100).shape == (40, 100)


def test_large_memory_is_not_kept():
    scratch = Scratch()
    large = scratch.table("sorted", 2, reductions._MOST_KEPT)
    assert not np.shares_memory(large, scratch.table("sorted", 2, reductions._MOST_KEPT))

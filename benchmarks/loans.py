"""Loan maths against its peers: a million different 12-instalment loans, awkward ones included.

Run: ``python -m benchmarks.loans`` or ``python benchmarks/loans.py [--n-loans 1000000] [--passes 7] [--cpu-time]``. Everything runs in
one process, pass by pass (ours, then each peer), and the ratio is taken within a pass, so a busy machine
disturbs both sides alike. Peers are timed on a slice and scaled per loan. Memory settings are the system's own.

Like for like: the decimal loop keeps four columns (instalments, principal parts, interest, balances), so ours writes the same
four for all million loans, 384 MB. Three ways are timed: into an array that is used again (as a batch job does; the loop, too,
uses its memory again), into a new array for every call (new pages of a virtual machine can cost more than the arithmetic), and
in batches of 32,768 loans into one small array (as a writer to a data base does). ``lean`` keeps interest alone; the rest follows by
subtraction when asked for, so it is compared with a lean loop that keeps interest alone, too. Rows named "two threads" use the
second core as well; a Python loop cannot. All others are one thread against one. On a busy machine ``--cpu-time`` counts the
processor's time, with which two threads show no gain.

The mix: 10 % balloon, 10 % zero rate, 10 % long odd first period, 20 % fees (deducted, or with every instalment), 50 % plain.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import sys
import time
import tracemalloc
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pyxirr

from credit_risk.loans.tables.annual import annual_rates_table, dated_rates_table
from credit_risk.loans.tables.repayment import repayment_table

N_INSTALMENTS = 12
N_PEER_RATES, N_PEER_DECIMAL, N_BATCH = 100_000, 5_000, 32_768
START = date(2026, 1, 10)
FOUR_COLUMNS = "schedule, four columns"
TWO_THREADS = "schedule, four columns, two threads"
NEW_MEMORY_TWO_THREADS = "schedule, four columns, new memory, two threads"
NEW_MEMORY = "schedule, four columns, new memory"
IN_BATCHES = "schedule, four columns, in batches"
LEAN = "schedule, lean (interest alone)"


@dataclass(frozen=True)
class Mix:
    principal: np.ndarray
    ppm: np.ndarray
    balloon: np.ndarray
    extra_days: np.ndarray
    initial_fee: np.ndarray
    monthly_fee: np.ndarray
    days: np.ndarray


def make_mix(n_loans: int, *, is_awkward: bool) -> Mix:
    rng = np.random.default_rng(20260820)
    principal = rng.integers(100_000, 20_000_000, n_loans)
    ppm = rng.integers(30_000, 360_000, n_loans)
    kind = rng.random(n_loans) if is_awkward else np.ones(n_loans)
    ppm[(kind >= 0.1) & (kind < 0.2)] = 0
    extra = np.where((kind >= 0.2) & (kind < 0.3), rng.integers(15, 60, n_loans), 0)
    starts = rng.integers(0, 365, n_loans)
    month = np.datetime64("2026-01") + np.arange(N_INSTALMENTS + 1)
    offsets = (month.astype("datetime64[D]") - np.datetime64("2026-01-01")).astype(int)
    gaps = np.diff(offsets)[(starts[:, None] // 31 + np.arange(N_INSTALMENTS)) % 12]
    gaps[:, 0] += extra
    return Mix(
        principal=principal,
        ppm=ppm,
        balloon=np.where(kind < 0.1, principal * 2 // 5, 0),
        extra_days=extra,
        initial_fee=np.where((kind >= 0.3) & (kind < 0.4), principal // 50, 0),
        monthly_fee=np.where((kind >= 0.4) & (kind < 0.5), principal // 400, 0),
        days=np.ascontiguousarray(np.cumsum(gaps, axis=1)),
    )


def schedules(mix: Mix, *, out: np.ndarray | None = None, n_threads: int = 1):
    return repayment_table(
        mix.principal,
        mix.ppm,
        n_instalments=N_INSTALMENTS,
        balloon_minor=mix.balloon,
        first_period_extra_days=mix.extra_days,
        initial_fee_minor=mix.initial_fee,
        instalment_fee_minor=mix.monthly_fee,
        out=out,
        n_threads=n_threads,
    )


def new_columns(n_loans: int) -> np.ndarray:
    return np.empty((4, N_INSTALMENTS, n_loans), dtype=np.int64)


def batches(mix: Mix) -> list[Mix]:
    """Cut the loans into small tables."""
    columns = [getattr(mix, field.name) for field in fields(Mix)]
    starts = range(0, mix.principal.size, N_BATCH)
    return [Mix(*(column[low : low + N_BATCH] for column in columns)) for low in starts]


def schedules_in_batches(parts: list[Mix], out: np.ndarray) -> None:
    for part in parts:
        n = part.principal.size
        schedules(part, out=out if n == N_BATCH else out[:, :, :n])


def decimal_instalment(principal: Decimal, periodic: Decimal, first: Decimal, balloon: Decimal) -> Decimal:
    if not periodic:
        return (principal - balloon) / N_INSTALMENTS
    growth = (1 + periodic) ** N_INSTALMENTS
    owed = principal * (1 + first) / (1 + periodic)
    return (owed * growth - balloon) * periodic / (growth - 1)


def decimal_schedule(principal: Decimal, rate: Decimal, extra_days: int, balloon: Decimal) -> list[tuple]:
    """The naive twin: one interest product and one rounding per instalment."""
    cent = Decimal("0.01")
    periodic = rate / 12
    first = periodic + rate * extra_days / 365
    instalment = decimal_instalment(principal, periodic, first, balloon).quantize(
        cent, rounding=ROUND_HALF_UP
    )
    rows, balance = [], principal
    for k in range(N_INSTALMENTS):
        interest = (balance * (periodic if k else first)).quantize(cent, rounding=ROUND_HALF_UP)
        part = balance if k == N_INSTALMENTS - 1 else instalment - interest
        balance -= part
        rows.append((part + interest, part, interest, balance))
    return rows


def lean_decimal_schedule(
    principal: Decimal, rate: Decimal, extra_days: int, balloon: Decimal
) -> list[Decimal]:
    """The same loop when only interest is kept."""
    cent = Decimal("0.01")
    periodic = rate / 12
    first = periodic + rate * extra_days / 365
    instalment = decimal_instalment(principal, periodic, first, balloon).quantize(
        cent, rounding=ROUND_HALF_UP
    )
    rows, balance = [], principal
    for k in range(N_INSTALMENTS):
        interest = (balance * (periodic if k else first)).quantize(cent, rounding=ROUND_HALF_UP)
        balance -= instalment - interest
        rows.append(interest)
    return rows


def timed(work, clock) -> float:
    gc.collect()
    start = clock()
    work()
    return clock() - start


def peak_mib(work) -> float:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def loop_irr(rows: list[list[float]]) -> list[float | None]:
    irr = pyxirr.irr
    return [irr(row) for row in rows]


def loop_xirr(dates: list[list[date]], rows: list[list[float]]) -> list[float | None]:
    xirr = pyxirr.xirr
    return [xirr(when, row) for when, row in zip(dates, rows, strict=True)]


def loop_decimal(loans: list[tuple]) -> list[list[tuple]]:
    return [decimal_schedule(*loan) for loan in loans]


def loop_lean_decimal(loans: list[tuple]) -> list[list[Decimal]]:
    return [lean_decimal_schedule(*loan) for loan in loans]


def run(n_loans: int, n_passes: int, *, is_awkward: bool, clock=time.perf_counter) -> None:
    mix = make_mix(n_loans, is_awkward=is_awkward)
    kept, batch, parts = new_columns(n_loans), new_columns(N_BATCH), batches(mix)
    disbursed = schedules(mix, out=kept).disbursed_minor
    flows = kept[0].T.copy(order="F")
    rows = np.column_stack([-disbursed[:N_PEER_RATES], flows[:N_PEER_RATES]]).astype(float).tolist()
    dates = [[START, *(START + timedelta(days=int(d)) for d in day)] for day in mix.days[:N_PEER_RATES]]
    twins = [
        (Decimal(int(p)).scaleb(-2), Decimal(int(r)).scaleb(-6), int(x), Decimal(int(b)).scaleb(-2))
        for p, r, x, b in zip(
            *(a[:N_PEER_DECIMAL] for a in (mix.principal, mix.ppm, mix.extra_days, mix.balloon)), strict=True
        )
    ]
    ours = {
        "irr": lambda: annual_rates_table(disbursed, flows),
        "xirr": lambda: dated_rates_table(disbursed, flows, mix.days),
        FOUR_COLUMNS: lambda: schedules(mix, out=kept),
        NEW_MEMORY: lambda: schedules(mix, out=new_columns(n_loans)),
        IN_BATCHES: lambda: schedules_in_batches(parts, batch),
        LEAN: lambda: schedules(mix),
        TWO_THREADS: lambda: schedules(mix, out=kept, n_threads=2),
        NEW_MEMORY_TWO_THREADS: lambda: schedules(mix, out=new_columns(n_loans), n_threads=2),
    }
    peers = {
        "pyxirr.irr": (lambda: loop_irr(rows), len(rows)),
        "pyxirr.xirr": (lambda: loop_xirr(dates, rows), len(rows)),
        "decimal loop": (lambda: loop_decimal(twins), len(twins)),
        "lean decimal loop": (lambda: loop_lean_decimal(twins), len(twins)),
    }
    check(mix, disbursed, flows, ours, peers)
    seconds = {name: [] for name in (*ours, *peers)}
    for _ in range(n_passes + 1):
        for name, work in ours.items():
            seconds[name].append(timed(work, clock) / n_loans)
        for name, (work, n) in peers.items():
            seconds[name].append(timed(work, clock) / n)
    report(seconds, "awkward mix" if is_awkward else "plain loans", n_loans, n_passes)
    for name, work in ours.items():
        print(f"  peak memory of {name}: {peak_mib(work):.0f} MiB beyond its inputs")


def check(mix: Mix, disbursed, flows, ours, peers) -> None:
    """Nothing is timed before both sides agree."""
    nominal, _ = ours["irr"]()
    _, effective = ours["xirr"]()
    found = np.array(peers["pyxirr.irr"][0](), dtype=float)
    dated = np.array(peers["pyxirr.xirr"][0](), dtype=float)
    irr_gap = np.nanmax(np.abs(nominal[: len(found)] / 12 - found))
    xirr_gap = np.nanmax(np.abs(effective[: len(dated)] - dated))
    lost = int(np.isnan(found).sum() + np.isnan(dated).sum())
    columns = schedules(mix, out=new_columns(mix.principal.size)).columns_minor[:, :, :N_PEER_DECIMAL].copy()
    columns[0] -= mix.monthly_fee[:N_PEER_DECIMAL]
    for i, (naive, lean) in enumerate(
        zip(peers["decimal loop"][0](), peers["lean decimal loop"][0](), strict=True)
    ):
        expected = np.array([[int(x.scaleb(2)) for x in row] for row in naive]).T
        if not np.array_equal(columns[:, :, i], expected) or [row[2] for row in naive] != lean:
            sys.exit(f"loan {i}: schedules differ")
    if irr_gap > 1e-9 or xirr_gap > 1e-7:
        sys.exit(f"rates differ: {irr_gap} {xirr_gap}")
    print(
        f"agreement: irr {irr_gap:.1e}, xirr {xirr_gap:.1e}, schedules equal on {N_PEER_DECIMAL}; "
        f"rates the peer did not find: {lost}"
    )


def report(seconds: dict[str, list[float]], title: str, n_loans: int, n_passes: int) -> None:
    kept = {name: values[1:] for name, values in seconds.items()}  # the first pass warms caches and memory
    print(f"\n{title}: {n_loans:,} loans x {N_INSTALMENTS}; {n_passes} passes after one warm-up")
    for name, values in kept.items():
        median, spread = statistics.median(values), (min(values), max(values))
        first = seconds[name][0]
        print(
            f"  {name:47s} median {median * 1e6:8.3f} us a loan  "
            f"({spread[0] * 1e6:.3f} to {spread[1] * 1e6:.3f}; warm-up {first * 1e6:.3f})"
        )
    for mine, peer, floor in (
        ("irr", "pyxirr.irr", 5),
        ("xirr", "pyxirr.xirr", 5),
        *((ours, "pyxirr.irr", 10) for ours in (FOUR_COLUMNS, NEW_MEMORY, IN_BATCHES, LEAN)),
        *(
            (ours, "decimal loop", 100)
            for ours in (FOUR_COLUMNS, NEW_MEMORY, IN_BATCHES, TWO_THREADS, NEW_MEMORY_TWO_THREADS)
        ),
        (LEAN, "lean decimal loop", 100),
    ):
        ratios = [p / m for m, p in zip(kept[mine], kept[peer], strict=True)]
        print(
            f"  {mine} v {peer}: {statistics.median(ratios):.1f}x ({min(ratios):.1f} to {max(ratios):.1f}; "
            f"floor {floor}x)"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n-loans", type=int, default=1_000_000)
    parser.add_argument("--passes", type=int, default=7)
    parser.add_argument("--cpu-time", action="store_true", help="time of the processor, not of the wall")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, pyxirr {pyxirr.__version__}; "
        f"load average {load}; {'processor' if arguments.cpu_time else 'wall'} time"
    )
    for is_awkward in (True, False):
        run(arguments.n_loans, arguments.passes, is_awkward=is_awkward, clock=clock)


if __name__ == "__main__":
    main()

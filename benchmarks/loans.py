"""Loan maths against its peers: a million different 12-instalment loans, awkward ones included.

Run: ``python -m benchmarks.loans`` or ``python benchmarks/loans.py [--n-loans 1000000] [--passes 7]``. Everything runs in
one process, one thread, pass by pass (ours, then each peer), and the ratio is taken within a pass, so a busy machine
disturbs both sides alike. Peers are timed on a slice and scaled per loan.

Memory: a table of a million loans is 96 MB, and fresh pages of a virtual machine can cost more than the arithmetic. So the
process keeps the memory it frees (glibc: no mmap, no trim), as a long-running server does; ``--fresh-memory`` asks for new
pages each time instead. Both are worth knowing.

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
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pyxirr

from credit_risk.loans.tables.annual import annual_rates_table, dated_rates_table
from credit_risk.loans.tables.repayment import repayment_table

N_INSTALMENTS = 12
N_PEER_RATES, N_PEER_DECIMAL = 100_000, 5_000
START = date(2026, 1, 10)


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


def schedules(mix: Mix):
    table = repayment_table(
        mix.principal,
        mix.ppm,
        n_instalments=N_INSTALMENTS,
        balloon_minor=mix.balloon,
        first_period_extra_days=mix.extra_days,
    )
    return table.with_fees(initial_minor=mix.initial_fee, instalment_minor=mix.monthly_fee)


def schedules_written_out(mix: Mix):
    table = schedules(mix)
    return table, *table.written_out()


def decimal_schedule(principal: Decimal, rate: Decimal, extra_days: int, balloon: Decimal) -> list[tuple]:
    """The naive twin: one interest product and one rounding per instalment."""
    cent = Decimal("0.01")
    periodic = rate / 12
    first = periodic + rate * extra_days / 365
    if rate:
        growth = (1 + periodic) ** N_INSTALMENTS
        owed = principal * (1 + first) / (1 + periodic)
        instalment = (owed * growth - balloon) * periodic / (growth - 1)
    else:
        instalment = (principal - balloon) / N_INSTALMENTS
    instalment = instalment.quantize(cent, rounding=ROUND_HALF_UP)
    rows, balance = [], principal
    for k in range(N_INSTALMENTS):
        interest = (balance * (periodic if k else first)).quantize(cent, rounding=ROUND_HALF_UP)
        part = balance if k == N_INSTALMENTS - 1 else instalment - interest
        balance -= part
        rows.append((part + interest, part, interest, balance))
    return rows


def timed(work) -> tuple[float, object]:
    gc.collect()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


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


def run(n_loans: int, n_passes: int, *, is_awkward: bool) -> None:
    mix = make_mix(n_loans, is_awkward=is_awkward)
    table, flows, _, _ = schedules_written_out(mix)
    disbursed = table.disbursed_minor
    rows = np.column_stack([-disbursed[:N_PEER_RATES], flows[:N_PEER_RATES]]).astype(float).tolist()
    dates = [[START, *(START + timedelta(days=int(d)) for d in day)] for day in mix.days[:N_PEER_RATES]]
    twins = [
        (Decimal(int(p)).scaleb(-2), Decimal(int(r)).scaleb(-6), int(x), Decimal(int(b)).scaleb(-2))
        for p, r, x, b in zip(
            *(a[:N_PEER_DECIMAL] for a in (mix.principal, mix.ppm, mix.extra_days, mix.balloon)), strict=True
        )
    ]
    del table
    ours = {
        "irr": lambda: annual_rates_table(disbursed, flows),
        "xirr": lambda: dated_rates_table(disbursed, flows, mix.days),
        "schedule": lambda: schedules(mix),
        "schedule, all columns written out": lambda: schedules_written_out(mix),
    }
    peers = {
        "pyxirr.irr": (lambda: loop_irr(rows), len(rows)),
        "pyxirr.xirr": (lambda: loop_xirr(dates, rows), len(rows)),
        "decimal": (lambda: loop_decimal(twins), len(twins)),
    }
    check(mix, disbursed, flows, ours, peers)
    seconds = {name: [] for name in (*ours, *peers)}
    for _ in range(n_passes + 1):
        for name, work in ours.items():
            seconds[name].append(timed(work)[0] / n_loans)
        for name, (work, n) in peers.items():
            seconds[name].append(timed(work)[0] / n)
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
    table, instalment, part, balance = ours["schedule, all columns written out"]()
    fee = mix.monthly_fee
    for i, naive in enumerate(peers["decimal"][0]()):
        mine = [
            (int(a - fee[i]), int(b), int(c), int(d))
            for a, b, c, d in zip(instalment[i], part[i], table.interest_minor[i], balance[i], strict=True)
        ]
        if mine != [tuple(int(x.scaleb(2)) for x in row) for row in naive]:
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
            f"  {name:36s} median {median * 1e6:8.3f} us a loan  "
            f"({spread[0] * 1e6:.3f} to {spread[1] * 1e6:.3f}; warm-up {first * 1e6:.3f})"
        )
    for mine, peer, floor in (
        ("irr", "pyxirr.irr", 5),
        ("xirr", "pyxirr.xirr", 5),
        ("schedule", "pyxirr.irr", 10),
        ("schedule, all columns written out", "pyxirr.irr", 10),
        ("schedule", "decimal", 100),
        ("schedule, all columns written out", "decimal", None),
    ):
        ratios = [p / m for m, p in zip(kept[mine], kept[peer], strict=True)]
        goal = f"floor {floor}x" if floor else "no floor"
        print(
            f"  {mine} v {peer}: {statistics.median(ratios):.1f}x ({min(ratios):.1f} to {max(ratios):.1f}; {goal})"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n-loans", type=int, default=1_000_000)
    parser.add_argument("--passes", type=int, default=7)
    parser.add_argument("--fresh-memory", action="store_true")
    arguments = parser.parse_args()
    if not arguments.fresh_memory and "MALLOC_MMAP_MAX_" not in os.environ:
        os.environ.update(MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_=str(2**62), MALLOC_TOP_PAD_=str(2**28))
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 (itself, with the same arguments)
    print("new memory for every call" if arguments.fresh_memory else "freed memory is kept and used again")
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, pyxirr {pyxirr.__version__}"
    )
    for is_awkward in (True, False):
        run(arguments.n_loans, arguments.passes, is_awkward=is_awkward)


if __name__ == "__main__":
    main()

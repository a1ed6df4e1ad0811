"""Real-time features of one applicant: dictionaries in, feature values out, one call at a time.

Run: ``python benchmarks/features_closure.py [--n-calls 300] [--seed 20261122] [--peers .peers/features/bin/python]``.

Cases: 130 random features (ten subjects, ten measures, every aggregate, six windows) over 400 and over 20,000 events of a
bank account with two ISO 8601 times, amounts, missing values, codes and flags; and the Taiwan catalogue over six
monthly records. The data of each call differ, so nothing is found in a cache that a backend would not find there too.

Polars and DuckDB compute the same 130 features in an environment of their own (``make peers``; ``features_closure_peers.py``), in
passes that take turns with ours, and all three in one way: three calls on one applicant, of which the first is not counted. Their values must agree with ours to 8 digits before anything is timed. Where that environment
does not exist, the script says so and times our side only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from credit_risk.domain.application import Application
from credit_risk.features import DerivedMeasure, FeatureCatalogue, FeatureClosure, FeatureDefinition, Subject
from credit_risk.features.aggregates import AGGREGATES
from credit_risk.sources import SourceContracts, read_contracts

ROOT = Path(__file__).parents[1]
APPLIED_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
MONEY = {"minimum": -(10**12), "maximum": 10**12}
KEY = {"name": "customer", "role": "key", "kind": "text"}
CONTRACTS = {
    "name": "benchmark",
    "timezone": "Asia/Taipei",
    "currency": "TWD",
    "consent": {"mode": "assumed", "purpose": "credit_assessment", "statement": "synthetic"},
    "applications": {
        "file": "applications.parquet",
        "application_key": "customer",
        "customer_key": "customer",
        "applied_at_column": "applied_at",
        "consent_purpose": "credit_assessment",
        "columns": [
            KEY,
            {"name": "applied_at", "role": "time", "kind": "timestamp"},
            {
                "name": "limit",
                "role": "attribute",
                "kind": "money",
                "scale": 2,
                "minimum": 0,
                "maximum": 10**9,
            },
        ],
    },
    "records": [
        {
            "name": "bank",
            "file": "bank.parquet",
            "customer_key": "customer",
            "unique_key": [],
            "event_time": {"column": "at"},
            "known_at": {"column": "known"},
            "consent_purpose": "credit_assessment",
            "columns": [
                KEY,
                {"name": "at", "role": "time", "kind": "timestamp"},
                {"name": "known", "role": "time", "kind": "timestamp"},
                {"name": "amount", "role": "measure", "kind": "money", "scale": 2, "nullable": True, **MONEY},
                {"name": "balance", "role": "measure", "kind": "money", "scale": 2, **MONEY},
                {"name": "status", "role": "measure", "kind": "integer", "minimum": -9, "maximum": 9},
                {
                    "name": "category",
                    "role": "measure",
                    "kind": "code",
                    "codes": ["food", "rent", "pay"],
                    "nullable": True,
                },
                {"name": "flag", "role": "measure", "kind": "boolean"},
            ],
        }
    ],
}
SUBJECTS = {
    "late": ("status >= 1",),
    "good": ("status <= 0", "flag == 1"),
    "food": ("category == 'food'",),
    "home": ("category in ['food', 'rent']",),
    "growing": ("amount > previous.amount",),
    "over": ("amount > application.limit",),
    "dear": ("ratio >= 0.25",),
    "night": ("event_hour < 6",),
    "weekend": ("event_weekday >= 5",),
    "odd": ("amount != 1.05", "status in [1, 3]"),
}
MEASURES = {
    "ratio": "amount / application.limit",
    "change": "amount - previous.amount",
    "total": "balance + amount",
    "gap": "event_day - previous.event_day",
    "before": "previous.status",
}
#: The aggregates of the list, each of which every peer can express.
LISTED = (
    *(
        "count",
        "cv",
        "current_streak",
        "days_since_first",
        "days_since_last",
        "distinct",
        "last",
        "longest_streak",
    ),
    *(
        "max",
        "mean",
        "mean_change",
        "mean_ratio",
        "median",
        "min",
        "p10",
        "p25",
        "p75",
        "p90",
        "range",
        "share",
    ),
    *("slope", "std", "sum", "sum_ratio"),
)
NUMERIC = ("amount", "balance", "status", *MEASURES, "age_days", "event_hour")


def definition_of(rng: random.Random) -> FeatureDefinition:
    name = rng.choice(LISTED)
    aggregate = AGGREGATES[name]
    days = rng.choice([7, 30, 60, 90, 180, 365])
    measures = NUMERIC if aggregate.needs_scale else (*NUMERIC, "category")
    return FeatureDefinition(
        source="bank",
        subject=rng.choice(["all", *SUBJECTS]),
        measure="records" if aggregate.on_records else rng.choice(measures),
        over=rng.choice(NUMERIC) if aggregate.takes_over else "",
        window=f"{days}d_vs_400d" if aggregate.two_windows else rng.choice([f"{days}d", "history"]),
        aggregate=name,
        factor="any",
    )


def catalogue_of(rng: random.Random, n_features: int) -> FeatureCatalogue:
    chosen: dict[str, FeatureDefinition] = {}
    while len(chosen) < n_features:
        definition = definition_of(rng)
        chosen[definition.name] = definition
    return FeatureCatalogue(
        name="benchmark",
        version="1",
        subjects=tuple(Subject(source="bank", name=name, where=where) for name, where in SUBJECTS.items()),
        measures=tuple(
            DerivedMeasure(
                source="bank",
                name=name,
                expression=text,
                scale=4 * ("/" in text),
                minimum=-(10**8),
                maximum=10**8,
            )
            for name, text in MEASURES.items()
        ),
        definitions=tuple(chosen.values()),
    )


def events_of(rng: random.Random, n_events: int) -> list[dict[str, object]]:
    rows = []
    for _ in range(n_events):
        at = APPLIED_AT - timedelta(seconds=rng.randint(1, 500 * 86_400))
        known = min(at + timedelta(minutes=rng.randint(0, 90)), APPLIED_AT)
        rows.append(
            {
                "customer": "A",
                "at": at.isoformat(),
                "known": known.isoformat(),
                "amount": rng.choice([None, *[rng.randint(-500_000, 500_000) / 100] * 9]),
                "balance": rng.randint(0, 10**8) / 100,
                "status": rng.randint(-2, 5),
                "category": rng.choice(["food", "rent", "pay", None]),
                "flag": rng.random() < 0.3,
            }
        )
    return rows


#: Calls on one applicant in the race; the first is not counted, it warms whatever a tool keeps.
REPEATS = 3


def timed(call, requests, n_calls: int, repeats: int = 1) -> np.ndarray:
    """Return microseconds of each call, by the wall's clock and of the processor; the first round over the requests is not counted.

    With ``repeats``, each applicant is called so often in a row and the first of these calls is not counted, as with the peers.
    Where other work runs, a long call is interrupted more often than a short one: the processor's time tells them apart.
    """
    for request in requests:
        call(*request)
    spent = []
    for i in range(n_calls):
        request = requests[i // repeats % len(requests)]
        start = time.perf_counter_ns(), time.thread_time_ns()
        call(*request)
        end = time.perf_counter_ns(), time.thread_time_ns()
        if repeats == 1 or i % repeats:
            spent.append([(end[0] - start[0]) / 1e3, (end[1] - start[1]) / 1e3])
    return np.array(spent)


def report(label: str, spent: np.ndarray) -> np.ndarray:
    """Print and return medians: by the wall's clock, and of the processor where it was measured."""
    clocks = spent.reshape(len(spent), -1)
    medians, (p99, *_) = np.median(clocks, axis=0), np.percentile(clocks, 99, axis=0)
    processor = f"   processor p50 {medians[1]:>8,.0f} us" if medians.size > 1 else ""
    print(
        f"{label:<40} p50 {medians[0]:>8,.0f} us   p99 {p99:>8,.0f} us{processor}   ({len(spent)} calls)",
        flush=True,
    )
    return medians


def bank_requests(rng: random.Random, n_requests: int, n_events: int):
    form = Application.from_mapping(
        {"application_id": "A", "customer_id": "A", "applied_at": APPLIED_AT.isoformat(), "limit": 5_000.0}
    )
    return [(form, {"bank": events_of(rng, n_events)}) for _ in range(n_requests)]


def taiwan_case(rng: random.Random, n_requests: int):
    folder = ROOT / "examples" / "uci_credit_card"
    contracts = read_contracts(ROOT / "data_samples" / "uci_credit_card" / "sources.toml")
    catalogue = FeatureCatalogue.from_toml(folder / "features.toml")
    months = [f"2005-{month:02d}-01" for month in range(4, 10)]
    requests = []
    for number in range(n_requests):
        records = [
            {
                "month": month,
                "pay_status": rng.randint(-2, 3),
                "bill_amt": rng.randint(0, 200_000),
                "pay_amt": rng.randint(0, 50_000),
            }
            for month in months
        ]
        form = {"application_id": str(number), "applied_at": "2005-10-01T00:00:00+08:00", "LIMIT_BAL": 50_000}
        requests.append((Application.from_mapping(form), {"monthly_statements": records}))
    return FeatureClosure(catalogue, contracts), requests


class Peers:
    """The other tools, in a process of their own that answers line by line."""

    def __init__(self, python: Path, catalogue: FeatureCatalogue, requests) -> None:
        definitions = [
            {
                **{name: getattr(d, name) for name in ("subject", "measure", "over", "aggregate")},
                "days": d.window_days,
                "against": d.against_days,
            }
            for d in catalogue.definitions
        ]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [python, Path(__file__).with_name("features_closure_peers.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        applicants = [records["bank"] for _, records in requests]
        self.versions = self._ask(json.dumps({"definitions": definitions, "applicants": applicants}))

    def _ask(self, line: str):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __call__(self, tool: str, form: str, applicant: int, repeats: int = 1):
        answer = self._ask(f"{tool} {form} {applicant} {repeats}")
        values = [np.nan if value is None else value for value in answer["values"]]
        return answer["us"], np.array(values, dtype=float)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def check_values(closure: FeatureClosure, requests, peers: Peers) -> None:
    """Stop unless every peer gives our values to 8 digits for every applicant."""
    for place, request in enumerate(requests):
        ours = closure(*request).values
        for tool in PEER_CALLS:
            theirs = peers(tool, "dictionaries", place)[1]
            np.testing.assert_allclose(
                ours, theirs, rtol=1e-8, atol=1e-9, err_msg=f"{tool}, applicant {place}"
            )
    print(f"values agree: {len(requests)} applicants, {len(closure.names)} features, {', '.join(PEER_CALLS)}")


#: Calls per pass; DuckDB is slow.
PEER_CALLS = {"polars": 20, "duckdb": 4}
N_PASSES = 5


def race(closure: FeatureClosure, requests, peers: Peers) -> None:
    """Time our calls and theirs in turns and print ratios of medians."""
    spent: dict[tuple[str, str], list[list[float]]] = {}
    for number in range(N_PASSES):
        first = number * len(requests) // N_PASSES
        own = timed(closure, requests, 30 * REPEATS, REPEATS)
        spent.setdefault(("credit_risk", "dictionaries"), []).extend(own.tolist())
        for tool, calls in PEER_CALLS.items():
            for form in ("dictionaries", "frame"):
                for call in range(calls):
                    us, _ = peers(tool, form, (first + call) % len(requests), REPEATS)
                    spent.setdefault((tool, form), []).extend(us[1:])
    ours = report("130 features, 400 events, in turns", np.array(spent.pop(("credit_risk", "dictionaries"))))
    for (tool, form), theirs in spent.items():
        p50 = report(f"{tool} {peers.versions[tool]}, from {form}", np.array(theirs))
        wall, processor = p50 / ours
        print(f"{'':<40} {wall:,.1f} times our time by the wall's clock, {processor:,.1f} of the processor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-calls", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--peers", type=Path, default=ROOT / ".peers" / "features" / "bin" / "python")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores, load {os.getloadavg()}"
    )
    catalogue = catalogue_of(rng, 130)
    closure = FeatureClosure(catalogue, SourceContracts.from_dict(CONTRACTS))
    requests = bank_requests(rng, 20, 400)
    short = report("130 features, 400 events", timed(closure, requests, arguments.n_calls))
    taiwan, statements = taiwan_case(rng, 50)
    report(f"{len(taiwan.names)} Taiwan features, 6 records", timed(taiwan, statements, arguments.n_calls))
    few = max(arguments.n_calls // 10, 10)
    long = report("130 features, 20,000 events", timed(closure, bank_requests(rng, 2, 20_000), few))
    wall, processor = long / short
    print(
        f"20,000 events over 400 events: {wall:.1f}x by the wall's clock, {processor:.1f}x of the processor"
    )
    if arguments.peers.exists():
        peers = Peers(arguments.peers, catalogue, requests)
        check_values(closure, requests, peers)
        race(closure, requests, peers)
        peers.close()
    else:
        print(f"peers not run: {arguments.peers.name} of their environment does not exist (make peers)")
    print(f"load at the end {os.getloadavg()}")


if __name__ == "__main__":
    main()

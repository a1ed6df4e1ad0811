"""Real-time features of one applicant: dictionaries in, feature values out, one call at a time.

Run: ``python benchmarks/features_closure.py [--n-calls 300] [--seed 20261122]``.

Cases: 130 random features (ten subjects, ten measures, every aggregate, six windows) over 400 and over 20,000 events of a
bank account with two ISO 8601 times, amounts, missing values, codes and flags; and the Taiwan catalogue over six
monthly records. The data of each call differ, so nothing is found in a cache that a backend would not find there too.
Peers (Polars, DuckDB) are not run by this script.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
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
    *("count", "cv", "current_streak", "days_since_first", "days_since_last", "distinct", "last", "longest_streak"),
    *("max", "mean", "mean_change", "mean_ratio", "median", "min", "p10", "p25", "p75", "p90", "range", "share"),
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


def timed(call, requests, n_calls: int) -> np.ndarray:
    """Return microseconds of each call; the first round over the requests is not counted."""
    for request in requests:
        call(*request)
    spent = []
    for i in range(n_calls):
        request = requests[i % len(requests)]
        start = time.perf_counter_ns()
        call(*request)
        spent.append((time.perf_counter_ns() - start) / 1e3)
    return np.array(spent)


def report(label: str, spent: np.ndarray) -> float:
    p50, p99 = np.percentile(spent, [50, 99])
    print(f"{label:<44} p50 {p50:>10,.0f} us   p99 {p99:>10,.0f} us   ({spent.size} calls)", flush=True)
    return float(p50)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-calls", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores, load {os.getloadavg()}"
    )
    catalogue = catalogue_of(rng, 130)
    closure = FeatureClosure(catalogue, SourceContracts.from_dict(CONTRACTS))
    short = report("130 features, 400 events", timed(closure, bank_requests(rng, 20, 400), arguments.n_calls))
    taiwan, requests = taiwan_case(rng, 50)
    report(f"{len(taiwan.names)} Taiwan features, 6 records", timed(taiwan, requests, arguments.n_calls))
    few = max(arguments.n_calls // 10, 10)
    long = report("130 features, 20,000 events", timed(closure, bank_requests(rng, 2, 20_000), few))
    print(f"20,000 events over 400 events: {long / short:.1f}x")
    print(f"load at the end {os.getloadavg()}; peers: not run")


if __name__ == "__main__":
    main()

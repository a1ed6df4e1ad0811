"""Many features of many applications: the library beside naive ibis, hand-written polars, pandas and SQL, on one SYNTHETIC log.

Run: ``python benchmarks/features.py [--events 10000000] [--passes 3] [--tools library,ibis,polars,pandas,duckdb] [--featuretools]``.

Every run is a process of its own; passes are interleaved and ratios taken within a pass. Before a time counts, every answer
is held against the library's: whole numbers exactly, fractions to the declared nine digits. Peers run in ``.peers/features``
(``make peers``), functions in ``features_peers.py``. The events are drawn from a seed; nobody's data is in them.

The library checks the files against their contract, as no other tool here does; ``library, checks apart`` times the same with
tables that were read and checked before the clock started.

Reading order: :func:`main`, :func:`run_library`, :func:`generate`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from features_peers import ALL, DAY_US, FEATURES, SUBJECTS

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".peers" / "features" / "bin" / "python"
EVENTS_PER_APPLICATION = 50
CHUNK = 1_000_000
CATEGORIES = ("food", "rent", "salary", "cash", "gambling", "transport", "telecom", "other")
SHARES = (0.34, 0.05, 0.04, 0.10, 0.04, 0.20, 0.08, 0.15)
FIRST_US = 1_735_660_800_000_000  # 2025-01-01 00:00 in Shanghai
CONTRACT = """
name = "synthetic_events"
timezone = "Asia/Shanghai"
currency = "CNY"
[consent]
mode = "assumed"
purpose = "credit_assessment"
statement = "synthetic"
[applications]
file = "applications.parquet"
application_key = "application"
customer_key = "customer"
applied_at_column = "applied_at"
[applications.columns]
application = { role = "key", kind = "integer" }
customer = { role = "key", kind = "integer" }
applied_at = { role = "time", kind = "timestamp" }
[records.events]
file = "events.parquet"
customer_key = "customer"
event_time = { column = "at" }
known_at = { column = "known" }
future_records = "ignore"
[records.events.columns]
customer = { role = "key", kind = "integer" }
at = { role = "time", kind = "timestamp" }
known = { role = "time", kind = "timestamp" }
amount = { role = "measure", kind = "money", minimum = 0, maximum = 1_000_000_000 }
merchant = { role = "measure", kind = "integer", minimum = 0, maximum = 1_000_000_000 }
device = { role = "measure", kind = "integer", minimum = 0, maximum = 1_000_000_000 }
category = { role = "measure", kind = "code", codes = [CODES] }
""".replace("CODES", ", ".join(f'"{word}"' for word in CATEGORIES))


# ---- data --------------------------------------------------------------------------------------------------------


def generate(folder: Path, n_events: int, seed: int) -> None:
    """Write a SYNTHETIC log in the order of its times: busy and quiet customers, late records, events after the application."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    n = max(n_events // EVENTS_PER_APPLICATION, 10)
    customers = rng.permutation(np.arange(n, dtype=np.int64) * 7919 + 1_000_000_007)
    applied = FIRST_US + (365 * DAY_US) + rng.integers(0, 30 * DAY_US, n)
    moment = pa.timestamp("us", tz="UTC")
    table = pa.table(
        {
            "application": pa.array(np.arange(n, dtype=np.int64) * 31 + 500_000_000),
            "customer": customers,
            "applied_at": pa.array(applied).cast(moment),
        }
    )
    pq.write_table(table, folder / "applications.parquet")
    (folder / "sources.toml").write_text(CONTRACT, encoding="utf-8")
    busy = np.cumsum(rng.lognormal(0.0, 0.8, n))
    words = pa.array(CATEGORIES)
    writer = None
    for first in range(0, n_events, CHUNK):
        size = min(CHUNK, n_events - first)
        who = np.searchsorted(busy, rng.random(size) * busy[-1])
        at = FIRST_US + (first + np.sort(rng.random(size) * size)) / n_events * 395 * DAY_US
        at = at.astype(np.int64)
        late = rng.random(size) < 0.1
        delay = np.where(late, rng.integers(0, 3 * DAY_US, size), rng.integers(0, 60_000_000, size))
        kind = np.searchsorted(np.cumsum(SHARES), rng.random(size) * 0.999999)
        chunk = pa.table(
            {
                "customer": customers[who],
                "at": pa.array(at).cast(moment),
                "known": pa.array(at + delay).cast(moment),
                "amount": np.minimum(np.exp(rng.normal(8.5, 1.2, size)), 50_000_000).astype(np.int64),
                "merchant": (50_000 * rng.random(size) ** 3).astype(np.int64),
                "device": who.astype(np.int64) * 7 % 1_000_003 + (4 * rng.random(size) ** 3).astype(np.int64),
                "category": pa.DictionaryArray.from_arrays(pa.array(kind.astype(np.int8)), words).cast(
                    pa.string()
                ),
            }
        )
        writer = writer or pq.ParquetWriter(folder / "events.parquet", chunk.schema, compression="zstd")
        writer.write_table(chunk)
    writer.close()

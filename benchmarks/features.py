"""Many features of many applications: the library beside naive ibis, hand-written polars, pandas and SQL, on one SYNTHETIC log.

Run: ``python benchmarks/features.py [--events 10000000] [--passes 3] [--tools library,polars,...] [--featuretools]``.

Every run is a process of its own; passes are interleaved and ratios taken within a pass. Before a time counts, every answer
is held against the library's: whole numbers exactly, fractions to the declared nine digits. Peers run in ``.peers/features`` and
``.peers/featuretools`` (``make peers``), their code is in ``features_peers.py``. The events are drawn from a seed; nobody's data is in them.

The library (``scan_sources``, ``compute_features``) checks every value against its contract on the way, as no other tool here
does; the seconds until everything is read, checked and set aside are printed apart. ``in_memory`` is the library with
``read_sources``. Imports are not timed for anybody; reading Parquet is, for everybody.

Reading order: :func:`main`, :func:`compare`, :func:`run_library`, :func:`generate`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from features_peers import DAY_US, FEATURES, SUBJECTS, peak_mib

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".peers"
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


# ---- the library -------------------------------------------------------------------------------------------------


def catalogue():
    """Return the list as a catalogue."""
    from credit_risk.features import FeatureCatalogue, FeatureDefinition, Subject

    return FeatureCatalogue(
        name="benchmark",
        version="1",
        subjects=tuple(
            Subject(source="events", name=name, where=(where,)) for name, where in SUBJECTS.items()
        ),
        definitions=tuple(
            FeatureDefinition(
                source="events",
                subject=feature.subject,
                measure=feature.measure or "records",
                window=feature.window,
                aggregate=feature.aggregate,
                factor="any",
            )
            for feature in FEATURES
        ),
    )


def run_library(folder: Path, answer: str, *, in_memory: bool, shows_progress: bool) -> None:
    """Compute the features by the public path; print seconds, seconds of reading, peak memory."""
    import pandera.pandas  # noqa: F401
    import pyarrow as pa
    import pyarrow.parquet as pq

    from credit_risk.features import compute_features
    from credit_risk.jobs.progress import TerminalProgress
    from credit_risk.sources import read_sources, scan_sources

    features = catalogue()
    progress = TerminalProgress() if shows_progress else None
    started, used = time.perf_counter(), time.process_time()
    sources = read_sources(folder) if in_memory else scan_sources(folder, progress=progress)
    read = time.perf_counter() - started
    table = compute_features(features, sources, progress=progress)
    seconds, used = time.perf_counter() - started, time.process_time() - used
    figures = {"seconds": seconds, "reading": read, "cpu_seconds": used, "peak_mib": peak_mib()}
    print(json.dumps(figures))
    if not in_memory:
        sources.close()
    del sources
    gc.collect()
    columns = {name: table.X[name].to_numpy() for name in table.X.columns}
    pq.write_table(pa.table({"application": table.X.index.to_numpy().astype(np.int64), **columns}), answer)


# ---- comparison --------------------------------------------------------------------------------------------------

WHOLE = ("count", "sum", "max", "min", "distinct", "days_since_last", "days_since_first")
#: Nine significant digits: half a unit of the last one, and the noise of another tool's floating point.
LARGEST_GAP = 5.001e-9


def compare(ours: Path, theirs: Path) -> str:
    """Return '' if both answers agree, else the first feature that does not."""
    import pandas as pd
    import pyarrow.parquet as pq

    order = pd.read_parquet(ours, columns=["application"])["application"].to_numpy()
    keys = pd.read_parquet(theirs, columns=["application"])["application"].to_numpy()
    if len(keys) != len(order) or not np.array_equal(np.sort(keys), np.sort(order)):
        return "other applications"
    place, other = np.argsort(order), np.argsort(keys)
    for feature in FEATURES:
        a, b = (
            pq.read_table(path, columns=[feature.name])
            .column(0)
            .to_pandas()
            .to_numpy(dtype=float, na_value=np.nan)
            for path in (ours, theirs)
        )
        a, b = a[place], b[other]
        missing = np.isnan(a)
        gap = np.abs(a - b)[~missing]
        allowed = 0.0 if feature.aggregate in WHOLE else LARGEST_GAP * np.abs(b[~missing])
        if not np.array_equal(missing, np.isnan(b)) or (gap > allowed).any():
            return feature.name
    return ""


def run(tool: str, folder: Path, *, shows_progress: bool) -> dict[str, float]:
    """Run one tool in a process of its own and return its figures."""
    answer = folder / f"{tool}.parquet"
    if tool in ("library", "in_memory"):
        command = [sys.executable, __file__, "--worker", tool, "--folder", str(folder)]
        command += ["--progress"] if shows_progress else []
    else:
        command = [
            _python_of(tool),
            str(ROOT / "benchmarks" / "features_peers.py"),
            tool,
            str(folder),
            str(answer),
        ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def _python_of(tool: str) -> str:
    """Return the interpreter of a peer; featuretools needs an environment of its own."""
    return str(PEERS / ("featuretools" if tool == "featuretools" else "features") / "bin" / "python")


def report(results: dict[str, list[dict[str, float]]], wrong: dict[str, str]) -> None:
    """Print one line per tool: medians, and ratios to the library within each pass."""
    print(
        "tool | wall s: median (all passes) | processor s | peak MiB | times as long as the library, by pass | equal"
    )
    for tool, runs in results.items():
        seconds = [figures["seconds"] for figures in runs]
        ratios = [
            figures["seconds"] / ours["seconds"]
            for figures, ours in zip(runs, results["library"], strict=True)
        ]
        cpu = statistics.median(figures["cpu_seconds"] for figures in runs)
        peak = max(figures["peak_mib"] for figures in runs)
        print(
            f"{tool} | {statistics.median(seconds):.1f} ({', '.join(f'{s:.1f}' for s in seconds)}) | {cpu:.1f} | "
            f"{peak:.0f} | {', '.join(f'{ratio:.2f}' for ratio in ratios)} | {wrong.get(tool) or 'yes'}"
        )
        if "reading" in runs[0]:
            print(f"  of which reading and checking: {statistics.median(f['reading'] for f in runs):.1f} s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--tools", default="library,in_memory,ibis,polars,polars_rings,pandas,duckdb")
    parser.add_argument("--featuretools", action="store_true", help="also time it on 60 applications")
    parser.add_argument("--progress", action="store_true")
    parser.add_argument(
        "--folder", type=Path, help="where the log lies or is to be kept; temporary by default"
    )
    parser.add_argument("--worker", choices=("library", "in_memory"), help="used by the script itself")
    return parser.parse_args()


def main() -> None:
    """Draw the log, run every tool in turn, hold the answers against each other, print."""
    arguments = _arguments()
    if arguments.worker:
        run_library(
            arguments.folder,
            str(arguments.folder / f"{arguments.worker}.parquet"),
            in_memory=arguments.worker == "in_memory",
            shows_progress=arguments.progress,
        )
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "events.parquet").exists():
            generate(folder, arguments.events, arguments.seed)
        _benchmark(arguments, folder)


def _benchmark(arguments: argparse.Namespace, folder: Path) -> None:
    import pyarrow.parquet as pq

    n_events, n_applications = (
        pq.read_metadata(folder / f"{name}.parquet").num_rows for name in ("events", "applications")
    )
    tools = arguments.tools.split(",")
    print(
        f"{n_events:,} SYNTHETIC events, {n_applications:,} applications, {len(FEATURES)} features; seed {arguments.seed}"
    )
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start"
    )
    if Path(_python_of("")).exists():
        asked = [_python_of(""), str(ROOT / "benchmarks" / "features_peers.py"), "versions", "", ""]
        print(subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
    results: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
    wrong: dict[str, str] = {}
    for number in range(arguments.passes):
        for tool in tools:
            results[tool].append(run(tool, folder, shows_progress=arguments.progress))
            print(
                f"pass {number + 1}: {tool} {json.dumps(results[tool][-1])}, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            if tool != "library" and number == 0:
                wrong[tool] = compare(folder / "library.parquet", folder / f"{tool}.parquet")
    report(results, wrong)
    if any(wrong.values()):
        raise SystemExit(f"Answers differ, so no time counts: {wrong}")
    if arguments.featuretools:
        asked = [
            _python_of("featuretools"),
            str(ROOT / "benchmarks" / "features_peers.py"),
            "versions",
            "",
            "",
        ]
        print(subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
        figures = run("featuretools", folder, shows_progress=False)
        hours = figures["seconds"] / figures["applications"] * n_applications / 3600
        print(
            f"featuretools: {figures['seconds']:.1f} s for {figures['applications']} applications; linearly, {hours:.1f} h for all"
        )


if __name__ == "__main__":
    main()

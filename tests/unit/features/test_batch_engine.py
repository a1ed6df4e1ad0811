"""Rings to windows, and the proofs of what fits 64 bits."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.features import DerivedMeasure, FeatureCatalogue, FeatureDefinition, compute_features
from credit_risk.features.batch_engine import cumulate
from credit_risk.features.plan import plan_features, tightened
from credit_risk.sources import read_sources, scan_sources

WIDE = pa.decimal128(38, 0)


@given(
    rows=st.dictionaries(
        st.tuples(st.integers(0, 4), st.integers(0, 3)),
        st.one_of(st.none(), st.integers(-(10**37), 10**37), st.integers(-5, 5)),
        max_size=12,
    )
)
def test_windows_are_what_the_rings_inside_them_add_up_to(rows):
    table = pa.table(
        {
            "app": pa.array([app for app, _ in rows], pa.int64()),
            "ring": pa.array([ring for _, ring in rows], pa.int32()),
            "s all amount": pa.array(list(rows.values()), WIDE),
            "min all amount": pa.array([None if v is None else v % 1000 for v in rows.values()], pa.int64()),
            "max all amount": pa.array(
                [None if v is None else -(v % 1000) for v in rows.values()], pa.int64()
            ),
        }
    )
    found = cumulate(table, 5, 4)
    for app in range(5):
        for ring in range(4):
            inside = [rows.get((app, other)) for other in range(ring + 1)]
            known = [value for value in inside if value is not None]
            assert int(found["s all amount"][app, ring]) == sum(known)
            assert found["min all amount"][app, ring] == min((v % 1000 for v in known), default=0)
            assert found["max all amount"][app, ring] == max((-(v % 1000) for v in known), default=0)


def test_rings_that_each_fit_64_bits_may_add_up_to_more():
    largest = 2**63 - 1
    table = pa.table({"app": [0, 0], "ring": [0, 1], "s all amount": pa.array([largest, largest], WIDE)})
    assert cumulate(table, 1, 2)["s all amount"].tolist() == [[largest, 2 * largest]]


def catalogue(*definitions, measures=()):
    shared = {"source": "monthly_statements", "factor": "any"}
    return FeatureCatalogue(
        name="x",
        version="1",
        measures=tuple(DerivedMeasure(source="monthly_statements", **measure) for measure in measures),
        definitions=tuple(FeatureDefinition(**shared, **definition) for definition in definitions),
    )


def test_bounds_come_down_to_what_the_data_holds_and_never_rise(uci_folder):
    measures = (
        {"name": "gap", "expression": "bill_amt - pay_amt"},
        {"name": "ratio", "expression": "pay_amt / bill_amt", "scale": 4, "minimum": -2, "maximum": 3},
    )
    wanted = [{"measure": name, "aggregate": "std", "window": "92d"} for name in ("bill_amt", "gap", "ratio")]
    (plan,) = plan_features(catalogue(*wanted, measures=measures), read_sources(uci_folder).contracts).sources
    bounds = tightened(plan, {"bill_amt": 7, "pay_amt": 5}).bounds
    assert (bounds["bill_amt"], bounds["pay_amt"], bounds["gap"], bounds["ratio"]) == (7, 5, 12, 30_000)
    assert tightened(plan, {"bill_amt": 10**18, "pay_amt": 10**18}).bounds == plan.bounds
    assert tightened(plan, {}).bounds == plan.bounds


@pytest.mark.parametrize("records_per_part", [20_000, 10**9])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_parts_and_threads_change_no_bit(uci_folder, records_per_part, n_threads):
    windows = ("30d", "92d", "history")
    wanted = [
        {"measure": "bill_amt", "aggregate": aggregate, "window": window}
        for aggregate in ("std", "min", "max", "distinct", "median")
        for window in windows
    ]
    features = catalogue(*wanted, {"measure": "pay_amt", "aggregate": "last"})
    expected = compute_features(features, read_sources(uci_folder))
    seen = []

    class Recorder:
        def track(self, items, *, label, total=None):
            seen.append((label, total))
            return items

    with scan_sources(uci_folder, records_per_part=records_per_part) as parts:
        found = compute_features(features, parts, n_threads=n_threads, progress=Recorder())
    assert found.X.equals(expected.X)
    assert found.flags.equals(expected.flags)
    assert seen == [("Parts", 9 if records_per_part == 20_000 else 1)]
    assert np.isfinite(found.X.to_numpy()).any()


def test_what_the_engine_cannot_hold_in_memory_goes_to_a_folder_of_its_own(uci_folder, tmp_path, monkeypatch):
    """Its own default is the working folder, for everybody to read."""
    seen = []

    def connect(**arguments):
        folder = Path(arguments["config"]["temp_directory"])
        seen.append((folder, stat.S_IMODE(folder.stat().st_mode)))
        return plain(**arguments)

    plain = duckdb.connect
    wanted = catalogue({"measure": "bill_amt", "aggregate": "mean", "window": "92d"})
    with scan_sources(uci_folder, records_per_part=100_000, temporary_folder=tmp_path) as parts:
        monkeypatch.setattr(duckdb, "connect", connect)
        compute_features(wanted, parts, n_threads=1)
        compute_features(wanted, parts.part(0), n_threads=1)
    assert [mode for _, mode in seen] == [0o700] * 2
    assert seen[0][0].is_relative_to(tmp_path)
    assert not any(folder.exists() for folder, _ in seen)

"""Batch: the parts that parity tests do not reach."""

from __future__ import annotations

import pytest

from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition, compile_batch, compute_features
from credit_risk.sources import read_sources
from credit_risk.sources.parts import cut_sources


@pytest.fixture(scope="module")
def sources(uci_folder):
    return read_sources(uci_folder)


def catalogue(**fields):
    return FeatureCatalogue(
        name="x", version="1", definitions=(FeatureDefinition(**{"factor": "any", "version": "1", **fields}),)
    )


def test_less_than_one_thread_is_refused(sources):
    with pytest.raises(SpecificationError, match="CR-FEA-020: n_threads = 0"):
        compute_features(catalogue(source="monthly_statements", aggregate="count"), sources, n_threads=0)


def test_a_catalogue_of_form_fields_alone_needs_no_engine(sources):
    limit = catalogue(source="application", measure="LIMIT_BAL", window="now", aggregate="value")
    table = compute_features(limit, sources)
    assert table.X.iloc[:, 0].tolist() == (sources.applications["LIMIT_BAL"] / 100).tolist()
    assert table.flags.shape == (30_000, 0)


def test_progress_is_told_about_every_source_and_feature(sources):
    seen = []

    class Recorder:
        def track(self, items, *, label, total=None):
            seen.append((label, total))
            return items

    compute_features(
        catalogue(source="monthly_statements", window="30d", aggregate="count"), sources, progress=Recorder()
    )
    assert seen == [("Sources", 1), ("Features", 1)]


def test_windows_of_30_61_92_and_183_days_hold_1_2_3_and_6_statements(sources):
    for window, expected in (("30d", 1), ("61d", 2), ("92d", 3), ("183d", 6), ("history", 6)):
        table = compute_features(
            catalogue(source="monthly_statements", window=window, aggregate="count"), sources
        )
        assert table.X.iloc[:, 0].unique().tolist() == [expected]


def test_many_records_in_memory_are_computed_part_by_part_to_the_same_bits(sources, monkeypatch):
    spread = catalogue(source="monthly_statements", measure="bill_amt", window="92d", aggregate="std")
    at_once = compute_features(spread, sources)
    monkeypatch.setattr(compile_batch, "CUT_ABOVE", 1_000)
    monkeypatch.setattr(compile_batch, "cut_sources", lambda s: cut_sources(s, records_per_part=40_000))
    seen = []

    class Recorder:
        def track(self, items, *, label, total=None):
            seen.append((label, total))
            return items

    by_parts = compute_features(spread, sources, progress=Recorder())
    assert by_parts.X.equals(at_once.X)
    assert by_parts.flags.equals(at_once.flags)
    assert seen == [("Parts", 5)]


def test_a_failure_in_one_part_is_raised_and_the_others_are_not_waited_for(sources, monkeypatch):
    monkeypatch.setattr(compile_batch, "finalize", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        compute_features(
            catalogue(source="monthly_statements", aggregate="count"),
            cut_sources(sources, records_per_part=9_000),
        )

"""Batch: the parts that parity tests do not reach."""

from __future__ import annotations

import pytest

from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition, compute_features
from credit_risk.sources import read_sources


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

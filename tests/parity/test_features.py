"""Batch and real time give the same bits for every customer of the Taiwan card data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from credit_risk.domain.application import Application
from credit_risk.features import FeatureCatalogue, FeatureClosure, compute_features
from credit_risk.sources import read_sources

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def river():
    sources = read_sources(ROOT / "data_samples" / "uci_credit_card")
    catalogue = FeatureCatalogue.from_toml(ROOT / "examples" / "uci_credit_card" / "features.toml")
    return sources, catalogue, compute_features(catalogue, sources)


@pytest.mark.slow
def test_every_customer_in_real_time_equals_the_batch_row_bit_for_bit(river):
    sources, catalogue, table = river
    closure = FeatureClosure(catalogue, sources.contracts)
    requests = sources.raw_requests(list(sources.applications.index))
    vectors = np.array([closure(Application.from_mapping(a), r).values for a, r in requests])
    batch = table.X.to_numpy()
    assert vectors.shape == (30_000, len(catalogue.names))
    assert np.array_equal(np.isnan(vectors), np.isnan(batch))
    seen = ~np.isnan(batch)
    assert np.array_equal(vectors[seen].view(np.int64), batch[seen].view(np.int64))


def test_one_thread_and_two_threads_and_shuffled_rows_give_the_same_table(river):
    sources, catalogue, table = river
    shuffled = type(sources)(
        **{
            **{name: getattr(sources, name) for name in sources.__dataclass_fields__},
            "records": {
                name: frame.sample(frac=1, random_state=7) for name, frame in sources.records.items()
            },
        }
    )
    again = compute_features(catalogue, shuffled, n_threads=1)
    assert again.X.equals(table.X)
    assert again.flags.equals(table.flags)


def test_the_catalogue_is_broad_and_leaves_protected_columns_alone(river):
    _, catalogue, table = river
    assert len(catalogue.names) >= 40
    assert len({definition.aggregate for definition in catalogue.definitions}) >= 12
    used = {column for row in catalogue.lineage() for column in row["columns"]}
    assert used == {"LIMIT_BAL", "application.LIMIT_BAL", "bill_amt", "pay_amt", "pay_status"}
    assert list(table.X.columns) == list(catalogue.names)
    # everybody has six statements here; the feature exists so that the strategy can refer short files to a person
    constant = set(table.X.columns[table.X.nunique() <= 1])
    assert constant == {"monthly_statements__all__records__183d__count"}


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_no_two_features_tell_the_same(river, method):
    _, _, table = river
    correlation = table.X.corr(method=method).abs().to_numpy(copy=True)
    np.fill_diagonal(correlation, 0.0)
    assert np.nanmax(correlation) <= 0.99

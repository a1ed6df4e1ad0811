"""Prepared rows of real customers, as the nightly job would find them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk import FeatureCatalogue, compute_features, load_bundle, read_sources

PROJECT = Path(__file__).resolve().parents[4]
BUNDLE = PROJECT / "models" / "uci-reference"
N_ROWS = 4_321


@pytest.fixture(scope="session")
def bundle():
    return load_bundle(BUNDLE)


@pytest.fixture(scope="session")
def prepared(bundle) -> pa.Table:
    """The first customers' features; every 7th row with a hole."""
    catalogue = FeatureCatalogue.from_toml(PROJECT / "examples" / "uci_credit_card" / "features.toml")
    X = (
        compute_features(catalogue, read_sources(PROJECT / "data_samples" / "uci_credit_card"))
        .X.head(N_ROWS)
        .copy()
    )
    X.loc[X.index[::7], bundle.scorecard.feature_names[0]] = float("nan")
    return pa.table(
        {"application_id": pa.array(X.index.astype(str)), **{name: X[name].to_numpy() for name in X.columns}}
    )


@pytest.fixture
def rows_file(prepared, tmp_path) -> Path:
    path = tmp_path / "rows.parquet"
    pq.write_table(prepared, path, row_group_size=1_000)
    return path

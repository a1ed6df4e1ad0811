"""The shipped German credit sample is what its README says."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def german(project_folder):
    return pd.read_parquet(project_folder / "data_samples" / "german_credit" / "german_credit.parquet")


def test_rows_key_and_label_are_as_documented(german):
    assert german.shape == (1000, 22)
    assert german["application_id"].is_unique
    assert german["is_bad"].sum() == 300
    assert not german.isna().any().any()
    assert german.drop(columns="is_bad").select_dtypes("number").shape[1] == 7


def test_the_published_bad_counts_of_the_checking_account_hold(german):
    """Source: UCI id 144, attribute 1 against the class (135 of 274, 105 of 269, 14 of 63, 46 of 394)."""
    table = german.groupby("status_of_existing_checking_account")["is_bad"].agg(["size", "sum"])
    assert sorted(map(tuple, table.to_numpy().tolist())) == [(63, 14), (269, 105), (274, 135), (394, 46)]
    assert tuple(table.loc["no checking account"]) == (394, 46)


def test_the_licence_and_the_known_errors_stand_beside_the_data(project_folder):
    readme = (project_folder / "data_samples" / "german_credit" / "README.md").read_text(encoding="utf-8")
    for words in ("CC BY 4.0", "10.24432/C5NC77", "coding errors", "Protected", "foreign_worker"):
        assert words in readme

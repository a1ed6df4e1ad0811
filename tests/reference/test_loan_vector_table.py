"""Every published number of the loan itself is ours, and the page that shows them is the one this list writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from loan_vectors import vectors
from print_loan_vectors import PAGE, table

VECTORS = vectors()
EXPECTED_IDS = {f"V-A{k:02d}" for k in (1, 2, 3, 4, 5)} | {f"V-B{k:02d}" for k in range(1, 40)}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.id} {vector.quantity}")
def test_our_number_is_the_published_one(vector):
    assert vector.is_met, f"published {vector.published}, ours {vector.ours}"


def test_no_vector_is_missing():
    assert {vector.id for vector in VECTORS} >= EXPECTED_IDS


@pytest.mark.parametrize("vector", VECTORS[::7], ids=lambda vector: f"{vector.id} {vector.quantity}")
def test_a_wrong_number_would_be_noticed(vector):
    wrong = "2026-02-29" if isinstance(vector.ours, str) else vector.ours + type(vector.ours)(1)
    assert not replace(vector, ours=wrong).is_met


def test_a_lenient_vector_says_why():
    assert all(vector.note for vector in VECTORS if vector.n_units > 0.5)


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == table()

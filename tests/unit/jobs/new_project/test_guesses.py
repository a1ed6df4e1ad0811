"""What columns are taken for: by name, by content, and against the outcome."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.jobs.new_project.data_files import key, quoted, word_list
from credit_risk.jobs.new_project.guesses import guess_columns, is_protected_name, separation

PROTECTED = [
    "sex",
    "Gender",
    "age_in_years",
    "AgeYears",
    "personal_status_and_sex",
    "foreign_worker",
    "年龄",
    "marital-status",
]
HARMLESS = ["average", "mortgage", "stage", "usage_3m", "language", "essex", "present_residence_since", "job"]


@pytest.mark.parametrize("name", PROTECTED)
def test_protected_names_are_known(name):
    assert is_protected_name(name)


@pytest.mark.parametrize("name", HARMLESS)
def test_names_that_only_contain_the_letters_are_not(name):
    assert not is_protected_name(name)


def one(cells, name="column", is_bad=None):
    outcome = np.arange(len(cells)) % 4 == 0 if is_bad is None else np.array(is_bad)
    return guess_columns({name: cells}, (), outcome)[0]


@pytest.mark.parametrize(
    ("cells", "role", "kind"),
    [
        (["1", "2", "2"] * 10, "attribute", "integer"),
        (["1.5", "2", "-0.25"] * 10, "attribute", "decimal"),
        (["1", "2", "x"] * 10, "attribute", "code"),
        (["1,5", "2,5", "3,5"] * 10, "attribute", "code"),
        (["2024-01-01", "2024-02-01"] * 10, "ignored", "text"),
        (["1"] * 30, "ignored", "text"),
        ([None] * 30, "ignored", "text"),
        ([f"t{n}" for n in range(30)], "ignored", "text"),
        (["1e5", "2.5E-3"] * 10, "attribute", "decimal"),
        (["0.30000000000000004", "4.97e-05", "2"] * 10, "attribute", "decimal"),
    ],
)
def test_kinds_follow_the_cells(cells, role, kind):
    contract = one(cells).contract
    assert (contract.role, contract.kind) == (role, kind)


@pytest.mark.parametrize(
    ("cells", "warning"),
    [
        (
            [*map(str, range(100, 140)), "unknown", "unknown"],
            "numbers, but for 2 rows that hold something else",
        ),
        ([f"{n},000" for n in range(100, 140)], "numbers written with commas, spaces or signs"),
        ([f"€ {n}.50" for n in range(100, 140)], "numbers written with commas, spaces or signs"),
    ],
)
def test_a_column_that_is_almost_numbers_is_said_to_be_one(cells, warning):
    guess = one(cells)
    assert guess.contract.role == "ignored"
    assert warning in guess.warning


def test_whole_numbers_with_a_useless_decimal_are_whole():
    contract = one(["1169.0", "20.0", None, "3.0"] * 10).contract
    assert (contract.kind, contract.scale) == ("integer", 0)


def test_a_number_in_every_row_is_a_key_only_if_its_name_says_so():
    cells = [str(n) for n in range(30)]
    assert one(cells, "customerId").contract.role == "ignored"
    assert one(cells, "systemloanid").contract.role == "ignored"
    assert one(cells, "income").contract.role == "attribute"
    assert one(cells, "amountPaid").contract.role == "attribute"


def test_names_of_what_happens_later_are_asked_about():
    guess = one(["1", "2", "3"] * 10, "recoveries")
    assert guess.contract.role == "attribute"
    assert "perhaps known only after the decision" in guess.warning


@given(st.lists(st.decimals(-(10**6), 10**6, places=2), min_size=2, unique=True))
def test_the_allowed_range_holds_every_value(numbers):
    contract = one([f"{number:f}" for number in numbers]).contract
    factor = 10**contract.scale
    assert all(contract.minimum <= number * factor <= contract.maximum for number in numbers)


@given(st.text(max_size=20))
def test_any_text_survives_toml(text):
    import tomllib

    content = f"{key(text or 'x')} = {quoted(text)}\nwords = {word_list([text, 'b' * 120])}"
    found = tomllib.loads(content)
    if text != "words":
        assert found[text or "x"] == text
    assert found["words"][0] == text


def test_strength_is_seen_in_either_direction_and_through_gaps():
    is_bad = np.array([True] * 10 + [False] * 10)
    falling = [str(20 - n) for n in range(20)]
    assert separation(falling, is_bad, is_number=True) == 1.0
    assert separation(["a"] * 10 + ["b"] * 10, is_bad, is_number=False) == 1.0
    assert separation([None] * 10 + ["5"] * 10, is_bad, is_number=True) == 0.5
    assert separation([None] * 10 + ["b"] * 10, is_bad, is_number=False) == 1.0


def test_a_strong_column_is_kept_with_a_question():
    is_bad = np.arange(200) < 100
    cells = [str(n + 90 * (n % 5 == 0)) for n in range(200)]
    guess = one(cells, is_bad=is_bad)
    assert guess.contract.role == "attribute"
    assert "was it known before the decision?" in guess.warning

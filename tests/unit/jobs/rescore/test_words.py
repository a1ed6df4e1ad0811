"""Words of prepared rows become places in the contract's list, or are refused without being repeated."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import DataContractError
from credit_risk.jobs.rescore.prepared_rows import open_prepared_rows
from credit_risk.jobs.rescore.words import as_places

WORDS = ("car", "NA", "tv")
KINDS = [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())]


@given(st.lists(st.sampled_from([None, *WORDS])), st.sampled_from(KINDS))
def test_every_way_to_write_words_gives_the_same_places(cells, kind):
    table = pa.table({"purpose": pa.array(cells, pa.string()).cast(kind), "income": [1.0] * len(cells)})
    found = as_places(table, {"purpose": WORDS, "not there": ("x",)}, "rows")
    assert found["purpose"].to_pylist() == [
        None if word is None else float(WORDS.index(word)) for word in cells
    ]
    assert found["income"] == table["income"]


@pytest.mark.parametrize("values", [[0.0, 3.0], [0.5, 1.0], [-1.0, 2.0]])
def test_a_number_that_is_no_place_is_refused(values):
    with pytest.raises(DataContractError, match="'purpose' holds a number for a word .* in 1 of 2 rows"):
        as_places(pa.table({"purpose": values}), {"purpose": WORDS}, "rows")


def test_places_and_missing_values_pass():
    table = pa.table({"purpose": [2.0, None, float("nan"), 0.0]})
    assert as_places(table, {"purpose": WORDS}, "rows")["purpose"].to_pylist() == [2.0, None, None, 0.0]


def test_many_words_are_not_all_listed():
    words = [f"w{i}x" for i in range(30)]
    with pytest.raises(DataContractError, match="'w11x' and 18 more"):
        as_places(pa.table({"purpose": ["zzz"]}), {"purpose": words}, "rows")


def test_a_csv_may_hold_a_word_spelt_like_a_missing_value(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("application_id,purpose,income\na,NA,1\nb,,NaN\nc,tv,3\n", encoding="utf-8")
    rows = open_prepared_rows(path, ["purpose", "income"], {"purpose": WORDS})
    (block,) = rows.blocks(0, 10)
    assert block["purpose"].to_pylist() == [1.0, None, 2.0]


def test_numbers_for_words_that_look_like_numbers_are_refused(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"application_id": ["a"], "grade": [1]}), path)
    with pytest.raises(DataContractError, match="'grade'.*Expected the words as text"):
        open_prepared_rows(path, ["grade"], {"grade": ("1", "2")})
    pq.write_table(pa.table({"application_id": ["a"], "grade": ["2"]}), path)
    (block,) = open_prepared_rows(path, ["grade"], {"grade": ("1", "2")}).blocks(0, 10)
    assert block["grade"].to_pylist() == [1.0]

"""Records a backend hands in: same rules as files, errors with source, field and count, never a value."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import MissingFeatureError, ScoringError
from credit_risk.sources import read_contracts
from credit_risk.sources.calendar import microseconds
from credit_risk.sources.iso_times import iso_moments
from credit_risk.sources.requests import (
    RecordReader,
    normalize_attributes,
    normalize_record_arrays,
    normalize_records,
)

GOOD = {"day": "2026-02-01", "amount": 10.5, "status": 0, "category": "food", "flag": True}


@pytest.fixture
def contracts(folder):
    return read_contracts(folder() / "sources.toml")


def normalized(contracts, *rows):
    return normalize_records(rows, contracts.record("bank"), contracts.timezone)


def outcome(function, rows, contract, timezone):
    try:
        found = function(rows, contract, timezone)
    except ScoringError as error:
        return error.code, error.message, error.context
    return found if function is normalize_records else found.to_lists()


NOT_PLAIN = [
    None,
    True,
    np.float64(2.5),
    Decimal("2.50"),
    np.int64(3),
    math.nan,
    math.inf,
    2**70,
    10**400,
    -1,
    10.505,
    "x",
    [],
]


@pytest.mark.parametrize("field", ["day", "amount", "status", "category", "flag"])
@pytest.mark.parametrize(
    "value", [*NOT_PLAIN, 3, 2.5, "rent", False, np.True_, "2026-02-09", "9999-01-01", ["x"]], ids=repr
)
@pytest.mark.parametrize("n_records", [2, 40])
def test_arrays_and_lists_hold_the_same_or_refuse_in_the_same_words(contracts, field, value, n_records):
    first = date(2025, 1, 1)
    rows = [
        {**GOOD, "day": (first + timedelta(days=i)).isoformat(), "status": [0, None][i % 2]}
        for i in range(n_records)
    ]
    rows[n_records // 2][field] = value
    contract = contracts.record("bank")
    expected = outcome(normalize_records, rows, contract, contracts.timezone)
    assert outcome(normalize_record_arrays, rows, contract, contracts.timezone) == expected


def test_arrays_refuse_the_same_key_twice(contracts):
    with pytest.raises(ScoringError, match="CR-SRC-024"):
        normalize_record_arrays(
            [GOOD, {**GOOD, "day": "20260201"}], contracts.record("bank"), contracts.timezone
        )


@given(
    moments=st.lists(
        st.datetimes(datetime(1900, 1, 3), datetime(2199, 12, 29), timezones=st.timezones()),
        min_size=1,
        max_size=5,
    ),
    precision=st.sampled_from(["seconds", "microseconds"]),
    zulu=st.booleans(),
)
def test_times_of_one_layout_are_read_as_the_standard_library_reads_them(moments, precision, zulu):
    texts = [moment.isoformat(timespec=precision) for moment in moments]
    if zulu:
        texts = [
            moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z") for moment in moments
        ]
    found = iso_moments(texts)
    expected = [microseconds(datetime.fromisoformat(text)) for text in texts]
    if len({len(text) for text in texts}) == 1 and len(texts[0]) in (20, 25, 27, 32):
        assert found.tolist() == expected
    else:
        assert found is None


def test_a_comma_is_no_sign_of_an_offset():
    assert iso_moments(["2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00-00:00"]) is not None
    for offset in ("00:00", "08:00"):
        assert iso_moments(["2024-01-01T00:00:00+00:00", f"2024-01-01T00:00:00,{offset}"]) is None


@pytest.mark.parametrize("n_records", [2, 40])
def test_one_reading_looks_at_the_owner_as_well(contracts, n_records):
    contract = contracts.record("bank")
    first = date(2025, 1, 1)
    rows = [{**GOOD, "day": (first + timedelta(days=i)).isoformat()} for i in range(n_records)]
    read = RecordReader(contract)
    without_owner = read(rows, contracts.timezone, "7").to_lists()
    for owner in ("7", 7):
        owned = [{**row, contract.customer_key: owner} for row in rows]
        assert read(owned, contracts.timezone, "7").to_lists() == without_owner
        assert read(owned[1:] + rows[:1], contracts.timezone, "7").event_time_us.size == n_records
        with pytest.raises(ScoringError, match=f"CR-SRC-028: .* {n_records} of {n_records} records carry"):
            read(owned, contracts.timezone, "8")


GOOD_TIME = "2024-02-29T23:59:59+08:00"


@given(place=st.integers(0, 24), mark=st.sampled_from("0123456789:-+TZ./ \u0664"), other=st.integers(0, 24))
def test_a_time_is_never_read_otherwise_than_by_the_standard_library(place, mark, other):
    text = GOOD_TIME[:place] + mark + GOOD_TIME[place + 1 :]
    text = text[:other] + mark + text[other + 1 :]
    found = iso_moments([GOOD_TIME, text])
    if found is not None:
        assert found.tolist() == [microseconds(datetime.fromisoformat(t)) for t in (GOOD_TIME, text)]


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "1899-12-31T00:00:00Z",
        "2200-01-01T00:00:00Z",
        "2024-01-01T00:00:00z",
    ],
)
def test_what_is_no_time_is_left_to_the_reader_one_by_one(text):
    assert iso_moments(["2024-01-01T00:00:00Z"]) is not None
    assert iso_moments(["2024-01-01T00:00:00Z", text]) is None


def test_records_of_unequal_length_never_read_across_their_borders():
    assert iso_moments([GOOD_TIME[:-1], "0" + GOOD_TIME]) is None


def test_good_records_are_scaled(contracts):
    records = normalized(
        contracts, GOOD, {**GOOD, "day": "2026-02-02", "amount": 3, "status": None, "flag": False}
    )
    assert records.columns == {"amount": [1050, 300], "status": [0, None], "category": [0, 0], "flag": [1, 0]}
    assert records.known_at_us[0] - records.event_time_us[0] == 2 * 86_400_000_000 - 1


@pytest.mark.parametrize("amount", [Decimal("10.50"), np.float64(10.5), 10.5])
def test_numbers_come_in_several_python_types(contracts, amount):
    assert normalized(contracts, {**GOOD, "amount": amount}).columns["amount"] == [1050]


def test_no_records_are_no_error(contracts):
    assert normalized(contracts).event_time_us == []


@pytest.mark.parametrize(
    ("field", "value", "code", "words"),
    [
        ("amount", "10.5", "CR-SRC-020", "wrong type in 1 of 2 records. Expected a number"),
        ("amount", True, "CR-SRC-020", "wrong type"),
        ("amount", None, "CR-SRC-022", "'not_null' in 1 of 2"),
        ("amount", float("nan"), "CR-SRC-022", "'finite'"),
        ("amount", float("inf"), "CR-SRC-022", "'finite'"),
        ("amount", -1, "CR-SRC-022", "'range'"),
        ("amount", 10**400, "CR-SRC-022", "'finite'"),
        ("amount", 2**70, "CR-SRC-022", "'range'"),
        ("amount", 10.505, "CR-SRC-022", "'decimal_places'"),
        ("status", 7, "CR-SRC-022", "'codes'"),
        ("status", 1.5, "CR-SRC-022", "'decimal_places'"),
        ("category", 3, "CR-SRC-020", "Expected text"),
        ("category", "car", "CR-SRC-022", "'codes'"),
        ("category", None, "CR-SRC-022", "'not_null'"),
        ("flag", 1, "CR-SRC-020", "Expected true or false"),
        ("day", "01.02.2026", "CR-SRC-020", "Expected a date"),
        ("day", "2026-02-01T05:00:00+08:00", "CR-SRC-020", "Expected a date"),
        ("day", datetime(2026, 2, 1), "CR-SRC-020", "Expected a date"),
        ("day", None, "CR-SRC-020", "Expected a date"),
        ("day", ["2026"], "CR-SRC-020", "Expected a date"),
    ],
)
def test_a_wrong_field_is_refused_with_source_field_and_count(contracts, field, value, code, words):
    with pytest.raises(ScoringError, match=code) as caught:
        normalized(contracts, {**GOOD, "day": "2026-02-07"}, {**GOOD, field: value})
    assert words in caught.value.message
    assert f"Field '{field}' of source 'bank'" in caught.value.message
    assert caught.value.context["count"] == 1
    assert not any(secret in caught.value.message for secret in ("10.505", "car", "01.02", "inf"))


def test_an_absent_field_is_refused_even_if_it_may_be_null(contracts):
    without = {key: value for key, value in GOOD.items() if key != "status"}
    with pytest.raises(MissingFeatureError, match="CR-SRC-021: Field 'status' .* absent from 1 of 1 records"):
        normalized(contracts, without)


def test_the_same_key_twice_is_refused(contracts):
    with pytest.raises(ScoringError, match=r"CR-SRC-024: Source 'bank' holds 1 of 3 records more than once"):
        normalized(contracts, GOOD, {**GOOD, "amount": 1}, {**GOOD, "day": "2026-02-02"})


@pytest.mark.parametrize("rows", ["text", [1, 2], [None]])
def test_something_that_is_no_list_of_records_is_refused(contracts, rows):
    with pytest.raises(ScoringError, match="CR-SRC-025: Source 'bank' is not a list of records"):
        normalize_records(rows, contracts.record("bank"), contracts.timezone)


def test_attributes_are_scaled_and_other_fields_are_not_read(contracts):
    assert normalize_attributes({"income": 12.5, "sex": object()}, contracts.applications) == {"income": 1250}
    assert normalize_attributes({"income": None}, contracts.applications) == {"income": None}
    with pytest.raises(MissingFeatureError, match="CR-SRC-021: Field 'income' of source 'application'"):
        normalize_attributes({}, contracts.applications)
    with pytest.raises(
        ScoringError, match="CR-SRC-022: Field 'income' of source 'application' breaks .*'range'"
    ):
        normalize_attributes({"income": -1}, contracts.applications)


def test_time_stamps_need_a_timezone(folder):
    root = folder()
    path = root / "sources.toml"
    text = path.read_text()
    text = text.replace(
        'day = { role = "time", kind = "date" }', 'day = { role = "time", kind = "timestamp" }'
    )
    text = text.replace(
        'event_time = { column = "day", moment = "start_of_day" }', 'event_time = { column = "day" }'
    )
    text = text.replace('known_at = { column = "day", moment = "last_instant_of_day", delay_days = 1 }', "")
    path.write_text(text)
    contract = read_contracts(path).record("bank")
    aware = normalize_records([{**GOOD, "day": "2026-02-01T00:00:00+08:00"}], contract, "Asia/Taipei")
    assert aware.event_time_us == aware.known_at_us == [1_769_875_200_000_000]
    finer = ["2026-02-01T00:00:00.0000001+08:00", pd.Timestamp("2026-02-01T00:00:00.000000001+08:00")]
    for wrong in ("2026-02-01T00:00:00", "yesterday", 5, *finer):
        with pytest.raises(ScoringError, match="CR-SRC-020: Field 'day' .*Expected a time with time zone"):
            normalize_records([{**GOOD, "day": wrong}], contract, "Asia/Taipei")
    with pytest.raises(ScoringError, match="CR-SRC-022: Field 'day' .*'range'"):
        normalize_records([{**GOOD, "day": "1850-01-01T00:00:00+00:00"}], contract, "Asia/Taipei")

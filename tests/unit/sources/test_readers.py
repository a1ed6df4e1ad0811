"""Reading a folder of sources: what comes out, and one clear refusal for everything that is wrong."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.errors import DataContractError, LeakageError, SpecificationError
from credit_risk.sources import SourceContracts, filter_sources, read_sources


def dates(*days):
    return pa.array([datetime(2026, 2, day) for day in days], pa.timestamp("us"))


def test_a_good_folder_gives_checked_and_scaled_tables(folder):
    sources = read_sources(folder())
    assert (sources.name, sources.timezone, sources.currency) == ("tiny", "Asia/Taipei", "TWD")
    assert list(sources.applications.index) == ["10", "2"]
    assert sources.applications["customer_id"].tolist() == ["q", "p"]
    assert sources.applications["income"].tolist() == [pd.NA, 100_050]
    assert str(sources.applications["applied_at"].dt.tz) == "UTC"
    assert list(sources.applications.columns) == ["customer_id", "applied_at", "income"]
    assert sources.held.to_dict() == {"sex": {"10": "m", "2": "f"}}
    assert sources.outcomes["is_bad"].to_dict() == {"10": 1, "2": 0}
    records = sources.records["bank"]
    assert records["amount"].tolist() == [1050, 2000, 3025]
    assert records["category"].tolist() == [0, 1, 0]
    assert records["flag"].tolist() == [1, 0, 1]
    assert records["status"].tolist() == [0, pd.NA, 2]
    assert set(sources.digests) == {"sources.toml", "people.parquet", "bank.parquet"}
    assert sources.consent.mode == "assumed"


def test_time_rules_are_read_in_the_lenders_timezone(folder):
    records = read_sources(folder()).records["bank"]
    event = pd.Timestamp(records["event_time_us"].iloc[0], unit="us", tz="UTC").tz_convert("Asia/Taipei")
    known = pd.Timestamp(records["known_at_us"].iloc[0], unit="us", tz="UTC").tz_convert("Asia/Taipei")
    assert event == pd.Timestamp("2026-02-01 00:00", tz="Asia/Taipei")
    assert known == pd.Timestamp("2026-02-02 23:59:59.999999", tz="Asia/Taipei")


def test_contracts_survive_json(folder):
    contracts = read_sources(folder()).contracts
    assert SourceContracts.from_dict(json.loads(json.dumps(contracts.to_dict()))) == contracts


def test_raw_requests_are_what_a_backend_would_hand_in(folder):
    sources = read_sources(folder())
    (application, records), (other, _) = sources.raw_requests(["2", "10"])
    assert application == {
        "application_id": "2",
        "customer_id": "p",
        "applied_at": "2026-03-01T12:00:00+08:00",
        "income": 1000.5,
    }
    assert records["bank"][1] == {
        "day": "2026-02-02",
        "amount": 20.0,
        "status": None,
        "category": "rent",
        "flag": False,
    }
    assert other["income"] is None


def test_raw_requests_of_unknown_ids_are_refused_with_count(folder):
    with pytest.raises(DataContractError, match=r"CR-SRC-019: 1 of 2 application ids .*'77'"):
        read_sources(folder()).raw_requests(["2", "77"])


def test_columns_the_contract_does_not_name_are_listed_and_never_read(folder):
    sources = read_sources(folder(bank_with={"surprise": [1, 2, 3]}))
    assert sources.undeclared == {"bank.parquet": ("surprise",)}
    assert "surprise" not in sources.records["bank"]


def test_files_no_contract_names_are_listed_and_never_read(folder):
    root = folder()
    (root / "forgotten.csv").write_bytes(b"\xff\xfe")
    (root / "notes.txt").write_text("nothing")
    assert read_sources(root).unread == ("forgotten.csv",)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataContractError, match=r"CR-SRC-010: Folder '.*nowhere' does not exist"):
        read_sources(tmp_path / "nowhere")


def test_a_folder_without_contract_is_refused(tmp_path):
    with pytest.raises(SpecificationError, match=r"CR-CFG-001: .*sources.toml' does not exist"):
        read_sources(tmp_path)


def test_a_missing_file_is_refused(folder):
    root = folder()
    (root / "bank.parquet").unlink()
    with pytest.raises(DataContractError, match="CR-SRC-010: File 'bank.parquet' does not exist"):
        read_sources(root)


@pytest.mark.parametrize("content", [b"", b"PAR1 this is not Parquet PAR1", None])
def test_a_damaged_file_is_refused(folder, content):
    root = folder()
    whole = (root / "bank.parquet").read_bytes()
    (root / "bank.parquet").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(DataContractError, match="CR-SRC-011: File 'bank.parquet' cannot be read as Parquet"):
        read_sources(root)


def test_a_file_whose_pages_are_damaged_is_refused(folder):
    root = folder()
    whole = bytearray((root / "bank.parquet").read_bytes())
    whole[4:60] = b"\xff" * 56
    (root / "bank.parquet").write_bytes(bytes(whole))
    with pytest.raises(DataContractError, match="CR-SRC-011"):
        read_sources(root)


def test_missing_columns_are_named_and_counted(folder):
    with pytest.raises(
        DataContractError, match=r"CR-SRC-012: File 'bank.parquet' lacks 2 columns .*: 'amount', 'flag'"
    ):
        read_sources(folder(without=("bank.amount", "bank.flag")))


def test_applications_without_a_row_are_refused(folder):
    root = folder()
    pq.write_table(pq.read_table(root / "people.parquet").slice(0, 0), root / "people.parquet")
    with pytest.raises(DataContractError, match="CR-SRC-014: File 'people.parquet' is empty: 0 rows"):
        read_sources(root)


@pytest.mark.parametrize("typed", [True, False])
def test_a_source_that_holds_nothing_for_anybody_is_read_and_named(folder, typed):
    root = folder()
    table = pq.read_table(root / "bank.parquet").slice(0, 0)
    if not typed:  # as pandas writes a frame without rows
        table = pa.table({name: pa.nulls(0) for name in table.column_names})
    pq.write_table(table, root / "bank.parquet")
    sources = read_sources(root)
    assert sources.empty == ("bank",)
    assert len(sources.records["bank"]) == 0
    filtered, report = filter_sources(root)
    assert filtered.empty == ("bank",)
    assert (report.n_read["bank.parquet"], report.n_kept["bank.parquet"], len(report)) == (0, 0, 0)
    own = pandera.DataFrameSchema({"amount": pandera.Column(checks=pandera.Check.gt(0))})
    assert read_sources(root, rules={"bank": own}).empty == ("bank",)
    assert read_sources(folder()).empty == ()


def test_a_source_whose_table_is_absent_is_refused_for_it_may_have_been_forgotten(folder):
    root = folder()
    (root / "bank.parquet").unlink()
    with pytest.raises(DataContractError, match="CR-SRC-010: .*nobody has a record.*header and no row"):
        read_sources(root)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("amount", ["1", "2", "3"], "numbers"),
        ("status", ["1", "2", "3"], "whole numbers"),
        ("flag", [1, 0, 1], "true or false"),
        ("category", [1, 2, 3], "text"),
        ("day", ["2026-02-01", "2026-02-02", "2026-02-01"], "dates"),
        ("customer", [1, 2, 3], "text"),
    ],
)
def test_a_wrong_type_is_refused(folder, column, values, expected):
    with pytest.raises(
        DataContractError,
        match=rf"CR-SRC-013: File 'bank.parquet', column '{column}': .* 3 rows. .*{expected}",
    ):
        read_sources(folder(bank_with={column: values}))


def test_a_time_stamp_without_timezone_is_refused(folder):
    naive = pa.array([datetime(2026, 3, 1), datetime(2026, 3, 1)], pa.timestamp("us"))
    with pytest.raises(DataContractError, match=r"CR-SRC-013: .*'applied_at'.*time stamps with time zone"):
        read_sources(folder(people_with={"applied_at": naive}))


@pytest.mark.parametrize(
    ("column", "values", "rule", "count", "keys"),
    [
        ("amount", [10.5, None, 1.0], "not_null", 1, "'p'"),
        ("amount", [10.5, float("nan"), float("inf")], "finite", 2, "'p', 'q'"),
        ("amount", [10.5, -1.0, 1.0], "range", 1, "'p'"),
        ("amount", [10.5, 1e300, 1.0], "range", 1, "'p'"),
        ("amount", [10.505, 1.0, 1.0], "decimal_places", 1, "'p'"),
        ("status", [0, 7, 1], "codes", 1, "'p'"),
        ("category", ["food", "car", "bus"], "codes", 2, "'p', 'q'"),
        ("category", ["food", None, "rent"], "not_null", 1, "'p'"),
    ],
)
def test_a_broken_rule_is_refused_with_count_and_keys_but_no_value(folder, column, values, rule, count, keys):
    with pytest.raises(DataContractError) as caught:
        read_sources(folder(bank_with={column: values}))
    assert caught.value.code == "CR-SRC-015"
    rows = "1 row" if count == 1 else f"{count} rows"
    assert f"rule '{rule}' is broken by {rows} (first keys: {keys})" in caught.value.message
    assert caught.value.context["count"] == count
    assert not any(word in caught.value.message for word in ("10.505", "car", "bus", "-1.0"))


def test_a_date_that_is_no_midnight_or_missing_or_far_is_refused(folder):
    odd = pa.array([datetime(2026, 2, 1, 5), datetime(2026, 2, 2), datetime(2026, 2, 1)], pa.timestamp("us"))
    with pytest.raises(DataContractError, match="'whole_day' is broken by 1 row"):
        read_sources(folder(bank_with={"day": odd}))
    gone = pa.array([datetime(2026, 2, 1), None, datetime(2026, 2, 1)], pa.timestamp("us"))
    with pytest.raises(DataContractError, match="'day': rule 'not_null' is broken by 1 row"):
        read_sources(folder(bank_with={"day": gone}))
    far = pa.array([datetime(1801, 2, 1), datetime(2026, 2, 2), datetime(2026, 2, 1)], pa.timestamp("us"))
    with pytest.raises(DataContractError, match="'range' is broken by 1 row"):
        read_sources(folder(bank_with={"day": far}))


def test_a_missing_key_is_refused(folder):
    with pytest.raises(DataContractError, match=r"CR-SRC-015: .*'customer'.*'not_null' is broken by 1 row"):
        read_sources(folder(bank_with={"customer": ["p", None, "q"]}))


def test_a_repeated_key_is_refused(folder):
    with pytest.raises(
        DataContractError, match=r"CR-SRC-016: .*'customer, day': rule 'unique' is broken by 2 rows .*'p'"
    ):
        read_sources(folder(bank_with={"day": dates(1, 1, 1)}))
    with pytest.raises(DataContractError, match=r"CR-SRC-016: File 'people.parquet', column 'application'"):
        read_sources(folder(people_with={"application": [2, 2]}))


def test_a_gap_in_a_part_of_the_key_is_refused(folder):
    root = folder(bank_with={"status": [0, None, 9]})
    text = (root / "sources.toml").read_text()
    (root / "sources.toml").write_text(text.replace('["customer", "day"]', '["customer", "status"]'))
    with pytest.raises(DataContractError, match="'status': rule 'codes' is broken by 1 row") as caught:
        read_sources(root)
    assert [fault["rule"] for fault in caught.value.context["broken"]] == ["codes", "not_null"]


def test_records_without_application_are_refused(folder):
    with pytest.raises(DataContractError, match=r"CR-SRC-017: .*'has_application' is broken by 1 row .*'r'"):
        read_sources(folder(bank_with={"customer": ["p", "p", "r"]}))


def test_records_at_or_after_the_application_are_refused_or_ignored_as_the_contract_says(folder):
    days = pa.array([datetime(2026, 3, 1), datetime(2026, 3, 2), datetime(2026, 3, 3)], pa.timestamp("us"))
    with pytest.raises(
        LeakageError,
        match=r"CR-SRC-018: .*'day': rule 'before_application' is broken by 2 rows .*'p', 'q'",
    ):
        read_sources(folder(bank_with={"day": days}))
    root = folder(bank_with={"day": days})
    contract = (
        (root / "sources.toml")
        .read_text()
        .replace('unique_key = ["customer", "day"]', 'future_records = "ignore"')
    )
    assert len(read_sources(folder(bank_with={"day": days}, contract=contract)).records["bank"]) == 3

"""Sources in parts: the same tables and the same refusals as reading at once, whatever the size of a part."""

from __future__ import annotations

import shutil
import traceback
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.errors import DataContractError, SpecificationError
from credit_risk.sources import parts as module
from credit_risk.sources import read_sources, scan_sources

KEY = ["customer_id", "event_time_us", "known_at_us"]


def records_of(parts, source="bank"):
    frames = [parts.part(place).records[source] for place in range(len(parts))]
    frame = pd.concat([frame.assign(customer_id=frame["customer_id"].astype("str")) for frame in frames])
    return frame.sort_values(KEY, ignore_index=True).astype(dict.fromkeys(frame.columns[1:], "Int64"))


def expected(sources, source="bank"):
    frame = sources.records[source]
    return frame.sort_values(KEY, ignore_index=True).astype(dict.fromkeys(frame.columns[1:], "Int64"))


@pytest.mark.parametrize("records_per_part", [1, 2, 100])
@pytest.mark.parametrize("rows_per_batch", [1, 2, 100])
def test_parts_hold_every_customer_once_with_all_records(
    folder, monkeypatch, records_per_part, rows_per_batch
):
    monkeypatch.setattr(module, "_ROWS_PER_BATCH", rows_per_batch)
    root = folder()
    sources = read_sources(root)
    with scan_sources(root, records_per_part=records_per_part) as parts:
        assert len(parts) == (1 if records_per_part == 100 else 2)
        pd.testing.assert_frame_equal(records_of(parts), expected(sources))
        applications = pd.concat([parts.part(place).applications for place in range(len(parts))])
        pd.testing.assert_frame_equal(applications, sources.applications)
        held = pd.concat([parts.part(place).held for place in range(len(parts))])
        pd.testing.assert_frame_equal(held, sources.held)
        assert parts.whole.records == {}
        assert parts.whole.digests == sources.digests
        assert parts.longest_history("bank") == 2
        assert parts.magnitudes("bank") == {"amount": 3025, "status": 2, "category": 1, "flag": 1}


@pytest.mark.parametrize("records_per_part", [1, 100])
def test_sources_in_memory_are_cut_without_losing_a_record(folder, records_per_part):
    sources = read_sources(folder())
    parts = module.cut_sources(sources, records_per_part=records_per_part)
    assert len(parts) == (1 if records_per_part == 100 else 2)
    pd.testing.assert_frame_equal(records_of(parts), expected(sources))
    assert parts.longest_history("bank") == 2
    assert parts.magnitudes("bank") == {"amount": 3025, "status": 2, "category": 1, "flag": 1}
    parts.close()  # nothing to delete


def test_only_the_sources_asked_for_are_brought_into_memory(folder):
    with scan_sources(folder()) as parts:
        assert dict(parts.part(0, ()).records) == {}
        assert list(parts.part(0, ("bank",)).records) == ["bank"]


def test_columns_the_contract_does_not_name_are_listed(folder):
    with scan_sources(folder(bank_with={"surprise": [1, 2, 3]})) as parts:
        assert parts.whole.undeclared == {"bank.parquet": ("surprise",)}


def test_a_record_known_too_late_for_any_application_is_left_out(folder):
    contract = (folder() / "sources.toml").read_text().replace("delay_days = 1", "delay_days = 27")
    with scan_sources(
        folder(contract=contract)
    ) as parts:  # known on 1 March at 24:00 in Taipei, and a day earlier
        assert [len(parts.part(place).records["bank"]) for place in range(len(parts))] == [2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"amount": [10.5, -1.0, 30.25]},
            "CR-SRC-015: File 'bank.parquet', column 'amount': rule 'range' .* 1 row",
        ),
        ({"customer": ["p", "x", "y"]}, "CR-SRC-017: .*'has_application' is broken by 2 rows"),
        ({"status": [0, 7, 8]}, "CR-SRC-015: .*rule 'codes' is broken by 2 rows"),
        (
            {"category": ["food", None, "food"]},
            "CR-SRC-015: .*'category': rule 'not_null' is broken by 1 row",
        ),
        ({"amount": ["a", "b", "c"]}, "CR-SRC-013: .*'amount': wrong type in all 3 rows"),
        (
            {"day": pa.array([datetime(2026, 3, 2)] * 3, pa.timestamp("us"))},
            "CR-SRC-016",
        ),
        (
            {
                "day": pa.array(
                    [datetime(2026, 2, 1), datetime(2026, 3, 2), datetime(2026, 3, 3)], pa.timestamp("us")
                )
            },
            "CR-SRC-018: .*'before_application' is broken by 2 rows",
        ),
    ],
)
def test_a_fault_is_reported_in_the_words_of_reading_at_once(
    folder, tmp_path_factory, monkeypatch, change, message
):
    monkeypatch.setattr(
        module, "_ROWS_PER_BATCH", 1
    )  # the count is of the whole file, not of the first batch
    root, kept = folder(bank_with=change), tmp_path_factory.mktemp("kept")
    with pytest.raises(DataContractError, match=message) as at_once:
        read_sources(root)
    with pytest.raises(DataContractError) as in_parts:
        scan_sources(root, temporary_folder=kept)
    assert str(in_parts.value) == str(at_once.value)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PAR1 this is not Parquet PAR1", None])
def test_a_damaged_file_is_refused(folder, content):
    root = folder()
    whole = (root / "bank.parquet").read_bytes()
    (root / "bank.parquet").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(DataContractError, match="CR-SRC-011: File 'bank.parquet' cannot be read as Parquet"):
        scan_sources(root)


def test_a_source_without_a_row_is_scanned_as_it_is_read(folder):
    root = folder()
    pq.write_table(pq.read_table(root / "bank.parquet").slice(0, 0), root / "bank.parquet")
    sources = read_sources(root)
    with scan_sources(root) as parts:
        pd.testing.assert_frame_equal(records_of(parts), expected(sources))
        assert parts.whole.digests == sources.digests
        assert (parts.longest_history("bank"), set(parts.magnitudes("bank").values())) == (0, {0})


def test_missing_files_and_columns_are_refused(folder):
    with pytest.raises(DataContractError, match="CR-SRC-012: File 'bank.parquet' lacks 1 column"):
        scan_sources(folder(without=("bank.flag",)))
    root = folder()
    (root / "bank.parquet").unlink()
    with pytest.raises(DataContractError, match="CR-SRC-010: File 'bank.parquet' does not exist"):
        scan_sources(root)


def test_a_key_that_two_customers_share_is_refused_though_they_fall_into_two_parts(folder):
    contract = (folder() / "sources.toml").read_text().replace('["customer", "day"]', '["day"]')
    with pytest.raises(DataContractError, match="CR-SRC-016: .*column 'day'"):
        scan_sources(folder(contract=contract), records_per_part=1)


def test_whole_number_keys_are_told_apart_from_texts_that_look_alike(folder):
    root = folder(people_with={"customer": ["007", "8"]}, bank_with={"customer": ["007", "8", "8"]})
    with scan_sources(root, records_per_part=1) as parts:
        pd.testing.assert_frame_equal(records_of(parts), expected(read_sources(root)))
    with pytest.raises(DataContractError, match="CR-SRC-017"):
        scan_sources(folder(people_with={"customer": ["007", "8"]}, bank_with={"customer": ["7", "8", "8"]}))


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint32()])
def test_whole_number_keys_of_any_width_find_their_customer(folder, kind):
    contract = (folder() / "sources.toml").read_text()
    contract = contract.replace(
        'customer = { role = "key", kind = "text" }', 'customer = { role = "key", kind = "integer" }'
    )
    root = folder(
        contract=contract,
        people_with={"customer": [-3 if kind != pa.uint32() else 3, 40]},
        bank_with={"customer": pa.array([40, 40, -3 if kind != pa.uint32() else 3], kind)},
    )
    with scan_sources(root, records_per_part=1) as parts:
        pd.testing.assert_frame_equal(records_of(parts), expected(read_sources(root)))


def test_tables_that_are_not_parquet_are_read_once_and_set_aside_too():
    root = Path(__file__).parents[3] / "data_samples" / "synthetic_instant_loan"
    sources = read_sources(root)
    with scan_sources(root, records_per_part=1) as parts:
        for contract in sources.contracts.records:
            longest = sources.records[contract.name]["customer_id"].value_counts().max()
            assert 0 < parts.longest_history(contract.name) <= longest
            for place in range(len(parts)):
                found = parts.part(place).records[contract.name]
                assert list(found.columns) == list(sources.records[contract.name].columns)


def test_a_part_holds_all_applications_of_its_customers(folder):
    at = [datetime(2026, 3, 1, 4, tzinfo=UTC)] * 3
    root = folder(
        people_with={
            "application": [2, 10, 11],
            "customer": ["p", "q", "p"],
            "applied_at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "income": [1.0, 2.0, 3.0],
            "sex": ["f", "m", "f"],
            "is_bad": [0, 1, 1],
            "secret": ["x", "y", "z"],
        }
    )
    with scan_sources(root, records_per_part=1) as parts:
        found = [parts.part(place).applications["customer_id"].tolist() for place in range(len(parts))]
    assert found == [["q"], ["p", "p"]]


def test_what_was_set_aside_is_deleted_when_the_parts_are_closed(folder, tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept")
    with scan_sources(folder(), temporary_folder=kept):
        assert len(list(kept.iterdir())) == 1
    assert list(kept.iterdir()) == []


def test_a_part_of_less_than_one_record_is_refused(folder):
    with pytest.raises(SpecificationError, match="CR-SRC-040: records_per_part = 0 is below 1"):
        scan_sources(folder(), records_per_part=0)


def test_progress_is_told_about_batches(folder):
    seen = []

    class Recorder:
        def track(self, items, *, label, total=None):
            seen.append((label, total))
            return items

    scan_sources(folder(), progress=Recorder()).close()
    assert seen == [("Reading bank", 1)]


def test_a_gap_in_a_part_of_the_key_is_refused(folder):
    contract = (
        (folder() / "sources.toml").read_text().replace('["customer", "day"]', '["customer", "status"]')
    )
    root = folder(contract=contract)
    with pytest.raises(DataContractError) as at_once:
        read_sources(root)
    with pytest.raises(DataContractError, match="'status': rule 'not_null'") as in_parts:
        scan_sources(root)
    assert str(in_parts.value) == str(at_once.value)


def test_a_temporary_folder_that_does_not_exist_or_is_full_is_said(folder, tmp_path, monkeypatch):
    with pytest.raises(
        SpecificationError, match="CR-SRC-041: The temporary folder cannot take the records: No such"
    ):
        scan_sources(folder(), temporary_folder=tmp_path / "nowhere")

    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    root = folder()
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, mode="r", *a, **k: Full() if mode == "wb" else opened(self, mode, *a, **k)
    )
    with pytest.raises(
        SpecificationError, match=r"CR-SRC-041: .*: No space left on device\. .* temporary_folder"
    ):
        scan_sources(root)


@pytest.mark.parametrize("when", ["open", "close"])
def test_a_folder_that_takes_no_file_or_not_its_last_bytes_is_said(folder, monkeypatch, when):
    class Full:
        def write(self, _):
            return 0

        def close(self):
            raise OSError(28, "No space left on device")

    opened = Path.open

    def open_(self, mode="r", *rest, **named):
        if mode != "wb":
            return opened(self, mode, *rest, **named)
        if when == "open":
            raise OSError(28, "No space left on device")
        return Full()

    root = folder()
    monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(SpecificationError, match=r"CR-SRC-041: .*: No space left on device\."):
        scan_sources(root)


VALUE = "4711"


@pytest.mark.parametrize(
    "error",
    [
        duckdb.OutOfMemoryException(VALUE),
        duckdb.IOException(VALUE),
        pa.ArrowInvalid(VALUE),
        pa.ArrowMemoryError(VALUE),
        OSError(5, VALUE),
        KeyError(VALUE),
        DataContractError(VALUE, code="CR-SRC-015"),
    ],
)
@pytest.mark.parametrize("where", ["_check_key_once", "_tables"])
def test_what_an_engine_says_of_a_file_without_fault_becomes_our_own_words(
    folder, monkeypatch, tmp_path_factory, error, where
):
    def fail(*_):
        raise error

    root, kept = folder(), tmp_path_factory.mktemp("kept")
    monkeypatch.setattr(module._Scan, where, fail)
    with pytest.raises(DataContractError, match="CR-SRC-043: File 'bank.parquet' cannot be read in") as found:
        scan_sources(root, temporary_folder=kept)
    assert type(error).__name__ in str(found.value)
    assert "Hint: choose another folder" in str(found.value)
    assert VALUE not in "".join(traceback.format_exception(found.value))
    assert list(kept.iterdir()) == []


def test_parts_that_were_closed_are_missed(folder):
    parts = scan_sources(folder())
    parts.close()
    with pytest.raises(DataContractError, match="CR-SRC-042: .*or the parts were closed"):
        parts.part(0)


def test_records_that_somebody_deleted_meanwhile_are_missed(folder, tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept")
    with scan_sources(folder(), temporary_folder=kept) as parts:
        for path in kept.rglob("bank.*"):
            path.write_bytes(b"")
        with pytest.raises(DataContractError, match="CR-SRC-042: Records that were set aside are gone"):
            parts.part(0)


@pytest.mark.parametrize("name", ["data[1]", "customer=p"])
def test_a_folders_name_is_no_pattern(folder, tmp_path, name):
    """The engine that looks for keys given twice must look into this file, not into its neighbour's."""
    whole = folder()
    neighbour, root = tmp_path / "data1", tmp_path / name
    for copy in (neighbour, root):
        copy.mkdir()
        for path in whole.iterdir():
            if path.is_file():
                shutil.copy(path, copy)
    with scan_sources(root) as parts:
        pd.testing.assert_frame_equal(records_of(parts), expected(read_sources(root)))
    table = pq.read_table(root / "bank.parquet")
    pq.write_table(pa.concat_tables([table, table]), root / "bank.parquet")
    with pytest.raises(DataContractError, match="CR-SRC-016"):
        scan_sources(root)

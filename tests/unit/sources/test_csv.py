"""CSV files: text becomes exact numbers and aware moments, or is refused row by row."""

from __future__ import annotations

import json
import traceback
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import DataContractError
from credit_risk.sources import ColumnContract, SourceContracts, filter_sources, read_sources
from credit_risk.sources.reading.decoding import decode

from .conftest import BANK_CSV, PEOPLE_CSV

MONEY = ColumnContract(name="amount", role="measure", kind="money", scale=2)


def test_csv_holds_the_same_as_parquet(folder, csv_folder):
    parquet, text = read_sources(folder()), read_sources(csv_folder())
    assert parquet.content_digest() == text.content_digest()
    assert [json.dumps(request) for request in parquet.raw_requests(["2", "10"])] == [
        json.dumps(request).replace(": 20,", ": 20.0,") for request in text.raw_requests(["2", "10"])
    ]


def test_a_byte_order_mark_and_windows_lines_are_fine(csv_folder, folder):
    marked = b"\xef\xbb\xbf" + BANK_CSV.replace("\n", "\r\n").encode()
    assert read_sources(csv_folder(bank=marked)).content_digest() == read_sources(folder()).content_digest()


def test_quoted_fields_may_hold_commas_and_new_lines(csv_folder, folder):
    quoted = PEOPLE_CSV.replace(",0,x", ',0,"a, ""b""\nc"').replace("1000.5", '"1000.50"')
    assert read_sources(csv_folder(people=quoted)).content_digest() == read_sources(folder()).content_digest()


@pytest.mark.parametrize(
    "bank", [b"customer,day\n\xff\xfe,x\n", b"customer,d\xe9y\np,x\n", "客户,金额\n".encode("gb18030")]
)
def test_text_that_is_not_utf8_is_refused(csv_folder, bank):
    with pytest.raises(
        DataContractError, match=r"CR-SRC-011: File 'bank.csv' .* not UTF-8 text. Hint: save it again"
    ):
        read_sources(csv_folder(bank=bank))


def test_ragged_lines_are_refused_without_their_content(csv_folder):
    amount = 7_777 / 100  # written so that the lines of code in the traceback do not hold it
    with pytest.raises(DataContractError, match="CR-SRC-011: .*lines do not all have the columns") as caught:
        read_sources(csv_folder(bank=BANK_CSV + f"q,2026-02-03,{amount}\n"))
    assert str(amount) not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("more", "n_wrong", "first"),
    [
        ("q,2026-02-03,1\n", 1, 5),
        ("\n\nq,2026-02-03,1\np,2026-02-03,1,0,food,true,\n", 2, 7),
        ('p,2026-02-03,1,0,"fo\n\nod",true\nq\n', 1, 8),
        ('p,"2026-02-03,1,0,food,true\n' + "q,2026-02-03,1,0,food,true\n" * 9_000, 1, 5),
    ],
    ids=[
        "too few",
        "empty lines count, and one field too many",
        "lines inside a field count",
        "never closed",
    ],
)
def test_ragged_lines_are_counted_and_the_first_is_named_by_its_number(csv_folder, more, n_wrong, first):
    with pytest.raises(
        DataContractError,
        match=rf"CR-SRC-011: File 'bank.csv' .*its header \({n_wrong} wrong, first: line {first}; expected 6 columns\)",
    ):
        read_sources(csv_folder(bank=BANK_CSV + more))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param((",0,x", ',0,"x'), id="never closed, in the last column"),
        pytest.param((",0,x", ',0,"x"y'), id="goes on after it"),
    ],
)
def test_a_quotation_mark_that_swallows_rows_is_refused_by_its_line(csv_folder, broken):
    """The engine alone reads such a file as one application less, without a word."""
    people = PEOPLE_CSV.replace(*broken, 1)
    with pytest.raises(
        DataContractError, match=r"CR-SRC-011: File 'people.csv' cannot be read as CSV"
    ) as caught:
        read_sources(csv_folder(people=people, bank=BANK_CSV.splitlines()[0] + "\n"))
    assert "line 2" in str(caught.value)


def test_quotation_marks_inside_a_plain_field_are_text(csv_folder, folder):
    people = PEOPLE_CSV.replace(",0,x", ',0,5" x', 1)
    assert read_sources(csv_folder(people=people)).content_digest() == read_sources(folder()).content_digest()


def test_lines_are_counted_under_a_byte_order_mark_an_empty_line_and_windows_line_ends(csv_folder):
    marked = b"\xef\xbb\xbf" + ("\n" + BANK_CSV + "q\n").replace("\n", "\r\n").encode()
    with pytest.raises(DataContractError, match=r"\(1 wrong, first: line 6; expected 6 columns\)"):
        read_sources(csv_folder(bank=marked))


def test_an_empty_file_is_refused_and_a_header_alone_says_that_nobody_has_a_record(csv_folder):
    with pytest.raises(DataContractError, match="CR-SRC-012: File 'bank.csv' lacks 6 columns"):
        read_sources(csv_folder(bank=""))
    assert read_sources(csv_folder(bank="customer,day,amount,status,category,flag\n")).empty == ("bank",)


def test_a_column_named_twice_is_refused(csv_folder):
    with pytest.raises(DataContractError, match="CR-SRC-011: .*names a column twice"):
        read_sources(
            csv_folder(
                bank="customer,day,amount,status,category,flag,flag\np,2026-02-01,1,0,food,true,true\n"
            )
        )


@pytest.mark.parametrize(
    ("old", "new", "column", "rule"),
    [
        ("10.50", "ten", "amount", "number"),
        ("10.50", "nan", "amount", "finite"),
        ("10.50", "-Infinity", "amount", "finite"),
        ("10.50", "10.505", "amount", "decimal_places"),
        ("10.50", "0." + "0" * 20 + "1", "amount", "decimal_places"),
        ("10.50", "9" * 30, "amount", "range"),
        ("10.50", "-1", "amount", "range"),
        ("10.50", "", "amount", "not_null"),
        ("10.50", "1,000.50", "amount", None),
        ("2026-02-01,10", "2026-02-30,10", "day", "date"),
        ("2026-02-01,10", "01.02.2026,10", "day", "date"),
        ("2026-02-01,10", ",10", "day", "not_null"),
        (",0,food", ",0.5,food", "status", "decimal_places"),
        (",0,food", ",7,food", "status", "codes"),
        (",0,food", ",0,car", "category", "codes"),
        ("food,true", "food,yes", "flag", "true_or_false"),
        ("p,2026-02-01", ",2026-02-01", "customer", "not_null"),
    ],
)
def test_an_unreadable_field_is_refused_with_key_but_without_its_value(csv_folder, old, new, column, rule):
    with pytest.raises(DataContractError) as caught:
        read_sources(csv_folder(bank=BANK_CSV.replace(old, new, 1)))
    if rule is None:
        assert caught.value.code == "CR-SRC-011"
        return
    assert caught.value.code == "CR-SRC-015"
    assert f"column '{column}': rule '{rule}' is broken by 1 row" in caught.value.message
    words = (
        "'ten'",
        "10.505",
        "99999",
        "2026-02-30",
        "01.02.2026",
        "0.5 ",
        "'car'",
        "'yes'",
        "Infinity",
        "-1",
    )
    assert not any(word in caught.value.message for word in words)


@pytest.mark.parametrize(
    ("moment", "rule"),
    [
        ("2026-03-01T12:00:00", "timezone"),
        ("2026-03-01 12:00", "timezone"),
        ("2026-03-01T25:00:00+08:00", "time"),
        ("2026-02-30T12:00:00+08:00", "time"),
        ("2026-03-01T12:00:00.1234567+08:00", "time"),
        ("soon", "time"),
        ("1801-03-01T12:00:00Z", "range"),
    ],
)
def test_a_moment_without_timezone_or_sense_is_refused(csv_folder, moment, rule):
    with pytest.raises(
        DataContractError, match=rf"CR-SRC-015: .*'applied_at': rule '{rule}' is broken by 1 row .*'2'"
    ):
        read_sources(csv_folder(people=PEOPLE_CSV.replace("2026-03-01T12:00:00+08:00", moment)))


@pytest.mark.parametrize(
    "moment", ["2026-03-01 12:00:00+08", "2026-03-01T12:00+0800", "2026-03-01T04:00:00.000000Z"]
)
def test_moments_may_be_written_in_several_ways(csv_folder, folder, moment):
    root = csv_folder(people=PEOPLE_CSV.replace("2026-03-01T12:00:00+08:00", moment))
    assert read_sources(root).content_digest() == read_sources(folder()).content_digest()


@given(
    st.lists(st.decimals(-(10**13), 10**13, places=2, allow_nan=False) | st.none(), min_size=1, max_size=20)
)
def test_amounts_become_whole_numbers_without_a_float_between(amounts):
    texts = [None if amount is None else str(amount) for amount in amounts]
    found = decode(pa.array(texts, pa.string()), MONEY, file="f", as_text=True)
    typed = decode(pa.array(amounts, pa.decimal128(18, 2)), MONEY, file="f", as_text=False)
    expected = [0 if amount is None else int(amount * 100) for amount in amounts]
    assert found.values.tolist() == typed.values.tolist() == expected
    assert found.missing.tolist() == typed.missing.tolist() == [amount is None for amount in amounts]
    assert found.broken == typed.broken == {}


def test_numbers_with_an_exponent_are_exact_too():
    found = decode(pa.array(["1e3", "-2.5E-1", "12.34", None]), MONEY, file="f", as_text=True)
    assert found.values.tolist() == [100_000, -25, 1234, 0]
    tiny = decode(pa.array([Decimal("12.34000000000000000001"), Decimal(1)]), MONEY, file="f", as_text=False)
    assert tiny.broken["decimal_places"].tolist() == [True, False]


def test_contracts_of_csv_survive_json(csv_folder):
    contracts = read_sources(csv_folder()).contracts
    assert SourceContracts.from_dict(json.loads(json.dumps(contracts.to_dict()))) == contracts


@pytest.mark.parametrize(("written", "rule"), [("10.5", "decimal_places"), ("18446744073709551618", "range")])
def test_a_key_is_never_cut_short_to_become_another_persons(csv_folder, written, rule):
    contract = (csv_folder() / "sources.toml").read_text(encoding="utf-8")
    contract = contract.replace(
        'customer = { role = "key", kind = "text" }', 'customer = { role = "key", kind = "integer" }'
    )
    people = PEOPLE_CSV.replace(",p,", ",10,").replace(",q,", ",2,")
    bank = BANK_CSV.replace("p,", "10,").replace("q,", "2,")
    root = csv_folder(bank=bank, people=people)
    (root / "sources.toml").write_text(contract, encoding="utf-8")
    assert set(read_sources(root).records["bank"]["customer_id"]) == {"10", "2"}
    (root / "bank.csv").write_text(bank.replace("\n10,", f"\n{written},", 1), encoding="utf-8")
    with pytest.raises(
        DataContractError, match=f"CR-SRC-015: .*'customer': rule '{rule}' .* by 1 row"
    ) as caught:
        read_sources(root)
    assert "Expected a key that is a whole number of 64 bits" in str(caught.value)
    sources, report = filter_sources(root)
    assert rule in {failure.rule for failure in report}
    assert len(sources.records["bank"]) == bank.count("\n") - 2

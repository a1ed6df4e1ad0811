"""Setting rows apart: each row is in the result or in the report, and the report never holds a value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.errors import DataContractError, SpecificationError
from credit_risk.sources import Failure, FailureReport, filter_sources, parts, read_sources, scan_sources

from .conftest import BANK_CSV, PEOPLE_CSV

BROKEN = """customer,day,amount,status,category,flag
p,2026-02-01,10.50,0,food,true
p,2026-02-02,-20,9,rent,false
p,2026-02-03,77.123,,rent,false
q,2026-02-01,30.25,2,food,true
r,2026-02-01,30.25,2,food,true
"""


def test_good_rows_are_kept_and_the_others_told_apart_by_rule(csv_folder):
    sources, report = filter_sources(csv_folder(bank=BROKEN))
    assert sources.records["bank"]["amount"].tolist() == [1050, 3025]
    counts = report.counts()
    assert list(zip(counts["column"], counts["rule"], counts["n_rows"], strict=True)) == [
        ("amount", "decimal_places", 1),
        ("amount", "range", 1),
        ("status", "codes", 1),
        ("customer", "has_application", 1),
    ]
    assert counts["share"].tolist() == [0.2] * 4
    assert (report.n_read, report.n_kept) == (
        {"people.csv": 2, "bank.csv": 5},
        {"people.csv": 2, "bank.csv": 2},
    )
    assert report.n_set_apart == 3
    assert report.details("range").to_dict("records") == [
        {"table": "bank.csv", "row": 1, "key": "p", "column": "amount", "rule": "range"}
    ]
    together = report.co_occurrence("bank.csv")
    assert together.loc["amount: range", "status: codes"] == 1
    assert together.loc["amount: range", "amount: decimal_places"] == 0
    assert np.array_equal(together.to_numpy(), together.to_numpy().T)


def test_the_report_reads_well_and_holds_no_value(csv_folder):
    _, report = filter_sources(csv_folder(bank=BROKEN))
    text, page = str(report), report._repr_html_()
    assert text.splitlines()[:2] == [
        "bank.csv: 3 of 5 rows set apart",
        "  amount: rule 'decimal_places' broken by 1 row (first keys: 'p'); expected at most 2 decimal places",
    ]
    assert "<p>3 of 7 rows set apart</p>" in page
    assert "<td>has_application</td>" in page
    for words in (text, page, str(report.to_dict()), report.details().to_csv()):
        assert "77.123" not in words
        assert "-20" not in words
    assert report.to_dict()["broken"]["bank.csv"]["status: codes"] == 1


def test_a_clean_folder_gives_an_empty_report_and_the_same_sources(csv_folder):
    root = csv_folder()
    sources, report = filter_sources(root)
    assert sources.content_digest() == read_sources(root).content_digest()
    assert (len(report), str(report), report.n_set_apart) == (0, "no row set apart", 0)
    assert report.counts().empty
    assert report.details().empty


def test_asking_for_a_rule_nobody_broke_is_refused(csv_folder):
    _, report = filter_sources(csv_folder(bank=BROKEN))
    with pytest.raises(
        SpecificationError, match="CR-SRC-030: No row breaks the rule 'rnage'. Did you mean 'range'"
    ):
        report.details("rnage")
    with pytest.raises(SpecificationError, match="Nothing failed at all"):
        FailureReport(failures=(), n_read={}, n_kept={}).details("range")


def test_copies_are_kept_once_and_contradictions_not_at_all(csv_folder):
    copy = "p,2026-02-01,10.50,0,food,true\n"
    contradiction = "q,2026-02-01,99.99,2,food,TRUE\n"
    sources, report = filter_sources(csv_folder(bank=BANK_CSV + copy + copy + contradiction))
    assert sources.records["bank"]["customer_id"].tolist() == ["p", "p"]
    assert [(f.rule, f.rows.tolist()) for f in report] == [("unique", [2, 5]), ("duplicate", [3, 4])]
    with pytest.raises(
        DataContractError, match=r"CR-SRC-016: .*'unique' is broken by 2 rows .*'q'.*1 more rule is broken"
    ):
        read_sources(csv_folder(bank=BANK_CSV + copy + copy + contradiction))
    with pytest.raises(DataContractError, match=r"CR-SRC-016: .*'duplicate' is broken by 1 row .*'p'"):
        read_sources(csv_folder(bank=BANK_CSV + copy))


def test_records_of_an_application_that_is_set_apart_go_with_it(csv_folder):
    sources, report = filter_sources(csv_folder(people=PEOPLE_CSV.replace(",1000.5,f", ",-5,f")))
    assert list(sources.applications.index) == ["10"]
    assert sources.records["bank"]["customer_id"].tolist() == ["q"]
    assert [(f.table, f.rule, f.n_rows) for f in report] == [
        ("people.csv", "range", 1),
        ("bank.csv", "has_application", 2),
    ]


def test_no_application_left_is_an_error(csv_folder):
    with pytest.raises(
        DataContractError, match="CR-SRC-014: File 'people.csv': every one of 2 rows breaks a rule"
    ):
        filter_sources(csv_folder(people=PEOPLE_CSV.replace(",f,", ",x,").replace(",m,", ",x,")))


def test_a_table_may_lose_all_its_rows(csv_folder):
    sources, report = filter_sources(csv_folder(bank=BANK_CSV.replace("2026-02", "2027-02")))
    assert len(sources.records["bank"]) == 0
    assert [(f.rule, f.code, f.n_rows) for f in report] == [("before_application", "CR-SRC-018", 3)]


def test_schema_drift_is_an_error_even_when_rows_may_be_set_apart(csv_folder):
    renamed = BANK_CSV.replace("amount", "amuont")
    with pytest.raises(
        DataContractError,
        match="CR-SRC-012: .*lacks 1 column.*'amount'. Found beside the contract: 'amuont'. Hint: is 'amount' written 'amuont' there",
    ):
        filter_sources(csv_folder(bank=renamed))
    extra = "\n".join(f"{line},x" for line in BANK_CSV.splitlines())
    sources, report = filter_sources(csv_folder(bank=extra.replace("flag,x", "flag,new", 1)))
    assert sources.undeclared == {"bank.csv": ("new",)}
    assert not report.failures


def test_a_lenders_own_rules_run_beside_the_contract(csv_folder):
    own = pandera.DataFrameSchema(
        {"amount": pandera.Column(checks=pandera.Check.le(2_500, error="small_amount"))},
        checks=pandera.Check(
            lambda frame: ~((frame["flag"] == 1) & (frame["amount"] > 1_000)), error="flagged_is_small"
        ),
    )
    root = csv_folder()
    with pytest.raises(
        DataContractError, match="CR-SRC-015: .*'amount': rule 'small_amount' is broken by 1 row .*'q'"
    ):
        read_sources(root, rules={"bank": own})
    sources, report = filter_sources(root, rules={"bank": own})
    assert sources.records["bank"]["amount"].tolist() == [2000]
    assert sorted((f.column, f.rule, f.n_rows) for f in report) == [
        ("amount", "small_amount", 1),
        ("row", "flagged_is_small", 2),
    ]


def test_own_rules_that_mean_nothing_are_refused(csv_folder):
    root = csv_folder()
    with pytest.raises(SpecificationError, match="CR-SRC-031: Rules are given for the unknown source 'bnak'"):
        read_sources(root, rules={"bnak": None})
    with pytest.raises(SpecificationError, match="CR-SRC-031: The rules of 'bank' are a dict"):
        read_sources(root, rules={"bank": {}})
    absent = pandera.DataFrameSchema({"nothing": pandera.Column()})
    with pytest.raises(SpecificationError, match="CR-SRC-031: The rules of 'bank': .* does not fail by rows"):
        read_sources(root, rules={"bank": absent})
    once = {"amount": pandera.Column(unique=True)}, {"amount": pandera.Column(), "status": pandera.Column()}
    for schema in (
        pandera.DataFrameSchema(once[0]),
        pandera.DataFrameSchema(once[1], unique=["amount", "status"]),
    ):
        with pytest.raises(SpecificationError, match="CR-SRC-031: .* ask for values that occur once"):
            read_sources(
                root, rules={"bank": schema}
            )  # though they do: in batches nobody would see that they do not


def by_column(check, **named):
    return pandera.DataFrameSchema({"amount": pandera.Column(checks=pandera.Check(check, **named))})


def by_row(check):
    return pandera.DataFrameSchema(checks=pandera.Check(check))


#: Every one of them is kept by each batch of one row, and by the small table of these tests.
WHOLE_TABLE = [
    by_column(lambda amounts: ~amounts.duplicated()),
    by_column(lambda amounts: amounts.is_unique),
    by_column(lambda amounts: amounts.shift(1).fillna(0) <= amounts),
    by_column(lambda amounts: bool(len(amounts) < 100)),
    by_column(lambda amounts: amounts <= amounts.mean() * 1.5),
    by_column(lambda amounts: amounts.groupby(amounts).transform("count") <= 100),
    by_column(lambda amounts: True, name="always"),
    by_row(lambda frame: ~frame.duplicated(subset=["amount", "status"])),
    pandera.DataFrameSchema(
        {".*mount": pandera.Column(checks=pandera.Check.unique_values_eq([2000]), regex=True)}
    ),
]
ROW_BY_ROW = [
    by_column(lambda amounts: amounts < 10**9),
    by_column(lambda amount: amount < 10**9, element_wise=True),
    by_row(lambda frame: frame["amount"] >= frame["status"]),
    by_row(lambda frame: frame < 10**9),
    pandera.DataFrameSchema({"status": pandera.Column(nullable=True, checks=pandera.Check.isin([0, 1, 2]))}),
]


@pytest.mark.parametrize("schema", WHOLE_TABLE)
def test_own_rules_that_judge_rows_by_other_rows_are_refused_however_the_table_is_read(folder, schema):
    root = folder()
    for read in (read_sources, filter_sources, scan_sources):
        with pytest.raises(
            SpecificationError, match="CR-SRC-031: The rules of 'bank': .* by other rows, or the"
        ):
            read(root, rules={"bank": schema})


@pytest.mark.parametrize("schema", ROW_BY_ROW)
def test_own_rules_that_answer_row_by_row_are_run_however_the_table_is_read(folder, schema, monkeypatch):
    monkeypatch.setattr(parts, "_ROWS_PER_BATCH", 1)
    root = folder()
    sources = read_sources(root, rules={"bank": schema})
    with scan_sources(root, rules={"bank": schema}) as scanned:
        assert scanned.whole.digests == sources.digests


FIELDS = {
    "customer": ["p", "q", "r", ""],
    "day": ["2026-02-01", "2026-02-02", "2026-02-30", "2027-01-01", ""],
    "amount": ["1", "2.50", "-1", "1.001", "nan", "x", ""],
    "status": ["0", "1", "9", ""],
    "category": ["food", "rent", "car", ""],
    "flag": ["true", "false", "maybe"],
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(*(st.sampled_from(words) for words in FIELDS.values())), min_size=1, max_size=12)
)
def test_nothing_is_lost_and_what_is_kept_would_have_been_accepted(csv_folder, rows):
    lines = [",".join(FIELDS), *(",".join(row) for row in rows)]
    root = csv_folder(bank="\n".join(lines) + "\n")
    sources, report = filter_sources(root)
    apart = {int(row) for failure in report for row in failure.rows}
    assert len(sources.records["bank"]) + len(apart) == len(rows)
    if apart:
        with pytest.raises(DataContractError):
            read_sources(root)
    kept = [lines[0], *(line for number, line in enumerate(lines[1:]) if number not in apart)]
    if len(kept) > 1:
        again = read_sources(csv_folder(bank="\n".join(kept) + "\n"))
        assert again.content_digest() == sources.content_digest()


def test_failures_name_their_first_distinct_keys():
    failure = Failure(
        table="t",
        column="c",
        rule="r",
        expected="e",
        rows=np.arange(5),
        keys=("a", "a", "b", "c", "d"),
        code="CR",
    )
    assert failure.sample_keys() == ["a", "b", "c"]
    assert isinstance(
        FailureReport(failures=(failure,), n_read={"t": 9}, n_kept={"t": 4}).counts(), pd.DataFrame
    )

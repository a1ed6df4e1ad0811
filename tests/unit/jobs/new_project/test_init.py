"""From a plain table to a project: what is guessed, what is held back, and every mistake answered kindly."""

from __future__ import annotations

import csv
import json
import shutil
from decimal import Decimal

import pandas as pd
import pytest

from credit_risk.jobs.cli import main
from credit_risk.jobs.new_project.decision_files import AmountGrid
from credit_risk.jobs.project import Project
from credit_risk.sources import read_sources

N_ROWS = 700


def init(table, *extra: str, target="outcome", bad="bad") -> int:
    project = str(table.parent / "project")
    return main(["init", project, "--table", str(table), "--target", target, "--bad", bad, *extra])


def test_a_table_becomes_a_project_that_reads_and_says_what_it_guessed(table, capsys):
    assert init(table, "--currency", "EUR", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["features"] == ["income", "Purpose of loan", "rate", "loan_amount"]
    assert said["held"] == ["gender"]
    assert said["left_out"] == ["branch", "remark"]
    assert (said["n_rows"], said["n_bads"]) == (N_ROWS, round(said["bad_rate"] * N_ROWS))
    attention = " | ".join(said["notices"])
    for words in (
        "gender: held back as protected",
        "branch: left out: the same value",
        "remark: left out: 700",
        "no moment",
    ):
        assert words in attention

    folder = table.parent / "project"
    project, sources = Project.read(folder), read_sources(folder / "data")
    assert project.outcome.bad_values == ("bad",)
    assert project.features.names[1] == "application__all__Purpose of loan__now__value"
    columns = {column.name: column for column in sources.contracts.applications.columns}
    assert columns["Purpose of loan"].codes == ("car", "other", "tv")
    assert (columns["rate"].kind, columns["rate"].scale, columns["rate"].nullable) == ("decimal", 3, True)
    assert sources.held["gender"].isin(["f", "m"]).all()
    assert "GUESSED" in (folder / "data" / "sources.toml").read_text(encoding="utf-8")
    assert "EVERY FIGURE BELOW IS AN ASSUMPTION" in (folder / "strategy.toml").read_text(encoding="utf-8")
    assert project.strategy.lender.offer_is_hypothetical


def test_the_copy_of_the_table_holds_every_cell(table, rows):
    assert init(table, "--quiet") == 0
    with (table.parent / "project" / "data" / "applications.csv").open(encoding="utf-8") as stream:
        copied = list(csv.DictReader(stream))
    assert [row.pop("application_id") for row in copied] == [str(n) for n in range(1, N_ROWS + 1)]
    assert copied == rows


def test_the_request_it_leaves_is_one_row_of_the_table(table, rows):
    assert init(table, "--quiet") == 0
    request = json.loads((table.parent / "project" / "request.json").read_text(encoding="utf-8"))
    assert request["records"] == {}
    assert request["application"]["income"] == int(rows[0]["income"])
    assert "gender" not in request["application"]
    assert "outcome" not in request["application"]


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-8"), ("|", "gb18030")])
def test_other_separators_and_encodings(table, rows, delimiter, encoding, as_csv):
    for row in rows:
        row["Purpose of loan"] = {"car": "汽车", "tv": "电视"}.get(row["Purpose of loan"], "其他")
    table.write_text(as_csv(rows, delimiter), encoding=encoding)
    assert init(table, "--quiet", "--encoding", encoding.removesuffix("-sig")) == 0
    sources = read_sources(table.parent / "project" / "data")
    codes = next(c.codes for c in sources.contracts.applications.columns if c.name == "Purpose of loan")
    assert set(codes) == {"汽车", "电视", "其他"}


def test_binary_floats_are_rounded_in_the_copy_and_said(table, rows, as_csv, capsys):
    for number, row in enumerate(rows):
        row["ratio"] = repr(number / 7 * 1e-4)
    table.write_text(as_csv(rows), encoding="utf-8")
    assert init(table) == 0
    assert "ratio: up to 17 digits: rounded to 6 decimal places" in capsys.readouterr().out
    applications = read_sources(table.parent / "project" / "data").applications
    assert applications.loc["8", "ratio"] == 100  # 0.0001


def test_odd_names_of_columns_are_quoted(table, rows, as_csv):
    odd = {"income": "收入", "rate": 'a "b" #c', "loan_amount": "x.y = z", "gender": "isForeignWorker"}
    table.write_text(as_csv([{odd.get(k, k): v for k, v in row.items()} for row in rows]), encoding="utf-8")
    assert init(table, "--quiet") == 0
    names = Project.read(table.parent / "project").features.names
    assert {name.split("__")[2] for name in names} == {"收入", "Purpose of loan", 'a "b" #c', "x.y = z"}


def test_a_parquet_file_is_a_table_too(table, rows):
    frame = pd.DataFrame(rows).assign(income=[int(row["income"]) for row in rows])
    parquet = table.with_suffix(".parquet")
    frame.to_parquet(parquet)
    assert init(parquet, "--quiet") == 0
    assert len(read_sources(table.parent / "project" / "data").applications) == N_ROWS


def test_dates_customers_and_keys_are_used_when_named(table, rows, as_csv):
    for number, row in enumerate(rows):
        row |= {"no": f"A{number}", "who": str(number // 2), "day": f"2024-{number % 12 + 1:02d}-03"}
    table.write_text(as_csv(rows), encoding="utf-8")
    extra = ("--key", "no", "--customer", "who", "--applied-at", "day", "--timezone", "Asia/Tokyo", "--quiet")
    assert init(table, *extra) == 0
    sources = read_sources(table.parent / "project" / "data")
    assert sources.applications.index[0] == "A0"
    assert sources.applications["customer_id"].nunique() == N_ROWS // 2
    assert str(sources.applications.loc["A0", "applied_at"]) == "2024-01-02 15:00:00+00:00"


def test_the_outcome_in_disguise_is_left_out_and_said(table, rows, capsys, as_csv):
    for row in rows:
        row["collected"] = "yes" if row["outcome"] == "bad" else "no"
    table.write_text(as_csv(rows), encoding="utf-8")
    assert init(table) == 0
    assert "collected: tells bads from goods almost perfectly (AUC 1.000)" in capsys.readouterr().out
    assert not any("collected" in name for name in Project.read(table.parent / "project").features.names)


def test_columns_may_be_held_back_by_hand(table):
    assert init(table, "--held", "income", "--quiet") == 0
    sources = read_sources(table.parent / "project" / "data")
    assert set(sources.held.columns) == {"income", "gender"}


def spoil(rows, **values):
    for row in rows:
        row.update({name: value(row) if callable(value) else value for name, value in values.items()})


MISTAKES = {
    "no such table": (None, {"table": "loan.csv"}, 3, "loan.csv' does not exist. Did you mean 'loans.csv'?"),
    "wrong target": (None, {"target": "outcom"}, 3, "no column 'outcom', which shall be the target. Did you mean 'outcome'?"),
    "wrong bad value": (None, {"bad": "Bad"}, 3, "never holds 'Bad' (--bad). Found: "),
    "wrong good value": (None, {"extra": ("--good", "ok")}, 3, "never holds 'ok' (--good)"),
    "wrong key": (None, {"extra": ("--key", "number")}, 3, "no column 'number', which shall be the key"),
    "wrong held column": (None, {"extra": ("--held", "sex")}, 3, "no column 'sex', which shall be the protected attribute"),
    "wrong currency": (None, {"extra": ("--currency", "EURO")}, 3, "Currency 'EURO' has no known minor unit"),
    "wrong horizon": (None, {"extra": ("--horizon", "1y")}, 3, "Expected months such as '12m'"),
    "wrong timezone": (None, {"extra": ("--timezone", "Mars")}, 3, "Mars"),
    "unknown encoding": (None, {"extra": ("--encoding", "utf-9")}, 3, "encoding 'utf-9' is not known"),
    "three values": (
        lambda rows: rows[0].update(outcome="open"),
        {},
        3,
        "holds 3 different values: 'good'",
    ),
    "gaps in the target": (lambda rows: [row.update(outcome="") for row in rows[:9]], {}, 3, "is missing in 9 of 700 rows"),
    "duplicate keys": (
        lambda rows: spoil(rows, no="7"),
        {"extra": ("--key", "no")},
        3,
        "1 keys stand more than once (first: '7'). Expected one row for each key",
    ),
    "no moments": (
        lambda rows: spoil(rows, day="soon"),
        {"extra": ("--applied-at", "day")},
        3,
        "'day' of 'loans.csv' holds 700 of 700 values that are no moment",
    ),
    "too few bads": (
        lambda rows: [row.update(outcome="good") for row in rows[40:]],
        {},
        3,
        "bads among 700 rows are too few",
    ),
    "nothing to learn from": (
        lambda rows: spoil(rows, **dict.fromkeys(["income", "Purpose of loan", "rate", "loan_amount"], "1")),
        {},
        3,
        "leaves no column that can be a feature",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_one_kind_line_and_leave_nothing(table, rows, capsys, case, as_csv):
    change, arguments, code, message = MISTAKES[case]
    if change:
        change(rows)
        table.write_text(as_csv(rows), encoding="utf-8")
    table = table.with_name(arguments.get("table", table.name))
    before = sorted(path.name for path in table.parent.iterdir())
    names = {name: arguments[name] for name in ("target", "bad") if name in arguments}
    assert init(table, *arguments.get("extra", ()), **names) == code
    said = capsys.readouterr().err
    assert message in said, said
    assert len(said.strip().splitlines()) == 1
    assert sorted(path.name for path in table.parent.iterdir()) == before


BROKEN_FILES = {
    "ragged": (b"a,b,outcome\n1,2,bad\n1,2\n", "1 of 2 rows do not have the header's 3 columns (first: line 3 with 2)"),
    "not utf-8": ("a,b,outcome\n1,2,bad\n\xfc,2,good\n".encode("latin-1"), "is not utf-8 text (first in line 3)"),
    "open quotation mark": (b'a,b,outcome\n1,"2,bad\n', "a quotation mark that is never closed"),
    "empty": (b"", "it is empty"),
    "only a header": (b"a,b,outcome\n", "a header and no row"),
    "twice the same name": (b"a,a,outcome\n1,2,bad\n", "1 column names stand twice (first: 'a')"),
    "a column without name": (b"a,,outcome\n1,2,bad\n", "1 columns have no name (first: column 2)"),
    "one column": (b"outcome\nbad\n", "it has 1 columns"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_a_file_that_is_no_table_is_answered_kindly(tmp_path, capsys, case):
    content, message = BROKEN_FILES[case]
    path = tmp_path / "loans.csv"
    path.write_bytes(content)
    assert init(path) == 3
    assert message in capsys.readouterr().err


def test_a_parquet_file_that_is_none(tmp_path, capsys):
    path = tmp_path / "loans.parquet"
    path.write_bytes(b"PAR1" + bytes(50))
    assert init(path) == 3
    assert "no readable Parquet file" in capsys.readouterr().err


def test_nothing_is_ever_written_over(table, capsys):
    (table.parent / "project").mkdir()
    assert init(table) == 5
    assert "exists already and is never written over" in capsys.readouterr().err


def test_a_table_without_target_is_asked_for_it(table, capsys):
    assert main(["init", str(table.parent / "p"), "--table", str(table)]) == 3
    assert "init --table needs --target" in capsys.readouterr().err


def test_three_values_are_fine_once_good_is_said(table, rows, as_csv):
    for row in rows[:5]:
        row["outcome"] = "open"
    table.write_text(as_csv(rows), encoding="utf-8")
    assert init(table, "--good", "good", "--quiet") == 0
    folder = table.parent / "project"
    labels = Project.read(folder).outcome.label(read_sources(folder / "data"))
    assert int((~labels["is_determined"]).sum()) == 5


def test_a_template_becomes_a_project(tmp_path, capsys):
    assert main(["init", str(tmp_path / "p"), "--template", "instant_loan"]) == 0
    assert "ATTENTION: put the tables of the 18 sources into" in capsys.readouterr().out
    assert len(Project.read(tmp_path / "p").features.names) > 36
    assert main(["init", str(tmp_path / "q"), "--template", "instant_lone"]) == 3
    assert "Did you mean 'instant_loan'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("low", "high"), [(932, 7179), (100, 200), (1, 100), (50_000, 4_200_000), (99.5, 1234.56)]
)
def test_a_grid_of_amounts_lies_on_its_steps(low, high):
    grid = AmountGrid.of("x", Decimal(str(low)), Decimal(str(high)))
    assert 0 < grid.low < grid.high
    assert (grid.high - grid.low) % grid.step == 0
    assert (grid.high - grid.low) / grid.step <= 100


def test_a_column_of_persons_named_as_target_is_not_printed(table, rows, as_csv, capsys):
    for number, row in enumerate(rows):
        row["name"] = f"Secret Person {number}"
    table.write_text(as_csv(rows), encoding="utf-8")
    assert init(table, target="name") == 3
    said = capsys.readouterr().err
    assert "too many to list" in said
    assert "Secret" not in said


def test_the_template_fits_the_shipped_synthetic_tables_and_training_says_that_they_are_few(
    tmp_path, capsys, project_folder
):
    project, data = str(tmp_path / "p"), str(project_folder / "data_samples" / "synthetic_instant_loan")
    assert main(["init", project, "--template", "instant_loan", "--quiet"]) == 0
    assert main(["check", project, "--data", data, "--json"]) == 3
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert [fault["rule"] for fault in faults] == ["CR-SMP-002"]  # fourteen synthetic applicants are few
    assert (
        main(["train", project, "--data", data, "--output", str(tmp_path / "o"), "--no-tracking", "--quiet"])
        == 3
    )
    assert "too few for three parts: use more applications" in capsys.readouterr().err


def test_columns_that_are_left_out_are_no_features(table, capsys):
    assert init(table, "--leave-out", "rate", "loan_amount", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert {"rate", "loan_amount"} <= set(said["left_out"])
    assert not {"rate", "loan_amount"} & set(said["features"])
    folder = table.parent / "project"
    assert all("rate" not in name for name in Project.read(folder).features.names)
    shutil.rmtree(folder)
    assert init(table, "--leave-out", "rte") == 3
    assert "(--leave-out). Did you mean 'rate'?" in capsys.readouterr().err

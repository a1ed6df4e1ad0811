"""A check names every fault at once, with rule, count and keys; nothing else is changed."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from credit_risk.jobs.cli import main


@pytest.fixture
def project(small_project):
    return small_project


def check(project, capsys, *extra):
    code = main(["check", str(project), "--json", *extra])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def edit(path, pattern, new):
    text, n = re.subn(pattern, new, path.read_text(encoding="utf-8"), count=1)
    assert n == 1
    path.write_text(text, encoding="utf-8")


def test_a_good_project_has_no_fault(project, capsys):
    code, said, err = check(project, capsys)
    assert (code, said["faults"], err) == (0, [], "")
    assert said["n_applications"] == 700
    assert set(said["parts"]) == {"development", "validation", "holdout"}


def test_every_fault_is_named_at_once(project, capsys):
    edit(project / "strategy.toml", "lgd =", "lgdd =")
    edit(project / "training.toml", "max_depth = 3", 'max_depth = "deep"')
    report = project / "report.toml"
    report.write_text(
        report.read_text(encoding="utf-8").replace("attributes.gender", "attributes.gendr"), encoding="utf-8"
    )
    edit(project / "features.toml", 'measure = "income"', 'measure = "incom"')
    lines = (project / "data" / "applications.csv").read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",car,", ",boat,").replace(",tv,", ",boat,").replace(",other,", ",boat,")
    lines[5] = re.sub(r"^5,\d+", "5,much", lines[5])
    (project / "data" / "applications.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, said, err = check(project, capsys)
    assert code == 3
    assert re.search(r"has 6 faults; nothing was changed", err)
    found = {fault["where"]: fault for fault in said["faults"]}
    assert re.search(r"line \d+: key 'lgd' is missing.*did you mean 'lgd'", found["strategy.toml"]["message"])
    assert re.search(r"line \d+: max_depth = 'deep' has the wrong type", found["training.toml"]["message"])
    assert "Did you mean 'gender'?" in found["report.toml"]["message"]
    assert "'incom'" in found["features.toml"]["message"]
    words = found["applications.csv, Purpose of loan"]
    assert (words["rule"], words["count"], words["keys"]) == ("codes", 1, ["1"])
    number = found["applications.csv, income"]
    assert (number["rule"], number["count"], number["keys"]) == ("number", 1, ["5"])
    assert "much" not in json.dumps(said)


def test_every_feature_that_cannot_be_is_named_not_only_the_first(project, capsys):
    features = project / "features.toml"
    text = features.read_text(encoding="utf-8")
    features.write_text(
        text.replace('measure = "income"', 'measure = "incom"').replace(
            'measure = "Purpose', 'measure = "purpose'
        ),
        encoding="utf-8",
    )
    code, said, _ = check(project, capsys)
    assert code == 3
    messages = [fault["message"] for fault in said["faults"] if fault["where"] == "features.toml"]
    assert len(messages) == 2
    assert "'incom'" in messages[0]
    assert "'purpose of loan'" in messages[1]


def test_a_project_that_is_not_there_is_one_fault_with_the_nearest_name(project, capsys):
    for command in (["check"], ["train", "--output", str(project.parent / "o"), "--no-tracking"]):
        assert main([command[0], str(project.parent / "projct"), *command[1:]]) == 3
        said = capsys.readouterr().err
        assert "does not exist. Did you mean 'project'?" in said


def test_an_empty_or_misspelt_table_is_said_so(project, capsys):
    table = project / "data" / "applications.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("income", "incme", 1), encoding="utf-8")
    _, said, _ = check(project, capsys)
    (fault,) = said["faults"]
    assert "Found beside the contract: 'incme'. Hint: is 'income' written 'incme' there?" in fault["message"]
    table.write_text("", encoding="utf-8")
    _, said, _ = check(project, capsys)
    assert "no column at all; the file is empty" in said["faults"][0]["message"]


@pytest.mark.parametrize(
    ("file", "pattern", "new", "message"),
    [
        ("outcome.toml", r'bad_values = \["bad"\]', 'bad_values = ["bd"]', "'bd' is no value of column 'outcome'. Did you mean 'bad'?"),
        ("outcome.toml", 'horizon = "12m"', 'horizon = "6m"', "expects '12m'"),
        ("strategy.toml", 'currency = "CNY"', 'currency = "EUR"', "but the sources are in 'CNY'"),
        ("strategy.toml", r"required_sources = \[\]", 'required_sources = ["bank"]', "unknown source 'bank'"),
        ("features.toml", 'factor = "Purpose of loan"\nrisk = "open"', 'factor = "Purpose of loan"\nrisk = "rises"', "words have no order"),
        ("data/sources.toml", "timezone =", "timezon =", "key 'timezone' is missing"),
        ("outcome.toml", "schema_version = 1", "schema_version =", "cannot be read as TOML"),
    ],
)  # fmt: skip
def test_single_faults(project, capsys, file, pattern, new, message):
    edit(project / file, pattern, new)
    code, said, _ = check(project, capsys)
    assert code == 3
    assert any(message in fault["message"] for fault in said["faults"]), said


def test_data_that_is_not_there(project, tmp_path, capsys):
    code, said, _ = check(project, capsys, "--data", str(tmp_path / "nowhere"))
    assert code == 3
    assert said["faults"][0]["where"] == "sources.toml"


def test_a_file_and_a_column_that_nobody_names_are_hinted_at(project, capsys):
    (project / "data" / "more.csv").write_text("a\n1\n", encoding="utf-8")
    path = project / "data" / "applications.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([lines[0] + ",extra", *(line + ",1" for line in lines[1:])]) + "\n", encoding="utf-8"
    )
    code, said, _ = check(project, capsys)
    assert code == 0
    assert any("more.csv" in hint for hint in said["hints"])
    assert any("'extra'" in hint for hint in said["hints"])


def test_people_get_lines_and_quiet_is_quiet(project, capsys):
    assert main(["check", str(project)]) == 0
    assert capsys.readouterr().out.startswith("No fault.")
    assert main(["check", str(project), "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_a_source_that_holds_nothing_for_anybody_is_hinted_at(project, capsys):
    path = project / "data" / "sources.toml"
    form = tomllib.loads(path.read_text(encoding="utf-8"))["applications"]
    key = form["customer_key"]
    kind = form["columns"][key]["kind"]
    contract = f"""
[records.calls]
file = "calls.csv"
customer_key = "{key}"
event_time = {{ column = "at" }}
known_at = {{ column = "at" }}
[records.calls.columns]
{key} = {{ role = "key", kind = "{kind}" }}
at = {{ role = "time", kind = "timestamp" }}
"""
    path.write_text(path.read_text(encoding="utf-8") + contract, encoding="utf-8")
    (project / "data" / "calls.csv").write_text(f"{key},at\n", encoding="utf-8")
    code, said, _ = check(project, capsys)
    assert code == 0
    assert "calls: no record of anybody, so its features are missing" in said["hints"]

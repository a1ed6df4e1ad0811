"""The command line answers every mistake with one clear line, the right exit code, and leaves nothing half-written."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from credit_risk.jobs.cli import main

PROJECT = Path(__file__).resolve().parents[3]
DATA = PROJECT / "data_samples" / "uci_credit_card"
CONFIGURATION = PROJECT / "examples" / "uci_credit_card"


@pytest.fixture
def workspace(tmp_path):
    """Copies of data and project that a test may break."""
    shutil.copytree(DATA, tmp_path / "data")
    shutil.copytree(CONFIGURATION, tmp_path / "project")
    return tmp_path


def _demo(workspace: Path, *extra: str) -> int:
    arguments = ["demo", "--data", str(workspace / "data"), "--project", str(workspace / "project")]
    return main([*arguments, "--output", str(workspace / "out"), "--no-tracking", "--quiet", *extra])


def _statements(workspace: Path, change) -> None:
    path = workspace / "data" / "monthly_statements.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)


def _customers(workspace: Path, change) -> None:
    path = workspace / "data" / "customers.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)


def _replace(workspace: Path, name: str, old: str, new: str) -> None:
    path = workspace / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def _duplicate_first(frame):
    return pd.concat([frame, frame.head(2)], ignore_index=True)


def _future(frame):
    latest = frame.index[frame["month"] == pd.Timestamp("2005-09-01")]
    frame.loc[latest[:3], "month"] = pd.Timestamp("2005-11-01")
    return frame


BAD_INPUT = {
    "missing table": (
        lambda w: (w / "data" / "monthly_statements.parquet").unlink(),
        ["monthly_statements.parquet"],
    ),
    "missing column": (
        lambda w: _statements(w, lambda f: f.drop(columns="bill_amt")),
        ["monthly_statements.parquet", "bill_amt"],
    ),
    "wrong type": (
        lambda w: _statements(w, lambda f: f.assign(bill_amt="much")),
        ["monthly_statements.parquet", "bill_amt", "180000"],
    ),
    "duplicate key": (lambda w: _statements(w, _duplicate_first), ["monthly_statements.parquet", "2"]),
    "duplicate customer": (lambda w: _customers(w, _duplicate_first), ["customers.parquet", "ID", "2"]),
    "empty file": (lambda w: (w / "data" / "customers.parquet").write_bytes(b""), ["customers.parquet"]),
    "no rows": (lambda w: _customers(w, lambda f: f.head(0)), ["customers.parquet"]),
    "statements after the decision": (lambda w: _statements(w, _future), ["monthly_statements.parquet", "3"]),
    "corrupt Parquet": (
        lambda w: (w / "data" / "customers.parquet").write_bytes(b"PAR1" + bytes(200)),
        ["customers.parquet"],
    ),
    "orphan statements": (
        lambda w: _customers(w, lambda f: f.iloc[5:]),
        ["monthly_statements.parquet", "30"],
    ),
    "no contract": (lambda w: (w / "data" / "sources.toml").unlink(), ["sources.toml"]),
    "unknown key in sources": (
        lambda w: (
            _replace(w, "data/sources.toml", "nullable", "nulable")
            if "nullable" in (w / "data" / "sources.toml").read_text()
            else _replace(w, "data/sources.toml", "timezone =", "timezon =")
        ),
        ["sources.toml", "did you mean 'timezone'"],
    ),
    "unknown key in features": (
        lambda w: _replace(w, "project/features.toml", "aggregate =", "agregate ="),
        ["features.toml", "aggregate"],
    ),
    "unknown key in strategy": (
        lambda w: _replace(w, "project/strategy.toml", "lgd =", "lgdd ="),
        ["strategy.toml", "did you mean 'lgd'"],
    ),
    "unknown key in training": (
        lambda w: _replace(w, "project/training.toml", "pdo =", "pd0 ="),
        ["training.toml", "Did you mean 'pdo'"],
    ),
    "unknown key in outcome": (
        lambda w: _replace(w, "project/outcome.toml", "horizon =", "horizn ="),
        ["outcome.toml", "did you mean 'horizon'"],
    ),
    "missing project file": (
        lambda w: (w / "project" / "report.toml").unlink(),
        ["report.toml", "does not exist"],
    ),
    "protected attribute as feature": (
        lambda w: _replace(w, "project/features.toml", 'measure = "LIMIT_BAL"', 'measure = "AGE"'),
        ["AGE"],
    ),
    "outcome as feature": (
        lambda w: _replace(
            w, "project/features.toml", 'measure = "LIMIT_BAL"', 'measure = "default_next_month"'
        ),
        ["default_next_month"],
    ),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_clear_line_and_leaves_nothing(workspace, capsys, case):
    spoil, named = BAD_INPUT[case]
    spoil(workspace)
    before = sorted(path.name for path in workspace.iterdir())
    assert _demo(workspace) == 3
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
    for word in named:
        assert word in said, said
    assert sorted(path.name for path in workspace.iterdir()) == before


def test_existing_output_is_refused(workspace, capsys):
    (workspace / "out").mkdir()
    assert _demo(workspace) == 5
    assert "--overwrite" in capsys.readouterr().err


def test_an_unwritable_place_is_refused(workspace, capsys):
    (workspace / "out").write_text("a file stands here")
    assert _demo(workspace, "--overwrite") == 5
    assert "Expected a folder" in capsys.readouterr().err


def _earlier_output(workspace: Path) -> Path:
    folder = workspace / "out"
    (folder / "bundle").mkdir(parents=True)
    for name in ("run.json", "decisions.parquet", "bundle/manifest.json"):
        (folder / name).write_text("old")
    return folder


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 130), (signal.SIGINT, 130)]
)
def test_a_stopped_run_leaves_the_old_output_and_the_next_run_clears_up(workspace, number, code):
    out = _earlier_output(workspace)
    command = [
        sys.executable,
        "-m",
        "credit_risk",
        "demo",
        "--data",
        str(DATA),
        "--project",
        str(CONFIGURATION),
    ]
    command += ["--output", str(out), "--overwrite", "--no-tracking"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(workspace.glob(".out.building-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1.5)  # into the feature engine
    process.send_signal(number)
    said = process.communicate()[1]
    assert process.returncode == code
    assert "Traceback" not in said
    assert (out / "run.json").read_text() == "old"
    (workspace / "data" / "customers.parquet").unlink()
    assert _demo(workspace, "--overwrite") == 3  # fails, but clears what the stopped run left
    assert not list(workspace.glob(".out.building*"))
    assert (out / "run.json").read_text() == "old"


def test_somebody_elses_folder_is_never_overwritten(workspace, capsys):
    (workspace / "out").mkdir()
    (workspace / "out" / "thesis.docx").write_text("years of work")
    assert _demo(workspace, "--overwrite") == 5
    assert "no run of this job wrote" in capsys.readouterr().err
    assert (workspace / "out" / "thesis.docx").read_text() == "years of work"


# ---- decide ------------------------------------------------------------------------------------------------------

REQUEST = CONFIGURATION / "request.json"
BUNDLE = PROJECT / "models" / "uci-reference"


def test_decide_prints_one_json_decision(capsys):
    assert main(["decide", str(REQUEST), "--bundle", str(BUNDLE), "--language", "zh-CN"]) == 0
    decision = json.loads(capsys.readouterr().out)
    assert decision["outcome"] in {"approve", "decline"}
    assert decision["explanation"].startswith(("批准", "拒绝"))


def test_decide_reads_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(REQUEST.read_text(encoding="utf-8")))
    assert main(["decide", "-", "--bundle", str(BUNDLE)]) == 0
    assert json.loads(capsys.readouterr().out)["decision_model"] == "scorecard"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "not valid JSON"),
        ("[]", "lacks the keys"),
        ('{"application": {}}', r"lacks the keys ['records']"),
        ('{"application": [], "records": {}}', "must be objects"),
        ('{"application": {}, "records": {}}', "'application_id'"),
        (
            '{"application": {}, "records": {}, "human_review_request": true}',
            "Did you mean 'human_review_requested'",
        ),
        ('{"application": {}, "records": {}, "human_review_requested": "false"}', "must be true or false"),
        ('{"application": {"human_review_requested": true}, "records": {}}', "stands inside the application"),
        ('{"application": {}, "application": {}, "records": {}}', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_bad_request_is_one_clear_line(tmp_path, capsys, content, named):
    path = tmp_path / "request.json"
    path.write_text(content, encoding="utf-8")
    assert main(["decide", str(path), "--bundle", str(BUNDLE)]) == 3
    said = capsys.readouterr().err
    assert named in said
    assert len(said.strip().splitlines()) == 1


def test_a_terminal_without_chinese_still_gets_its_decision():
    command = [
        sys.executable,
        "-m",
        "credit_risk",
        "decide",
        str(REQUEST),
        "--bundle",
        str(BUNDLE),
        "--language",
        "zh-CN",
    ]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["explanation"].startswith(("批准", "拒绝"))


def test_a_full_disk_is_one_clear_line():
    command = f"{sys.executable} -m credit_risk decide {REQUEST} --bundle {BUNDLE} > /dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 5


def test_a_missing_request_is_said_so(tmp_path, capsys):
    assert main(["decide", str(tmp_path / "none.json"), "--bundle", str(BUNDLE)]) == 3
    assert "No such file" in capsys.readouterr().err


def test_a_damaged_bundle_has_its_own_exit_code(tmp_path, capsys):
    shutil.copytree(BUNDLE, tmp_path / "bundle")
    with (tmp_path / "bundle" / "scorecard.json").open("ab") as stream:
        stream.write(b" ")
    assert main(["decide", str(REQUEST), "--bundle", str(tmp_path / "bundle")]) == 4
    assert "'scorecard.json'" in capsys.readouterr().err
    assert main(["decide", str(REQUEST), "--bundle", str(tmp_path)]) == 4


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["decide", "--help"], ["--version"]])
def test_help_is_there(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    assert "credit-risk" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["demoo"], ["demo", "--outputt", "x"], ["demo", "--threads", "two"]]
)
def test_a_wrong_command_line_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err

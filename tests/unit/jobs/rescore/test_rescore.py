"""Rescoring gives what the engine gives, whatever the file's form, the block size, or how often the run was killed."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from credit_risk.blend import BlendSpec
from credit_risk.jobs.cli import main
from credit_risk.jobs.rescore.part_files import PartFiles
from credit_risk.scoring import FeatureRows

PROJECT = Path(__file__).resolve().parents[4]
BUNDLE = PROJECT / "models" / "uci-reference"
N_KILLS = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "torture" else 3


def rescore(rows, output, *extra):
    return main(["rescore", str(rows), str(output), "--bundle", str(BUNDLE), "--quiet", *extra])


def test_scores_reasons_and_flags_are_the_engines(rows_file, tmp_path, bundle, prepared):
    assert rescore(rows_file, tmp_path / "scores.parquet", "--block-rows", "1000") == 0
    scores = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    X = np.column_stack([prepared.column(name).to_numpy() for name in bundle.features.names])
    scored = bundle.engine.explain(X)
    assert [row["application_id"] for row in scores] == prepared.column("application_id").to_pylist()
    assert [row["score"] for row in scores] == scored.card.score.tolist()
    for model, pd in scored.pds.items():
        assert [row[f"pd_{model}"] for row in scores] == pd.tolist()
    for row, reasons, flags in zip(scores, scored.losses.reasons(), scored.card.flags, strict=True):
        told = [
            (row[f"reason_{k}"], row[f"points_lost_{k}"])
            for k in range(1, 5)
            if row[f"reason_{k}"] is not None
        ]
        assert told == [(reason.code, reason.points_lost) for reason in reasons]
        assert row["n_missing"] == (flags == 1).sum()
    assert sum(row["n_missing"] for row in scores) >= len(scores) // 7


def test_a_rescored_row_is_the_decision_of_the_backend(rows_file, tmp_path, bundle, prepared):
    assert rescore(rows_file, tmp_path / "scores.parquet") == 0
    scores = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    X = np.column_stack([prepared.column(name).to_numpy() for name in bundle.features.names])
    decisions = bundle.engine.decide_rows(
        FeatureRows(
            application_ids=[row["application_id"] for row in scores],
            applied_at=[datetime(2005, 10, 1, tzinfo=UTC)] * len(scores),
            X=X,
            flags=[()] * len(scores),
        )
    )
    for row, decision in zip(scores, decisions, strict=True):
        assert row["score"] == decision.score
        assert {f"pd_{name}": pd for name, pd in decision.pds.items()}.items() <= row.items()


@pytest.mark.parametrize("block_rows", [1, 7, 999, 1_000, 4_321, 100_000])
def test_scores_do_not_depend_on_the_block_size(prepared, tmp_path, block_rows):
    few = prepared.slice(0, 60 if block_rows < 10 else len(prepared))
    pq.write_table(few, tmp_path / "rows.parquet", row_group_size=33)
    assert rescore(tmp_path / "rows.parquet", tmp_path / "one.parquet") == 0
    assert rescore(tmp_path / "rows.parquet", tmp_path / "many.parquet", "--block-rows", str(block_rows)) == 0
    one, many = (pq.read_table(tmp_path / name).to_pylist() for name in ("one.parquet", "many.parquet"))
    assert one == many


def test_folder_and_csv_give_the_same_scores_as_one_file(rows_file, prepared, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    pq.write_table(prepared.slice(0, 1_500), folder / "a.parquet")
    pq.write_table(prepared.slice(1_500), folder / "b.parquet")
    pa.csv.write_csv(prepared, tmp_path / "rows.csv")
    expected = None
    for name in (rows_file, folder, tmp_path / "rows.csv"):
        output = tmp_path / f"{Path(name).name}-scores.parquet"
        assert rescore(name, output, "--block-rows", "700") == 0
        rows = pq.read_table(output).to_pylist()
        expected = expected or rows
        assert rows == expected


def command(rows, output):
    options = ["--bundle", str(BUNDLE), "--quiet", "--block-rows", "100"]
    return [sys.executable, "-m", "credit_risk", "rescore", str(rows), str(output), *options]


def test_a_run_killed_at_random_moments_loses_and_doubles_nothing(rows_file, tmp_path):
    assert subprocess.run(command(rows_file, tmp_path / "whole.parquet"), check=False).returncode == 0
    output, draw = tmp_path / "killed.parquet", random.Random(20261126)
    for _ in range(N_KILLS):
        process = subprocess.Popen(command(rows_file, output))
        wanted = len(list(output.with_name("killed.parquet.parts").glob("part-*.parquet"))) + draw.randint(
            1, 6
        )
        while (
            process.poll() is None
            and not output.with_name("killed.parquet.parts").joinpath(f"part-{wanted:06d}.parquet").exists()
        ):
            time.sleep(0.001)
        time.sleep(draw.random() / 50)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not output.exists() or process.returncode == 0
    assert subprocess.run(command(rows_file, output), check=False).returncode == 0
    assert output.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "killed.parquet",
        "rows.parquet",
        "whole.parquet",
    ]


def test_a_run_killed_while_it_tidied_up_is_complete(rows_file, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    assert rescore(rows_file, output) == 0
    left = tmp_path / "scores.parquet.parts"
    left.mkdir()
    (left / "part-000000.parquet").write_bytes(b"left over")
    before = output.read_bytes()
    assert rescore(rows_file, output) == 0
    assert "already complete" in capsys.readouterr().out
    assert output.read_bytes() == before
    assert not left.exists()


def test_two_runs_do_not_write_the_same_output(rows_file, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    parts = tmp_path / "scores.parquet.parts"
    parts.mkdir()
    with (parts / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert rescore(rows_file, output) == 5
    assert "CR-OUT-020" in capsys.readouterr().err


@pytest.mark.parametrize("restart", [(), ("--restart",)])
def test_a_run_that_is_writing_keeps_its_parts(restart, rows_file, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    assert rescore(rows_file, output) == 0
    parts = tmp_path / "scores.parquet.parts"
    parts.mkdir()
    (parts / "part-000000.parquet").write_bytes(b"of the other run")
    with (parts / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert rescore(rows_file, output, "--overwrite", *restart) == 5
        assert rescore(rows_file, output, *restart) == 5
    assert capsys.readouterr().err.count("CR-OUT-020") == 2
    assert (parts / "part-000000.parquet").read_bytes() == b"of the other run"


def test_a_restart_forgets_the_parts_before(rows_file, prepared, tmp_path):
    output = tmp_path / "scores.parquet"
    parts = tmp_path / "scores.parquet.parts"
    parts.mkdir()
    pq.write_table(pa.table({"score": [1]}), parts / "part-000000.parquet")
    assert rescore(rows_file, output, "--restart", "--block-rows", "1000") == 0
    scored = pq.read_table(output).column("application_id").to_pylist()
    assert scored == prepared.column("application_id").to_pylist()


def test_a_complete_csv_tells_its_rows(prepared, tmp_path, capsys):
    pa.csv.write_csv(prepared.slice(0, 50), tmp_path / "rows.csv")
    for _ in range(2):
        assert rescore(tmp_path / "rows.csv", tmp_path / "scores.parquet", "--json") == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["n_rows"], one["was_complete"]) for one in answers] == [(50, False), (50, True)]


def test_names_of_a_csv_are_read_as_its_rows_are(prepared, tmp_path, capsys):
    pa.csv.write_csv(prepared.slice(0, 50), tmp_path / "rows.csv")
    header, rest = (tmp_path / "rows.csv").read_text().split("\n", 1)
    more = "".join("," + line for line in rest.splitlines(keepends=True))
    (tmp_path / "rows.csv").write_text('"a, b",' + header + "\n" + more)
    assert rescore(tmp_path / "rows.csv", tmp_path / "scores.parquet") == 0
    assert pq.read_metadata(tmp_path / "scores.parquet").num_rows == 50
    name = prepared.column_names[1]
    (tmp_path / "rows.csv").write_text(header.replace(f'"{name}"', f" {name} ") + "\n" + rest)
    assert rescore(tmp_path / "rows.csv", tmp_path / "others.parquet") == 3
    assert "CR-RSC-002" in capsys.readouterr().err


def test_whole_numbers_that_no_double_holds_are_the_nearest_ones(prepared, tmp_path):
    name = prepared.column_names[1]
    large = [2**53 + 1] * len(prepared)
    for kind, values in {"whole": pa.array(large), "double": pa.array(np.array(large, dtype=float))}.items():
        pq.write_table(prepared.set_column(1, name, values), tmp_path / f"{kind}.parquet")
        assert rescore(tmp_path / f"{kind}.parquet", tmp_path / f"scores-{kind}.parquet") == 0
    whole, double = (pq.read_table(tmp_path / f"scores-{kind}.parquet") for kind in ("whole", "double"))
    assert whole.equals(double)


def test_parts_of_another_version_of_the_library_are_not_joined(rows_file, tmp_path, capsys, monkeypatch):
    output = tmp_path / "scores.parquet"

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as older:
        older.setattr("credit_risk.__version__", "0.0.9")
        older.setattr(PartFiles, "merge", stop)
        assert rescore(rows_file, output) == 130
    assert (tmp_path / "scores.parquet.parts" / "part-000000.parquet").is_file()
    capsys.readouterr()
    assert rescore(rows_file, output) == 5
    said = capsys.readouterr().err
    assert "CR-OUT-021" in said
    assert "unfinished run with another library version." in said
    assert "--restart" in said
    assert rescore(rows_file, output, "--restart") == 0


def test_parts_of_other_rows_are_not_joined(rows_file, prepared, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    parts = tmp_path / "scores.parquet.parts"
    parts.mkdir()
    (parts / "plan.json").write_text(json.dumps({"bundle": "another"}))
    assert rescore(rows_file, output) == 5
    message = capsys.readouterr().err
    assert "CR-OUT-021" in message
    assert "another bundle and columns and input and library version and rows per block" in message
    assert rescore(rows_file, output, "--restart") == 0
    assert pq.read_metadata(output).num_rows == len(prepared)


def test_an_existing_output_is_kept_unless_asked(rows_file, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    output.write_text("mine")
    assert rescore(rows_file, output) == 5
    assert "CR-OUT-010" in capsys.readouterr().err
    assert output.read_text() == "mine"
    assert rescore(rows_file, output, "--overwrite") == 0


def test_json_answers_machines(rows_file, tmp_path, capsys):
    assert rescore(rows_file, tmp_path / "scores.parquet", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["n_rows"] == 4_321
    assert answer["n_rows_resumed"] == 0
    assert len(answer["bundle_digest"]) == 64


def with_text(table):
    name = table.column_names[1]
    return table.set_column(1, name, pa.array(["much"] * len(table)))


BAD_ROWS = {
    "column missing": (
        lambda t: t.drop_columns([t.column_names[5]]),
        3,
        ["CR-RSC-002", "1 of 70 columns are missing"],
    ),
    "no key": (lambda t: t.drop_columns(["application_id"]), 3, ["CR-RSC-002", "'application_id'"]),
    "text for a number": (with_text, 3, ["CR-RSC-003", "1 of 69 feature columns are not numbers", "string"]),
    "no rows": (lambda t: t.slice(0, 0), 3, ["CR-RSC-001", "no rows"]),
    "empty key": (
        lambda t: t.set_column(0, "application_id", pa.array([None, *["a"] * (len(t) - 1)])),
        3,
        ["CR-RSC-005", "1 of 4321 rows"],
    ),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_unusable_rows_give_one_clear_line(case, prepared, tmp_path, capsys):
    change, code, words = BAD_ROWS[case]
    pq.write_table(change(prepared), tmp_path / "rows.parquet")
    assert rescore(tmp_path / "rows.parquet", tmp_path / "scores.parquet") == code
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    for word in words:
        assert word in message
    assert not (tmp_path / "scores.parquet").exists()


def test_a_quotation_mark_that_swallows_rows_of_a_csv_is_refused(prepared, tmp_path, capsys):
    pa.csv.write_csv(prepared.slice(0, 50), tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    lines[7] = lines[7].replace('",', ",", 1)  # the key's closing mark is gone
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    assert rescore(tmp_path / "rows.csv", tmp_path / "scores.parquet") == 3
    assert "the record that starts on line 8 is not closed" in capsys.readouterr().err


def test_a_text_in_a_csv_is_named_by_column_not_by_value(prepared, tmp_path, capsys):
    pa.csv.write_csv(prepared.slice(0, 50), tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    first, *rest = lines[20].split(",")
    lines[20] = ",".join([first, "secret-value", *rest[1:]])
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    assert rescore(tmp_path / "rows.csv", tmp_path / "scores.parquet") == 3
    message = capsys.readouterr().err
    assert prepared.column_names[1] in message
    assert "secret-value" not in message


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"not parquet at all", "not a readable Parquet file"), (None, "nothing to read")],
)
def test_what_cannot_be_read_is_named(content, words, tmp_path, capsys):
    path = tmp_path / "rows.parquet"
    if content is not None:
        path.write_bytes(content)
    assert rescore(path, tmp_path / "scores.parquet") == 3
    assert words in capsys.readouterr().err


def test_bundle_commands_answer_people_and_machines(tmp_path, capsys):
    assert main(["bundle", "inspect", str(BUNDLE)]) == 0
    assert "score_range" in capsys.readouterr().out
    assert main(["bundle", "inspect", str(BUNDLE), "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert main(["bundle", "verify", str(BUNDLE), "--digest", digest]) == 0
    assert main(["bundle", "verify", str(BUNDLE), "--digest", "0" * 64]) == 4
    shutil.copytree(BUNDLE, tmp_path / "damaged")
    (tmp_path / "damaged" / "strategy.json").write_text("{}")
    assert main(["bundle", "verify", str(tmp_path / "damaged")]) == 4


def test_bundle_diff_names_what_changed(bundle, tmp_path, capsys):
    replace(bundle, strategy=replace(bundle.strategy, max_pd=0.25)).save(tmp_path / "stricter")
    assert main(["bundle", "diff", str(BUNDLE), str(tmp_path / "stricter"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["is_equal"] is False
    assert facts["files"] == {"strategy.json": ["max_pd"]}
    assert main(["bundle", "diff", str(BUNDLE), str(BUNDLE)]) == 0
    assert "is_equal" in capsys.readouterr().out


def test_bundle_diff_tells_of_a_blend_that_only_one_has(bundle, tmp_path, capsys):
    both = {**bundle.calibrations, "blend": bundle.calibrations["scorecard"]}
    spec = BlendSpec(how="average", card_weight=0.5, booster_weight=0.5)
    replace(bundle, blend=spec, calibrations=both).save(tmp_path / "blend")
    assert main(["bundle", "diff", str(BUNDLE), str(tmp_path / "blend"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"]["blend.json"] == ["only in second"]
    assert main(["bundle", "diff", str(tmp_path / "blend"), str(BUNDLE), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"]["blend.json"] == ["only in first"]

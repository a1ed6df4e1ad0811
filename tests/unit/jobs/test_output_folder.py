"""Output appears whole or not at all, whatever goes wrong half-way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from credit_risk.errors import OutputError
from credit_risk.jobs.output_folder import building


@pytest.fixture
def earlier(tmp_path):
    """An output that an earlier run of the job left."""
    folder = tmp_path / "out"
    (folder / "bundle").mkdir(parents=True)
    for name in ("run.json", "decisions.parquet", "bundle/manifest.json"):
        (folder / name).write_text("old")
    return folder


OLD = ["bundle", "decisions.parquet", "run.json"]


def _entries(folder):
    return sorted(path.name for path in folder.iterdir())


def test_success_swaps_the_folder_in(tmp_path):
    with building(tmp_path / "out", overwrite=False) as draft:
        (draft / "a.txt").write_text("new")
        assert not (tmp_path / "out").exists()
    assert _entries(tmp_path) == ["out"]
    assert (tmp_path / "out" / "a.txt").read_text() == "new"


def test_existing_output_is_refused_before_any_work(tmp_path):
    (tmp_path / "out").mkdir()
    with (
        pytest.raises(OutputError, match="exists already. Hint: .*--overwrite"),
        building(tmp_path / "out", overwrite=False),
    ):
        pytest.fail("the body must not run")
    assert _entries(tmp_path) == ["out"]


def test_overwrite_replaces_at_the_end_only(earlier, tmp_path):
    with building(earlier, overwrite=True) as draft:
        (draft / "new.txt").write_text("new")
        assert _entries(earlier) == OLD
    assert _entries(earlier) == ["new.txt"]
    assert _entries(tmp_path) == ["out"]


@pytest.mark.parametrize("fault", [ValueError("x"), KeyboardInterrupt(), FileNotFoundError("an input")])
def test_failure_leaves_the_old_output_and_nothing_else(earlier, tmp_path, fault):
    def fail_half_way():
        with building(earlier, overwrite=True) as draft:
            (draft / "half.txt").write_text("half")
            raise fault

    with pytest.raises(type(fault)):
        fail_half_way()
    assert _entries(tmp_path) == ["out"]
    assert _entries(earlier) == OLD


def test_what_a_killed_run_left_is_cleared_and_a_living_run_is_left_alone(tmp_path):
    living = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    for process in (living, dead):
        (tmp_path / f".out.building-{process.pid}").mkdir()
    try:
        with building(tmp_path / "out", overwrite=False):
            pass
        assert _entries(tmp_path) == [f".out.building-{living.pid}", "out"]
    finally:
        living.kill()
        living.wait()


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.docx").write_text("years of work")
    with (
        pytest.raises(OutputError, match="no run of this job wrote"),
        building(tmp_path / "precious", overwrite=True),
    ):
        pytest.fail("the body must not run")
    assert _entries(tmp_path / "precious") == ["thesis.docx"]


def test_inputs_the_working_folder_and_the_root_are_no_place_for_results(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    for place in (Path("/"), Path(), tmp_path.parent, tmp_path / "data", tmp_path / "data" / "out"):
        with (
            pytest.raises(OutputError, match="is no place for results"),
            building(place, overwrite=True, inputs=[tmp_path / "data"]),
        ):
            pytest.fail("the body must not run")


def test_a_failed_swap_brings_the_old_output_back(earlier, tmp_path, monkeypatch):
    real = os.replace
    calls = []

    def fail_the_second_time(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", fail_the_second_time)
    with pytest.raises(OutputError, match="No space left on device"), building(earlier, overwrite=True):
        pass
    assert _entries(earlier) == OLD
    assert _entries(tmp_path) == ["out"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with (
        pytest.raises(OutputError, match="is a file. Expected a folder"),
        building(tmp_path / "out", overwrite=True),
    ):
        pytest.fail("the body must not run")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    target = tmp_path / "file" / "out"
    with pytest.raises(OutputError, match="cannot be written"), building(target, overwrite=False):
        pytest.fail("the body must not run")

"""Output appears whole or not at all, whatever goes wrong half-way."""

from __future__ import annotations

import pytest

from credit_risk.errors import OutputError
from credit_risk.jobs.output_folder import building


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


def test_overwrite_replaces_at_the_end_only(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")
    with building(tmp_path / "out", overwrite=True) as draft:
        (draft / "new.txt").write_text("new")
        assert _entries(tmp_path / "out") == ["old.txt"]
    assert _entries(tmp_path / "out") == ["new.txt"]
    assert _entries(tmp_path) == ["out"]


@pytest.mark.parametrize("fault", [ValueError("x"), KeyboardInterrupt()])
def test_failure_leaves_the_old_output_and_nothing_else(tmp_path, fault):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")

    def fail_half_way():
        with building(tmp_path / "out", overwrite=True) as draft:
            (draft / "half.txt").write_text("half")
            raise fault

    with pytest.raises(type(fault)):
        fail_half_way()
    assert _entries(tmp_path) == ["out"]
    assert _entries(tmp_path / "out") == ["old.txt"]


def test_what_a_killed_run_left_is_cleared(tmp_path):
    (tmp_path / ".out.building").mkdir()
    (tmp_path / ".out.building" / "stale.txt").write_text("stale")
    with building(tmp_path / "out", overwrite=False):
        pass
    assert _entries(tmp_path) == ["out"]
    assert _entries(tmp_path / "out") == []


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

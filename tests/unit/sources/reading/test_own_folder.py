"""Folders of personal data are deleted, even those of a process that was killed; nobody else's are touched."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from credit_risk.errors import SpecificationError
from credit_risk.sources.reading import own_folder as module
from credit_risk.sources.reading.own_folder import OwnFolder

HOLDS_ONE = """
import sys, time
from pathlib import Path
from credit_risk.sources.reading.own_folder import OwnFolder
folder = OwnFolder(sys.argv[1])
(Path(folder.name) / "bank.0").write_bytes(b"personal")
print(folder.name, flush=True)
time.sleep(600)
"""


@pytest.fixture
def another_process(tmp_path):
    """Return a function that starts a process which makes a folder, and the folder."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDS_ONE, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_folder_is_for_its_owner_only_names_its_process_and_is_deleted(tmp_path):
    folder = OwnFolder(tmp_path)
    path = Path(folder.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert path.name.startswith(f"credit_risk_{os.getpid()}_")
    folder.cleanup()
    folder.cleanup()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_by_the_next_and_a_running_one_keeps_its_own(
    tmp_path, another_process
):
    killed, left = another_process()
    _running, held = another_process()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert (left / "bank.0").exists()
    folder = OwnFolder(tmp_path)
    assert not left.exists()
    assert (held / "bank.0").read_bytes() == b"personal"
    other = OwnFolder(tmp_path)  # of one process, too
    assert Path(folder.name).exists()
    for each in (folder, other):
        each.cleanup()


def test_a_process_number_taken_anew_does_not_keep_a_folder_alive(tmp_path):
    left = tmp_path / f"credit_risk_{os.getpid()}_left"
    left.mkdir()
    (left / "in_use").touch()
    OwnFolder(tmp_path).cleanup()
    assert not left.exists()


def test_folders_of_others_without_a_lock_or_behind_a_link_are_left_alone(tmp_path, monkeypatch):
    unlocked, elsewhere = tmp_path / "credit_risk_1_unlocked", tmp_path / "elsewhere"
    linked = tmp_path / "credit_risk_1_linked"
    for folder in (unlocked, elsewhere):
        folder.mkdir()
    (elsewhere / "in_use").touch()
    linked.symlink_to(elsewhere)
    OwnFolder(tmp_path).cleanup()
    assert unlocked.exists()
    assert (elsewhere / "in_use").exists()
    (unlocked / "in_use").touch()
    monkeypatch.setattr(module.os, "getuid", lambda: os.geteuid() + 1)
    OwnFolder(tmp_path).cleanup()
    assert unlocked.exists()


def test_a_place_that_knows_no_locks_is_used_without(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", flock)
    folder = OwnFolder(tmp_path)
    assert not (Path(folder.name) / "in_use").exists()
    folder.cleanup()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(SpecificationError, match="CR-SRC-041: .*No such file"):
        OwnFolder(tmp_path / "nowhere")

"""Output folders appear whole or not at all: built beside their place, swapped in at the end.

Only a folder that an earlier run of this job wrote is ever replaced; anything else is refused, whatever was asked.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from credit_risk.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Files by which an output of ours is recognised.
_MARKS = ("run.json", "decisions.parquet", "bundle/manifest.json")


@contextmanager
def building(folder: Path, *, overwrite: bool, inputs: Sequence[Path] = ()) -> Iterator[Path]:
    """Yield a folder to build in; on success it takes the place of ``folder``, on failure nothing is left.

    Parameters
    ----------
    folder : Path
        Where the output shall stand.
    overwrite : bool
        Whether an earlier output of ours may be replaced.
    inputs : sequence of Path
        Folders the job reads from; the output may neither hold them nor lie in them.

    Raises
    ------
    OutputError
        The folder exists and ``overwrite`` is false (``CR-OUT-010``), cannot be written (``CR-OUT-011``), or is no place for
        an output (``CR-OUT-012``).
    """
    folder = folder.resolve()
    _check_place(folder, inputs)
    _check_existing(folder, overwrite=overwrite)
    draft = folder.with_name(f".{folder.name}.building-{os.getpid()}")
    try:
        _clear_drafts_of_dead_runs(folder)
        draft.mkdir(parents=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield draft
        _swap(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _check_place(folder: Path, inputs: Sequence[Path]) -> None:
    here = Path.cwd().resolve()
    read_from = [path.resolve() for path in inputs]
    holds = [path for path in (here, *read_from) if path == folder or folder in path.parents]
    inside = [path for path in read_from if path in folder.parents]
    if holds or inside or not folder.name:
        raise OutputError(
            f"Output '{folder}' is no place for results: it holds, or lies in, the working folder or the job's own inputs. "
            "Hint: choose a folder of its own, for instance output/demo.",
            code="CR-OUT-012",
        )


def _check_existing(folder: Path, *, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"Output '{folder}' is a file. Expected a folder.", code="CR-OUT-011")
    if not overwrite:
        raise OutputError(
            f"Output '{folder}' exists already. Hint: choose another folder, or pass --overwrite.",
            code="CR-OUT-010",
        )
    is_ours = all((folder / mark).is_file() for mark in _MARKS)
    if not is_ours and any(folder.iterdir()):
        raise OutputError(
            f"Output '{folder}' holds files that no run of this job wrote (it lacks some of {list(_MARKS)}); it is not "
            "replaced. Hint: choose another folder, or empty this one yourself.",
            code="CR-OUT-012",
        )


def _clear_drafts_of_dead_runs(folder: Path) -> None:
    """Remove what killed runs left; drafts of runs that are still alive stay."""
    if not folder.parent.is_dir():
        return
    for draft in folder.parent.glob(f".{folder.name}.building-*"):
        number = draft.name.rpartition("-")[2]
        if number.isdecimal() and not _is_alive(int(number)):
            shutil.rmtree(draft, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def _swap(draft: Path, folder: Path) -> None:
    """Put the draft in its place; if that fails, the old output stays where it was."""
    old = folder.with_name(f"{draft.name}-old")
    try:
        if folder.exists():
            os.replace(folder, old)
        try:
            os.replace(draft, folder)
        except OSError:
            if old.exists():
                os.replace(old, folder)
            raise
    except OSError as error:
        raise _unwritable(folder, error) from error
    shutil.rmtree(old, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Output '{folder}' cannot be written ({error.strerror or type(error).__name__}). "
        "Hint: check that the folder above it exists and is writable, and that the disk is not full.",
        code="CR-OUT-011",
    )

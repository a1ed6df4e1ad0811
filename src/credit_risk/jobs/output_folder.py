"""Output folders appear whole or not at all: built beside their place, swapped in at the end."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from credit_risk.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def building(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a folder to build in; on success it takes the place of ``folder``, on failure nothing is left.

    Raises
    ------
    OutputError
        The folder exists and ``overwrite`` is false (``CR-OUT-010``), or cannot be written (``CR-OUT-011``).
    """
    folder = folder.absolute()
    if folder.exists() and not overwrite:
        raise OutputError(
            f"Output '{folder}' exists already. Hint: choose another folder, or pass --overwrite.",
            code="CR-OUT-010",
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"Output '{folder}' is a file. Expected a folder.", code="CR-OUT-011")
    draft = folder.with_name(f".{folder.name}.building")
    try:
        _remove(draft)  # what a killed run may have left
        draft.mkdir(parents=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield draft
        _swap(draft, folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _swap(draft: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.old")
    _remove(old)
    if folder.exists():
        os.replace(folder, old)
    os.replace(draft, folder)
    _remove(old)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Output '{folder}' cannot be written ({error.strerror or type(error).__name__}). "
        "Hint: check that the folder above it exists and is writable, and that the disk is not full.",
        code="CR-OUT-011",
    )

"""A temporary folder for personal data: for nobody else to read, and deleted even if the process that made it is killed.

A process that is killed cannot clean up. So every folder holds a lock that the operating system lets go of with its process,
whatever ended it, and whoever next makes a folder in the same place deletes those of ours that nobody holds.

Reading order: :class:`OwnFolder`, :func:`no_room`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path

from credit_risk.errors import SpecificationError

if sys.platform != "win32":
    import fcntl

_PREFIX = "credit_risk_"
_LOCK = "in_use"


class OwnFolder(tempfile.TemporaryDirectory[str]):
    """A folder of one's own, deleted by :meth:`cleanup`; folders that killed processes left in the same place go first.

    Parameters
    ----------
    inside : path, optional
        Where it is made; the system's folder for temporary files by default.

    Raises
    ------
    SpecificationError
        It cannot be made (``CR-SRC-041``).

    Examples
    --------
    >>> folder = OwnFolder()
    >>> oct(Path(folder.name).stat().st_mode)[-3:]
    '700'
    >>> folder.cleanup()
    >>> Path(folder.name).exists()
    False
    """

    def __init__(self, inside: str | Path | None = None) -> None:
        try:
            _delete_left_behind(Path(tempfile.gettempdir() if inside is None else inside))
            super().__init__(prefix=f"{_PREFIX}{os.getpid()}_", dir=inside)
        except OSError as error:
            raise no_room(error) from error
        self._unlock = weakref.finalize(self, _unlock, _lock(Path(self.name)))

    def cleanup(self) -> None:
        """Delete the folder."""
        super().cleanup()
        self._unlock()


def no_room(error: OSError) -> SpecificationError:
    """Return the refusal of a place that cannot take the records."""
    return SpecificationError(
        f"The temporary folder cannot take the records: {error.strerror}. Expected a folder that exists, may be written to and "
        "has room for the records (about 40 bytes each). Hint: choose another with temporary_folder.",
        code="CR-SRC-041",
    )


def _lock(folder: Path) -> int | None:
    """Put a lock into a folder, which appears under its name only once it is held; None where a place knows no locks."""
    if sys.platform == "win32":  # nothing is known there of folders that were left behind
        return None
    unnamed = folder / f"{_LOCK}_soon"
    try:
        lock = os.open(unnamed, os.O_CREAT | os.O_WRONLY, 0o600)
    except OSError:  # full: whoever writes next says so
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(folder / _LOCK)
    except OSError:
        os.close(lock)
        return None
    return lock


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _delete_left_behind(inside: Path) -> None:
    """Delete this user's folders whose processes are gone; a number of a process may be taken anew, a lock not."""
    if sys.platform == "win32":
        return
    for folder in inside.glob(f"{_PREFIX}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # in use, without a lock, or deleted meanwhile by another process
            continue

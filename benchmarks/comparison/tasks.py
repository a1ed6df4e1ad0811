"""Data sets of the comparison by name: each loader gives a task, or says why it cannot run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comparison.history import superlender
from comparison.tables import german, give_me_some_credit, heloc, lending_club, taiwan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from comparison.task import Task

TASKS: dict[str, Callable[[Path], Task]] = {
    "german": german,
    "heloc": heloc,
    "superlender": superlender,
    "taiwan": taiwan,
    "lending_club": lending_club,
    "give_me_some_credit": give_me_some_credit,
}

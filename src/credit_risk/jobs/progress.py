"""Progress for people: a bar while long work runs, one line per finished stage. Written to standard error."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


class TerminalProgress:
    """Shows stages and bars on a terminal; plain lines elsewhere; nothing when quiet.

    Parameters
    ----------
    quiet : bool
        Show nothing at all.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._number = 0

    def track(self, items: Iterable[T], *, label: str, total: int | None = None) -> Iterable[T]:
        """Yield the items with a progress bar (rate and time left)."""
        shown = not self._quiet and sys.stderr.isatty()
        bar: Iterable[T] = tqdm(
            items, desc=f"     {label}", total=total, disable=not shown, leave=False, file=sys.stderr
        )
        return bar

    @contextmanager
    def stage(self, label: str) -> Iterator[None]:
        """Announce a stage, and report how long it took."""
        self._number += 1
        started = time.perf_counter()
        live = not self._quiet and sys.stderr.isatty()
        if live:
            print(f" {self._number:>2}  {label} …", end="\r", file=sys.stderr, flush=True)
        yield
        if not self._quiet:
            print(
                f" {self._number:>2}  {label:<62}{time.perf_counter() - started:7.1f} s",
                file=sys.stderr,
                flush=True,
            )

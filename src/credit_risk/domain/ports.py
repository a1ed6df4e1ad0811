"""What the river needs from outside, as protocols: implemented at the rim, handed in by `jobs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import TypeVar

    T = TypeVar("T")


class ProgressReporter(Protocol):
    """Shows a person how far long work has come."""

    def track(self, items: Iterable[T], *, label: str, total: int | None = None) -> Iterable[T]:
        """Yield the items, reporting each."""
        ...

    def stage(self, label: str) -> AbstractContextManager[None]:
        """Announce one stage of the main job and report when it is done."""
        ...


class ExperimentTracker(Protocol):
    """Where a run is recorded: parameters, figures, files, the model."""

    def record(
        self,
        *,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        artefacts: Iterable[Path],
        bundle: Path,
    ) -> str:
        """Record one run and return where a person finds it."""
        ...

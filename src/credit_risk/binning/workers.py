"""Long work over many variables: side by side on threads, results in order, a bar for people who asked for one."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Task = TypeVar("Task")
Result = TypeVar("Result")


def check_n_jobs(n_jobs: object) -> None:
    """Refuse a number of threads that is no whole number of at least 1 (``CR-BIN-038``)."""
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs < 1:
        raise SpecificationError(
            f"n_jobs must be a whole number of at least 1. Got {n_jobs!r}.", code="CR-BIN-038"
        )


def in_order(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, n_jobs: int = 1, label: str = ""
) -> list[Result]:
    """Return the result of each task, in their order whatever finishes first.

    Parameters
    ----------
    work : callable
        Pure: no task may depend on another.
    tasks : sequence
    n_jobs : int
        Threads, at least 1.
    label : str
        Shown before a progress bar on standard error; empty shows nothing.

    Raises
    ------
    SpecificationError
        ``n_jobs`` is no whole number of at least 1 (``CR-BIN-038``).

    Examples
    --------
    >>> in_order(lambda x: x * x, [3, 1, 2], n_jobs=2)
    [9, 1, 4]
    """
    check_n_jobs(n_jobs)
    if n_jobs == 1 or len(tasks) < 2:
        return list(_tracked(map(work, tasks), len(tasks), label))
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        return list(_tracked(pool.map(work, tasks), len(tasks), label))


def _tracked(results: Iterable[Result], total: int, label: str) -> Iterable[Result]:
    """Count results on a bar; without tqdm there is none."""
    if not label:
        return results
    try:
        from tqdm import tqdm
    except ImportError:
        return results
    bar: Iterable[Result] = tqdm(results, desc=label, total=total, leave=False, file=sys.stderr)
    return bar

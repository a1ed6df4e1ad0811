"""Accuracy of our models and of peers on development sets, paired on the same customers.

Run: CREDIT_RISK_BENCHMARK_DATA=<folder> python benchmarks/accuracy.py [--sets heloc taiwan] [--tools card booster] [--budget 40]
Data that is never shipped is read from that folder; without it a data set is reported as not run. Peers live in environments of their
own (``make peers``). Every result is saved per tool and fold, outside the repository, so that a run that was stopped goes on.
``--history`` instead says what SuperLender's history of earlier loans is worth.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from comparison.history import report_history
from comparison.peers import peer_versions
from comparison.reliability import print_holdout, print_recalibration
from comparison.results import print_table, run
from comparison.store import cache_folder
from comparison.task import NotRun
from comparison.tasks import TASKS
from comparison.tools import Budget, all_tools

if TYPE_CHECKING:
    from pathlib import Path

    from comparison.task import Task
    from comparison.tools import Tool

OURS_IN_TIME = ("card", "booster")
#: As they come: the page on SuperLender's history speaks of defaults.
OURS_BY_DEFAULT = ("card_default", "booster")


def main() -> None:
    arguments = _arguments()
    budget = Budget(n_trials=arguments.budget, minutes=arguments.minutes)
    cache, tools = cache_folder(arguments.cache), all_tools(budget)
    unknown = sorted(set(arguments.tools or tools) - set(tools))
    if unknown:
        raise SystemExit(f"No tool named {unknown[0]!r} is here; there are: {', '.join(tools)}.")
    chosen = {short: tools[short] for short in arguments.tools or tools}
    print_surroundings(budget)
    for name in ["superlender"] if arguments.history else arguments.sets or TASKS:
        try:
            task = TASKS[name](cache).first_folds(arguments.folds)
        except NotRun as reason:
            print(f"\n{name}: not run ({reason})")
            continue
        if arguments.history:
            report_history(task, {short: tools[short] for short in OURS_BY_DEFAULT}, cache)
        else:
            report(task, chosen, cache)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=list(TASKS), help="all by default")
    parser.add_argument("--tools", nargs="+", help="all by default; an unknown name lists them")
    parser.add_argument(
        "--budget", type=int, default=40, help="trials of each tuned tool and fold (default 40)"
    )
    parser.add_argument("--minutes", type=float, help="end a search after so many minutes all the same")
    parser.add_argument("--folds", type=int, help="only the first folds, to try things out")
    parser.add_argument("--cache", default="", help="where results are kept, outside the repository")
    parser.add_argument("--history", action="store_true", help="what SuperLender's history is worth")
    return parser.parse_args()


def print_surroundings(budget: Budget) -> None:
    """Say on what machine, with which versions and within which budget this ran."""
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "xgboost-cpu", "optuna")
    )
    print(
        f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {libraries}"
    )
    for environment, found in peer_versions().items():
        print(f"peers, {environment}: " + ", ".join(f"{name} {number}" for name, number in found.items()))
    print(f"one thread each; tuned tools: {budget} per fold")


def report(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    """Run every tool on every fold of a task and print the tables."""
    start = time.perf_counter()
    print(
        f"\n{task.name}: {len(task.is_bad)} rows, {task.is_bad.mean():.4f} bad, {len(task.views[task.view])} columns"
    )
    print(f"{task.protocol}; left out for every tool: {task.dropped or 'nothing'}")
    results = run(task, tools, cache)
    if not results:
        return
    print_table(task, results)
    if task.applied_at is None:
        print_holdout(task, results)
    else:
        print_recalibration(task, {short: tools[short] for short in OURS_IN_TIME if short in tools}, cache)
    print(f"{task.name} took {(time.perf_counter() - start) / 60.0:.1f} minutes")


if __name__ == "__main__":
    main()

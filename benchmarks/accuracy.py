"""Accuracy on development sets, paired on the same customers; every result is saved, so that a run can be resumed.

Run: CREDIT_RISK_BENCHMARK_DATA=<folder> python benchmarks/accuracy.py [superlender]
Data that is never shipped is read from that folder; without it the data set is reported as not run.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from comparison.paired import lift
from comparison.store import cache_folder, predict
from comparison.tasks import TASKS, NotRun, Task
from comparison.tools import Tool, all_tools
from sklearn.metrics import roc_auc_score

if TYPE_CHECKING:
    from pathlib import Path

WANTED_LIFT = 0.06
LARGEST_RHO = 0.99


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", help=f"out of {', '.join(TASKS)}; all by default")
    parser.add_argument("--cache", default="", help="where results are kept, outside the repository")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.sets) - set(TASKS))
    if unknown:
        parser.error(f"no data set named {unknown[0]!r}; known: {', '.join(TASKS)}")
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "xgboost-cpu"))
    print(
        f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {libraries}"
    )
    cache, tools = cache_folder(arguments.cache), all_tools()
    for name in arguments.sets or TASKS:
        try:
            task = TASKS[name](cache)
        except NotRun as reason:
            print(f"\n{name}: not run ({reason})")
            continue
        report(task, tools, cache)


def report(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    print(f"\n{task.name}: {len(task.is_bad)} rows, {task.is_bad.mean():.4f} bad; {task.protocol}")
    for note in task.notes:
        print(note)
    if len(task.views) == 2:
        report_lift(task, tools, cache)
    report_alike(task)


def report_lift(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    """Say how much the second view is worth over the first."""
    base, better = task.views
    widths = {view: len(columns) for view, columns in task.views.items()}
    print(f"columns: {base} {widths[base]}, {better} {widths[better]}")
    print(f"{'tool':14s}{base:>18s}{better:>14s}{'lift':>8s}  bootstrap 95 %      DeLong 95 %         fit s")
    for tool in tools.values():
        for fold, (_, test) in enumerate(task.folds):
            found = {view: predict(task, tool, view, fold, cache) for view in task.views}
            is_bad = task.is_bad[test]
            aucs = [roc_auc_score(is_bad, found[view].pd) for view in (base, better)]
            gain = lift(found[better].pd, found[base].pd, is_bad)
            verdict = (
                "" if gain.difference >= WANTED_LIFT and gain.bootstrap[0] > 0 else "  BELOW WHAT IS ASKED"
            )
            saved = "" if found[better].is_new else " (saved)"
            print(
                f"{tool.name:14s}{aucs[0]:18.4f}{aucs[1]:14.4f}{gain.difference:+8.4f}"
                f"  {gain.bootstrap[0]:+.4f}..{gain.bootstrap[1]:+.4f}"
                f"    {gain.delong[0]:+.4f}..{gain.delong[1]:+.4f}{found[better].seconds:10.1f}{saved}{verdict}"
            )
    print(f"asked: a lift of at least {WANTED_LIFT}, with a paired 95 % interval above 0")


def report_alike(task: Task) -> None:
    """Name pairs of features that say the same."""
    rho = task.X.rank().corr().abs().fillna(0.0)
    pairs = [(rho.at[a, b], a, b) for a, b in itertools.combinations(task.X.columns, 2)]
    alike = [pair for pair in pairs if pair[0] > LARGEST_RHO]
    closest = max(pairs)
    print(f"pairs with |rank correlation| above {LARGEST_RHO}: {len(alike)} of {len(pairs)}", end="; ")
    print(f"closest: {closest[1]} and {closest[2]}, {closest[0]:.4f}")
    for value, a, b in alike:
        print(f"  {np.round(value, 4)}  {a}  {b}")


if __name__ == "__main__":
    main()

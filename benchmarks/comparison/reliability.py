"""Do PDs mean what they say? On random holdout rows, and on later rows before and after recalibration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from comparison.store import predict
from credit_risk.calibration import LogisticCalibrator
from credit_risk.evaluation.intervals import bad_rate_interval
from credit_risk.evaluation.reliability import calibration_in_the_large, calibration_line

if TYPE_CHECKING:
    from pathlib import Path

    from comparison.results import Result
    from comparison.task import Task
    from comparison.tools import Tool

#: Share of the training period, its latest part, that is kept for recalibration.
LATEST_SHARE = 0.2
SLOPE_ASKED = (0.9, 1.1)
RATIO_ASKED = 0.05
_HEAD = "| tool | rows | slope, 95 % | mean PD | bad rate | mean PD over bad rate, 95 % | shift of log-odds needed, 95 % | asked |"


def print_holdout(task: Task, results: list[Result]) -> None:
    """Print slope and level of every tool's PDs on rows it was not fitted on, all folds of one round together."""
    print(f"\n{_HEAD}\n{'|---' * 8}|")
    n_folds = min(5, len(task.folds))
    is_bad = np.concatenate([task.is_bad[test] for _, test in task.folds[:n_folds]])
    for result in results:
        print(line(result.tool.name, np.concatenate(result.pds[:n_folds]), is_bad))


def line(name: str, pd: np.ndarray, is_bad: np.ndarray) -> str:
    """Return one row of the table: whether slope and level are as asked, with intervals."""
    slope = calibration_line(pd, is_bad).slope
    shift = calibration_in_the_large(pd, is_bad)
    rate, n_bads = float(is_bad.mean()), int(is_bad.sum())
    rate_low, rate_high = bad_rate_interval(n_bads, is_bad.size)
    ratio, low, high = pd.mean() / rate, pd.mean() / rate_high, pd.mean() / rate_low
    holds = SLOPE_ASKED[0] <= slope.estimate <= SLOPE_ASKED[1] and abs(ratio - 1.0) <= RATIO_ASKED
    return (
        f"| {name} | {is_bad.size} | {slope.estimate:.3f} ({slope.low:.3f} .. {slope.high:.3f}) | {pd.mean():.4f} | {rate:.4f} "
        f"| {ratio:.3f} ({low:.3f} .. {high:.3f}) | {shift.estimate:+.3f} ({shift.low:+.3f} .. {shift.high:+.3f}) "
        f"| {'held' if holds else 'not held'} |"
    )


def print_recalibration(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    """Show later rows before and after recalibration on the latest part of the training period.

    The model is fitted on the earlier part of the training period, so that the rows the calibration learns from are new to it.
    """
    earlier, latest, test = parts_in_time(task)
    both = replace(task, folds=((earlier, np.concatenate([latest, test])),))
    print(
        f"\nfitted on {len(earlier)} rows, recalibrated on the {len(latest)} after them, tested on the {len(test)} last"
    )
    print(f"{_HEAD}\n{'|---' * 8}|")
    for tool in tools.values():
        pd = predict(both, tool, task.view, 0, cache).pd
        of_latest, of_test = pd[: len(latest)], pd[len(latest) :]
        spec = LogisticCalibrator().fit(of_latest, task.is_bad[latest])
        print(line(f"{tool.name}, as fitted", of_test, task.is_bad[test]))
        print(line(f"{tool.name}, recalibrated", spec.transform(of_test), task.is_bad[test]))


def parts_in_time(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions of the earlier training rows, of the latest ones, and of the test rows."""
    train, test = task.folds[0]
    order = train[np.argsort(task.applied_at[train], kind="stable")]
    cut = int((1.0 - LATEST_SHARE) * len(order))
    return np.sort(order[:cut]), np.sort(order[cut:]), test

"""Do PDs mean what they say? On random holdout rows, and on later rows before and after recalibration."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
_HEAD = "| tool | rows | slope, 95 % | mean PD | bad rate | mean PD over bad rate, 95 % | shift of log-odds needed, 95 % "


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Slope and level of PDs on rows they were not fitted on, each as estimate, lower and upper bound."""

    n_rows: int
    mean_pd: float
    bad_rate: float
    slope: tuple[float, float, float]
    ratio: tuple[float, float, float]
    shift: tuple[float, float, float]

    @classmethod
    def of(cls, pd: np.ndarray, is_bad: np.ndarray) -> Reliability:
        slope, shift = calibration_line(pd, is_bad).slope, calibration_in_the_large(pd, is_bad)
        rate_low, rate_high = (float(bound) for bound in bad_rate_interval(int(is_bad.sum()), is_bad.size))
        mean, rate = float(pd.mean()), float(is_bad.mean())
        return cls(
            n_rows=is_bad.size,
            mean_pd=mean,
            bad_rate=rate,
            slope=(slope.estimate, slope.low, slope.high),
            ratio=(mean / rate, mean / rate_high, mean / rate_low),
            shift=(shift.estimate, shift.low, shift.high),
        )

    @property
    def is_as_asked(self) -> bool:
        """Whether the estimates lie where they were asked to."""
        return SLOPE_ASKED[0] <= self.slope[0] <= SLOPE_ASKED[1] and abs(self.ratio[0] - 1.0) <= RATIO_ASKED

    @property
    def is_within_chance(self) -> bool:
        """Whether every interval holds the perfect value."""
        wanted = ((self.slope, 1.0), (self.ratio, 1.0), (self.shift, 0.0))
        return all(low <= value <= high for (_, low, high), value in wanted)

    def row(self, name: str) -> str:
        """Return a row of the table, open for the verdict."""
        slope, ratio = ("{:.3f} ({:.3f} .. {:.3f})".format(*figure) for figure in (self.slope, self.ratio))
        shift = "{:+.3f} ({:+.3f} .. {:+.3f})".format(*self.shift)
        return f"| {name} | {self.n_rows} | {slope} | {self.mean_pd:.4f} | {self.bad_rate:.4f} | {ratio} | {shift} |"


def print_holdout(task: Task, results: list[Result]) -> None:
    """Print slope and level of every tool's PDs on rows it was not fitted on, all folds of one round together."""
    print(f"\n{_HEAD}| asked |\n{'|---' * 8}|")
    n_folds = min(5, len(task.folds))
    is_bad = np.concatenate([task.is_bad[test] for _, test in task.folds[:n_folds]])
    for result in results:
        found = Reliability.of(np.concatenate(result.pds[:n_folds]), is_bad)
        print(f"{found.row(result.tool.name)} {'held' if found.is_as_asked else 'not held'} |")


def print_recalibration(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    """Show the last rows as fitted, recalibrated on the latest training rows, and on the first of the later rows.

    The model is fitted on the earlier part of the training period, so that the rows a calibration learns from are new to it. The first
    third of the later rows stands for what a lender has once their outcomes are known; the last two thirds are tested on.
    """
    earlier, latest, later = parts_in_time(task)
    both = replace(task, folds=((earlier, np.concatenate([latest, later])),))
    first, last = np.split(np.arange(later.size), [later.size // 3])
    print(
        f"\nfitted on {len(earlier)} rows; recalibrated on the {len(latest)} after them (R1), or on the {first.size} after those (R2); "
        f"tested on the {last.size} last"
    )
    print(f"{_HEAD}| intervals hold 1 and 0 |\n{'|---' * 8}|")
    for tool in tools.values():
        pd = predict(both, tool, task.view, 0, cache).pd
        of_latest, of_later = pd[: len(latest)], pd[len(latest) :]
        r1 = LogisticCalibrator().fit(of_latest, task.is_bad[latest])
        r2 = LogisticCalibrator().fit(of_later[first], task.is_bad[later[first]])
        raw = of_later[last]
        for name, pds in (("as fitted", raw), ("R1", r1.transform(raw)), ("R2", r2.transform(raw))):
            found = Reliability.of(pds, task.is_bad[later[last]])
            print(f"{found.row(f'{tool.name}, {name}')} {'yes' if found.is_within_chance else 'no'} |")


def parts_in_time(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions of the earlier training rows, the latest ones, and the test rows, each in order of time."""
    train, test = (rows[np.argsort(task.applied_at[rows], kind="stable")] for rows in task.folds[0])
    cut = int((1.0 - LATEST_SHARE) * len(train))
    return train[:cut], train[cut:], test

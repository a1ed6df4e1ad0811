"""Do PDs mean what they say? On random holdout rows, and on later rows before and after recalibration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from comparison.store import predict
from credit_risk.calibration import LogisticCalibrator
from credit_risk.evaluation.intervals import bad_rate_interval
from credit_risk.numerics.logistic_function import logit, sigmoid
from credit_risk.numerics.logistic_line import fit_logistic_line, fit_logistic_shift

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from comparison.results import Result
    from comparison.task import Task
    from comparison.tools import Tool

#: Share of the training period, its latest part, that is kept for recalibration.
LATEST_SHARE = 0.2
SLOPE_ASKED = (0.9, 1.1)
RATIO_ASKED = 0.05
FOLDS_OF_A_ROUND = 5
N_RESAMPLES = 400
SEED = 20261126
_HEAD = "| tool | rows | slope, 95 % | mean PD | bad rate | mean PD over bad rate, 95 % | shift of log-odds needed, 95 % "

Sample = tuple[np.ndarray, np.ndarray]
Figure = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Slope and level of PDs on rows they were not fitted on, each as estimate, lower and upper bound."""

    n_rows: int
    mean_pd: float
    bad_rate: float
    slope: Figure
    ratio: Figure
    shift: Figure

    @classmethod
    def of(cls, pd: np.ndarray, is_bad: np.ndarray) -> Reliability:
        """Judge PDs of shape (n_rows,), or (n_rounds, n_rows) where every customer was held out once in each round.

        Rounds count together in the estimates; intervals are those of the customers, each of whom is one draw however many rounds
        there are (errors clustered by customer; the level's by the bad rate's interval).
        """
        rounds = np.atleast_2d(pd)
        rate_low, rate_high = (float(bound) for bound in bad_rate_interval(int(is_bad.sum()), is_bad.size))
        mean, rate = float(rounds.mean()), float(is_bad.mean())
        slope, shift = _clustered(rounds, is_bad)
        ratio = (mean / rate, mean / rate_high, mean / rate_low)
        return cls(n_rows=is_bad.size, mean_pd=mean, bad_rate=rate, slope=slope, ratio=ratio, shift=shift)

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


def _clustered(rounds: np.ndarray, is_bad: np.ndarray) -> tuple[Figure, Figure]:
    """Return slope and shift of all rounds together, with errors clustered by customer (Huber 1967, Liang and Zeger 1986)."""
    x, y = logit(rounds), np.broadcast_to(is_bad, rounds.shape)
    line = fit_logistic_line(x.ravel(), y.ravel())
    p = sigmoid(line.intercept + line.slope * x)
    pull = np.column_stack([(y - p).sum(axis=0), ((y - p) * x).sum(axis=0)])
    weight = p * (1.0 - p)
    information = np.array([[(weight * x**i * x**j).sum() for i in (0, 1)] for j in (0, 1)])
    inverse = np.linalg.inv(information)
    slope_error = float(np.sqrt((inverse @ (pull.T @ pull) @ inverse)[1, 1]))
    shift = fit_logistic_shift(x.ravel(), y.ravel()).intercept
    q = sigmoid(shift + x)
    shift_error = float(np.sqrt(np.square((y - q).sum(axis=0)).sum()) / (q * (1.0 - q)).sum())
    return _normal(line.slope, slope_error), _normal(shift, shift_error)


def _normal(estimate: float, error: float) -> Figure:
    return estimate, estimate - 1.959964 * error, estimate + 1.959964 * error


def print_holdout(task: Task, results: list[Result]) -> None:
    """Print slope and level of every tool's PDs on rows it was not fitted on, all whole rounds of folds together."""
    print(f"\n{_HEAD}| asked |\n{'|---' * 8}|")
    slopes = []
    for result in results:
        rounds, is_bad = held_out(task, result.pds)
        found = Reliability.of(rounds, is_bad)
        print(f"{found.row(result.tool.name)} {'held' if found.is_as_asked else 'not held'} |")
        slopes.append([f"{Reliability.of(pd, is_bad).slope[0]:.3f}" for pd in rounds])
    if len(slopes[0]) > 1:
        print(f"\nslope in each of {len(slopes[0])} rounds:", end=" ")
        print("; ".join(f"{r.tool.name} {', '.join(own)}" for r, own in zip(results, slopes, strict=True)))


def held_out(task: Task, pds: list[np.ndarray]) -> Sample:
    """Return PDs by round and customer, shape (n_rounds, n_rows), and the customers' outcomes."""
    n_rounds = max(1, len(task.folds) // FOLDS_OF_A_ROUND)
    rounds = []
    for start in range(0, n_rounds * FOLDS_OF_A_ROUND, FOLDS_OF_A_ROUND):
        own = slice(start, start + FOLDS_OF_A_ROUND)
        rows = np.concatenate([test for _, test in task.folds[own]])
        rounds.append(np.concatenate(pds[own])[np.argsort(rows)])
    return np.array(rounds), task.is_bad[np.sort(rows)]


def print_recalibration(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    """Show later rows as fitted; recalibrated on rows before them; and recalibrated on other rows of the same months.

    The model is fitted on the earlier part of the training period, so that the rows a calibration learns from are new to it. The first
    third of the later rows stands for what a lender has once their outcomes are known; the last two thirds are tested on.
    """
    earlier, latest, later = parts_in_time(task)
    both = replace(task, folds=((earlier, np.concatenate([latest, later])),))
    first, last = np.split(np.arange(later.size), [later.size // 3])
    found = {
        tool.name: np.split(predict(both, tool, task.view, 0, cache).pd, [len(latest)])
        for tool in tools.values()
    }
    print(
        f"\nBeforehand, as a lender can: fitted on {len(earlier)} rows; recalibrated on the {len(latest)} after them (R1), or on the "
        f"{first.size} after those (R2); tested on the {last.size} last. A rate that goes on moving stays unrepaired."
    )
    _print_head()
    for name, (of_latest, of_later) in found.items():
        known = (of_latest, task.is_bad[latest])
        one, two = ((of_later[part], task.is_bad[later[part]]) for part in (first, last))
        _print_row(f"{name}, as fitted", Reliability.of(*two))
        _print_row(f"{name}, R1", recalibrated(known, two))
        _print_row(f"{name}, R2", recalibrated(one, two))
    print(
        f"\nAfterwards, as a test of the remedy: recalibrated on a random half of the {later.size} later rows, tested on the other half "
        f"(R3): mean over {N_RESAMPLES} random halvings, and the range of 95 % of them. It needs outcomes of the months that are judged, which nobody "
        "has beforehand; what is left is what chance does to halves of this size."
    )
    _print_head()
    for name, (_, of_later) in found.items():
        both = (of_later, task.is_bad[later])
        _print_row(f"{name}, as fitted", Reliability.of(*both))
        _print_row(f"{name}, R3", halved(both))


def _print_head() -> None:
    print(f"{_HEAD}| intervals hold 1 and 0 |\n{'|---' * 8}|")


def _print_row(name: str, found: Reliability) -> None:
    print(f"{found.row(name)} {'yes' if found.is_within_chance else 'no'} |", flush=True)


def recalibrated(known: Sample, judged: Sample) -> Reliability:
    """Judge PDs of some rows after a line learnt from other rows.

    Intervals are percentiles of a bootstrap that draws both samples anew, each by itself, learns the line again and tests it again: they
    hold the chance in the line as well as that in the test.
    """
    rng = np.random.default_rng(SEED)
    pd, is_bad = LogisticCalibrator().fit(*known).transform(judged[0]), judged[1]
    drawn = []
    for _ in range(N_RESAMPLES):
        line = LogisticCalibrator().fit(*_redrawn(known, rng))
        raw, outcome = _redrawn(judged, rng)
        drawn.append(_figures(line.transform(raw), outcome))
    return _with_ranges(Reliability.of(pd, is_bad), _figures(pd, is_bad), drawn)


def halved(sample: Sample) -> Reliability:
    """Judge PDs of one half of the rows after a line learnt from the other half, over many random halvings.

    Every figure is of a half that its line did not see. Both halves of one cut are never put together: what one has too much the other
    lacks, so that they would look right by construction. One cut alone could be a lucky one or an unlucky one.
    """
    rng = np.random.default_rng(SEED)
    drawn, means = [], []
    for _ in range(N_RESAMPLES):
        known, judged = np.array_split(rng.permutation(sample[1].size), 2)
        line = LogisticCalibrator().fit(sample[0][known], sample[1][known])
        pd, is_bad = line.transform(sample[0][judged]), sample[1][judged]
        drawn.append(_figures(pd, is_bad))
        means.append((pd.mean(), is_bad.mean()))
    mean_pd, bad_rate = np.mean(means, axis=0)
    found = replace(
        Reliability.of(*sample), n_rows=len(judged), mean_pd=float(mean_pd), bad_rate=float(bad_rate)
    )
    return _with_ranges(found, np.mean(drawn, axis=0), drawn)


def _with_ranges(found: Reliability, estimates: Sequence[float], drawn: list[Figure]) -> Reliability:
    """Return the figures with the range of 95 % of those drawn."""
    bounds = np.quantile(drawn, [0.025, 0.975], axis=0)
    slope, ratio, shift = (
        (float(estimate), float(low), float(high))
        for estimate, low, high in zip(estimates, *bounds, strict=True)
    )
    return replace(found, slope=slope, ratio=ratio, shift=shift)


def _redrawn(sample: Sample, rng: np.random.Generator) -> Sample:
    rows = rng.integers(0, sample[1].size, sample[1].size)
    return sample[0][rows], sample[1][rows]


def _figures(pd: np.ndarray, is_bad: np.ndarray) -> Figure:
    """Return slope, ratio of mean PD to bad rate, and shift needed."""
    x = logit(pd)
    slope, shift = fit_logistic_line(x, is_bad).slope, fit_logistic_shift(x, is_bad).intercept
    return slope, float(pd.mean() / is_bad.mean()), shift


def parts_in_time(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions of the earlier training rows, the latest ones, and the test rows, each in order of time."""
    train, test = (rows[np.argsort(task.applied_at[rows], kind="stable")] for rows in task.folds[0])
    cut = int((1.0 - LATEST_SHARE) * len(train))
    return train[:cut], train[cut:], test

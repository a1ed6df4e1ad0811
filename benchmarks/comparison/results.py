"""What tools did on a task: every fold predicted, then figures side by side and differences to the best."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from comparison.paired import difference
from comparison.peers import PeerError
from comparison.store import predict
from credit_risk.errors import CreditRiskError
from credit_risk.evaluation.reliability import brier_score, log_loss
from credit_risk.numerics.discrimination import area_under_curve, kolmogorov_smirnov

if TYPE_CHECKING:
    from pathlib import Path

    from comparison.task import Task
    from comparison.tools import Prediction, Tool


@dataclass(frozen=True, kw_only=True)
class Result:
    """A tool's predictions of every fold, and means of its figures."""

    tool: Tool
    predictions: tuple[Prediction, ...]
    figures: dict[str, float]

    @property
    def pds(self) -> list[np.ndarray]:
        return [prediction.pd for prediction in self.predictions]


def run(task: Task, tools: dict[str, Tool], cache: Path) -> list[Result]:
    """Predict every fold with every tool, fold by fold so that an early stop leaves comparable results; best first."""
    found: dict[str, list[Prediction]] = {short: [] for short in tools}
    failed: dict[str, str] = {}
    for fold, (_, test) in enumerate(task.folds):
        for short, tool in tools.items():
            if short in failed:
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    prediction = predict(task, tool, task.view, fold, cache)
            except (PeerError, CreditRiskError) as error:
                failed[short] = str(error)
                print(f"  {tool.name}: failed ({error})", flush=True)
                continue
            found[short].append(prediction)
            progress(task, tool, fold, prediction, task.is_bad[test])
    done = [_result(task, tools[short], tuple(p)) for short, p in found.items() if short not in failed]
    return sorted(done, key=lambda result: -result.figures["auc"])


def progress(task: Task, tool: Tool, fold: int, prediction: Prediction, is_bad: np.ndarray) -> None:
    saved = "" if prediction.is_new else " (saved)"
    auc = area_under_curve(prediction.pd, is_bad)
    print(
        f"  {task.name} fold {fold + 1}/{len(task.folds)}  {tool.name:24s} AUC {auc:.4f}  "
        f"fit {prediction.fit_seconds:.1f} s{saved}",
        flush=True,
    )


def _result(task: Task, tool: Tool, predictions: tuple[Prediction, ...]) -> Result:
    folds = [figures(p, task.is_bad[test]) for p, (_, test) in zip(predictions, task.folds, strict=True)]
    means = {name: float(np.mean([fold[name] for fold in folds])) for name in folds[0]}
    means["auc_sd"] = (
        float(np.std([fold["auc"] for fold in folds], ddof=1)) if len(folds) > 1 else float("nan")
    )
    return Result(tool=tool, predictions=predictions, figures=means)


def figures(prediction: Prediction, is_bad: np.ndarray) -> dict[str, float]:
    """Return the figures of one fold."""
    return {
        "auc": area_under_curve(prediction.pd, is_bad),
        "ks": kolmogorov_smirnov(prediction.pd, is_bad),
        "brier": brier_score(prediction.pd, is_bad).estimate,
        "log_loss": log_loss(prediction.pd, is_bad).estimate,
        "fit_seconds": prediction.fit_seconds,
        "predict_seconds": prediction.predict_seconds,
    }


def print_table(task: Task, results: list[Result]) -> None:
    """Print the tools, best first, in a table that goes into the documentation as it is."""
    print(
        "\n| tool | AUC (sd over folds) | KS | Brier | log-loss | fit s | predict s | AUC less the best, 95 % |"
    )
    print("|---|---|---|---|---|---|---|---|")
    best = results[0]
    for result in results:
        f = result.figures
        sd = "" if np.isnan(f["auc_sd"]) else f" ({f['auc_sd']:.4f})"
        print(
            f"| {result.tool.name} | {f['auc']:.4f}{sd} | {f['ks']:.4f} | {f['brier']:.4f} | {f['log_loss']:.4f} "
            f"| {f['fit_seconds']:.1f} | {f['predict_seconds']:.2f} | {_to_best(task, result, best)} |",
            flush=True,
        )


def _to_best(task: Task, result: Result, best: Result) -> str:
    if result is best:
        return "best"
    gap = difference(result.pds, best.pds, task)
    return f"{gap.mean:+.4f} ({gap.low:+.4f} .. {gap.high:+.4f})"

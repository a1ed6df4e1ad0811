"""A bundle judged on another labelled folder: the same contracts, the same features, other people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.errors import OutputError, SampleError
from credit_risk.evaluation import evaluate_predictions
from credit_risk.features import compute_features
from credit_risk.jobs.progress import TerminalProgress
from credit_risk.performance import OutcomeDefinition
from credit_risk.scoring import load_bundle
from credit_risk.sources import read_sources

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from credit_risk.evaluation import EvaluationReport

_SEED = 20051001
#: Below this many of either, intervals are of no use.
_LEAST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateSettings:
    """What is judged on what.

    Attributes
    ----------
    outcome : Path
        ``outcome.toml``: what "bad" means in the folder.
    output : Path or None
        JSON file for the whole evaluation.
    processed_at : datetime or None
        Where the bundle's contracts name a ledger of consents: the moment of processing.
    """

    bundle: Path
    data: Path
    outcome: Path
    output: Path | None = None
    processed_at: datetime | None = None
    n_threads: int = 2
    is_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BundleEvaluation:
    """How a bundle's models did."""

    bundle_digest: str
    n_rows: int
    n_bads: int
    n_undetermined: int
    evaluation: EvaluationReport

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "bundle_digest": self.bundle_digest,
            "n_rows": self.n_rows,
            "n_bads": self.n_bads,
            "n_undetermined": self.n_undetermined,
            "models": [plain_figures(asdict(model)) for model in self.evaluation.models],
        }

    def as_text(self) -> str:
        """Return what a person reads in the terminal."""
        left = f"; {self.n_undetermined} neither good nor bad" if self.n_undetermined else ""
        lines = [f"{self.n_rows} applications, {self.n_bads} bad ({self.n_bads / self.n_rows:.2%}){left}"]
        for model in self.evaluation.models:
            lines.append(
                f"{model.name:<12}AUC {model.auc:.4f} [{model.auc_low:.4f}, {model.auc_high:.4f}]   "
                f"KS {model.ks:.4f} [{model.ks_low:.4f}, {model.ks_high:.4f}]   Brier {model.brier:.4f}"
            )
            lines.append(
                f"{'':<12}mean PD {model.mean_pd:.2%} against {model.bad_rate:.2%} "
                f"[{model.bad_rate_low:.2%}, {model.bad_rate_high:.2%}]; calibration slope {model.calibration_slope:.2f} "
                f"[{model.calibration_slope_low:.2f}, {model.calibration_slope_high:.2f}]"
            )
        return "\n".join(lines)


def plain_figures(content: dict[str, Any]) -> dict[str, Any]:
    """Return figures as JSON has them: one that does not exist is null."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in content.items()
    }


def evaluate_bundle(settings: EvaluateSettings) -> BundleEvaluation:
    """Judge a bundle's models on a labelled folder, read by the bundle's own contracts.

    Raises
    ------
    SampleError
        Fewer than 10 goods or bads (``CR-SMP-002``).
    OutputError
        The output exists or cannot be written (``CR-OUT-010``, ``CR-OUT-011``).
    """
    if settings.output is not None and settings.output.exists():
        raise OutputError(
            f"Output '{settings.output}' exists already. Hint: choose another file.", code="CR-OUT-010"
        )
    progress = TerminalProgress(quiet=settings.is_quiet)
    bundle = load_bundle(settings.bundle)
    outcome = OutcomeDefinition.from_toml(settings.outcome)
    with progress.stage("Sources: held against the bundle's contracts"):
        sources = read_sources(settings.data, bundle.contracts)
    with progress.stage(f"{len(bundle.features.names)} features of {len(sources.applications)} applications"):
        table = compute_features(
            bundle.features, sources, processed_at=settings.processed_at, n_threads=settings.n_threads
        )
    labels = outcome.label(sources)
    rows = labels["is_determined"].to_numpy()
    is_bad = labels["is_bad"].to_numpy()[rows]
    _check_size(is_bad)
    with progress.stage("Evaluation, with intervals"):
        scores = bundle.engine.score(table.X.to_numpy(dtype=np.float64)[rows])
        evaluation = evaluate_predictions(dict(scores.pds), is_bad, seed=_SEED)
    result = BundleEvaluation(
        bundle_digest=bundle.digest,
        n_rows=len(is_bad),
        n_bads=int(is_bad.sum()),
        n_undetermined=int((~rows).sum()),
        evaluation=evaluation,
    )
    if settings.output is not None:
        _write(settings.output, result)
    return result


def _check_size(is_bad: Any) -> None:
    n_bads, n_goods = int(is_bad.sum()), int((~is_bad).sum())
    if min(n_bads, n_goods) < _LEAST:
        raise SampleError(
            f"The folder holds {n_bads} bads and {n_goods} goods. Expected at least {_LEAST} of each.",
            code="CR-SMP-002",
        )


def _write(path: Path, result: BundleEvaluation) -> None:
    try:
        path.write_text(json.dumps(result.to_dict(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"Output '{path}' cannot be written ({error.strerror or type(error).__name__}).",
            code="CR-OUT-011",
        ) from error

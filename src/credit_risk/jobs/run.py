"""One run of the main job: its settings, and everything it has in hand once customers are decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from credit_risk.evaluation import EvaluationReport
    from credit_risk.jobs.portfolio import Portfolio
    from credit_risk.jobs.project import Project
    from credit_risk.samples import DevelopmentSample
    from credit_risk.scoring import ScoringBundle
    from credit_risk.sources import Sources
    from credit_risk.training import TrainedModels

#: Models of a bundle, in the order they are reported.
MODELS = ("scorecard", "booster")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """Where the main job reads and writes, and how.

    Attributes
    ----------
    tracking_folder : Path or None
        Embedded MLflow store; None switches tracking off, and nothing imports mlflow.
    n_threads : int
        Threads of the feature engine; no figure depends on it.
    requires_sound_strategy : bool
        Whether approvals, limits and prices that no lender would run stop the job; a new project's strategy is a start,
        and then they are only said.
    """

    data: Path
    project: Path
    output: Path
    overwrite: bool = False
    tracking_folder: Path | None = None
    language: str = "en"
    n_threads: int = 2
    is_quiet: bool = False
    requires_sound_strategy: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MainRun:
    """What the report and the tracker read from.

    ``n_parity`` is the number of customers decided again in real time, all fields equal; None where that was not tried.
    """

    settings: DemoSettings
    project: Project
    sources: Sources
    sample: DevelopmentSample
    models: TrainedModels
    bundle: ScoringBundle
    portfolio: Portfolio
    evaluation: EvaluationReport
    n_parity: int | None = None

"""The main job: the whole river on real data, from contracts to a decision for every holdout customer.

Reading order: :func:`run_demo`, then the steps below it in the order it calls them.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

import credit_risk
from credit_risk.domain.digest import sha256_of_file
from credit_risk.errors import GovernanceError
from credit_risk.evaluation import evaluate_predictions
from credit_risk.jobs.closing import closing_table
from credit_risk.jobs.decisions_table import write_decisions
from credit_risk.jobs.output_folder import building
from credit_risk.jobs.portfolio import Portfolio
from credit_risk.jobs.progress import TerminalProgress
from credit_risk.jobs.project import Project, check_processing
from credit_risk.jobs.report_tables import write_report
from credit_risk.jobs.run import MODELS, DemoSettings, MainRun
from credit_risk.jobs.tasks.judging import plain_figures
from credit_risk.jobs.tasks.stored_report import STORED_CONTENT, store_content
from credit_risk.samples import DevelopmentSample
from credit_risk.scoring import FeatureRows, ScoringBundle, load_bundle
from credit_risk.sources import read_sources
from credit_risk.training import train_models

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from credit_risk.decision.record import Decision
    from credit_risk.domain.ports import ProgressReporter
    from credit_risk.evaluation import EvaluationReport
    from credit_risk.samples import SamplePart
    from credit_risk.sources import Sources
    from credit_risk.training import TrainedModels

_BOOTSTRAP_SEED = 20051001
#: Files of a run that its record keeps.
_ARTEFACTS = ("decisions.parquet", "report.html", "model_document.json", "evaluation.json", "run.json")
#: An AUC interval this wide deserves a word.
_WIDE_INTERVAL = 0.05
_PACKAGES = (
    "numpy",
    "pandas",
    "scikit-learn",
    "xgboost-cpu",
    "duckdb",
    "ibis-framework",
    "pyarrow",
    "pyxirr",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemoResult:
    """What the main job found and where it lies."""

    output: Path
    evaluation: EvaluationReport
    figures: dict[str, float]
    bundle_digest: str
    decisions_digest: str
    n_parity: int
    n_features: int
    card_features: tuple[str, ...]
    currency: str
    tracked_at: str | None
    notices: tuple[str, ...] = ()

    def closing_table(self) -> str:
        """Return the closing table for a terminal."""
        return closing_table(self)

    def to_dict(self) -> dict[str, object]:
        """Return what machines ask for, as plain JSON values; a figure that does not exist is null."""
        figures = {name: value if np.isfinite(value) else None for name, value in self.figures.items()}
        return {
            "output": str(self.output),
            "models": [plain_figures(asdict(model)) for model in self.evaluation.models],
            "figures": figures,
            "n_parity": self.n_parity,
            "n_features": self.n_features,
            "card_features": list(self.card_features),
            "bundle_digest": self.bundle_digest,
            "decisions_digest": self.decisions_digest,
            "tracked_at": self.tracked_at,
            "notices": list(self.notices),
        }


def run_demo(settings: DemoSettings) -> DemoResult:
    """Run the main job; the output folder appears whole or not at all.

    Raises
    ------
    CreditRiskError
        Any input that cannot be used, named by file, column or key, and count.
    """
    progress = TerminalProgress(quiet=settings.is_quiet)
    project = Project.read(settings.project)
    with building(
        settings.output, overwrite=settings.overwrite, inputs=(settings.data, settings.project)
    ) as draft:
        with progress.stage("Sources: contracts checked"):
            sources = read_sources(settings.data)
            check_processing(project.plan, sources)
            project = replace(
                project, report=project.report.held_against(project.features, sources.contracts)
            )
        with progress.stage(f"Sample: {len(project.features.names)} features per customer, outcome, split"):
            sample = DevelopmentSample.build(
                sources,
                project.features,
                project.outcome,
                split=project.plan.split,
                processed_at=project.plan.processed_at,
                n_threads=settings.n_threads,
                progress=progress,
            )
        models = train_models(sample, project.features, project.plan, progress=progress)
        with progress.stage("Bundle: built, saved, loaded again, verified"):
            bundle = _bundle(project, models, sources, draft / "bundle")
        with progress.stage(f"Decisions: {len(sample.holdout)} holdout customers in batch"):
            decisions = bundle.engine.decide_rows(feature_rows(sources, sample.holdout))
        _check_parity(bundle, sources, decisions, project.plan.processed_at, progress)
        portfolio = Portfolio.of(decisions, is_bad=sample.holdout.is_bad)
        notices = _notices(portfolio, settings)
        with progress.stage("Evaluation on holdout, with intervals"):
            evaluation = _evaluate(portfolio, bundle)
        notices += _width_notice(evaluation, portfolio.is_bad)
        run = MainRun(
            settings=settings,
            project=project,
            sources=sources,
            sample=sample,
            models=models,
            bundle=bundle,
            portfolio=portfolio,
            evaluation=evaluation,
            n_parity=len(decisions),
        )
        with progress.stage("Report and files"):
            digests = _write_files(run, draft)
    # the results stand before the run is recorded: a store that cannot be reached costs no results
    tracked_at = _track(run, digests, settings.output, progress)
    return _result(run, digests, notices=notices, tracked_at=tracked_at)


def _bundle(project: Project, models: TrainedModels, sources: Sources, folder: Path) -> ScoringBundle:
    """Build, save and load: what decides below is what a backend will load."""
    ScoringBundle.build(
        project.features,
        models=[models.card, models.booster],
        calibrations=models.calibrations,
        strategy=project.strategy,
        contracts=sources.contracts,
    ).save(folder)
    return load_bundle(folder)


def feature_rows(sources: Sources, part: SamplePart) -> FeatureRows:
    """Return a sample part as rows the engine decides."""
    applied_at = sources.applications["applied_at"].loc[part.X.index]
    names = np.array(part.flags.columns, dtype=object)
    return FeatureRows(
        application_ids=[str(key) for key in part.X.index],
        applied_at=[moment.to_pydatetime() for moment in applied_at],
        X=part.matrix(),
        flags=[tuple(str(name) for name in names[row]) for row in part.flags.to_numpy(dtype=bool)],
    )


def _check_parity(
    bundle: ScoringBundle,
    sources: Sources,
    decisions: list[Decision],
    processed_at: datetime | None,
    progress: ProgressReporter,
) -> None:
    """Decide every holdout customer again from raw records, as a backend would, and require equality of all fields."""
    keys = [decision.application_id for decision in decisions]
    with progress.stage(f"Parity: {len(keys)} customers decided again in real time from raw records"):
        requests = progress.track(sources.raw_requests(keys), label="real time", total=len(keys))
        consents = sources.raw_consents_of(sources.applications["customer_id"].loc[keys])
        different = [
            decision.application_id
            for decision, (application, records), granted in zip(decisions, requests, consents, strict=True)
            if bundle.decide(application, records, consents=granted, processed_at=processed_at) != decision
        ]
    if different:
        raise GovernanceError(
            f"Real time and batch differ for {len(different)} of {len(keys)} customers. Expected equality of every field. "
            "Hint: this is a fault of the library; nothing was written.",
            code="CR-GOV-020",
            context={"n_different": len(different)},
        )


def _notices(portfolio: Portfolio, settings: DemoSettings) -> tuple[str, ...]:
    """Return what is odd about the strategy's outcome, or refuse it."""
    if settings.requires_sound_strategy:
        portfolio.check()
        return ()
    portfolio.check_terms()
    return portfolio.notices()


def _width_notice(evaluation: EvaluationReport, is_bad: NDArray[np.bool_]) -> tuple[str, ...]:
    """Say how little few bads can tell models apart."""
    widest = max(model.auc_high - model.auc_low for model in evaluation.models)
    if widest < _WIDE_INTERVAL:
        return ()
    return (
        f"{int(is_bad.sum())} bads on holdout are few: the 95 % interval of an AUC is up to {widest:.3f} wide, so smaller differences "
        "between models say nothing.",
    )


def _evaluate(portfolio: Portfolio, bundle: ScoringBundle) -> EvaluationReport:
    """Evaluate the models on the customers that could be scored; incomplete ones have no PD."""
    scored = portfolio.scored()
    predictions = {
        name: scored.frame[f"pd_{name}"].to_numpy() for name in MODELS if name in bundle.calibrations
    }
    return evaluate_predictions(predictions, scored.is_bad, seed=_BOOTSTRAP_SEED)


def _write_files(run: MainRun, draft: Path) -> dict[str, str]:
    """Write decisions, evaluation, report and run facts; return the digests of everything that went in and came out."""
    decisions = draft / "decisions.parquet"
    write_decisions(
        run.portfolio.decisions,
        decisions,
        horizon=run.project.strategy.pd.exposure_horizon,
    )
    _write_json(draft / "evaluation.json", run.evaluation.to_dict())
    digests = {
        **{f"data {name}": digest for name, digest in run.sources.digests.items()},
        **{f"project {path.name}": sha256_of_file(path) for path in run.project.files},
        "bundle": run.bundle.digest,
        "decisions.parquet": sha256_of_file(decisions),
    }
    store_content(draft / STORED_CONTENT, write_report(draft, run, digests))
    _write_json(draft / "run.json", _run_facts(run, digests))
    return digests


def _track(run: MainRun, digests: dict[str, str], output: Path, progress: ProgressReporter) -> str | None:
    """Record the run, if tracking is on; mlflow is imported only then."""
    folder = run.settings.tracking_folder
    if folder is None:
        return None
    from credit_risk.governance.mlflow_tracker import MlflowTracker

    of = "demo" if run.settings.requires_sound_strategy else run.project.features.name
    tracker = MlflowTracker(folder=folder, experiment=f"credit-risk {of}")
    strategy = run.project.strategy
    with progress.stage("MLflow run"):
        run_id = tracker.record(
            parameters={
                **run.project.plan.to_dict(),
                "strategy": f"{strategy.id} {strategy.version}",
                "n_features": len(run.project.features.names),
                "n_card_features": len(run.bundle.scorecard.feature_names),
                "n_trees": run.bundle.booster.n_trees,
            },
            metrics={**run.portfolio.figures(), **_model_metrics(run.evaluation)},
            tags={f"digest {name}": digest for name, digest in digests.items()},
            artefacts=[output / name for name in _ARTEFACTS],
            bundle=output / "bundle",
        )
    return f"{tracker.shown_uri} (run {run_id})"


def _model_metrics(evaluation: EvaluationReport) -> dict[str, float]:
    return {
        f"{model.name}_{name}": float(value)
        for model in evaluation.models
        for name, value in asdict(model).items()
        if isinstance(value, int | float) and np.isfinite(value)
    }


def _result(
    run: MainRun, digests: dict[str, str], *, notices: tuple[str, ...], tracked_at: str | None
) -> DemoResult:
    return DemoResult(
        output=run.settings.output,
        evaluation=run.evaluation,
        figures=run.portfolio.figures(),
        bundle_digest=run.bundle.digest,
        decisions_digest=digests["decisions.parquet"],
        n_parity=len(run.portfolio.decisions),
        n_features=len(run.project.features.names),
        card_features=tuple(run.bundle.scorecard.feature_names),
        currency=run.sources.currency,
        tracked_at=tracked_at,
        notices=notices,
    )


def _run_facts(run: MainRun, digests: dict[str, str]) -> dict[str, object]:
    """Return what belongs to this run alone, and how consent stood in it; the bundle holds none of it."""
    consent = run.sample.consent
    return {
        "finished_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "n_threads": run.settings.n_threads,
        "packages": {
            "credit-risk-toolkit": credit_risk.__version__,
            **{name: version(name) for name in _PACKAGES},
        },
        "digests": digests,
        **({} if consent is None else {"consent": consent.to_dict()}),
    }


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

"""Recording runs in MLflow: an embedded SQLite store by default, or wherever ``MLFLOW_TRACKING_URI`` points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import mlflow

import credit_risk
from credit_risk.governance.mlflow_store import MlflowStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

_MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")


class MlflowTracker:
    """Records runs of one experiment.

    Parameters
    ----------
    folder : Path
        Where the embedded store lies when ``MLFLOW_TRACKING_URI`` is not set.
    experiment : str
        Name of the experiment.
    """

    def __init__(self, *, folder: Path, experiment: str) -> None:
        self._store = MlflowStore(folder)
        self._experiment = experiment

    @property
    def shown_uri(self) -> str:
        """Where runs are recorded, without user name and password."""
        return self._store.shown_uri

    def record(
        self,
        *,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        artefacts: Iterable[Path],
        bundle: Path,
        run_name: str | None = None,
    ) -> str:
        """Record one run and return its id.

        The model is logged from code; its only artefact is the bundle folder.

        Raises
        ------
        GovernanceError
            The store cannot be reached or written (``CR-GOV-030``).
        """
        with self._store.connected("The run could not be recorded"), self._run(run_name) as run:
            _log(parameters, metrics)
            mlflow.set_tags(dict(tags))
            for path in artefacts:
                mlflow.log_artifact(str(path))
            mlflow.pyfunc.log_model(
                name="bundle",
                python_model=str(_MODEL_CODE),
                artifacts={"bundle": str(bundle)},
                pip_requirements=[f"credit-risk-toolkit=={credit_risk.__version__}"],
            )
            return str(run.info.run_id)

    def record_search(
        self, run_name: str, *, parameters: Mapping[str, object], trials: Iterable[Mapping[str, object]]
    ) -> str:
        """Record a search for settings: one run, and nested in it one run for each trial; return the outer id.

        Parameters
        ----------
        run_name : str
        parameters : mapping
            What the search was given.
        trials : iterable of mapping
            ``TunedSettings.trials``: each with ``settings`` and ``auc``.

        Raises
        ------
        GovernanceError
            The store cannot be reached or written (``CR-GOV-030``).
        """
        with self._store.connected("The search could not be recorded"), self._run(run_name) as outer:
            aucs = []
            for number, trial in enumerate(trials):
                aucs.append(float(trial["auc"]))  # type: ignore[arg-type]
                with self._run(f"{run_name} {number}", nested=True):
                    _log(trial["settings"], {"inner_auc": aucs[-1]})  # type: ignore[arg-type]
            _log(parameters, {"inner_auc": max(aucs), "n_trials": len(aucs)} if aucs else {})
            return str(outer.info.run_id)

    def runs(self) -> pd.DataFrame:
        """Return the experiment's runs, latest first: name, id, id of the outer run, metrics.

        Raises
        ------
        GovernanceError
            The store cannot be reached (``CR-GOV-030``).
        """
        import pandas as pd

        with self._store.connected("The runs could not be read"):
            found = mlflow.search_runs(experiment_names=[self._experiment], output_format="list")
        return pd.DataFrame(
            [
                {
                    "name": run.info.run_name,
                    "run_id": run.info.run_id,
                    "outer_run_id": run.data.tags.get("mlflow.parentRunId"),
                    **run.data.metrics,
                }
                for run in found
            ]
        )

    def _run(self, run_name: str | None, *, nested: bool = False) -> mlflow.ActiveRun:
        return mlflow.start_run(experiment_id=self._experiment_id(), run_name=run_name, nested=nested)

    def _experiment_id(self) -> str:
        found = mlflow.get_experiment_by_name(self._experiment)
        if found is not None:
            return str(found.experiment_id)
        if not self._store.is_embedded:
            return str(mlflow.create_experiment(self._experiment))
        artefacts = (self._store.folder / "artefacts").resolve()
        return str(mlflow.create_experiment(self._experiment, artifact_location=artefacts.as_uri()))


def _log(parameters: Mapping[str, object], metrics: Mapping[str, float]) -> None:
    mlflow.log_params({key: str(value)[:500] for key, value in parameters.items()})
    mlflow.log_metrics(dict(metrics))

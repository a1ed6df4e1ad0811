"""Recording a run in MLflow: an embedded SQLite store by default, or wherever ``MLFLOW_TRACKING_URI`` points."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import mlflow
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

import credit_risk
from credit_risk.errors import GovernanceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
        self._folder = folder
        self._experiment = experiment
        elsewhere = os.environ.get("MLFLOW_TRACKING_URI")
        self._is_embedded = not elsewhere
        self._uri = elsewhere or f"sqlite:///{folder.resolve() / 'mlflow.db'}"

    @property
    def shown_uri(self) -> str:
        """Where runs are recorded, without user name and password."""
        parts = urlsplit(self._uri)
        if "@" not in parts.netloc:
            return self._uri
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def record(
        self,
        *,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        artefacts: Iterable[Path],
        bundle: Path,
    ) -> str:
        """Record one run and return its id.

        The model is logged from code; its only artefact is the bundle folder.

        Raises
        ------
        GovernanceError
            The store cannot be reached or written (``CR-GOV-030``).
        """
        try:
            return self._record(parameters, metrics, tags, artefacts, bundle)
        except (MlflowException, OSError, SQLAlchemyError) as error:
            # MLflow's own text may hold the address with its password: only the kind of failure is passed on
            raise GovernanceError(
                f"The run could not be recorded at '{self.shown_uri}' ({type(error).__name__}). "
                "Hint: check MLFLOW_TRACKING_URI and the tracking folder, or pass --no-tracking.",
                code="CR-GOV-030",
            ) from None

    def _record(
        self,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        artefacts: Iterable[Path],
        bundle: Path,
    ) -> str:
        with _quiet():
            if self._is_embedded:
                self._folder.mkdir(parents=True, exist_ok=True)
            mlflow.set_tracking_uri(self._uri)
            with mlflow.start_run(experiment_id=self._experiment_id()) as run:
                mlflow.log_params({key: str(value)[:500] for key, value in parameters.items()})
                mlflow.log_metrics(dict(metrics))
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

    def _experiment_id(self) -> str:
        found = mlflow.get_experiment_by_name(self._experiment)
        if found is not None:
            return str(found.experiment_id)
        if not self._is_embedded:
            return str(mlflow.create_experiment(self._experiment))
        artefacts = (self._folder / "artefacts").resolve()
        return str(mlflow.create_experiment(self._experiment, artifact_location=artefacts.as_uri()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's start-up chatter (schema migrations, hints) off the user's screen."""
    names = ("mlflow", "alembic")
    bars = os.environ.get("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR")
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if bars is None:
            del os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"]
        else:
            os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = bars
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)

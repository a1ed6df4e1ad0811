"""Which recorded bundle is which: versions under one name, and aliases such as ``champion`` that move between them."""

from __future__ import annotations

from contextlib import redirect_stderr
from io import StringIO
from typing import TYPE_CHECKING

import mlflow

from credit_risk.governance.mlflow_store import MlflowStore

if TYPE_CHECKING:
    from pathlib import Path

    from credit_risk.scoring import ScoringBundle


class BundleRegistry:
    """Versions of one bundle, kept in MLflow's model registry.

    Parameters
    ----------
    folder : Path
        Where the embedded store lies when ``MLFLOW_TRACKING_URI`` is not set; the tracker's.
    name : str
        What the versions have in common, such as the product they decide about.
    """

    def __init__(self, *, folder: Path, name: str) -> None:
        self._store = MlflowStore(folder)
        self._name = name

    def register(self, run_id: str) -> int:
        """Make the bundle of a recorded run the next version, and return its number.

        Raises
        ------
        GovernanceError
            No such run, or the store cannot be written (``CR-GOV-030``).
        """
        # MLflow prints what it has done to standard error; the number says it
        with self._store.connected("The bundle could not be registered"), redirect_stderr(StringIO()):
            return int(mlflow.register_model(f"runs:/{run_id}/bundle", self._name).version)

    def promote(self, version: int, *, alias: str = "champion") -> None:
        """Let an alias name this version from now on; it leaves the version that had it.

        Raises
        ------
        GovernanceError
            No such version, or the store cannot be written (``CR-GOV-030``).
        """
        with self._store.connected("The alias could not be set"):
            client = mlflow.MlflowClient()
            client.get_model_version(
                self._name, str(version)
            )  # an alias of a version that is not there would be kept
            client.set_registered_model_alias(self._name, alias, str(version))

    def version(self, *, alias: str = "champion") -> int:
        """Return the number of the version an alias names.

        Raises
        ------
        GovernanceError
            No such alias, or the store cannot be reached (``CR-GOV-030``).
        """
        with self._store.connected("The alias could not be read"):
            return int(mlflow.MlflowClient().get_model_version_by_alias(self._name, alias).version)

    def load(self, *, alias: str = "champion") -> ScoringBundle:
        """Return the verified bundle an alias names, ready to decide.

        Raises
        ------
        GovernanceError
            No such alias, the store cannot be reached (``CR-GOV-030``), or the bundle is damaged.
        """
        with self._store.connected("The bundle could not be loaded"):
            model = mlflow.pyfunc.load_model(f"models:/{self._name}@{alias}").unwrap_python_model()
        bundle: ScoringBundle = model.bundle
        return bundle

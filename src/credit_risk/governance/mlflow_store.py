"""Where MLflow keeps what it is told: reached quietly, and never quoted with its password."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import mlflow
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from credit_risk.errors import GovernanceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class MlflowStore:
    """An MLflow store: ``MLFLOW_TRACKING_URI`` if that is set, else an SQLite file in a folder.

    Parameters
    ----------
    folder : Path
        Where the embedded store lies when ``MLFLOW_TRACKING_URI`` is not set.
    """

    def __init__(self, folder: Path) -> None:
        elsewhere = os.environ.get("MLFLOW_TRACKING_URI")
        self.folder = folder
        self.is_embedded = not elsewhere
        self.uri = elsewhere or f"sqlite:///{folder.resolve() / 'mlflow.db'}"

    @property
    def shown_uri(self) -> str:
        """The address without user name and password."""
        parts = urlsplit(self.uri)
        if "@" not in parts.netloc:
            return self.uri
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    @contextmanager
    def connected(self, what: str) -> Iterator[None]:
        """Talk to the store inside this block; ``what`` says in an error what was tried.

        Raises
        ------
        GovernanceError
            The store cannot be reached, read or written (``CR-GOV-030``).
        """
        try:
            with _quiet():
                if self.is_embedded:
                    self.folder.mkdir(parents=True, exist_ok=True)
                mlflow.set_tracking_uri(self.uri)
                yield
        except (MlflowException, OSError, SQLAlchemyError) as error:
            # MLflow's own text may hold the address with its password: only the kind of failure is passed on
            raise GovernanceError(
                f"{what} at '{self.shown_uri}' ({type(error).__name__}). "
                "Hint: check MLFLOW_TRACKING_URI and the tracking folder, or pass --no-tracking.",
                code="CR-GOV-030",
            ) from None


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

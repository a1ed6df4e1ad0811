"""Peers run as programs of their own, in environments of their own: rows go through files, PDs and seconds come back."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from comparison.task import PROJECT, SEED
from comparison.tools import Budget, Prediction, Rows, Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCRIPTS = Path(__file__).with_name("peer_programs")
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1"
)

#: Short name -> name in tables, environment, what becomes of text columns.
_PEERS = {
    "optbinning": ("optbinning card", "scorecards", "as texts"),
    "toad": ("toad card", "scorecards", "as texts"),
    "lightgbm": ("LightGBM as it comes", "boosting", "as its categories"),
    "catboost": ("CatBoost as it comes", "boosting", "as its categories"),
    "xgboost": ("XGBoost as it comes", "boosting", "as its categories"),
    "lightgbm_tuned": ("LightGBM, tuned", "boosting", "as its categories"),
    "ebm": ("interpret's EBM", "boosting", "as texts"),
}


def interpreter(environment: str) -> Path:
    """Return the Python of a peers' environment."""
    return PROJECT / ".peers" / environment / "bin" / "python"


def peer_versions() -> dict[str, Mapping[str, str]]:
    """Return the libraries of each environment that is there."""
    found = {}
    for environment in sorted({environment for _, environment, _ in _PEERS.values()}):
        if interpreter(environment).is_file():
            script = str(_SCRIPTS / f"{environment}.py")
            said = subprocess.run(
                [str(interpreter(environment)), script, "versions"],
                check=True,
                capture_output=True,
                text=True,
            )
            found[environment] = json.loads(said.stdout)
    return found


def peer_tools(budget: Budget) -> dict[str, Tool]:
    """Return the peers whose environments are there (``make peers``), by their short names."""
    versions, tools = peer_versions(), {}
    for short, (name, environment, texts) in _PEERS.items():
        if environment not in versions:
            continue
        programs = "".join(path.read_text(encoding="utf-8") for path in sorted(_SCRIPTS.glob("*.py")))
        identity = f"{json.dumps(versions[environment])} {SEED} {programs}"
        if short.endswith("_tuned"):
            identity += str(budget)
        run = _runner(short, environment, budget)
        tools[short] = Tool(name=name, run=run, identity=identity, texts=texts)
    return tools


def _runner(short: str, environment: str, budget: Budget):
    def run(rows: Rows) -> Prediction:
        with tempfile.TemporaryDirectory(prefix="credit_risk_peer_") as name:
            folder = Path(name)
            _write(folder, rows, {"tool": short, "seed": SEED, **asdict(budget)})
            script = str(_SCRIPTS / f"{environment}.py")
            done = subprocess.run(
                [str(interpreter(environment)), script, "run", str(folder)],
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, **_ONE_THREAD, "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"},
            )
            if done.returncode:
                raise PeerError(f"{short} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
            said = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
            return Prediction(
                pd=np.load(folder / "pd.npy"), fit_seconds=said["fit"], predict_seconds=said["predict"]
            )

    return run


class PeerError(Exception):
    """A peer could not be fitted on these rows."""


def _write(folder: Path, rows: Rows, settings: Mapping[str, object]) -> None:
    rows.X.to_parquet(folder / "train.parquet")
    rows.X_test.to_parquet(folder / "test.parquet")
    np.save(folder / "is_bad.npy", rows.is_bad.astype(np.int8))
    if rows.applied_at is not None:
        np.save(folder / "applied_at.npy", rows.applied_at)
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

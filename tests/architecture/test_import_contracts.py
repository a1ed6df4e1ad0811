"""The import contracts hold, and a planted violation is caught."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(sys.executable).with_name("lint-imports")


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": str(LINT.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_tree(tmp_path: Path, project_folder: Path) -> Path:
    shutil.copytree(project_folder / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project_folder / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_are_kept(copied_tree):
    done = _lint(copied_tree)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("scoring/engine.py", "import pandas"),  # the runtime is light, even inside a type's shadow
        (
            "binning/spec.py",
            "from credit_risk.samples import DevelopmentSample",
        ),  # upstream imports downstream
        ("training/recipe.py", "import mlflow"),  # mlflow lives in governance alone
        (
            "scorecard/apply.py",
            "from credit_risk.features.definition import FeatureCatalogue",
        ),  # models take arrays
    ],
)
def test_a_planted_violation_is_caught(copied_tree, module, line):
    path = copied_tree / "src" / "credit_risk" / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = _lint(copied_tree)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout

"""What a fresh process loads: nothing for the package itself, only numpy and pyxirr for the runtime."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "sklearn", "xgboost", "scipy", "numba", "pandas", "matplotlib", "shap", "optuna", "optbinning", "statsmodels",
    "highspy", "mlflow", "ibis", "duckdb", "pyarrow", "tqdm", "threadpoolctl", "jinja2", "joblib", "sqlglot",
    "pandera", "psycopg",
}  # fmt: skip
LIGHT_MODULES = [
    "credit_risk.scoring.bundle",
    "credit_risk.scoring.engine",
    "credit_risk.decision.strategy",
    "credit_risk.decision.offer_choice",
    "credit_risk.loans",
    "credit_risk.loss",
    "credit_risk.jobs.cli",
    "credit_risk.jobs.single_decision",
    "credit_risk.features.definition",
    "credit_risk.features.closure",
    "credit_risk.sources.contract",
    "credit_risk.sources.contract_toml",
    "credit_risk.sources.requests",
    "credit_risk.sources.consent",
    *(
        f"credit_risk.{package}.{module}"
        for package in ("binning", "scorecard", "ml", "blend", "calibration")
        for module in ("spec", "apply")
    ),
]


def _loaded_after(statement: str) -> set[str]:
    code = f"import json, sys\nbefore = set(sys.modules)\n{statement}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_package_alone_loads_no_third_party_module():
    loaded = _loaded_after("import credit_risk")
    third_party = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"credit_risk"}
    assert third_party == set()


def test_the_scoring_front_loads_nothing_heavy():
    loaded = _loaded_after("import credit_risk.scoring")
    assert {name.split(".")[0] for name in loaded} & HEAVY == set()


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_runtime_modules_load_only_numpy_and_pyxirr(module):
    loaded = {name.split(".")[0] for name in _loaded_after(f"import {module}")}
    standard = set(sys.stdlib_module_names) | {name for name in loaded if name.startswith("_sysconfigdata")}
    third_party = loaded - standard - {"credit_risk"}
    assert third_party <= {"numpy", "pyxirr"}, third_party


def test_deciding_one_applicant_loads_nothing_heavy(project_folder):
    request = project_folder / "examples" / "uci_credit_card" / "request.json"
    bundle = project_folder / "models" / "uci-reference"
    statement = (
        "import contextlib, io\nfrom pathlib import Path\nfrom credit_risk.jobs.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    assert main(['decide', {str(request)!r}, '--bundle', {str(bundle)!r}]) == 0"
    )
    assert {name.split(".")[0] for name in _loaded_after(statement)} & HEAVY == set()

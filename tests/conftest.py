"""Settings every test shares: Hypothesis profiles and where the shipped data lies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("default", max_examples=60, deadline=None, suppress_health_check=_QUIET)
settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=_QUIET
)
settings.register_profile("torture", max_examples=10_000, deadline=None, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

SERVICES = ("chromium", "postgresql", "java")
PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def project_folder() -> Path:
    """Root of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def uci_folder() -> Path:
    """Shipped Taiwan credit-card sample."""
    return PROJECT / "data_samples" / "uci_credit_card"


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    """Address of a throw-away PostgreSQL on loopback, started by .ci/with_postgresql."""
    url = os.environ.get("CREDIT_RISK_POSTGRESQL_URL")
    if not url:
        pytest.skip("no PostgreSQL: run the tests through .ci/with_postgresql")
    return url


@pytest.fixture
def run_on_java(tmp_path: Path) -> Callable[..., Any]:
    """Run a script of tests/peers in an environment of its own that needs Java; text and rows in, its answer out."""

    def run(environment: str, script: str, text: str, rows: object) -> Any:
        python = PROJECT / ".peers" / environment / "bin" / "python"
        if not python.exists() or shutil.which("java") is None:
            pytest.skip(f"no Java, or no environment .peers/{environment}: run `make java-tests`")
        given, answer = tmp_path / "given.json", tmp_path / "answer.json"
        given.write_text(json.dumps({"text": text, "rows": rows}), encoding="utf-8")
        command = [python, PROJECT / "tests" / "peers" / script, given, answer]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(answer.read_text(encoding="utf-8"))

    return run


@pytest.fixture
def evaluate_pmml(
    run_on_java: Callable[..., Any],
) -> Callable[[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """Score rows by a PMML document in a real evaluator."""
    return lambda document, rows: run_on_java("pmml", "evaluate_pmml.py", document, rows)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Where services are promised (CREDIT_RISK_REQUIRE_SERVICES), a skipped service test is a failure."""
    report = yield
    promised = os.environ.get("CREDIT_RISK_REQUIRE_SERVICES")
    if promised and report.skipped and any(item.get_closest_marker(name) for name in SERVICES):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but its service is promised here: {report.longrepr}"
    return report

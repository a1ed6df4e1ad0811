"""Settings every test shares: Hypothesis profiles and where the shipped data lies."""

from __future__ import annotations

import os
from pathlib import Path

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Where services are promised (CREDIT_RISK_REQUIRE_SERVICES), a skipped service test is a failure."""
    report = yield
    promised = os.environ.get("CREDIT_RISK_REQUIRE_SERVICES")
    if promised and report.skipped and any(item.get_closest_marker(name) for name in SERVICES):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but its service is promised here: {report.longrepr}"
    return report

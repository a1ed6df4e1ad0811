"""The reference bundle, and one real customer as a backend would send it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from credit_risk.scoring import ScoringBundle, load_bundle

PROJECT = Path(__file__).resolve().parents[3]
REFERENCE = PROJECT / "models" / "uci-reference"


@pytest.fixture(scope="session")
def bundle() -> ScoringBundle:
    return load_bundle(REFERENCE)


@pytest.fixture
def request_json() -> dict:
    return json.loads((PROJECT / "examples" / "uci_credit_card" / "request.json").read_text(encoding="utf-8"))

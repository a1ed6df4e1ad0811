"""The shipped strategy, and a way to write a broken variant of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk.decision import OfferGrid, Strategy

SHIPPED = Path(__file__).resolve().parents[3] / "examples" / "uci_credit_card" / "strategy.toml"


@pytest.fixture(scope="session")
def strategy() -> Strategy:
    return Strategy.from_toml(SHIPPED)


@pytest.fixture(scope="session")
def grid(strategy) -> OfferGrid:
    return OfferGrid.build(strategy)


@pytest.fixture
def edited(tmp_path):
    """Return a function that writes the shipped strategy with one text replaced."""

    def write(old: str, new: str) -> Path:
        content = SHIPPED.read_text(encoding="utf-8")
        assert old in content
        path = tmp_path / "strategy.toml"
        path.write_text(content.replace(old, new, 1), encoding="utf-8")
        return path

    return write

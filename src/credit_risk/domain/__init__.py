"""Nouns of lending, ports to the outside, and the text catalogue. Standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.domain.application import Application as Application
    from credit_risk.domain.digest import canonical_json as canonical_json
    from credit_risk.domain.digest import sha256_of as sha256_of
    from credit_risk.domain.money import Currency as Currency
    from credit_risk.domain.ports import ExperimentTracker as ExperimentTracker
    from credit_risk.domain.ports import ProgressReporter as ProgressReporter
    from credit_risk.domain.texts import text as text

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Application": "credit_risk.domain.application",
        "Currency": "credit_risk.domain.money",
        "ExperimentTracker": "credit_risk.domain.ports",
        "ProgressReporter": "credit_risk.domain.ports",
        "canonical_json": "credit_risk.domain.digest",
        "sha256_of": "credit_risk.domain.digest",
        "text": "credit_risk.domain.texts",
    },
)

"""Nouns of lending, ports to the outside, and the text catalogue. Standard library only."""

from __future__ import annotations

from credit_risk._lazy import attach

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

"""Rescoring a portfolio: prepared rows in, scores with reasons out; streamed and resumable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.jobs.rescore.job import RescoreResult as RescoreResult
    from credit_risk.jobs.rescore.job import RescoreSettings as RescoreSettings
    from credit_risk.jobs.rescore.job import run_rescore as run_rescore

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "RescoreResult": "credit_risk.jobs.rescore.job",
        "RescoreSettings": "credit_risk.jobs.rescore.job",
        "run_rescore": "credit_risk.jobs.rescore.job",
    },
)

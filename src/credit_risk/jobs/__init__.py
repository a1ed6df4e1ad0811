"""Composition root: the command line and the main job. Wires adapters to the river and runs it."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DemoSettings": "credit_risk.jobs.run",
        "decide_request": "credit_risk.jobs.single_decision",
        "run_demo": "credit_risk.jobs.main_job",
    },
)

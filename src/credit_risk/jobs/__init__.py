"""Composition root: the command line and the main job. Wires adapters to the river and runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.jobs.main_job import run_demo as run_demo
    from credit_risk.jobs.run import DemoSettings as DemoSettings
    from credit_risk.jobs.single_decision import answer_request as answer_request
    from credit_risk.jobs.single_decision import decide_request as decide_request
    from credit_risk.jobs.single_decision import parse_request as parse_request

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DemoSettings": "credit_risk.jobs.run",
        "answer_request": "credit_risk.jobs.single_decision",
        "decide_request": "credit_risk.jobs.single_decision",
        "parse_request": "credit_risk.jobs.single_decision",
        "run_demo": "credit_risk.jobs.main_job",
    },
)

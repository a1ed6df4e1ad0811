"""What a shell asks for beside the main job: check a project, judge a bundle on other data, a report again, completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.jobs.tasks.checking import CheckResult as CheckResult
    from credit_risk.jobs.tasks.checking import check_project as check_project
    from credit_risk.jobs.tasks.completion import completion_script as completion_script
    from credit_risk.jobs.tasks.judging import EvaluateSettings as EvaluateSettings
    from credit_risk.jobs.tasks.judging import evaluate_bundle as evaluate_bundle
    from credit_risk.jobs.tasks.stored_report import render_again as render_again

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CheckResult": "credit_risk.jobs.tasks.checking",
        "EvaluateSettings": "credit_risk.jobs.tasks.judging",
        "check_project": "credit_risk.jobs.tasks.checking",
        "completion_script": "credit_risk.jobs.tasks.completion",
        "evaluate_bundle": "credit_risk.jobs.tasks.judging",
        "render_again": "credit_risk.jobs.tasks.stored_report",
    },
)

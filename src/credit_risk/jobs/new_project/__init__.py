"""From one plain table, or a shipped template, to a project folder that the main job runs.

Reading order: ``flat_table`` (a CSV or Parquet file as it was found), ``answers`` (outcome, keys, customers, moments),
``guesses`` (what each column is taken for, and why),
``data_files`` and ``decision_files`` (the commented TOML), ``create`` (the folder, whole or not at all).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.jobs.new_project.answers import TableSettings as TableSettings
    from credit_risk.jobs.new_project.create import InitResult as InitResult
    from credit_risk.jobs.new_project.create import project_from_table as project_from_table
    from credit_risk.jobs.new_project.create import project_from_template as project_from_template

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "InitResult": "credit_risk.jobs.new_project.create",
        "TableSettings": "credit_risk.jobs.new_project.answers",
        "project_from_table": "credit_risk.jobs.new_project.create",
        "project_from_template": "credit_risk.jobs.new_project.create",
    },
)

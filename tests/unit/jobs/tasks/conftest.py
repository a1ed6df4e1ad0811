"""A small project of synthetic applications, as ``credit-risk init`` writes it."""

from __future__ import annotations

import random

import pytest

from credit_risk.jobs.new_project import TableSettings, project_from_table


@pytest.fixture
def small_project(tmp_path):
    rng = random.Random(7)
    lines = ["income,Purpose of loan,gender,outcome"]
    for _ in range(700):
        purpose, income = rng.choice(["car", "tv", "other"]), rng.randint(1000, 9000)
        bad = rng.random() < 0.25 + 0.25 * (purpose == "other") + 0.25 * (income < 4000)
        lines.append(f"{income},{purpose},{rng.choice('fm')},{'bad' if bad else 'good'}")
    table = tmp_path / "loans.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = TableSettings(project=tmp_path / "project", table=table, target="outcome", bad="bad")
    project_from_table(settings)
    return settings.project

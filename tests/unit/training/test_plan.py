"""A training plan is read completely; what is not given keeps the defaults."""

from __future__ import annotations

import pytest

from credit_risk.errors import SpecificationError
from credit_risk.training import TrainingPlan


def test_the_shipped_plan_is_read(project_folder):
    plan = TrainingPlan.from_toml(project_folder / "examples" / "uci_credit_card" / "training.toml")
    assert (plan.pdo, plan.base_score, plan.base_odds, plan.seed) == (20.0, 600.0, 50.0, 20051001)


def test_an_empty_plan_is_the_defaults(tmp_path):
    (tmp_path / "training.toml").write_text("")
    assert TrainingPlan.from_toml(tmp_path / "training.toml") == TrainingPlan()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[scorcard]\npdo = 20", "unknown key 'scorcard'. Did you mean 'scorecard'"),
        ("[booster]\nmax_dept = 3", "unknown key 'max_dept'. Did you mean 'max_depth'"),
        ("[booster]\nmax_depth = 3.5", "max_depth = .* has the wrong type. Expected a whole number"),
        ("[scorecard]\npdo = true", "pdo = True has the wrong type. Expected a number"),
        ("pdo = ", "cannot be read as TOML"),
    ],
)
def test_a_broken_plan_is_refused(tmp_path, content, message):
    (tmp_path / "training.toml").write_text(content)
    with pytest.raises(SpecificationError, match=message):
        TrainingPlan.from_toml(tmp_path / "training.toml")

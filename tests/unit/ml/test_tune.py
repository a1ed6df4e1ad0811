"""The search for settings: seeded, resumable, judged on rows a trial has not seen."""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.base import clone

from credit_risk.errors import SpecificationError
from credit_risk.ml import PdBooster, TuningPlan, tune_booster
from credit_risk.ml.trials import aucs_of, prepare_folds
from credit_risk.ml.tune import _folds
from credit_risk.numerics.discrimination import area_under_curve

START = PdBooster(max_rounds=15, n_inner_folds=0)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    X = pd.DataFrame(rng.normal(size=(600, 3)), columns=list("abc"))
    return X, (rng.uniform(size=600) < 1 / (1 + np.exp(1 - X["a"] - X["b"] * X["c"]))).to_numpy()


def plan(**settings):
    return TuningPlan(**{"n_trials": 4, "n_folds": 2, "is_quiet": True, **settings})


def test_the_search_starts_at_the_boosters_own_settings_and_never_ends_below(data):
    found = tune_booster(*data, booster=START, plan=plan())
    assert found.trials[0]["settings"]["max_depth"] == START.max_depth
    assert found.auc == max(trial["auc"] for trial in found.trials) >= found.default_auc
    assert len(found.trials) == 4
    PdBooster(max_rounds=15, n_inner_folds=0, **found.settings).fit(*data)


def test_the_same_seed_finds_the_same(data):
    assert tune_booster(*data, booster=START, plan=plan()) == tune_booster(*data, booster=START, plan=plan())


def test_a_stopped_search_goes_on(data, tmp_path):
    file = tmp_path / "study.db"
    first = tune_booster(*data, booster=START, plan=plan(n_trials=2, study_file=file))
    both = tune_booster(*data, booster=START, plan=plan(n_trials=5, study_file=file))
    assert both.trials[:2] == first.trials
    assert len(both.trials) == 5
    assert len({str(trial) for trial in both.trials}) == 5
    assert tune_booster(*data, booster=START, plan=plan(n_trials=5, study_file=file)) == both


def test_trials_on_other_rows_or_of_another_booster_are_not_mixed(data, tmp_path):
    X, is_bad = data
    settings = plan(n_trials=1, study_file=tmp_path / "study.db")
    tune_booster(X, is_bad, booster=START, plan=settings)
    other = PdBooster(max_rounds=16, n_inner_folds=0)
    for rows, outcome, start in [(X + 1, is_bad, START), (X, ~is_bad, START), (X, is_bad, other)]:
        with pytest.raises(SpecificationError, match="CR-ML-005: The study file holds 1 trials"):
            tune_booster(rows, outcome, booster=start, plan=settings)


def test_a_search_killed_in_its_first_trial_still_starts_at_the_boosters_own_settings(data, tmp_path):
    file = tmp_path / "study.db"
    killed = optuna.create_study(study_name="booster", direction="maximize", storage=f"sqlite:///{file}")
    killed.ask()
    found = tune_booster(*data, booster=START, plan=plan(n_trials=2, study_file=file))
    assert found.trials[0]["settings"]["learning_rate"] == START.learning_rate


def test_a_budget_ends_the_search(data):
    found = tune_booster(*data, booster=START, plan=plan(n_trials=100_000, minutes=1e-6))
    assert len(found.trials) == 1


def test_folds_in_time_test_on_later_rows_only():
    applied_at = np.array(
        ["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03", "2026-01-05", "2026-01-04"] * 20, "M8[D]"
    )
    folds = _folds(np.zeros(120), plan(n_folds=3), applied_at, None)
    assert len(folds) == 2  # one day holds a third of the rows
    for train, test in folds:
        assert applied_at[train].max() < applied_at[test].min()
    assert np.array_equal(
        np.sort(np.concatenate([test for _, test in folds] + [folds[0][0]])), np.arange(120)
    )


def test_folds_by_group_keep_a_customer_together():
    groups = np.arange(90) // 3
    for train, test in _folds(np.arange(90) % 2, plan(n_folds=3), None, groups):
        assert not set(groups[train]) & set(groups[test])


def test_few_bads_are_judged_more_often():
    rare = np.arange(4000) % 100 == 0
    assert len(_folds(rare, plan(n_folds=3), None, None)) == 15
    assert len(_folds(np.arange(4000) % 2, plan(n_folds=3), None, None)) == 3
    assert len(_folds(rare, plan(n_folds=3, n_repeats=2), None, None)) == 6


@pytest.mark.parametrize(("gains", "is_left"), [((0.02, 0.021, 0.019), True), ((0.05, -0.02, 0.0), False)])
def test_own_settings_are_left_only_for_a_clear_gain(data, monkeypatch, gains, is_left):
    own = [0.7, 0.71, 0.72]
    answers = iter([own, [a + g for a, g in zip(own, gains, strict=True)]])
    monkeypatch.setattr("credit_risk.ml.tune.aucs_of", lambda booster, folds, **_: next(answers))
    found = tune_booster(*data, booster=START, plan=plan(n_trials=2))
    assert (found.settings == found.trials[1]["settings"]) is is_left
    assert found.default_auc == pytest.approx(0.71)


def test_judged_rows_do_not_touch_the_encoding_of_texts():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"shop": rng.choice(list("abc"), 300), "x": rng.normal(size=300)})
    is_bad = rng.uniform(size=300) < 0.3
    train, test = np.arange(200), np.arange(200, 300)
    (fold,) = prepare_folds(X, is_bad, [(train, test)], seed=1)
    (flipped,) = prepare_folds(X, np.r_[is_bad[:200], ~is_bad[200:]], [(train, test)], seed=1)
    for one, other in ((fold.fitted, flipped.fitted), (fold.judged, flipped.judged)):
        assert np.array_equal(one.get_data().toarray(), other.get_data().toarray())
    alone = PdBooster(max_rounds=20, n_inner_folds=0, seed=1).fit(X[:200], is_bad[:200])
    expected = area_under_curve(alone.predict_margin(X[200:]).astype(float), is_bad[200:])
    (auc,) = aucs_of(clone(alone), [fold], n_rounds_without_gain=5)
    assert auc == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("settings", [{"n_trials": 0}, {"n_folds": 1}, {"minutes": 0.0}, {"n_repeats": 0}])
def test_unusable_plans_are_refused(settings):
    with pytest.raises(SpecificationError, match="A plan needs"):
        TuningPlan(**settings)


def test_times_and_groups_together_are_refused(data):
    with pytest.raises(SpecificationError, match="not both"):
        tune_booster(*data, plan=plan(), applied_at=np.arange(600), groups=np.arange(600))
    with pytest.raises(SpecificationError, match="600 rows"):
        tune_booster(*data, plan=plan(), groups=np.arange(5))

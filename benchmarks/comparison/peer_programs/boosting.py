"""LightGBM, CatBoost, XGBoost and interpret's EBM as they come, and LightGBM tuned. Runs in ``.peers/boosting``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import pandas as pd
from exchange import Rows, serve
from sklearn.model_selection import StratifiedKFold

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna

N_FOLDS = 3
MAX_ROUNDS = 1000
ROUNDS_WITHOUT_GAIN = 40


def categorical(rows: Rows) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables with texts as categories of the training rows; others are missing."""
    X, X_test = rows.X.copy(), rows.X_test.copy()
    for name in rows.texts:
        kind = pd.CategoricalDtype(sorted(X[name].unique()))
        X[name], X_test[name] = X[name].astype(kind), X_test[name].astype(kind)
    return X, X_test


def lightgbm_as_it_comes(rows: Rows) -> Callable[[], np.ndarray]:
    X, X_test = categorical(rows)
    model = lightgbm.LGBMClassifier(n_jobs=1, random_state=rows.seed, verbose=-1).fit(X, rows.is_bad)
    return lambda: model.predict_proba(X_test)[:, 1]


def catboost_as_it_comes(rows: Rows) -> Callable[[], np.ndarray]:
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(
        thread_count=1,
        random_seed=rows.seed,
        verbose=False,
        allow_writing_files=False,
        cat_features=rows.texts,
    )
    model.fit(rows.X, rows.is_bad)
    return lambda: model.predict_proba(rows.X_test)[:, 1]


def xgboost_as_it_comes(rows: Rows) -> Callable[[], np.ndarray]:
    from xgboost import XGBClassifier

    X, X_test = categorical(rows)
    model = XGBClassifier(n_jobs=1, random_state=rows.seed, enable_categorical=True).fit(X, rows.is_bad)
    return lambda: model.predict_proba(X_test)[:, 1]


def ebm(rows: Rows) -> Callable[[], np.ndarray]:
    from interpret.glassbox import ExplainableBoostingClassifier

    model = ExplainableBoostingClassifier(n_jobs=1, random_state=rows.seed).fit(rows.X, rows.is_bad)
    return lambda: model.predict_proba(rows.X_test)[:, 1]


def lightgbm_tuned(rows: Rows) -> Callable[[], np.ndarray]:
    """Optuna, three inner folds (in time where times are known), rounds by early stopping, refit on all rows."""
    import optuna

    X, X_test = categorical(rows)
    folds = inner_folds(rows)

    def objective(trial: optuna.Trial) -> float:
        data = lightgbm.Dataset(X, rows.is_bad)
        history = lightgbm.cv(
            suggested(trial, rows.seed),
            data,
            num_boost_round=MAX_ROUNDS,
            folds=folds,
            callbacks=[lightgbm.early_stopping(ROUNDS_WITHOUT_GAIN, verbose=False)],
        )
        aucs = history["valid auc-mean"]
        trial.set_user_attr("n_rounds", len(aucs))
        return float(aucs[-1])

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=rows.seed))
    minutes = rows.settings["minutes"]
    study.optimize(
        objective, n_trials=rows.settings["n_trials"], timeout=None if minutes is None else 60.0 * minutes
    )
    best = study.best_trial
    parameters = suggested(optuna.trial.FixedTrial(best.params), rows.seed)
    model = lightgbm.train(
        parameters, lightgbm.Dataset(X, rows.is_bad), num_boost_round=best.user_attrs["n_rounds"]
    )
    return lambda: model.predict(X_test)


def suggested(trial: Any, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "auc",
        "verbose": -1,
        "num_threads": 1,
        "seed": seed,
        "bagging_freq": 1,
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.1, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 63, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 5, 200, log=True),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.01, 50.0, log=True),
    }


def inner_folds(rows: Rows) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return three folds; where times are known, each tests on rows after those it was fitted on."""
    if rows.applied_at is None:
        splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=rows.seed)
        return list(splitter.split(rows.X, rows.is_bad))
    order = np.argsort(rows.applied_at, kind="stable")
    parts = np.array_split(order, N_FOLDS + 1)
    return [(np.concatenate(parts[:k]), parts[k]) for k in range(1, N_FOLDS + 1)]


if __name__ == "__main__":
    serve(
        {
            "lightgbm": lightgbm_as_it_comes,
            "catboost": catboost_as_it_comes,
            "xgboost": xgboost_as_it_comes,
            "lightgbm_tuned": lightgbm_tuned,
            "ebm": ebm,
        },
        (
            "lightgbm",
            "catboost",
            "xgboost-cpu",
            "interpret-core",
            "optuna",
            "scikit-learn",
            "numpy",
            "pandas",
        ),
    )

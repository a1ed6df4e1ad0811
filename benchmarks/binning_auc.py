"""Cards and depth-1 boosting on real data: same folds, same columns, protected columns dropped for all."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path  # noqa: TC003

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold

from credit_risk.binning import WoeBinner
from credit_risk.scorecard import Scorecard

HELOC_CODES = (-7.0, -8.0, -9.0)


def taiwan(folder: Path):
    data = pd.read_parquet(folder / "uci_default_credit_card" / "uci_credit_card.parquet")
    return data.drop(columns=["ID", "SEX", "MARRIAGE", "AGE", "default_next_month"]).astype(float), data[
        "default_next_month"
    ].to_numpy()


def heloc(folder: Path):
    data = pd.read_parquet(folder / "fico_heloc" / "heloc.parquet")
    y = (data["RiskPerformance"] == "Bad").astype(int).to_numpy()
    return data.drop(columns=["RiskPerformance", "target_bad"], errors="ignore").astype(float), y


def german(folder: Path):
    data = pd.read_parquet(folder / "german_credit" / "germancredit.parquet")
    y = (data["creditability"] == "bad").astype(int).to_numpy()
    protected = ["personal_status_and_sex", "age_in_years", "foreign_worker"]
    return data.drop(columns=["creditability", "target_bad", *protected], errors="ignore"), y


def give_me_some_credit(folder: Path):
    data = pd.read_parquet(folder / "give_me_some_credit" / "cs_training.parquet")
    drop = ["SeriousDlqin2yrs", "age", "Unnamed: 0"]
    return data.drop(columns=drop, errors="ignore").astype(float), data["SeriousDlqin2yrs"].to_numpy()


class OurCard:
    def __init__(self, codes, **settings):
        self.codes, self.settings = codes, settings

    def fit(self, X, y):
        least = min(30, max(5, int(y.sum()) // 40))
        binner = WoeBinner(
            max_bins=10,
            min_share=0.02,
            min_goods=least,
            min_bads=least,
            min_own_rows=10,
            special_codes=self.codes,
        )
        self.card = Scorecard(binner=binner, **self.settings).fit(X, y)
        return self

    def pd(self, X):
        return self.card.predict_proba(X)[:, 1]


class OptbinningCard:
    def __init__(self, codes):
        self.codes = codes

    def _text(self, X):
        return X.astype(dict.fromkeys(self.text, object))

    def fit(self, X, y):
        with contextlib.redirect_stderr(io.StringIO()):
            from optbinning import BinningProcess
            from optbinning import Scorecard as PeerCard
        self.text = [name for name in X.columns if X[name].dtype.kind not in "fiu"]
        process = BinningProcess(
            list(X.columns), categorical_variables=self.text, special_codes=list(self.codes or ()) or None
        )
        self.card = PeerCard(binning_process=process, estimator=LogisticRegression(max_iter=1000))
        self.card.fit(self._text(X), y, metric_missing="empirical", metric_special="empirical")
        return self

    def pd(self, X):
        self.card.binning_process_  # noqa: B018
        return self.card.predict_proba(self._text(X))[:, 1]


class DepthOne:
    def fit(self, X, y):
        import xgboost

        X = self._numbers(X)
        self.model = xgboost.XGBClassifier(
            max_depth=1, learning_rate=0.1, n_estimators=500, subsample=0.8, reg_lambda=5, min_child_weight=5,
            tree_method="hist", enable_categorical=True, n_jobs=1, random_state=0,
        ).fit(X, y)  # fmt: skip
        return self

    @staticmethod
    def _numbers(X):
        return X.astype({name: "category" for name in X.columns if X[name].dtype.kind not in "fiu"})

    def pd(self, X):
        return self.model.predict_proba(self._numbers(X))[:, 1]


def benchmark_auc(folder: Path) -> None:
    sets = {
        "Taiwan": (taiwan(folder), None, 1),
        "HELOC": (heloc(folder), HELOC_CODES, 1),
        "German": (german(folder), None, 5),
        "Give Me Some Credit": (give_me_some_credit(folder), None, 1),
    }
    for name, ((X, y), codes, repeats) in sets.items():
        tools = {
            "our card": lambda codes=codes: OurCard(codes),
            "our card, plain WoE": lambda codes=codes: OurCard(codes, shape_pull=None),
            "optbinning card": lambda codes=codes: OptbinningCard(codes),
            "depth-1 boosting": DepthOne,
        }
        found = {tool: [] for tool in tools}
        for train, test in RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=0).split(X, y):
            for tool, make in tools.items():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    pd_test = make().fit(X.iloc[train], y[train]).pd(X.iloc[test])
                found[tool].append(roc_auc_score(y[test], pd_test))
        ours = np.array(found["our card"])
        print(f"{name}: {len(X):,} rows, {X.shape[1]} columns, {len(ours)} folds")
        for tool, values in found.items():
            gap = ours - np.array(values)
            half = 2.0 * gap.std(ddof=1) / np.sqrt(len(gap))
            print(
                f"  {tool:22s} mean AUC {np.mean(values):.4f}; our card less this, paired: {gap.mean():+.4f} (+- {half:.4f}, two standard errors over folds)",
                flush=True,
            )

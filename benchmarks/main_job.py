"""Accuracy of the main job's models: 5 stratified folds on the shipped Taiwan data, protected columns never used.

Ours and two peers on the same features and folds, everything (bins, selection, rounds) refitted inside each fold.

Run: python benchmarks/main_job.py
"""

from __future__ import annotations

import os
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

import credit_risk as cr

PROJECT = Path(__file__).resolve().parents[1]
DATA = PROJECT / "data_samples" / "uci_credit_card"
CONFIGURATION = PROJECT / "examples" / "uci_credit_card"
SEED = 20051001


def ours_card(features: cr.FeatureCatalogue) -> object:
    return cr.Scorecard(directions=features.directions, max_features=20)


def ours_booster(features: cr.FeatureCatalogue) -> object:
    return cr.PdBooster(monotone=features.directions)


def xgboost_defaults(features: cr.FeatureCatalogue) -> object:
    import xgboost

    return xgboost.XGBClassifier(n_jobs=1)


def optbinning_defaults(features: cr.FeatureCatalogue) -> object:
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    class Card:
        def fit(self, X: pd.DataFrame, y: np.ndarray) -> object:
            process = BinningProcess(list(X.columns), selection_criteria={"iv": {"min": 0.02}})
            self.card = Scorecard(binning_process=process, estimator=LogisticRegression(max_iter=1000)).fit(
                X, y
            )
            return self

        def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
            return self.card.predict_proba(X)

    return Card()


TOOLS = {
    "our card": ours_card,
    "our booster": ours_booster,
    "optbinning card, IV > 0.02": optbinning_defaults,
    "XGBoost defaults": xgboost_defaults,
}


def main() -> None:
    warnings.filterwarnings("ignore")
    sources = cr.read_sources(DATA)
    features = cr.FeatureCatalogue.from_toml(CONFIGURATION / "features.toml")
    table = cr.compute_features(features, sources)
    is_bad = (
        cr.OutcomeDefinition.from_toml(CONFIGURATION / "outcome.toml").label(sources)["is_bad"].to_numpy()
    )
    print(
        f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.2f}, Python {platform.python_version()}", end=", "
    )
    print(
        ", ".join(
            f"{name} {version(name)}" for name in ("xgboost-cpu", "optbinning", "scikit-learn", "numpy")
        )
    )
    print(f"{len(is_bad)} customers, {len(features.names)} features, {is_bad.mean():.4f} bad")
    folds = list(StratifiedKFold(5, shuffle=True, random_state=SEED).split(table.X, is_bad))
    rows = []
    for tool, make in TOOLS.items():
        aucs, seconds = [], []
        for train, test in folds:
            started = time.perf_counter()
            model = make(features).fit(table.X.iloc[train], is_bad[train])
            seconds.append(time.perf_counter() - started)
            aucs.append(roc_auc_score(is_bad[test], model.predict_proba(table.X.iloc[test])[:, 1]))
        rows.append(
            {
                "tool": tool,
                "AUC": np.mean(aucs),
                "sd": np.std(aucs, ddof=1),
                "fit s (median)": np.median(seconds),
            }
        )
        print(pd.DataFrame(rows[-1:]).to_string(index=False, float_format="{:.4f}".format), flush=True)


if __name__ == "__main__":
    main()

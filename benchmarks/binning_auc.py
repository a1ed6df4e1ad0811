"""Cards and depth-1 boosting on real data: same folds, same columns, protected columns dropped for all.

optbinning's and toad's default cards run in ``.peers/scorecards`` on the same folds (``make peers`` builds it), through files in a temporary
folder. Intervals are of the corrected resampled t-test: folds share training rows, so the variance over folds is enlarged
by (1 / folds + test rows / training rows) instead of 1 / folds.

References: Nadeau and Bengio, Inference for the Generalization Error, Machine Learning, 2003.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold

from credit_risk.scorecard import BoostedScorecard, Scorecard
from credit_risk.scorecard.fit import default_binner

HELOC_CODES = (-7.0, -8.0, -9.0)
PEERS = Path(os.environ.get("CREDIT_RISK_PEERS", ".peers"))
BEST_OF = ("optbinning card", "toad card")


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


def our_card(kind, codes, **settings):
    """Return a maker of one of our cards with its default settings, told the special codes."""

    class Card:
        def fit(self, X, y):
            binner = default_binner(int(y.sum())).set_params(special_codes=codes)
            self.card = kind(binner=binner, **settings).fit(X, y)
            return self

        def pd(self, X):
            return self.card.predict_proba(X)[:, 1]

    return Card


def peer_answers(X, y, tests, codes):
    """Return PD or score of every test row by the peers' default cards, in their own environment."""
    python = PEERS / "scorecards" / "bin" / "python"
    if not python.exists():
        print(f"  peers not run: {python} does not exist (make peers)")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        X.reset_index(drop=True).to_parquet(place / "X.parquet")
        np.savez(place / "folds.npz", y=y, test=np.array(tests))
        (place / "settings.json").write_text(json.dumps({"special_codes": list(codes or ())}))
        script = Path(__file__).parent / "peer_cards.py"
        done = subprocess.run(
            [str(python), str(script), folder],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": ""},
        )
        print(f"  peers: {done.stdout.strip()}")
        with np.load(place / "answers.npz") as stored:
            return {key: stored[key] for key in stored.files}


def interval(gap, test_share):
    """Return the mean paired difference and half its 95 % interval by the corrected resampled t-test."""
    k = len(gap)
    variance = gap.var(ddof=1) * (1.0 / k + test_share / (1.0 - test_share))
    return gap.mean(), float(student.ppf(0.975, k - 1)) * np.sqrt(variance)


def benchmark_auc(folder: Path) -> None:
    sets = {
        "Taiwan": (taiwan(folder), None, 1),
        "HELOC": (heloc(folder), HELOC_CODES, 1),
        "German": (german(folder), None, 5),
        "Give Me Some Credit": (give_me_some_credit(folder), None, 1),
    }
    for name, ((X, y), codes, repeats) in sets.items():
        compare(name, X, y, codes, repeats)


def compare(name, X, y, codes, repeats) -> None:
    folds = list(
        RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=0).split(np.zeros(len(y)), y)
    )
    print(f"{name}: {len(X):,} rows, {X.shape[1]} columns, {len(folds)} folds, load {os.getloadavg()[0]:.1f}")
    tools = {
        "our card": our_card(Scorecard, codes),
        "our card, no second look": our_card(Scorecard, codes, second_look=False),
        "our card, plain WoE": our_card(Scorecard, codes, shape_pull=None),
        "our boosted card": our_card(BoostedScorecard, codes),
        "our boosted card, at most 10 bins": our_card(BoostedScorecard, codes, max_bins=10),
        "depth-1 boosting": DepthOne,
    }
    found, seconds = {tool: [] for tool in tools}, dict.fromkeys(tools, 0.0)
    for train, test in folds:
        for tool, make in tools.items():
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pd_test = make().fit(X.iloc[train], y[train]).pd(X.iloc[test])
            seconds[tool] += time.perf_counter() - start
            found[tool].append(roc_auc_score(y[test], pd_test))
    is_test = [np.isin(np.arange(len(y)), test) for _, test in folds]
    for key, answer in peer_answers(X, y, is_test, codes).items():
        tool, k = key.rsplit("/", 1)
        tool = "toad card, tree bins (not its default)" if "tree" in tool else f"{tool} card"
        found.setdefault(tool, []).append(roc_auc_score(y[is_test[int(k)]], answer))
    report({tool: np.array(values) for tool, values in found.items()}, seconds, len(folds))


def report(found, seconds, n_folds) -> None:
    for ours in ("our card", "our boosted card"):
        print(f"  {ours} less each, paired, 95 % interval:")
        for tool, values in found.items():
            mean, half = interval(found[ours] - values, 0.2)
            spent = f"; {seconds[tool] / n_folds:.2f} s a fold" if tool in seconds else ""
            print(f"    {tool:40s} AUC {values.mean():.4f}; {mean:+.4f} (+- {half:.4f}){spent}", flush=True)
        peers = [tool for tool in BEST_OF if tool in found]
        if peers:
            best = max(peers, key=lambda tool: found[tool].mean())
            mean, half = interval(found[ours] - found[best], 0.2)
            print(
                f"    against the better default card of the peers ({best}): {mean:+.4f} (+- {half:.4f})",
                flush=True,
            )


if __name__ == "__main__":
    benchmark_auc(Path(os.environ["CREDIT_RISK_BENCHMARK_DATA"]))

"""Default cards of optbinning and toad on prepared folds; run by the peers' own Python (``.peers/scorecards/bin/python``).

Usage: ``peer_cards.py FOLDER``: reads ``X.parquet``, ``folds.npz`` and ``settings.json`` there, writes ``answers.npz`` (one PD or score per
test row, tool and fold) and prints versions.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression


def text_columns(X):
    return [name for name in X.columns if X[name].dtype.kind not in "fiu"]


def optbinning_card(X, y, test, codes):
    from optbinning import BinningProcess, Scorecard

    text = text_columns(X)
    X, test = X.astype(dict.fromkeys(text, object)), test.astype(dict.fromkeys(text, object))
    process = BinningProcess(list(X.columns), categorical_variables=text, special_codes=codes or None)
    card = Scorecard(binning_process=process, estimator=LogisticRegression(max_iter=1000))
    card.fit(X, y, metric_missing="empirical", metric_special="empirical")
    return card.predict_proba(test)[:, 1]


def toad_card(X, y, test, codes, **settings):
    import toad

    text = text_columns(X)
    X, test = X.astype(dict.fromkeys(text, object)), test.astype(dict.fromkeys(text, object))
    combiner = toad.transform.Combiner()
    combiner.fit(X, y, **settings)
    transformer = toad.transform.WOETransformer()
    woe = transformer.fit_transform(combiner.transform(X), y)
    card = toad.ScoreCard(combiner=combiner, transer=transformer)
    card.fit(woe, pd.Series(y))
    return -np.asarray(card.predict(test), dtype=float)


def main():
    folder = Path(sys.argv[1])
    X = pd.read_parquet(folder / "X.parquet")
    stored = np.load(folder / "folds.npz")
    codes = json.loads((folder / "settings.json").read_text())["special_codes"]
    y, fold_of = stored["y"], stored["test"]
    answers = {}
    tools = {
        "optbinning": optbinning_card,
        "toad": toad_card,
        "toad, tree bins": lambda *sample: toad_card(*sample, method="dt"),
    }
    for name, tool in tools.items():
        found = {}
        try:
            for k, is_test in enumerate(fold_of):
                with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                    warnings.simplefilter("ignore")
                    train = ~is_test
                    found[f"{name}/{k}"] = tool(
                        X[train].reset_index(drop=True), y[train], X[is_test].reset_index(drop=True), codes
                    )
        except Exception as error:
            print(f"{name} fails in fold {len(found)}: {type(error).__name__}: {error};", end=" ")
            continue
        answers.update(found)
    np.savez(folder / "answers.npz", **answers)
    print(f"optbinning {version('optbinning')}, toad {version('toad')}, pandas {pd.__version__}")


if __name__ == "__main__":
    main()

"""Cards of optbinning and toad, with their own settings. Runs in ``.peers/scorecards``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import toad
from exchange import Rows, serve
from optbinning import BinningProcess, Scorecard
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def optbinning_card(rows: Rows) -> Callable[[], np.ndarray]:
    process = BinningProcess(list(rows.X.columns), categorical_variables=rows.texts)
    card = Scorecard(binning_process=process, estimator=LogisticRegression(max_iter=1000))
    card.fit(rows.X, rows.is_bad)
    return lambda: card.predict_proba(rows.X_test)[:, 1]


def toad_card(rows: Rows) -> Callable[[], np.ndarray]:
    """The way of toad's tutorial: select by information value and correlation, merge by chi-square, WoE, regression."""
    table = rows.X.assign(is_bad=rows.is_bad)
    chosen = toad.selection.select(table, target="is_bad")
    combiner = toad.transform.Combiner()
    # missing values in a bin of their own: without it toad's chi-square merge ends in a panic on them
    combiner.fit(chosen, y="is_bad", method="chi", min_samples=0.05, empty_separate=True)
    encoder = toad.transform.WOETransformer()
    columns = [name for name in chosen.columns if name != "is_bad"]
    woe = encoder.fit_transform(combiner.transform(chosen[columns]), rows.is_bad)
    regression = LogisticRegression(max_iter=1000).fit(woe, rows.is_bad)
    return lambda: regression.predict_proba(encoder.transform(combiner.transform(rows.X_test[columns])))[:, 1]


if __name__ == "__main__":
    serve(
        {"optbinning": optbinning_card, "toad": toad_card},
        ("optbinning", "toad", "scikit-learn", "numpy", "pandas"),
    )

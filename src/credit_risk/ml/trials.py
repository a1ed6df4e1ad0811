"""Judging settings on rows they were not fitted on: everything that does not depend on the settings is prepared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.ml.design import training_design, transform_design
from credit_risk.numerics.discrimination import area_under_curve

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import xgboost
    from numpy.typing import NDArray

    from credit_risk.ml.fit import PdBooster


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerFold:
    """Rows to fit on and rows to judge on, as matrices; texts are encoded by the outcomes of the fitted rows alone."""

    names: list[str]
    fitted: xgboost.DMatrix
    judged: xgboost.DMatrix
    is_bad_fitted: NDArray[np.float64]
    is_bad_judged: NDArray[np.bool_]


def prepare_folds(
    X: pd.DataFrame, is_bad: NDArray[Any], folds: Iterable[tuple[NDArray[Any], NDArray[Any]]], seed: int
) -> list[InnerFold]:
    """Return the folds as matrices."""
    import xgboost

    prepared = []
    for train, test in folds:
        y = is_bad[train].astype(np.float64)
        values, names, encodings = training_design(X.iloc[train], y, seed)
        others = transform_design(names, encodings, X.iloc[test])
        prepared.append(
            InnerFold(
                names=names,
                fitted=xgboost.DMatrix(values, label=y, nthread=1),
                judged=xgboost.DMatrix(others, label=is_bad[test], nthread=1),
                is_bad_fitted=y,
                is_bad_judged=is_bad[test].astype(np.bool_),
            )
        )
    return prepared


def aucs_of(booster: PdBooster, folds: list[InnerFold], *, n_rounds_without_gain: int) -> list[float]:
    """Return the AUC on each fold's judged rows, at the number of rounds that suits them best.

    The rounds are read off the rows that are judged, for every setting alike; so AUCs compare settings and flatter them all.
    A booster with ``n_inner_folds=0`` keeps its ``max_rounds``.
    """
    import xgboost

    stops = None if booster.n_inner_folds < 2 else n_rounds_without_gain
    aucs = []
    for fold in folds:
        fitted = xgboost.train(
            booster.parameters(fold.names, fold.is_bad_fitted),
            fold.fitted,
            num_boost_round=booster.max_rounds,
            evals=[(fold.judged, "judged")],
            early_stopping_rounds=stops,
            verbose_eval=False,
        )
        last = booster.max_rounds if stops is None else fitted.best_iteration + 1
        margin = fitted.predict(fold.judged, output_margin=True, iteration_range=(0, last))
        aucs.append(area_under_curve(margin.astype(np.float64), fold.is_bad_judged))
    return aucs

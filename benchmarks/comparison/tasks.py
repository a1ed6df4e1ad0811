"""Data sets of the comparison: each loader gives a task, or says why it cannot run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import credit_risk as cr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from credit_risk.sources import Sources

PROJECT = Path(__file__).resolve().parents[2]
DATA_VARIABLE = "CREDIT_RISK_BENCHMARK_DATA"

Fold = tuple[np.ndarray, np.ndarray]


class NotRun(Exception):  # noqa: N818 - a statement, not a fault
    """The data set is not on this machine."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is predicted, from which columns, on which rows.

    ``views`` names sets of columns that are compared with each other; ``folds`` are (train, test) positions.
    """

    name: str
    X: pd.DataFrame
    is_bad: np.ndarray
    views: Mapping[str, tuple[str, ...]]
    folds: tuple[Fold, ...]
    directions: Mapping[str, int]
    protocol: str
    notes: tuple[str, ...] = ()


def published(folder: str) -> Path:
    """Return a folder of the data that is never shipped."""
    root = os.environ.get(DATA_VARIABLE)
    if not root:
        raise NotRun(f"{DATA_VARIABLE} is not set")
    found = Path(root) / folder
    if not found.is_dir():
        raise NotRun(f"{DATA_VARIABLE} holds no folder '{folder}'")
    return found


def superlender(cache: Path) -> Task:
    """Repeat instant loans: the form alone, and the form with the history of earlier loans."""
    from superlender.adapter import HERE, write_sources

    sources = cr.read_sources(write_sources(published("superlender_zindi"), cache / "superlender"))
    catalogue = cr.FeatureCatalogue.from_toml(HERE / "features.toml")
    table = cr.compute_features(catalogue, sources)
    is_bad = cr.OutcomeDefinition.from_toml(HERE / "outcome.toml").label(sources)["is_bad"].to_numpy()
    fold = split_by_time(sources.applications["applied_at"], 0.7)
    form = tuple(d.name for d in catalogue.definitions if d.source == "application")
    return Task(
        name="SuperLender",
        X=table.X,
        is_bad=is_bad,
        views={"application only": form, "with history": catalogue.names},
        folds=(fold,),
        directions=catalogue.directions,
        protocol="first 70 % of applications by time train, last 30 % test; history strictly before each application",
        notes=(
            parity(catalogue, sources, table.X),
            screening(catalogue, sources, table.X, is_bad),
            signs(catalogue, table.X.iloc[fold[0]], is_bad[fold[0]]),
        ),
    )


def parity(catalogue: cr.FeatureCatalogue, sources: Sources, X: pd.DataFrame) -> str:
    """Compute every application in real time too, from its raw records, and say how many rows are equal."""
    from credit_risk.features import FeatureClosure

    closure = FeatureClosure(catalogue, sources.contracts)
    requests = sources.raw_requests(list(X.index))
    live = [closure(cr.Application.from_mapping(form), records).values for form, records in requests]
    equal = sum(np.array_equal(a, b, equal_nan=True) for a, b in zip(live, X.to_numpy(), strict=True))
    return f"real time equals batch in every bit: {equal} of {len(X)} applications"


def screening(catalogue: cr.FeatureCatalogue, sources: Sources, X: pd.DataFrame, is_bad: np.ndarray) -> str:
    """Look for features that know too much, a day's shift and the delays of records among the means."""
    from credit_risk.features.inspection import shift_test
    from credit_risk.samples import screen_features

    shift = shift_test(catalogue, sources, days=1, is_bad=is_bad)
    report = screen_features(X, is_bad, shift=shift, catalogue=catalogue, sources=sources)
    return f"features under suspicion of a leak: {report.suspects or 'none'}"


def signs(catalogue: cr.FeatureCatalogue, X: pd.DataFrame, is_bad: np.ndarray) -> str:
    """Hold the signs expected beforehand against the training rows; a sign that was not found stays as it was."""
    from credit_risk.features.inspection.time_travel import separation

    expected = {name: sign for name, sign in catalogue.directions.items() if sign}
    found = {name: np.sign(separation(X[name].to_numpy(), is_bad) - 0.5) for name in expected}
    against = [name for name, sign in expected.items() if found[name] != sign]
    borne_out = len(expected) - len(against)
    return f"expected signs found on the training rows: {borne_out} of {len(expected)}; not found: {', '.join(against)}"


def split_by_time(applied_at: pd.Series, share: float) -> Fold:
    """Return positions of the earlier applications, and of the later ones."""
    order = np.argsort(applied_at.to_numpy(), kind="stable")
    cut = int(share * len(order))
    return np.sort(order[:cut]), np.sort(order[cut:])


TASKS: dict[str, Callable[[Path], Task]] = {"superlender": superlender}

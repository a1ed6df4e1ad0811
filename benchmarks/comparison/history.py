"""SuperLender: repeat instant loans, features from the loans before; and what that history is worth."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

import credit_risk as cr
from comparison.paired import lift
from comparison.store import predict
from comparison.task import Task, published, split_by_time
from credit_risk.numerics.discrimination import area_under_curve

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from comparison.tools import Tool
    from credit_risk.sources import Sources

WANTED_LIFT = 0.06
LARGEST_RHO = 0.99


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
        applied_at=sources.applications["applied_at"]
        .dt.tz_convert("UTC")
        .dt.tz_localize(None)
        .to_numpy()
        .astype(np.int64),
        dropped="birthdate, education, coordinates",
        notes=lambda: (
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


def report_history(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    """Check the features of history, and say how much they are worth over the form alone."""
    print(f"\n{task.name}: {len(task.is_bad)} rows, {task.is_bad.mean():.4f} bad; {task.protocol}")
    for note in task.notes():
        print(note)
    report_lift(task, tools, cache)
    report_alike(task)


def report_lift(task: Task, tools: dict[str, Tool], cache: Path) -> None:
    """Say how much the second view is worth over the first."""
    base, better = task.views
    widths = {view: len(columns) for view, columns in task.views.items()}
    print(f"columns: {base} {widths[base]}, {better} {widths[better]}")
    print(f"{'tool':14s}{base:>18s}{better:>14s}{'lift':>8s}  bootstrap 95 %      DeLong 95 %         fit s")
    for tool in tools.values():
        for fold, (_, test) in enumerate(task.folds):
            found = {view: predict(task, tool, view, fold, cache) for view in task.views}
            is_bad = task.is_bad[test]
            aucs = [area_under_curve(found[view].pd, is_bad) for view in (base, better)]
            gain = lift(found[better].pd, found[base].pd, is_bad)
            verdict = (
                "" if gain.difference >= WANTED_LIFT and gain.bootstrap[0] > 0 else "  BELOW WHAT IS ASKED"
            )
            saved = "" if found[better].is_new else " (saved)"
            print(
                f"{tool.name:14s}{aucs[0]:18.4f}{aucs[1]:14.4f}{gain.difference:+8.4f}"
                f"  {gain.bootstrap[0]:+.4f}..{gain.bootstrap[1]:+.4f}"
                f"    {gain.delong[0]:+.4f}..{gain.delong[1]:+.4f}{found[better].fit_seconds:10.1f}{saved}{verdict}"
            )
    print(f"asked: a lift of at least {WANTED_LIFT}, with a paired 95 % interval above 0")


def report_alike(task: Task) -> None:
    """Name pairs of features that say the same."""
    rho = task.X.rank().corr().abs().fillna(0.0)
    pairs = [(rho.loc[a, b], a, b) for a, b in itertools.combinations(task.X.columns, 2)]
    alike = [pair for pair in pairs if pair[0] > LARGEST_RHO]
    closest = max(pairs)
    print(f"pairs with |rank correlation| above {LARGEST_RHO}: {len(alike)} of {len(pairs)}", end="; ")
    print(f"closest: {closest[1]} and {closest[2]}, {closest[0]:.4f}")
    for value, a, b in alike:
        print(f"  {np.round(value, 4)}  {a}  {b}")

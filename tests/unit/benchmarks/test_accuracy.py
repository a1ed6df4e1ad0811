"""The accuracy benchmark on made-up rows: clocks of SuperLender, catalogue against contracts, results that can be resumed."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from credit_risk.features import FeatureCatalogue, FeatureClosure, compute_features
from credit_risk.performance import OutcomeDefinition
from credit_risk.sources import read_sources


@pytest.fixture(autouse=True)
def on_path(monkeypatch, project_folder):
    monkeypatch.syspath_prepend(str(project_folder / "benchmarks"))
    yield
    for name in [
        name for name in sys.modules if name.split(".")[0] in ("superlender", "comparison", "accuracy")
    ]:
        del sys.modules[name]


@pytest.fixture
def synthetic_tables(tmp_path):
    """Two synthetic customers in the three published layouts; the first applies right after closing a late loan."""
    stamp = pd.Timestamp
    loans = pd.DataFrame(
        {
            "customerid": ["a", "b"],
            "systemloanid": [10, 11],
            "loannumber": [2, 1],
            "approveddate": [stamp("2017-07-05 00:30:00"), stamp("2017-07-09 10:00:30")],
            "creationdate": [stamp("2017-07-04 23:29:40"), stamp("2017-07-09 09:00:00")],
            "loanamount": [20000.0, 10000.0],
            "totaldue": [24500.0, 13000.0],
            "termdays": [30, 30],
            "referredby": [None, "a"],
            "target_bad": np.array([0, 1], dtype="int8"),
        }
    )
    earlier = pd.DataFrame(
        {
            "customerid": ["a"],
            "systemloanid": [9],
            "loannumber": [1],
            "approveddate": [stamp("2017-06-01 12:00:00")],
            "creationdate": [stamp("2017-06-01 11:00:00")],
            "loanamount": [10000.0],
            "totaldue": [13000.0],
            "termdays": [30],
            "closeddate": [stamp("2017-07-05 00:29:00")],
            "firstduedate": [stamp("2017-07-01")],
            "firstrepaiddate": [stamp("2017-07-04 23:59:00")],
        }
    )
    people = pd.DataFrame({"customerid": ["a", "a"], "bank_account_type": ["Savings", "Savings"]})
    for name, table in (("loans", loans), ("prev_loans", earlier), ("demographics", people)):
        table.to_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def test_both_clocks_of_superlender_are_read_as_they_are(synthetic_tables, tmp_path):
    from superlender.adapter import HERE, write_sources

    sources = read_sources(write_sources(synthetic_tables, tmp_path / "out"))
    catalogue = FeatureCatalogue.from_toml(HERE / "features.toml")
    applied, closed = sources.applications["applied_at"].iloc[0], sources.records["earlier_loans"]
    assert applied.isoformat() == "2017-07-04T23:29:40+00:00"
    assert (
        int(closed["event_time_us"].iloc[0]) == 1_499_210_940_000_000
    )  # 2017-07-04 23:29:00 UTC, 40 s before
    table = compute_features(catalogue, sources)
    row = table.X.iloc[0]
    assert row["earlier_loans__all__days_late_first__history__last"] == 3.0
    assert row["earlier_loans__all__days_late_closed__history__last"] == 4.0
    assert row["earlier_loans__all__days_held__history__last"] == 34.0
    assert row["earlier_loans__all__fee_rate__history__mean"] == 0.3
    assert row["earlier_loans__all__amount_asked__history__last"] == 2.0
    assert table.flags["earlier_loans__no_records"].tolist() == [False, True]
    assert OutcomeDefinition.from_toml(HERE / "outcome.toml").label(sources)["is_bad"].tolist() == [
        False,
        True,
    ]


def test_history_features_are_reasoned_and_read_nothing_protected(project_folder):
    from superlender.adapter import HERE, applications

    from credit_risk.sources.contract_toml import read_contracts

    catalogue = FeatureCatalogue.from_toml(HERE / "features.toml")
    history = [d for d in catalogue.definitions if d.source == "earlier_loans"]
    assert len(history) >= 10
    assert all(d.rationale and d.missing and d.meaning for d in history)
    FeatureClosure(catalogue, read_contracts(HERE / "sources.toml"))  # plans without any data
    text = (HERE / "sources.toml").read_text(encoding="utf-8")
    assert not any(word in text for word in ("birth", "education", "longitude", "latitude", "gender"))
    assert applications.__doc__


@pytest.fixture
def task():
    from comparison.tasks import Task

    X = pd.DataFrame({"x": np.arange(40.0), "z": np.arange(40.0) % 7})
    is_bad = np.arange(40) % 3 == 0
    fold = (np.arange(30), np.arange(30, 40))
    views = {"base": ("z",), "all": ("x", "z")}
    return Task(
        name="toy", X=X, is_bad=is_bad, views=views, folds=(fold,), directions={"x": 1}, protocol="toy"
    )


def test_saved_result_counts_only_for_the_same_program_and_rows(task, tmp_path):
    from comparison.store import predict
    from comparison.tools import Tool

    calls = []

    def tool(identity):
        def mean(X, is_bad, X_test, directions):
            calls.append((list(X.columns), dict(directions)))
            return np.full(len(X_test), is_bad.mean())

        return Tool(name="mean", predict=mean, identity=identity)

    first = predict(task, tool("1"), "all", 0, tmp_path)
    again = predict(task, tool("1"), "all", 0, tmp_path)
    assert (first.is_new, again.is_new) == (True, False)
    np.testing.assert_array_equal(first.pd, again.pd)
    assert predict(task, tool("2"), "all", 0, tmp_path).is_new
    assert predict(task, tool("1"), "base", 0, tmp_path).is_new
    assert calls == [(["x", "z"], {"x": 1, "z": 0})] * 2 + [(["z"], {"z": 0})]


def test_results_never_lie_inside_the_repository(project_folder):
    from comparison.store import cache_folder

    with pytest.raises(SystemExit, match="outside the repository"):
        cache_folder(str(project_folder / "benchmarks" / "cache"))


def test_lift_of_a_perfect_over_a_blind_prediction():
    from comparison.paired import lift

    is_bad = np.tile([True, False, False], 60)
    rng = np.random.default_rng(3)
    found = lift(is_bad * 1.0, rng.uniform(size=180), is_bad, n_resamples=200)
    assert found.bootstrap[0] > 0.2
    assert found.delong[0] > 0.2
    same = lift(is_bad * 1.0, is_bad * 1.0, is_bad, n_resamples=50)
    assert (same.difference, same.bootstrap) == (0.0, (0.0, 0.0))


def test_data_that_is_not_here_is_said_to_be_not_run(monkeypatch, tmp_path):
    from comparison.tasks import DATA_VARIABLE, NotRun, superlender

    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    with pytest.raises(NotRun, match="is not set"):
        superlender(tmp_path)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    with pytest.raises(NotRun, match="holds no folder 'superlender_zindi'"):
        superlender(tmp_path)


def test_a_run_without_the_data_says_so_and_ends_well(monkeypatch, tmp_path, capsys):
    import accuracy

    monkeypatch.delenv("CREDIT_RISK_BENCHMARK_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "--cache", str(tmp_path)])
    accuracy.main()
    assert "superlender: not run (CREDIT_RISK_BENCHMARK_DATA is not set)" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "superlendr"])
    with pytest.raises(SystemExit):
        accuracy.main()
    assert "no data set named 'superlendr'; known: superlender" in capsys.readouterr().err


def test_a_lift_that_is_too_small_is_called_so(task, tmp_path, capsys):
    import accuracy
    from comparison.tools import Tool

    def blind(X, is_bad, X_test, directions):
        return np.linspace(0.1, 0.9, len(X_test))

    accuracy.report(task, {"blind": Tool(name="blind", predict=blind, identity="1")}, tmp_path)
    out = capsys.readouterr().out
    assert "BELOW WHAT IS ASKED" in out
    assert "pairs with |rank correlation| above 0.99: 0 of 1" in out

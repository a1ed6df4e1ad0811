"""The accuracy benchmark on made-up rows: clocks of SuperLender, catalogue against contracts, results that can be resumed."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from credit_risk.features import FeatureCatalogue, FeatureClosure, compute_features
from credit_risk.numerics.discrimination import area_under_curve
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
    from comparison.task import Task

    X = pd.DataFrame({"x": np.arange(40.0), "z": np.arange(40.0) % 7})
    is_bad = np.arange(40) % 3 == 0
    fold = (np.arange(30), np.arange(30, 40))
    views = {"base": ("z",), "all": ("x", "z")}
    return Task(
        name="toy", X=X, is_bad=is_bad, views=views, folds=(fold,), directions={"x": 1}, protocol="toy"
    )


def constant(number):
    """Return a ``run`` that gives every customer the same PD, whatever it is shown."""
    from comparison.tools import Prediction

    return lambda rows: Prediction(
        pd=np.full(len(rows.X_test), number), fit_seconds=0.5, predict_seconds=0.25
    )


def ranking(weight):
    """Return a ``run`` that ranks by ``weight`` times x plus z."""
    from comparison.tools import Prediction

    def run(rows):
        risk = weight * rows.X_test["x"] + rows.X_test["z"]
        return Prediction(pd=0.5 + (risk / 1000).to_numpy(), fit_seconds=0.5, predict_seconds=0.25)

    return run


def test_saved_result_counts_only_for_the_same_program_and_rows(task, tmp_path):
    from comparison.store import predict
    from comparison.tools import Prediction, Tool

    calls = []

    def tool(identity):
        def mean(rows):
            calls.append((list(rows.X.columns), dict(rows.directions)))
            return Prediction(
                pd=np.full(len(rows.X_test), rows.is_bad.mean()), fit_seconds=1.5, predict_seconds=0.5
            )

        return Tool(name="mean", run=mean, identity=identity)

    first = predict(task, tool("1"), "all", 0, tmp_path)
    again = predict(task, tool("1"), "all", 0, tmp_path)
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.fit_seconds, again.predict_seconds) == (1.5, 0.5)
    np.testing.assert_array_equal(first.pd, again.pd)
    assert predict(task, tool("2"), "all", 0, tmp_path).is_new
    assert predict(task, tool("1"), "base", 0, tmp_path).is_new
    moved = replace(
        task, folds=((np.arange(20), np.arange(20, 40)),)
    )  # the same positions, divided otherwise
    assert predict(moved, tool("1"), "all", 0, tmp_path).is_new
    assert calls == [(["x", "z"], {"x": 1, "z": 0})] * 2 + [(["z"], {"z": 0}), (["x", "z"], {"x": 1, "z": 0})]


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
    from comparison.history import superlender
    from comparison.task import DATA_VARIABLE, NotRun

    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    with pytest.raises(NotRun, match="is not set"):
        superlender(tmp_path)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    with pytest.raises(NotRun, match="holds no folder 'superlender_zindi'"):
        superlender(tmp_path)


def test_a_run_without_the_data_says_so_and_ends_well(monkeypatch, tmp_path, capsys):
    import accuracy

    monkeypatch.delenv("CREDIT_RISK_BENCHMARK_DATA", raising=False)
    monkeypatch.setattr(accuracy, "all_tools", lambda budget: {})
    monkeypatch.setattr(accuracy, "TASKS", {"superlender": accuracy.TASKS["superlender"]})
    monkeypatch.setattr(accuracy, "peer_versions", lambda: {"scorecards": {"toad": "0"}})
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "--cache", str(tmp_path)])
    accuracy.main()
    out = capsys.readouterr().out
    assert "superlender: not run (CREDIT_RISK_BENCHMARK_DATA is not set)" in out
    assert "peers, scorecards: toad 0" in out
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "--sets", "superlendr"])
    with pytest.raises(SystemExit):
        accuracy.main()
    assert "invalid choice: 'superlendr'" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "--tools", "crystal_ball", "--cache", str(tmp_path)])
    with pytest.raises(SystemExit, match="No tool named 'crystal_ball'"):
        accuracy.main()


def test_a_lift_that_is_too_small_is_called_so(task, tmp_path, capsys):
    from comparison.history import report_history
    from comparison.tools import Tool

    report_history(task, {"blind": Tool(name="blind", run=constant(0.3), identity="1")}, tmp_path)
    out = capsys.readouterr().out
    assert "BELOW WHAT IS ASKED" in out
    assert "pairs with |rank correlation| above 0.99: 0 of 1" in out


def test_tools_stand_in_one_table_and_one_that_fails_is_named(task, tmp_path, capsys):
    from comparison.peers import PeerError
    from comparison.results import print_table, run
    from comparison.tools import Tool

    def fails(rows):
        raise PeerError("no bins")

    folds = tuple((np.setdiff1d(np.arange(40), part), part) for part in np.array_split(np.arange(40), 4))
    task = replace(task, folds=folds, is_bad=np.arange(40) % 10 > 5)
    tools = {
        "good": Tool(name="good", run=ranking(9.0), identity="1"),
        "poor": Tool(name="poor", run=ranking(-9.0), identity="1"),
        "broken": Tool(name="broken", run=fails, identity="1"),
    }
    results = run(task, tools, tmp_path)
    print_table(task, results)
    out = capsys.readouterr().out
    assert "broken: failed (no bins)" in out
    assert [result.tool.name for result in results] == ["good", "poor"]
    assert "| good | 1.0000 (0.0000) |" in out
    assert "| best |" in out
    assert out.count("fold 4/4") == 2


def test_interval_over_folds_is_that_of_nadeau_and_bengio():
    from comparison.paired import resampled_difference

    gains = np.array([0.01, 0.02, 0.0, 0.03, 0.04])
    found = resampled_difference(gains, 0.25)
    # mean 0.02, variance 0.00025, (1/5 + 1/4) of it; t with 4 degrees of freedom at 0.975 is 2.7764
    assert found.mean == pytest.approx(0.02)
    assert found.high - found.mean == pytest.approx(2.776445 * np.sqrt(0.45 * 0.00025), rel=1e-5)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_recalibration_learns_from_rows_between_fitting_and_testing(task, tmp_path, capsys, monkeypatch):
    from comparison import reliability
    from comparison.reliability import parts_in_time, print_recalibration
    from comparison.tools import Prediction, Tool

    monkeypatch.setattr(reliability, "N_RESAMPLES", 40)

    rng = np.random.default_rng(4)
    n = 30_000
    truth = 1 / (1 + np.exp(1.5 - rng.normal(size=n)))
    X = pd.DataFrame({"x": truth, "z": 0.0})
    fold = (np.arange(20_000), np.arange(20_000, n))
    task = replace(task, X=X, is_bad=rng.uniform(size=n) < truth, applied_at=np.arange(n), folds=(fold,))
    earlier, latest, test = parts_in_time(task)
    assert task.applied_at[earlier].max() < task.applied_at[latest].min()
    assert (len(earlier), len(latest)) == (16_000, 4_000)
    assert task.applied_at[latest].max() < task.applied_at[test].min()

    def halved(rows):
        return Prediction(pd=rows.X_test["x"].to_numpy() / 2, fit_seconds=0.0, predict_seconds=0.0)

    print_recalibration(task, {"halved": Tool(name="halved", run=halved, identity="1")}, tmp_path)
    out = capsys.readouterr().out
    rows = [row.split(" | ") for row in out.splitlines() if row.startswith("| halved")]
    names = [row[0].removeprefix("| halved, ") for row in rows]
    assert names == ["as fitted", "R1", "R2", "as fitted", "R3"]
    assert [row[1] for row in rows] == ["6667"] * 3 + ["10000", "5000"]
    ratios = [float(row[5].split()[0]) for row in rows]
    assert [ratios[0], ratios[3]] == pytest.approx([0.5, 0.5], abs=0.05)
    assert [ratios[at] for at in (1, 2, 4)] == pytest.approx([1.0] * 3, abs=0.08)
    assert [row[-1].rstrip(" |") for row in rows[3:]] == ["no", "yes"]
    assert "outcomes of the months that are judged, which nobody has beforehand" in out


def test_intervals_after_recalibration_hold_the_chance_in_the_line_too(monkeypatch):
    from comparison import reliability
    from comparison.reliability import Reliability, recalibrated

    from credit_risk.calibration import LogisticCalibrator

    monkeypatch.setattr(reliability, "N_RESAMPLES", 200)
    rng = np.random.default_rng(2)
    truth = 1 / (1 + np.exp(1.0 - rng.normal(size=12_000)))
    known, judged = ((part / 2, rng.uniform(size=part.size) < part) for part in np.array_split(truth, 2))
    found, line = recalibrated(known, judged), LogisticCalibrator().fit(*known)
    fixed = Reliability.of(line.transform(judged[0]), judged[1])  # as if the line were known for certain
    assert not Reliability.of(*judged).is_within_chance
    assert found.slope[0] == pytest.approx(1.0, abs=0.15)
    assert found.ratio[0] == pytest.approx(1.0, abs=0.08)
    assert found.n_rows == 6_000
    for figure in ("slope", "shift"):
        wide, narrow = (np.ptp(getattr(one, figure)) for one in (found, fixed))
        assert wide > 1.2 * narrow
    assert recalibrated(known, judged) == found


def test_halving_leaves_what_chance_does_to_halves_of_that_size(monkeypatch):
    from comparison import reliability
    from comparison.reliability import halved

    monkeypatch.setattr(reliability, "N_RESAMPLES", 60)
    rng = np.random.default_rng(8)
    truth = 1 / (1 + np.exp(1.0 - rng.normal(size=8_000)))
    is_bad = rng.uniform(size=8_000) < truth
    found = halved((truth / 3, is_bad))
    assert found.n_rows == 4_000
    assert found.slope[0] == pytest.approx(1.0, abs=0.03)
    assert found.slope[1] < 1.0 < found.slope[2]
    # bad rates of two halves differ by chance: sqrt(2 (1 - p) / (p n)) of themselves, less what the PDs explain
    assert np.ptp(found.ratio) == pytest.approx(2 * 1.96 * np.sqrt(2 * 0.7 / 0.3 / 4_000), rel=0.35)


def test_rounds_of_one_prediction_are_no_more_customers():
    from comparison.reliability import Reliability

    rng = np.random.default_rng(3)
    truth = 1 / (1 + np.exp(1.0 - rng.normal(size=2_000)))
    is_bad = rng.uniform(size=2_000) < truth
    once, fivefold = Reliability.of(truth, is_bad), Reliability.of(np.array([truth] * 5), is_bad)
    for figure in ("slope", "ratio", "shift"):
        assert getattr(fivefold, figure) == pytest.approx(getattr(once, figure), abs=1e-9)


def test_clustered_errors_of_one_round_are_near_those_of_the_model():
    from comparison.reliability import Reliability

    from credit_risk.evaluation.reliability import calibration_in_the_large, calibration_line

    rng = np.random.default_rng(5)
    truth = 1 / (1 + np.exp(1.0 - rng.normal(size=20_000)))
    is_bad = rng.uniform(size=20_000) < truth
    found = Reliability.of(truth, is_bad)
    slope, shift = calibration_line(truth, is_bad).slope, calibration_in_the_large(truth, is_bad)
    assert found.slope == pytest.approx((slope.estimate, slope.low, slope.high), abs=0.003)
    assert found.shift == pytest.approx((shift.estimate, shift.low, shift.high), abs=0.003)


def test_every_round_is_put_back_into_the_order_of_customers(task):
    from comparison.reliability import held_out
    from comparison.task import shuffled_folds

    folds = shuffled_folds(task.is_bad, n_repeats=2)
    pds = [test / 100.0 for _, test in folds]
    rounds, is_bad = held_out(replace(task, folds=folds), pds)
    assert rounds.tolist() == [[row / 100.0 for row in range(40)]] * 2
    assert is_bad.tolist() == task.is_bad.tolist()
    assert held_out(replace(task, folds=folds[:1]), pds[:1])[0].shape == (1, 8)


def test_holdout_pds_are_held_against_what_was_asked(task, tmp_path, capsys):
    from comparison.reliability import print_holdout
    from comparison.results import run
    from comparison.tools import Prediction, Tool

    rng = np.random.default_rng(4)
    truth = 1 / (1 + np.exp(1.5 - rng.normal(size=20_000)))
    X = pd.DataFrame({"x": truth, "z": 0.0})
    parts = np.array_split(np.arange(20_000), 2)
    task = replace(
        task, X=X, is_bad=rng.uniform(size=20_000) < truth, folds=((parts[0], parts[1]), (parts[1], parts[0]))
    )

    def times(factor):
        def tool(rows):
            return Prediction(pd=rows.X_test["x"].to_numpy() * factor, fit_seconds=0.0, predict_seconds=0.0)

        return tool

    tools = {name: Tool(name=name, run=times(f), identity="1") for name, f in (("true", 1.0), ("low", 0.8))}
    print_holdout(task, run(task, tools, tmp_path))
    rows = capsys.readouterr().out.strip().splitlines()[-2:]
    verdicts = {row.split("|")[1].strip(): row.split("|")[-2].strip() for row in rows}
    assert verdicts == {"true": "held", "low": "not held"}
    assert all("| 20000 |" in row for row in rows)


def test_columns_known_only_after_the_loan_are_never_read(tmp_path, monkeypatch):
    from comparison import tables

    later = ("total_pymnt", "recoveries", "last_pymnt_amnt", "debt_settlement_flag", "settlement_amount")
    price = ("int_rate", "grade", "sub_grade", "installment", "funded_amnt", "funded_amnt_inv")
    months = pd.to_datetime(["2010-11-01", "2010-12-01", "2011-01-01", "2011-06-01"])
    table = pd.DataFrame({name: np.arange(4.0) for name in (*tables._ASKED, *later, *price)})
    table = table.assign(
        issue_d=months, earliest_cr_line=pd.Timestamp("2000-11-01"), target_bad=[0, 1, 0, 1], zip_code="100xx"
    )
    (tmp_path / "lending_club_2007_2011").mkdir()
    table.to_parquet(tmp_path / "lending_club_2007_2011" / "loans.parquet")
    monkeypatch.setenv("CREDIT_RISK_BENCHMARK_DATA", str(tmp_path))
    task = tables.lending_club(tmp_path)
    assert not set(task.X.columns) & {*later, *price, "zip_code", "issue_d", "target_bad"}
    assert [part.tolist() for part in task.folds[0]] == [[0, 1], [2, 3]]
    assert task.X["months_of_credit"].tolist() == [120.0, 121.0, 122.0, 127.0]


def test_protected_columns_leave_for_every_tool_alike(tmp_path):
    from comparison import tables

    taiwan, german = tables.taiwan(tmp_path), tables.german(tmp_path)
    assert (taiwan.X.shape, german.X.shape) == ((30_000, 19), (1_000, 17))
    assert not set(taiwan.X.columns) & {"ID", "SEX", "EDUCATION", "MARRIAGE", "AGE", "default_next_month"}
    assert not set(german.X.columns) & {"personal_status_and_sex", "age_in_years", "foreign_worker", "is_bad"}
    assert {"LIMIT_BAL", "pay_status_09", "bill_amt_04"} <= set(taiwan.X.columns)
    assert (taiwan.is_bad.sum(), german.is_bad.sum()) == (6_636, 300)
    assert (len(taiwan.folds), len(german.folds)) == (5, 25)
    assert [len(test) for _, test in german.first_folds(2).folds] == [200, 200]
    assert taiwan.dropped == "SEX, EDUCATION, MARRIAGE, AGE"


def test_our_tools_give_one_pd_per_test_row(tmp_path):
    from comparison.tools import Budget, Rows, our_tools

    rng = np.random.default_rng(5)
    X = pd.DataFrame({"x": rng.normal(size=500), "shop": rng.choice(["a", "b"], 500)})
    is_bad = rng.uniform(size=500) < 1 / (1 + np.exp(1 - X["x"]))
    rows = Rows(X=X[:400], is_bad=is_bad.to_numpy()[:400], X_test=X[400:], directions={"x": 1, "shop": 0})
    for tool in our_tools(Budget(n_trials=1)).values():
        found = tool.run(rows)
        assert found.pd.shape == (100,)
        assert 0.0 < found.pd.min() <= found.pd.max() < 1.0
        assert area_under_curve(found.pd, is_bad.to_numpy()[400:]) > 0.6
    assert str(Budget(n_trials=7, minutes=2.5)) == "7 trials or 2.5 minutes"

"""The main job end to end on the shipped data: run twice, once with one thread; everything it promises is held.

One group, so that one worker runs the job once for all of these tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from credit_risk.domain.digest import sha256_of_file
from credit_risk.scoring import load_bundle
from credit_risk.sources import read_sources

pytestmark = [pytest.mark.xdist_group("main job"), pytest.mark.slow]


def _run(project: Path, output: Path, *extra: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "credit_risk", "demo", "--output", str(output), *extra]
    return subprocess.run(
        command, cwd=project, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def output(project_folder, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    done = _run(
        project_folder, folder / "out", "--tracking-folder", str(folder / "tracking"), MLFLOW_TRACKING_URI=""
    )
    assert done.returncode == 0, done.stderr
    (folder / "stdout.txt").write_text(done.stdout, encoding="utf-8")
    (folder / "stderr.txt").write_text(done.stderr, encoding="utf-8")
    return folder / "out"


@pytest.fixture(scope="module")
def decisions(output):
    return pq.read_table(output / "decisions.parquet").to_pylist()


def test_it_leaves_exactly_what_it_promises(output):
    names = {
        "bundle",
        "decisions.parquet",
        "evaluation.json",
        "model_document.json",
        "report.html",
        "report_content.json",
        "run.json",
    }
    assert {path.name for path in output.iterdir()} == names
    assert {path.name for path in output.parent.iterdir()} == {"out", "tracking", "stdout.txt", "stderr.txt"}


def test_a_second_run_with_one_thread_gives_the_same_bytes(output, project_folder, tmp_path):
    done = _run(
        project_folder,
        tmp_path / "again",
        "--no-tracking",
        "--threads",
        "1",
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
    )
    assert done.returncode == 0, done.stderr
    for path in sorted((output / "bundle").iterdir()):
        assert sha256_of_file(tmp_path / "again" / "bundle" / path.name) == sha256_of_file(path), path.name
    for name in ("decisions.parquet", "model_document.json", "report.html"):
        assert sha256_of_file(tmp_path / "again" / name) == sha256_of_file(output / name), name


def test_real_time_equals_batch_in_every_field(output, decisions, project_folder):
    bundle = load_bundle(output / "bundle")
    sources = read_sources(project_folder / "data_samples" / "uci_credit_card")
    keys = [row["application_id"] for row in decisions[::9]]
    for row, (application, records) in zip(decisions[::9], sources.raw_requests(keys), strict=True):
        decision = bundle.decide(application, records)
        plain = decision.to_dict()
        for name in (
            "application_id",
            "applied_at",
            "outcome",
            "decided_at_stage",
            "score",
            "reasons",
            "stages",
            "flags",
        ):
            assert row[name] == plain[name], name
        assert (row["pd_scorecard"], row["pd_booster"]) == (
            decision.pds["scorecard"],
            decision.pds["booster"],
        )
        if decision.offers:
            offer = decision.offers[0]
            assert int(row["limit_amount"] * 100) == offer.amount_minor
            assert row["annual_rate"] == Decimal(offer.annual_rate)
            assert (row["nominal_rate"], row["effective_rate"]) == (offer.nominal_rate, offer.effective_rate)
            assert [int(part["instalment"] * 100) for part in row["schedule"]] == list(
                offer.schedule.instalment_minor
            )
        else:
            assert row["limit_amount"] is None


def test_approvals_are_between_a_fifth_and_four_fifths(decisions):
    share = np.mean([row["outcome"] == "approve" for row in decisions])
    assert 0.20 <= share <= 0.80


def test_limits_never_rise_and_prices_never_fall_with_pd(decisions):
    approved = sorted(
        (row for row in decisions if row["outcome"] == "approve"), key=lambda row: row["pd_scorecard"]
    )
    limits = np.array([float(row["limit_amount"]) for row in approved])
    prices = np.array([float(row["annual_rate"]) for row in approved])
    assert (np.diff(limits) <= 0).all()
    assert (np.diff(prices) >= 0).all()
    assert len(set(limits)) >= 5
    assert len(set(prices)) >= 10
    assert prices.max() - prices.min() >= 0.03


def test_every_offer_is_lawful_hypothetical_and_exact(decisions):
    for row in decisions:
        if row["outcome"] != "approve":
            assert row["schedule"] is None
            assert row["reasons"]
            continue
        assert row["offer_is_hypothetical"]
        assert max(row["nominal_rate"], row["effective_rate"]) <= row["ceiling_rate"] == 0.24
        assert sum(part["principal"] for part in row["schedule"]) == row["limit_amount"]
        assert sum(part["instalment"] for part in row["schedule"]) == row["total_repayment_amount"]
        assert row["schedule"][-1]["balance"] == 0
        assert row["expected_profit_amount"] > 0
    assert all(row["not_assessed"] == ["identity", "fraud", "affordability"] for row in decisions)


def test_it_ranks_real_customers_as_well_as_it_must(output):
    models = {
        model["name"]: model for model in json.loads((output / "evaluation.json").read_text())["models"]
    }
    assert models["scorecard"]["auc"] >= 0.770
    assert models["booster"]["auc"] >= 0.780
    for model in models.values():
        assert model["auc_low"] < model["auc"] < model["auc_high"]
        assert model["ks_low"] < model["ks"] < model["ks_high"]
        assert 0.9 <= model["calibration_slope"] <= 1.1


def test_the_closing_table_says_where_everything_lies(output):
    said = (output.parent / "stdout.txt").read_text(encoding="utf-8")
    for promised in (
        "AUC",
        "approved",
        "expected profit",
        "bundle digest",
        "decisions digest",
        "report.html",
        "model_document.json",
        "mlflow.db",
    ):
        assert promised in said
    assert "Traceback" not in (output.parent / "stderr.txt").read_text(encoding="utf-8")


def test_the_report_names_every_assumption(output):
    page = (output / "report.html").read_text(encoding="utf-8")
    for words in (
        "HYPOTHETICAL",
        "Consent assumed for credit assessment",
        "not assessed: income unknown",
        "no out-of-time",
        "24 %",
    ):
        assert words in page
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.filterwarnings("ignore")
def test_the_model_document_is_filled_from_the_run(output):
    document = json.loads((output / "model_document.json").read_text(encoding="utf-8"))
    items = {item["key"]: item for item in document["items"]}
    missing = [key for key, item in items.items() if item["status"] == "missing"]
    assert missing == [
        "owner",
        "tier",
        "purpose",
        "prohibited_uses",
        "licence_lineage",
        "reject_inference",
        "sampling_sensitivity",
        "out_of_time",
        "limitations",
        "monitoring_plan",
        "monitoring_triggers",
        "change_log",
        "validation_findings",
        "approvals",
        "retirement_plan",
    ]
    facts = json.loads((output / "run.json").read_text(encoding="utf-8"))
    evaluation = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    assert items["hashes"]["value"]["decisions.parquet"] == facts["digests"]["decisions.parquet"]
    assert items["discrimination"]["value"]["models"][0]["auc"] == evaluation["models"][0]["auc"]
    assert items["implementation_test"]["value"]["n_decided_in_batch_and_in_real_time"] == 8939
    assert items["population"]["value"]["n_applications"] == 30_000
    page = (output / "report.html").read_text(encoding="utf-8")
    assert f"{document['n_missing']} cannot be known from a run" in page
    assert len(page.encode()) < 8_000_000


def test_the_run_is_tracked_and_its_model_scores_the_same(output, decisions, project_folder):
    import mlflow

    from credit_risk.features import FeatureCatalogue, compute_features

    mlflow.set_tracking_uri(f"sqlite:///{output.parent / 'tracking' / 'mlflow.db'}")
    runs = mlflow.search_runs(experiment_names=["credit-risk demo"], output_format="list")
    assert len(runs) == 1
    (run,) = runs
    for name in ("scorecard_auc", "scorecard_auc_low", "scorecard_ks_high", "booster_auc", "approval_rate"):
        assert np.isfinite(run.data.metrics[name])
    assert run.data.tags["digest bundle"] == load_bundle(output / "bundle").digest
    assert "digest data customers.parquet" in run.data.tags
    (model,) = mlflow.search_logged_models(experiment_ids=[run.info.experiment_id], output_format="list")
    loaded = mlflow.pyfunc.load_model(model.model_uri)
    sources = read_sources(project_folder / "data_samples" / "uci_credit_card")
    catalogue = FeatureCatalogue.from_toml(project_folder / "examples" / "uci_credit_card" / "features.toml")
    keys = [row["application_id"] for row in decisions[:200]]
    answer = loaded.predict(compute_features(catalogue, sources).X.loc[keys])
    assert answer["score"].tolist() == [row["score"] for row in decisions[:200]]
    assert answer["pd_scorecard"].tolist() == [row["pd_scorecard"] for row in decisions[:200]]
    assert answer["pd_booster"].tolist() == [row["pd_booster"] for row in decisions[:200]]


def test_with_tracking_off_nothing_imports_mlflow(project_folder, tmp_path):
    code = (
        "import sys\nfrom credit_risk.jobs.cli import main\n"
        f"assert main(['demo', '--no-tracking', '--quiet', '--output', {str(tmp_path / 'out')!r}]) == 0\n"
        "assert 'mlflow' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project_folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

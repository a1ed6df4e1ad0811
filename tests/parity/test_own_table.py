"""The fifteen-minute trial as a test: German credit as a CSV with its own words, from a plain file to a decision.

One group, so that one worker trains once for all of these tests.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from credit_risk.decision.rules import rule_hits
from credit_risk.decision.strategy import Rule
from credit_risk.domain.texts import text
from credit_risk.errors import ScoringError, SpecificationError
from credit_risk.features import FeatureClosure, compute_features, feature_categories, with_words
from credit_risk.jobs.cli import main
from credit_risk.jobs.project import Project
from credit_risk.jobs.tasks.stored_report import _stored
from credit_risk.ml import PdBooster
from credit_risk.reporting import render_report
from credit_risk.samples import DevelopmentSample
from credit_risk.scorecard import Scorecard
from credit_risk.scoring import ScoringBundle, load_bundle
from credit_risk.scoring.model_columns import forest_columns
from credit_risk.sources import read_sources
from credit_risk.training import train_models

pytestmark = [pytest.mark.xdist_group("own table"), pytest.mark.slow]
PURPOSE = "application__all__purpose__now__value"
SEGMENT = f"""
[segments.purpose]
feature = "{PURPOSE}"
label = {{ en = "Purpose", zh-CN = "用途" }}
groups = [{{ words = ["car (new)", "car (used)"], en = "cars", zh-CN = "汽车" }}]
"""


@pytest.fixture(scope="module")
def trial(project_folder, tmp_path_factory) -> Path:
    """A folder in which a new user went from the table to a trained project."""
    folder = tmp_path_factory.mktemp("trial")
    table = pd.read_parquet(project_folder / "data_samples" / "german_credit" / "german_credit.parquet")
    words = table.assign(creditability=np.where(table.pop("is_bad") == 1, "bad", "good"))
    # holes, as real forms have them
    words.loc[::17, "purpose"] = None
    words.loc[::13, "credit_amount"] = None
    words["credit_amount"] = words["credit_amount"].astype("Int64")
    words.drop(columns="application_id").to_csv(folder / "german.csv", index=False)
    project = str(folder / "german")
    start = ["init", project, "--table", str(folder / "german.csv"), "--target", "creditability"]
    assert main([*start, "--bad", "bad", "--currency", "EUR", "--quiet"]) == 0
    with (folder / "german" / "report.toml").open("a", encoding="utf-8") as stream:
        stream.write(SEGMENT)
    assert main(["check", project, "--quiet"]) == 0
    assert main(["train", project, "--output", str(folder / "out"), "--no-tracking", "--quiet"]) == 0
    return folder


@pytest.fixture(scope="module")
def bundle(trial) -> ScoringBundle:
    return load_bundle(trial / "out" / "bundle")


@pytest.fixture(scope="module")
def sources(trial):
    return read_sources(trial / "german" / "data")


@pytest.fixture(scope="module")
def sample(trial, sources):
    project = Project.read(trial / "german")
    return DevelopmentSample.build(sources, project.features, project.outcome)


def test_real_time_equals_batch_on_every_applicant(bundle, sources):
    table = compute_features(bundle.features, sources)
    closure = FeatureClosure(bundle.features, bundle.contracts)
    keys = list(table.X.index)
    batch = bundle.engine.explain(table.X.to_numpy())
    for at, (application, records) in enumerate(sources.raw_requests(keys)):
        decision = bundle.decide(application, records)
        assert decision.score == batch.card.score[at]
        assert decision.pds == {name: pd[at] for name, pd in batch.pds.items()}
    assert closure.names == tuple(table.X.columns)


def test_protected_columns_are_nowhere_in_the_bundle_but_in_the_contract(bundle):
    held = {"personal_status_and_sex", "age_in_years", "foreign_worker"}
    assert {c.name for c in bundle.contracts.applications.columns if c.role == "protected"} == held
    for names in (bundle.features.names, bundle.scorecard.feature_names, bundle.booster.feature_names):
        assert not any(word in name for word in held for name in names)


def test_notebook_models_equal_the_bundle(sample, bundle, trial, capsys):
    """Refitted in a notebook and applied to a frame of categories, the models give what the bundle gives on numbers."""
    from credit_risk.jobs.progress import TerminalProgress

    project = Project.read(trial / "german")
    models = train_models(sample, project.features, project.plan, progress=TerminalProgress(quiet=True))
    assert isinstance(sample.holdout.X[PURPOSE].dtype, pd.CategoricalDtype)
    scores = bundle.engine.score(sample.holdout.matrix())
    assert np.array_equal(models.card.predict_score(sample.holdout.X), scores.card.score)
    spec = bundle.calibrations["booster"]
    from credit_risk.calibration.apply import apply_calibration

    assert np.array_equal(
        apply_calibration(spec, models.booster.predict_proba(sample.holdout.X)[:, 1]), scores.pds["booster"]
    )


def test_words_stand_in_the_card_and_in_the_reasons(bundle, trial):
    variable = next(v for v in bundle.scorecard.binning.variables if "checking_account" in v.name)
    assert variable.kind == "categorical"
    assert any("no checking account" in label for label in variable.labels())
    rows = pq.read_table(trial / "out" / "decisions.parquet").to_pylist()
    assert {row["outcome"] for row in rows} == {"approve", "decline"}


def test_reasons_are_the_projects_own_sentences(bundle, sources):
    declined = next(
        decision
        for application, records in sources.raw_requests(list(sources.applications.index[:50]))
        if (decision := bundle.decide(application, records)).outcome == "decline"
        and any(reason.kind == "score" for reason in decision.reasons)
    )
    reason = next(reason for reason in declined.reasons if reason.kind == "score")
    words = reason.code.replace("_", " ")
    assert reason.sentence("en") == f"The answer on: {words}."
    assert reason.sentence("zh-CN") == f"申请信息：{words}。"
    assert declined.to_dict()["reasons"][declined.reasons.index(reason)]["wording"]["en"].startswith(
        "The answer"
    )


def test_a_rule_on_words_decides_by_the_word_in_batch_and_in_real_time(bundle, sources):
    rule = Rule(
        id="no_business",
        stage="eligibility",
        feature=PURPOSE,
        operator="one_of",
        value=("business", "education"),
        outcome="decline",
        when_missing="pass",
        reason="purpose_not_financed",
        wording=(("en", "We do not lend for this purpose."), ("zh-CN", "不支持该用途。")),
    )
    strict = replace(bundle, strategy=replace(bundle.strategy, rules=(rule,)))
    keys = list(sources.applications.index)[:150]
    X = compute_features(strict.features, sources).X.loc[keys]
    said = rule_hits(
        rule, X[PURPOSE].to_numpy(), feature_categories(strict.features, strict.contracts)[PURPOSE]
    )
    n_hit = 0
    for (application, records), word in zip(sources.raw_requests(keys), said, strict=True):
        decision = strict.decide(application, records)
        hit = application["purpose"] in rule.value
        n_hit += hit
        assert (word == "decline") == hit == (decision.decided_at_stage == "eligibility")
        if hit:
            assert decision.explain("en") == "Declined\n- We do not lend for this purpose."
    assert n_hit
    for change, message in (
        ({"value": 1.0, "operator": ">="}, "words have no order"),
        ({"value": ("bussiness",)}, "Did you mean 'business'"),
    ):
        with pytest.raises(SpecificationError, match=message):
            replace(bundle, strategy=replace(bundle.strategy, rules=(replace(rule, **change),)))


def test_a_missing_answer_is_told_as_one(bundle, sources):
    application, records = next(iter(sources.raw_requests(["1"])))
    empty = {
        name: None if name in ("purpose", "credit_amount") else value for name, value in application.items()
    }
    flags = bundle.decide(empty, records).flags
    on_card = {
        name for name in bundle.scorecard.feature_names if "purpose" in name or "credit_amount" in name
    }
    assert {f"{name}__missing" for name in on_card} <= set(flags)


def test_a_word_outside_the_contract_is_refused_without_repeating_it(bundle, sources):
    application, records = next(iter(sources.raw_requests(["1"])))
    with pytest.raises(ScoringError, match="purpose") as caught:
        bundle.decide({**application, "purpose": "yacht"}, records)
    assert "yacht" not in str(caught.value)
    with pytest.raises(ScoringError, match="purpose"):
        bundle.decide({**application, "purpose": 3}, records)


def test_a_word_of_the_contract_that_development_never_saw_is_flagged(trial, sources, sample, tmp_path):
    project = Project.read(trial / "german")
    text = (trial / "german" / "data" / "sources.toml").read_text(encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sources.toml").write_text(
        text.replace('"repairs",', '"repairs",\n  "yacht",').replace('"others",', '"boat",\n  "others",'),
        encoding="utf-8",
    )
    (tmp_path / "data" / "applications.csv").write_bytes(
        (trial / "german" / "data" / "applications.csv").read_bytes()
    )
    wider = read_sources(tmp_path / "data")
    X = DevelopmentSample.build(wider, project.features, project.outcome).development
    card = Scorecard(max_features=3).fit(X.X[[PURPOSE]], X.is_bad)
    fresh = (
        X.X[[PURPOSE]]
        .head(2)
        .assign(**{PURPOSE: pd.Categorical(["yacht", None], X.X[PURPOSE].cat.categories)})
    )
    result = card.score_rows(fresh)
    assert result.flags.ravel().tolist() == [3, 1]


def test_a_segment_on_words_stands_in_the_report(trial):
    content = _stored(trial / "out" / "report_content.json")
    counts = content.segments[content.segments["model"] == "scorecard"].set_index("group")["n"]
    assert sorted(counts.index) == [0, 1, 2]  # cars, the other words, and those without an answer
    assert counts.sum() == len(content.is_bad)
    assert "汽车" in render_report(content, language="zh-CN")


def test_a_finished_report_is_written_again_byte_for_byte(trial, tmp_path):
    out = trial / "out"
    assert render_report(_stored(out / "report_content.json"), language="en") == (
        out / "report.html"
    ).read_text(encoding="utf-8")
    other = tmp_path / "zh.html"
    assert main(["report", str(out), "--to", str(other), "--quiet"]) == 0
    page = other.read_text(encoding="utf-8")
    assert text("report.page.summary", "zh-CN") in page
    assert text("report.page.summary", "en") not in page
    assert main(["report", str(out), "--to", str(other)]) == 5


def test_a_bundle_is_judged_on_a_labelled_folder(trial, capsys):
    german = trial / "german"
    arguments = ["evaluate", "--bundle", str(trial / "out" / "bundle"), "--data", str(german / "data")]
    assert main([*arguments, "--outcome", str(german / "outcome.toml"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["n_rows"], said["n_bads"]) == (1000, 300)
    assert [model["name"] for model in said["models"]] == ["scorecard", "booster"]
    assert (
        0.75 < said["models"][0]["auc_low"] < said["models"][0]["auc"] < said["models"][0]["auc_high"] < 0.9
    )
    taken = trial / "taken.json"
    taken.write_text("{}", encoding="utf-8")
    assert main([*arguments, "--outcome", str(german / "outcome.toml"), "--output", str(taken)]) == 5


def test_the_request_that_init_left_is_decided(trial, capsys):
    assert (
        main(["decide", str(trial / "german" / "request.json"), "--bundle", str(trial / "out" / "bundle")])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["application_id"] == "1"


def test_a_strategy_that_approves_nobody_still_gives_a_report(trial, tmp_path, capsys):
    import shutil

    shutil.copytree(trial / "german", tmp_path / "strict")
    path = tmp_path / "strict" / "strategy.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("max_pd = 0.3 ", "max_pd = 0.000001 "), encoding="utf-8"
    )
    assert "0.000001" in path.read_text(encoding="utf-8")
    out = tmp_path / "out"
    assert main(["train", str(tmp_path / "strict"), "--output", str(out), "--no-tracking", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "nobody: see the strategy" in said
    assert "ATTENTION" in said
    assert (out / "report.html").is_file()


def test_a_booster_fitted_on_other_words_is_refused(sample, bundle):
    spec = (
        PdBooster(max_rounds=5)
        .fit(sample.development.X[[PURPOSE]].astype(object), sample.development.is_bad)
        .spec_
    )
    with pytest.raises(SpecificationError, match="booster and the catalogue differ"):
        forest_columns(spec, bundle.features.names, {})


@pytest.fixture(scope="module")
def worded(bundle, sources):
    """Prepared rows as somebody would write them from their own tables: words, and holes."""
    X = compute_features(bundle.features, sources).X.head(120)
    return with_words(X, feature_categories(bundle.features, bundle.contracts))


def _as_written(worded, folder, form):
    rows = worded.rename_axis("application_id").reset_index()
    path = folder / f"rows.{'csv' if form == 'csv' else 'parquet'}"
    if form == "csv":
        rows.to_csv(path, index=False)
    elif form == "places":
        places = {n: rows[n].cat.codes.where(rows[n].notna()) for n in rows if rows[n].dtype == "category"}
        rows.assign(**places).to_parquet(path, index=False)
    else:
        texts = {n: rows[n].astype("str") for n in rows if rows[n].dtype == "category" and form == "text"}
        rows.assign(**texts).to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("form", ["text", "categories", "places", "csv"])
def test_prepared_rows_with_words_are_rescored_to_what_is_decided(bundle, sources, worded, tmp_path, form):
    """However a word is written, its row is scored as the same person is decided from the raw application."""
    bundle.save(tmp_path / "bundle")
    path = _as_written(worded, tmp_path, form)
    arguments = ["rescore", str(path), str(tmp_path / "scores.parquet"), "--quiet", "--block-rows", "50"]
    assert main([*arguments, "--bundle", str(tmp_path / "bundle")]) == 0
    scores = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    requests = sources.raw_requests(list(worded.index))
    for row, (application, records) in zip(scores, requests, strict=True):
        decision = bundle.decide(application, records)
        told = [
            (row[f"reason_{k}"], row[f"points_lost_{k}"])
            for k in range(1, 5)
            if row[f"reason_{k}"] is not None
        ]
        assert (row["application_id"], row["score"]) == (decision.application_id, decision.score)
        assert {name: row[f"pd_{name}"] for name in decision.pds} == decision.pds
        if decision.decided_at_stage == "risk":
            assert told == [(reason.code, reason.points_lost) for reason in decision.reasons]


@pytest.mark.parametrize("form", ["text", "csv"])
def test_a_prepared_word_outside_the_contract_is_refused_as_in_a_request(
    bundle, worded, tmp_path, capsys, form
):
    bundle.save(tmp_path / "bundle")
    strange = worded.assign(**{PURPOSE: worded[PURPOSE].cat.add_categories("yacht")})
    strange.iloc[[3, 9], strange.columns.get_loc(PURPOSE)] = "yacht"
    path = _as_written(strange, tmp_path, form)
    arguments = ["rescore", str(path), str(tmp_path / "scores.parquet"), "--quiet"]
    assert main([*arguments, "--bundle", str(tmp_path / "bundle")]) == 3
    said = capsys.readouterr().err
    assert f"column '{PURPOSE}' holds a word that the contract does not list in 2 of 120 rows" in said
    assert "'business'" in said
    assert "yacht" not in said
    assert not (tmp_path / "scores.parquet").exists()


def test_a_table_with_gaps_in_protected_columns_or_without_any_trains(trial, tmp_path, capsys):
    table = pd.read_csv(trial / "german.csv")
    table.loc[::9, "age_in_years"] = np.nan
    table.loc[::7, "foreign_worker"] = None
    table.to_csv(tmp_path / "gaps.csv", index=False)
    held = ["age_in_years", "foreign_worker", "personal_status_and_sex"]
    table.drop(columns=held).to_csv(tmp_path / "none.csv", index=False)
    for name in ("gaps", "none"):
        start = [
            "init",
            str(tmp_path / name),
            "--table",
            str(tmp_path / f"{name}.csv"),
            "--target",
            "creditability",
        ]
        assert main([*start, "--bad", "bad", "--quiet"]) == 0
        out = tmp_path / f"{name} out"
        capsys.readouterr()
        assert main(["train", str(tmp_path / name), "--output", str(out), "--no-tracking", "--json"]) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)["n_parity"] > 250
        assert said.err == ""
        fairness = _stored(out / "report_content.json").fairness
        if name == "none":
            assert fairness is None
        else:
            assert {"missing", "18-24"} <= set(fairness.loc[fairness["attribute"] == "age_in_years", "group"])
            assert "missing" in set(fairness.loc[fairness["attribute"] == "foreign_worker", "group"])

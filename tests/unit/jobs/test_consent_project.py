"""A project with a ledger of consents and a split by time: trained, judged and decided from the command line.

One group, so that one worker trains once for all of these tests. All people are synthetic.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from credit_risk.jobs.cli import main
from credit_risk.jobs.new_project import TableSettings, project_from_table
from credit_risk.jobs.project import Project
from credit_risk.jobs.tasks.stored_report import _stored
from credit_risk.samples import DevelopmentSample
from credit_risk.sources import read_sources

pytestmark = pytest.mark.xdist_group("consent project")
N_PEOPLE = 600
PROCESSED = "2026-12-01T00:00:00+08:00"
BANK = """
[records.bank]
file = "bank.csv"
customer_key = "application_id"
event_time = { column = "day", moment = "start_of_day" }
[records.bank.columns]
application_id = { role = "key", kind = "text" }
day = { role = "time", kind = "date" }
amount = { role = "measure", kind = "money", minimum = 0, maximum = 1_000_000 }
"""
FEATURE = """
[factors.bank]
label = { en = "Bank account", zh-CN = "银行账户" }
reason = { en = "The bank account.", zh-CN = "银行账户。" }
[[features]]
source = "bank"
measure = "amount"
aggregate = "sum"
windows = ["90d"]
factor = "bank"
risk = "open"
meaning = "Payments in {window}"
"""


def _edit(path, pattern, new):
    text, n = re.subn(pattern, lambda _: new, path.read_text(encoding="utf-8"), count=1)
    assert n == 1, pattern
    path.write_text(text, encoding="utf-8")


def _write_people(folder):
    """Write a table, bank records and a ledger: every fifth refused, every seventh withdrew before the data was processed."""
    rng = random.Random(7)
    table, bank, ledger = ["person,income,day,outcome"], ["application_id,day,amount"], []
    for i in range(N_PEOPLE):
        day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=rng.randint(0, 250))
        income, paid = rng.randint(1000, 9000), rng.randint(0, 500)
        bad = rng.random() < 0.25 + 0.25 * (income < 4000) + 0.25 * (paid < 200)
        table.append(f"p{i},{income},{day:%Y-%m-%d},{'bad' if bad else 'good'}")
        bank.append(f"p{i},{day - timedelta(days=10):%Y-%m-%d},{paid}")
        withdrawn = "2026-11-01T00:00:00+08:00" if i % 7 == 0 else ""
        if i % 5:
            ledger.append(f"p{i},bank,credit_assessment,2025-06-01T00:00:00+08:00,,{withdrawn}")
    (folder / "loans.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return bank, ["customer,source,purpose,granted_at,expires_at,withdrawn_at", *ledger]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("consent")
    bank, ledger = _write_people(folder)
    settings = TableSettings(
        project=folder / "project",
        table=folder / "loans.csv",
        target="outcome",
        bad="bad",
        key="person",
        applied_at="day",
    )
    project_from_table(settings)
    data = settings.project / "data"
    (data / "bank.csv").write_text(
        "\n".join(bank).replace("application_id", "person") + "\n", encoding="utf-8"
    )
    (data / "consents.csv").write_text("\n".join(ledger) + "\n", encoding="utf-8")
    _edit(data / "sources.toml", 'mode = "assumed"[^\n]*', 'mode = "ledger"\nfile = "consents.csv"')
    with (data / "sources.toml").open("a", encoding="utf-8") as stream:
        stream.write(BANK.replace("application_id", "person"))
    with (settings.project / "features.toml").open("a", encoding="utf-8") as stream:
        stream.write(FEATURE)
    training = settings.project / "training.toml"
    _edit(training, 'by = "customer"', 'by = "time"    ')
    _edit(training, r"max_rounds = 1000", "max_rounds = 60")
    _edit(training, r"\[scorecard\]", f"[consent]\nprocessed_at = {PROCESSED}\n[scorecard]")
    return settings.project


@pytest.fixture(scope="module")
def trained(project):
    out = project.parent / "out"
    assert main(["check", str(project), "--quiet"]) == 0
    assert main(["train", str(project), "--output", str(out), "--no-tracking", "--quiet"]) == 0
    return out


def test_the_state_of_consent_stands_beside_the_run_and_names_nobody(trained):
    text = (trained / "run.json").read_text(encoding="utf-8")
    consent = json.loads(text)["consent"]
    n_granted = sum(1 for i in range(N_PEOPLE) if i % 5)
    n_withdrawn = sum(1 for i in range(N_PEOPLE) if i % 5 and i % 7 == 0)
    assert consent["processed_at"] == "2026-11-30T16:00:00+00:00"
    assert consent["n_allowed"] == {"bank": n_granted - n_withdrawn}
    assert consent["n_withdrawn"] == {"bank": n_withdrawn}
    assert re.fullmatch("[0-9a-f]{64}", consent["digest"])
    assert '"p1' not in text


def test_without_consent_a_feature_is_missing_and_flagged_in_the_sample(project):
    plan = Project.read(project)
    sources = read_sources(project / "data")
    sample = DevelopmentSample.build(
        sources, plan.features, plan.outcome, split=plan.plan.split, processed_at=plan.plan.processed_at
    )
    for part in (sample.development, sample.validation, sample.holdout):
        refused = [int(key[1:]) % 5 == 0 or int(key[1:]) % 7 == 0 for key in part.X.index]
        bank = next(name for name in part.X if name.startswith("bank"))
        assert part.X[bank].isna().tolist() == refused
        assert part.flags["bank__no_consent"].tolist() == refused
    applied = sources.applications["applied_at"]
    ends = [applied.loc[part.X.index] for part in (sample.development, sample.validation, sample.holdout)]
    assert ends[0].max() < ends[1].min() <= ends[1].max() < ends[2].min()


def test_the_report_says_how_the_sample_was_cut_and_when_it_was_processed(trained):
    lines = _stored(trained / "report_content.json").assumptions
    assert any("not withdrawn by 2026-12-01T00:00+08:00" in line for line in lines["en"])
    assert any(line.startswith("Split by time of application") for line in lines["en"])
    assert any(line.startswith("按申请时间划分") for line in lines["zh-CN"])
    document = json.loads((trained / "model_document.json").read_text(encoding="utf-8"))
    assert "by time of application" in json.dumps(document)


def test_one_applicant_is_decided_with_consents_from_the_command_line(project, trained, tmp_path, capsys):
    sources = read_sources(project / "data")
    application, records = next(iter(sources.raw_requests(["p1"])))
    request = {
        "application": application,
        "records": records,
        "consents": sources.raw_consents("p1"),
        "processed_at": PROCESSED,
    }
    path = tmp_path / "request.json"
    arguments = ["decide", str(path), "--bundle", str(trained / "bundle")]
    path.write_text(json.dumps(request, default=str), encoding="utf-8")
    assert main(arguments) == 0
    with_consent = json.loads(capsys.readouterr().out)
    assert "bank__no_consent" not in with_consent["flags"]
    path.write_text(json.dumps({**request, "consents": []}, default=str), encoding="utf-8")
    assert main(arguments) == 0
    assert "bank__no_consent" in json.loads(capsys.readouterr().out)["flags"]
    for changes, message in (
        ({"processed_at": "2026-12-01"}, "'processed_at' must be a time with time zone"),
        ({"consents": {"bank": True}}, "'consents' must be a list of objects"),
        ({"consents": None, "processed_at": None}, "processed_at must be a time with time zone"),
    ):
        path.write_text(json.dumps({**request, **changes}, default=str), encoding="utf-8")
        assert main(arguments) == 3
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pattern", "new", "message"),
    [
        (r"\[consent\]\nprocessed_at = \S+\n", "", "does not say when the data is processed"),
        (PROCESSED.replace("+", r"\+"), "2026-02-01T00:00:00+08:00", r"lies before \d+ of 600 applications"),
        (PROCESSED.replace("+", r"\+"), "2026-12-01", "Expected a date and time with time zone"),
        ("processed_at", "procesed_at", "did you mean 'processed_at'"),
        (
            "holdout = 0.3",
            "holdout = 0.4",
            r"training.toml \[split\], line \d+: .* = 1.1. Expected three shares",
        ),
        ("holdout = 0.3", "hold_out = 0.3", "did you mean 'holdout'"),
        ("holdout = 0.3", 'holdout = "0.3"', "Expected a number"),
        ('by = "time"', 'by = "tme"', "Did you mean 'time'"),
        (
            "validation = 0.2\nholdout = 0.3",
            "validation = 0.49\nholdout = 0.01",
            r"holdout \(share 0.01\) \d bads and \d goods.*a share of about 0.\d+ holds 30: set \[split\]",
        ),
    ],
)
def test_what_cannot_be_is_said_by_check_and_by_train(project, tmp_path, capsys, pattern, new, message):
    shutil.copytree(project, tmp_path / "project")
    _edit(tmp_path / "project" / "training.toml", pattern, new)
    assert main(["check", str(tmp_path / "project")]) == 3
    assert re.search(message, capsys.readouterr().out)
    arguments = ["train", str(tmp_path / "project"), "--output", str(tmp_path / "out"), "--no-tracking"]
    assert main([*arguments, "--quiet"]) == 3
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert not (tmp_path / "out").exists()


def test_a_moment_of_processing_without_a_ledger_is_refused(project, tmp_path, capsys):
    shutil.copytree(project, tmp_path / "project")
    _edit(
        tmp_path / "project" / "data" / "sources.toml",
        'mode = "ledger"\nfile = "consents.csv"',
        'mode = "assumed"',
    )
    assert main(["check", str(tmp_path / "project")]) == 3
    assert "but the contracts assume consent" in capsys.readouterr().out

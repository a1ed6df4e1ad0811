"""The page of error codes is the one the messages give, and no code is used twice by accident."""

from __future__ import annotations

import re
from inspect import signature

import numpy as np
import pytest
from print_error_codes import (
    CODE,
    DEFAULTS,
    HEADINGS,
    PAGE,
    RAISED_AS,
    SOURCE,
    modules_that_differ,
    page,
    rules,
)

from credit_risk.sources.checks import contract_error
from credit_risk.sources.failures import Failure
from credit_risk.sources.reading.tables import CheckedTable

RULES = rules()
#: Codes that stand for rules of one kind, of which each of these modules holds its own part: "no such file", "no whole number".
#: A code joins, or gains a module, only if whoever reads it need not know which of the modules spoke.
SHARED = {
    "CR-BIN-011": {"binning.apply", "scorecard.row"},
    "CR-BIN-025": {"binning.checks", "binning.columns"},
    "CR-BLD-001": {"blend.fit", "blend.spec"},
    "CR-BND-005": {"jobs.tasks.checking", "scoring.bundle"},
    "CR-CAL-003": {"calibration.fit", "calibration.recalibration"},
    "CR-CEI-005": {"loans.ledger", "loans.servicing"},
    "CR-CFG-001": {"domain.configuration", "jobs.project"},
    "CR-CFG-005": {
        "domain.configuration",
        "jobs.new_project.create",
        "jobs.project",
        "jobs.tasks.completion",
        "sources.contract_toml",
    },
    "CR-CFG-006": {"domain.configuration", "jobs.project", "performance.outcome"},
    "CR-CRD-010": {"scorecard.boosting.fit", "scorecard.fit"},
    "CR-CRD-032": {"scorecard.export.pmml", "scorecard.export.sql", "scorecard.export.standalone"},
    "CR-CRD-033": {"scorecard.export.pmml", "scorecard.export.sql"},
    "CR-FEA-001": {"features.catalogue", "features.expression"},
    "CR-FEA-005": {"features.catalogue_toml", "features.definition"},
    "CR-FEA-007": {"features.catalogue", "features.catalogue_toml"},
    "CR-FEA-013": {"features.plan", "features.resolve"},
    "CR-GOV-003": {"scoring.bundle", "scoring.storage"},
    "CR-LON-001": {"loans.tables.repayment", "loans.terms"},
    "CR-LON-002": {"loans.borrower", "loans.schedule", "loans.terms"},
    "CR-LON-003": {"loans.tables.repayment", "loans.terms"},
    "CR-LON-004": {"loans.schedule", "loans.tables.payment"},
    "CR-LON-005": {
        "loans.day_count",
        "loans.statutory_rates",
        "loans.tables.annual",
        "loans.tables.calendar",
    },
    "CR-LON-007": {"loans.tables.repayment", "loans.terms"},
    "CR-LON-008": {
        "loans.ceilings",
        "loans.rates",
        "loans.statutory_rates",
        "loans.tables.annual",
        "loans.tables.calendar",
        "loans.tables.columns",
        "loans.tables.repayment",
        "loans.terms",
    },
    "CR-LON-009": {"loans.rates", "loans.statutory_rates", "loans.tables.annual"},
    "CR-LON-010": {"loans.rates", "loans.statutory_rates", "loans.tables.annual"},
    "CR-LON-013": {"loans.day_count", "loans.tables.calendar"},
    "CR-LON-015": {
        "loans.day_count",
        "loans.statutory_rates",
        "loans.tables.calendar",
        "loans.tables.columns",
        "loans.tables.repayment",
        "loans.terms",
    },
    "CR-LON-017": {"loans.ledger", "loans.servicing"},
    "CR-LON-020": {"loans.schedule", "loans.terms"},
    "CR-OUT-010": {
        "jobs.new_project.create",
        "jobs.output_folder",
        "jobs.rescore.job",
        "jobs.tasks.judging",
        "jobs.tasks.stored_report",
        "scoring.storage",
    },
    "CR-OUT-011": {
        "jobs.output_folder",
        "jobs.rescore.job",
        "jobs.tasks.judging",
        "jobs.tasks.stored_report",
        "scoring.storage",
    },
    "CR-OUT-012": {"jobs.output_folder", "scoring.storage"},
    "CR-POL-001": {"decision.strategy", "decision.strategy_checks"},
    "CR-POL-011": {"decision.offer_choice", "jobs.portfolio"},
    "CR-RSC-001": {"jobs.rescore.job", "jobs.rescore.prepared_rows"},
    "CR-SCR-010": {"ml.apply", "ml.contributions", "scoring.engine"},
    "CR-SMP-002": {"jobs.tasks.judging", "samples.split"},
    "CR-SRC-001": {"features.plan", "sources.contract"},
    "CR-SRC-002": {"sources.contract", "sources.contract_toml", "sources.readers"},
    "CR-SRC-014": {"sources.readers", "sources.reading.tables"},
    "CR-SRC-015": {"sources.consent_ledger", "sources.parts", "sources.readers", "sources.reading.tables"},
    "CR-SRC-027": {"sources.consent", "sources.sharing_counters"},
    "CR-SRC-028": {"sources.consent", "sources.requests"},
    "CR-SRC-029": {"sources.readers", "sources.reading.stores"},
    "CR-SRC-031": {"sources.readers", "sources.reading.validation"},
    "CR-STR-003": {"decision.strategy", "decision.strategy_checks"},
}


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(RULES), (
        "run: python tests/reference/print_error_codes.py --write"
    )


def test_no_code_of_the_source_is_left_out():
    written = {found[0] for path in SOURCE.rglob("*.py") for found in CODE.finditer(path.read_text("utf-8"))}
    assert {rule.code for rule in RULES} == written


def test_a_code_that_modules_use_for_different_rules_is_listed_as_shared():
    assert modules_that_differ(RULES) == SHARED


def test_every_rule_has_words_and_every_prefix_a_heading():
    assert all(re.search("[a-z]{2}", rule.words) for rule in RULES)
    assert {CODE.fullmatch(rule.code)[1] for rule in RULES} == set(HEADINGS)


def test_what_is_said_of_noted_rules_is_so():
    failure = Failure(
        table="bank.csv",
        column="day",
        rule="before_application",
        expected="every record before the application",
        rows=np.array([4]),
        keys=("p",),
        code="CR-SRC-018",
    )
    assert type(contract_error(failure)).__name__ == RAISED_AS["CR-SRC-018"]
    assert signature(CheckedTable.note).parameters["code"].default == DEFAULTS["note"]


@pytest.fixture
def read(tmp_path):
    """Write modules and return their rules as (code, module, error, words)."""

    def write(**modules):
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(f"def check(x, where):\n    {text}\n", encoding="utf-8")
        return rules(tmp_path)

    return write


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('f"Rows are {x}. Expected one. Hint: no."', "Rows are …; expected one"),
        ('f"{where}: the key {x!r} is missing."', "the key … is missing"),
        (
            "f\"File {x} lacks {x} column{'' if x == 1 else 's'} of its contract: {x}.\"",
            "File … lacks … columns of its contract: …",
        ),
        (
            'f"The share must lie in 0..1" + " and be finite. Got 2."',
            "The share must lie in 0..1 and be finite",
        ),
    ],
)
def test_a_rule_is_the_first_sentence_with_gaps_for_what_is_filled_in(read, message, words):
    (rule,) = read(one=f'raise FitError({message}, code="CR-ABC-001")')
    assert (rule.code, rule.module, rule.error, rule.words) == ("CR-ABC-001", "one", "FitError", words)


def test_a_second_use_of_a_code_for_another_rule_would_be_noticed(read):
    same, other = (
        'raise FitError("No row is left.", code="CR-ABC-001")',
        'raise FitError("No column is left.", code="CR-ABC-001")',
    )
    assert modules_that_differ(read(one=same, two=same)) == {}
    assert modules_that_differ(read(one=same, two=other)) == {"CR-ABC-001": {"one", "two"}}

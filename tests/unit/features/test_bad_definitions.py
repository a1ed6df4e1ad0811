"""Definitions that cannot be: each says which feature, what is wrong, and what was expected or meant."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credit_risk.errors import LeakageError, SpecificationError
from credit_risk.features import DerivedMeasure, FeatureCatalogue, FeatureDefinition, Subject
from credit_risk.features.plan import plan_features

MEAN = "bank__all__amount__30d__mean"
FORM = {"source": "application", "measure": "limit", "window": "now", "aggregate": "value"}

DEFINITIONS = {
    "unknown source": (
        {"source": "bnk"},
        "CR-SRC-001: Feature 'bnk__all__amount__30d__mean': source 'bnk' is not declared in 'tiny'. Did you mean 'bank'?",
    ),
    "unknown column": (
        {"measure": "amont"},
        "CR-FEA-010: feature 'bank__all__amont__30d__mean': column 'amont' does not exist in source 'bank'. Did you mean "
        "'amount'?",
    ),
    "unknown derived measure": (
        {"measure": "derivd", "expression": "amount / wide"},
        "CR-FEA-010: feature 'bank__all__derivd__30d__mean': column 'derivd' does not exist in source 'bank'. Did you mean "
        "'derived'?",
    ),
    "unknown aggregate": (
        {"aggregate": "meen"},
        "CR-FEA-005: Feature 'bank__all__amount__30d__meen': aggregate 'meen' does not exist. Did you mean 'mean'? An "
        "aggregate of your own must be registered first.",
    ),
    "unknown subject": (
        {"subject": "chosn", "where": ["amount > 1"]},
        "CR-FEA-002: Feature 'bank__chosn__amount__30d__mean': subject 'chosn' of source 'bank' is not declared. Did you mean "
        "'chosen'?",
    ),
    "unknown base": (
        {"base": "chosn", "aggregate": "share", "measure": "records", "where": ["amount > 1"]},
        "CR-FEA-002: Feature 'bank__chosen_of_chosn__records__30d__share': subject 'chosn' of source 'bank' is not declared. "
        "Did you mean 'chosen'?",
    ),
    "unknown column to split by": (
        {"measure": "records", "aggregate": "hhi", "by": "categry"},
        "CR-FEA-010: feature 'bank__all__records_by_categry__30d__hhi': column 'categry' does not exist in source 'bank'. Did "
        "you mean 'category'?",
    ),
    "unknown code": (
        {"where": ["category == 'fod'"]},
        "CR-FEA-010: subject 'chosen' of source 'bank': 'fod' is not a code of 'category'. Did you mean 'food'?",
    ),
    "window of 0 days": (
        {"window": "0d"},
        "CR-FEA-006: Feature 'bank__all__amount__0d__mean': a window of 0 days is outside 1..36500.",
    ),
    "window longer than a century": (
        {"window": "99999d"},
        "CR-FEA-006: Feature 'bank__all__amount__99999d__mean': a window of 99999 days is outside 1..36500.",
    ),
    "window to the right": (
        {"window": "-1d"},
        "CR-FEA-006: Feature 'bank__all__amount__-1d__mean': window '-1d' is not allowed. Expected '92d', '61d_vs_183d', "
        "'history' or 'now'.",
    ),
    "window as a number": (
        {"window": 90},
        "CR-FEA-006: A feature of source 'bank', measure 'amount', aggregate 'mean': window = 90 is not allowed. Expected text.",
    ),
    "windows the wrong way round": (
        {"window": "90d_vs_30d", "aggregate": "mean_change"},
        "CR-FEA-006: Feature 'bank__all__amount__90d_vs_30d__mean_change': the second window must be the longer one, of at "
        "most 36500 days.",
    ),
    "wrong consent purpose": (
        {"consent_purpose": "marketing"},
        f"CR-FEA-015: Feature '{MEAN}' uses source 'bank' for 'marketing', but its contract holds consent for "
        "'credit_assessment'. Expected consent_purpose = 'credit_assessment'.",
    ),
    "no precision": (
        {"precision": 0},
        f"CR-FEA-006: Feature '{MEAN}': precision = 0 is outside 1..15 significant digits.",
    ),
    "more precision than a float has": (
        {"precision": 16},
        f"CR-FEA-006: Feature '{MEAN}': precision = 16 is outside 1..15 significant digits.",
    ),
    "precision as text": (
        {"precision": "9"},
        "CR-FEA-006: A feature of source 'bank', measure 'amount', aggregate 'mean': precision = '9' is not allowed. Expected a "
        "whole number.",
    ),
    "direction as a word": (
        {"direction": "rises"},
        "CR-FEA-006: A feature of source 'bank', measure 'amount', aggregate 'mean': direction = 'rises' is not allowed. "
        "Expected a whole number.",
    ),
    "no factor": (
        {"factor": ""},
        "CR-FEA-006: A feature of source 'bank', measure 'amount', aggregate 'mean': factor = '' is not allowed. Expected a "
        "name, not an empty text.",
    ),
    "mean of a word": (
        {"measure": "category"},
        "CR-FEA-013: Feature 'bank__all__category__30d__mean': aggregate 'mean' adds values, but 'category' is a code. Expected "
        "count, distinct or last, or a subject that chooses one code.",
    ),
    "records over records": (
        {"aggregate": "sum_ratio", "over": "records"},
        "CR-FEA-006: Feature 'bank__all__amount_per_records__30d__sum_ratio': 'records' counts records and is no measure here. "
        "Expected a column or a derived measure.",
    ),
    "form without a field": (
        {**FORM, "measure": "records"},
        "CR-FEA-006: Feature 'application__all__records__now__value': 'records' counts records and is no measure here. Expected "
        "a column or a derived measure.",
    ),
    "form with a subject": (
        {**FORM, "where": ["limit > 3"]},
        "CR-FEA-006: Feature 'application__chosen__limit__now__value': an application is one record and has no subjects.",
    ),
    "decimal places below 0": (
        {"expression": "amount / wide", "measure_with": {"scale": -1}},
        "CR-FEA-016: Measure 'derived' of source 'bank': scale = -1 is not allowed. Expected 0 to 12 decimal places.",
    ),
    "bounds the wrong way round": (
        {"expression": "amount / wide", "measure_with": {"minimum": Decimal(5), "maximum": 1}},
        "CR-FEA-016: Measure 'derived' of source 'bank': minimum lies above maximum.",
    ),
    "a bound that is not exact": (
        {"expression": "amount / wide", "measure_with": {"scale": 1, "minimum": 0.1}},
        "CR-FEA-016: Measure 'derived' of source 'bank': minimum and maximum must be whole numbers or Decimal, which are exact.",
    ),
}


@pytest.mark.parametrize(("fields", "message"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_the_message_names_the_feature_and_what_was_meant(contracts, one, fields, message):
    with pytest.raises(SpecificationError) as caught:
        plan_features(one(**fields), contracts)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"measure": "charged_off"}, "bank__all__charged_off__30d__mean"),
        ({**FORM, "measure": "is_bad"}, "application__all__is_bad__now__value"),
    ],
)
def test_an_outcome_is_a_leak(contracts, one, fields, name):
    with pytest.raises(LeakageError) as caught:
        plan_features(one(**fields), contracts)
    column = fields["measure"]
    assert str(caught.value) == (
        f"CR-FEA-012: feature '{name}': column '{column}' is an outcome. Features look left of the application; the outcome lies "
        "right of it."
    )


COUNT = FeatureDefinition(source="bank", aggregate="count", factor="any")
REST = {"name": "any", "version": "1"}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"definitions": (COUNT, COUNT)},
            "CR-FEA-004: The feature 'bank__all__records__history__count' is declared twice.",
        ),
        (
            {"definitions": (COUNT,), "subjects": (Subject(source="bank", name="s"),) * 2},
            "CR-FEA-004: The subject 'bank.s' is declared twice.",
        ),
        (
            {
                "definitions": (COUNT,),
                "measures": (DerivedMeasure(source="bank", name="m", expression="amount"),) * 2,
            },
            "CR-FEA-004: The derived measure 'bank.m' is declared twice.",
        ),
        ({"definitions": ()}, "CR-FEA-007: Catalogue 'any' holds no feature. Expected at least one."),
        (
            {"definitions": ("count",)},
            "CR-FEA-006: A catalogue holds a str among its definitions. Expected FeatureDefinition.",
        ),
        (
            {"definitions": (COUNT,), "subjects": (Subject(source="bank", name="s", where="amount > 1"),)},
            "CR-FEA-001: Subject 's' of source 'bank': where = 'amount > 1' is not allowed. Expected a tuple of conditions.",
        ),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(parts, message):
    with pytest.raises(SpecificationError) as caught:
        FeatureCatalogue(**REST, **parts)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"subjects": (Subject(source="bnk", name="late", where=("amount > 1",)),)},
            "CR-SRC-001: Subject 'late': source 'bnk' is not declared in 'tiny'. Did you mean 'bank'?",
        ),
        (
            {"subjects": (Subject(source="bank", name="late", where=("amont > 1",)),)},
            "CR-FEA-010: subject 'late' of source 'bank': column 'amont' does not exist in source 'bank'. Did you mean 'amount'?",
        ),
        (
            {"measures": (DerivedMeasure(source="bank", name="ratio", expression="amont / wide"),)},
            "CR-FEA-010: measure 'ratio' of source 'bank': column 'amont' does not exist in source 'bank'. Did you mean 'amount'?",
        ),
    ],
)
def test_what_no_feature_uses_yet_is_checked_too(contracts, parts, message):
    with pytest.raises(SpecificationError) as caught:
        plan_features(FeatureCatalogue(**REST, definitions=(COUNT,), **parts), contracts)
    assert str(caught.value) == message


def test_lists_and_tuples_make_the_same_catalogue():
    assert FeatureCatalogue(**REST, definitions=[COUNT]) == FeatureCatalogue(**REST, definitions=(COUNT,))


TOML = """
name = "any"
version = "1"
[[features]]
source = "bank"
aggregate = "count"
windows = ["30d"]
factor = "any"
risk = "open"
meaning = "Records in {window}"
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"count"', '"cuont"'), "CR-CFG-005: .*aggregate = 'cuont' is not allowed. Did you mean 'count'?"),
        (("risk =", "rsik ="), "CR-CFG-004: .*key 'risk' is missing"),
        (
            ('"open"', '"up"'),
            "CR-CFG-005: .*risk = 'up' is not allowed. Valid names: 'falls', 'open', 'rises'",
        ),
        (('["30d"]', "[]"), "CR-FEA-007: .*windows is an empty list"),
        (
            ('["30d"]', '["30d", "30d"]'),
            "CR-FEA-004: The feature 'bank__all__records__30d__count' is declared twice",
        ),
        (('["30d"]', "[30]"), "CR-CFG-006: .*windows must be a list of words"),
        (("factor =", "precision = 9.5\nfactor ="), "CR-CFG-006: .*precision"),
        (("factor =", 'colour = "red"\nfactor ='), "CR-CFG-003: .*unknown key 'colour'"),
    ],
)
def test_a_file_names_itself_the_entry_and_the_key(tmp_path, change, message):
    path = tmp_path / "features.toml"
    path.write_text(TOML.replace(*change), encoding="utf-8")
    with pytest.raises(SpecificationError, match=message):
        FeatureCatalogue.from_toml(path)


TEMPLATE = (
    TOML
    + """
[[templates]]
source = "bank"
subjects = ["all", "late"]
aggregates = ["count", "active_days"]
windows = ["30d", "90d"]
factor = "activity"
risk = "falls"
[sources.bank.subjects.late]
where = ["amount > 1"]
"""
)


def test_a_template_gives_every_combination_and_leaves_reasoned_definitions_alone(tmp_path):
    path = tmp_path / "features.toml"
    path.write_text(TEMPLATE, encoding="utf-8")
    catalogue = FeatureCatalogue.from_toml(path)
    assert catalogue.names[0] == "bank__all__records__30d__count"
    assert catalogue.names[0] not in catalogue.expanded
    assert len(catalogue.expanded) == 2 * 2 * 2 - 1
    assert (
        catalogue.definitions[-1].meaning == "records of late: number of days with a record, the last 90 days"
    )
    assert FeatureCatalogue.from_dict(catalogue.to_dict()) == catalogue


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('["count", "active_days"]', '["count", "active_day"]'),
            "CR-FEA-005: .*'active_day' does not exist. Did you mean 'active_days'",
        ),
        (
            ('"late"]', '"lat"]'),
            "CR-FEA-002: Feature 'bank__lat__.*subject 'lat' of source 'bank' is not declared. Did you mean 'late'",
        ),
        (
            ('factor = "activity"', 'factor = "activity"\nrationale = "x"'),
            "CR-CFG-003: .*unknown key 'rationale'",
        ),
    ],
)
def test_a_wrong_template_is_refused(tmp_path, change, message):
    path = tmp_path / "features.toml"
    path.write_text(TEMPLATE.replace(*change), encoding="utf-8")
    with pytest.raises(SpecificationError, match=message):
        FeatureCatalogue.from_toml(path)

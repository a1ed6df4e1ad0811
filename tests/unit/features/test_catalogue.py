"""A catalogue: generated names, TOML and Python the same, mistakes refused with the nearest valid name."""

from __future__ import annotations

import json

import pytest

from credit_risk.domain.texts import catalogue as texts
from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition
from credit_risk.features.aggregates import AGGREGATES, TOKENS

GOOD = """
name = "tiny"
version = "3"
owner = "team"

[sources.bank.subjects.late]
where = ["status >= 1"]

[sources.bank.measures.ratio]
expression = "amount / application.limit"
scale = 4
minimum = -1.5
maximum = 2

[[features]]
source = "bank"
subject = "late"
measure = "ratio"
aggregate = "mean"
windows = ["30d", "history"]
factor = "payment"
risk = "rises"
meaning = "Mean over {window}"

[[features]]
source = "application"
measure = "limit"
factor = "limit"
risk = "falls"
meaning = "Limit"
"""


@pytest.fixture
def read(tmp_path):
    def from_text(old="", new=""):
        assert old in GOOD
        path = tmp_path / "features.toml"
        path.write_text(GOOD.replace(old, new, 1) if old else GOOD + new, encoding="utf-8")
        return FeatureCatalogue.from_toml(path)

    return from_text


def test_one_entry_gives_one_feature_per_window(read):
    catalogue = read()
    assert catalogue.names == (
        "bank__late__ratio__30d__mean",
        "bank__late__ratio__history__mean",
        "application__all__limit__now__value",
    )
    assert catalogue.directions["bank__late__ratio__30d__mean"] == 1
    assert catalogue.directions["application__all__limit__now__value"] == -1
    assert catalogue.factors["bank__late__ratio__history__mean"] == "payment"
    assert catalogue.definitions[0].meaning == "Mean over the last 30 days"
    assert catalogue.definitions[1].owner == "team"
    assert catalogue.definitions[1].version == "3"


def test_lineage_goes_back_to_raw_columns(read):
    first = read().lineage()[0]
    assert first == {
        "feature": "bank__late__ratio__30d__mean",
        "source": "bank",
        "columns": ["amount", "application.limit", "status"],
        "consent_purpose": "credit_assessment",
    }


def test_a_catalogue_survives_json(read):
    catalogue = read()
    assert FeatureCatalogue.from_dict(json.loads(json.dumps(catalogue.to_dict()))) == catalogue


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('aggregate = "mean"', 'aggregate = "maen"', "CR-CFG-005: .*features.toml.*Did you mean 'mean'"),
        ('risk = "rises"', 'risk = "up"', "CR-CFG-005: .*'falls', 'open', 'rises'"),
        ('factor = "payment"', 'facter = "payment"', "CR-CFG-004: .*'factor' is missing.*'facter'"),
        ('measure = "ratio"', 'measur = "ratio"', "CR-CFG-003: .*'measur'. Did you mean 'measure'"),
        ('subject = "late"', 'subject = "lat"', "CR-FEA-002: .*Did you mean 'late'"),
        ("subjects.late]", "subject.late]", "CR-CFG-003: .*'subject'. Did you mean 'subjects'"),
        ('"status >= 1"', '"status => 1"', "CR-FEA-001: .*not a condition"),
        ('"status >= 1"', '"status in [a]"', "CR-FEA-001: .*word in single quotes"),
        ('"amount / application.limit"', '"amount * limit"', "CR-FEA-001: .*not a derived measure"),
        ("minimum = -1.5", "minimun = -1.5", "CR-CFG-003: .*Did you mean 'minimum'"),
        ('windows = ["30d", "history"]', 'windows = ["30"]', "CR-FEA-006: .*window '30' is not allowed"),
        ('windows = ["30d", "history"]', 'windows = ["0d"]', "CR-FEA-006: .*outside 1..36500"),
        ('windows = ["30d", "history"]', 'windows = ["30d", "30d"]', "CR-FEA-004: .*declared twice"),
        ('windows = ["30d", "history"]', "windows = []", "CR-FEA-007: .*empty"),
        ('windows = ["30d", "history"]', 'windows = ["now"]', "CR-FEA-006: .*'now' belongs"),
        ('windows = ["30d", "history"]', 'windows = ["30d_vs_90d"]', "CR-FEA-006: .*comparison"),
        ('risk = "rises"', 'risk = "rises"\nprecision = 16', "CR-FEA-006: .*precision = 16"),
        ('risk = "rises"', 'risk = "rises"\nover = "amount"', "CR-FEA-006: .*takes no 'over'"),
        ('aggregate = "mean"', 'aggregate = "sum_ratio"', "CR-FEA-006: .*needs 'over'"),
        ('risk = "rises"', 'risk = "rises"\nby = "amount"', "CR-FEA-006: .*takes no 'by'"),
        ('aggregate = "mean"', 'aggregate = "entropy"', "CR-FEA-006: .*needs 'by'"),
        ('risk = "rises"', 'risk = "rises"\nbase = "late"', "CR-FEA-006: .*takes no 'base'"),
        ('risk = "rises"', 'risk = "rises"\nbase = "lat"', "CR-FEA-006: .*takes no 'base'"),
        ('aggregate = "mean"', 'aggregate = "sum_share"\nbase = "lat"', "CR-FEA-002: .*Did you mean 'late'"),
        ('aggregate = "mean"', 'aggregate = "share"', "CR-FEA-006: .*takes no measure"),
        ('measure = "ratio"\n', "", "CR-FEA-006: .*needs a measure"),
        ("measures.ratio]", "measures.event_hour]", "CR-FEA-003: .*'event_hour' is not allowed"),
        ("subjects.late]", "subjects.very__late]", "CR-FEA-003: .*'very__late' is not allowed"),
        ('"amount / application.limit"', '"ratio / application.limit"', "CR-FEA-008: .*not declared before"),
    ],
)
def test_a_mistake_is_refused(read, old, new, message):
    with pytest.raises(SpecificationError, match=message):
        read(old, new)


def test_a_catalogue_without_features_is_refused(tmp_path):
    path = tmp_path / "features.toml"
    path.write_text('name = "x"\nversion = "1"\n', encoding="utf-8")
    with pytest.raises(SpecificationError, match="CR-FEA-007: .*no feature is declared"):
        FeatureCatalogue.from_toml(path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"aggregate": "maen"}, "CR-FEA-005: .*Did you mean 'mean'"),
        ({"direction": 2}, "CR-FEA-006: .*direction = 2"),
        ({"window": "90d_vs_30d", "aggregate": "mean_ratio"}, "CR-FEA-006: .*longer"),
        ({"source": "application", "window": "now"}, "CR-FEA-006: .*'value' belongs"),
    ],
)
def test_a_definition_in_python_is_held_to_the_same_rules(one, fields, message):
    with pytest.raises(SpecificationError, match=message):
        one(**fields)


def test_split_and_base_are_part_of_name_lineage_and_json(one):
    catalogue = one(
        aggregate="share", measure="records", subject="chosen", base="chosen", where=["category == 'rent'"]
    )
    assert catalogue.names == ("bank__chosen_of_chosen__records__30d__share",)
    assert FeatureCatalogue.from_dict(json.loads(json.dumps(catalogue.to_dict()))) == catalogue
    catalogue = one(aggregate="hhi", by="category")
    assert catalogue.names == ("bank__all__amount_by_category__30d__hhi",)
    assert catalogue.lineage()[0]["columns"] == ["amount", "category"]
    assert FeatureCatalogue.from_dict(json.loads(json.dumps(catalogue.to_dict()))) == catalogue


JOIN = """
[[features]]
source = "cross"
aggregate = "{aggregate}"
measure = "{measure}"
over = "application__all__limit__now__value"
factor = "burden"
risk = "rises"
meaning = "Mean over limit"
"""


def test_a_feature_may_join_two_sources_and_its_lineage_names_both(read):
    name = "bank__late__ratio__30d__mean"
    catalogue = read("", JOIN.format(aggregate="ratio", measure=name))
    assert catalogue.names[-1] == f"cross__all__{name}_per_application__all__limit__now__value__now__ratio"
    assert "cross" not in catalogue.sources
    rows = [row for row in catalogue.lineage() if row["feature"] == catalogue.names[-1]]
    assert [row["source"] for row in rows] == ["bank", "application"]
    assert rows[0]["columns"] == ["amount", "application.limit", "status"]
    assert FeatureCatalogue.from_dict(json.loads(json.dumps(catalogue.to_dict()))) == catalogue


@pytest.mark.parametrize(
    ("aggregate", "measure", "message"),
    [
        ("ratio", "bank__lat__ratio__30d__mean", "CR-FEA-009: .*Did you mean 'bank__late__ratio__30d__mean'"),
        ("sum_ratio", "bank__late__ratio__30d__mean", "CR-FEA-006: .*belong to the source 'cross'"),
    ],
)
def test_a_joined_feature_needs_two_earlier_ones(read, aggregate, measure, message):
    with pytest.raises(SpecificationError, match=message):
        read("", JOIN.format(aggregate=aggregate, measure=measure))


def test_json_without_the_optional_fields_is_still_read(one):
    content = one().to_dict()
    assert not {"by", "base"} & set(content["definitions"][0])
    assert FeatureCatalogue.from_dict(content) == one()


def test_the_same_feature_in_python_and_in_toml_is_equal(read):
    definition = FeatureDefinition(
        source="application",
        measure="limit",
        window="now",
        aggregate="value",
        factor="limit",
        direction=-1,
        meaning="Limit",
        owner="team",
        version="3",
    )
    assert read().definitions[-1] == definition


def test_every_aggregate_asks_for_known_primitives():
    assert {token for aggregate in AGGREGATES.values() for token in aggregate.needs} <= set(TOKENS)


@pytest.mark.parametrize("example", ["uci_credit_card", "instant_loan"])
def test_every_factor_has_a_text_in_both_languages(project_folder, example):
    catalogue = FeatureCatalogue.from_toml(project_folder / "examples" / example / "features.toml")
    for language in ("en", "zh-CN"):
        keys = set(texts(language))
        for factor in set(catalogue.factors.values()):
            assert f"features.factor.{factor}" in keys
            assert f"features.reason.{factor}" in keys
    assert set(texts("en")) >= {key for key in texts("zh-CN") if key.startswith("features.")}

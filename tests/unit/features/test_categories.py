"""Which features are words, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, FeatureDefinition, feature_categories
from credit_risk.sources.contract import SourceContracts


def column(name, role, kind, codes=()):
    return {"name": name, "role": role, "kind": kind, "codes": list(codes)}


CONTRACTS = SourceContracts.from_dict(
    {
        "name": "tiny",
        "timezone": "UTC",
        "currency": "CNY",
        "consent": {"mode": "assumed", "purpose": "credit_assessment", "statement": "assumed"},
        "applications": {
            "file": "a.csv",
            "application_key": "id",
            "customer_key": "id",
            "applied_at": "2026-01-01T00:00:00+00:00",
            "consent_purpose": "credit_assessment",
            "columns": [
                column("id", "key", "text"),
                column("purpose", "attribute", "code", ("tv", "car")),
                column("income", "attribute", "integer"),
                column("class", "attribute", "integer", (1, 2)),
            ],
        },
        "records": [
            {
                "name": "calls",
                "file": "c.csv",
                "customer_key": "id",
                "unique_key": [],
                "event_time": {"column": "at"},
                "known_at": {"column": "at"},
                "consent_purpose": "credit_assessment",
                "columns": [
                    column("id", "key", "text"),
                    column("at", "time", "timestamp"),
                    column("direction", "measure", "code", ("in", "out")),
                ],
            }
        ],
    }
)
PURPOSE = FeatureDefinition(
    source="application", measure="purpose", window="now", aggregate="value", factor="f"
)
LAST = FeatureDefinition(source="calls", measure="direction", window="30d", aggregate="last", factor="f")
CATALOGUE = FeatureCatalogue(
    name="tiny",
    version="1",
    definitions=(
        PURPOSE,
        replace(PURPOSE, measure="income"),
        replace(PURPOSE, measure="class"),
        LAST,
        replace(LAST, aggregate="distinct"),
        replace(LAST, measure="records", aggregate="count"),
    ),
)


def test_words_are_those_handed_on_as_they_are_in_the_order_of_the_contract():
    assert feature_categories(CATALOGUE, CONTRACTS) == {PURPOSE.name: ("tv", "car"), LAST.name: ("in", "out")}


def test_a_word_that_rises_or_falls_with_risk_is_refused():
    rising = replace(CATALOGUE, definitions=(replace(PURPOSE, direction=1),))
    with pytest.raises(SpecificationError, match="words have no order. Expected risk = 'open'"):
        feature_categories(rising, CONTRACTS)


def test_own_factors_travel_in_the_catalogue(tmp_path):
    path = tmp_path / "features.toml"
    path.write_text(
        """
name = "tiny"
version = "1"
[factors.why]
label = { en = "Purpose", zh-CN = "用途" }
reason = { en = "The purpose of the loan.", zh-CN = "借款用途。" }
[[features]]
source = "application"
measure = "purpose"
factor = "why"
risk = "open"
meaning = "purpose"
""",
        encoding="utf-8",
    )
    catalogue = FeatureCatalogue.from_toml(path)
    assert FeatureCatalogue.from_dict(catalogue.to_dict()) == catalogue
    assert catalogue.wordings == {"why": (("en", "The purpose of the loan."), ("zh-CN", "借款用途。"))}
    assert catalogue.factor_label("why", "zh-CN") == "用途"
    assert catalogue.factor_label("delinquency", "en") == "Late payments"
    assert "own_factors" not in CATALOGUE.to_dict()
    path.write_text(
        path.read_text(encoding="utf-8").replace('zh-CN = "用途"', 'zh = "用途"'), encoding="utf-8"
    )
    with pytest.raises(
        SpecificationError, match=r"\[factors\] \[why\] \[label\], line 5: key 'zh-CN' is missing"
    ):
        FeatureCatalogue.from_toml(path)

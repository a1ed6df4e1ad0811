"""Contracts of a small synthetic bank, and a way to name one feature of it."""

from __future__ import annotations

import pytest

from credit_risk.features import DerivedMeasure, FeatureCatalogue, FeatureDefinition, Subject
from credit_risk.sources import SourceContracts

KEY = {"name": "customer", "role": "key", "kind": "text"}
COLUMNS = [
    KEY,
    {"name": "at", "role": "time", "kind": "timestamp"},
    {"name": "amount", "role": "measure", "kind": "money", "scale": 2, "minimum": -(10**9), "maximum": 10**9},
    {"name": "wide", "role": "measure", "kind": "integer"},
    {"name": "category", "role": "measure", "kind": "code", "codes": ["food", "rent"]},
    {"name": "mood", "role": "measure", "kind": "code", "codes": ["good", "bad"]},
    {"name": "charged_off", "role": "outcome", "kind": "integer"},
    {"name": "note", "role": "ignored", "kind": "text"},
]
FORM = [
    KEY,
    {"name": "at", "role": "time", "kind": "timestamp"},
    {"name": "limit", "role": "attribute", "kind": "money", "scale": 2, "minimum": 0, "maximum": 10**9},
    {"name": "age", "role": "protected", "kind": "integer"},
    {"name": "is_bad", "role": "outcome", "kind": "integer"},
]


@pytest.fixture
def contracts():
    purpose = {"consent_purpose": "credit_assessment"}
    return SourceContracts.from_dict(
        {
            "name": "tiny",
            "timezone": "Asia/Shanghai",
            "currency": "CNY",
            "consent": {"mode": "assumed", "purpose": "credit_assessment", "statement": "synthetic"},
            "applications": {
                "file": "a.parquet",
                "application_key": "customer",
                "customer_key": "customer",
                "applied_at_column": "at",
                "columns": FORM,
                **purpose,
            },
            "records": [
                {
                    "name": "bank",
                    "file": "b.parquet",
                    "customer_key": "customer",
                    "unique_key": [],
                    "event_time": {"column": "at"},
                    "known_at": {"column": "at"},
                    "columns": COLUMNS,
                    **purpose,
                }
            ],
        }
    )


@pytest.fixture
def one():
    """Return a function: the catalogue that holds one feature of the bank."""

    def catalogue(*, where=(), expression=None, measure_with=(), **definition):
        fields = {
            "source": "bank",
            "window": "30d",
            "aggregate": "mean",
            "measure": "amount",
            "factor": "any",
        }
        if where:
            fields["subject"] = "chosen"
        if expression:
            fields["measure"] = "derived"
        fields.update(definition)
        source = fields["source"]
        measures = [
            DerivedMeasure(
                **{"source": source, "name": "derived", "expression": expression, **dict(measure_with)}
            )
        ]
        return FeatureCatalogue(
            name="one",
            version="1",
            subjects=(Subject(source=source, name="chosen", where=tuple(where)),) if where else (),
            measures=tuple(measures) if expression else (),
            definitions=(FeatureDefinition(**fields),),
        )

    return catalogue

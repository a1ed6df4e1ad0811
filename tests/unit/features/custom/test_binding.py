"""A catalogue carries which custom aggregates it was made with, and is refused where others are registered."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from credit_risk.domain.application import Application
from credit_risk.errors import SpecificationError
from credit_risk.features import CustomAggregate, FeatureCatalogue, FeatureClosure, register_aggregate
from credit_risk.features.aggregates import AGGREGATES, CUSTOM, TOKENS
from credit_risk.features.custom.parity import output_digest
from credit_risk.features.plan import plan_features

NAME = "odd_records"
#: Of an aggregate that counts records: pinned, for bundles hold such digests.
DIGEST_OF_COUNT = "0b200f6fc1971944c1c2b20a0d0bb4bdcb12de2877c3a265b8dcfbda8c65a260"


def counting(add=0, **fields):
    """Return an aggregate: number of records, and more."""
    given = {
        "name": NAME,
        "real_time": lambda values, ages: (len(values) + add, 1),
        "batch": lambda values, ages, starts: (np.diff(starts) + add, np.diff(starts) * 0 + 1),
        "meaning": "records",
        "keeps_unit": False,
    }
    return CustomAggregate(**{**given, **fields})


@pytest.fixture(autouse=True)
def _forget():
    yield
    for register, key in ((AGGREGATES, NAME), (CUSTOM, NAME), (TOKENS, f"custom {NAME}")):
        register.pop(key, None)


@pytest.fixture
def catalogue(one):
    register_aggregate(counting(), cases=10)
    return one(aggregate=NAME)


def test_the_fixed_histories_never_change():
    assert output_digest(counting()) == DIGEST_OF_COUNT


def test_the_digest_is_of_what_is_computed_not_of_how_it_is_written_or_registered():
    same = counting(real_time=lambda values, ages: (sum(1 for _ in ages), 1), name="other", version="7")
    assert output_digest(same) == DIGEST_OF_COUNT
    assert output_digest(counting(add=1)) != DIGEST_OF_COUNT
    assert output_digest(counting(keeps_unit=True)) != DIGEST_OF_COUNT
    missing, above = (counting(real_time=half) for half in (lambda _v, _a: (0, 0), lambda _v, _a: (5, 0)))
    assert output_digest(missing) == output_digest(above)


def test_a_catalogue_carries_name_version_and_digest_of_what_it_uses_and_only_then(catalogue, one):
    bound = {"name": NAME, "version": "1", "output_digest": DIGEST_OF_COUNT}
    assert catalogue.to_dict()["custom_aggregates"] == [bound]
    assert FeatureCatalogue.from_dict(json.loads(json.dumps(catalogue.to_dict()))) == catalogue
    assert "custom_aggregates" not in one().to_dict()


@pytest.mark.parametrize("changed", [{"add": 1}, {"version": "2"}, {"keeps_unit": True}])
def test_another_aggregate_under_the_name_is_refused_when_the_catalogue_is_read_or_computed(
    catalogue, contracts, changed
):
    content = catalogue.to_dict()
    register_aggregate(counting(**changed), cases=10, replace=True)
    message = rf"CR-FEA-023: Catalogue 'one' was made with the custom aggregate '{NAME}', version '1', .*Hint: call register"
    with pytest.raises(SpecificationError, match=message):
        FeatureCatalogue.from_dict(content)
    with pytest.raises(SpecificationError, match=message):
        plan_features(catalogue, contracts)
    with pytest.raises(SpecificationError, match=message):
        catalogue.with_features(replace(catalogue.definitions[0], window="60d"))


def test_an_aggregate_that_is_not_registered_is_named(catalogue):
    content = catalogue.to_dict()
    del AGGREGATES[NAME], CUSTOM[NAME]
    with pytest.raises(SpecificationError, match=r"CR-FEA-023: .*but none of this name is registered"):
        FeatureCatalogue.from_dict(content)


def test_a_catalogue_that_says_nothing_of_its_aggregates_or_too_much_is_refused(catalogue, one):
    silent = catalogue.to_dict()
    bound = silent.pop("custom_aggregates")
    for content in (silent, {**one().to_dict(), "custom_aggregates": bound}):
        with pytest.raises(SpecificationError, match=rf"CR-FEA-023: .*not in both \(first: '{NAME}'\)"):
            FeatureCatalogue.from_dict(content)


def test_a_closure_keeps_the_aggregate_it_was_compiled_with(catalogue, contracts):
    closure = FeatureClosure(catalogue, contracts)
    register_aggregate(counting(add=1), cases=10, replace=True)
    form = {"application_id": "A", "applied_at": "2026-03-01T12:00:00+08:00", "limit": 1}
    record = {"at": "2026-02-20T09:00:00+08:00", "amount": 1, "wide": 1, "category": "food", "mood": "good"}
    vector = closure(Application.from_mapping(form), {"bank": [record]})
    assert vector.values.tolist() == [1.0]


TOML = f"""
name = "tiny"
version = "1"
[[features]]
source = "bank"
measure = "amount"
aggregate = "{NAME}"
windows = ["30d"]
risk = "open"
factor = "any"
meaning = "records"
"""


def section(version="1", digest=DIGEST_OF_COUNT):
    return f'[custom_aggregates.{NAME}]\nversion = "{version}"\noutput_digest = "{digest}"\n'


def test_a_file_may_say_which_aggregate_it_was_written_for_and_is_then_held_to_it(tmp_path):
    path = tmp_path / "features.toml"
    path.write_text(TOML + section(), encoding="utf-8")
    with pytest.raises(SpecificationError, match="CR-FEA-023: File 'features.toml' .*none of this name"):
        FeatureCatalogue.from_toml(path)
    register_aggregate(counting(), cases=10)
    bound = FeatureCatalogue.from_toml(path)
    path.write_text(TOML, encoding="utf-8")
    assert FeatureCatalogue.from_toml(path) == bound
    for other in (section(version="2"), section(digest="0" * 64)):
        path.write_text(TOML + other, encoding="utf-8")
        with pytest.raises(SpecificationError, match="CR-FEA-023: File 'features.toml' was made with"):
            FeatureCatalogue.from_toml(path)
    path.write_text(TOML + section() + "colour = 3\n", encoding="utf-8")
    with pytest.raises(SpecificationError, match="CR-CFG-003: .*unknown key 'colour'"):
        FeatureCatalogue.from_toml(path)

"""Outcomes are read completely, labelled by their codes, and refused where they leak or are missing."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from credit_risk.errors import DataContractError, LeakageError, SpecificationError
from credit_risk.performance import OutcomeDefinition
from credit_risk.sources.contract import ColumnContract

TOML = """schema_version = 1
name = "default"
column = "status"
bad_values = [1]
good_values = [0]
horizon = "1m"
known_at = 2005-11-01T00:00:00+08:00
"""


def _definition(tmp_path, old="", new=""):
    path = tmp_path / "outcome.toml"
    path.write_text(TOML.replace(old, new) if old else TOML, encoding="utf-8")
    return OutcomeDefinition.from_toml(path)


def _sources(status, applied_at="2005-09-30T16:00:00+00:00"):
    index = pd.Index([str(i) for i in range(len(status))], name="application_id")
    return SimpleNamespace(
        name="test",
        contracts=SimpleNamespace(
            applications=SimpleNamespace(
                columns=[ColumnContract(name="status", role="outcome", kind="integer")]
            )
        ),
        outcomes=pd.DataFrame({"status": status}, index=index),
        applications=pd.DataFrame({"applied_at": pd.to_datetime([applied_at] * len(status))}, index=index),
    )


def test_codes_become_bad_good_or_undetermined(tmp_path):
    labels = _definition(tmp_path).label(_sources([1, 0, 7]))
    assert labels["is_bad"].tolist() == [True, False, False]
    assert labels["is_determined"].tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema_version = 1", "schema_version = 2", "schema_version must be 1"),
        ("good_values = [0]", "good_values = [0, 1]", r"codes \[1\] are both good and bad"),
        (
            "bad_values = [1]",
            'bad_values = ["1", 2]',
            "bad_values must be a list of whole numbers, or of words",
        ),
        ("horizon", "horizn", "key 'horizon' is missing.*Found 'horizn'"),
        ("+08:00", "", "known_at = .* wrong type. Expected a date and time with time zone"),
    ],
)
def test_a_broken_definition_is_refused(tmp_path, old, new, message):
    with pytest.raises(SpecificationError, match=message):
        _definition(tmp_path, old, new)


def test_a_word_for_a_column_of_numbers_is_refused(tmp_path):
    definition = _definition(tmp_path, "bad_values = [1]", 'bad_values = ["bad"]')
    with pytest.raises(SpecificationError, match="'bad' is a word, but column 'status' holds integer values"):
        definition.label(_sources([1, 0]))


def test_an_unknown_column_is_refused(tmp_path):
    with pytest.raises(
        SpecificationError, match="'statuss' is not an outcome column .* Did you mean 'status'"
    ):
        _definition(tmp_path, '"status"', '"statuss"').label(_sources([1]))


def test_an_outcome_known_before_the_application_is_leakage(tmp_path):
    with pytest.raises(LeakageError, match="2 of 2 applications are not earlier"):
        _definition(tmp_path).label(_sources([0, 1], applied_at="2005-11-01T00:00:00+08:00"))


def test_a_missing_outcome_is_refused(tmp_path):
    with pytest.raises(DataContractError, match="1 of 3 applications have no 'status'"):
        _definition(tmp_path).label(_sources([0, 1, None]))

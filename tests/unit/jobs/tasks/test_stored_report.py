"""What a report shows survives being kept; a damaged or foreign file is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import GovernanceError
from credit_risk.jobs.tasks.stored_report import _built, _plain, _stored

TABLE = pd.DataFrame(
    {
        "n": [1, 2],
        "share": [0.1, np.nan],
        "word": ["a", "汽车"],
        "texts": [{"en": "x"}, {"en": "y"}],
        "kind": pd.Categorical(["u", "v"]),
    },
    index=pd.Index(["r1", "r2"], name="row"),
)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 0.1, "汽车", [1, (2, "x")], {"a": (1.5,)}, {1: {"b": None}}, (), {}],
)
def test_plain_values_survive(value):
    assert _built(json.loads(json.dumps(_plain(value)))) == value


def test_tables_and_arrays_survive_exactly():
    again = _built(json.loads(json.dumps(_plain(TABLE))))
    pd.testing.assert_frame_equal(again, TABLE)
    for array in (np.array([0.1, np.nan, np.inf]), np.zeros((2, 3), dtype=np.int64), np.array([True, False])):
        found = _built(json.loads(json.dumps(_plain(array))))
        assert found.dtype == array.dtype
        assert found.tobytes() == array.tobytes()
    assert np.isnan(_built(json.loads(json.dumps(_plain(float("nan"))))))


def test_what_cannot_be_kept_is_a_fault_of_ours_not_silence():
    with pytest.raises(TypeError, match="a set cannot be stored"):
        _plain({1, 2})


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"$kind": "record", "class": "os:system", "fields": {}}',
        '{"$kind": "record", "class": "credit_risk.jobs.cli:main", "fields": {}}',
        '{"$kind": "record", "class": "credit_risk.reporting.content:ReportContent", "fields": {}}',
        '{"$kind": "unheard-of"}',
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "report_content.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(GovernanceError, match="damaged or was written by another version"):
        _stored(path)


def test_a_folder_without_is_named(tmp_path):
    with pytest.raises(GovernanceError, match="holds no 'report_content.json'"):
        _stored(tmp_path / "report_content.json")

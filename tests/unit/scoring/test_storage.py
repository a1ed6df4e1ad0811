"""Bundle bytes are deterministic, verified on load, and written all or nothing."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from credit_risk.errors import GovernanceError, OutputError
from credit_risk.scoring import storage

FILES = {"a.json": b"{}\n", "b.npz": storage.arrays_to_bytes({"x": np.arange(3)})}
EXPECTED = frozenset(FILES)


@pytest.fixture
def bundle(tmp_path):
    storage.write_files(tmp_path / "bundle", FILES, overwrite=False)
    return tmp_path / "bundle"


def test_arrays_survive_and_their_bytes_repeat():
    arrays = {"value": np.array([1.5, np.nan], dtype=np.float32), "flag": np.array([True])}
    content = storage.arrays_to_bytes(arrays)
    assert content == storage.arrays_to_bytes(dict(reversed(arrays.items())))
    back = storage.arrays_from_bytes(content)
    assert {name: array.dtype for name, array in back.items()} == {"value": np.float32, "flag": np.bool_}
    assert np.array_equal(back["value"], arrays["value"], equal_nan=True)


def test_pickled_objects_are_refused():
    with pytest.raises((ValueError, pickle.UnpicklingError)):
        storage.arrays_to_bytes({"x": np.array([{}], dtype=object)})


def test_files_come_back_as_written(bundle):
    assert storage.read_files(bundle, EXPECTED) == FILES


def test_an_existing_bundle_is_kept_unless_told(bundle):
    with pytest.raises(OutputError, match="exists already"):
        storage.write_files(bundle, FILES, overwrite=False)
    storage.write_files(bundle, {**FILES, "a.json": b"[]\n"}, overwrite=True)
    assert (bundle / "a.json").read_bytes() == b"[]\n"
    assert sorted(path.name for path in bundle.parent.iterdir()) == ["bundle"]


def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        storage.write_files(tmp_path / "file" / "bundle", FILES, overwrite=False)


def test_one_changed_byte_is_refused(bundle):
    content = bytearray((bundle / "b.npz").read_bytes())
    content[-1] ^= 1
    (bundle / "b.npz").write_bytes(bytes(content))
    with pytest.raises(GovernanceError, match="1 of 2 files do not match the manifest .*'b.npz'"):
        storage.read_files(bundle, EXPECTED)


def test_a_missing_file_is_refused(bundle):
    (bundle / "a.json").unlink()
    with pytest.raises(GovernanceError, match=r"missing files \['a.json'\]"):
        storage.read_files(bundle, EXPECTED)


def test_no_bundle_is_said_so(tmp_path):
    with pytest.raises(GovernanceError, match="is not a bundle: it has no manifest.json"):
        storage.read_files(tmp_path, EXPECTED)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"schema_version": 99, "files": {}}, "schema version 99; this library reads up to 2. Hint: upgrade"),
        ({"files": {}}, "manifest.json cannot be read"),
        (
            {"schema_version": 2, "files": {"a.json": "0", "b.npz": "0", "../evil": "0"}},
            r"unknown files \['../evil'\]",
        ),
    ],
)
def test_an_unusable_manifest_is_refused(bundle, manifest, message):
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(GovernanceError, match=message):
        storage.read_files(bundle, EXPECTED)


def test_a_manifest_that_is_not_json_is_refused(bundle):
    (bundle / "manifest.json").write_bytes(b"\xff\x00")
    with pytest.raises(GovernanceError, match="manifest.json cannot be read"):
        storage.read_files(bundle, EXPECTED)

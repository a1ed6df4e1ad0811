"""Bundle files on disk: deterministic bytes, a manifest of digests, verified on every load, never a pickle."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import GovernanceError, OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

#: 2: trees carry covers and encodings, and a blend may stand beside the models.
SCHEMA_VERSION = 2
MANIFEST = "manifest.json"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def arrays_to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write arrays as an uncompressed npz whose bytes depend on nothing but the arrays."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=_FIXED_TIME), entry.getvalue())
    return stream.getvalue()


def arrays_from_bytes(content: bytes) -> dict[str, NDArray[Any]]:
    """Read arrays back; pickled objects are refused."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest: schema version and the SHA-256 of every file."""
    return canonical_json(
        {
            "format": "credit_risk scoring bundle",
            "schema_version": SCHEMA_VERSION,
            "files": {name: sha256_of(content) for name, content in sorted(files.items())},
        }
    )


def write_files(folder: Path, files: Mapping[str, bytes], *, overwrite: bool) -> None:
    """Write a bundle beside its place and swap it in at the end.

    Raises
    ------
    OutputError
        The folder exists and ``overwrite`` is false (``CR-OUT-010``), or cannot be written (``CR-OUT-011``).
    """
    if folder.exists() and not overwrite:
        raise OutputError(
            f"Bundle folder '{folder}' exists already. Hint: choose another folder, or pass overwrite=True.",
            code="CR-OUT-010",
        )
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise OutputError(
            f"'{folder}' is not a bundle (it has no {MANIFEST}); it is not replaced. Hint: choose another folder.",
            code="CR-OUT-012",
        )
    building = folder.with_name(f".{folder.name}.building-{os.getpid()}")
    try:
        building.mkdir(parents=True)
        for name, content in {**files, MANIFEST: manifest_of(files)}.items():
            (building / name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(building, folder)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise OutputError(
            f"Bundle folder '{folder}' cannot be written ({error.strerror or type(error).__name__}). "
            "Hint: check that the folder above it exists and is writable.",
            code="CR-OUT-011",
        ) from error


def read_files(
    folder: Path, expected: frozenset[str], optional: frozenset[str] = frozenset()
) -> dict[str, bytes]:
    """Read and verify a bundle's files; ``optional`` ones are read where the manifest names them.

    Raises
    ------
    GovernanceError
        No bundle (``CR-GOV-001``), newer or older schema (``CR-GOV-002``,
        ``CR-GOV-005``), damaged or incomplete (``CR-GOV-003``).
    """
    digests = _read_digests(folder)
    expected |= optional & set(digests)
    unknown = sorted(set(digests) - expected)
    absent = sorted(name for name in expected if name not in digests or not (folder / name).is_file())
    if unknown or absent:
        raise GovernanceError(
            f"Bundle '{folder}' is not complete: missing files {absent}, unknown files {unknown}. "
            "Hint: copy the whole folder again.",
            code="CR-GOV-003",
        )
    files = {name: (folder / name).read_bytes() for name in sorted(expected)}
    damaged = [name for name, content in files.items() if sha256_of(content) != digests[name]]
    if not damaged and manifest_of(files) != (folder / MANIFEST).read_bytes():
        damaged = [MANIFEST]
    if damaged:
        raise GovernanceError(
            f"Bundle '{folder}': {len(damaged)} of {len(files)} files do not match the manifest (first: {damaged[0]!r}). "
            "Hint: the bundle was damaged or edited; restore it from where it was built.",
            code="CR-GOV-003",
        )
    return files


def _read_digests(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    if not path.is_file():
        raise GovernanceError(
            f"'{folder}' is not a bundle: it has no {MANIFEST}. Hint: pass the folder that ScoringBundle.save wrote.",
            code="CR-GOV-001",
        )
    try:
        manifest = json.loads(path.read_bytes())
        version, digests = manifest["schema_version"], dict(manifest["files"])
        is_number = type(version) is int and version >= 1
    except (ValueError, KeyError, TypeError, RecursionError):
        is_number = False
    if not is_number:
        raise GovernanceError(
            f"Bundle '{folder}': {MANIFEST} cannot be read. Hint: the bundle was damaged; restore it.",
            code="CR-GOV-003",
        )
    if version > SCHEMA_VERSION:
        raise GovernanceError(
            f"Bundle '{folder}' has schema version {version}; this library reads up to {SCHEMA_VERSION}. "
            "Hint: upgrade credit-risk-toolkit.",
            code="CR-GOV-002",
        )
    if version < SCHEMA_VERSION:
        raise GovernanceError(
            f"Bundle '{folder}' has schema version {version}; this library reads {SCHEMA_VERSION}. "
            "Hint: build it again with this version.",
            code="CR-GOV-005",
        )
    return digests

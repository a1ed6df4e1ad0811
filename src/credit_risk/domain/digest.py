"""One way to write a record as bytes, so that equal content has an equal digest everywhere."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def canonical_json(value: object) -> bytes:
    r"""Write a value as JSON bytes: keys sorted, shortest float form, no NaN, newline at the end.

    Examples
    --------
    >>> canonical_json({"b": 0.1, "a": [1, None]})
    b'{\n "a": [\n  1,\n  null\n ],\n "b": 0.1\n}\n'
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode("utf-8")


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

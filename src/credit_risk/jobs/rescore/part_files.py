"""Finished blocks as files, so that a killed run goes on where it stood and no row is lost or doubled.

A block counts as finished when its file has its final name, which happens at once and only after the data is on the disk.
The parts of one run lie beside the output; they go when the output stands.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

#: Key in the output's metadata that names the plan it was made by.
PLAN_KEY = b"credit_risk_rescore_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFiles:
    """The finished blocks of one run.

    Attributes
    ----------
    output : Path
        Where the whole table shall stand.
    plan : mapping
        What makes two runs the same: digests of bundle and input, rows per block, versions of the columns and of the library.
    """

    output: Path
    plan: Mapping[str, object]

    @property
    def folder(self) -> Path:
        """Where the parts lie, beside the output."""
        return self.output.with_name(f"{self.output.name}.parts")

    @property
    def plan_digest(self) -> str:
        """Digest of the plan."""
        return sha256_of(canonical_json(dict(self.plan)))

    def is_complete(self) -> bool:
        """Whether the output already stands and was made by this very plan."""
        if not self.output.is_file():
            return False
        try:
            metadata = pq.read_schema(self.output).metadata or {}
        except (OSError, ValueError):
            return False
        return bool(metadata.get(PLAN_KEY) == self.plan_digest.encode())

    @contextmanager
    def opened(self, *, restart: bool) -> Iterator[int]:
        """Hold the folder alone and yield the number of blocks that are finished.

        Raises
        ------
        OutputError
            Another run holds it (``CR-OUT-020``), or its parts are of another plan (``CR-OUT-021``).
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            self._hold(lock.fileno())
            if restart:  # only once the folder is held: another run may be writing into it
                self._forget()
            self._check_plan()
            for draft in self.folder.glob("*.writing"):
                draft.unlink()
            yield self._n_finished()

    def write(self, number: int, table: pa.Table) -> None:
        """Write one block; it counts only once it is whole and on the disk."""
        _write_whole(self.folder / _part_name(number), [table])

    def merge(self, n_blocks: int, *, n_expected: int | None) -> int:
        """Join the parts into the output, remove them, and return the number of rows.

        Raises
        ------
        OutputError
            The parts do not hold as many rows as the input (``CR-OUT-022``).
        """
        parts = [self.folder / _part_name(number) for number in range(n_blocks)]
        n_rows = sum(int(pq.read_metadata(part).num_rows) for part in parts)
        if n_expected not in (None, n_rows):
            raise OutputError(
                f"The finished parts hold {n_rows} rows, the input {n_expected}. Hint: the input changed meanwhile; run again "
                "with --restart.",
                code="CR-OUT-022",
            )
        schema = pq.read_schema(parts[0])
        metadata = {**(schema.metadata or {}), PLAN_KEY: self.plan_digest.encode()}
        tables = (pq.read_table(part).replace_schema_metadata(metadata) for part in parts)
        _write_whole(self.output, tables)
        self.discard()
        return n_rows

    def tidied(self) -> int:
        """Remove what a finished run left beside its output, and return the number of rows of the output.

        Raises
        ------
        OutputError
            Another run is writing there (``CR-OUT-020``).
        """
        if self.folder.is_dir():
            with (self.folder / "lock").open("w") as lock:
                self._hold(lock.fileno())
                self.discard()
        return int(pq.read_metadata(self.output).num_rows)

    def discard(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _forget(self) -> None:
        for path in [self.folder / "plan.json", *self.folder.glob("part-*.parquet")]:
            path.unlink(missing_ok=True)

    def _hold(self, descriptor: int) -> None:
        try:
            fcntl.flock(
                descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB
            )  # given back by the system even after a kill
        except OSError as error:
            raise OutputError(
                f"Output '{self.output}' is being written by another run. Hint: wait for it.",
                code="CR-OUT-020",
            ) from error

    def _check_plan(self) -> None:
        path = self.folder / "plan.json"
        if not path.is_file():
            draft = path.with_suffix(".writing")
            draft.write_bytes(canonical_json(dict(self.plan)))
            os.replace(draft, path)
            return
        before = json.loads(path.read_text(encoding="utf-8"))
        different = sorted(key for key in self.plan if before.get(key) != self.plan[key])
        if different:
            raise OutputError(
                f"'{self.folder.name}' holds parts of an unfinished run with another {' and '.join(different)}. "
                "Hint: finish that run, or pass --restart to discard its parts.",
                code="CR-OUT-021",
            )

    def _n_finished(self) -> int:
        number = 0
        while (self.folder / _part_name(number)).is_file():
            number += 1
        return number


def _part_name(number: int) -> str:
    return f"part-{number:06d}.parquet"


def _write_whole(path: Path, tables: Iterator[pa.Table] | list[pa.Table]) -> None:
    """Write tables into one Parquet file that appears at once, when it is whole and on the disk."""
    draft = path.with_name(f"{path.name}.writing")
    with draft.open("wb") as stream:
        writer = None
        for table in tables:
            writer = writer or pq.ParquetWriter(stream, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename last: without it a power cut could bring the old name back."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

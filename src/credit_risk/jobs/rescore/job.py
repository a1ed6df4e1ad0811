"""The nightly job: a portfolio of prepared rows -> scores, streamed, and resumed where a killed run stood."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tqdm import tqdm

import credit_risk
from credit_risk.errors import DataContractError, OutputError, SpecificationError
from credit_risk.features.categories import feature_categories
from credit_risk.jobs.rescore.part_files import PartFiles
from credit_risk.jobs.rescore.prepared_rows import open_prepared_rows
from credit_risk.jobs.rescore.score_columns import COLUMNS_VERSION, score_block, used_features
from credit_risk.scoring import load_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from credit_risk.jobs.rescore.prepared_rows import PreparedRows
    from credit_risk.scoring import ScoringBundle


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoreSettings:
    """One rescoring run.

    Attributes
    ----------
    rows : Path
        Prepared rows: a Parquet file, a folder of Parquet files, or a CSV file; key ``application_id`` and the features. A
        feature that is a word may be written as the word.
    output : Path
        Parquet file to write.
    bundle : Path
        Bundle folder.
    block_rows : int
        Rows worked on at once; memory grows with it, results do not depend on it.
    overwrite : bool
        Replace an output that exists.
    restart : bool
        Discard the parts of an unfinished run instead of going on with them.
    is_quiet : bool
        Show no progress.
    """

    rows: Path
    output: Path
    bundle: Path
    block_rows: int = 50_000
    overwrite: bool = False
    restart: bool = False
    is_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoreResult:
    """What a run did."""

    output: str
    n_rows: int
    n_rows_resumed: int
    bundle_digest: str
    seconds: float
    was_complete: bool

    def sentence(self) -> str:
        """Return one line for a person."""
        if self.was_complete:
            return f"{self.output}: already complete from an earlier run of the same rows and bundle."
        resumed = f" ({self.n_rows_resumed:,} of them by an earlier run)" if self.n_rows_resumed else ""
        return f"{self.n_rows:,} rows{resumed} in {self.seconds:.1f} s -> {self.output}"


def run_rescore(settings: RescoreSettings) -> RescoreResult:
    """Rescore a portfolio; the output appears whole or not at all.

    A run that was killed goes on with the first block it had not finished. The output does not depend on how often that
    happened.

    Raises
    ------
    DataContractError, MissingFeatureError
        The rows are not usable (``CR-RSC-*``).
    GovernanceError
        The bundle is not usable.
    OutputError
        The output exists (``CR-OUT-010``), cannot be written (``CR-OUT-011``), is held by another run (``CR-OUT-020``), or
        parts of another plan lie there (``CR-OUT-021``).
    """
    started = time.perf_counter()
    if settings.block_rows < 1:
        raise SpecificationError(
            f"block_rows must be at least 1. Got {settings.block_rows}.", code="CR-RSC-006"
        )
    bundle = load_bundle(settings.bundle)
    features = used_features(bundle)
    words = feature_categories(bundle.features, bundle.contracts)
    listed = {name: words[name] for name in features if name in words}
    rows = open_prepared_rows(settings.rows, features, listed)
    parts = PartFiles(output=settings.output, plan=_plan(settings, bundle, rows))
    was_complete = parts.is_complete() and not settings.overwrite
    n_resumed = 0
    if was_complete:
        n_rows = parts.tidied()
    else:
        _check_output(settings)
        try:
            n_rows, n_resumed = _rescore(settings, bundle, rows, parts)
        except OSError as error:
            raise OutputError(
                f"Output '{settings.output}' cannot be written ({error.strerror or type(error).__name__}). "
                "Hint: check the folder and the space on the disk; run again to go on.",
                code="CR-OUT-011",
            ) from error
    return RescoreResult(
        output=str(settings.output),
        n_rows=n_rows,
        n_rows_resumed=n_resumed,
        bundle_digest=bundle.digest,
        seconds=time.perf_counter() - started,
        was_complete=was_complete,
    )


def _rescore(
    settings: RescoreSettings, bundle: ScoringBundle, rows: PreparedRows, parts: PartFiles
) -> tuple[int, int]:
    """Write the blocks that are not finished, join all, and return rows written and rows resumed."""
    with parts.opened(restart=settings.restart) as n_finished:
        done = n_finished * settings.block_rows
        if rows.n_rows is not None:
            done = min(done, rows.n_rows)
        shown = not settings.is_quiet and sys.stderr.isatty()
        n_blocks = n_finished
        with tqdm(total=rows.n_rows, initial=done, unit=" rows", unit_scale=True, disable=not shown) as bar:
            for n_blocks, block in enumerate(
                rows.blocks(n_finished, settings.block_rows), start=n_finished + 1
            ):
                parts.write(n_blocks - 1, score_block(bundle, block))
                bar.update(block.num_rows)
        if n_blocks == 0:
            raise DataContractError(f"Input '{settings.rows}' holds no rows.", code="CR-RSC-001")
        return parts.merge(n_blocks, n_expected=rows.n_rows), done


def _plan(settings: RescoreSettings, bundle: ScoringBundle, rows: PreparedRows) -> dict[str, object]:
    return {
        "bundle": bundle.digest,
        "input": rows.fingerprint(),
        "rows per block": settings.block_rows,
        "columns": COLUMNS_VERSION,
        "library version": credit_risk.__version__,
    }


def _check_output(settings: RescoreSettings) -> None:
    if settings.output.exists() and not (settings.overwrite and settings.output.is_file()):
        raise OutputError(
            f"Output '{settings.output}' exists already. Hint: choose another file, or pass --overwrite.",
            code="CR-OUT-010",
        )

"""What rescoring says of each row: score, PDs, main reasons, and how many values were missing, special or unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from credit_risk.errors import DataContractError
from credit_risk.jobs.rescore.prepared_rows import KEY
from credit_risk.scorecard.reasons import MAX_REASONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.decision.reasons import PointLosses
    from credit_risk.scoring import ScoringBundle

#: Version of the columns below; parts of another version are not joined.
COLUMNS_VERSION = 1

_FLAGS = {"n_missing": 1, "n_special": 2, "n_unseen": 3}


def used_features(bundle: ScoringBundle) -> tuple[str, ...]:
    """Return the features that a model of the bundle reads, in the catalogue's order."""
    used = set(bundle.scorecard.feature_names) | set(bundle.booster.feature_names)
    return tuple(name for name in bundle.features.names if name in used)


def score_block(bundle: ScoringBundle, block: pa.Table) -> pa.Table:
    """Return one row of scores per prepared row, in the same order.

    Parameters
    ----------
    bundle : ScoringBundle
    block : Table
        Key and the features of :func:`used_features`; null is missing.

    Raises
    ------
    DataContractError
        A row without key (``CR-RSC-005``).
    """
    keys = block.column(KEY)
    if keys.null_count:
        raise DataContractError(
            f"{keys.null_count} of {len(keys)} rows of a block have no {KEY!r}. Expected one key per row.",
            code="CR-RSC-005",
        )
    scored = bundle.engine.explain(_matrix(bundle, block))
    flags = scored.card.flags
    columns: dict[str, pa.Array] = {
        KEY: keys.cast(pa.string()).combine_chunks(),
        "score": pa.array(scored.card.score),
    }
    columns |= {f"pd_{name}": pa.array(pd) for name, pd in scored.pds.items()}
    columns |= {name: pa.array((flags == code).sum(axis=1, dtype=np.int16)) for name, code in _FLAGS.items()}
    columns |= _reason_columns(scored.losses)
    metadata = {"bundle_digest": bundle.digest, "columns_version": str(COLUMNS_VERSION)}
    return pa.table(columns).replace_schema_metadata(metadata)


def _matrix(bundle: ScoringBundle, block: pa.Table) -> NDArray[np.float64]:
    """Return the catalogue's columns; features that no model reads stay missing.

    Whole numbers beyond 2**53 become the nearest double, as they do for one applicant.
    """
    X = np.full((block.num_rows, len(bundle.features.names)), np.nan)
    for column, name in enumerate(bundle.features.names):
        if name in block.column_names:
            X[:, column] = block.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return X


def _reason_columns(losses: PointLosses) -> dict[str, pa.Array]:
    """Return four pairs of columns; null where a row has fewer reasons."""
    ranked, words = losses.ranked(), pa.array(losses.codes)
    columns = {}
    for rank in range(MAX_REASONS):
        is_told = ranked.factor[:, rank] >= 0
        codes = pa.array(ranked.factor[:, rank].astype(np.int32), mask=~is_told)
        columns[f"reason_{rank + 1}"] = pa.DictionaryArray.from_arrays(codes, words)
        columns[f"points_lost_{rank + 1}"] = pa.array(ranked.lost[:, rank], mask=~is_told)
    return columns

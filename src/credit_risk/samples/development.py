"""The development sample: features look left of the application, the outcome looks right, and here they meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.features import compute_features, feature_categories, with_words
from credit_risk.samples.screening import refuse_copies
from credit_risk.samples.split import LEAST, PARTS, SplitRule, check_part_sizes, part_sizes
from credit_risk.sources import consent_state

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from credit_risk.domain.ports import ProgressReporter
    from credit_risk.features import FeatureCatalogue
    from credit_risk.performance import OutcomeDefinition
    from credit_risk.sources import ConsentState, Sources


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamplePart:
    """Rows of one part of the sample.

    Attributes
    ----------
    X : DataFrame, shape (n_rows, n_features)
        Features, indexed by application; NaN is missing. A feature that is a word out of a list is a column of categories.
    is_bad : bool ndarray, shape (n_rows,)
        The outcome.
    flags : DataFrame of bool, shape (n_rows, n_flags)
        Facts about missing records or consent.
    """

    name: str
    X: pd.DataFrame = field(repr=False)
    is_bad: NDArray[np.bool_] = field(repr=False)
    flags: pd.DataFrame = field(repr=False)

    def __len__(self) -> int:
        return len(self.X)

    def matrix(self) -> NDArray[np.float64]:
        """Return the features as a bundle's engine reads them: a word is its place in the contract's list; NaN is missing."""
        columns = [
            np.where(codes < 0, np.nan, codes)
            if (codes := _codes(self.X.iloc[:, j])) is not None
            else self.X.iloc[:, j].to_numpy(dtype=np.float64)
            for j in range(self.X.shape[1])
        ]
        return np.column_stack(columns) if columns else np.empty((len(self.X), 0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DevelopmentSample:
    """Development, validation and holdout rows of one population.

    Attributes
    ----------
    development, validation, holdout : SamplePart
        Fit on the first, choose and calibrate on the second, judge and decide on the third.
    exclusions : tuple of (str, int)
        Why applications left the sample, and how many.
    horizon : str
        How far the outcome looks.
    consent : ConsentState or None
        How consent stood when the features were computed: a later withdrawal gives another digest. None where consent is
        assumed.
    """

    development: SamplePart
    validation: SamplePart
    holdout: SamplePart
    exclusions: tuple[tuple[str, int], ...]
    horizon: str
    consent: ConsentState | None = None

    @classmethod
    def build(
        cls,
        sources: Sources,
        features: FeatureCatalogue,
        outcome: OutcomeDefinition,
        *,
        split: SplitRule | None = None,
        processed_at: datetime | None = None,
        n_threads: int = 2,
        progress: ProgressReporter | None = None,
    ) -> DevelopmentSample:
        """Compute features and outcomes, exclude what is undetermined, and split by customer or by time.

        Parameters
        ----------
        split : SplitRule, optional
            Shares of the three parts and by what they are cut; by default by customer, 0.5, 0.2 and 0.3.
        processed_at : datetime, optional
            When the data is processed (with time zone); needed with a consent ledger, and only there.

        Raises
        ------
        SpecificationError
            ``processed_at`` missing, naive or out of place (``CR-SRC-027``).
        SampleError
            A part holds fewer than 30 bads or 30 goods (``CR-SMP-002``); the times do not tell enough applications apart
            (``CR-SMP-006``).
        LeakageError
            A feature tells goods from bads without a single error (``CR-SMP-005``).
        """
        table = compute_features(
            features, sources, processed_at=processed_at, n_threads=n_threads, progress=progress
        )
        X = with_words(table.X, feature_categories(features, sources.contracts))
        labels = outcome.label(sources)
        determined, is_bad = labels["is_determined"].to_numpy(), labels["is_bad"].to_numpy()
        refuse_copies(table.X[determined], is_bad[determined], min_per_class=LEAST)
        rule = split or SplitRule()
        part_of = parts_of(sources, determined, rule)
        check_part_sizes(part_sizes(part_of, is_bad), rule)
        parts = {
            name: SamplePart(
                name=name,
                X=X[part_of == name],
                is_bad=is_bad[part_of == name],
                flags=table.flags[part_of == name],
            )
            for name in PARTS
        }
        exclusions = (("outcome undetermined", int((~determined).sum())),)
        consent = None if processed_at is None else consent_state(sources, processed_at)
        return cls(**parts, exclusions=exclusions, horizon=outcome.horizon, consent=consent)

    def table(self) -> pd.DataFrame:
        """Return rows, bads and bad rate of each part."""
        parts = (self.development, self.validation, self.holdout)
        return pd.DataFrame(
            {
                "n": [len(part) for part in parts],
                "n_bads": [int(part.is_bad.sum()) for part in parts],
                "bad_rate": [float(part.is_bad.mean()) for part in parts],
            },
            index=pd.Index([part.name for part in parts], name="part"),
        )

    def _repr_html_(self) -> str:
        return str(self.table().to_html(float_format="{:.4f}".format))


def parts_of(sources: Sources, determined: NDArray[np.bool_], rule: SplitRule) -> NDArray[np.str_]:
    """Return the part of each application; an empty word where the outcome is not determined."""
    applications = sources.applications[determined]
    moments = applications["applied_at"].dt.tz_convert(None).to_numpy()
    part_of = np.full(len(determined), "", dtype="<U16")
    part_of[determined] = rule.assign(applications["customer_id"], moments)
    return part_of


def _codes(column: pd.Series) -> NDArray[np.float64] | None:
    """Return the places of categories (-1 is missing), or None for numbers."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return None
    return np.asarray(column.cat.codes.to_numpy(), dtype=np.float64)

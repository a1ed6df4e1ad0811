"""The plan of a training run, as data: how the sample is cut, when it is processed, settings of card and booster."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from credit_risk.domain.configuration import read_toml
from credit_risk.samples.split import SplitRule

#: Per section of the file: keys that are decimals, keys that are whole numbers.
_KEYS = {
    "scorecard": (("pdo", "base_score", "base_odds"), ("max_features",)),
    "booster": (("learning_rate",), ("max_rounds", "max_depth", "n_inner_folds", "seed")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """Settings of both models; what is not given keeps the estimators' defaults.

    Attributes
    ----------
    pdo, base_score, base_odds : float
        Scaling: points that double the odds, and the score at which the odds good:bad are ``base_odds``.
    max_features : int
        Most characteristics on the card.
    max_rounds, max_depth, n_inner_folds, seed : int
        Booster settings.
    learning_rate : float
        Share of each tree's correction that is kept.
    split : SplitRule or None
        How the sample is cut; None is the usual split by customer.
    processed_at : datetime or None
        When the data is processed, where the contracts name a ledger of consents: consent withdrawn by then is no consent.
    """

    pdo: float = 20.0
    base_score: float = 600.0
    base_odds: float = 50.0
    max_features: int = 20
    max_rounds: int = 1000
    max_depth: int = 4
    n_inner_folds: int = 3
    learning_rate: float = 0.05
    seed: int = 20051001
    split: SplitRule | None = None
    processed_at: datetime | None = None

    @classmethod
    def from_toml(cls, path: str | Path) -> TrainingPlan:
        """Read a plan; every key is checked.

        Raises
        ------
        SpecificationError
            A key is unknown or of the wrong type (``CR-CFG-*``).
        SampleError
            The shares of the split do not add up to 1 (``CR-SMP-001``).
        """
        table = read_toml(Path(path))
        settings: dict[str, Any] = {}
        for section, (decimals, whole) in _KEYS.items():
            part = table.optional_table(section)
            settings |= {key: float(part.take(key, Decimal)) for key in decimals if key in part}
            settings |= {key: part.take(key, int) for key in whole if key in part}
            part.finish([*decimals, *whole])
        if "split" in table:
            settings["split"] = SplitRule.from_config(table.table("split"))
        if "consent" in table:
            consent = table.table("consent")
            settings["processed_at"] = consent.take("processed_at", datetime)
            consent.finish()
        table.finish(["split", "consent"])
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; split and moment of processing stand there only where they are given."""
        content = {name: value for name, value in asdict(self).items() if value is not None}
        if self.processed_at is not None:
            content["processed_at"] = self.processed_at.isoformat()
        return content

"""The plan of a training run, as data: settings of card and booster."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from credit_risk.domain.configuration import read_toml

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

    @classmethod
    def from_toml(cls, path: str | Path) -> TrainingPlan:
        """Read a plan; every key is checked.

        Raises
        ------
        SpecificationError
            A key is unknown or of the wrong type (``CR-CFG-*``).
        """
        table = read_toml(Path(path))
        settings: dict[str, float | int] = {}
        for section, (decimals, whole) in _KEYS.items():
            part = table.optional_table(section)
            settings |= {key: float(part.take(key, Decimal)) for key in decimals if key in part}
            settings |= {key: part.take(key, int) for key in whole if key in part}
            part.finish([*decimals, *whole])
        table.finish()
        return cls(**settings)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, float | int]:
        """Return plain JSON values."""
        return asdict(self)

"""The bundle: everything a backend needs to decide, in one folder of JSON and arrays.

It holds no clock, host, path or run id: the same inputs give the same bytes, and its digest names them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk.calibration.spec import CalibrationSpec
from credit_risk.decision.rules import check_rules
from credit_risk.decision.strategy import Strategy
from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import CreditRiskError, GovernanceError, SpecificationError
from credit_risk.features.catalogue import FeatureCatalogue
from credit_risk.ml.spec import ForestSpec
from credit_risk.scorecard.spec import ScorecardSpec
from credit_risk.scoring import storage
from credit_risk.sources.contract import SourceContracts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_risk.decision.record import Decision
    from credit_risk.scoring.engine import ScoringEngine

SCORECARD, BOOSTER = "scorecard", "booster"
_FILES = frozenset(
    {
        "sources.json",
        "features.json",
        "lineage.json",
        "scorecard.json",
        "booster.json",
        "booster.npz",
        "calibration.json",
        "strategy.json",
    }
)


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoringBundle:
    """Features, models, calibrations and strategy, frozen together.

    Attributes
    ----------
    contracts : SourceContracts
        How raw records are read.
    features : FeatureCatalogue
        How records become features.
    scorecard, booster : ScorecardSpec, ForestSpec
        The models.
    calibrations : mapping of str to CalibrationSpec
        Model name -> its calibration.
    strategy : Strategy
        What decides.
    """

    contracts: SourceContracts = field(repr=False)
    features: FeatureCatalogue = field(repr=False)
    scorecard: ScorecardSpec = field(repr=False)
    booster: ForestSpec = field(repr=False)
    calibrations: Mapping[str, CalibrationSpec] = field(repr=False)
    strategy: Strategy = field(repr=False)

    def __post_init__(self) -> None:
        _check_consistency(self)

    @classmethod
    def build(
        cls,
        features: FeatureCatalogue,
        *,
        models: Sequence[object],
        calibrations: Mapping[str, CalibrationSpec],
        strategy: Strategy,
        contracts: SourceContracts,
    ) -> ScoringBundle:
        """Freeze fitted models, their calibrations and a strategy into one bundle.

        Parameters
        ----------
        models : sequence
            Fitted estimators (or their specs): one scorecard and one booster.

        Raises
        ------
        SpecificationError
            A model is absent or of an unknown kind (``CR-BND-001``), uses a feature outside the catalogue
            (``CR-BND-002``), or has no calibration (``CR-BND-003``).
        PolicyError
            A calibration's horizon is not the one the strategy expects (``CR-POL-001``).
        """
        specs = [getattr(model, "spec_", model) for model in models]
        cards = [spec for spec in specs if isinstance(spec, ScorecardSpec)]
        forests = [spec for spec in specs if isinstance(spec, ForestSpec)]
        if len(cards) != 1 or len(forests) != 1 or len(specs) != 2:
            raise SpecificationError(
                f"A bundle holds exactly one scorecard and one booster. Got {len(cards)} and {len(forests)} "
                f"among {len(specs)} models.",
                code="CR-BND-001",
            )
        return cls(
            contracts=contracts,
            features=features,
            scorecard=cards[0],
            booster=forests[0],
            calibrations=dict(calibrations),
            strategy=strategy,
        )

    def files(self) -> dict[str, bytes]:
        """Return the bundle's files as bytes."""
        return {
            "sources.json": canonical_json(self.contracts.to_dict()),
            "features.json": canonical_json(self.features.to_dict()),
            "lineage.json": canonical_json(self.features.lineage()),
            "scorecard.json": canonical_json(self.scorecard.to_dict()),
            "booster.json": canonical_json(self.booster.to_dict()),
            "booster.npz": storage.arrays_to_bytes(self.booster.arrays()),
            "calibration.json": canonical_json(
                {name: spec.to_dict() for name, spec in self.calibrations.items()}
            ),
            "strategy.json": canonical_json(self.strategy.to_dict()),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the manifest: one name for everything in the bundle."""
        return sha256_of(storage.manifest_of(self.files()))

    @cached_property
    def engine(self) -> ScoringEngine:
        """The engine that applies this bundle, built at first use."""
        from credit_risk.scoring.engine import ScoringEngine

        return ScoringEngine(self)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the bundle into a folder, all or nothing.

        Raises
        ------
        OutputError
            The folder exists (``CR-OUT-010``) or cannot be written (``CR-OUT-011``).
        """
        path = Path(folder)
        storage.write_files(path, self.files(), overwrite=overwrite)
        return path

    def decide(
        self,
        application: Mapping[str, object],
        records: Mapping[str, Sequence[Mapping[str, object]]],
        *,
        human_review_requested: bool = False,
    ) -> Decision:
        """Decide one application from raw records: what the lending backend calls.

        Parameters
        ----------
        application : mapping
            ``application_id``, ``applied_at`` (ISO 8601 with time zone) and the fields of the form.
        records : mapping of str to list of mappings
            Source name -> raw records of this customer.
        human_review_requested : bool
            The applicant asked that a person decides; the outcome is then ``refer``.

        Raises
        ------
        ScoringError
            The request breaks a contract; the message names field and count, never a value.
        """
        return self.engine.decide(application, records, human_review_requested=human_review_requested)


def load_bundle(folder: str | Path, *, expected_digest: str | None = None) -> ScoringBundle:
    """Load a bundle, refusing one that is damaged or of a newer schema.

    Parameters
    ----------
    folder : path
        What :meth:`ScoringBundle.save` wrote.
    expected_digest : str, optional
        The digest that was approved; any other bundle is refused.

    Raises
    ------
    GovernanceError
        No bundle (``CR-GOV-001``), newer schema (``CR-GOV-002``), damaged (``CR-GOV-003``), or not the expected one
        (``CR-GOV-004``).
    """
    path = Path(folder)
    files = storage.read_files(path, _FILES)
    try:
        bundle = _parse(files)
    except (KeyError, TypeError, ValueError) as error:
        cause = error.message if isinstance(error, CreditRiskError) else type(error).__name__
        raise GovernanceError(
            f"Bundle '{path}' cannot be understood: {cause} Hint: it was written by another version; build it again.",
            code="CR-GOV-003",
        ) from error
    if expected_digest is not None and bundle.digest != expected_digest:
        raise GovernanceError(
            f"Bundle '{path}' has digest {bundle.digest[:12]}…; expected {expected_digest[:12]}…. "
            "Hint: this is another bundle than the one that was approved.",
            code="CR-GOV-004",
        )
    return bundle


def _parse(files: Mapping[str, bytes]) -> ScoringBundle:
    content: dict[str, Any] = {
        name: json.loads(data) for name, data in files.items() if name.endswith(".json")
    }
    return ScoringBundle(
        contracts=SourceContracts.from_dict(content["sources.json"]),
        features=FeatureCatalogue.from_dict(content["features.json"]),
        scorecard=ScorecardSpec.from_dict(content["scorecard.json"]),
        booster=ForestSpec.from_dict(
            content["booster.json"], storage.arrays_from_bytes(files["booster.npz"])
        ),
        calibrations={
            name: CalibrationSpec.from_dict(spec) for name, spec in content["calibration.json"].items()
        },
        strategy=Strategy.from_dict(content["strategy.json"]),
    )


def _check_consistency(bundle: ScoringBundle) -> None:
    known = set(bundle.features.names)
    for model, names in (
        (SCORECARD, bundle.scorecard.feature_names),
        (BOOSTER, bundle.booster.feature_names),
    ):
        outside = [name for name in names if name not in known]
        if outside:
            raise SpecificationError(
                f"The {model} uses {len(outside)} features outside the catalogue (first: {outside[0]!r}).",
                code="CR-BND-002",
            )
        if model not in bundle.calibrations:
            raise SpecificationError(f"The {model} has no calibration.", code="CR-BND-003")
        bundle.strategy.check_horizon(model, bundle.calibrations[model].horizon)
    if bundle.strategy.decision_model not in (SCORECARD, BOOSTER):
        raise SpecificationError(
            f"decision_model = {bundle.strategy.decision_model!r} is not in the bundle. "
            f"Expected {SCORECARD!r} or {BOOSTER!r}.",
            code="CR-BND-001",
        )
    check_rules(bundle.strategy.rules, bundle.features.names)

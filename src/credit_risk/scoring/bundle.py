"""The bundle: everything a backend needs to decide, in one folder of JSON and arrays.

It holds no clock, host, path or run id: the same inputs give the same bytes, and its digest names them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk.blend.spec import BlendSpec
from credit_risk.calibration.spec import CalibrationSpec
from credit_risk.decision.offer_choice import check_terms_follow_risk
from credit_risk.decision.record import Reason
from credit_risk.decision.rules import check_rules, check_sentences
from credit_risk.decision.strategy import Strategy
from credit_risk.domain.configuration import nearest
from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.domain.texts import LANGUAGES, text
from credit_risk.errors import CreditRiskError, GovernanceError, SpecificationError
from credit_risk.features.catalogue import FeatureCatalogue
from credit_risk.features.categories import feature_categories
from credit_risk.features.custom.binding import ANOTHER_AGGREGATE
from credit_risk.ml.spec import ForestSpec
from credit_risk.scorecard.spec import ScorecardSpec
from credit_risk.scoring import storage
from credit_risk.sources.contract import SourceContracts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from credit_risk.decision.record import Decision
    from credit_risk.scoring.engine import ScoringEngine

SCORECARD, BOOSTER, BLEND = "scorecard", "booster", "blend"
_BLEND_FILE = "blend.json"
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
    blend : BlendSpec, optional
        How much card and booster count where they decide together.
    """

    contracts: SourceContracts = field(repr=False)
    features: FeatureCatalogue = field(repr=False)
    scorecard: ScorecardSpec = field(repr=False)
    booster: ForestSpec = field(repr=False)
    calibrations: Mapping[str, CalibrationSpec] = field(repr=False)
    strategy: Strategy = field(repr=False)
    blend: BlendSpec | None = None

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
        features : FeatureCatalogue
            What the backend computes from raw records; every feature of a model stands in it.
        models : sequence
            Fitted estimators (or their specs): one scorecard, one booster, and perhaps a blend of both; or a fitted
            :class:`~credit_risk.blend.PdBlend` alone, which brings its parts.
        calibrations : mapping of str to CalibrationSpec
            By model, from :func:`credit_risk.training.calibrate`.
        strategy : Strategy
            Stages, cut-off, costs and offers, and which model decides.
        contracts : SourceContracts
            What a request must hold: ``sources.contracts``.

        Raises
        ------
        SpecificationError
            A model is absent or of an unknown kind (``CR-BND-001``), uses a feature outside the catalogue
            (``CR-BND-002``), has no calibration (``CR-BND-003``) or takes a number for a word (``CR-BND-008``); the strategy
            lets a model decide that is not here (``CR-BND-006``).
            Also: a rule on an unknown feature or word, or one that compares words by order (``CR-STR-004``, ``CR-STR-006``);
            an unknown required source (``CR-BND-004``), another currency (``CR-BND-005``), a reason without a sentence
            (``CR-TXT-002``).
        PolicyError
            A calibration's horizon is not the one the strategy expects (``CR-POL-001``), or limits would rise or prices fall
            as PD rises (``CR-POL-011``).
        """
        card, forest, blend = _specs_of(models)
        bundle = cls(
            contracts=contracts,
            features=features,
            scorecard=card,
            booster=forest,
            blend=blend,
            calibrations=dict(calibrations),
            strategy=strategy,
        )
        check_terms_follow_risk(bundle.engine.grid, strategy)
        return bundle

    @property
    def model_names(self) -> tuple[str, ...]:
        """Models that give a PD; a booster that only corrects the card has none of its own."""
        if self.blend is None:
            return (SCORECARD, BOOSTER)
        return (SCORECARD, BLEND) if self.blend.how == "correction" else (SCORECARD, BOOSTER, BLEND)

    def files(self) -> dict[str, bytes]:
        """Return the bundle's files as bytes."""
        blend = {} if self.blend is None else {_BLEND_FILE: canonical_json(self.blend.to_dict())}
        return blend | {
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

    def recalibrated(self, calibrations: Mapping[str, CalibrationSpec]) -> ScoringBundle:
        """Return the bundle with other calibrations and therefore another digest: what has to be approved anew.

        Parameters
        ----------
        calibrations : mapping of str to CalibrationSpec
            Model name -> its new calibration, such as :func:`~credit_risk.calibration.recalibration.recalibrate` gives; models not
            named keep theirs.

        Raises
        ------
        SpecificationError
            A name that is no model of this bundle (``CR-BND-009``).
        PolicyError
            A calibration of another horizon (``CR-POL-001``).

        Examples
        --------
        >>> from dataclasses import replace
        >>> bundle = load_bundle("models/uci-reference")
        >>> riskier = replace(bundle.calibrations["scorecard"], intercept=0.2)
        >>> bundle.recalibrated({"scorecard": riskier}).digest == bundle.digest
        False
        """
        for name in calibrations:
            if name not in self.model_names:
                raise SpecificationError(
                    f"{name!r} is no model of this bundle. {nearest(name, self.model_names)}",
                    code="CR-BND-009",
                )
        return replace(self, calibrations={**self.calibrations, **calibrations})

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
        records: Mapping[str, Sequence[Mapping[str, object]] | None],
        *,
        consents: Sequence[Mapping[str, object]] | None = None,
        processed_at: datetime | None = None,
        human_review_requested: bool = False,
    ) -> Decision:
        """Decide one application from raw records: what the lending backend calls.

        Parameters
        ----------
        application : mapping
            ``application_id``, ``applied_at`` (ISO 8601 with time zone) and the fields of the form.
        records : mapping of str to list of mappings
            Source name -> raw records of this customer; a source that could not be asked is left out or None.
        consents : list of mappings, optional
            The customer's rows of the consent ledger, where the contracts name one.
        processed_at : datetime, optional
            When the data is processed (with time zone); goes with ``consents``.
        human_review_requested : bool
            The applicant asked that a person decides; the outcome is then ``refer``.

        Raises
        ------
        ScoringError
            The request breaks a contract; the message names field and count, never a value.
        """
        return self.engine.decide(
            application,
            records,
            consents=consents,
            processed_at=processed_at,
            human_review_requested=human_review_requested,
        )


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
    SpecificationError
        A custom aggregate of its features is not registered, or is another one than it was built with (``CR-FEA-023``).
    """
    path = Path(folder)
    files = storage.read_files(path, _FILES, frozenset({_BLEND_FILE}))
    try:
        bundle = _parse(files)
        rewritten = bundle.files()
        bundle.engine  # noqa: B018  what cannot decide is refused here, not at the first applicant
    except Exception as error:  # a damaged or forged bundle can fail in any way; it must never be half-loaded
        if isinstance(error, SpecificationError) and error.code == ANOTHER_AGGREGATE:
            raise  # not the bundle is wrong, but what this program registered
        cause = error.message if isinstance(error, CreditRiskError) else f"{type(error).__name__}."
        raise GovernanceError(
            f"Bundle '{path}' cannot be understood: {cause} Hint: it is damaged or was written by another version; build "
            "it again.",
            code="CR-GOV-003",
        ) from error
    # what is loaded must be what was read: a key that this version ignores could hide anything under an approved digest
    different = [name for name, content in files.items() if rewritten[name] != content]
    if different:
        raise GovernanceError(
            f"Bundle '{path}': {len(different)} files hold more or other content than this version reads (first: "
            f"{different[0]!r}). Hint: it was edited or written by another version; build it again.",
            code="CR-GOV-003",
        )
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
        blend=BlendSpec.from_dict(content[_BLEND_FILE]) if _BLEND_FILE in content else None,
    )


def _specs_of(models: Sequence[object]) -> tuple[ScorecardSpec, ForestSpec, BlendSpec | None]:
    """Sort fitted models by kind; a fitted blend brings its parts."""
    given = [
        part
        for model in models
        for part in (getattr(model, "card_", None), getattr(model, "booster_", None), model)
        if part is not None
    ]
    specs = [getattr(model, "spec_", model) for model in given]
    cards = [spec for spec in specs if isinstance(spec, ScorecardSpec)]
    forests = [spec for spec in specs if isinstance(spec, ForestSpec)]
    blends = [spec for spec in specs if isinstance(spec, BlendSpec)]
    if len(cards) != 1 or len(forests) != 1 or len(blends) > 1 or len(specs) != 2 + len(blends):
        raise SpecificationError(
            f"A bundle holds exactly one scorecard and one booster, and at most one blend of them. Got {len(cards)}, "
            f"{len(forests)} and {len(blends)} among {len(specs)} models.",
            code="CR-BND-001",
        )
    return cards[0], forests[0], blends[0] if blends else None


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
    for model in bundle.model_names:
        if model not in bundle.calibrations:
            raise SpecificationError(f"The {model} has no calibration.", code="CR-BND-003")
        bundle.strategy.check_horizon(model, bundle.calibrations[model].horizon)
    if bundle.strategy.decision_model not in bundle.model_names:
        raise SpecificationError(
            f"decision_model = {bundle.strategy.decision_model!r} is not a model of this bundle. Expected one of "
            f"{list(bundle.model_names)}.",
            code="CR-BND-006",
        )
    categories = feature_categories(bundle.features, bundle.contracts)
    check_rules(bundle.strategy.rules, bundle.features.names, categories)
    _check_sources(bundle)
    _check_texts(bundle)


def _check_sources(bundle: ScoringBundle) -> None:
    supplied = [contract.name for contract in bundle.contracts.records]
    for source in bundle.strategy.required_sources:
        if source not in supplied:
            raise SpecificationError(
                f"required_sources names the unknown source {source!r}. {nearest(source, supplied)}",
                code="CR-BND-004",
            )
    if bundle.strategy.lender.currency != bundle.contracts.currency:
        raise SpecificationError(
            f"The strategy lends in {bundle.strategy.lender.currency}, but the sources are in {bundle.contracts.currency}. "
            "Expected one currency; nothing here converts.",
            code="CR-BND-005",
        )


def _check_texts(bundle: ScoringBundle) -> None:
    """Every reason that can be given must have its sentence before anybody is decided."""
    rules = bundle.strategy.rules
    for rule in rules:
        check_sentences(rule)
    codes = {told for rule in rules for told in rule.reasons}
    decides = () if bundle.strategy.decision_model == SCORECARD else bundle.booster.feature_names
    codes |= {
        Reason(kind="score", code=factor, wording=bundle.features.wordings.get(factor, ()))
        for factor in (bundle.features.factors[name] for name in (*bundle.scorecard.feature_names, *decides))
    }
    codes |= {Reason(kind="data", code=source) for source in bundle.strategy.required_sources}
    for reason in sorted(codes, key=lambda item: (item.kind, item.code)):
        for language in LANGUAGES:
            reason.sentence(language)
    for policy in bundle.strategy.stages.values():
        if policy.because is not None:
            text(f"decision.because.{policy.because}")

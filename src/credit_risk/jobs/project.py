"""A project folder: the five configuration files that say what a main job does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from credit_risk.decision.strategy import Strategy
from credit_risk.domain.configuration import ConfigTable, nearest, read_toml
from credit_risk.domain.texts import LANGUAGES
from credit_risk.errors import SpecificationError
from credit_risk.features import FeatureCatalogue, feature_categories
from credit_risk.performance import OutcomeDefinition
from credit_risk.training import TrainingPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from credit_risk.sources import Sources
    from credit_risk.sources.contract import SourceContracts


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAttribute:
    """A protected attribute of the fairness table: words for it and for its groups.

    ``bands`` are lower bounds that cut a numeric attribute (age) into groups; empty for codes.
    """

    label: Mapping[str, str]
    groups: Mapping[str, Mapping[str, str]]
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRule:
    """A segment the report looks at apart: lower bounds cut a number into groups, lists of words a feature that is a word.

    ``groups`` are names, one for each band or list of words, or none. ``words`` is empty for a number; on a feature that is a
    word it may be left out, and every word is then a group of its own.
    """

    feature: str
    bands: tuple[float, ...]
    label: Mapping[str, str]
    groups: tuple[Mapping[str, str], ...]
    words: tuple[tuple[str, ...], ...] = ()

    def held_against(self, known: Sequence[str], where: str) -> SegmentRule:
        """Return the rule for a feature of these words (none for a number), every word in a group where it names none itself.

        Raises
        ------
        SpecificationError
            Bands on words, words on a number, or a word that the contract does not list (``CR-CFG-006``).
        """
        problem = ""
        if known and self.bands:
            problem = "is a word out of a list, and words have no order: leave bands out; groups may each name their words"
        elif not known and not self.bands:
            problem = "is a number: bands are missing, rising lower bounds such as [0, 10, 100]"
        for word in (word for group in self.words for word in group):
            if known and word not in known:
                problem = problem or f"never is {word!r}. {nearest(word, known)}"
        if problem:
            raise SpecificationError(f"{where}: feature {self.feature!r} {problem}", code="CR-CFG-006")
        if not known or self.words:
            return self
        names = tuple(dict.fromkeys(LANGUAGES, word) for word in known)
        return replace(self, words=tuple((word,) for word in known), groups=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """Title, words and segments of the report."""

    title: Mapping[str, str]
    subtitle: Mapping[str, str]
    attributes: Mapping[str, HeldAttribute]
    segments: Mapping[str, SegmentRule]

    @classmethod
    def from_toml(cls, path: Path) -> ReportSettings:
        """Read ``report.toml``."""
        table = read_toml(path)
        settings = cls(
            title=_words(table.table("title")),
            subtitle=_words(table.table("subtitle")),
            attributes={
                name: _attribute(part) for name, part in table.optional_table("attributes").sub_tables()
            },
            segments={name: _segment(part) for name, part in table.optional_table("segments").sub_tables()},
        )
        table.finish()
        return settings

    def held_against(self, features: FeatureCatalogue, contracts: SourceContracts) -> ReportSettings:
        """Return the settings with every segment held against its feature.

        Raises
        ------
        SpecificationError
            A segment of an unknown feature (``CR-CFG-005``), or one that does not fit its feature (``CR-CFG-006``).
        """
        categories = feature_categories(features, contracts)
        segments = {}
        for name, rule in self.segments.items():
            where = f"report.toml [segments.{name}]"
            if rule.feature not in features.names:
                raise SpecificationError(
                    f"{where}: unknown feature {rule.feature!r}. {nearest(rule.feature, features.names)}",
                    code="CR-CFG-005",
                )
            segments[name] = rule.held_against(categories.get(rule.feature, ()), where)
        return replace(self, segments=segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything that configures one main job."""

    features: FeatureCatalogue
    outcome: OutcomeDefinition
    plan: TrainingPlan
    strategy: Strategy
    report: ReportSettings
    files: tuple[Path, ...]

    @classmethod
    def read(cls, folder: Path) -> Project:
        """Read a project folder.

        Raises
        ------
        SpecificationError
            A file is absent or a key of it is not usable (``CR-CFG-*``).
        """
        check_project_folder(folder)
        names = ("features.toml", "outcome.toml", "training.toml", "strategy.toml", "report.toml")
        features, outcome, training, strategy, report = (folder / name for name in names)
        return cls(
            features=FeatureCatalogue.from_toml(features),
            outcome=OutcomeDefinition.from_toml(outcome),
            plan=TrainingPlan.from_toml(training),
            strategy=Strategy.from_toml(strategy),
            report=ReportSettings.from_toml(report),
            files=(features, outcome, training, strategy, report),
        )


def check_project_folder(folder: Path) -> None:
    """Refuse a project that is not there, naming the nearest one beside it.

    Raises
    ------
    SpecificationError
        There is no such folder (``CR-CFG-001``).
    """
    if folder.is_dir():
        return
    beside = [one.parent.name for one in folder.parent.glob("*/features.toml")]
    hint = nearest(folder.name, beside) if beside else "Hint: credit-risk init writes one."
    raise SpecificationError(f"Project folder '{folder}' does not exist. {hint}", code="CR-CFG-001")


def check_processing(plan: TrainingPlan, sources: Sources) -> None:
    """Refuse a plan that does not say when the data of a consent ledger is processed, or says it where there is none.

    Raises
    ------
    SpecificationError
        ``processed_at`` is missing or out of place (``CR-JOB-001``), or lies before an application (``CR-JOB-002``).
    """
    if sources.consent.mode != "ledger" and plan.processed_at is not None:
        raise SpecificationError(
            "training.toml gives [consent] processed_at, but the contracts assume consent. Expected it only with a ledger of "
            "consents. Hint: take it out, or set mode = 'ledger' in sources.toml.",
            code="CR-JOB-001",
        )
    if sources.consent.mode != "ledger":
        return
    if plan.processed_at is None:
        raise SpecificationError(
            "The contracts name a ledger of consents, and training.toml does not say when the data is processed: consent withdrawn "
            "by then is no consent, and nothing here reads the clock. Expected, for instance: [consent] processed_at = "
            "2026-03-01T12:00:00+08:00.",
            code="CR-JOB-001",
        )
    n_later = int((sources.applications["applied_at"] > plan.processed_at).sum())
    if n_later:
        raise SpecificationError(
            f"training.toml: [consent] processed_at lies before {n_later} of {len(sources.applications)} applications. Expected the "
            "moment at which this data is processed, after all of them.",
            code="CR-JOB-002",
            context={"count": n_later},
        )


def _segment(table: ConfigTable) -> SegmentRule:
    bands = table.get("bands", list, [])
    groups = [_group(part) for part in table.tables("groups")]
    rule = SegmentRule(
        feature=table.take("feature", str),
        bands=tuple(float(bound) for bound in bands if _is_number(bound)),
        label=_words(table.table("label")),
        groups=tuple(names for names, _ in groups),
        words=tuple(words for _, words in groups if words),
    )
    table.finish()
    is_rising = len(rule.bands) == len(bands) and all(low < high for low, high in pairwise(rule.bands))
    if not is_rising or ("bands" in table and (not bands or len(groups) not in {0, len(bands)})):
        raise SpecificationError(
            f"{table.where}: bands must be rising lower bounds, at least one, and groups one name per band or absent. "
            f"Got {len(bands)} bands and {len(groups)} groups.",
            code="CR-CFG-006",
        )
    named = [word for words in rule.words for word in words]
    if len(rule.words) != (0 if bands else len(groups)) or len(set(named)) != len(named):
        raise SpecificationError(
            f"{table.where}: groups name words of a feature that is a word, and bands cut a number. Expected either bands, or words "
            "in every group, each word in one group.",
            code="CR-CFG-006",
        )
    return rule


def _group(table: ConfigTable) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return a group's names, and the words it holds, if any."""
    words = table.texts("words", ())
    names = {language: table.take(language, str) for language in LANGUAGES}
    table.finish()
    return names, words


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _words(table: ConfigTable) -> dict[str, str]:
    words = {"en": table.take("en", str), "zh-CN": table.take("zh-CN", str)}
    table.finish()
    return words


def _attribute(table: ConfigTable) -> HeldAttribute:
    bands = table.get("bands", list, [])
    held = HeldAttribute(
        label=_words(table.table("label")),
        groups={name: _words(part) for name, part in table.optional_table("groups").sub_tables()},
        bands=tuple(int(bound) for bound in bands),
    )
    table.finish()
    return held

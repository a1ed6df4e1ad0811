"""Every fault of a project and its data at once: contracts, configuration, outcome, sample.

Reading order: :func:`check_project`, then one function per question, in the order they are asked.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from credit_risk.decision.rules import check_rules, check_sentences
from credit_risk.decision.strategy import Strategy
from credit_risk.domain.configuration import nearest
from credit_risk.errors import CreditRiskError
from credit_risk.features import FeatureCatalogue, feature_categories
from credit_risk.features.plan import plan_features
from credit_risk.jobs.project import ReportSettings, check_processing, check_project_folder
from credit_risk.performance import OutcomeDefinition
from credit_risk.samples.development import parts_of
from credit_risk.samples.split import SplitRule, check_part_sizes, part_sizes
from credit_risk.sources import filter_sources
from credit_risk.sources.contract_toml import read_contracts
from credit_risk.training import TrainingPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from credit_risk.sources import Sources
    from credit_risk.sources.contract import SourceContracts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong.

    Attributes
    ----------
    where : str
        File, or table and column.
    rule : str
        Error code, or the contract's rule.
    count : int
        Rows, where rows are at fault; else 0.
    keys : tuple of str
        The first keys of these rows.
    message : str
        One sentence.
    """

    where: str
    rule: str
    message: str
    count: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found: nothing, if ``faults`` is empty.

    Attributes
    ----------
    hints : tuple of str
        Not wrong, but worth a look.
    """

    faults: tuple[Fault, ...]
    hints: tuple[str, ...]
    n_applications: int
    parts: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        faults = [{**asdict(fault), "keys": list(fault.keys)} for fault in self.faults]
        return {
            "n_faults": len(self.faults),
            "faults": faults,
            "hints": list(self.hints),
            "n_applications": self.n_applications,
            "parts": self.parts,
        }

    def as_text(self) -> str:
        """Return what a person reads in the terminal."""
        n_faults = len(self.faults)
        lines = [f"{n_faults} fault{'' if n_faults == 1 else 's'}" if n_faults else "No fault."]
        for fault in self.faults:
            keys = f" (first keys: {', '.join(fault.keys)})" if fault.keys else ""
            rows = f"{fault.count} row{'' if fault.count == 1 else 's'}: " if fault.keys else ""
            lines.append(f"  {fault.where}: {rows}{fault.message}{keys}  [{fault.rule}]")
        lines += [f"  hint: {hint}" for hint in self.hints]
        if self.n_applications:
            lines.append(f"  {self.n_applications} applications read")
        lines += [
            f"  {part}: {found['n_bads']} bads and {found['n_goods']} goods"
            for part, found in self.parts.items()
        ]
        return "\n".join(lines)


@dataclass(slots=True, kw_only=True)
class _Findings:
    """Faults and hints, as they are found."""

    faults: list[Fault] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    n_applications: int = 0
    parts: dict[str, dict[str, int]] = field(default_factory=dict)

    def ask(self, where: str, question: Callable[[], Any]) -> Any:
        """Return the answer, or None and a fault where it is an error."""
        try:
            return question()
        except CreditRiskError as error:
            count = error.context.get("count", 0)
            self.faults.append(
                Fault(
                    where=where,
                    rule=error.code,
                    message=error.message,
                    count=count if isinstance(count, int) else 0,
                )
            )
            return None


def check_project(project: Path, data: Path) -> CheckResult:
    """Hold a project against its data and return every fault.

    Parameters
    ----------
    project : Path
        Folder with the five configuration files.
    data : Path
        Folder with ``sources.toml`` and the tables.

    Raises
    ------
    SpecificationError
        There is no such folder (``CR-CFG-001``).
    """
    check_project_folder(project)
    found = _Findings()
    contracts = found.ask("sources.toml", lambda: read_contracts(data / "sources.toml"))
    features = found.ask("features.toml", lambda: FeatureCatalogue.from_toml(project / "features.toml"))
    outcome = found.ask("outcome.toml", lambda: OutcomeDefinition.from_toml(project / "outcome.toml"))
    plan = found.ask("training.toml", lambda: TrainingPlan.from_toml(project / "training.toml"))
    strategy = found.ask("strategy.toml", lambda: Strategy.from_toml(project / "strategy.toml"))
    report = found.ask("report.toml", lambda: ReportSettings.from_toml(project / "report.toml"))
    if features and contracts:
        _check_features(found, features, contracts)
        found.ask("features.toml", lambda: feature_categories(features, contracts))
    if strategy and contracts:
        _check_strategy(found, strategy, contracts, outcome, features)
    if report and contracts:
        _check_report(found, report, contracts, features)
    if contracts:
        _check_data(found, data, contracts, outcome, plan)
    return CheckResult(
        faults=tuple(found.faults),
        hints=tuple(found.hints),
        n_applications=found.n_applications,
        parts=found.parts,
    )


def _check_features(found: _Findings, features: FeatureCatalogue, contracts: SourceContracts) -> None:
    """Note every feature that the contracts do not allow, not only the first."""
    before = len(found.faults)
    if found.ask("features.toml", lambda: plan_features(features, contracts)) is not None:
        return
    together = found.faults.pop()
    for definition in features.definitions:
        alone = replace(features, definitions=(definition,))
        found.ask("features.toml", partial(plan_features, alone, contracts))
    if len(found.faults) == before:  # none is wrong by itself
        found.faults.append(together)


def _check_strategy(
    found: _Findings,
    strategy: Strategy,
    contracts: SourceContracts,
    outcome: OutcomeDefinition | None,
    features: FeatureCatalogue | None,
) -> None:
    for rule in strategy.rules:
        found.ask("strategy.toml", partial(check_sentences, rule))
    if features:
        categories = _categories(features, contracts)
        found.ask("strategy.toml", lambda: check_rules(strategy.rules, features.names, categories))
    if outcome:
        found.ask("strategy.toml", lambda: strategy.check_horizon("outcome.toml", outcome.horizon))
    names = [record.name for record in contracts.records]
    for source in strategy.required_sources:
        if source not in names:
            hint = nearest(source, names) if names else "The contracts have no source of records."
            message = f"required_sources names the unknown source {source!r}. {hint}"
            found.faults.append(Fault(where="strategy.toml", rule="CR-BND-004", message=message))
    if strategy.lender.currency != contracts.currency:
        message = f"currency = {strategy.lender.currency!r}, but the sources are in {contracts.currency!r}."
        found.faults.append(Fault(where="strategy.toml", rule="CR-BND-005", message=message))


def _categories(
    features: FeatureCatalogue, contracts: SourceContracts
) -> Mapping[str, tuple[str, ...]] | None:
    """Return the words of features; None where the catalogue does not fit the contracts, which is a fault of its own."""
    try:
        return feature_categories(features, contracts)
    except CreditRiskError:
        return None


def _check_report(
    found: _Findings, report: ReportSettings, contracts: SourceContracts, features: FeatureCatalogue | None
) -> None:
    if features and _categories(features, contracts) is not None:
        found.ask("report.toml", lambda: report.held_against(features, contracts))
    held = [column.name for column in contracts.applications.columns if column.role == "protected"]
    for name in report.attributes:
        if name not in held:
            hint = nearest(name, held) if held else "The contracts hold none."
            message = f"[attributes.{name}] is no protected column of the contracts. {hint}"
            found.faults.append(Fault(where="report.toml", rule="CR-CHK-002", message=message))


def _check_data(
    found: _Findings,
    data: Path,
    contracts: SourceContracts,
    outcome: OutcomeDefinition | None,
    plan: TrainingPlan | None,
) -> None:
    read = found.ask("data", lambda: filter_sources(data, contracts))
    if read is None:
        return
    sources, report = read
    found.n_applications = report.n_read.get(contracts.applications.file, len(sources.applications))
    for failure in report.failures:
        found.faults.append(
            Fault(
                where=f"{failure.table}, {failure.column}",
                rule=failure.rule,
                message=f"expected {failure.expected}",
                count=failure.n_rows,
                keys=tuple(failure.sample_keys()),
            )
        )
    found.hints += [
        f"{table}: {len(names)} columns that no contract names are not read (first: {names[0]!r})"
        for table, names in sources.undeclared.items()
    ]
    found.hints += [f"{file}: no contract names this file" for file in sources.unread]
    found.hints += [f"{name}: no record of anybody, so its features are missing" for name in sources.empty]
    if plan:
        found.ask("training.toml", lambda: check_processing(plan, sources))
    labels = found.ask("outcome.toml", lambda: outcome.label(sources)) if outcome else None
    if labels is not None:
        rule = plan.split if plan and plan.split else SplitRule()
        where = "training.toml [split]" if plan and plan.split else "outcome.toml"
        found.ask(where, lambda: _check_parts(found, sources, labels, rule))


def _check_parts(found: _Findings, sources: Sources, labels: pd.DataFrame, rule: SplitRule) -> None:
    determined = labels["is_determined"].to_numpy()
    if not determined.all():
        n_open = int((~determined).sum())
        found.hints.append(
            f"outcome.toml: {n_open} applications are neither good nor bad and leave the sample"
        )
    parts = parts_of(sources, determined, rule)
    found.parts = part_sizes(parts, labels["is_bad"].to_numpy())
    check_part_sizes(found.parts, rule)

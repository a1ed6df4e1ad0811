"""The project folder: written whole or not at all, never over anything, and read once before it is handed over."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.money import Currency
from credit_risk.errors import DataContractError, OutputError, SpecificationError
from credit_risk.features.plan import plan_features
from credit_risk.jobs.new_project.answers import (
    TableSettings,
    are_whole,
    check_parts,
    customers_of,
    keys_of,
    moments_of,
    target_values,
)
from credit_risk.jobs.new_project.data_files import (
    APPLICATIONS_FILE,
    TableFacts,
    known_after,
    outcome_toml,
    sources_toml,
)
from credit_risk.jobs.new_project.decision_files import (
    FALLBACK_GRID,
    AmountGrid,
    features_toml,
    report_toml,
    strategy_toml,
    training_toml,
)
from credit_risk.jobs.new_project.flat_table import read_flat_table
from credit_risk.jobs.new_project.guesses import GuessedColumn, guess_columns, plain_number
from credit_risk.jobs.output_folder import building
from credit_risk.jobs.project import Project
from credit_risk.sources import read_sources
from credit_risk.sources.calendar import zone_of
from credit_risk.sources.contract import ColumnContract
from credit_risk.sources.contract_toml import contract_template, read_contracts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from credit_risk.jobs.new_project.flat_table import FlatTable

_APPLIED_AT = datetime(2020, 1, 1, tzinfo=UTC)
_AMOUNT_WORDS = ("amount", "limit", "betrag", "loan", "金额", "额度")


@dataclass(frozen=True, slots=True, kw_only=True)
class InitResult:
    """What was written, and what a person must look at.

    Attributes
    ----------
    notices : tuple of str
        Guesses that must not be overlooked, one sentence each.
    """

    project: str
    n_rows: int = 0
    n_bads: int = 0
    bad_rate: float = 0.0
    features: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def as_text(self) -> str:
        """Return what a person reads in the terminal."""
        lines = [f"Project written: {self.project}"]
        if self.n_rows:
            lines += [
                f"  {self.n_rows} applications, {self.n_bads} bad ({self.bad_rate:.1%})",
                f"  {len(self.features)} features, {len(self.held)} held back as protected, {len(self.left_out)} left out",
            ]
        lines += [f"  ATTENTION: {notice}" for notice in self.notices]
        lines += ["Everything in it is a guess: read the comments, then"]
        return "\n".join([*lines, *(f"  {step}" for step in self.next_steps)])


def project_from_table(settings: TableSettings) -> InitResult:
    """Write a project for one plain table.

    Raises
    ------
    OutputError
        The folder exists (``CR-OUT-010``).
    DataContractError
        The table, its target or its key cannot be used (``CR-INI-*``).
    """
    _check_free(settings.project)
    Currency.of(settings.currency)
    months = settings.horizon.removesuffix("m")
    if not months.isdecimal() or not 1 <= int(months) <= 120 or not settings.horizon.endswith("m"):
        raise SpecificationError(
            f"horizon = {settings.horizon!r} is not allowed. Expected months such as '12m'.",
            code="CR-CFG-005",
        )
    table = read_flat_table(settings.table, encoding=settings.encoding)
    draft = _Draft.of(table, settings)
    with building(settings.project, overwrite=False, inputs=()) as folder:
        draft.write(folder)
        _prove(folder)
    return draft.result()


def project_from_template(project: Path, template: str) -> InitResult:
    """Write a project whose contracts are those of a shipped template.

    Raises
    ------
    OutputError
        The folder exists (``CR-OUT-010``).
    SpecificationError
        No such template (``CR-CFG-005``).
    """
    _check_free(project)
    source = contract_template(template)
    contracts = read_contracts(source)
    outcome = next(c for c in contracts.applications.columns if c.role == "outcome")
    held = [c for c in contracts.applications.columns if c.role == "protected"]
    form = [c for c in contracts.applications.attributes if c.kind != "date"]
    purposes = {record.name: record.consent_purpose for record in contracts.records}
    title = f"Instant loans: {template}"
    with building(project, overwrite=False, inputs=()) as folder:
        (folder / "data").mkdir()
        (folder / "data" / "sources.toml").write_bytes(source.read_bytes())
        _write(folder, "features", features_toml(form, name=template, sources=purposes))
        known_at = datetime(2027, 12, 31, tzinfo=zone_of(contracts.timezone))
        _write(
            folder,
            "outcome",
            outcome_toml(column=outcome.name, bad=[1], good=[0], horizon="12m", known_at=known_at),
        )
        _write(folder, "training", training_toml(10_000, processed_at=known_at))
        _write(
            folder,
            "strategy",
            strategy_toml(
                name=template, currency=contracts.currency, horizon="12m", bad_rate=0.05, grid=FALLBACK_GRID
            ),
        )
        _write(folder, "report", report_toml(held, title=title, subtitle="Template."))
        plan_features(Project.read(folder).features, contracts)
    return InitResult(
        project=str(project),
        notices=(
            f"put the tables of the {len(purposes)} sources into {project}/data, or take out those you do not have",
        ),
        next_steps=(f"credit-risk check {project}",),
    )


def _check_free(project: Path) -> None:
    if project.exists():
        raise OutputError(
            f"Project '{project}' exists already and is never written over. Hint: choose another folder.",
            code="CR-OUT-010",
        )


def _write(folder: Path, name: str, content: str) -> None:
    (folder / f"{name}.toml").write_text(content, encoding="utf-8")


def _prove(folder: Path) -> None:
    """Read what was written as the main job will, and leave one request to try."""
    Project.read(folder)
    sources = read_sources(folder / "data")
    application, records = next(iter(sources.raw_requests(list(sources.applications.index[:1]))))
    request = json.dumps({"application": application, "records": records}, ensure_ascii=False, indent=2)
    (folder / "request.json").write_text(request + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Draft:
    """Everything that is known before anything is written."""

    settings: TableSettings
    table: FlatTable
    keys: Sequence[str]
    key_name: str
    is_bad: NDArray[np.bool_]
    bad: str
    good: str
    moments: Sequence[datetime]
    columns: Sequence[GuessedColumn]

    @classmethod
    def of(cls, table: FlatTable, settings: TableSettings) -> _Draft:
        target = table.column(settings.target, "target")
        bad, good = target_values(table, target, settings)
        is_bad = np.array([value == bad for value in target])
        determined = np.array([value in (bad, good) for value in target])
        key_name, keys = keys_of(table, settings)
        check_parts(customers_of(table, settings) or keys, is_bad, determined, settings.target)
        used = {settings.target, key_name, settings.customer, settings.applied_at}
        for name in settings.held:
            table.column(name, "protected attribute (--held)")
        for name in settings.left_out:
            table.column(name, "column to leave out (--leave-out)")
        rest = {name: cells for name, cells in table.columns.items() if name not in used}
        columns = guess_columns(rest, settings.held, is_bad, settings.left_out)
        if not any(guess.contract.role == "attribute" for guess in columns):
            raise DataContractError(
                f"File '{table.file}' leaves no column that can be a feature: {len(columns)} were held back or left out.",
                code="CR-INI-009",
            )
        return cls(
            settings=settings,
            table=table,
            keys=keys,
            key_name=key_name,
            is_bad=is_bad,
            bad=bad,
            good=good,
            moments=moments_of(table, settings),
            columns=columns,
        )

    def write(self, folder: Path) -> None:
        (folder / "data").mkdir()
        self._write_table(folder / "data" / APPLICATIONS_FILE)
        settings, name = self.settings, self.settings.table.stem
        attributes = [g.contract for g in self.columns if g.contract.role == "attribute"]
        held = [g.contract for g in self.columns if g.contract.role == "protected"]
        values = self._outcome_values()
        known_at = known_after(max(self.moments, default=_APPLIED_AT), settings.horizon)
        facts = TableFacts(
            name=name,
            table=self.table.file,
            application_key=self.key_name,
            adds_key=self.key_name not in self.table.columns,
            customer_key=settings.customer or self.key_name,
            applied_at=_APPLIED_AT.isoformat(),
            applied_at_column=settings.applied_at,
            timezone=self.settings.zone,
            currency=settings.currency,
        )
        sources = sources_toml(self.columns, self._outcome_column(), facts)
        (folder / "data" / "sources.toml").write_text(sources, encoding="utf-8")
        _write(folder, "features", features_toml(attributes, name=name))
        outcome = outcome_toml(
            column=settings.target,
            bad=values[:1],
            good=values[1:],
            horizon=settings.horizon,
            known_at=known_at,
        )
        _write(folder, "outcome", outcome)
        _write(folder, "training", training_toml(int(self.is_bad.sum())))
        strategy = strategy_toml(
            name=name,
            currency=settings.currency,
            horizon=settings.horizon,
            bad_rate=float(self.is_bad.mean()),
            grid=_amount_grid(attributes, self.table),
        )
        _write(folder, "strategy", strategy)
        subtitle = f"{self.table.n_rows} applications from {self.table.file}."
        _write(folder, "report", report_toml(held, title=name.replace("_", " "), subtitle=subtitle))

    def result(self) -> InitResult:
        project = self.settings.project
        by_role = {
            role: tuple(guess.name for guess in self.columns if guess.contract.role == role)
            for role in ("attribute", "protected", "ignored")
        }
        notices = [f"{guess.name}: {guess.warning}" for guess in self.columns if guess.warning]
        if not self.settings.applied_at:
            notices.append(
                "no moment of application: all are taken as made at one time (see data/sources.toml)"
            )
        return InitResult(
            project=str(project),
            n_rows=self.table.n_rows,
            n_bads=int(self.is_bad.sum()),
            bad_rate=float(self.is_bad.mean()),
            features=by_role["attribute"],
            held=by_role["protected"],
            left_out=by_role["ignored"],
            notices=tuple(notices),
            next_steps=(
                f"credit-risk check {project}",
                f"credit-risk train {project} --output output/{project.name}",
                f"credit-risk decide {project}/request.json --bundle output/{project.name}/bundle --language en",
            ),
        )

    def _write_table(self, path: Path) -> None:
        """Write the cells: UTF-8, commas, nothing where a value is missing, numbers without exponent."""
        columns = dict(self.table.columns)
        if self.settings.applied_at:
            columns[self.settings.applied_at] = [moment.isoformat() for moment in self.moments]
        for guess in self.columns:
            if guess.contract.kind in ("integer", "decimal"):
                columns[guess.name] = [
                    plain_number(cell, guess.contract.scale) for cell in columns[guess.name]
                ]
        columns = {self.key_name: self.keys, **columns}
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(
                ["" if c is None else c for c in row] for row in zip(*columns.values(), strict=True)
            )

    def _outcome_values(self) -> list[object]:
        values = [self.bad, self.good]
        return [int(value) for value in values] if are_whole(set(self._target())) else list(values)

    def _target(self) -> list[str]:
        return [value for value in self.table.columns[self.settings.target] if value is not None]

    def _outcome_column(self) -> GuessedColumn:
        found = Counter(self._target())
        codes = sorted(found)
        is_whole = are_whole(set(codes))
        contract = ColumnContract(
            name=self.settings.target,
            role="outcome",
            kind="integer" if is_whole else "code",
            codes=tuple(sorted(int(code) for code in codes)) if is_whole else tuple(codes),
            minimum=min(map(int, codes)) if is_whole else 0,
            maximum=max(map(int, codes)) if is_whole else 0,
        )
        counts = ", ".join(f"{value} {found[value]} times" for value in codes)
        return GuessedColumn(contract=contract, why=f"the outcome: {counts}")


def _amount_grid(attributes: Sequence[ColumnContract], table: FlatTable) -> AmountGrid:
    for column in attributes:
        is_amount = column.kind != "code" and any(word in column.name.lower() for word in _AMOUNT_WORDS)
        cells = (
            sorted(Decimal(cell) for cell in table.columns[column.name] if cell is not None)
            if is_amount
            else []
        )
        low, high = (
            (cells[int(len(cells) * share)] for share in (0.1, 0.9)) if cells else (Decimal(0), Decimal(0))
        )
        if low > 0 and high >= 2 * low and high >= 100:
            return AmountGrid.of(column.name, low, high)
    return FALLBACK_GRID

"""How contracts are written down: ``sources.toml``, read key by key.

Reading order: :func:`read_contracts`, then one function per section of the file.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from credit_risk.domain.configuration import ConfigTable, nearest, read_toml
from credit_risk.domain.money import Currency
from credit_risk.errors import SpecificationError
from credit_risk.sources.calendar import zone_of
from credit_risk.sources.contract import (
    CHANNELS,
    DATA_CLASSES,
    FIRST_DAY,
    KINDS,
    LARGEST_SCALED_VALUE,
    LAST_DAY,
    MOMENTS,
    PRIVACY_CLASSES,
    ROLES,
    ApplicationContract,
    ColumnContract,
    ConsentDeclaration,
    Kind,
    Moment,
    RecordContract,
    Role,
    SourceContracts,
    TimeRule,
)

_ALLOWED_KINDS: dict[str, tuple[str, ...]] = {
    "measure": ("integer", "decimal", "money", "boolean", "code", "date"),
    "attribute": ("integer", "decimal", "money", "boolean", "code", "date"),
    "protected": ("integer", "decimal", "money", "boolean", "code"),
    "outcome": ("integer", "boolean", "money", "decimal", "code"),
    "time": ("date", "timestamp"),
    "key": ("integer", "text"),
    "ignored": KINDS,
}


#: Contracts that ship with the library, to be copied and changed.
TEMPLATES = Path(__file__).parent / "templates"


def contract_template(name: str) -> Path:
    """Return the ``sources.toml`` of a shipped template, to be copied and changed.

    Parameters
    ----------
    name : str
        ``'instant_loan'``: application form, telecom, e-commerce, credit bureau, own loans, wallet, session, device,
        identity checks and sharing counters of an instant lender in mainland China.

    Raises
    ------
    SpecificationError
        No such template (``CR-CFG-005``).

    Examples
    --------
    >>> len(read_contracts(contract_template("instant_loan")).records)
    18
    """
    known = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
    if name not in known:
        raise SpecificationError(
            f"Template {name!r} does not exist. {nearest(name, known)}", code="CR-CFG-005"
        )
    return TEMPLATES / name / "sources.toml"


def read_contracts(path: Path) -> SourceContracts:
    """Read ``sources.toml``: what each file promises.

    Raises
    ------
    SpecificationError
        A key is missing, unknown or wrong (``CR-CFG-*``), a timezone or currency unknown, a column contradicts itself
        (``CR-SRC-002``), a rule names an undeclared column (``CR-SRC-003``), a bureau has no licence (``CR-SRC-006``),
        a file lies outside the folder (``CR-SRC-007``), a time rule's delay is negative (``CR-SRC-002``).
    PolicyError
        A source reaches the lender through an unlawful channel (``CR-SRC-005``).
    """
    table = read_toml(path)
    timezone, currency = table.take("timezone", str), table.take("currency", str)
    zone_of(timezone)
    scale = Currency.of(currency).minor_unit_exponent
    consent = _consent(table.table("consent"))
    contracts = SourceContracts(
        name=table.take("name", str),
        timezone=timezone,
        currency=currency,
        consent=consent,
        applications=_applications(table.table("applications"), scale, consent.purpose),
        records=tuple(
            _records(name, section, scale, consent.purpose)
            for name, section in table.optional_table("records").sub_tables()
        ),
        jurisdiction=table.get("jurisdiction", str, ""),
    )
    table.finish()
    return contracts


def _consent(table: ConfigTable) -> ConsentDeclaration:
    mode = table.choice("mode", ["assumed", "ledger"])
    declaration = ConsentDeclaration(
        mode=mode,
        purpose=table.take("purpose", str),
        statement=table.take("statement", str),
        file=table.take("file", str) if mode == "ledger" else "",
    )
    table.finish()
    return declaration


def _applications(table: ConfigTable, money_scale: int, purpose: str) -> ApplicationContract:
    columns = _columns(table.table("columns"), money_scale)
    moment = table.take("applied_at", datetime).isoformat() if "applied_at" in table else ""
    contract = ApplicationContract(
        file=table.take("file", str),
        application_key=_declared(table, table.take("application_key", str), columns, "key"),
        customer_key=_declared(table, table.take("customer_key", str), columns, "key"),
        applied_at=moment,
        applied_at_column=""
        if moment
        else _declared(table, table.take("applied_at_column", str), columns, "time"),
        consent_purpose=table.get("consent_purpose", str, purpose),
        channel=table.choice("channel", CHANNELS, "own"),
        licence=table.get("licence", str, ""),
        columns=columns,
    )
    table.finish(("applied_at", "applied_at_column"))
    return contract


def _records(name: str, table: ConfigTable, money_scale: int, purpose: str) -> RecordContract:
    columns = _columns(table.table("columns"), money_scale)
    event_time = _time_rule(table.table("event_time"), columns)
    known_at = _time_rule(table.table("known_at"), columns) if "known_at" in table else event_time
    contract = RecordContract(
        name=name,
        file=table.take("file", str),
        customer_key=_declared(table, table.take("customer_key", str), columns, "key"),
        unique_key=tuple(_declared(table, key, columns) for key in table.texts("unique_key", ())),
        event_time=event_time,
        known_at=known_at,
        future_records=table.choice("future_records", ["error", "ignore"], "error"),  # type: ignore[arg-type]
        consent_purpose=table.get("consent_purpose", str, purpose),
        channel=table.choice("channel", CHANNELS, "own"),
        licence=table.get("licence", str, ""),
        columns=columns,
        feed=table.get("feed", str, ""),
        data_class=table.choice("data_class", DATA_CLASSES, "own"),
        cost_minor=_cost(table, money_scale),
        typical_delay_seconds=_not_negative(table, "typical_delay_seconds"),
    )
    table.finish(("known_at",))
    return contract


def _cost(table: ConfigTable, money_scale: int) -> int:
    """Return what asking for one applicant costs, in minor units."""
    scaled = table.get("cost", Decimal, Decimal(0)).scaleb(money_scale)
    if scaled != scaled.to_integral_value() or scaled < 0:
        raise SpecificationError(
            f"{table.where}: cost must not be negative and has at most {money_scale} decimal places.",
            code="CR-SRC-002",
        )
    return int(scaled)


def _not_negative(table: ConfigTable, key: str) -> int:
    value = table.get(key, int, 0)
    if value < 0:
        raise SpecificationError(f"{table.where}: {key} must not be negative.", code="CR-SRC-002")
    return value


def _time_rule(table: ConfigTable, columns: tuple[ColumnContract, ...]) -> TimeRule:
    name = _declared(table, table.take("column", str), columns, "time")
    kind = next(column.kind for column in columns if column.name == name)
    allowed = ["exact"] if kind == "timestamp" else [word for word in MOMENTS if word != "exact"]
    default = "exact" if kind == "timestamp" else None
    rule = TimeRule(
        column=name,
        moment=cast("Moment", table.choice("moment", allowed, default)),
        delay_days=_not_negative(table, "delay_days"),  # known before it happened would be a leak
    )
    table.finish()
    return rule


def _declared(table: ConfigTable, name: str, columns: tuple[ColumnContract, ...], role: str = "") -> str:
    names = [column.name for column in columns if role in ("", column.role)]
    if name not in names:
        of_role = f" of role {role!r}" if role else ""
        raise SpecificationError(
            f"{table.where}: {name!r} is not a declared column{of_role}. {nearest(name, names)}",
            code="CR-SRC-003",
        )
    return name


def _columns(table: ConfigTable, money_scale: int) -> tuple[ColumnContract, ...]:
    return tuple(_column(name, section, money_scale) for name, section in table.sub_tables())


def _column(name: str, table: ConfigTable, money_scale: int) -> ColumnContract:
    role = cast("Role", table.choice("role", ROLES))
    kind = cast("Kind", table.choice("kind", _ALLOWED_KINDS[role]))
    scale = table.take("scale", int) if kind == "decimal" else money_scale if kind == "money" else 0
    column = ColumnContract(
        name=name,
        role=role,
        kind=kind,
        unit=table.get("unit", str, ""),
        scale=scale,
        codes=_codes(table, kind),
        nullable=table.get("nullable", bool, False),
        privacy=table.choice("privacy", PRIVACY_CLASSES, "personal"),
    )
    low, high = (FIRST_DAY, LAST_DAY) if kind == "date" else (-LARGEST_SCALED_VALUE, LARGEST_SCALED_VALUE)
    column = replace(
        column, minimum=_bound(table, "minimum", scale, low), maximum=_bound(table, "maximum", scale, high)
    )
    table.get("note", str, "")
    table.finish(("minimum", "maximum"))
    _check_column(table, column)
    return column


def _codes(table: ConfigTable, kind: str) -> tuple[int | str, ...]:
    codes = table.take("codes", list) if kind == "code" else table.get("codes", list, [])
    wanted = str if kind == "code" else int
    if kind not in ("code", "integer") and codes:
        raise SpecificationError(
            f"{table.where}: codes belong to kind 'code' or 'integer'.", code="CR-SRC-002"
        )
    if not all(isinstance(code, wanted) and not isinstance(code, bool) for code in codes):
        raise SpecificationError(
            f"{table.where}: codes of kind {kind!r} must be {'words' if wanted is str else 'whole numbers'}.",
            code="CR-SRC-002",
        )
    return tuple(codes)


def _bound(table: ConfigTable, key: str, scale: int, default: int) -> int:
    if key not in table:
        return default
    scaled = table.take(key, Decimal).scaleb(scale)
    if scaled != scaled.to_integral_value() or abs(scaled) > LARGEST_SCALED_VALUE:
        raise SpecificationError(
            f"{table.where}: {key} needs at most {scale} decimal places and at most 15 digits in all.",
            code="CR-SRC-002",
        )
    return int(scaled)


def _check_column(table: ConfigTable, column: ColumnContract) -> None:
    if column.minimum > column.maximum:
        raise SpecificationError(f"{table.where}: minimum lies above maximum.", code="CR-SRC-002")
    if not 0 <= column.scale <= 12:
        raise SpecificationError(
            f"{table.where}: scale = {column.scale} is outside 0..12 decimal places.", code="CR-SRC-002"
        )

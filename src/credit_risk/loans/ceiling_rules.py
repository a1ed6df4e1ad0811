"""The ceiling file: dated rules and the history of the loan prime rate, read from TOML with source and status.

Upstream of `ceilings`. Read :func:`load_ceilings`, then :class:`Rule`. Nothing here is a constant in code: laws change,
and some rows are less sure than others; each says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from credit_risk.domain.configuration import ConfigTable, read_toml
from credit_risk.errors import SpecificationError

PACKAGED = Path(__file__).with_name("ceilings.toml")
#: How sure a row is, surest first.
STATUSES = ("S", "S2", "M")


@dataclass(frozen=True, slots=True, kw_only=True)
class LprRow:
    """One publication of the loan prime rate, valid until the next."""

    from_on: date
    one_year: Decimal
    five_year: Decimal
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One dated rule: whom it binds, when, and its figures.

    Attributes
    ----------
    kind : str
        'ceiling', 'joint_cap', 'amount_limit', 'tenor_limit', 'joint_lending' or 'disclosure_rule'.
    rule_id : str
        Its name in decisions and reports.
    lender_types, applies_to : tuple of str
        Lender types; products, channels or methods it binds (empty: all).
    from_on, until_on : date
        Contract dates, both inclusive.
    figures : dict
        Its numbers, by name.
    scope, measure : str
        For ceilings: 'per_loan' or 'portfolio_average'; 'both', 'nominal' or 'effective'.
    status, source, note : str
        How sure, and from where.
    """

    kind: str
    rule_id: str
    lender_types: tuple[str, ...]
    applies_to: tuple[str, ...]
    channels: tuple[str, ...]
    from_on: date
    until_on: date
    figures: dict[str, Decimal]
    scope: str
    measure: str
    status: str
    source: str
    note: str

    def binds(self, lender_type: str, contract_on: date) -> bool:
        """Whether the rule is in force for a lender on a contract date."""
        return lender_type in self.lender_types and self.from_on <= contract_on <= self.until_on


@dataclass(frozen=True, slots=True, kw_only=True)
class CeilingTable:
    """Rate ceilings, loan prime rates and limits on amounts, by date, as one file states them.

    Attributes
    ----------
    lpr : tuple of LprRow
        By date.
    rules : tuple of Rule
        In the file's order.
    known_until : date
        Last date for which the LPR is known; later questions are answered with a warning.
    """

    lpr: tuple[LprRow, ...]
    rules: tuple[Rule, ...]
    known_until: date

    def lender_types(self) -> tuple[str, ...]:
        """Return every lender type that some rule names."""
        return tuple(sorted({name for rule in self.rules for name in rule.lender_types}))


def load_ceilings(path: Path | None = None) -> CeilingTable:
    """Read a ceiling file; the packaged one (China) by default.

    Parameters
    ----------
    path : Path, optional
        Your own file, of the same form.

    Raises
    ------
    SpecificationError
        Unknown or missing keys (``CR-CFG-...``); a rule without exactly the figures of its kind, a figure
        outside its range, a rule that ends before it begins, an identifier used twice, or LPR rows out of order
        (``CR-CEI-001``).

    Examples
    --------
    >>> load_ceilings().known_until
    datetime.date(2026, 8, 20)
    """
    table = read_toml(path or PACKAGED)
    lpr = tuple(_lpr_row(row) for row in table.tables("lpr"))
    rules = tuple(_rule(kind, row) for kind in _FIGURES for row in table.tables(kind))
    known_until = table.take("known_until", date)
    table.finish()
    days = [row.from_on for row in lpr]
    if days != sorted(set(days)):
        raise SpecificationError(
            f"{table.where}: LPR rows must ascend by date, each once.", code="CR-CEI-001"
        )
    names = [rule.rule_id for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecificationError(
            f"{table.where}: every rule needs its own id. Used twice: {twice}.", code="CR-CEI-001"
        )
    return CeilingTable(lpr=lpr, rules=rules, known_until=known_until)


_FIGURES: dict[str, tuple[tuple[str, ...], str]] = {
    "ceiling": (("rate", "lpr_multiple"), "products"),
    "joint_cap": (("rate", "lpr_multiple"), ""),
    "amount_limit": (("max_amount",), ""),
    "tenor_limit": (("max_months",), "methods"),
    "disclosure_rule": ((), ""),
    "joint_lending": (("min_partner_share", "max_one_partner_to_tier1", "max_joint_to_total_loans"), ""),
}


#: Figures that are shares or annual rates: above 0, below 1 (a joint-lending share may reach 1). The others lie above 0.
_FRACTIONS = {"rate", "one_year", "five_year"}
_SHARES = {"min_partner_share", "max_one_partner_to_tier1", "max_joint_to_total_loans"}


def _check_figures(figures: dict[str, Decimal], where: str) -> None:
    """Refuse figures no law could mean, such as a rate of 24 for 24 % (``CR-CEI-001``)."""
    for name, value in figures.items():
        is_fraction, is_share = name in _FRACTIONS, name in _SHARES
        is_in_range = value.is_finite() and value > 0
        if is_in_range and (is_fraction or is_share):
            is_in_range = value < 1 or (is_share and value == 1)
        if is_in_range and name == "max_months":
            is_in_range = value == value.to_integral_value()
        if not is_in_range:
            expected = (
                "a decimal fraction above 0 and below 1, for instance 0.24" if is_fraction else "above 0"
            )
            expected = "a share above 0 and at most 1" if is_share else expected
            expected = "a whole number above 0" if name == "max_months" else expected
            raise SpecificationError(
                f"{where}: {name} is out of range. Expected {expected}. Got {value}.", code="CR-CEI-001"
            )


def _lpr_row(table: ConfigTable) -> LprRow:
    row = LprRow(
        from_on=table.take("from", date),
        one_year=table.take("one_year", Decimal),
        five_year=table.take("five_year", Decimal),
        status=table.choice("status", STATUSES),
        source=table.take("source", str),
    )
    table.finish()
    _check_figures({"one_year": row.one_year, "five_year": row.five_year}, table.where)
    return row


def _rule(kind: str, table: ConfigTable) -> Rule:
    names, applies_key = _FIGURES[kind]
    figures = {name: table.take(name, Decimal) for name in names if name in table}
    is_alternative = "lpr_multiple" in names
    if len(figures) != (1 if is_alternative else len(names)):
        raise SpecificationError(
            f"{table.where}: expected {'exactly one' if is_alternative else 'all'} of {list(names)}. Got {sorted(figures)}.",
            code="CR-CEI-001",
        )
    is_ceiling = kind == "ceiling"
    has_channel = kind in {"amount_limit", "tenor_limit"}
    rule = Rule(
        kind=kind,
        rule_id=table.take("id", str),
        lender_types=table.texts("lender_types"),
        applies_to=table.texts(applies_key) if applies_key else (),
        channels=table.texts("channels") if has_channel else (),
        from_on=table.take("from", date),
        until_on=table.get("until", date, date.max),
        figures=figures,
        scope=table.choice("scope", ("per_loan", "portfolio_average")) if is_ceiling else "",
        measure=table.choice("measure", ("both", "nominal", "effective")) if is_ceiling else "",
        status=table.choice("status", STATUSES),
        source=table.take("source", str),
        note=table.get("note", str, ""),
    )
    table.finish()
    _check_figures(figures, table.where)
    if rule.until_on < rule.from_on:
        raise SpecificationError(
            f"{table.where}: until must lie on or after from, {rule.from_on.isoformat()}. "
            f"Got {rule.until_on.isoformat()}.",
            code="CR-CEI-001",
        )
    return rule

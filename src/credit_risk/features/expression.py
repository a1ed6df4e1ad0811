"""The small language of a catalogue: conditions that choose records, and measures derived record by record.

A condition is ``pay_status >= 1`` or ``category in [rent, food]``; a derivation is ``bill_amt / application.LIMIT_BAL`` or
``bill_amt - previous.bill_amt``. An operand is a column of the record, of the previous record (``previous.``) or of the
application (``application.``), or something every record has: ``age_days``, ``event_day``, ``event_hour``,
``event_weekday``, ``is_night``, ``is_weekend``.

Reading order: :class:`Operand`, :func:`parse_condition`, :func:`parse_derivation`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from credit_risk.errors import SpecificationError

#: What every record has beside its columns: days before the application, local day, local hour, weekday (0 = Monday), and 1 or
#: 0 for the hours before 6 in the morning and for Saturday and Sunday (their mean is the share at night, on weekends).
BUILT_IN = ("age_days", "event_day", "event_hour", "event_weekday", "is_night", "is_weekend")
#: The hour at which the night ends; the first day of a weekend.
NIGHT_ENDS, SATURDAY = 6, 5
OPERATORS = ("==", "!=", "<=", ">=", "<", ">")

_OPERAND = r"(?:(?:previous|application)\.)?[A-Za-z_]\w*"
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_WORD = r"'[^']*'"
_COMPARISON = re.compile(rf"^({_OPERAND})\s*(==|!=|<=|>=|<|>)\s*({_OPERAND}|{_NUMBER}|{_WORD})$")
_MEMBERSHIP = re.compile(rf"^({_OPERAND})\s+in\s+\[([^\]]*)\]$")
_DERIVATION = re.compile(rf"^({_OPERAND})(?:\s*([-+/])\s*({_OPERAND}))?$")


@dataclass(frozen=True, slots=True)
class Operand:
    """A named value of a record.

    Attributes
    ----------
    scope : {'record', 'previous', 'application'}
        Where it is read.
    name : str
        Column, derived measure or built-in.
    """

    scope: str
    name: str

    @property
    def key(self) -> str:
        """Return the operand as it is written."""
        return self.name if self.scope == "record" else f"{self.scope}.{self.name}"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a record; a missing value never meets it.

    Attributes
    ----------
    left : Operand
    operator : {'==', '!=', '<=', '>=', '<', '>', 'in'}
    right : Operand, Decimal, str, or tuple of Decimal and str
        A tuple only for 'in'.
    """

    left: Operand
    operator: str
    right: Operand | Decimal | str | tuple[Decimal | str, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """A measure computed record by record: a column, a difference, a sum or a quotient."""

    left: Operand
    operator: str = ""
    right: Operand | None = None

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Return what is read."""
        return (self.left,) if self.right is None else (self.left, self.right)


def parse_condition(text: str, where: str) -> Condition:
    """Read one condition.

    Raises
    ------
    SpecificationError
        The text is not a condition (``CR-FEA-001``).

    Examples
    --------
    >>> parse_condition("pay_amt >= previous.bill_amt", "features.toml").right
    Operand(scope='previous', name='bill_amt')
    >>> parse_condition("pay_status in [-2, -1]", "features.toml").right
    (Decimal('-2'), Decimal('-1'))
    """
    members = _MEMBERSHIP.match(text.strip())
    if members:
        items = tuple(_constant(item.strip(), where) for item in members[2].split(","))
        return Condition(_operand(members[1]), "in", items)
    comparison = _COMPARISON.match(text.strip())
    if not comparison:
        raise SpecificationError(
            f"{where}: {text!r} is not a condition. Expected '<column> <operator> <number, column or 'word'>' with an operator "
            f"out of {', '.join(OPERATORS)}, or '<column> in [a, b]'.",
            code="CR-FEA-001",
        )
    left, operator, right = comparison.groups()
    is_operand = re.fullmatch(_OPERAND, right) is not None
    return Condition(_operand(left), operator, _operand(right) if is_operand else _constant(right, where))


def parse_derivation(text: str, where: str) -> Derivation:
    """Read one derived measure.

    Raises
    ------
    SpecificationError
        The text is not a derivation (``CR-FEA-001``).

    Examples
    --------
    >>> parse_derivation("bill_amt / application.LIMIT_BAL", "features.toml").operator
    '/'
    """
    match = _DERIVATION.match(text.strip())
    if not match:
        raise SpecificationError(
            f"{where}: {text!r} is not a derived measure. Expected '<column>', '<column> - <column>', '<column> + <column>' or "
            "'<column> / <column>'.",
            code="CR-FEA-001",
        )
    left, operator, right = match.groups()
    return Derivation(_operand(left), operator or "", _operand(right) if right else None)


def _operand(text: str) -> Operand:
    scope, _, name = text.rpartition(".")
    return Operand(scope or "record", name)


def _constant(text: str, where: str) -> Decimal | str:
    if re.fullmatch(_NUMBER, text):
        return Decimal(text)
    if re.fullmatch(_WORD, text):
        return text[1:-1]
    raise SpecificationError(
        f"{where}: {text!r} is neither a number nor a word in single quotes.", code="CR-FEA-001"
    )

"""Money: decimals at the rim, whole minor units (cents, fen) inside."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from credit_risk.domain.texts import catalogue
from credit_risk.errors import SpecificationError

#: ISO 4217 minor-unit exponents of the currencies the library has been used with.
MINOR_UNIT_EXPONENTS = {
    "CNY": 2,
    "TWD": 2,
    "USD": 2,
    "EUR": 2,
    "GBP": 2,
    "NGN": 2,
    "DEM": 2,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A currency and how many decimal places its smallest unit has.

    Examples
    --------
    >>> twd = Currency.of("TWD")
    >>> twd.to_minor(Decimal("899.745"))
    89975
    >>> twd.to_major(89975)
    Decimal('899.75')
    """

    code: str
    minor_unit_exponent: int

    @classmethod
    def of(cls, code: str) -> Currency:
        """Return a known currency.

        Raises
        ------
        SpecificationError
            Unknown code (``CR-MNY-001``); give ``Currency(code=..., minor_unit_exponent=...)`` instead.
        """
        if code not in MINOR_UNIT_EXPONENTS:
            raise SpecificationError(
                f"Currency {code!r} has no known minor unit. Expected one of {sorted(MINOR_UNIT_EXPONENTS)}, "
                "or build Currency(code=..., minor_unit_exponent=...).",
                code="CR-MNY-001",
            )
        return cls(code=code, minor_unit_exponent=MINOR_UNIT_EXPONENTS[code])

    def to_minor(self, amount: Decimal) -> int:
        """Round an amount half-up to whole minor units."""
        return int(amount.scaleb(self.minor_unit_exponent).to_integral_value(rounding=ROUND_HALF_UP))

    def to_major(self, minor: int) -> Decimal:
        """Return minor units as a decimal amount, exactly."""
        return Decimal(int(minor)).scaleb(-self.minor_unit_exponent)

    def format(self, minor: int) -> str:
        """Write minor units for people: ``'12,345.60'``."""
        return f"{self.to_major(minor):,.{self.minor_unit_exponent}f}"

    def say(self, minor: int, language: str = "en") -> str:
        """Write minor units with the currency as the reader calls it, or else by its code.

        Examples
        --------
        >>> Currency.of("CNY").say(1_234_560), Currency.of("CNY").say(1_234_560, "zh-CN")
        ('12,345.60 CNY', '12,345.60 元')
        """
        unit = catalogue(language).get(f"loans.currency.{self.code}", self.code)
        return f"{self.format(minor)} {unit}"

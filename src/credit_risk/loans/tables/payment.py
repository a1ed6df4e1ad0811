"""The regular payment and the interest products of many loans: the kernels under `repayment`.

Read :class:`Loans` (columns of one chunk), then :func:`regular_payment`. Interest is exact integer arithmetic; the regular
instalment is computed in float64 and, where its fraction lies too near one half to be sure, again with exact fractions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from credit_risk.loans.schedule import level_payment_minor
from credit_risk.loans.tables.columns import power_and_sum, refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.loans.tables.columns import FloatArray, IntArray

#: Rates are handed in as whole millionths.
PPM = 1_000_000
#: A float64 operation is off by at most this share; a sum or product of n of them by about n times as much.
_ULP = 2.3e-16

TableMethod = Literal["equal_instalment", "equal_principal", "interest_only", "bullet"]


@dataclass(frozen=True, slots=True)
class Loans:
    """Columns of the loans to schedule, one entry per loan; terms that are the same for all of them.

    With `parts` interest runs by days: period k bears ``rate_ppm * parts[k] / (PPM * year)``. Without, every period bears
    ``rate_ppm / (PPM * year)``, and `extra_days` of the first one ``rate_ppm / (PPM * 365)`` each; `odd` are the loans that have
    such days, once they are looked for.
    """

    principal: IntArray
    rate_ppm: IntArray
    balloon: IntArray
    extra_days: IntArray
    parts: IntArray | None
    year: int
    n_instalments: int
    n_grace: int
    method: TableMethod
    odd: IntArray | None = None

    def rows(self, chosen: slice) -> Loans:
        """Return some of the loans."""
        extra_days = self.extra_days[chosen]
        return replace(
            self,
            principal=self.principal[chosen],
            rate_ppm=self.rate_ppm[chosen],
            balloon=self.balloon[chosen],
            extra_days=extra_days,
            odd=np.flatnonzero(extra_days != 0),
            parts=None if self.parts is None else np.ascontiguousarray(self.parts[:, chosen]),
        )

    @property
    def denominator(self) -> int:
        """What every interest product is divided by."""
        return PPM * self.year


def largest_factor(loans: Loans) -> FloatArray:
    """Return the largest number that multiplies principal and rate anywhere in each loan's schedule, in float64."""
    if loans.parts is not None:
        total = loans.parts.astype(np.float64)
        return np.asarray(total.sum(axis=0) if loans.method == "bullet" else total.max(axis=0))
    days = np.maximum(loans.extra_days.astype(np.float64), 0.0)
    factor = np.where(loans.extra_days == 0, 1.0, 365.0 + loans.year * days)
    n_later = loans.n_instalments - 1 if loans.method == "bullet" else 0
    return np.asarray(factor + 365.0 * n_later)


def rounded_share(numerator: IntArray, denominator: int) -> IntArray:
    """Return a quotient of whole numbers, rounded half-up."""
    return np.asarray((2 * numerator + denominator) // (2 * denominator))


def add_odd_days(loans: Loans, interest: IntArray) -> None:
    """Correct the first period's interest of the loans whose first period is irregular."""
    odd = _odd_rows(loans)
    if odd.size:
        product = loans.principal[odd] * loans.rate_ppm[odd] * _first_factor(loans, odd)
        interest[odd] = rounded_share(product, 365 * loans.denominator)


def bullet_interest(loans: Loans) -> IntArray:
    """Interest of all periods on the whole principal, rounded half-up once."""
    if loans.parts is not None:
        product = loans.principal * loans.rate_ppm * loans.parts.sum(axis=0)
        return rounded_share(product, loans.denominator)
    factor = _first_factor(loans, slice(None)) + 365 * (loans.n_instalments - 1)
    return rounded_share(loans.principal * loans.rate_ppm * factor, 365 * loans.denominator)


def regular_payment(loans: Loans) -> IntArray:
    """Return the regular instalment (equal instalments) or the regular principal part (other methods)."""
    n_repaying = loans.n_instalments - loans.n_grace
    if loans.method == "equal_principal":
        return rounded_share(loans.principal, n_repaying)
    if loans.method != "equal_instalment":
        return np.zeros_like(loans.principal)
    with np.errstate(over="ignore", invalid="ignore"):  # growth beyond floating point is settled exactly, too
        estimate, tolerance = _by_days(loans) if loans.parts is not None else _by_periods(loans)
        rounded = np.rint(estimate)
        result = rounded.astype(np.int64)
        estimate -= rounded
        np.abs(estimate, out=estimate)
        is_doubtful = ~(estimate < 0.5 - tolerance)
    free = np.flatnonzero(_is_free(loans))  # ties are common here, and whole numbers settle them
    if free.size:
        result[free] = rounded_share(loans.principal[free] - loans.balloon[free], n_repaying)
        is_doubtful[free] = False
    for row in np.flatnonzero(is_doubtful):
        rates = _exact_rates(loans, int(row))[loans.n_grace :]
        result[row] = level_payment_minor(int(loans.principal[row]), rates, int(loans.balloon[row]))
    return result


def may_end_early(loans: Loans, payment: IntArray) -> bool:
    """Whether rounding might repay some loan before its last instalment: tiny principal, many instalments.

    Each instalment is rounded twice, by half a unit each, and what was rounded grows at the loan's rate. A payment above all
    that together leaves something for the last instalment, whatever the roundings did.
    """
    if loans.parts is not None or payment.size == 0:
        return True
    if loans.method in {"interest_only", "bullet"}:
        return False
    n = loans.n_instalments
    growth = (n + 1) * math.log1p(float(loans.rate_ppm.max()) / loans.denominator)
    return math.log(max(int(payment.min()), 1)) <= math.log(n + 1) + growth + 1e-9


def check_progress(payment: IntArray, interest: IntArray, loans: Loans) -> None:
    """Refuse loans whose regular payment repays nothing."""
    if loans.method == "equal_principal":
        refuse(payment == 0, "the principal is too small for its instalments", "CR-LON-004")
    if loans.method == "equal_instalment" and loans.n_instalments - loans.n_grace > 1:
        is_stuck = payment <= interest[loans.n_grace]
        refuse(is_stuck, "the instalment must exceed the first interest", "CR-LON-004")


def _odd_rows(loans: Loans) -> IntArray:
    return np.flatnonzero(loans.extra_days != 0) if loans.odd is None else loans.odd


def _first_factor(loans: Loans, chosen: IntArray | slice) -> IntArray:
    """Return the first period in 365ths of a regular one; never shorter than nothing."""
    return np.maximum(365 + loans.year * loans.extra_days[chosen], 0)


def _is_free(loans: Loans) -> NDArray[np.bool_]:
    """Whether no period that repays principal bears interest."""
    if loans.parts is None:
        return np.asarray(loans.rate_ppm == 0)
    return np.asarray((loans.rate_ppm == 0) | ~loans.parts[loans.n_grace :].any(axis=0))


def _by_periods(loans: Loans) -> tuple[FloatArray, float]:
    """Return equal instalments over equal periods in float64, and how near one half is too near."""
    n_repaying = loans.n_instalments - loans.n_grace
    growth = loans.rate_ppm.astype(np.float64)
    growth *= 1.0 / loans.denominator
    growth += 1.0
    grown, annuity = power_and_sum(growth, n_repaying)
    grown *= loans.principal.astype(np.float64)
    odd = _odd_rows(loans)
    if odd.size and loans.n_grace == 0:
        years = np.maximum(1.0 / loans.year + loans.extra_days[odd] / 365.0, 0.0)
        grown[odd] *= (1.0 + years * loans.rate_ppm[odd] / PPM) / growth[odd]
    largest = _largest(grown) / n_repaying  # an annuity of growth factors >= 1 is at least n
    if loans.balloon.any():
        grown -= loans.balloon
    grown /= annuity
    return grown, (n_repaying + 8) * 1e-15 * largest + 1e-9


def _largest(values: FloatArray) -> float:
    """Return the largest finite value."""
    largest = float(values.max())
    return largest if math.isfinite(largest) else float(values.max(where=np.isfinite(values), initial=0.0))


def _by_days(loans: Loans) -> tuple[FloatArray, float]:
    """Return equal instalments over periods of given days in float64, and how near one half is too near."""
    assert loans.parts is not None  # noqa: S101
    n_repaying = loans.n_instalments - loans.n_grace
    discount, annuity = np.ones(loans.principal.shape), np.zeros(loans.principal.shape)
    for k in range(loans.n_grace, loans.n_instalments):
        discount /= 1.0 + loans.rate_ppm * loans.parts[k] / loans.denominator
        annuity += discount
    largest = float((loans.principal / annuity).max())
    estimate = (loans.principal - loans.balloon * discount) / annuity
    return estimate, 2 * (4 * n_repaying + 8) * _ULP * largest + 1e-9


def _exact_rates(loans: Loans, row: int) -> list[Fraction]:
    """Return one loan's period rates as exact fractions."""
    rate = Fraction(int(loans.rate_ppm[row]), PPM)
    if loans.parts is not None:
        return [rate * Fraction(int(part), loans.year) for part in loans.parts[:, row]]
    regular = rate / loans.year
    first = max(regular + rate * Fraction(int(loans.extra_days[row]), 365), Fraction(0))
    return [first, *[regular] * (loans.n_instalments - 1)]

"""What the borrower is told before signing: the all-in cost table, complete or refused.

Downstream of `rates` and `ceilings`. Read :class:`DisclosureFrame` (who lends, when, how it is shown), then
:func:`disclose`, then :func:`check_disclosure`. `disclosure_page` writes it as plain text and HTML in both languages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from credit_risk.errors import PolicyError
from credit_risk.loans.ceilings import rules_in_force
from credit_risk.loans.rates import AnnualRates, annual_rates
from credit_risk.loans.schedule import Schedule, repayment_schedule
from credit_risk.loans.terms import ExactRate, FeeNature, FeeTiming, LoanTerms, check_amount, exact_rate

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    from credit_risk.domain.money import Currency
    from credit_risk.loans.ceiling_rules import CeilingTable

Channel = Literal["online", "on_site"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentCost:
    """A cost charged only if something happens, with its standard and collector.

    Attributes
    ----------
    code : str
        Short name.
    nature : {'penalty', 'early_repayment', 'other'}
        Late payment, early repayment, or something else.
    collector : str
        Who receives it.
    annual_rate : Fraction, optional
        For 'penalty': a year on overdue principal, by days. For others: share of the amount repaid early.
    amount_minor : int, optional
        A fixed amount per event; 0 says that it is free.
    """

    code: str
    nature: Literal["penalty", "early_repayment", "other"]
    collector: str
    annual_rate: ExactRate | None = None
    amount_minor: int | None = None

    def __post_init__(self) -> None:
        if self.annual_rate is not None:
            object.__setattr__(self, "annual_rate", exact_rate(self.annual_rate, f"Rate of {self.code!r}"))
        if self.amount_minor is not None:
            check_amount(self.amount_minor, f"Amount of {self.code!r}", minimum=0)

    @property
    def has_standard(self) -> bool:
        """Whether it says how much, in exactly one way."""
        return (self.annual_rate is None) != (self.amount_minor is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureFrame:
    """Who lends, when, and how the table is shown.

    Attributes
    ----------
    lender_name : str
        As the borrower knows it; collects the interest.
    lender_type : str
        As in the ceiling file.
    contract_on : date
        Day of the contract.
    currency : Currency
        Of all amounts.
    contingent : tuple of ContingentCost
        Costs on default or early repayment.
    states_nothing_else : bool
        Whether the lender states that nothing else will be charged.
    channel : {'online', 'on_site'}
        Where it is shown.
    forced_reading_seconds : int
        How long the online page stays before it can be confirmed.
    headline : {'effective', 'nominal'}
        Which annual measure comes first; the other follows. The compound one is the default: it is never the lower.
    """

    lender_name: str
    lender_type: str
    contract_on: date
    currency: Currency
    contingent: tuple[ContingentCost, ...] = ()
    states_nothing_else: bool = False
    channel: Channel = "online"
    forced_reading_seconds: int = 0
    headline: Literal["effective", "nominal"] = "effective"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """One line of the cost table.

    Attributes
    ----------
    code, nature, timing, collector : str
        What, of what kind, charged when, by whom.
    standard_rate : Fraction or None
        Contract rate a year (interest) or share of the principal per charge (fees).
    charge_minor : int or None
        Amount per charge (fees).
    total_minor : int
        Over the whole loan under normal performance.
    annual_rate : float
        What the item adds to the annual rate, in the headline's measure; the lines add up to the headline.
    """

    code: str
    nature: FeeNature | Literal["interest"]
    timing: FeeTiming | Literal["interest"]
    collector: str
    standard_rate: Fraction | None
    charge_minor: int | None
    total_minor: int
    annual_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """The all-in cost of one loan, as data.

    Attributes
    ----------
    frame : DisclosureFrame
        Who, when, how.
    schedule : Schedule
        Every instalment.
    rates : AnnualRates
        All-in, from the rounded flows.
    items : tuple of CostItem
        Interest first, then fees as agreed.
    contingent : tuple of ContingentCost
        Not in the rate.
    """

    frame: DisclosureFrame
    schedule: Schedule
    rates: AnnualRates
    items: tuple[CostItem, ...]
    contingent: tuple[ContingentCost, ...]

    @property
    def headline_rate(self) -> float:
        """The annual rate shown first and largest."""
        return self.rates.effective if self.frame.headline == "effective" else self.rates.nominal

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values for the lending backend."""
        frame = self.frame
        return {
            "lender_name": frame.lender_name,
            "lender_type": frame.lender_type,
            "contract_on": frame.contract_on.isoformat(),
            "currency": frame.currency.code,
            "headline": frame.headline,
            "annual_rate_nominal": self.rates.nominal,
            "annual_rate_effective": self.rates.effective,
            "annual_rate_method": self.rates.method,
            "principal_minor": self.schedule.principal_minor,
            "disbursed_minor": self.schedule.disbursed_minor,
            "total_repayment_minor": self.schedule.total_repayment_minor,
            "total_cost_minor": self.schedule.total_cost_minor,
            "items": [
                {
                    "code": item.code,
                    "nature": item.nature,
                    "timing": item.timing,
                    "collector": item.collector,
                    "standard_rate": None if item.standard_rate is None else str(item.standard_rate),
                    "charge_minor": item.charge_minor,
                    "total_minor": item.total_minor,
                    "annual_rate": item.annual_rate,
                }
                for item in self.items
            ],
            "contingent": [
                {
                    "code": cost.code,
                    "nature": cost.nature,
                    "collector": cost.collector,
                    "annual_rate": None if cost.annual_rate is None else str(cost.annual_rate),
                    "amount_minor": cost.amount_minor,
                }
                for cost in self.contingent
            ],
            "states_nothing_else": frame.states_nothing_else,
            "confirmation": {
                "channel": frame.channel,
                "forced_reading_seconds": frame.forced_reading_seconds,
                "kind": "signature" if frame.channel == "on_site" else "confirm_after_reading",
            },
            "schedule": self.schedule.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureCheck:
    """Which rule was applied to a disclosure; '' when none is in force for that lender and date."""

    rule_id: str

    @property
    def is_applied(self) -> bool:
        """Whether a rule was in force."""
        return bool(self.rule_id)


def disclose(terms: LoanTerms, frame: DisclosureFrame) -> Disclosure:
    """Work out the all-in cost of a loan, item by item.

    Parameters
    ----------
    terms : LoanTerms
        With every fee, whoever collects it.
    frame : DisclosureFrame
        Who, when, how.

    Returns
    -------
    Disclosure
        Not yet checked for completeness: see :func:`check_disclosure`.

    Raises
    ------
    LoanError
        A fee of unknown amount (``CR-LON-006``): no rate is given without it.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.domain.money import Currency
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> frame = DisclosureFrame(lender_name="Bank", lender_type="bank", contract_on=date(2026, 8, 20),
    ...     currency=Currency.of("CNY"))
    >>> f"{disclose(terms, frame).headline_rate:.2%}"
    '15.39%'
    """
    schedule = repayment_schedule(terms)
    charged = [fee for fee in terms.fees if fee.is_mandatory and not fee.is_contingent]
    items = []
    before = 0.0
    for n_fees in range(len(charged) + 1):
        partial = repayment_schedule(replace(terms, fees=tuple(charged[:n_fees])))
        after = _measure(annual_rates(partial), frame)
        if n_fees == 0:
            items.append(_interest_item(terms, partial, frame, after))
        else:
            fee = charged[n_fees - 1]
            charge = fee.charge_minor(terms.principal_minor)
            times = terms.n_instalments if fee.timing == "per_instalment" else 1
            items.append(
                CostItem(
                    code=fee.code,
                    nature=fee.nature,
                    timing=fee.timing,
                    collector=fee.collector,
                    standard_rate=fee.rate,
                    charge_minor=charge,
                    total_minor=charge * times,
                    annual_rate=after - before,
                )
            )
        before = after
    listed = tuple(
        ContingentCost(
            code=fee.code,
            nature=fee.nature if fee.nature in {"penalty", "early_repayment"} else "other",
            collector=fee.collector,
            amount_minor=fee.charge_minor(terms.principal_minor),
        )
        for fee in terms.fees
        if fee.is_contingent
    )
    return Disclosure(
        frame=frame,
        schedule=schedule,
        rates=annual_rates(schedule),
        items=tuple(items),
        contingent=frame.contingent + listed,
    )


def check_disclosure(disclosure: Disclosure, *, ceilings: CeilingTable) -> DisclosureCheck:
    """Refuse an incomplete cost table where the law demands one.

    Parameters
    ----------
    disclosure : Disclosure
        From :func:`disclose`.
    ceilings : CeilingTable
        Holds the disclosure rules by lender type and date.

    Returns
    -------
    DisclosureCheck
        The rule applied; none before it came into force or for lenders it does not bind.

    Raises
    ------
    PolicyError
        Naming everything that is missing (``CR-CEI-006``).
    SpecificationError
        Unknown lender type (``CR-CEI-003``).
    """
    frame = disclosure.frame
    rules = rules_in_force("disclosure_rule", frame.lender_type, frame.contract_on, ceilings)
    if not rules:
        return DisclosureCheck(rule_id="")
    missing = missing_parts(disclosure)
    if missing:
        raise PolicyError(
            f"The disclosure breaks rule {rules[0].rule_id} in {len(missing)} point(s): "
            + "; ".join(missing)
            + ".",
            code="CR-CEI-006",
            context={"n_missing": len(missing)},
        )
    return DisclosureCheck(rule_id=rules[0].rule_id)


def missing_parts(disclosure: Disclosure) -> tuple[str, ...]:
    """List what an all-in cost table must have and this one has not."""
    frame = disclosure.frame
    missing = [
        f"item {item.code!r} has no collector" for item in disclosure.items if not item.collector.strip()
    ]
    for cost in disclosure.contingent:
        if not cost.collector.strip():
            missing.append(f"contingent cost {cost.code!r} has no collector")
        if not cost.has_standard:
            missing.append(f"contingent cost {cost.code!r} does not say how much")
    if not any(cost.nature == "penalty" for cost in disclosure.contingent):
        missing.append("the cost of late payment is not listed")
    if not frame.states_nothing_else:
        missing.append("the statement that nothing else will be charged is missing")
    if frame.channel == "online" and frame.forced_reading_seconds <= 0:
        missing.append("the online page has no forced reading time")
    return tuple(missing)


def _measure(rates: AnnualRates, frame: DisclosureFrame) -> float:
    return rates.effective if frame.headline == "effective" else rates.nominal


def _interest_item(
    terms: LoanTerms, schedule: Schedule, frame: DisclosureFrame, annual_rate: float
) -> CostItem:
    return CostItem(
        code="interest",
        nature="interest",
        timing="interest",
        collector=frame.lender_name,
        standard_rate=terms.rate,
        charge_minor=None,
        total_minor=sum(schedule.interest_minor),
        annual_rate=annual_rate,
    )


__all__ = [
    "ContingentCost",
    "CostItem",
    "Disclosure",
    "DisclosureCheck",
    "DisclosureFrame",
    "check_disclosure",
    "disclose",
    "missing_parts",
]

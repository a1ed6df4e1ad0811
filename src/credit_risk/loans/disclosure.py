"""What the borrower is told before signing: the all-in cost table, complete or refused.

Downstream of `rates` and `ceilings`. Read :class:`DisclosureFrame` (who lends, when, how it is shown), then
:func:`disclose`, then :func:`check_disclosure`. `disclosure_page` writes it as plain text and HTML in both languages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Literal, get_args

from credit_risk.errors import PolicyError, SpecificationError
from credit_risk.loans.ceilings import rules_in_force
from credit_risk.loans.rates import AnnualRates, annual_rates
from credit_risk.loans.schedule import Schedule, repayment_schedule
from credit_risk.loans.terms import (
    ExactRate,
    Fee,
    FeeNature,
    FeeTiming,
    LoanTerms,
    check_amount,
    exact_rate,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from fractions import Fraction

    from credit_risk.domain.money import Currency
    from credit_risk.loans.ceiling_rules import CeilingTable

Channel = Literal["online", "on_site"]
Headline = Literal["effective", "nominal"]
_LONGEST_READING = 3600


def _check_choice(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise SpecificationError(f"{name} must be one of {allowed}. Got {value!r}.", code="CR-CEI-008")


def _check_text(value: object, name: str) -> None:
    """Refuse None and other things that are no text; an empty text is told by `check_disclosure`."""
    if not isinstance(value, str):
        raise SpecificationError(f"{name} must be a text. Got {type(value).__name__}.", code="CR-CEI-008")


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
    principal_rate : Fraction, optional
        Share of the original principal from which `amount_minor` was worked out.

    Raises
    ------
    LoanError
        Amount (``CR-LON-001``, ``CR-LON-008``) or rate (``CR-LON-003``, ``CR-LON-008``).
    SpecificationError
        Nature or collector (``CR-CEI-008``).
    """

    code: str
    nature: Literal["penalty", "early_repayment", "other"]
    collector: str
    annual_rate: ExactRate | None = None
    amount_minor: int | None = None
    principal_rate: ExactRate | None = None

    def __post_init__(self) -> None:
        _check_choice(self.nature, ("penalty", "early_repayment", "other"), f"nature of {self.code!r}")
        _check_text(self.collector, f"collector of {self.code!r}")
        if self.principal_rate is not None:
            object.__setattr__(
                self, "principal_rate", exact_rate(self.principal_rate, f"Rate of {self.code!r}")
            )
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
        How long the online page stays before it can be confirmed: whole seconds, 0 to 3600.
    headline : {'effective', 'nominal'}
        Which annual measure comes first; the other follows. The compound one is the default: it is never the lower.

    Raises
    ------
    SpecificationError
        A channel, headline, name or reading time outside its set (``CR-CEI-008``).
    """

    lender_name: str
    lender_type: str
    contract_on: date
    currency: Currency
    contingent: tuple[ContingentCost, ...] = ()
    states_nothing_else: bool = False
    channel: Channel = "online"
    forced_reading_seconds: int = 0
    headline: Headline = "effective"

    def __post_init__(self) -> None:
        _check_choice(self.channel, get_args(Channel), "channel")
        _check_choice(self.headline, get_args(Headline), "headline")
        _check_text(self.lender_name, "lender_name")
        seconds = self.forced_reading_seconds
        if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= _LONGEST_READING:
            raise SpecificationError(
                f"forced_reading_seconds must be a whole number from 0 to {_LONGEST_READING}. Got {seconds!r}.",
                code="CR-CEI-008",
            )


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
    """The all-in cost of one loan, item by item, before it is put into words.

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
    optional : tuple of CostItem
        Fees the loan can be had without: not in `rates`; each says what it would add.
    rates_with_optional : AnnualRates or None
        All-in with every optional item; None when there is none.
    """

    frame: DisclosureFrame
    schedule: Schedule
    rates: AnnualRates
    items: tuple[CostItem, ...]
    contingent: tuple[ContingentCost, ...]
    optional: tuple[CostItem, ...] = ()
    rates_with_optional: AnnualRates | None = None

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own so that neither changes the other."""
        from credit_risk.loans.disclosure_page import as_html

        page = escape(as_html(self, "en"))
        return (
            f'<iframe title="disclosure" srcdoc="{page}" width="100%" height="900" style="border:0"></iframe>'
        )

    @property
    def headline_rate(self) -> float:
        """The annual rate shown first and largest."""
        return _measure(self.rates, self.frame)

    @property
    def upfront_minor(self) -> int:
        """What the borrower pays on day 0 out of his own pocket."""
        return sum(item.total_minor for item in self.items if item.timing == "upfront")

    @property
    def received_minor(self) -> int:
        """What is paid out to the borrower: principal less what is kept back."""
        kept_back = sum(item.total_minor for item in self.items if item.timing == "deducted")
        return self.schedule.principal_minor - kept_back

    @property
    def total_paid_minor(self) -> int:
        """All that the borrower pays: every instalment, and what he pays on day 0."""
        return sum(self.schedule.instalment_minor) + self.upfront_minor

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values for the lending backend."""
        frame, extra = self.frame, self.rates_with_optional
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
            "received_minor": self.received_minor,
            "upfront_minor": self.upfront_minor,
            "total_repayment_minor": self.total_paid_minor,
            "total_cost_minor": self.schedule.total_cost_minor,
            "items": [_item_dict(item) for item in self.items],
            "optional": [_item_dict(item) for item in self.optional],
            "annual_rate_nominal_with_optional": None if extra is None else extra.nominal,
            "annual_rate_effective_with_optional": None if extra is None else extra.effective,
            "contingent": [
                {
                    "code": cost.code,
                    "nature": cost.nature,
                    "collector": cost.collector,
                    "annual_rate": None if cost.annual_rate is None else str(cost.annual_rate),
                    "amount_minor": cost.amount_minor,
                    "principal_rate": None if cost.principal_rate is None else str(cost.principal_rate),
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
    rates = annual_rates(schedule)
    listed = [fee for fee in terms.fees if not fee.is_contingent]
    charged = [fee for fee in listed if fee.is_mandatory]
    chosen = [replace(fee, is_mandatory=True) for fee in listed if not fee.is_mandatory]
    bare = repayment_schedule(replace(terms, fees=()))
    interest = _interest_item(terms, bare, frame, _measure(annual_rates(bare), frame))
    with_all = annual_rates(repayment_schedule(replace(terms, fees=(*charged, *chosen)))) if chosen else None
    return Disclosure(
        frame=frame,
        schedule=schedule,
        rates=rates,
        items=(interest, *_fee_items(terms, frame, [], charged)),
        contingent=frame.contingent + _contingent_fees(terms),
        optional=_fee_items(terms, frame, charged, chosen),
        rates_with_optional=with_all,
    )


def _fee_items(
    terms: LoanTerms, frame: DisclosureFrame, before: Sequence[Fee], fees: Sequence[Fee]
) -> tuple[CostItem, ...]:
    """Return one line per fee: what it adds to the annual rate after the fees before it."""
    items = []
    rate = _measure(annual_rates(repayment_schedule(replace(terms, fees=tuple(before)))), frame)
    for n_fees, fee in enumerate(fees, 1):
        partial = repayment_schedule(replace(terms, fees=(*before, *fees[:n_fees])))
        after = _measure(annual_rates(partial), frame)
        charge = fee.charge_minor(terms.principal_minor)
        items.append(
            CostItem(
                code=fee.code,
                nature=fee.nature,
                timing=fee.timing,
                collector=fee.collector,
                standard_rate=fee.rate,
                charge_minor=charge,
                total_minor=charge * (terms.n_instalments if fee.timing == "per_instalment" else 1),
                annual_rate=after - rate,
            )
        )
        rate = after
    return tuple(items)


def _contingent_fees(terms: LoanTerms) -> tuple[ContingentCost, ...]:
    return tuple(
        ContingentCost(
            code=fee.code,
            nature=fee.nature if fee.nature in {"penalty", "early_repayment"} else "other",
            collector=fee.collector,
            amount_minor=fee.charge_minor(terms.principal_minor),
            principal_rate=fee.rate,
        )
        for fee in terms.fees
        if fee.is_contingent
    )


def _item_dict(item: CostItem) -> dict[str, object]:
    return {
        "code": item.code,
        "nature": item.nature,
        "timing": item.timing,
        "collector": item.collector,
        "standard_rate": None if item.standard_rate is None else str(item.standard_rate),
        "charge_minor": item.charge_minor,
        "total_minor": item.total_minor,
        "annual_rate": item.annual_rate,
    }


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

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.domain.money import Currency
    >>> from credit_risk.loans import load_ceilings
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> late = ContingentCost(code="late", nature="penalty", collector="Bank", annual_rate=Decimal("0.216"))
    >>> frame = DisclosureFrame(lender_name="Bank", lender_type="bank", contract_on=date(2026, 8, 20),
    ...     currency=Currency.of("CNY"), contingent=(late,), states_nothing_else=True, forced_reading_seconds=10)
    >>> check_disclosure(disclose(terms, frame), ceilings=load_ceilings()).rule_id
    'cn-all-in-cost-table'
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
        f"item {item.code!r} has no collector"
        for item in (*disclosure.items, *disclosure.optional)
        if not item.collector.strip()
    ]
    if sum(item.total_minor for item in disclosure.items) != disclosure.schedule.total_cost_minor:
        missing.append("the items do not add up to the total cost of the loan")
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

"""Is this loan lawful? Tests of annual cost, joint caps, amounts, tenors and joint lending against dated rules.

Beside `rates`; every figure comes from `ceiling_rules`. Read :func:`check_ceiling` first. Every test takes the contract date;
nothing reads the clock; no rate is ever clipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Literal, get_args

from credit_risk.domain.configuration import nearest
from credit_risk.errors import LoanError, PolicyError, SpecificationError
from credit_risk.loans.ceiling_rules import STATUSES, load_ceilings
from credit_risk.loans.day_count import DayCount, add_months, check_date, check_date_order, year_fraction
from credit_risk.loans.terms import Method, is_finite_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from credit_risk.loans.ceiling_rules import CeilingTable, Rule

#: Binary rates this close above a ceiling count as equal to it: float noise of the solver, far below any published digit.
RATE_TOLERANCE = 1e-12

__all__ = [
    "CeilingCheck",
    "LprQuote",
    "RuleCheck",
    "check_amount_and_tenor",
    "check_ceiling",
    "check_joint_lending",
    "joint_cap_minor",
    "joint_cap_rate",
    "load_ceilings",
    "lpr_quote",
    "lpr_rate",
    "portfolio_ceilings",
]

Measure = Literal["nominal", "effective"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CeilingCheck:
    """Whether a loan's annual cost is lawful, and which rule and measure decided.

    Attributes
    ----------
    is_lawful : bool
        True if no tested measure exceeds the ceiling.
    ceiling_rate : float
        The lowest ceiling in force, fraction a year.
    rule_id : str
        The rule it comes from.
    measure : {'nominal', 'effective'}
        The measure that decided: the one nearest to, or furthest above, the ceiling.
    margin : float
        Ceiling less that measure; negative when unlawful.
    status : str
        How sure the rule, and the LPR it rests on, are; the less sure counts: 'S' seen, 'S2' secondary source, 'M' memory.
    warnings : tuple of str
        What a person should know, for instance an LPR asked for after its last known date.
    """

    is_lawful: bool
    ceiling_rate: float
    rule_id: str
    measure: Measure
    margin: float
    status: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LprQuote:
    """The loan prime rates in force on a date, and what a person should know about them.

    Attributes
    ----------
    one_year, five_year : Decimal
        Fractions a year.
    published_on : date
        The publication they come from.
    status : str
        How sure the row is.
    warnings : tuple of str
        Not empty when the date lies after the last known publication.
    """

    one_year: Decimal
    five_year: Decimal
    published_on: date
    status: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCheck:
    """Whether an amount, a tenor or a share keeps the rules; `broken` names those it does not.

    `tested` is never empty: a case for which no rule is known is an error, not a lawful one.
    """

    is_lawful: bool
    broken: tuple[str, ...]
    tested: tuple[str, ...]


def lpr_rate(
    on: date, *, ceilings: CeilingTable, term: Literal["one_year", "five_year"] = "one_year"
) -> Decimal:
    """Return the loan prime rate in force: the latest publication on or before a date.

    Parameters
    ----------
    on : date
        Contract date.
    ceilings : CeilingTable
        Holds the history.
    term : {'one_year', 'five_year'}
        Which LPR.

    Raises
    ------
    PolicyError
        Before the first publication (``CR-CEI-002``).

    Examples
    --------
    >>> from datetime import date
    >>> lpr_rate(date(2022, 8, 21), ceilings=load_ceilings())
    Decimal('0.0370')
    """
    quote = lpr_quote(on, ceilings=ceilings)
    return quote.one_year if term == "one_year" else quote.five_year


def lpr_quote(on: date, *, ceilings: CeilingTable) -> LprQuote:
    """Return both loan prime rates of a date with their publication; a date too late is answered with a warning.

    Parameters
    ----------
    on : date
        Contract date.
    ceilings : CeilingTable
        Holds the history and its last known date.

    Raises
    ------
    PolicyError
        Before the first publication (``CR-CEI-002``).

    Examples
    --------
    >>> from datetime import date
    >>> lpr_quote(date(2026, 9, 1), ceilings=load_ceilings()).warnings
    ('LPR of 2026-09-01 is not known: the file ends on 2026-08-20; the last value is used.',)
    """
    check_date(on, "on")
    rows = [row for row in ceilings.lpr if row.from_on <= on]
    if not rows:
        raise PolicyError(
            f"No LPR on {on.isoformat()}: it is published since "
            f"{ceilings.lpr[0].from_on.isoformat() if ceilings.lpr else 'never in this file'}.",
            code="CR-CEI-002",
        )
    last = rows[-1]
    warning = f"LPR of {on.isoformat()} is not known: the file ends on {ceilings.known_until.isoformat()}; the last value is used."
    return LprQuote(
        one_year=last.one_year,
        five_year=last.five_year,
        published_on=last.from_on,
        status=last.status,
        warnings=(warning,) if on > ceilings.known_until else (),
    )


def check_ceiling(
    *,
    nominal: float,
    effective: float,
    lender_type: str,
    product: str,
    contract_on: date,
    ceilings: CeilingTable,
) -> CeilingCheck:
    """Test a loan's annual cost against the ceiling in force on its contract date; the stricter measure applies.

    Parameters
    ----------
    nominal, effective : float
        Annual rates from :func:`~credit_risk.loans.rates.annual_rates`.
    lender_type : str
        For instance 'bank', 'consumer_finance', 'small_loan', 'auto_finance', 'trust', 'private_lender'.
    product : str
        For instance 'consumer_loan'.
    contract_on : date
        Day of the contract.
    ceilings : CeilingTable
        The rules.

    Returns
    -------
    CeilingCheck
        Never a clipped rate: an unlawful loan is refused or redesigned by the caller.

    Raises
    ------
    SpecificationError
        A lender type no rule names (``CR-CEI-003``).
    LoanError
        A rate that is NaN or infinite (``CR-LON-008``).
    PolicyError
        No per-loan ceiling known for this lender, product and date (``CR-CEI-004``); no LPR (``CR-CEI-002``).

    Examples
    --------
    >>> from datetime import date
    >>> check = check_ceiling(nominal=0.24, effective=0.2682417946, lender_type="consumer_finance",
    ...     product="consumer_loan", contract_on=date(2026, 8, 20), ceilings=load_ceilings())
    >>> check.is_lawful, check.measure, check.rule_id
    (False, 'effective', 'cn-licensed-24')
    """
    if not (is_finite_number(nominal) and is_finite_number(effective)):
        raise LoanError(
            "Annual rates must be finite numbers to be compared with a ceiling.", code="CR-LON-008"
        )
    rules = [
        rule
        for rule in rules_in_force("ceiling", lender_type, contract_on, ceilings)
        if rule.scope == "per_loan" and product in rule.applies_to
    ]
    if not rules:
        raise PolicyError(
            f"No per-loan ceiling is known for lender type {lender_type!r}, product {product!r} and contract date "
            f"{contract_on.isoformat()}. Hint: add a rule to the ceiling file; a loan is never assumed lawful.",
            code="CR-CEI-004",
        )
    tested = [_test_rule(rule, nominal, effective, contract_on, ceilings) for rule in rules]
    margin, measure, rate, rule = min(tested, key=lambda item: item[0])
    return CeilingCheck(
        is_lawful=margin >= -RATE_TOLERANCE,
        ceiling_rate=rate,
        rule_id=rule.rule_id,
        measure=measure,
        margin=margin,
        status=_status(rule, contract_on, ceilings),
        warnings=_warnings(rule, contract_on, ceilings),
    )


def portfolio_ceilings(
    *, lender_type: str, contract_on: date, ceilings: CeilingTable
) -> tuple[tuple[str, float], ...]:
    """Return the portfolio-average ceilings in force, as (rule, rate): tested on a book, never on one loan.

    Examples
    --------
    >>> from datetime import date
    >>> portfolio_ceilings(lender_type="consumer_finance", contract_on=date(2026, 8, 20), ceilings=load_ceilings())
    (('cn-consumer-finance-average-20', 0.2),)
    """
    rules = rules_in_force("ceiling", lender_type, contract_on, ceilings)
    return tuple(
        (rule.rule_id, float(_rule_rate(rule, contract_on, ceilings)))
        for rule in rules
        if rule.scope == "portfolio_average"
    )


def joint_cap_minor(
    initial_principal_minor: int,
    *,
    lender_type: str,
    contract_on: date,
    from_on: date,
    to_on: date,
    ceilings: CeilingTable,
) -> int:
    """Return the most that interest, penalty and fees together may reach: simple, on the initial principal.

    Parameters
    ----------
    initial_principal_minor : int
        Amount actually paid out.
    lender_type : str
        Whom the rule binds.
    contract_on : date
        Decides which rule and which LPR.
    from_on, to_on : date
        The whole term so far.
    ceilings : CeilingTable
        The rules.

    Returns
    -------
    int
        Minor units, rounded down.

    Raises
    ------
    PolicyError
        No joint cap known (``CR-CEI-004``).

    Examples
    --------
    >>> from datetime import date
    >>> joint_cap_minor(1_000_000, lender_type="private_lender", contract_on=date(2026, 1, 1),
    ...     from_on=date(2026, 1, 1), to_on=date(2027, 1, 1), ceilings=load_ceilings())
    120000
    """
    rate = joint_cap_rate(lender_type=lender_type, contract_on=contract_on, ceilings=ceilings)
    years = year_fraction(from_on, to_on, DayCount.ACTUAL_365_FIXED)
    return math.floor(initial_principal_minor * rate * years)


def joint_cap_rate(*, lender_type: str, contract_on: date, ceilings: CeilingTable) -> Fraction:
    """Return the annual rate of the joint cap in force (``CR-CEI-004`` when none is known).

    Examples
    --------
    >>> from datetime import date
    >>> joint_cap_rate(lender_type="bank", contract_on=date(2026, 1, 1), ceilings=load_ceilings())
    Fraction(6, 25)
    """
    rules = rules_in_force("joint_cap", lender_type, contract_on, ceilings)
    if not rules:
        raise PolicyError(
            f"No joint cap on interest, penalty and fees is known for {lender_type!r} on {contract_on.isoformat()}.",
            code="CR-CEI-004",
        )
    return min(Fraction(_rule_rate(rule, contract_on, ceilings)) for rule in rules)


def check_amount_and_tenor(
    *,
    amount: Decimal,
    method: str,
    disbursed_on: date,
    last_due_on: date,
    lender_type: str,
    ceilings: CeilingTable,
    channel: str = "internet",
) -> RuleCheck:
    """Test a customer's unsecured consumer amount, and the loan's tenor, against the regulator's figures.

    Parameters
    ----------
    amount : Decimal
        Customer's total after this loan, in yuan.
    method : str
        Repayment method, as in LoanTerms.
    disbursed_on, last_due_on : date
        Term; one year after 10 January is 10 January, whatever the days between.
    lender_type : str
        'eligible_bank' is a bank of the types listed in the 2025 notice.
    ceilings : CeilingTable
        The rules.
    channel : str
        'internet' or 'self_paid'.

    Returns
    -------
    RuleCheck
        Names of the rules tested and broken.

    Raises
    ------
    LoanError
        Dates out of order (``CR-LON-005``); an amount that is no finite number of 0 or more (``CR-LON-008``).
    SpecificationError
        Unknown lender type (``CR-CEI-003``), channel or method (``CR-CEI-007``).
    PolicyError
        No rule known for the case (``CR-CEI-004``).

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> check = check_amount_and_tenor(amount=Decimal("200000.01"), method="bullet", disbursed_on=date(2026, 1, 10),
    ...     last_due_on=date(2027, 1, 11), lender_type="bank", ceilings=load_ceilings())
    >>> check.broken
    ('cn-internet-200k', 'cn-internet-bullet-1y')
    """
    check_date_order(disbursed_on, last_due_on, "last_due_on")
    _check_share_or_amount(amount, "amount")
    _check_known(channel, {name for rule in ceilings.rules for name in rule.channels}, "Channel")
    _check_known(method, set(get_args(Method)), "Method")
    amounts = rules_in_force("amount_limit", lender_type, disbursed_on, ceilings)
    tenors = rules_in_force("tenor_limit", lender_type, disbursed_on, ceilings)
    tests = [(rule, amount > rule.figures["max_amount"]) for rule in amounts if channel in rule.channels]
    for rule in tenors:
        if channel in rule.channels and method in rule.applies_to:
            latest = add_months(disbursed_on, int(rule.figures["max_months"]))
            tests.append((rule, last_due_on > latest))
    if not tests:
        raise _no_rule(
            f"amount or tenor, channel {channel!r} and method {method!r}", lender_type, disbursed_on
        )
    return _rule_check(tests)


def check_joint_lending(
    *,
    partner_share: Decimal,
    one_partner_to_tier1: Decimal,
    joint_to_total_loans: Decimal,
    lender_type: str,
    contract_on: date,
    ceilings: CeilingTable,
) -> RuleCheck:
    """Test joint lending: the partner's share of each loan, and both concentrations.

    Parameters
    ----------
    partner_share : Decimal
        Partner's part of the loan.
    one_partner_to_tier1, joint_to_total_loans : Decimal
        Joint loans with this partner over net tier-1 capital; all joint loans over all loans.
    lender_type : str
        Whom the rule binds.
    contract_on : date
        When.
    ceilings : CeilingTable
        The rules.

    Returns
    -------
    RuleCheck
        Figures broken are named ``rule:figure``.

    Raises
    ------
    LoanError
        A figure that is no finite number of 0 or more (``CR-LON-008``).
    SpecificationError
        Unknown lender type (``CR-CEI-003``).
    PolicyError
        No rule known for this lender and date (``CR-CEI-004``).

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> check_joint_lending(partner_share=Decimal("0.29"), one_partner_to_tier1=Decimal("0.1"),
    ...     joint_to_total_loans=Decimal("0.5"), lender_type="bank", contract_on=date(2026, 1, 1),
    ...     ceilings=load_ceilings()).broken
    ('cn-joint-lending:min_partner_share',)
    """
    for value, name in (
        (partner_share, "partner_share"),
        (one_partner_to_tier1, "one_partner_to_tier1"),
        (joint_to_total_loans, "joint_to_total_loans"),
    ):
        _check_share_or_amount(value, name)
    tested: list[str] = []
    broken: list[str] = []
    for rule in rules_in_force("joint_lending", lender_type, contract_on, ceilings):
        for figure, is_broken in (
            ("min_partner_share", partner_share < rule.figures["min_partner_share"]),
            ("max_one_partner_to_tier1", one_partner_to_tier1 > rule.figures["max_one_partner_to_tier1"]),
            ("max_joint_to_total_loans", joint_to_total_loans > rule.figures["max_joint_to_total_loans"]),
        ):
            tested.append(f"{rule.rule_id}:{figure}")
            if is_broken:
                broken.append(f"{rule.rule_id}:{figure}")
    if not tested:
        raise _no_rule("joint lending", lender_type, contract_on)
    return RuleCheck(is_lawful=not broken, broken=tuple(broken), tested=tuple(tested))


def _check_share_or_amount(value: Decimal, name: str) -> None:
    """Refuse NaN, infinity, anything below 0 and what is no number, before it is compared (``CR-LON-008``)."""
    is_number = isinstance(value, (Decimal, Rational)) and not isinstance(value, bool)
    if not is_number or (isinstance(value, Decimal) and not value.is_finite()) or value < 0:
        raise LoanError(
            f"{name} must be an exact, finite number of 0 or more. Got a {type(value).__name__}.",
            code="CR-LON-008",
        )


def _check_known(name: str, known: Collection[str], what: str) -> None:
    """Refuse a channel or method that no rule could ever match: a typing error must not look lawful."""
    if name not in known:
        raise SpecificationError(
            f"{what} {name!r} is not known. {nearest(str(name), sorted(known))}", code="CR-CEI-007"
        )


def _no_rule(what: str, lender_type: str, on: date) -> PolicyError:
    return PolicyError(
        f"No rule on {what} is known for lender type {lender_type!r} on {on.isoformat()}. "
        "Hint: add a rule to the ceiling file; a loan is never assumed lawful.",
        code="CR-CEI-004",
    )


def _rule_check(tests: Iterable[tuple[Rule, bool]]) -> RuleCheck:
    tests = list(tests)
    broken = tuple(rule.rule_id for rule, is_broken in tests if is_broken)
    return RuleCheck(is_lawful=not broken, broken=broken, tested=tuple(rule.rule_id for rule, _ in tests))


def rules_in_force(kind: str, lender_type: str, on: date, ceilings: CeilingTable) -> Sequence[Rule]:
    """Return the rules of one kind that bind a lender on a contract date.

    Raises
    ------
    SpecificationError
        A lender type no rule names (``CR-CEI-003``).
    """
    check_date(on, "contract_on")
    if lender_type not in ceilings.lender_types():
        raise SpecificationError(
            f"Lender type {lender_type!r} is not known to the ceiling file. "
            f"{nearest(lender_type, ceilings.lender_types())}",
            code="CR-CEI-003",
        )
    return [rule for rule in ceilings.rules if rule.kind == kind and rule.binds(lender_type, on)]


def _rule_rate(rule: Rule, on: date, ceilings: CeilingTable) -> Decimal:
    if "lpr_multiple" in rule.figures:
        return rule.figures["lpr_multiple"] * lpr_rate(on, ceilings=ceilings)
    return rule.figures["rate"]


def _test_rule(
    rule: Rule, nominal: float, effective: float, on: date, ceilings: CeilingTable
) -> tuple[float, Measure, float, Rule]:
    """Return margin, deciding measure, rate and rule; the smaller margin decides."""
    rate = float(_rule_rate(rule, on, ceilings))
    measures: list[tuple[float, Measure]] = []
    if rule.measure in {"both", "nominal"}:
        measures.append((rate - nominal, "nominal"))
    if rule.measure in {"both", "effective"}:
        measures.append((rate - effective, "effective"))
    margin, measure = min(measures)
    return margin, measure, rate, rule


def _status(rule: Rule, on: date, ceilings: CeilingTable) -> str:
    """Return the less sure of the rule's status and that of the loan prime rate it rests on."""
    if "lpr_multiple" not in rule.figures:
        return rule.status
    return max(rule.status, lpr_quote(on, ceilings=ceilings).status, key=STATUSES.index)


def _warnings(rule: Rule, on: date, ceilings: CeilingTable) -> tuple[str, ...]:
    warnings: list[str] = []
    if "lpr_multiple" in rule.figures:
        quote = lpr_quote(on, ceilings=ceilings)
        warnings.extend(quote.warnings)
        if quote.status != "S":
            warnings.append(
                f"The LPR published on {quote.published_on.isoformat()} has status {quote.status}: "
                "check the primary text."
            )
    if rule.status != "S":
        warnings.append(
            f"Rule {rule.rule_id} has status {rule.status}: check the primary text. {rule.note}".strip()
        )
    return tuple(warnings)

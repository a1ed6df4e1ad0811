"""The loan itself: day counts, repayment schedules, annual rates, lawful ceilings, disclosure, the account.

Reading order: ``day_count`` (dates), ``terms`` (what was agreed), ``schedule`` (what is due), ``rates`` and
``statutory_rates`` (what it costs a year), ``vectorised`` (the same for a million loans), ``ceilings`` (what the law
allows), ``disclosure`` (what the borrower is told), ``ledger`` (what happened), ``borrower`` (what it means to a
household). Light: numpy, pyxirr and the standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.loans.ceiling_rules import CeilingTable as CeilingTable
    from credit_risk.loans.ceiling_rules import load_ceilings as load_ceilings
    from credit_risk.loans.ceilings import CeilingCheck as CeilingCheck
    from credit_risk.loans.ceilings import check_ceiling as check_ceiling
    from credit_risk.loans.day_count import DayCount as DayCount
    from credit_risk.loans.rates import AnnualRates as AnnualRates
    from credit_risk.loans.rates import annual_rates as annual_rates
    from credit_risk.loans.schedule import Schedule as Schedule
    from credit_risk.loans.schedule import equal_instalment_schedule as equal_instalment_schedule
    from credit_risk.loans.schedule import equal_principal_schedule as equal_principal_schedule
    from credit_risk.loans.schedule import repayment_schedule as repayment_schedule
    from credit_risk.loans.terms import Fee as Fee
    from credit_risk.loans.terms import LoanTerms as LoanTerms
    from credit_risk.loans.vectorised import ScheduleTable as ScheduleTable
    from credit_risk.loans.vectorised import equal_instalment_table as equal_instalment_table
    from credit_risk.loans.vectorised_rates import annual_rates_table as annual_rates_table

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AnnualRates": "credit_risk.loans.rates",
        "CeilingCheck": "credit_risk.loans.ceilings",
        "CeilingTable": "credit_risk.loans.ceiling_rules",
        "DayCount": "credit_risk.loans.day_count",
        "Fee": "credit_risk.loans.terms",
        "LoanTerms": "credit_risk.loans.terms",
        "Schedule": "credit_risk.loans.schedule",
        "ScheduleTable": "credit_risk.loans.vectorised",
        "annual_rates": "credit_risk.loans.rates",
        "annual_rates_table": "credit_risk.loans.vectorised_rates",
        "check_ceiling": "credit_risk.loans.ceilings",
        "equal_instalment_schedule": "credit_risk.loans.schedule",
        "equal_instalment_table": "credit_risk.loans.vectorised",
        "equal_principal_schedule": "credit_risk.loans.schedule",
        "load_ceilings": "credit_risk.loans.ceiling_rules",
        "repayment_schedule": "credit_risk.loans.schedule",
    },
)

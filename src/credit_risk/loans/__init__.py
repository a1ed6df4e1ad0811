"""The loan itself: day counts, repayment schedules, annual rates, lawful ceilings, disclosure, the account.

Reading order: ``day_count`` (dates), ``terms`` (what was agreed), ``schedule`` (what is due), ``rates`` and
``statutory_rates`` (what it costs a year), ``vectorised`` (the same for a million loans), ``ceilings`` (what the law
allows), ``disclosure`` (what the borrower is told), ``ledger`` (what happened), ``borrower`` (what it means to a
household). Light: numpy, pyxirr and the standard library only.
"""

from __future__ import annotations

from credit_risk._lazy import attach

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

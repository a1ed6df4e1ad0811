"""A million loans at once: calendars, schedules and annual rates of whole columns, numpy only.

Each function is the fast twin of one in :mod:`credit_risk.loans`, equal to the cent and tested against it. Reading order:
``calendar`` (dates of many loans), ``payment`` (their regular instalment), ``repayment`` (their schedules), ``annual`` (what
they cost a year); ``columns`` holds the checks they share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.loans.tables.annual import annual_rates_table as annual_rates_table
    from credit_risk.loans.tables.annual import dated_rates_table as dated_rates_table
    from credit_risk.loans.tables.calendar import CalendarTable as CalendarTable
    from credit_risk.loans.tables.calendar import calendar_table as calendar_table
    from credit_risk.loans.tables.calendar import year_parts as year_parts
    from credit_risk.loans.tables.repayment import ScheduleTable as ScheduleTable
    from credit_risk.loans.tables.repayment import equal_instalment_table as equal_instalment_table
    from credit_risk.loans.tables.repayment import repayment_table as repayment_table

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CalendarTable": "credit_risk.loans.tables.calendar",
        "ScheduleTable": "credit_risk.loans.tables.repayment",
        "annual_rates_table": "credit_risk.loans.tables.annual",
        "calendar_table": "credit_risk.loans.tables.calendar",
        "dated_rates_table": "credit_risk.loans.tables.annual",
        "equal_instalment_table": "credit_risk.loans.tables.repayment",
        "repayment_table": "credit_risk.loans.tables.repayment",
        "year_parts": "credit_risk.loans.tables.calendar",
    },
)

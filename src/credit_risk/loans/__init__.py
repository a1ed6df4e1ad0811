"""The loan itself: day counts, repayment schedules, annual rates, lawful ceilings, disclosure, the account.

Reading order: ``day_count`` (dates), ``terms`` (what was agreed), ``schedule`` (what is due), ``rates`` and
``statutory_rates`` (what it costs a year), ``tables`` (the same for a million loans), ``ceilings`` (what the law
allows), ``disclosure`` (what the borrower is told), ``ledger`` and ``servicing`` (what happened), ``borrower`` (what it
means to a household). Light: numpy, pyxirr and the standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.loans.borrower import BorrowingReview as BorrowingReview
    from credit_risk.loans.borrower import CustomerView as CustomerView
    from credit_risk.loans.borrower import Due as Due
    from credit_risk.loans.borrower import Obligation as Obligation
    from credit_risk.loans.borrower import Shortfall as Shortfall
    from credit_risk.loans.borrower import before_you_borrow as before_you_borrow
    from credit_risk.loans.borrower import coming_shortfall as coming_shortfall
    from credit_risk.loans.borrower import customer_view as customer_view
    from credit_risk.loans.borrower import obligation_of as obligation_of
    from credit_risk.loans.borrower import review_sentences as review_sentences
    from credit_risk.loans.borrower import shortfall_sentence as shortfall_sentence
    from credit_risk.loans.ceiling_rules import CeilingTable as CeilingTable
    from credit_risk.loans.ceiling_rules import load_ceilings as load_ceilings
    from credit_risk.loans.ceilings import CeilingCheck as CeilingCheck
    from credit_risk.loans.ceilings import check_amount_and_tenor as check_amount_and_tenor
    from credit_risk.loans.ceilings import check_ceiling as check_ceiling
    from credit_risk.loans.ceilings import check_joint_lending as check_joint_lending
    from credit_risk.loans.ceilings import joint_cap_minor as joint_cap_minor
    from credit_risk.loans.ceilings import lpr_rate as lpr_rate
    from credit_risk.loans.ceilings import portfolio_ceilings as portfolio_ceilings
    from credit_risk.loans.day_count import DayCount as DayCount
    from credit_risk.loans.day_count import due_dates as due_dates
    from credit_risk.loans.day_count import year_fraction as year_fraction
    from credit_risk.loans.disclosure import ContingentCost as ContingentCost
    from credit_risk.loans.disclosure import Disclosure as Disclosure
    from credit_risk.loans.disclosure import DisclosureFrame as DisclosureFrame
    from credit_risk.loans.disclosure import check_disclosure as check_disclosure
    from credit_risk.loans.disclosure import disclose as disclose
    from credit_risk.loans.disclosure_page import as_html as as_html
    from credit_risk.loans.disclosure_page import as_plain_text as as_plain_text
    from credit_risk.loans.ledger import LoanAccount as LoanAccount
    from credit_risk.loans.ledger import ServicingPolicy as ServicingPolicy
    from credit_risk.loans.ledger import open_account as open_account
    from credit_risk.loans.ledger import position as position
    from credit_risk.loans.rates import AnnualRates as AnnualRates
    from credit_risk.loans.rates import annual_rates as annual_rates
    from credit_risk.loans.rates import annualise as annualise
    from credit_risk.loans.rates import dated_internal_rate as dated_internal_rate
    from credit_risk.loans.rates import internal_rate as internal_rate
    from credit_risk.loans.schedule import Schedule as Schedule
    from credit_risk.loans.schedule import daily_interest_minor as daily_interest_minor
    from credit_risk.loans.schedule import equal_instalment_schedule as equal_instalment_schedule
    from credit_risk.loans.schedule import equal_principal_schedule as equal_principal_schedule
    from credit_risk.loans.schedule import flat_rate_schedule as flat_rate_schedule
    from credit_risk.loans.schedule import open_ended_interest_minor as open_ended_interest_minor
    from credit_risk.loans.schedule import repayment_schedule as repayment_schedule
    from credit_risk.loans.servicing import Deferral as Deferral
    from credit_risk.loans.servicing import EarlyRepayment as EarlyRepayment
    from credit_risk.loans.servicing import Repayment as Repayment
    from credit_risk.loans.servicing import Restructuring as Restructuring
    from credit_risk.loans.servicing import Waiver as Waiver
    from credit_risk.loans.servicing import apply_event as apply_event
    from credit_risk.loans.servicing import payoff_minor as payoff_minor
    from credit_risk.loans.servicing import replay as replay
    from credit_risk.loans.statutory_rates import dated_regulation_z_rate as dated_regulation_z_rate
    from credit_risk.loans.statutory_rates import eu_annual_percentage_rate as eu_annual_percentage_rate
    from credit_risk.loans.statutory_rates import regulation_z_rate as regulation_z_rate
    from credit_risk.loans.tables.annual import annual_rates_table as annual_rates_table
    from credit_risk.loans.tables.annual import dated_rates_table as dated_rates_table
    from credit_risk.loans.tables.calendar import CalendarTable as CalendarTable
    from credit_risk.loans.tables.calendar import calendar_table as calendar_table
    from credit_risk.loans.tables.repayment import ScheduleTable as ScheduleTable
    from credit_risk.loans.tables.repayment import equal_instalment_table as equal_instalment_table
    from credit_risk.loans.tables.repayment import repayment_table as repayment_table
    from credit_risk.loans.terms import Fee as Fee
    from credit_risk.loans.terms import LoanTerms as LoanTerms

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AnnualRates": "credit_risk.loans.rates",
        "BorrowingReview": "credit_risk.loans.borrower",
        "CalendarTable": "credit_risk.loans.tables.calendar",
        "CeilingCheck": "credit_risk.loans.ceilings",
        "CeilingTable": "credit_risk.loans.ceiling_rules",
        "ContingentCost": "credit_risk.loans.disclosure",
        "CustomerView": "credit_risk.loans.borrower",
        "DayCount": "credit_risk.loans.day_count",
        "Deferral": "credit_risk.loans.servicing",
        "Disclosure": "credit_risk.loans.disclosure",
        "DisclosureFrame": "credit_risk.loans.disclosure",
        "Due": "credit_risk.loans.borrower",
        "EarlyRepayment": "credit_risk.loans.servicing",
        "Fee": "credit_risk.loans.terms",
        "LoanAccount": "credit_risk.loans.ledger",
        "LoanTerms": "credit_risk.loans.terms",
        "Obligation": "credit_risk.loans.borrower",
        "Repayment": "credit_risk.loans.servicing",
        "Restructuring": "credit_risk.loans.servicing",
        "Schedule": "credit_risk.loans.schedule",
        "ScheduleTable": "credit_risk.loans.tables.repayment",
        "ServicingPolicy": "credit_risk.loans.ledger",
        "Shortfall": "credit_risk.loans.borrower",
        "Waiver": "credit_risk.loans.servicing",
        "annual_rates": "credit_risk.loans.rates",
        "annual_rates_table": "credit_risk.loans.tables.annual",
        "annualise": "credit_risk.loans.rates",
        "apply_event": "credit_risk.loans.servicing",
        "as_html": "credit_risk.loans.disclosure_page",
        "as_plain_text": "credit_risk.loans.disclosure_page",
        "before_you_borrow": "credit_risk.loans.borrower",
        "calendar_table": "credit_risk.loans.tables.calendar",
        "check_amount_and_tenor": "credit_risk.loans.ceilings",
        "check_ceiling": "credit_risk.loans.ceilings",
        "check_disclosure": "credit_risk.loans.disclosure",
        "check_joint_lending": "credit_risk.loans.ceilings",
        "coming_shortfall": "credit_risk.loans.borrower",
        "customer_view": "credit_risk.loans.borrower",
        "daily_interest_minor": "credit_risk.loans.schedule",
        "dated_internal_rate": "credit_risk.loans.rates",
        "dated_rates_table": "credit_risk.loans.tables.annual",
        "dated_regulation_z_rate": "credit_risk.loans.statutory_rates",
        "disclose": "credit_risk.loans.disclosure",
        "due_dates": "credit_risk.loans.day_count",
        "equal_instalment_schedule": "credit_risk.loans.schedule",
        "equal_instalment_table": "credit_risk.loans.tables.repayment",
        "equal_principal_schedule": "credit_risk.loans.schedule",
        "eu_annual_percentage_rate": "credit_risk.loans.statutory_rates",
        "flat_rate_schedule": "credit_risk.loans.schedule",
        "internal_rate": "credit_risk.loans.rates",
        "joint_cap_minor": "credit_risk.loans.ceilings",
        "load_ceilings": "credit_risk.loans.ceiling_rules",
        "lpr_rate": "credit_risk.loans.ceilings",
        "obligation_of": "credit_risk.loans.borrower",
        "open_account": "credit_risk.loans.ledger",
        "open_ended_interest_minor": "credit_risk.loans.schedule",
        "payoff_minor": "credit_risk.loans.servicing",
        "portfolio_ceilings": "credit_risk.loans.ceilings",
        "position": "credit_risk.loans.ledger",
        "regulation_z_rate": "credit_risk.loans.statutory_rates",
        "repayment_schedule": "credit_risk.loans.schedule",
        "repayment_table": "credit_risk.loans.tables.repayment",
        "replay": "credit_risk.loans.servicing",
        "review_sentences": "credit_risk.loans.borrower",
        "shortfall_sentence": "credit_risk.loans.borrower",
        "year_fraction": "credit_risk.loans.day_count",
    },
)

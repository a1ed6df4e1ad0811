"""What a loan may lose and what it is worth: hazard, expected loss, present value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.loss.expected_loss import break_even_period_rate as break_even_period_rate
    from credit_risk.loss.expected_loss import expected_loss_amount as expected_loss_amount
    from credit_risk.loss.expected_loss import exposure_at_default_amount as exposure_at_default_amount
    from credit_risk.loss.present_value import LoanValue as LoanValue
    from credit_risk.loss.present_value import loan_value as loan_value
    from credit_risk.loss.present_value import period_hazard as period_hazard

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "LoanValue": "credit_risk.loss.present_value",
        "break_even_period_rate": "credit_risk.loss.expected_loss",
        "exposure_at_default_amount": "credit_risk.loss.expected_loss",
        "expected_loss_amount": "credit_risk.loss.expected_loss",
        "loan_value": "credit_risk.loss.present_value",
        "period_hazard": "credit_risk.loss.present_value",
    },
)

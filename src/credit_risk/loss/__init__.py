"""What a loan may lose and what it is worth: hazard, expected loss, present value."""

from __future__ import annotations

from credit_risk._lazy import attach

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

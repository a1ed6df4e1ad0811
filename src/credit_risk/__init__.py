"""Credit risk for instant small loans: behaviour to features, features to models, models to limits and prices.

The path a newcomer reads is in ``README.md``. Importing this package loads no third-party module: every name below is
resolved at first use.
"""

from __future__ import annotations

from credit_risk._lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Application": "credit_risk.domain.application",
        "CreditRiskError": "credit_risk.errors",
    },
)

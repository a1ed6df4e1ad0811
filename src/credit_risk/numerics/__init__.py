"""Pure array kernels: numpy in, numpy out; no frames, no files, no clock, no random state of their own."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "round_half_up_ratio": "credit_risk.numerics.rounding",
        "round_significant": "credit_risk.numerics.rounding",
    },
)

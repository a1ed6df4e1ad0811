"""Pure array kernels: numpy in, numpy out; no frames, no files, no clock, no random state of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.numerics.rounding import round_half_up_ratio as round_half_up_ratio
    from credit_risk.numerics.rounding import round_significant as round_significant

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "round_half_up_ratio": "credit_risk.numerics.rounding",
        "round_significant": "credit_risk.numerics.rounding",
    },
)

"""Values become bins, bins become weights of evidence.

Reading order: ``spec`` (what a binning is), ``apply`` (values to bins), ``fit`` (the estimator), ``solve`` (one variable).
"""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BinnedValues": "credit_risk.binning.apply",
        "BinningSpec": "credit_risk.binning.spec",
        "SpecialBin": "credit_risk.binning.spec",
        "VariableBins": "credit_risk.binning.spec",
        "WoeBinner": "credit_risk.binning.fit",
        "apply_binning": "credit_risk.binning.apply",
    },
)

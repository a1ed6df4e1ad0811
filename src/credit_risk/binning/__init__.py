"""Values become bins, bins become weights of evidence.

Reading order: ``spec`` (what a binning is), ``apply`` (values to bins), ``fit`` (the estimator), ``solve`` (one variable),
``peers`` (amounts, classes and pairs by way of optbinning).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.binning.apply import BinnedValues as BinnedValues
    from credit_risk.binning.apply import apply_binning as apply_binning
    from credit_risk.binning.decisions import BinDecision as BinDecision
    from credit_risk.binning.fit import WoeBinner as WoeBinner
    from credit_risk.binning.peers.other_targets import PairBins as PairBins
    from credit_risk.binning.peers.other_targets import cuts_for_target as cuts_for_target
    from credit_risk.binning.peers.other_targets import pair_bins as pair_bins
    from credit_risk.binning.spec import BinningSpec as BinningSpec
    from credit_risk.binning.spec import SpecialBin as SpecialBin
    from credit_risk.binning.spec import VariableBins as VariableBins

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BinDecision": "credit_risk.binning.decisions",
        "BinnedValues": "credit_risk.binning.apply",
        "PairBins": "credit_risk.binning.peers.other_targets",
        "cuts_for_target": "credit_risk.binning.peers.other_targets",
        "pair_bins": "credit_risk.binning.peers.other_targets",
        "BinningSpec": "credit_risk.binning.spec",
        "SpecialBin": "credit_risk.binning.spec",
        "VariableBins": "credit_risk.binning.spec",
        "WoeBinner": "credit_risk.binning.fit",
        "apply_binning": "credit_risk.binning.apply",
    },
)

"""Where customer data enters: contracts, readers, checks, consent.

Reading order: ``contract`` (what a source promises), ``contract_toml`` (how it is written down), ``calendar`` (time rules),
``normalization`` (raw values to scaled whole numbers, one function for frames and requests), ``requests`` (records a
backend hands in), ``consent`` (valid when, withdrawn when), ``checks``, ``consent_ledger`` and ``readers`` (folders of files).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.sources.contract import ApplicationContract as ApplicationContract
    from credit_risk.sources.contract import ColumnContract as ColumnContract
    from credit_risk.sources.contract import ConsentDeclaration as ConsentDeclaration
    from credit_risk.sources.contract import RecordContract as RecordContract
    from credit_risk.sources.contract import SourceContracts as SourceContracts
    from credit_risk.sources.contract import TimeRule as TimeRule
    from credit_risk.sources.contract_toml import read_contracts as read_contracts
    from credit_risk.sources.parts import SourceParts as SourceParts
    from credit_risk.sources.parts import scan_sources as scan_sources
    from credit_risk.sources.readers import Sources as Sources
    from credit_risk.sources.readers import read_sources as read_sources
    from credit_risk.sources.sharing_counters import SharingCounterStore as SharingCounterStore

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ApplicationContract": "credit_risk.sources.contract",
        "ColumnContract": "credit_risk.sources.contract",
        "ConsentDeclaration": "credit_risk.sources.contract",
        "RecordContract": "credit_risk.sources.contract",
        "SharingCounterStore": "credit_risk.sources.sharing_counters",
        "SourceContracts": "credit_risk.sources.contract",
        "SourceParts": "credit_risk.sources.parts",
        "Sources": "credit_risk.sources.readers",
        "TimeRule": "credit_risk.sources.contract",
        "read_contracts": "credit_risk.sources.contract_toml",
        "read_sources": "credit_risk.sources.readers",
        "scan_sources": "credit_risk.sources.parts",
    },
)

"""Where customer data enters: contracts, readers, checks, consent.

Reading order: ``contract`` (what a source promises), ``channels`` (through whom it may come), ``contract_toml`` (how it is
written down), ``calendar`` (time rules), ``normalization`` and ``requests`` (records a backend hands in, as scaled whole
numbers), ``consent`` (valid when, withdrawn when); then the heavy half: ``reading`` (stores, decoding, validation), ``failures``
and ``checks`` (what was wrong), ``consent_ledger``, ``readers`` (all tables together) and ``raw`` (tables as requests).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.sources.consent_ledger import ConsentState as ConsentState
    from credit_risk.sources.consent_ledger import consent_state as consent_state
    from credit_risk.sources.contract import ApplicationContract as ApplicationContract
    from credit_risk.sources.contract import ColumnContract as ColumnContract
    from credit_risk.sources.contract import ConsentDeclaration as ConsentDeclaration
    from credit_risk.sources.contract import RecordContract as RecordContract
    from credit_risk.sources.contract import SourceContracts as SourceContracts
    from credit_risk.sources.contract import TimeRule as TimeRule
    from credit_risk.sources.contract_toml import contract_template as contract_template
    from credit_risk.sources.contract_toml import read_contracts as read_contracts
    from credit_risk.sources.failures import Failure as Failure
    from credit_risk.sources.failures import FailureReport as FailureReport
    from credit_risk.sources.parts import SourceParts as SourceParts
    from credit_risk.sources.parts import scan_sources as scan_sources
    from credit_risk.sources.readers import Sources as Sources
    from credit_risk.sources.readers import filter_sources as filter_sources
    from credit_risk.sources.readers import read_sources as read_sources
    from credit_risk.sources.sharing_counters import SharingCounterStore as SharingCounterStore

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ApplicationContract": "credit_risk.sources.contract",
        "ColumnContract": "credit_risk.sources.contract",
        "ConsentDeclaration": "credit_risk.sources.contract",
        "ConsentState": "credit_risk.sources.consent_ledger",
        "Failure": "credit_risk.sources.failures",
        "FailureReport": "credit_risk.sources.failures",
        "RecordContract": "credit_risk.sources.contract",
        "SharingCounterStore": "credit_risk.sources.sharing_counters",
        "SourceContracts": "credit_risk.sources.contract",
        "SourceParts": "credit_risk.sources.parts",
        "Sources": "credit_risk.sources.readers",
        "TimeRule": "credit_risk.sources.contract",
        "consent_state": "credit_risk.sources.consent_ledger",
        "contract_template": "credit_risk.sources.contract_toml",
        "filter_sources": "credit_risk.sources.readers",
        "read_contracts": "credit_risk.sources.contract_toml",
        "read_sources": "credit_risk.sources.readers",
        "scan_sources": "credit_risk.sources.parts",
    },
)

"""Through whom data reaches the lender, and whether that is lawful.

In mainland China, data of others that is used to judge credit is credit information: it comes through a licensed credit
bureau, never from the platform directly (征信业务管理办法, People's Bank of China, in force 2022-01-01). Light: standard
library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.errors import PolicyError, SpecificationError

if TYPE_CHECKING:
    from credit_risk.sources.contract import RecordContract, SourceContracts

#: Classes of data that are credit information and therefore need a licensed bureau.
_CREDIT_INFORMATION = ("credit", "alternative")
#: The jurisdiction that a currency implies where none is stated.
_JURISDICTION_OF = {"CNY": "CN"}


def check_channels(contracts: SourceContracts) -> None:
    """Refuse a source that reaches the lender by an unlawful way, or a bureau without licence.

    Raises
    ------
    PolicyError
        Credit information that does not come through a licensed bureau, where the law asks for one (``CR-SRC-005``).
    SpecificationError
        Channel 'bureau' without licence id (``CR-SRC-006``).
    """
    jurisdiction = contracts.jurisdiction or _JURISDICTION_OF.get(contracts.currency, "")
    for record in contracts.records:
        if jurisdiction == "CN":
            _check_comes_through_bureau(record)
        if record.channel == "bureau" and not record.licence.strip():
            raise SpecificationError(
                f"Source {record.name!r}: channel 'bureau' needs the bureau's licence id. Expected licence = '...'.",
                code="CR-SRC-006",
            )


def _check_comes_through_bureau(record: RecordContract) -> None:
    is_direct = record.channel == "platform"
    if is_direct or (record.data_class in _CREDIT_INFORMATION and record.channel != "bureau"):
        what = "a platform's data" if is_direct else f"{record.data_class} data"
        raise PolicyError(
            f"Source {record.name!r}: {what} reaches the lender through channel {record.channel!r}. In jurisdiction 'CN' "
            "data used to judge credit must come through a licensed credit bureau. Expected channel = 'bureau' and its "
            "licence id. Hint: a platform's score may not be taken directly; let the bureau deliver it.",
            code="CR-SRC-005",
            context={"source": record.name, "channel": record.channel},
        )

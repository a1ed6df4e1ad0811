"""Consent has two times: valid when the person applied, and not withdrawn when the data is processed.

A row of the ledger says: this person lets this source be used for this purpose, from when, until when, withdrawn when. The
application form needs no row: it is filled in for the application itself. Light: standard library only.

Reading order: :class:`Grant`, :func:`is_granted`, :func:`read_grants`; files are read in ``consent_ledger``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_risk.errors import ScoringError, SpecificationError
from credit_risk.sources.calendar import EARLIEST_US, LATEST_US, microseconds, written_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from credit_risk.sources.contract import ConsentDeclaration, RecordContract

#: Column of the ledger that says whose consent it is; a request's rows may leave it out.
OWNER = "customer"
#: Fields of a ledger row; the last two may be null.
FIELDS = ("source", "purpose", "granted_at", "expires_at", "withdrawn_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One row of the ledger, in UTC microseconds; no end and no withdrawal are the latest moment there is."""

    source: str
    purpose: str
    granted_us: int
    expires_us: int = LATEST_US
    withdrawn_us: int = LATEST_US


def is_granted(grants: Iterable[Grant], contract: RecordContract, applied_us: int, processed_us: int) -> bool:
    """Return whether a source may be read: some row was valid at the application and is not withdrawn by now.

    A withdrawal ends every grant given up to it, also one written in another row. One that came before the application counts
    whenever the data is processed: consent withdrawn by then was not valid.

    Examples
    --------
    >>> from credit_risk.sources.contract import RecordContract, TimeRule
    >>> rule = TimeRule(column="at")
    >>> bank = RecordContract(name="bank", file="b", customer_key="ID", unique_key=(), event_time=rule, known_at=rule,
    ...                       consent_purpose="credit_assessment", columns=())
    >>> grant = Grant(source="bank", purpose="credit_assessment", granted_us=10, withdrawn_us=50)
    >>> [is_granted([grant], bank, applied_us, processed_us) for applied_us, processed_us in ((9, 9), (10, 49), (10, 50))]
    [False, True, False]
    """
    source, purpose = contract.consent_source, contract.consent_purpose
    about = [grant for grant in grants if grant.source == source and grant.purpose == purpose]
    until_us = max(applied_us, processed_us)
    withdrawn = [grant.withdrawn_us for grant in about if grant.withdrawn_us <= until_us]
    last_us = max(withdrawn, default=EARLIEST_US)
    return any(
        grant.granted_us <= applied_us < grant.expires_us and grant.granted_us > last_us for grant in about
    )


def check_processed_at(declaration: ConsentDeclaration, processed_at: datetime | None) -> int:
    """Return the moment of processing in UTC microseconds; 0 where consent is assumed.

    Raises
    ------
    SpecificationError
        Missing or naive with a ledger, or given without one (``CR-SRC-027``).
    """
    if declaration.mode == "assumed":
        if processed_at is None:
            return 0
        raise SpecificationError(
            "processed_at is given, but the contracts assume consent. Expected it only with a consent ledger.",
            code="CR-SRC-027",
        )
    if processed_at is None or processed_at.tzinfo is None:
        raise SpecificationError(
            "The contracts name a consent ledger, so processed_at must be a time with time zone: consent withdrawn by then is "
            "no consent.",
            code="CR-SRC-027",
        )
    return microseconds(processed_at)


def read_grants(
    rows: Sequence[Mapping[str, object]] | None,
    declaration: ConsentDeclaration,
    customer_id: str | None = None,
) -> tuple[Grant, ...]:
    """Read one customer's ledger rows out of a request; rows that name no customer are taken as theirs.

    Raises
    ------
    SpecificationError
        No rows with a ledger, or rows without one (``CR-SRC-027``).
    ScoringError
        A row names another customer, lacks a field, holds a wrong type or a time outside 1900 to 2199, or ends before it was
        granted (``CR-SRC-028``); rows contradict each other (``CR-SRC-034``). An exact copy of a row says nothing new.
    """
    if (rows is None) == (declaration.mode == "ledger"):
        expected = "a list, empty if nothing was granted" if rows is None else "none, consent is assumed"
        raise SpecificationError(
            f"consents do not fit the contracts. Expected {expected}.", code="CR-SRC-027"
        )
    grants = tuple(_grant(row) for row in rows or ())
    n_other = sum(OWNER in row and str(row[OWNER]) != customer_id for row in rows or ())
    if n_other and customer_id is not None:
        raise ScoringError(
            f"{n_other} of {len(grants)} consent rows name another customer than the application. Expected one person's "
            "consent. Hint: check the query that fetched them.",
            code="CR-SRC-028",
            context={"count": n_other},
        )
    _check_agree(grants)
    return grants


def _grant(row: Mapping[str, object]) -> Grant:
    try:
        source, purpose, granted, expires, withdrawn = (row[field] for field in FIELDS)
    except (KeyError, TypeError, IndexError):
        raise _wrong_row("lacks a field") from None
    if not isinstance(source, str) or not isinstance(purpose, str) or granted is None:
        raise _wrong_row("holds a wrong type")
    grant = Grant(
        source=source,
        purpose=purpose,
        granted_us=_moment(granted),
        expires_us=LATEST_US if expires is None else _moment(expires),
        withdrawn_us=LATEST_US if withdrawn is None else _moment(withdrawn),
    )
    if min(grant.expires_us, grant.withdrawn_us) <= grant.granted_us:
        raise _wrong_row("ends before it was granted")
    return grant


def _check_agree(grants: Sequence[Grant]) -> None:
    """Refuse rows that say different things of one grant."""
    distinct = set(grants)
    n_contradicting = len(distinct) - len({(g.source, g.purpose, g.granted_us) for g in distinct})
    if n_contradicting:
        raise ScoringError(
            f"{n_contradicting} of {len(grants)} consent rows contradict another row of the same source, purpose and moment of "
            "grant. Expected one row for each grant. Hint: find out which is right; until then there is no consent.",
            code="CR-SRC-034",
            context={"count": n_contradicting},
        )


def _moment(value: object) -> int:
    moment_us = written_moment(value)
    if moment_us is None:
        raise _wrong_row("holds a wrong type")
    if not EARLIEST_US <= moment_us <= LATEST_US:
        raise _wrong_row("holds a time outside 1900 to 2199")
    return moment_us


def _wrong_row(problem: str) -> ScoringError:
    return ScoringError(
        f"A consent row {problem}. Expected {', '.join(FIELDS)}: two words, then times with time zone, of which the last two "
        "may be null. Hint: no end is null, not a day far away.",
        code="CR-SRC-028",
    )

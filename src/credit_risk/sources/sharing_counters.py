"""Who else uses this device, this address: a small reference store that counts across applicants.

A backend keeps such counters in its own store and hands in one record per shared thing, in the source ``sharing_counters``. This
store builds the same records from a stream, so that training data hold what the backend knew at that time: only other people,
only what had been reported by then, and only sightings whose person had consented to the source's purpose. Light: standard library
only.

Reading order: :class:`SharingCounterStore`, :func:`replay`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from credit_risk.errors import SpecificationError
from credit_risk.sources.calendar import DAY_US, EPOCH, LATEST_US, microseconds
from credit_risk.sources.consent import is_granted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from credit_risk.sources.consent import Grant
    from credit_risk.sources.contract import RecordContract

OUTCOMES = ("declined", "bad")


@dataclass(frozen=True, slots=True)
class _Report:
    """Something about a person: when it happened, when it was known."""

    person: str
    at_us: int
    known_us: int


@dataclass(slots=True, kw_only=True)
class SharingCounterStore:
    """Counts how many other people share a device, an address, a telephone.

    Keys should be pseudonyms: the store compares them and never writes them into a record.

    Parameters
    ----------
    contract : RecordContract, optional
        Contract of the source that the counters feed: the purpose that people must have consented to. Goes with ``grants``.
    grants : mapping of str to sequence of Grant, optional
        Each person's rows of the consent ledger; without it consent is assumed.

    Examples
    --------
    >>> store = SharingCounterStore()
    >>> monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> store.see("anna", "device", "d1", monday)
    >>> store.see("bert", "device", "d1", monday + timedelta(days=1))
    >>> store.report("anna", "declined", monday + timedelta(hours=1))
    >>> (record,) = store.count("bert", {"device": "d1"}, monday + timedelta(days=3))
    >>> record["n_people_1d"], record["n_people_30d"], record["n_declined_30d"], record["n_bad_history"]
    (0, 1, 1, 0)
    """

    contract: RecordContract | None = None
    grants: Mapping[str, Sequence[Grant]] | None = None
    _sightings: dict[tuple[str, str], list[_Report]] = field(default_factory=dict, init=False)
    _outcomes: dict[tuple[str, str], list[_Report]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if (self.contract is None) != (self.grants is None):
            raise SpecificationError(
                "Sharing counters take a contract and grants together (consent by ledger), or neither (consent assumed).",
                code="CR-SRC-027",
            )

    def see(
        self, person: str, shared: str, key: str, at: datetime, *, known_at: datetime | None = None
    ) -> None:
        """Take in that a person used something.

        Parameters
        ----------
        person : str
            Customer key.
        shared, key : str
            What kind of thing ('device'), and which one.
        at, known_at : datetime
            When it happened, and when it was known (the same moment unless given), with time zone.

        Raises
        ------
        SpecificationError
            A time without time zone (``CR-SRC-060``).
        """
        self._sightings.setdefault((shared, key), []).append(_reported(person, at, known_at))

    def report(self, person: str, outcome: str, at: datetime, *, known_at: datetime | None = None) -> None:
        """Take in that a person's application was declined, or that a loan turned bad.

        Raises
        ------
        SpecificationError
            Another outcome, or a time without time zone (``CR-SRC-060``).
        """
        if outcome not in OUTCOMES:
            raise SpecificationError(
                f"Outcome {outcome!r} is not counted. Expected one of {', '.join(OUTCOMES)}.",
                code="CR-SRC-060",
            )
        self._outcomes.setdefault((person, outcome), []).append(_reported(person, at, known_at))

    def count(
        self, person: str, shares: Mapping[str, str], at: datetime, *, processed_at: datetime | None = None
    ) -> list[dict[str, object]]:
        """Return one record per shared thing, as the source ``sharing_counters`` takes them.

        Counts are of distinct other people seen with the thing before ``at`` (in the last 24 hours, the last 30 times 24 hours,
        ever), as known at ``at``.

        Parameters
        ----------
        person : str
            The applicant, who is never counted.
        shares : mapping of str to str
            What kind of thing -> which one.
        at : datetime
            When to count, with time zone.
        processed_at : datetime, optional
            Consent withdrawn by then is no consent; the moment of counting unless given, and never before it.

        Raises
        ------
        SpecificationError
            A time without time zone (``CR-SRC-060``).
        """
        at_us = _checked(at)
        processed_us = at_us if processed_at is None else max(at_us, _checked(processed_at))
        moment = at.astimezone(UTC)
        return [
            {
                "customer_id": person,
                "counted_at": moment,
                "known_at": moment,
                "shared": shared,
                **self._counts(person, self._sightings.get((shared, key), ()), at_us, processed_us),
            }
            for shared, key in shares.items()
        ]

    def _counts(
        self, person: str, sightings: Iterable[_Report], at_us: int, processed_us: int
    ) -> dict[str, int]:
        last_seen: dict[str, int] = {}
        for seen in sightings:
            if seen.person != person and _is_past(seen, at_us) and self._is_allowed(seen, processed_us):
                last_seen[seen.person] = max(seen.at_us, last_seen.get(seen.person, seen.at_us))
        month = at_us - 30 * DAY_US
        return {
            "n_people_1d": sum(moment >= at_us - DAY_US for moment in last_seen.values()),
            "n_people_30d": sum(moment >= month for moment in last_seen.values()),
            "n_people_history": len(last_seen),
            "n_declined_30d": sum(self._has(other, "declined", month, at_us) for other in last_seen),
            "n_bad_history": sum(self._has(other, "bad", -LATEST_US, at_us) for other in last_seen),
        }

    def _has(self, person: str, outcome: str, since_us: int, at_us: int) -> bool:
        reports = self._outcomes.get((person, outcome), ())
        return any(report.at_us >= since_us and _is_past(report, at_us) for report in reports)

    def _is_allowed(self, seen: _Report, processed_us: int) -> bool:
        if self.contract is None or self.grants is None:
            return True
        return is_granted(self.grants.get(seen.person, ()), self.contract, seen.at_us, processed_us)


def replay(
    store: SharingCounterStore,
    applications: Iterable[tuple[str, datetime, Mapping[str, str]]],
    *,
    processed_at: datetime | None = None,
) -> list[dict[str, object]]:
    """Return the records of past applications, each counted one microsecond before it: what training may see.

    Parameters
    ----------
    store : SharingCounterStore
        Holds every sighting and outcome, in any order; what was not known by an application does not count in it.
    applications : iterable of (person, applied_at, shares)
        As in :meth:`SharingCounterStore.count`.
    processed_at : datetime, optional
        When the records are made, with time zone: who had withdrawn consent by then is not counted. Needed where the store holds
        grants: a count for the past must not read people who have withdrawn since.

    Raises
    ------
    SpecificationError
        The store holds grants and ``processed_at`` is missing (``CR-SRC-027``); a time without time zone (``CR-SRC-060``).

    Examples
    --------
    >>> store, noon = SharingCounterStore(), datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> for person in ("anna", "bert"):
    ...     store.see(person, "device", "d1", noon)
    >>> [record["n_people_history"] for record in replay(store, [("anna", noon, {"device": "d1"}),
    ...                                                          ("bert", noon + timedelta(days=1), {"device": "d1"})])]
    [0, 1]
    """
    if store.grants is not None and processed_at is None:
        raise SpecificationError(
            "The store holds grants, so a replay needs processed_at, a time with time zone: who has withdrawn consent since the "
            "applications must not be counted in them.",
            code="CR-SRC-027",
        )
    records: list[dict[str, Any]] = []
    for person, applied_at, shares in applications:
        moment = EPOCH + timedelta(microseconds=_checked(applied_at) - 1)
        records += store.count(person, shares, moment, processed_at=processed_at)
    return records


def _is_past(report: _Report, at_us: int) -> bool:
    return report.at_us < at_us and report.known_us <= at_us


def _reported(person: str, at: datetime, known_at: datetime | None) -> _Report:
    at_us = _checked(at)
    return _Report(person, at_us, at_us if known_at is None else _checked(known_at))


def _checked(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise SpecificationError(
            "A time without time zone cannot be counted. Expected an aware datetime.", code="CR-SRC-060"
        )
    return microseconds(moment)

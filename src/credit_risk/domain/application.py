"""A loan application: who asks, when, and what the form says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from credit_risk.errors import MissingFeatureError, ScoringError

_FIRST_YEAR, _LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application, as the backend hands it in.

    Attributes
    ----------
    application_id : str
        Key of this application.
    customer_id : str
        Key of the person; the same in every source.
    applied_at : datetime
        Timezone-aware moment of the application; nothing later is ever used.
    attributes : mapping of str to object
        Raw fields of the application form, by the column names of its contract.
    """

    application_id: str
    customer_id: str
    applied_at: datetime
    attributes: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, request: Mapping[str, object]) -> Application:
        """Build an application from a request (for instance parsed JSON).

        Raises
        ------
        MissingFeatureError
            A required key is absent, or the customer's key is given and empty (``CR-SCR-001``).
        ScoringError
            ``applied_at`` is not an ISO 8601 time with time zone between 1970 and 2199 (``CR-SCR-002``), or the request is
            not an object (``CR-SCR-003``).

        Examples
        --------
        >>> request = {"application_id": "A-1", "applied_at": "2005-10-01T00:00:00+08:00", "LIMIT_BAL": 20000}
        >>> Application.from_mapping(request).customer_id
        'A-1'
        """
        if not isinstance(request, Mapping):
            raise ScoringError(
                f"The application must be an object of named fields. Got {type(request).__name__}.",
                code="CR-SCR-003",
            )
        fields = dict(request)
        if "human_review_requested" in fields:
            raise ScoringError(
                "'human_review_requested' stands inside the application, where it would be ignored. Hint: pass it beside "
                "'application' and 'records'.",
                code="CR-SCR-003",
            )
        for key in ("application_id", "applied_at"):
            if fields.get(key) in (None, ""):
                raise MissingFeatureError(
                    f"The application has no {key!r}. Expected the keys 'application_id' and 'applied_at' "
                    "(ISO 8601 with time zone) beside the fields of the form.",
                    code="CR-SCR-001",
                    context={"key": key},
                )
        if fields.get("customer_id", "given") in (None, ""):
            raise MissingFeatureError(
                "The application's 'customer_id' is empty, so nobody's records and consent could be told from another's. Expected "
                "the key of the person, or no such key where every application is a person of its own.",
                code="CR-SCR-001",
                context={"key": "customer_id"},
            )
        application_id = str(fields.pop("application_id"))
        customer_id = str(fields.pop("customer_id", application_id))
        nested = fields.pop("attributes", {})
        attributes = {**fields, **(nested if isinstance(nested, dict) else {})}
        return cls(
            application_id=application_id,
            customer_id=customer_id,
            applied_at=_aware_time(fields.pop("applied_at")),
            attributes={key: value for key, value in attributes.items() if key != "applied_at"},
        )


def _aware_time(value: object) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ScoringError(
            "The application's 'applied_at' is not a time with time zone between 1970 and 2199. Expected ISO 8601, "
            "for instance '2005-10-01T00:00:00+08:00'.",
            code="CR-SCR-002",
        )
    return moment

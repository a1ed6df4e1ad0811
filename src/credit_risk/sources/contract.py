"""What a source promises: columns, units, scales, ranges, keys, times, privacy class, consent.

Contracts are plain data: read from ``sources.toml`` (``contract_toml``), written into the bundle, and applied by the very
same code to a folder of files and to one request. Light: standard library only.

Reading order: :class:`ColumnContract`, :class:`TimeRule`, :class:`RecordContract`, :class:`ApplicationContract`,
:class:`SourceContracts`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, Literal

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError
from credit_risk.sources.channels import check_channels

if TYPE_CHECKING:
    from collections.abc import Mapping

Role = Literal["key", "attribute", "measure", "time", "protected", "outcome", "ignored"]
Kind = Literal["integer", "decimal", "money", "boolean", "code", "date", "timestamp", "text"]
Moment = Literal["exact", "start_of_day", "last_instant_of_day", "last_instant_of_month"]

ROLES: tuple[Role, ...] = ("key", "attribute", "measure", "time", "protected", "outcome", "ignored")
KINDS: tuple[Kind, ...] = ("integer", "decimal", "money", "boolean", "code", "date", "timestamp", "text")
MOMENTS: tuple[Moment, ...] = ("exact", "start_of_day", "last_instant_of_day", "last_instant_of_month")
PRIVACY_CLASSES = ("none", "pseudonym", "personal", "sensitive")
CHANNELS = ("own", "bureau", "public", "platform")
DATA_CLASSES = ("own", "credit", "alternative", "identity", "public")

#: Fields that came after the first bundles: left out of the JSON where they hold their default, so that the bytes of a
#: bundle that does not use them stay as they were.
_LATER_FIELDS = {
    "jurisdiction": "",
    "feed": "",
    "data_class": "own",
    "cost_minor": 0,
    "typical_delay_seconds": 0,
}

#: Days since 1970-01-01 that a date column may hold: years 1900 to 2199.
FIRST_DAY, LAST_DAY = -25_567, 84_005

#: Largest magnitude of a scaled value: exact in binary64, and sums of its squares over 10**8 records fit 38 digits.
LARGEST_SCALED_VALUE = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnContract:
    """One column: what it means for the process, how it is written, what it may hold.

    Attributes
    ----------
    name : str
        As the file and the request name it.
    role : {'key', 'attribute', 'measure', 'time', 'protected', 'outcome', 'ignored'}
        Only attributes and measures can feed features. Protected columns are held for the fairness table, outcomes for
        the performance side; ignored columns are never read.
    kind : {'integer', 'decimal', 'money', 'boolean', 'code', 'date', 'timestamp', 'text'}
        ``code`` is text out of a closed list, carried as its position in ``codes``; a ``date`` that feeds features is
        carried as whole days since 1970-01-01, so that two dates can be subtracted.
    unit : str
        For people: 'TWD', 'months', 'code'.
    scale : int
        Decimal places; a value is carried as ``value * 10**scale``, a whole number.
    minimum, maximum : int
        Allowed range of the scaled value, both ends included.
    codes : tuple
        Allowed values where the list is closed; empty otherwise.
    nullable : bool
        Whether a missing value is allowed.
    privacy : {'none', 'pseudonym', 'personal', 'sensitive'}
        PII class.
    """

    name: str
    role: Role
    kind: Kind
    unit: str = ""
    scale: int = 0
    minimum: int = -LARGEST_SCALED_VALUE
    maximum: int = LARGEST_SCALED_VALUE
    codes: tuple[int | str, ...] = ()
    nullable: bool = False
    privacy: str = "personal"

    @property
    def is_ordered(self) -> bool:
        """Whether sums and differences of this column mean something."""
        return self.kind != "code"

    @property
    def bound(self) -> int:
        """Largest magnitude the scaled value can have."""
        if self.kind == "code":
            return max(len(self.codes), 1)
        return 1 if self.kind == "boolean" else max(abs(self.minimum), abs(self.maximum))


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRule:
    """How a written date or time becomes one moment.

    Attributes
    ----------
    column : str
        The column it is read from.
    moment : {'exact', 'start_of_day', 'last_instant_of_day', 'last_instant_of_month'}
        Which moment of the written date counts, in the lender's timezone; 'exact' for time stamps.
    delay_days : int
        Whole days of 24 hours added (a feed that arrives the day after).
    """

    column: str
    moment: Moment = "exact"
    delay_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContract:
    """A source with many dated records per customer.

    Attributes
    ----------
    name : str
        As features name it.
    file : str
        Inside the folder.
    customer_key : str
        Column that holds the customer.
    unique_key : tuple of str
        Columns that together occur once.
    event_time, known_at : TimeRule
        When it happened, and when the lender could know.
    future_records : {'error', 'ignore'}
        What a record at or after the application is: a fault of the extract, or normal (other applications follow).
    consent_purpose, channel, licence : str
        The purpose a person consents to; own data, a licensed bureau, public data or a platform directly; the channel's
        licence id.
    feed : str
        What a person consents to, shared by all tables of one supplier ('telecom'); empty where the table stands alone.
    data_class : {'own', 'credit', 'alternative', 'identity', 'public'}
        Made in the lender's own business; tradelines and enquiries; other people's data used to judge credit; results of
        identity checks; open to everybody.
    cost_minor : int
        What asking for one applicant costs, in minor units of the currency.
    typical_delay_seconds : int
        How long after an event its record usually arrives.
    """

    name: str
    file: str
    customer_key: str
    unique_key: tuple[str, ...]
    event_time: TimeRule
    known_at: TimeRule
    future_records: Literal["error", "ignore"] = "error"
    consent_purpose: str
    channel: str = "own"
    licence: str = ""
    columns: tuple[ColumnContract, ...]
    feed: str = ""
    data_class: str = "own"
    cost_minor: int = 0
    typical_delay_seconds: int = 0

    @property
    def consent_source(self) -> str:
        """What the consent ledger calls this source."""
        return self.feed or self.name

    @property
    def table(self) -> str:
        """Name of the table in a database: the file's name without its ending."""
        return PurePosixPath(self.file).stem

    @property
    def measures(self) -> tuple[ColumnContract, ...]:
        """Columns that may feed features."""
        return tuple(column for column in self.columns if column.role == "measure")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationContract:
    """The application form: one row per application.

    Attributes
    ----------
    application_key, customer_key : str
        Columns that hold them; the same column where each customer applies once.
    applied_at : str
        A constant moment (ISO 8601 with time zone) for data taken as of one day; empty if a column holds it.
    applied_at_column : str
        The time-stamp column; empty if the moment is constant.
    """

    name: str = "application"
    file: str
    application_key: str
    customer_key: str
    applied_at: str = ""
    applied_at_column: str = ""
    consent_purpose: str
    channel: str = "own"
    licence: str = ""
    columns: tuple[ColumnContract, ...]

    @property
    def table(self) -> str:
        """Name of the table in a database: the file's name without its ending."""
        return PurePosixPath(self.file).stem

    @property
    def attributes(self) -> tuple[ColumnContract, ...]:
        """Columns that may feed features."""
        return tuple(column for column in self.columns if column.role == "attribute")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDeclaration:
    """How consent stands for this data.

    Attributes
    ----------
    mode : {'assumed', 'ledger'}
        'assumed': the data holds no consent records and the statement says what is assumed; 'ledger': a file says who
        consented to what, see ``consent``.
    purpose : str
        What the data is used for.
    statement : str
        Printed under the report's assumptions.
    file : str
        The ledger, for mode 'ledger'.
    """

    mode: str
    purpose: str
    statement: str
    file: str = ""

    @property
    def table(self) -> str:
        """Name of the ledger's table in a database."""
        return PurePosixPath(self.file).stem


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContracts:
    """All contracts of one folder of sources; travels in the bundle.

    Attributes
    ----------
    jurisdiction : str
        Whose law on credit data applies ('CN'); empty where none is stated, and then what the currency implies.

    Raises
    ------
    PolicyError
        A source comes through an unlawful channel (``CR-SRC-005``).
    SpecificationError
        A bureau without licence id (``CR-SRC-006``); a file outside the folder or a source named like a path (``CR-SRC-007``);
        a time before the one that is written (``CR-SRC-002``).

    Examples
    --------
    >>> contracts = SourceContracts.from_dict({
    ...     "name": "tiny", "timezone": "Asia/Taipei", "currency": "TWD",
    ...     "consent": {"mode": "assumed", "purpose": "credit_assessment", "statement": "assumed"},
    ...     "applications": {"file": "a.parquet", "application_key": "ID", "customer_key": "ID",
    ...                      "applied_at": "2005-10-01T00:00:00+08:00", "consent_purpose": "credit_assessment",
    ...                      "columns": [{"name": "ID", "role": "key", "kind": "integer"}]},
    ...     "records": []})
    >>> SourceContracts.from_dict(contracts.to_dict()) == contracts
    True
    """

    name: str
    timezone: str
    currency: str
    consent: ConsentDeclaration
    applications: ApplicationContract
    records: tuple[RecordContract, ...]
    jurisdiction: str = ""

    def __post_init__(self) -> None:
        check_channels(self)
        _check_stays_inside(self)
        for record in self.records:
            _check_delays(record)

    def record(self, name: str) -> RecordContract:
        """Return the contract of one record source.

        Raises
        ------
        SpecificationError
            No such source (``CR-SRC-001``).
        """
        for contract in self.records:
            if contract.name == name:
                return contract
        raise SpecificationError(
            f"Source {name!r} is not declared in '{self.name}'. {nearest(name, [c.name for c in self.records])}",
            code="CR-SRC-001",
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        content: dict[str, object] = _plain(asdict(self))
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> SourceContracts:
        """Rebuild from :meth:`to_dict`."""
        return cls(
            **{
                **content,
                "consent": ConsentDeclaration(**content["consent"]),
                "applications": ApplicationContract(**_with_columns(content["applications"])),
                "records": tuple(_record_from_dict(record) for record in content["records"]),
            }
        )


def _check_delays(record: RecordContract) -> None:
    """Refuse times that run ahead of what is written: a record would count before it happened, or was known."""
    for name, rule in (("event_time", record.event_time), ("known_at", record.known_at)):
        if rule.delay_days < 0:
            raise SpecificationError(
                f"Source {record.name!r}: delay_days = {rule.delay_days} of {name} is below 0, so records would count before their "
                "time. Expected 0 or more.",
                code="CR-SRC-002",
                context={"source": record.name},
            )


def _check_stays_inside(contracts: SourceContracts) -> None:
    """Refuse paths that leave the folder: files are read by these names, and records set aside under those of the sources."""
    files = (
        contracts.applications.file,
        contracts.consent.file,
        *(record.file for record in contracts.records),
    )
    for file in files:
        path = PureWindowsPath(file)  # knows both kinds of slashes, and drives
        if path.anchor or ".." in path.parts:
            raise SpecificationError(
                f"File {file!r} lies outside the folder of the sources. Expected a path inside it.",
                code="CR-SRC-007",
            )
    for record in contracts.records:
        if PureWindowsPath(record.name).name != record.name:
            raise SpecificationError(
                f"Source {record.name!r} is named like a path. Expected a plain word.", code="CR-SRC-007"
            )


def _record_from_dict(content: Mapping[str, Any]) -> RecordContract:
    fields = _with_columns(content)
    fields["unique_key"] = tuple(fields["unique_key"])
    fields["event_time"] = TimeRule(**fields["event_time"])
    fields["known_at"] = TimeRule(**fields["known_at"])
    return RecordContract(**fields)


def _with_columns(content: Mapping[str, Any]) -> dict[str, Any]:
    columns = [
        ColumnContract(**{**column, "codes": tuple(column.get("codes", ()))}) for column in content["columns"]
    ]
    return {**content, "columns": tuple(columns)}


def _plain(value: Any) -> Any:
    """Turn tuples into lists, so that JSON gives back an equal value; leave out later fields that say nothing."""
    if isinstance(value, dict):
        said = {
            key: item for key, item in value.items() if key not in _LATER_FIELDS or item != _LATER_FIELDS[key]
        }
        return {key: _plain(item) for key, item in said.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value

"""What a new project is told about its table, and what the table answers: outcome, keys, customers, moments, enough bads.

Every answer that cannot be used is refused with what was found and what to do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from credit_risk.domain.configuration import nearest
from credit_risk.errors import DataContractError
from credit_risk.jobs.new_project.guesses import is_key_name
from credit_risk.samples.split import PARTS, SplitRule
from credit_risk.sources.calendar import zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from credit_risk.jobs.new_project.flat_table import FlatTable

_ROW_NUMBER = "application_id"
_ZONES = {"CNY": "Asia/Shanghai", "TWD": "Asia/Taipei", "EUR": "Europe/Berlin", "GBP": "Europe/London"}
#: As the sample asks for: fewer bads or goods in a part leave nothing to measure.
_LEAST = 30
#: A target of more values than this is none.
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """What ``credit-risk init --table`` is told.

    Attributes
    ----------
    bad, good : str
        Values of the target; ``good`` may be left empty where the target has two values.
    key, customer, applied_at : str
        Columns; empty where there is none. All rows of one customer fall into one part of the split.
    held, left_out : tuple of str
        Protected columns; columns that are no features, such as what became known after the decision.
    horizon : str
        How far the outcome looks, in months: '12m'.
    """

    project: Path
    table: Path
    target: str
    bad: str
    good: str = ""
    key: str = ""
    customer: str = ""
    applied_at: str = ""
    currency: str = "CNY"
    timezone: str = ""
    horizon: str = "12m"
    held: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    encoding: str = "utf-8"

    @property
    def zone(self) -> str:
        """The lender's timezone: as told, else where the currency is at home."""
        return self.timezone or _ZONES.get(self.currency, "UTC")


def are_whole(values: set[str]) -> bool:
    """Whether all values are whole numbers, written plainly."""
    return all(value.lstrip("+-").isdecimal() and str(int(value)) == value for value in values)


def target_values(table: FlatTable, target: Sequence[str | None], settings: TableSettings) -> tuple[str, str]:
    """Return the values that mean bad and good, or say what is wrong with the target."""
    n_missing = sum(value is None for value in target)
    if n_missing:
        raise DataContractError(
            f"Target {settings.target!r} is missing in {n_missing} of {table.n_rows} rows of '{table.file}'. Expected an outcome "
            "in every row. Hint: take these rows out; once there is a model they can be scored.",
            code="CR-INI-005",
            context={"column": settings.target, "count": n_missing},
        )
    found = Counter(value for value in target if value is not None)
    # many different values are no outcome but perhaps a person's data: never shown
    is_shown = len(found) <= _MOST_SHOWN
    shown = (
        ", ".join(f"{value!r} ({n} rows)" for value, n in found.most_common())
        if is_shown
        else "too many to list"
    )
    for option, value in (("--bad", settings.bad), ("--good", settings.good)):
        if value and value not in found:
            hint = nearest(value, found) if is_shown else "Hint: is it the right column?"
            raise DataContractError(
                f"Target {settings.target!r} never holds {value!r} ({option}). Found: {shown}. {hint}",
                code="CR-INI-006",
            )
    others = [value for value in found if value != settings.bad]
    if settings.good:
        return settings.bad, settings.good
    if len(others) != 1:
        raise DataContractError(
            f"Target {settings.target!r} holds {len(found)} different values: {shown}. Expected two. Hint: say which one is good with --good; rows with any other value "
            "leave the sample.",
            code="CR-INI-006",
            context={"column": settings.target, "count": len(found)},
        )
    return settings.bad, others[0]


def keys_of(table: FlatTable, settings: TableSettings) -> tuple[str, Sequence[str]]:
    """Return the key column: the one named, one that looks like a key, or the number of the row."""
    name = settings.key
    if not name:
        full = [
            column
            for column, cells in table.columns.items()
            if is_key_name(column) and column not in (settings.target, settings.applied_at)
            and None not in cells and len(set(cells)) == len(cells)
        ]  # fmt: skip
        if not full:
            return _free_name(table), [str(row) for row in range(1, table.n_rows + 1)]
        name = full[0]
    cells = table.column(name, "key")
    n_missing = sum(cell is None for cell in cells)
    repeated = [cell for cell, n in Counter(cells).items() if n > 1 and cell is not None]
    if n_missing or repeated:
        keys = ", ".join(repr(cell) for cell in repeated[:3])
        raise DataContractError(
            f"Key {name!r} of '{table.file}' is missing in {n_missing} rows and {len(repeated)} keys stand more than once"
            f"{f' (first: {keys})' if repeated else ''}. Expected one row for each key. Hint: leave --key out to number the rows.",
            code="CR-INI-007",
            context={"column": name, "count": n_missing + len(repeated), "keys": repeated[:3]},
        )
    return name, [str(cell) for cell in cells]


def customers_of(table: FlatTable, settings: TableSettings) -> list[str]:
    """Return the customer of each row; nothing where every row is taken as a customer of its own."""
    if not settings.customer:
        return []
    cells = table.column(settings.customer, "customer")
    n_missing = sum(cell is None for cell in cells)
    if n_missing:
        raise DataContractError(
            f"Column {settings.customer!r} of '{table.file}' names no customer in {n_missing} of {table.n_rows} rows.",
            code="CR-INI-007",
            context={"column": settings.customer, "count": n_missing},
        )
    return [str(cell) for cell in cells]


def _free_name(table: FlatTable) -> str:
    return _ROW_NUMBER if _ROW_NUMBER not in table.columns else f"{_ROW_NUMBER}_row"


def moments_of(table: FlatTable, settings: TableSettings) -> list[datetime]:
    """Return the moments of application; a date begins at midnight in the lender's timezone."""
    if not settings.applied_at:
        return []
    zone = zone_of(settings.zone)
    moments, wrong = [], 0
    for cell in table.column(settings.applied_at, "moment of application"):
        try:
            moment = datetime.fromisoformat(cell or "")
        except ValueError:
            wrong += 1
            continue
        moments.append(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    if wrong:
        raise DataContractError(
            f"Column {settings.applied_at!r} of '{table.file}' holds {wrong} of {table.n_rows} values that are no moment. Expected "
            "dates or times such as 2026-03-01 or 2026-03-01T12:00:00+08:00.",
            code="CR-INI-008",
            context={"column": settings.applied_at, "count": wrong},
        )
    return moments


def check_parts(
    keys: Sequence[str], is_bad: NDArray[np.bool_], determined: NDArray[np.bool_], target: str
) -> None:
    """Refuse a table whose split would leave a part with too little to measure."""
    parts = SplitRule().assign(keys)
    for part in PARTS:
        rows = determined & (parts == part)
        n_bads, n_goods = int((rows & is_bad).sum()), int((rows & ~is_bad).sum())
        if min(n_bads, n_goods) < _LEAST:
            raise DataContractError(
                f"Target {target!r}: {int(is_bad.sum())} bads among {len(is_bad)} rows are too few. The {part} part would hold "
                f"{n_bads} bads and {n_goods} goods; expected at least {_LEAST} of each, so about 200 of each in all. Hint: collect "
                "more outcomes; with fewer no figure could be trusted.",
                code="CR-INI-010",
                context={"n_bads": int(is_bad.sum()), "n_rows": len(is_bad)},
            )

"""The commented ``sources.toml`` and ``outcome.toml`` of a new project.

Strings are written as TOML basic strings; a JSON string is one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_risk.jobs.new_project.guesses import GuessedColumn
    from credit_risk.sources.contract import ColumnContract

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
APPLICATIONS_FILE = "applications.csv"


def quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """Return a TOML key, quoted where needed."""
    return name if _BARE_KEY.fullmatch(name) else quoted(name)


def word_list(words: Sequence[object]) -> str:
    """Return a TOML list; one word per line where they are many."""
    items = [quoted(word) if isinstance(word, str) else str(word) for word in words]
    line = "[" + ", ".join(items) + "]"
    return line if len(line) <= 100 else "[\n" + "".join(f"  {item},\n" for item in items) + "]"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What is the same for every column of the table.

    Attributes
    ----------
    name, table : str
        Of the project; the file it came from.
    application_key, customer_key : str
    adds_key : bool
        Whether the key is the number of the row.
    applied_at : str
        The one moment of all applications, where ``applied_at_column`` is empty.
    """

    name: str
    table: str
    application_key: str
    adds_key: bool
    customer_key: str
    applied_at: str
    applied_at_column: str
    timezone: str
    currency: str


def sources_toml(columns: Sequence[GuessedColumn], outcome: GuessedColumn, facts: TableFacts) -> str:
    """Return the contract of the applications table."""
    key_note = "added: the number of the row" if facts.adds_key else ""
    customers = (
        "all rows of one customer fall into one part of the split"
        if facts.customer_key != facts.application_key
        else "every row is taken as a customer of its own; name the column with --customer if it is not so"
    )
    moment = (
        f"applied_at_column = {quoted(facts.applied_at_column)}"
        if facts.applied_at_column
        else "# The table names no moment of application, so all of them are taken as made at this one. That means: nothing can be\n"
        "# said about how the model ages, and the split is by customer, not by time. Name a column with --applied-at if you have one.\n"
        f"applied_at = {facts.applied_at}"
    )
    sections = [_key_column(facts.application_key, key_note)]
    if facts.customer_key != facts.application_key:
        sections.append(_key_column(facts.customer_key, ""))
    if facts.applied_at_column:
        sections.append(
            f'[applications.columns.{key(facts.applied_at_column)}]\nrole = "time"\nkind = "timestamp"\n'
        )
    sections += [_column(guess) for guess in (*columns, outcome)]
    return f"""# The contract of {APPLICATIONS_FILE}: what every column promises. A broken promise is an error, in training as in a request.
#
# All of this was GUESSED from '{facts.table}'. Read it line by line; what was seen stands above each column. Then: credit-risk check
#   role: attribute (may be a feature), protected (held for the fairness table only), outcome, key, time, ignored
#   kind: integer, decimal (with scale), money, boolean, code (a word out of the list 'codes'), date, timestamp, text

name = {quoted(facts.name)}
timezone = {quoted(facts.timezone)}      # days begin and end in it
currency = {quoted(facts.currency)}

[consent]
mode = "assumed"                   # with a ledger of consents: "ledger"; see docs/sources.md
purpose = "credit_assessment"
statement = "The table holds no record of consent: consent to credit assessment is assumed for every applicant."

[applications]
file = {quoted(APPLICATIONS_FILE)}
application_key = {quoted(facts.application_key)}
customer_key = {quoted(facts.customer_key)}   # {customers}
{moment}

{chr(10).join(sections)}"""


def outcome_toml(
    *, column: str, bad: Sequence[object], good: Sequence[object], horizon: str, known_at: datetime
) -> str:
    """Return the definition of "bad"."""
    return f"""# What "bad" means.
schema_version = 1
name = {quoted(column)}
column = {quoted(column)}
bad_values = {word_list(bad)}
good_values = {word_list(good)}     # any other value is neither and leaves the sample
horizon = {quoted(horizon)}           # GUESSED: how far after the application the outcome looks; strategy.toml must agree
known_at = {known_at.isoformat()}   # GUESSED: from when on every outcome is known; after every application
"""


def known_after(moment: datetime, horizon: str) -> datetime:
    """Return the day after the horizon has passed for the latest application."""
    return moment + timedelta(days=31 * int(horizon.removesuffix("m")) + 1)


def _key_column(name: str, note: str) -> str:
    said = f"# {note}\n" if note else ""
    return f'{said}[applications.columns.{key(name)}]\nrole = "key"\nkind = "text"\nprivacy = "pseudonym"\n'


def _column(guess: GuessedColumn) -> str:
    column = guess.contract
    lines = [f"# {'ATTENTION: ' if guess.warning else ''}{guess.why}"]
    lines += [
        f"[applications.columns.{key(column.name)}]",
        f'role = "{column.role}"',
        f'kind = "{column.kind}"',
    ]
    if column.kind == "decimal":
        lines.append(f"scale = {column.scale}")
    if column.kind in ("integer", "decimal"):
        lines += [
            f"minimum = {_bound(column.minimum, column)}",
            f"maximum = {_bound(column.maximum, column)}",
        ]
    if column.codes:
        lines.append(f"codes = {word_list(column.codes)}")
    if column.nullable:
        lines.append("nullable = true")
    if column.role == "protected":
        lines.append('privacy = "sensitive"')
    return "\n".join(lines) + "\n"


def _bound(scaled: int, column: ColumnContract) -> str:
    return str(Decimal(scaled).scaleb(-column.scale).quantize(Decimal(1)))

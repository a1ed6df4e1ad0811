"""The one sentence in which a broken contract is reported.

It names table, column, rule, count and up to three sample keys, never a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.errors import DataContractError, LeakageError

if TYPE_CHECKING:
    from credit_risk.sources.failures import Failure


def contract_error(failure: Failure) -> DataContractError:
    """Build the refusal for one broken rule; a record at or after the application is a leak.

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.sources.failures import Failure
    >>> failure = Failure(table="bank.csv", column="amount", rule="range", expected="a number from 0 to 10",
    ...                   rows=np.array([4, 5]), keys=("p", "q"), code="CR-SRC-015")
    >>> contract_error(failure).message
    "File 'bank.csv', column 'amount': rule 'range' is broken by 2 rows (first keys: 'p', 'q'). Expected a number from 0 to 10."
    """
    keys = failure.sample_keys()
    sample = ", ".join(repr(key) for key in keys)
    rows = "1 row" if failure.n_rows == 1 else f"{failure.n_rows} rows"
    kind = LeakageError if failure.rule == "before_application" else DataContractError
    return kind(
        f"File '{failure.table}', column {failure.column!r}: rule {failure.rule!r} is broken by {rows} (first keys: {sample}). "
        f"Expected {failure.expected}.",
        code=failure.code,
        context={
            "file": failure.table,
            "column": failure.column,
            "rule": failure.rule,
            "count": failure.n_rows,
            "keys": keys,
        },
    )

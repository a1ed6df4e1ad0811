"""What was wrong with the rows of a table: by rule, with counts and sample keys, never with a value.

Reading order: :class:`Failure`, :class:`FailureReport`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Failure:
    """One rule that some rows of one table break.

    Attributes
    ----------
    table, column, rule : str
        Where, and which promise.
    expected : str
        What would have been right.
    rows : ndarray of int64, shape (k,)
        Numbers of the rows, from 0, in the order they were read.
    keys : tuple of str
        Key of each row: the customer's, in the applications the application's.
    code : str
        Error code that :func:`~credit_risk.sources.readers.read_sources` raises for it.
    """

    table: str
    column: str
    rule: str
    expected: str
    rows: NDArray[np.int64]
    keys: tuple[str, ...]
    code: str

    @property
    def n_rows(self) -> int:
        """How many rows break the rule."""
        return int(self.rows.size)

    def sample_keys(self, n: int = 3) -> list[str]:
        """Return the first distinct keys."""
        return list(dict.fromkeys(self.keys))[:n]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReport:
    """Every row that was set apart, and why.

    Attributes
    ----------
    failures : tuple of Failure
        By table, in the order the tables were read.
    n_read, n_kept : mapping of str to int
        Rows of each table before and after.

    Examples
    --------
    >>> import numpy as np
    >>> failure = Failure(table="bank.csv", column="amount", rule="range", expected="a number from 0 to 10",
    ...                   rows=np.array([4]), keys=("p",), code="CR-SRC-015")
    >>> print(FailureReport(failures=(failure,), n_read={"bank.csv": 9}, n_kept={"bank.csv": 8}))
    bank.csv: 1 of 9 rows set apart
      amount: rule 'range' broken by 1 row (first keys: 'p'); expected a number from 0 to 10
    """

    failures: tuple[Failure, ...]
    n_read: Mapping[str, int]
    n_kept: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.failures)

    def __iter__(self) -> Iterator[Failure]:
        return iter(self.failures)

    @property
    def n_set_apart(self) -> int:
        """How many rows were set apart in all tables together."""
        return sum(self.n_read.values()) - sum(self.n_kept.values())

    def counts(self) -> pd.DataFrame:
        """Return table, column, rule, rows broken and their share of the table's rows, worst first."""
        import pandas as pd

        columns = ["table", "column", "rule", "n_rows", "share"]
        found = [
            (f.table, f.column, f.rule, f.n_rows, f.n_rows / max(self.n_read[f.table], 1))
            for f in self.failures
        ]
        frame = pd.DataFrame(found, columns=columns)
        return frame.sort_values("n_rows", ascending=False, kind="stable", ignore_index=True)

    def details(self, rule: str | None = None, *, table: str | None = None) -> pd.DataFrame:
        """Return one line per row and broken rule: table, row number, key, column, rule; no values.

        Raises
        ------
        SpecificationError
            No row breaks a rule of that name (``CR-SRC-030``).
        """
        import pandas as pd

        chosen = [f for f in self.failures if rule in (None, f.rule) and table in (None, f.table)]
        if not chosen and (rule, table) != (None, None):
            known = {f.rule for f in self.failures} | {f.table for f in self.failures}
            asked = " of table ".join(repr(word) for word in (rule, table) if word is not None)
            hint = nearest(rule or table or "", known) if known else "Nothing failed at all."
            raise SpecificationError(f"No row breaks the rule {asked}. {hint}", code="CR-SRC-030")
        parts = [
            pd.DataFrame(
                {"table": f.table, "row": f.rows, "key": list(f.keys), "column": f.column, "rule": f.rule}
            )
            for f in chosen
        ]
        columns = ["table", "row", "key", "column", "rule"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def co_occurrence(self, table: str) -> pd.DataFrame:
        """Return how many rows of a table break each pair of rules; a rule with itself: how many break it."""
        import pandas as pd

        chosen = [f for f in self.failures if f.table == table]
        names = list(dict.fromkeys(f"{f.column}: {f.rule}" for f in chosen))
        rows = {name: set[int]() for name in names}
        for failure in chosen:
            rows[f"{failure.column}: {failure.rule}"].update(failure.rows.tolist())
        matrix = pd.DataFrame(0, index=names, columns=names)
        for first, second in combinations_with_replacement(names, 2):
            together = len(rows[first] & rows[second])
            matrix.loc[first, second] = matrix.loc[second, first] = together
        return matrix

    def __str__(self) -> str:
        if not self.failures:
            return "no row set apart"
        lines = []
        for table, n_read in self.n_read.items():
            found = [f for f in self.failures if f.table == table]
            if found:
                lines.append(f"{table}: {n_read - self.n_kept[table]} of {n_read} rows set apart")
                lines += [f"  {_sentence(failure)}" for failure in found]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        heading = f"<p>{self.n_set_apart} of {sum(self.n_read.values())} rows set apart</p>"
        return heading + (
            self.counts().to_html(index=False, float_format="{:.2%}".format) if self.failures else ""
        )

    def to_dict(self) -> dict[str, Any]:
        """Return counts by table and rule as plain JSON values, for provenance."""
        found: dict[str, Counter[str]] = {}
        for failure in self.failures:
            found.setdefault(failure.table, Counter())[f"{failure.column}: {failure.rule}"] += failure.n_rows
        return {
            "n_read": dict(self.n_read),
            "n_kept": dict(self.n_kept),
            "broken": {table: dict(rules) for table, rules in found.items()},
        }


def _sentence(failure: Failure) -> str:
    rows = "1 row" if failure.n_rows == 1 else f"{failure.n_rows} rows"
    keys = ", ".join(repr(key) for key in failure.sample_keys())
    return f"{failure.column}: rule {failure.rule!r} broken by {rows} (first keys: {keys}); expected {failure.expected}"

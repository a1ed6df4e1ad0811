"""Print every published number of the loan itself beside ours, or write the table into the documentation.

Run: ``python tests/reference/print_loan_vectors.py [--write]``. The rows are those the tests check, computed anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from loan_vectors import Vector, vectors

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "loan-vectors.md"
HEAD = """# The loan itself: published numbers beside ours

Written by `python tests/reference/print_loan_vectors.py --write` from `tests/reference/loan_vectors.py`, the list that
`tests/reference/test_loan_vector_table.py` checks row by row (and that this page is up to date). Sources: CN announcements of
the People's Bank of China and Chinese regulators; REGZ 12 CFR 1026 Appendix J; EU Directive 98/7/EC Annex III; PYXIRR the test
suite of Anexen/pyxirr 5f31a85; C computed independently. "Equal" means: at every published digit. Where it is not the last
digit itself but a stated number of units, the note says why. V-A06 (amounts and tenors) and V-A08 (disclosure) are verdicts,
not numbers: `tests/reference/test_loans_vectors.py` and `tests/unit/loans/test_disclosure.py`.

| vector | quantity | published | ours | source | verdict |
|---|---|---|---|---|---|
"""


def verdict(vector: Vector) -> str:
    """Say in words how ours compares."""
    if not vector.is_met:
        return "**differs**"
    is_digit_for_digit = vector.shown == vector.published or not isinstance(vector.ours, float)
    return "equal" if is_digit_for_digit else vector.note or "equal in a float's digits"


def table() -> str:
    """Return the page."""
    rows = [
        f"| {v.id} | {v.quantity} | {v.published} | {v.shown} | {v.source} | {verdict(v)} |"
        for v in vectors()
    ]
    equal = sum(row.endswith("| equal |") for row in rows)
    foot = f"\n{len(rows)} numbers of {len({v.id for v in vectors()})} vectors: {equal} equal, {len(rows) - equal} with a note.\n"
    return HEAD + "\n".join(rows) + "\n" + foot


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(table(), encoding="utf-8")
    sys.stdout.write(table())

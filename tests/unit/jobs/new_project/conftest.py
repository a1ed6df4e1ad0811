"""A plain table as somebody might bring it: numbers, words, gaps, a protected column, an outcome in words."""

from __future__ import annotations

import csv
import io
import random

import pytest

N_ROWS = 700


def synthetic_rows() -> list[dict[str, str]]:
    """Synthetic applications; the bad ones have lower incomes and more often the purpose 'other'."""
    rng = random.Random(7)
    rows = []
    for number in range(N_ROWS):
        purpose = rng.choice(["car", "tv", "other"])
        income = rng.randint(1000, 9000)
        is_bad = rng.random() < 0.25 + 0.25 * (purpose == "other") + 0.25 * (income < 4000)
        rows.append(
            {
                "income": str(income),
                "Purpose of loan": purpose,
                "rate": f"{rng.uniform(0, 1):.3f}" if rng.random() > 0.1 else "",
                "loan_amount": str(rng.randint(5, 95) * 100),
                "gender": rng.choice(["f", "m"]),
                "branch": "north",
                "remark": f"text {number}",
                "outcome": "bad" if is_bad else "good",
            }
        )
    return rows


def _as_csv(rows, delimiter=",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture
def rows() -> list[dict[str, str]]:
    return synthetic_rows()


@pytest.fixture
def as_csv():
    """Rows as the text of a CSV file."""
    return _as_csv


@pytest.fixture
def table(tmp_path, rows):
    path = tmp_path / "loans.csv"
    path.write_text(_as_csv(rows), encoding="utf-8")
    return path

"""A small synthetic folder of sources that tests break in one place at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CONTRACT = """
name = "tiny"
timezone = "Asia/Taipei"
currency = "TWD"

[consent]
mode = "assumed"
purpose = "credit_assessment"
statement = "synthetic data"

[applications]
file = "people.parquet"
application_key = "application"
customer_key = "customer"
applied_at_column = "applied_at"

[applications.columns]
application = { role = "key", kind = "integer" }
customer = { role = "key", kind = "text" }
applied_at = { role = "time", kind = "timestamp" }
income = { role = "attribute", kind = "money", minimum = 0, nullable = true }
sex = { role = "protected", kind = "code", codes = ["f", "m"] }
is_bad = { role = "outcome", kind = "integer", codes = [0, 1] }
secret = { role = "ignored", kind = "text" }

[records.bank]
file = "bank.parquet"
customer_key = "customer"
unique_key = ["customer", "day"]
event_time = { column = "day", moment = "start_of_day" }
known_at = { column = "day", moment = "last_instant_of_day", delay_days = 1 }

[records.bank.columns]
customer = { role = "key", kind = "text" }
day = { role = "time", kind = "date" }
amount = { role = "measure", kind = "money", minimum = 0, maximum = 1_000_000 }
status = { role = "measure", kind = "integer", codes = [0, 1, 2], nullable = true }
category = { role = "measure", kind = "code", codes = ["food", "rent"] }
flag = { role = "measure", kind = "boolean" }
"""


def people():
    at = datetime(2026, 3, 1, 4, tzinfo=UTC)
    return {
        "application": [2, 10],
        "customer": ["p", "q"],
        "applied_at": pa.array([at, at], pa.timestamp("us", tz="UTC")),
        "income": [1000.5, None],
        "sex": ["f", "m"],
        "is_bad": [0, 1],
        "secret": ["x", "y"],
    }


def bank():
    days = [datetime(2026, 2, 1), datetime(2026, 2, 2), datetime(2026, 2, 1)]
    return {
        "customer": ["p", "p", "q"],
        "day": pa.array(days, pa.timestamp("us")),
        "amount": [10.5, 20.0, 30.25],
        "status": [0, None, 2],
        "category": ["food", "rent", "food"],
        "flag": [True, False, True],
    }


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes the folder, with columns or the contract replaced."""

    def write(*, contract=CONTRACT, people_with=(), bank_with=(), without=()):
        (tmp_path / "sources.toml").write_text(contract, encoding="utf-8")
        tables = {"people": {**people(), **dict(people_with)}, "bank": {**bank(), **dict(bank_with)}}
        for name, columns in tables.items():
            kept = {key: values for key, values in columns.items() if f"{name}.{key}" not in without}
            pq.write_table(pa.table(kept), tmp_path / f"{name}.parquet")
        return tmp_path

    return write


CSV_CONTRACT = CONTRACT.replace(".parquet", ".csv")
PEOPLE_CSV = """application,customer,applied_at,income,sex,is_bad,secret
2,p,2026-03-01T12:00:00+08:00,1000.5,f,0,x
10,q,2026-03-01T04:00:00Z,,m,1,y
"""
BANK_CSV = """customer,day,amount,status,category,flag
p,2026-02-01,10.50,0,food,true
p,2026-02-02,20,,rent,false
q,2026-02-01,30.25,2,food,TRUE
"""


@pytest.fixture
def csv_folder(tmp_path):
    """Return a function that writes the folder as CSV, with lines or the contract replaced."""

    def write(*, people=PEOPLE_CSV, bank=BANK_CSV, contract=CSV_CONTRACT):
        root = tmp_path / "csv"
        root.mkdir(exist_ok=True)
        (root / "sources.toml").write_text(contract, encoding="utf-8")
        for name, text in (("people", people), ("bank", bank)):
            content = text if isinstance(text, bytes) else text.encode()
            (root / f"{name}.csv").write_bytes(content)
        return root

    return write

"""A small synthetic world that tests of features and of samples share: people who apply, and calls that are known late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_risk.sources import Sources, read_sources

CONTRACT = """
name = "synthetic"
timezone = "Asia/Shanghai"
currency = "CNY"
[consent]
mode = "assumed"
purpose = "credit_assessment"
statement = "synthetic"
[applications]
file = "applications.parquet"
application_key = "application"
customer_key = "customer"
applied_at_column = "applied_at"
[applications.columns]
application = { role = "key", kind = "text" }
customer = { role = "key", kind = "text" }
applied_at = { role = "time", kind = "timestamp" }
income = { role = "attribute", kind = "money" }
is_bad = { role = "outcome", kind = "integer" }
[records.calls]
file = "calls.parquet"
customer_key = "customer"
event_time = { column = "at" }
known_at = { column = "known" }
future_records = "ignore"
[records.calls.columns]
customer = { role = "key", kind = "text" }
at = { role = "time", kind = "timestamp" }
known = { role = "time", kind = "timestamp" }
minutes = { role = "measure", kind = "integer" }
"""


@pytest.fixture(scope="session")
def write_calls() -> Callable[..., Sources]:
    """Return a function that writes a world into a folder and reads it.

    Applications are rows of (application, customer, applied_at, income, is_bad), calls of (customer, at, known, minutes).
    """

    def write(folder: Path, applications: list[Any], calls: list[Any]) -> Sources:
        (folder / "sources.toml").write_text(CONTRACT, encoding="utf-8")
        form = pd.DataFrame(
            applications, columns=["application", "customer", "applied_at", "income", "is_bad"]
        )
        form.to_parquet(folder / "applications.parquet")
        frame = pd.DataFrame(calls, columns=["customer", "at", "known", "minutes"])
        times = dict.fromkeys(("at", "known"), "datetime64[us, UTC]")
        frame.astype(times).to_parquet(folder / "calls.parquet")
        return read_sources(folder)

    return write

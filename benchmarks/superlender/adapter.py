"""Three published tables to the two files that ``sources.toml`` promises.

Clocks. The published stamps bear no time zone. ``approveddate`` lies one hour and some seconds after ``creationdate`` in nearly
every row, and many customers create the next loan 59 minutes *before* the stamp at which the last one closed, never
earlier: so ``creationdate`` is UTC and ``approveddate``, ``closeddate`` and ``firstrepaiddate`` are local time (Africa/Lagos, UTC+1
all year). Read like that, an application follows the last closing by 20 seconds at least, and its approval by seconds to minutes.

Birthdate, education and coordinates are not read: protected, or close to it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
LOCAL = "Africa/Lagos"


def write_sources(published: Path, folder: Path) -> Path:
    """Write both files and the contract beside them; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    loans = pd.read_parquet(published / "loans.parquet")
    people = pd.read_parquet(
        published / "demographics.parquet", columns=["customerid", "bank_account_type"]
    ).drop_duplicates("customerid")
    applications(loans, people).to_parquet(folder / "applications.parquet", index=False)
    earlier = pd.read_parquet(published / "prev_loans.parquet")
    earlier_loans(earlier).to_parquet(folder / "earlier_loans.parquet", index=False)
    shutil.copy(HERE / "sources.toml", folder / "sources.toml")
    return folder


def applications(loans: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return one row per loan that was applied for."""
    account = people.set_index("customerid")["bank_account_type"]
    return pd.DataFrame(
        {
            "systemloanid": loans["systemloanid"],
            "customerid": loans["customerid"],
            "created_at": loans["creationdate"].dt.tz_localize("UTC"),
            "loannumber": loans["loannumber"],
            "loanamount": loans["loanamount"],
            "totaldue": loans["totaldue"],
            "termdays": loans["termdays"],
            "is_referred": loans["referredby"].notna(),
            "account_type": loans["customerid"].map(account),
            "target_bad": loans["target_bad"].astype("int64"),
        }
    )


def earlier_loans(loans: pd.DataFrame) -> pd.DataFrame:
    """Return one row per earlier loan, known from the moment it closed."""
    return pd.DataFrame(
        {
            "systemloanid": loans["systemloanid"],
            "customerid": loans["customerid"],
            "closed_at": loans["closeddate"].dt.tz_localize(LOCAL).dt.tz_convert("UTC"),
            "loanamount": loans["loanamount"],
            "totaldue": loans["totaldue"],
            "termdays": loans["termdays"],
            "approved_on": loans["approveddate"].dt.normalize(),
            "first_due_on": loans["firstduedate"],
            "first_paid_on": loans["firstrepaiddate"].dt.normalize(),
            "first_paid_hour": loans["firstrepaiddate"].dt.hour.astype("int64"),
        }
    )

"""Published tables of one row per customer: what is read of each, and what is not.

Protected columns leave for every tool alike: sex, age, marital or family status, origin. Codes such as -7 and -9 (HELOC) or the
undocumented 0 (Taiwan) stay as they were published: what a tool makes of them is part of the comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.task import PROJECT, Task, published, shuffled_folds

if TYPE_CHECKING:
    from pathlib import Path

_FIVE = "5 stratified folds"


def taiwan(cache: Path) -> Task:
    """Credit card customers of April to September 2005, six statements each in columns; shipped with the project."""
    folder = PROJECT / "data_samples" / "uci_credit_card"
    statements = pd.read_parquet(folder / "monthly_statements.parquet")
    wide = statements.assign(month=statements["month"].dt.month).pivot(index="ID", columns="month")
    wide.columns = [f"{measure}_{month:02d}" for measure, month in wide.columns]
    table = pd.read_parquet(folder / "customers.parquet").merge(wide, left_on="ID", right_index=True)
    protected = ("SEX", "EDUCATION", "MARRIAGE", "AGE")
    return _shuffled("Taiwan", table, "default_next_month", unused=("ID",), protected=protected)


def heloc(cache: Path) -> Task:
    """Home equity lines, bureau aggregates."""
    table = pd.read_parquet(published("fico_heloc") / "heloc.parquet")
    return _shuffled("HELOC", table, "target_bad", unused=("RiskPerformance",), protected=())


def german(cache: Path) -> Task:
    """A thousand customers of a German bank, bads drawn more often than they are; shipped with the project."""
    table = pd.read_parquet(PROJECT / "data_samples" / "german_credit" / "german_credit.parquet")
    protected = ("personal_status_and_sex", "age_in_years", "foreign_worker")
    return _shuffled("German", table, "is_bad", unused=("application_id",), protected=protected, n_repeats=5)


def give_me_some_credit(cache: Path) -> Task:
    """Kaggle 2011: 90 days past due within two years."""
    table = pd.read_parquet(published("give_me_some_credit") / "cs_training.parquet")
    return _shuffled("Give Me Some Credit", table, "SeriousDlqin2yrs", unused=("id",), protected=("age",))


def _shuffled(
    name: str,
    table: pd.DataFrame,
    outcome: str,
    *,
    unused: tuple[str, ...],
    protected: tuple[str, ...],
    n_repeats: int = 1,
) -> Task:
    X = table.drop(columns=[outcome, *unused, *protected])
    is_bad = table[outcome].to_numpy() == 1
    return Task(
        name=name,
        X=X,
        is_bad=is_bad,
        views={"as published": tuple(X.columns)},
        folds=shuffled_folds(is_bad, n_repeats=n_repeats),
        protocol=_FIVE if n_repeats == 1 else f"{_FIVE}, {n_repeats} times",
        directions={},
        dropped=", ".join(protected),
    )


#: Known when the loan is asked for. What the lender set (rate, grade, instalment), what investors did (funded_amnt_inv), what came after
#: (payments, recoveries, settlements) and where the customer lives to three digits (a proxy of origin) are not read.
_ASKED = (
    "loan_amnt", "term", "emp_length", "home_ownership", "annual_inc", "verification_status", "purpose", "addr_state", "dti",
    "delinq_2yrs", "inq_last_6mths", "mths_since_last_delinq", "mths_since_last_record", "open_acc", "pub_rec", "revol_bal", "revol_util",
    "total_acc", "collections_12_mths_ex_med", "acc_now_delinq", "chargeoff_within_12_mths", "delinq_amnt", "pub_rec_bankruptcies",
    "tax_liens",
)  # fmt: skip


def lending_club(cache: Path) -> Task:
    """Loans issued until 2010 against those of 2011."""
    table = pd.read_parquet(published("lending_club_2007_2011") / "loans.parquet")
    X = table[list(_ASKED)].copy()
    issued, opened = table["issue_d"], table["earliest_cr_line"]
    X["months_of_credit"] = 12.0 * (issued.dt.year - opened.dt.year) + (issued.dt.month - opened.dt.month)
    is_train = (issued.dt.year <= 2010).to_numpy()
    return Task(
        name="Lending Club",
        X=X,
        is_bad=table["target_bad"].to_numpy() == 1,
        views={"without price": tuple(X.columns)},
        folds=((np.flatnonzero(is_train), np.flatnonzero(~is_train)),),
        protocol="issued 2007-06 to 2010-12 train, 2011 test",
        directions={},
        applied_at=issued.to_numpy(dtype="datetime64[s]").astype(np.int64),
        dropped="zip_code (proxy of origin)",
    )

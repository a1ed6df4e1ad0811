"""What the writers of imported cards share: openly licensed rows, and the rows that try a card's edges."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

PROJECT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).resolve().parent / "fixtures"
sys.path.insert(0, str(PROJECT / "src"))  # the importers run on the live objects here, too

EDUCATION = {1: "graduate school", 2: "university", 3: "high school"}


def taiwan():
    """Taiwan credit cards (UCI, CC BY 4.0), the newest statement; some values blanked or set to a code, to have such bins."""
    folder = PROJECT / "data_samples" / "uci_credit_card"
    customers = pd.read_parquet(folder / "customers.parquet")
    statements = pd.read_parquet(folder / "monthly_statements.parquet")
    last = statements[statements["month"] == statements["month"].max()]
    frame = customers.merge(last, on="ID").iloc[:6000].reset_index(drop=True)
    X = pd.DataFrame(
        {
            "limit": frame["LIMIT_BAL"].astype(float),
            "age": frame["AGE"].astype(float),
            "status": frame["pay_status"].astype(int),
            "paid": frame["pay_amt"].astype(float),
            "education": frame["EDUCATION"].map(EDUCATION).fillna("other").astype(object),
        }
    )
    X.loc[::20, "age"] = np.nan
    X.loc[3::25, "paid"] = -9.0
    X.loc[4::50, "paid"] = -8.0
    return X, frame["default_next_month"].to_numpy()


def edge_rows(X, cuts, extra, n_plain=20):
    """Rows of the sample, then one row per edge: each cut and its neighbours, and the extra values given by column."""
    base = X.iloc[7].to_dict()
    rows = X.iloc[:: max(1, len(X) // n_plain)].to_dict("records")
    for name, values in cuts.items():
        for cut in values:
            rows += [
                {**base, name: float(value)}
                for value in (cut, np.nextafter(cut, -np.inf), np.nextafter(cut, np.inf))
            ]
    for name, values in extra.items():
        rows += [{**base, name: value} for value in values]
    return pd.DataFrame(rows, columns=X.columns, dtype=object).astype(
        {name: object if X[name].dtype == object else float for name in X.columns}
    )


def plain_rows(rows):
    """Rows as plain JSON values; None is missing."""
    return [
        {str(k): (None if isinstance(v, float) and np.isnan(v) else v) for k, v in row.items()}
        for row in rows.to_dict("records")
    ]


def write(name, library, cards):
    versions = {one: version(one) for one in (library, "pandas", "numpy", "scikit-learn")}
    content = {"versions": {"python": platform.python_version(), **versions}, "cards": cards}
    FIXTURES.mkdir(exist_ok=True)
    path = FIXTURES / f"{name}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(path.name, path.stat().st_size, "bytes", content["versions"])  # noqa: T201

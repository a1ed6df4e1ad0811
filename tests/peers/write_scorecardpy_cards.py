"""Fit cards with scorecardpy, keep what an importer reads of them and what scorecardpy says about rows that try their edges."""

from __future__ import annotations

import warnings

import numpy as np
import scorecardpy
from card_rows import edge_rows, plain_rows, write
from sklearn.linear_model import LogisticRegression

from credit_risk.scorecard.importers.scorecardpy import from_scorecardpy, scorecardpy_content

ENVIRONMENT = "scorecardpy"
SCALE = {"points0": 600, "odds0": 1 / 19, "pdo": 50}


def german():
    """German credit (UCI, CC BY 4.0), as scorecardpy ships it; some ages blanked and durations set to a code."""
    frame = scorecardpy.germancredit()
    names = {
        "duration_in_month": "duration",
        "credit_amount": "amount",
        "age_in_years": "age",
        "status_of_existing_checking_account": "account",
        "purpose": "purpose",
    }
    X = frame[list(names)].rename(columns=names).astype({"amount": float, "age": float, "account": str})
    X = X.astype({"account": object, "purpose": object})
    X.loc[::20, "age"] = np.nan
    X.loc[3::25, "duration"] = -9
    X.loc[4::25, "amount"] = -7.0
    return X, (frame["creditability"] == "bad").astype(int).to_numpy()


def card(name, X, y, *, with_model, special=None, **settings):
    frame = X.assign(bad=y)
    bins = scorecardpy.woebin(
        frame, "bad", special_values=special, no_cores=1, print_step=0, print_info=False
    )
    bins = {one: bins[one] for one in X.columns}  # it orders them by a set, anew in every run
    woe = scorecardpy.woebin_ply(frame, bins, no_cores=1, print_step=0, print_info=False)
    columns = [f"{name}_woe" for name in X.columns]
    model = LogisticRegression(C=1e4).fit(woe[columns], y)
    made = scorecardpy.scorecard(bins, model, columns, **SCALE, **settings)
    cuts = {
        one: [float(text) for text in bins[one]["breaks"] if _is_number(text) and np.isfinite(float(text))]
        for one in ("duration", "amount", "age")
    }
    extra = {
        "duration": [-9.0, np.nan],
        "amount": [-7.0, np.nan],
        "age": [np.nan],
        "account": ["never seen", None],
        "purpose": [None],
    }
    rows = edge_rows(X, cuts, extra)
    scores = [float(one) for one in scorecardpy.scorecard_ply(rows, made, print_step=0)["score"]]
    content = scorecardpy_content(bins, made)
    plain = {
        "intercept": float(model.intercept_[0]),
        "coefficients": dict(zip(X.columns, model.coef_[0].tolist(), strict=True)),
    }
    live = from_scorecardpy(bins, made, **SCALE, model=model if with_model else None)
    assert live == from_scorecardpy(
        content["bins"], content["card"], **SCALE, model=plain if with_model else None
    )
    woes = scorecardpy.woebin_ply(rows, bins, no_cores=1, print_step=0, print_info=False)[columns]
    return {
        "name": name,
        "content": content,
        "scale": SCALE,
        "model": plain if with_model else None,
        "rows": plain_rows(rows),
        "scores": scores,
        "pds": [
            None if np.isnan(row).any() else float(model.predict_proba(row[None])[0, 1])
            for row in woes.to_numpy(float)
        ],
    }


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def main():
    warnings.simplefilter("ignore")
    X, y = german()
    special = {"duration": [-9], "amount": [-7]}
    cards = [
        card("base apart", X, y, with_model=True, special=special),
        card("base apart, no model", X, y, with_model=False, special=special),
        card("base in the variables", X, y, with_model=True, special=special, basepoints_eq0=True),
    ]
    write("scorecardpy_cards", "scorecardpy", cards)


if __name__ == "__main__":
    main()

"""Fit cards with toad, keep what an importer reads of them and what toad says about rows that try their edges."""

from __future__ import annotations

import json
import warnings

import numpy as np
import toad
from card_rows import edge_rows, plain_rows, taiwan, write

from credit_risk.scorecard import Scaling
from credit_risk.scorecard.importers.toad import from_toad, toad_content

ENVIRONMENT = "scorecards"


def fitted(X, y, *, separate, rules=None, **scale):
    combiner = toad.transform.Combiner()
    combiner.fit(X, y, method="chi", min_samples=0.05, n_bins=5, empty_separate=separate)
    if rules:
        combiner.update(rules)
    encoder = toad.transform.WOETransformer()
    woe = encoder.fit_transform(combiner.transform(X), y)
    card = toad.ScoreCard(combiner=combiner, transer=encoder, C=1e4, **scale)
    card.fit(woe, y)
    return card


def record(name, card, X, scaling=None):
    cuts = {
        one: np.array(rule["bins"], dtype=float) for one, rule in card.rules.items() if one != "education"
    }
    extra = {
        "limit": [np.nan, np.inf, -np.inf],
        "age": [np.nan, 0.0],
        "paid": [-9.0, -8.0, -1.0, np.nan],
        "education": ["never seen", "nan", None],
    }
    rows = edge_rows(X, {one: values[~np.isnan(values)] for one, values in cuts.items()}, extra)
    content = json.loads(json.dumps(toad_content(card)))
    assert from_toad(card, scaling=scaling) == from_toad(content, scaling=scaling)
    return {
        "name": name,
        "content": content,
        "rows": plain_rows(rows),
        "scores": [float(one) for one in card.predict(rows)],
        "pds": [float(one) for one in card.predict_proba(rows)[:, 1]],
    }


def main():
    warnings.simplefilter("ignore")
    X, y = taiwan()
    X.loc[5::40, "education"] = None
    scale = {"pdo": 40, "rate": 3, "base_odds": 20, "base_score": 500}
    first = fitted(X, y, separate=True, **scale)
    groups = {"education": [["university", "graduate school"], ["high school"], "else"]}
    cards = [
        record("missing apart, rate 3", first, X),
        record("missing as -1, group else", fitted(X, y, separate=False, rules=groups), X),
    ]
    saved = first.export()
    loaded = toad.ScoreCard().load(saved)
    pdo = 40 / np.log2(3)
    cards.append(record("saved and loaded", loaded, X, Scaling(pdo=pdo, base_score=500, base_odds=20)))
    write("toad_cards", "toad", cards)


if __name__ == "__main__":
    main()

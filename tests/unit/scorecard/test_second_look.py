"""A variable may stand on the card for what it adds beside the others: marked, in the declared direction, or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from credit_risk.binning import BinDecision, WoeBinner
from credit_risk.scorecard import Scorecard


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(4)
    n = 20_000
    limit = rng.normal(size=n)
    bill = limit + rng.normal(size=n)
    log_odds = -1.5 - 1.2 * limit + 0.6 * bill
    is_bad = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    frame = pd.DataFrame({"bill": bill, "limit": limit, "noise": rng.normal(size=n)})
    return frame, is_bad


def record_of(card, name):
    return next(record for record in card.spec_.selection if record.name == name)


def test_what_is_hidden_alone_enters_and_is_marked(sample):
    X, is_bad = sample
    card, without = Scorecard().fit(X, is_bad), Scorecard(second_look=False).fit(X, is_bad)
    assert without.spec_.feature_names == ("limit",)
    assert card.spec_.feature_names == ("bill", "limit")
    record = record_of(card, "bill")
    assert (record.is_kept, record.step) == (True, "second_look")
    assert record.reason.startswith("beside the others its risk rises with the value (chi-squared")
    assert "needed 20)" in record.reason
    assert "first look: information_value, information value" in record.reason
    assert record_of(card, "noise").step == "information_value"
    assert all(value < 0 for value in card.spec_.coefficients)
    gain = roc_auc_score(is_bad, -card.predict_score(X)) - roc_auc_score(is_bad, -without.predict_score(X))
    assert gain > 0.01


def test_its_points_follow_the_effect_beside_the_others_and_its_woe_stays_that_of_the_counts(sample):
    X, is_bad = sample
    spec = Scorecard().fit(X, is_bad).spec_
    bill = spec.binning.variable("bill")
    points = np.array(spec.points[0][: bill.n_regular])
    assert (np.diff(points) <= 0).all()
    assert points[0] > points[-1]
    share = np.array(bill.n_goods) / spec.binning.total_goods
    bads = np.array(bill.n_bads) / spec.binning.total_bads
    regular = slice(0, bill.n_regular)
    np.testing.assert_allclose(np.array(bill.woe)[regular], np.log(share[regular] / bads[regular]))


def test_a_declared_direction_is_kept_or_the_variable_stays_away(sample):
    X, is_bad = sample
    assert "bill" in Scorecard(directions={"bill": 1}).fit(X, is_bad).spec_.feature_names
    against = Scorecard(directions={"bill": -1}).fit(X, is_bad)
    assert "bill" not in against.spec_.feature_names
    assert record_of(against, "bill").step != "second_look"


def test_a_variable_with_manual_decisions_keeps_the_bins_people_gave_it(sample):
    X, is_bad = sample
    decision = BinDecision(
        variable="bill", action="cut_at", values=(0.0,), author="A", decided_at="2026-01-01", reason="policy"
    )
    card = Scorecard(binner=WoeBinner(decisions=(decision,))).fit(X, is_bad)
    assert "bill" not in card.spec_.feature_names


def test_the_largest_number_of_variables_holds(sample):
    X, is_bad = sample
    assert Scorecard(max_features=1).fit(X, is_bad).spec_.feature_names == ("limit",)


def test_plain_woe_takes_no_second_look(sample):
    X, is_bad = sample
    assert Scorecard(shape_pull=None).fit(X, is_bad).spec_.feature_names == ("limit",)


def test_weights_of_two_are_rows_twice(sample):
    X, is_bad = sample
    part = slice(0, 6000)
    doubled = pd.concat([X[part], X[part]], ignore_index=True)
    weighted = Scorecard(binner=WoeBinner(min_goods=0, min_bads=0)).fit(
        X[part], is_bad[part], sample_weight=np.full(6000, 2.0)
    )
    twice = Scorecard(binner=WoeBinner(min_goods=0, min_bads=0)).fit(
        doubled, np.concatenate([is_bad[part], is_bad[part]])
    )
    assert record_of(weighted, "bill").step == "second_look"
    assert record_of(twice, "bill").step == "second_look"
    np.testing.assert_allclose(weighted.predict_proba(X)[:, 1], twice.predict_proba(X)[:, 1], atol=0.01)

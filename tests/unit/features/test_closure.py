"""Real time: small histories computed by hand, and every request that cannot be scored."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys

import pytest

from credit_risk.domain.application import Application
from credit_risk.errors import LeakageError, ScoringError
from credit_risk.features import FeatureClosure

APPLICATION = Application.from_mapping(
    {"application_id": "A", "applied_at": "2026-03-31T12:00:00+08:00", "limit": 200.0}
)


def record(day, amount, category="food"):
    return {
        "at": f"2026-{day}T10:00:00+08:00",
        "amount": amount,
        "wide": 1,
        "category": category,
        "mood": "good",
    }


HISTORY = [record("03-30", 10.0), record("03-01", 30.0, "rent"), record("02-28", 100.0), record("01-15", 7.5)]


def value(catalogue, contracts, history=HISTORY):
    return FeatureClosure(catalogue, contracts)(APPLICATION, {"bank": history}).values[0]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"aggregate": "mean"}, 20.0),
        ({"aggregate": "mean", "window": "31d"}, 140 / 3),
        ({"aggregate": "sum", "window": "history"}, 147.5),
        ({"aggregate": "std"}, math.sqrt(200)),
        ({"aggregate": "cv"}, math.sqrt(200) / 20),
        ({"aggregate": "median", "window": "history"}, 20.0),
        ({"aggregate": "p25", "window": "history"}, 9.375),
        ({"aggregate": "last"}, 10.0),
        ({"aggregate": "range", "window": "history"}, 92.5),
        ({"aggregate": "slope"}, -20 * 30 / 29),
        ({"aggregate": "mean_change", "window": "30d_vs_60d"}, 20.0 - 100.0),
        ({"aggregate": "mean_ratio", "window": "30d_vs_60d"}, 0.2),
        ({"aggregate": "share", "measure": "records", "where": ["category == 'rent'"]}, 0.5),
        ({"aggregate": "count", "measure": "records", "where": ["amount >= 30", "category == 'rent'"]}, 1.0),
        ({"aggregate": "distinct", "measure": "category"}, 2.0),
        (
            {"aggregate": "entropy", "measure": "records", "by": "category", "window": "history"},
            -(0.75 * math.log(0.75) + 0.25 * math.log(0.25)),
        ),
        (
            {"aggregate": "hhi", "measure": "amount", "by": "category", "window": "history"},
            (117.5**2 + 30**2) / 147.5**2,
        ),
        ({"aggregate": "top_share", "measure": "records", "by": "category", "window": "history"}, 0.75),
        ({"aggregate": "active_days", "measure": "records", "window": "history"}, 4.0),
        ({"aggregate": "per_active_day", "measure": "records"}, 1.0),
        ({"aggregate": "span_days", "measure": "records", "window": "history"}, 74.0),
        ({"aggregate": "mean_gap", "measure": "records", "window": "history"}, 74 / 3),
        ({"aggregate": "longest_gap", "measure": "records", "window": "history"}, 44.0),
        (
            {"aggregate": "gap_cv", "measure": "records", "window": "history"},
            statistics.stdev([44, 1, 29]) / statistics.mean([44, 1, 29]),
        ),
        ({"aggregate": "frequency", "measure": "records", "window": "history"}, 4 * 30 / 76),
        ({"aggregate": "sum_share", "where": ["category == 'rent'"], "window": "history"}, 30 / 147.5),
        (
            {
                "aggregate": "share_change",
                "measure": "records",
                "where": ["category == 'rent'"],
                "window": "30d_vs_60d",
            },
            0.5,
        ),
        ({"aggregate": "recent_share", "measure": "records", "window": "30d_vs_60d"}, 2 / 3),
        ({"aggregate": "recent_sum_share", "window": "30d_vs_60d"}, 40 / 140),
        ({"aggregate": "mean", "measure": "is_weekend", "window": "history"}, 0.5),
        ({"aggregate": "mean", "measure": "is_night", "window": "history"}, 0.0),
        (
            {
                "aggregate": "days_since_last",
                "measure": "records",
                "where": ["amount > 50"],
                "window": "history",
            },
            31.0,
        ),
        ({"aggregate": "days_since_first", "measure": "records", "window": "history"}, 75.0),
        (
            {
                "aggregate": "current_streak",
                "measure": "records",
                "where": ["amount < 50"],
                "window": "history",
            },
            2.0,
        ),
        (
            {
                "aggregate": "longest_streak",
                "measure": "records",
                "where": ["amount >= 30"],
                "window": "history",
            },
            2.0,
        ),
        ({"aggregate": "max", "expression": "amount - previous.amount"}, -20.0),
        ({"aggregate": "max", "expression": "amount - previous.amount", "window": "31d"}, 92.5),
        (
            {"aggregate": "mean", "expression": "amount / application.limit", "measure_with": {"scale": 3}},
            0.1,
        ),
        ({"aggregate": "sum_ratio", "over": "wide", "window": "history"}, 147.5 / 4),
        ({"aggregate": "mean", "measure": "age_days"}, 15.5),
        ({"source": "application", "measure": "limit", "window": "now", "aggregate": "value"}, 200.0),
    ],
)
def test_values_are_those_computed_by_hand(contracts, one, fields, expected):
    assert value(one(**fields), contracts) == pytest.approx(expected, rel=5e-9)  # nine significant digits


@pytest.mark.parametrize("aggregate", ["std", "cv", "slope"])
def test_one_record_has_no_spread(contracts, one, aggregate):
    assert math.isnan(value(one(aggregate=aggregate), contracts, HISTORY[:1]))


def test_nothing_in_the_window_is_missing_but_a_count_is_zero(contracts, one):
    old = [record("01-15", 7.5)]
    assert math.isnan(value(one(aggregate="mean"), contracts, old))
    assert value(one(aggregate="count"), contracts, old) == 0.0
    assert value(one(aggregate="sum"), contracts, old) == 0.0


def test_no_history_at_all_is_missing_with_a_flag_never_a_silent_zero(contracts, one):
    closure = FeatureClosure(one(aggregate="count"), contracts)
    for records, flag in (
        ({"bank": []}, "bank__no_records"),
        ({}, "bank__not_supplied"),
        ({"bank": None}, "bank__not_supplied"),
    ):
        vector = closure(APPLICATION, records)
        assert math.isnan(vector.values[0])
        assert vector.flags == (flag,)
        assert vector.to_dict() == {"bank__all__amount__30d__count": None}


def test_a_record_at_or_after_the_application_is_refused_with_count(contracts, one):
    late = [record("03-31", 1.0), {**record("03-31", 1.0), "at": "2026-03-31T12:00:00+08:00"}]
    with pytest.raises(
        ScoringError, match=r"CR-SRC-023: Source 'bank' holds 1 of 2 records at or after"
    ) as caught:
        value(one(), contracts, late)
    assert isinstance(caught.value, LeakageError)


def test_an_unknown_source_is_refused(contracts, one):
    with pytest.raises(ScoringError, match="CR-SRC-026: Source 'bnak' .*Did you mean 'bank'"):
        FeatureClosure(one(), contracts)(APPLICATION, {"bnak": []})


def test_a_field_of_the_form_that_is_absent_is_refused(contracts, one):
    bare = Application.from_mapping({"application_id": "A", "applied_at": "2026-03-31T12:00:00+08:00"})
    with pytest.raises(ScoringError, match="CR-SRC-021: Field 'limit' of source 'application'"):
        FeatureClosure(one(), contracts)(bare, {"bank": HISTORY})


def test_the_order_of_records_does_not_matter_even_among_ties(contracts, one):
    tied = [record("03-30", amount, category) for amount in (3.0, 1.0, 2.0) for category in ("rent", "food")]
    catalogue = one(aggregate="last")
    values = {value(catalogue, contracts, order) for order in (tied, tied[::-1], tied[2:] + tied[:2])}
    assert values == {3.0}


def test_precision_is_each_definitions_own(contracts, one):
    coarse, fine = one(window="31d", precision=3), one(window="31d", precision=15)
    assert value(coarse, contracts) == 46.7
    assert value(fine, contracts) == 46.6666666666667
    both = type(fine)(
        name="both",
        version="1",
        definitions=(*coarse.definitions, *one(aggregate="max", precision=1, window="31d").definitions),
    )
    assert FeatureClosure(both, contracts)(APPLICATION, {"bank": HISTORY}).values.tolist() == [46.7, 100.0]


def test_real_time_loads_neither_frames_nor_engines():
    code = (
        "import sys, credit_risk.features as f; f.FeatureClosure, f.FeatureCatalogue; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'pandas', 'pyarrow', 'duckdb', 'ibis', 'sklearn'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

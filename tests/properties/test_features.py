"""Batch, real time and a naive twin in plain Python agree exactly, whatever the definitions and the records.

The twin below is written from the definitions' documentation with fractions and calendars of the standard library; it
shares nothing with the compilers but the final rounding.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.domain.application import Application
from credit_risk.features import (
    CustomAggregate,
    DerivedMeasure,
    FeatureCatalogue,
    FeatureClosure,
    FeatureDefinition,
    Subject,
    compute_features,
    register_aggregate,
)
from credit_risk.features.aggregates import AGGREGATES, CUSTOM
from credit_risk.features.inspection import compare_features, known_by
from credit_risk.features.real_time import history, reductions
from credit_risk.numerics import round_significant
from credit_risk.sources import read_contracts, read_sources, scan_sources
from credit_risk.sources.parts import cut_sources

CONTRACT = """
name = "random"
timezone = "{zone}"
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
application = {{ role = "key", kind = "text" }}
customer = {{ role = "key", kind = "text" }}
applied_at = {{ role = "time", kind = "timestamp" }}
limit = {{ role = "attribute", kind = "money", minimum = 0, maximum = 1_000_000, nullable = true }}
grade = {{ role = "attribute", kind = "code", codes = ["a", "b"], nullable = true }}
[records.bank]
file = "bank.parquet"
customer_key = "customer"
event_time = {{ column = "at" }}
known_at = {{ column = "known" }}
future_records = "ignore"
[records.bank.columns]
customer = {{ role = "key", kind = "text" }}
at = {{ role = "time", kind = "timestamp" }}
known = {{ role = "time", kind = "timestamp" }}
amount = {{ role = "measure", kind = "money", minimum = -10_000_000_000, maximum = 10_000_000_000, nullable = true }}
status = {{ role = "measure", kind = "integer", minimum = -9, maximum = 9, nullable = true }}
huge = {{ role = "measure", kind = "integer" }}
category = {{ role = "measure", kind = "code", codes = ["food", "rent", "pay"], nullable = true }}
flag = {{ role = "measure", kind = "boolean" }}
due = {{ role = "measure", kind = "date", nullable = true }}
"""
ZONES = (
    "Asia/Taipei",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/St_Johns",
    "UTC",
)
SUBJECTS = (
    Subject(source="bank", name="late", where=("status >= 1",)),
    Subject(source="bank", name="good", where=("status <= 0", "flag == 1")),
    Subject(source="bank", name="food", where=("category == 'food'",)),
    Subject(source="bank", name="home", where=("category in ['food', 'rent']",)),
    Subject(source="bank", name="growing", where=("amount > previous.amount",)),
    Subject(source="bank", name="over", where=("amount > application.limit",)),
    Subject(source="bank", name="dear", where=("ratio >= 0.25",)),
    Subject(source="bank", name="night", where=("event_hour < 6",)),
    Subject(source="bank", name="weekend", where=("event_weekday >= 5",)),
    Subject(source="bank", name="odd", where=("amount != 1.005", "status in [1, 3]")),
)
MEASURES = (
    DerivedMeasure(
        source="bank",
        name="ratio",
        expression="amount / application.limit",
        scale=4,
        minimum=-100,
        maximum=100,
    ),
    DerivedMeasure(source="bank", name="change", expression="amount - previous.amount"),
    DerivedMeasure(source="bank", name="total", expression="change + amount", maximum=50),
    DerivedMeasure(source="bank", name="gap", expression="event_day - previous.event_day"),
    DerivedMeasure(source="bank", name="days_late", expression="event_day - due", minimum=0),
    DerivedMeasure(source="bank", name="before", expression="previous.status"),
    DerivedMeasure(source="application", name="double", expression="limit + limit"),
)
NUMERIC = (
    "amount",
    "status",
    "huge",
    "ratio",
    "change",
    "total",
    "gap",
    "before",
    "age_days",
    "event_hour",
    "is_night",
    "is_weekend",
)


def share_above_first(values, ages):
    return sum(value > values[0] for value in values), len(values)


def shares_above_first(values, ages, starts):
    first = [values[start] for start, end in pairwise(starts.tolist()) for _ in range(start, end)]
    above = np.concatenate([[0], np.cumsum(values > np.array(first, dtype=np.int64))])
    return np.diff(above[starts]), np.diff(starts)


register_aggregate(
    CustomAggregate(
        name="part_above_first",
        real_time=share_above_first,
        batch=shares_above_first,
        meaning="share of values above the earliest",
        keeps_unit=False,
    )
)
#: What definitions draw from: neither form values nor aggregates that other tests of this process register, then or later.
DRAWN = sorted(set(AGGREGATES) - {"value", "ratio", "difference", *CUSTOM} | {"part_above_first"})


# ---- the twin ----------------------------------------------------------------------------------------------------


def half_up(value: Fraction, scale: int) -> Fraction:
    whole = math.floor(abs(value) * 10**scale + Fraction(1, 2))
    return Fraction(-whole if value < 0 else whole, 10**scale)


def day_of(moment, zone):
    """The day whose first local midnight has come, and whose next day's has not."""
    day = moment.astimezone(zone).date() + timedelta(days=2)
    while datetime.combine(day, time(), zone).astimezone(UTC) > moment:
        day -= timedelta(days=1)
    return day


def rows_of(records, application, zone):
    """Records that count, oldest first, with everything a definition can name."""
    applied_at = datetime.fromisoformat(application["applied_at"])
    today = day_of(applied_at, zone)
    limit = None if application["limit"] is None else Fraction(str(application["limit"]))
    codes = {"food": 0, "rent": 1, "pay": 2}
    kept = []
    for record in records:
        at, known = datetime.fromisoformat(record["at"]), datetime.fromisoformat(record["known"])
        if at < applied_at and known <= applied_at:
            local = at.astimezone(zone)
            amount = None if record["amount"] is None else Fraction(str(record["amount"]))
            row = {**record, "amount": amount, "limit": limit, "event_hour": local.hour}
            row |= {"event_weekday": local.weekday(), "is_weekend": int(local.isoweekday() in (6, 7))}
            row |= {"is_night": int(local.time() < time(6)), "at": at, "known": known}
            due = record["due"]
            row["due"] = None if due is None else date.fromisoformat(str(due)).toordinal()
            day = day_of(at, zone)
            row |= {"age_days": (today - day).days, "event_day": day.toordinal()}
            kept.append(row)

    def order(row):
        category = None if row["category"] is None else codes[row["category"]]
        values = (row["amount"], row["status"], row["huge"], category, row["flag"], row["due"])
        return (row["at"], row["known"], *((value is not None, value or 0) for value in values))

    kept.sort(key=order)
    for row, previous in zip(kept, [None, *kept][: len(kept)], strict=True):
        derive(row, previous)
    return kept


def derive(row, previous):
    def both(a, b, combine):
        return None if a is None or b is None else combine(a, b)

    row["ratio"] = None
    if row["amount"] is not None and row["limit"] is not None and row["limit"] > 0:
        row["ratio"] = min(max(half_up(row["amount"] / row["limit"], 4), -100), 100)
    earlier = previous or {"amount": None, "event_day": None, "status": None}
    row["previous_amount"] = earlier["amount"]
    row["change"] = both(row["amount"], earlier["amount"], lambda a, b: a - b)
    row["total"] = both(row["change"], row["amount"], lambda a, b: min(a + b, Fraction(50)))
    row["gap"] = both(row["event_day"], earlier["event_day"], lambda a, b: a - b)
    row["days_late"] = both(row["event_day"], row["due"], lambda a, b: max(a - b, 0))
    row["before"] = earlier["status"]


def belongs(row, subject):
    def known(*names):
        return all(row[name] is not None for name in names)

    return {
        "all": lambda: True,
        "late": lambda: known("status") and row["status"] >= 1,
        "good": lambda: known("status") and row["status"] <= 0 and row["flag"],
        "food": lambda: row["category"] == "food",
        "home": lambda: row["category"] in ("food", "rent"),
        "growing": lambda: known("amount", "previous_amount") and row["amount"] > row["previous_amount"],
        "over": lambda: known("amount", "limit") and row["amount"] > row["limit"],
        "dear": lambda: known("ratio") and row["ratio"] >= Fraction(1, 4),
        "night": lambda: row["event_hour"] < 6,
        "weekend": lambda: row["event_weekday"] >= 5,
        "odd": lambda: (
            known("amount", "status") and row["amount"] != Fraction("1.005") and row["status"] in (1, 3)
        ),
    }[subject]()


def variance(x):
    mean = sum(x, Fraction()) / len(x)
    return sum(((v - mean) ** 2 for v in x), Fraction()) / (len(x) - 1)


def slope(x, ages):
    days = [-age for age in ages]
    mean_x, mean_t = sum(x, Fraction()) / len(x), Fraction(sum(days), len(days))
    spread = sum((t - mean_t) ** 2 for t in days)
    if spread == 0:
        return None
    return 30 * sum((t - mean_t) * (v - mean_x) for t, v in zip(days, x, strict=True)) / spread


def percentile(x, percent):
    ordered = sorted(x)
    place = Fraction(percent * (len(x) - 1), 100)
    low = math.floor(place)
    high = min(low + 1, len(x) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def runs(flags):
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest


def both(row, definition):
    return belongs(row, definition.subject) and belongs(row, definition.base)


def gaps_of(own):
    days = sorted(row["event_day"] for row in own)
    return [Fraction(later - earlier) for earlier, later in pairwise(days)]


def share_of(definition, some):
    base = [row for row in some if belongs(row, definition.base)]
    return Fraction(sum(both(row, definition) for row in base), len(base)) if base else None


def twin_of_share_change(definition, window, _own, longer):
    recent, earlier = share_of(definition, window), share_of(definition, longer)
    return None if recent is None or earlier is None else recent - earlier


def twin_of_recent_share(definition, _window, own, longer):
    earlier = [row for row in longer if belongs(row, definition.subject)]
    return Fraction(len(own), len(own) + len(earlier)) if own or earlier else None


def twin_of_gap_cv(_definition, _window, own, _longer):
    gaps = gaps_of(own)
    if len(gaps) < 2 or not any(gaps):
        return None
    return (variance(gaps) / (sum(gaps) / len(gaps)) ** 2,)


def twin_of_frequency(_definition, _window, own, _longer):
    return Fraction(30 * len(own), max(row["age_days"] for row in own) + 1) if own else None


def twin_of_mean_gap(_definition, _window, own, _longer):
    gaps = gaps_of(own)
    return sum(gaps) / len(gaps) if gaps else None


def active(own):
    return len({row["event_day"] for row in own})


TWINS_OF_RECORDS = {
    "share": lambda definition, window, _own, _longer: share_of(definition, window),
    "share_change": twin_of_share_change,
    "recent_share": twin_of_recent_share,
    "gap_cv": twin_of_gap_cv,
    "mean_gap": twin_of_mean_gap,
    "frequency": twin_of_frequency,
    "longest_gap": lambda _definition, _window, own, _longer: max(gaps_of(own), default=None),
    "span_days": lambda _definition, _window, own, _longer: sum(gaps_of(own), Fraction()) if own else None,
    "active_days": lambda _definition, _window, own, _longer: Fraction(active(own)),
    "per_active_day": lambda _definition, _window, own, _longer: (
        Fraction(len(own), active(own)) if own else None
    ),
}


def twin_of_sum_share(definition, window, own):
    part, whole = (
        sum((Fraction(row[definition.measure] or 0) for row in some), Fraction())
        for some in (own, [row for row in window if belongs(row, definition.base)])
    )
    return part / whole if whole > 0 else None


def twin_of_groups(definition, own):
    totals = Counter()
    for row in own:
        weight = 1 if definition.measure == "records" else row[definition.measure]
        if row[definition.by] is not None and weight is not None and weight > 0:
            totals[row[definition.by]] += Fraction(weight)
    whole = sum(totals.values())
    if not whole:
        return None
    shares = [total / whole for total in totals.values()]
    if definition.aggregate == "entropy":
        # 50 digits, then the 12 decimal places the definition promises
        with localcontext() as context:
            context.prec = 50
            exact = [Decimal(share.numerator) / Decimal(share.denominator) for share in shares]
            return Fraction(-sum(share * share.ln() for share in exact).quantize(Decimal("1e-12")))
    return max(shares) if definition.aggregate == "top_share" else sum(share * share for share in shares)


def twin(definition, rows):  # noqa: C901, PLR0911 - one case per aggregate
    """Return the feature as a Fraction, a (Fraction under a root,), or None."""
    if not rows:
        return None
    days = definition.window_days
    window = [row for row in rows if days is None or row["age_days"] <= days]
    own = [row for row in window if both(row, definition)]
    flags = [belongs(row, definition.subject) for row in window]
    name = definition.aggregate
    if name in TWINS_OF_RECORDS:
        longer = [row for row in rows if (definition.against_days or 0) >= row["age_days"] > (days or 0)]
        return TWINS_OF_RECORDS[name](definition, window, own, longer)
    if definition.by:
        return twin_of_groups(definition, own)
    if name == "current_streak":
        return Fraction(next((i for i, flag in enumerate(reversed(flags)) if not flag), len(flags)))
    if name == "longest_streak":
        return Fraction(runs(flags))
    if name in ("days_since_last", "days_since_first"):
        ages = [row["age_days"] for row in own]
        return None if not ages else Fraction(min(ages) if name == "days_since_last" else max(ages))
    if definition.measure == "records":
        return Fraction(len(own))
    present = [row for row in own if row[definition.measure] is not None]
    x = [row[definition.measure] for row in present]
    if name == "last" and definition.measure == "category":
        return Fraction(("food", "rent", "pay").index(x[-1])) if x else None
    if name in ("count", "distinct"):
        return Fraction(len(x) if name == "count" else len(Counter(x)))
    if name == "sum_share":
        return twin_of_sum_share(definition, window, own)
    return twin_of_numbers(definition, [Fraction(v) for v in x], present, (rows, own))


def twin_of_numbers(definition, x, present, context):  # noqa: PLR0911 - one case per aggregate
    rows, own = context
    name = definition.aggregate
    if name == "sum":
        return sum(x, Fraction())
    if name == "sum_ratio":
        over = sum(
            (Fraction(row[definition.over]) for row in own if row[definition.over] is not None), Fraction()
        )
        return sum(x, Fraction()) / over if over > 0 else None
    if definition.against_days is not None:
        earlier = [
            Fraction(row[definition.measure])
            for row in rows
            if definition.window_days < row["age_days"] <= definition.against_days
            and belongs(row, definition.subject)
            and row[definition.measure] is not None
        ]
        if name == "recent_sum_share":
            whole = sum(x, Fraction()) + sum(earlier, Fraction())
            return sum(x, Fraction()) / whole if whole > 0 else None
        if not x or not earlier:
            return None
        recent, before = sum(x, Fraction()) / len(x), sum(earlier, Fraction()) / len(earlier)
        if name == "mean_change":
            return recent - before
        return recent / before if before > 0 else None
    if not x:
        return None
    if name == "std":
        return (variance(x),) if len(x) > 1 else None
    if name == "cv":
        mean = sum(x, Fraction()) / len(x)
        return (variance(x) / mean**2,) if len(x) > 1 and mean != 0 else None
    simple = {
        "part_above_first": lambda: Fraction(sum(v > x[0] for v in x), len(x)),
        "mean": lambda: sum(x, Fraction()) / len(x),
        "min": lambda: min(x),
        "max": lambda: max(x),
        "range": lambda: max(x) - min(x),
        "last": lambda: x[-1],
        "slope": lambda: slope(x, [row["age_days"] for row in present]),
        "median": lambda: percentile(x, 50),
        **{f"p{percent}": lambda percent=percent: percentile(x, percent) for percent in (10, 25, 75, 90)},
    }
    return simple[name]()


def as_float(value, precision):
    if value is None:
        return math.nan
    number = math.sqrt(float(value[0])) if isinstance(value, tuple) else float(value)
    return float(round_significant([number], precision)[0])


# ---- random definitions and records: `rng` is a seed's or Hypothesis's own, which shrinks ------------------------------


def random_definition(rng):
    name = rng.choice(DRAWN)
    aggregate = AGGREGATES[name]
    days = rng.choice([1, 2, 30, 31, 90, 365])
    window = (
        f"{days}d_vs_{rng.choice([366, 400])}d"
        if aggregate.two_windows
        else rng.choice([f"{days}d", "history"])
    )
    measures = NUMERIC if aggregate.needs_scale else (*NUMERIC, "category")
    if aggregate.on_records:
        measure = "records"
    else:
        measure = rng.choice(("records", *measures) if name == "count" or aggregate.takes_by else measures)
    return FeatureDefinition(
        source="bank",
        subject=rng.choice(["all", *(subject.name for subject in SUBJECTS)]),
        measure=measure,
        over=rng.choice(NUMERIC) if aggregate.takes_over else "",
        by=rng.choice(["category", "status", "flag", "gap", "huge"]) if aggregate.takes_by else "",
        base=rng.choice(["all", *(subject.name for subject in SUBJECTS)]) if aggregate.takes_base else "all",
        window=window,
        aggregate=name,
        factor="any",
        precision=rng.choice([3, 9, 15]),
    )


def random_catalogue(rng, n_features):
    chosen = {d.name: d for d in (random_definition(rng) for _ in range(n_features))}
    form = FeatureDefinition(
        source="application", measure="double", window="now", aggregate="value", factor="any"
    )
    return FeatureCatalogue(
        name="random",
        version="1",
        subjects=SUBJECTS,
        measures=MEASURES,
        definitions=(*chosen.values(), form, *random_joins(rng, [*chosen.values(), form])),
    )


def random_joins(rng, definitions):
    usable = [d.name for d in definitions if not AGGREGATES[d.aggregate].is_root]
    joins = [
        FeatureDefinition(
            source="cross",
            measure=rng.choice(usable),
            over=rng.choice(usable),
            window="now",
            aggregate=rng.choice(["ratio", "difference"]),
            factor="any",
        )
        for _ in range(2)
    ]
    return {d.name: d for d in joins}.values()


MICROSECOND = timedelta(microseconds=1)
ANCHORS = (
    datetime(2024, 3, 1),  # after a leap day
    datetime(2024, 3, 31, 9),  # after a month end, near a change of clocks
    datetime(2023, 11, 5, 1, 30),  # inside an hour that occurs twice in New York
    datetime(2025, 1, 1),
    datetime(
        2010, 11, 6, 23, 30
    ),  # St John's: this half hour occurs twice, with the first minute of the 7th in between
    datetime(2010, 11, 7, 9),
)
SHIFTS = (timedelta(0), MICROSECOND, -MICROSECOND, timedelta(hours=5, minutes=59), timedelta(hours=13))
DELAYS = (timedelta(0), timedelta(0), MICROSECOND, timedelta(days=1), timedelta(days=300))


def random_people(rng, n_customers, anchor):
    applications = []
    for number in range(rng.randint(1, n_customers)):
        for repeat in range(rng.choice([1, 1, 2])):
            moment = anchor + timedelta(days=rng.choice([0, 0, 1, 29, 180]))
            applications.append(
                {
                    "application": f"a{number}-{repeat}",
                    "customer": f"p{number}",
                    "applied_at": moment.astimezone(UTC),
                    "limit": rng.choice([None, 0.0, rng.randint(0, 10**8) / 100]),
                    "grade": rng.choice(["a", "b", None]),
                }
            )
    customers = sorted({application["customer"] for application in applications})
    n_records = rng.randint(0, 7 * len(customers))
    return applications, [random_record(rng, anchor, rng.choice(customers)) for _ in range(n_records)]


def random_record(rng, anchor, customer):
    day = anchor - timedelta(days=rng.choice([0, 0, 1, 2, 29, 30, 31, 90, 91, 365, 400]))
    at = rng.choice([day.replace(hour=0, minute=0), day]).astimezone(UTC) + rng.choice(SHIFTS)
    cents = rng.choice([None, rng.randint(-500, 500), 10**12, -(10**12), 10**12 - 1, 0])
    return {
        "customer": customer,
        "at": at,
        "known": at + rng.choice(DELAYS),
        "amount": None if cents is None else cents / 100,
        "status": rng.choice([None, -2, -1, 0, 1, 2, 3, 4]),
        "huge": rng.choice([0, 1, 10**15, -(10**15), 10**15 - 1]),
        "category": rng.choice(["food", "rent", "pay", None]),
        "flag": rng.choice([True, False]),
        "due": rng.choice([None, at.date() - timedelta(days=rng.choice([-40, 0, 1, 29]))]),
    }


MOMENT = pa.timestamp("us", tz="UTC")
FORM = pa.schema(
    {
        "application": pa.string(),
        "customer": pa.string(),
        "applied_at": MOMENT,
        "limit": pa.float64(),
        "grade": pa.string(),
    }
)
BANK = pa.schema(
    {
        "customer": pa.string(),
        "at": MOMENT,
        "known": MOMENT,
        "amount": pa.float64(),
        "status": pa.int64(),
        "huge": pa.int64(),
        "category": pa.string(),
        "flag": pa.bool_(),
        "due": pa.date32(),
    }
)
#: A file must hold a row; this one happens long before every application of a person who never applies twice.
PADDING = {
    "customer": "z",
    "at": datetime(1999, 1, 1, tzinfo=UTC),
    "known": datetime(1999, 1, 1, tzinfo=UTC),
    "amount": 1.0,
    "status": 0,
    "huge": 0,
    "category": "pay",
    "flag": False,
    "due": None,
}


PADDING_CONSENT = {
    "source": "bank",
    "purpose": "credit_assessment",
    "granted_at": PADDING["at"],
    "expires_at": None,
    "withdrawn_at": None,
}


def folder_of(directory, zone, applications, records, *, ledger=False):
    root = Path(directory)
    contract = CONTRACT.format(zone=zone)
    if ledger:
        contract = contract.replace('mode = "assumed"', 'mode = "ledger"\nfile = "consents.parquet"')
    (root / "sources.toml").write_text(contract, encoding="utf-8")
    padding = {
        "application": "z",
        "customer": "z",
        "applied_at": datetime(2026, 1, 1, tzinfo=UTC),
        "limit": 1.0,
        "grade": "a",
    }
    pq.write_table(pa.Table.from_pylist([*applications, padding], FORM), root / "applications.parquet")
    pq.write_table(pa.Table.from_pylist([*records, PADDING], BANK), root / "bank.parquet")
    return read_sources(root)


def values_in_real_time(catalogue, sources, n_records):
    closure = FeatureClosure(catalogue, sources.contracts)
    requests = list(sources.raw_requests(list(sources.applications.index)))
    with arrays_above(n_records):
        vectors = [closure(Application.from_mapping(form), records) for form, records in requests]
    return requests, np.array([vector.values for vector in vectors]), [vector.flags for vector in vectors]


def same_bits(left, right):
    both_missing = np.isnan(left) & np.isnan(right)
    return bool(np.all(both_missing | (left.view(np.int64) == right.view(np.int64))))


def expected_values(catalogue, form, sent, zone, *, has_consent=True):
    history = rows_of(sent, form, ZoneInfo(zone)) if has_consent else []
    values = {}
    for d in catalogue.definitions:
        if d.source == "application":
            values[d.name] = None if form["limit"] is None else 2 * Fraction(str(form["limit"]))
        elif d.source == "cross":
            values[d.name] = twin_of_join(d, values[d.measure], values[d.over])
        else:
            values[d.name] = twin(d, history)
    return np.array([as_float(values[d.name], d.precision) for d in catalogue.definitions]), bool(history)


def twin_of_join(definition, left, right):
    if left is None or right is None:
        return None
    if definition.aggregate == "difference":
        return left - right
    return left / right if right > 0 else None


def as_request(application, records):
    form = {
        **application,
        "application_id": application["application"],
        "customer_id": application["customer"],
    }
    form["applied_at"] = application["applied_at"].isoformat()
    own = [record for record in records if record["customer"] == application["customer"]]
    return form, [
        {**r, **{name: r[name] and r[name].isoformat() for name in ("at", "known", "due")}} for r in own
    ]


@cache
def contracts_of(zone):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sources.toml"
        path.write_text(CONTRACT.format(zone=zone), encoding="utf-8")
        return read_contracts(path)


@contextmanager
def arrays_above(n_records):
    """Choose the path: arrays for histories of more records than this, plain Python for others."""
    before, history.LONG = history.LONG, n_records
    try:
        yield
    finally:
        history.LONG = before


PATHS = pytest.mark.parametrize("n_records", [0, 10**9], ids=["arrays", "plain"])


@PATHS
@given(rng=st.randoms(use_true_random=False), zone=st.sampled_from(ZONES), anchor=st.sampled_from(ANCHORS))
def test_real_time_agrees_with_the_naive_twin_exactly(n_records, rng, zone, anchor):
    catalogue = random_catalogue(rng, 8)
    applications, records = random_people(rng, 2, anchor.replace(tzinfo=ZoneInfo(zone)))
    closure = FeatureClosure(catalogue, contracts_of(zone))
    for application in applications:
        form, sent = as_request(application, records)
        with arrays_above(n_records):
            vector = closure(Application.from_mapping(form), {"bank": sent})
        expected, has_history = expected_values(catalogue, form, sent, zone)
        assert same_bits(vector.values, expected)
        assert vector.flags == (() if has_history else ("bank__no_records",))


@given(
    rng=st.randoms(use_true_random=False),
    zone=st.sampled_from(ZONES),
    anchor=st.sampled_from(ANCHORS),
    n_records=st.sampled_from([1, 25, 70, 300]),
    chunk=st.sampled_from([1, 7, 4096]),
)
def test_arrays_and_plain_python_agree_exactly_on_long_histories(rng, zone, anchor, n_records, chunk):
    closure = FeatureClosure(random_catalogue(rng, 24), contracts_of(zone))
    moment = anchor.replace(tzinfo=ZoneInfo(zone))
    applications, _ = random_people(rng, 1, moment)
    records = [random_record(rng, moment, applications[0]["customer"]) for _ in range(n_records)]
    for application in applications:
        form, sent = as_request(application, records)
        request = (Application.from_mapping(form), {"bank": sent})
        with arrays_above(10**9):
            plain = closure(*request)
        with arrays_above(0), pytest.MonkeyPatch.context() as patch:
            patch.setattr(reductions, "CHUNK", chunk)
            arrays = closure(*request)
        assert same_bits(plain.values, arrays.values)
        assert plain.flags == arrays.flags


@PATHS
@given(rng=st.randoms(use_true_random=False), days=st.sampled_from([1, 2, 30, 31]))
def test_a_clock_set_back_over_midnight_moves_no_record_out_of_its_window(n_records, rng, days):
    zone = "America/St_Johns"
    change = datetime(2010, 11, 7, 2, 31, tzinfo=UTC)  # from 00:01 back to 23:01 of the day before
    catalogue = random_catalogue(rng, 16)
    ages = [timedelta(seconds=rng.choice([-90, -30, 30, 600, 4000])) for _ in range(12)]
    records = [{**random_record(rng, change, "p"), "at": change + age, "known": change + age} for age in ages]
    application = {
        "application": "a",
        "customer": "p",
        "applied_at": change + timedelta(days=days, hours=2),
        "limit": 500.0,
        "grade": "a",
    }
    form, sent = as_request(application, records)
    with arrays_above(n_records):
        vector = FeatureClosure(catalogue, contracts_of(zone))(Application.from_mapping(form), {"bank": sent})
    assert same_bits(vector.values, expected_values(catalogue, form, sent, zone)[0])


@given(seed=st.integers(0, 2**32), zone=st.sampled_from(ZONES), anchor=st.sampled_from(ANCHORS))
def test_batch_agrees_with_real_time_and_the_naive_twin_exactly(seed, zone, anchor):
    rng = random.Random(seed)
    catalogue, world = random_world(rng, zone, anchor)
    with tempfile.TemporaryDirectory() as directory:
        sources = folder_of(directory, zone, *world)
        table = compute_features(catalogue, sources, n_threads=rng.choice([1, 2]))
        requests, real_time, flags = values_in_real_time(catalogue, sources, rng.choice([0, 10**9]))
    batch = table.X.to_numpy()
    for row, (form, sent) in enumerate(requests):
        expected, has_history = expected_values(catalogue, form, sent["bank"], zone)
        assert same_bits(batch[row], expected)
        assert same_bits(real_time[row], expected)
        assert flags[row] == (() if has_history else ("bank__no_records",))
        assert table.flags["bank__no_records"].iloc[row] == (not has_history)


def random_world(rng, zone, anchor):
    return random_catalogue(rng, 16), random_people(rng, 40, anchor.replace(tzinfo=ZoneInfo(zone)))


#: Many passes of the engine in each, so fewer examples.
ENGINE_EXAMPLES = max(settings().max_examples // 10, 6)


@settings(max_examples=ENGINE_EXAMPLES)
@given(seed=st.integers(0, 2**32), zone=st.sampled_from(ZONES), anchor=st.sampled_from(ANCHORS))
def test_cutting_the_records_into_parts_changes_nothing(seed, zone, anchor):
    rng = random.Random(seed)
    catalogue, world = random_world(rng, zone, anchor)
    with tempfile.TemporaryDirectory() as directory:
        sources = folder_of(directory, zone, *world)
        whole = compute_features(catalogue, sources, n_threads=rng.choice([1, 2]))
        with cut_sources(sources, records_per_part=rng.choice([1, 30])) as parts:
            in_memory = compute_features(catalogue, parts)
        with scan_sources(directory, records_per_part=rng.choice([1, 20, 10**6])) as parts:
            by_parts = compute_features(catalogue, parts, n_threads=rng.choice([1, 2]))
    for found in (in_memory, by_parts):
        assert same_bits(found.X.to_numpy(), whole.X.to_numpy())
        assert found.X.index.equals(whole.X.index)
        assert found.flags.equals(whole.flags)


@settings(max_examples=ENGINE_EXAMPLES)
@given(seed=st.integers(0, 2**32), zone=st.sampled_from(ZONES))
def test_neither_later_records_nor_late_news_nor_row_order_nor_threads_matter(seed, zone):
    rng = random.Random(seed)
    catalogue = random_catalogue(rng, 16)
    applications, records = random_people(rng, 20, ANCHORS[0].replace(tzinfo=ZoneInfo(zone)))
    customers = [application["customer"] for application in applications]
    far = ANCHORS[0].replace(tzinfo=ZoneInfo(zone)) + timedelta(days=800)
    later = [random_record(rng, far, rng.choice(customers)) for _ in range(20)]
    late_news = [{**record, "at": record["at"] - timedelta(days=900)} for record in later]
    changed = [*later, *records, *late_news]
    rng.shuffle(changed)
    with tempfile.TemporaryDirectory() as directory:
        before = compute_features(catalogue, folder_of(directory, zone, applications, records))
    with tempfile.TemporaryDirectory() as directory:
        sources = folder_of(directory, zone, applications[::-1], changed)
        after = compute_features(catalogue, sources, n_threads=1)
    assert same_bits(before.X.to_numpy(), after.X.to_numpy())


@settings(max_examples=ENGINE_EXAMPLES)
@given(seed=st.integers(0, 2**32), zone=st.sampled_from(ZONES), days=st.sampled_from([0, 1, 29, 100]))
def test_an_extract_of_an_earlier_day_gives_the_same_past_rows(seed, zone, days):
    """A late record never changes a past training row: the extract leaves out whatever became known after its moment."""
    rng = random.Random(seed)
    catalogue = random_catalogue(rng, 16)
    anchor = ANCHORS[0].replace(tzinfo=ZoneInfo(zone))
    applications, records = random_people(rng, 20, anchor)
    with tempfile.TemporaryDirectory() as directory:
        sources = folder_of(directory, zone, applications, records)
    now = compute_features(catalogue, sources)
    moment = max(anchor.astimezone(UTC), min(a["applied_at"] for a in applications)) + timedelta(days=days)
    extract = known_by(sources, moment)
    then = compute_features(catalogue, extract, n_threads=1)
    assert len(extract.records["bank"]) <= len(sources.records["bank"])
    assert same_bits(then.X.to_numpy(), now.X.loc[then.X.index].to_numpy())
    assert compare_features(then, now).differing == ()


# ---- consent -----------------------------------------------------------------------------------------------------

PROCESSED_AT = datetime(2026, 6, 1, tzinfo=UTC)
LEDGER = pa.schema(
    {
        "customer": pa.string(),
        "source": pa.string(),
        "purpose": pa.string(),
        "granted_at": MOMENT,
        "expires_at": MOMENT,
        "withdrawn_at": MOMENT,
    }
)


def random_consents(rng, applications):
    rows = {}
    for application in applications:
        for _ in range(rng.choice([0, 1, 1, 2])):
            granted = application["applied_at"] + rng.choice([timedelta(0), MICROSECOND, timedelta(days=-90)])
            ends = [None, None, application["applied_at"], application["applied_at"] + MICROSECOND]
            withdrawn = rng.choice([None, None, PROCESSED_AT, PROCESSED_AT + MICROSECOND])
            row = {
                "customer": application["customer"],
                "source": "bank",
                "purpose": "credit_assessment",
                "granted_at": granted,
                "expires_at": rng.choice([end for end in ends if end is None or end > granted]),
                "withdrawn_at": withdrawn,
            }
            rows[application["customer"], granted] = row
    return list(rows.values())


def twin_consents(application, consents):
    own = [row for row in consents if row["customer"] == application["customer"]]
    withdrawn = [
        row["withdrawn_at"] for row in own if row["withdrawn_at"] and row["withdrawn_at"] <= PROCESSED_AT
    ]
    return any(
        row["granted_at"] <= application["applied_at"]
        and (row["expires_at"] is None or application["applied_at"] < row["expires_at"])
        and not any(row["granted_at"] <= moment for moment in withdrawn)
        for row in own
    )


def batch_with_ledger(catalogue, zone, applications, records, consents):
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        padding = {**PADDING_CONSENT, "customer": "z"}
        pq.write_table(pa.Table.from_pylist([*consents, padding], LEDGER), root / "consents.parquet")
        sources = folder_of(directory, zone, applications, records, ledger=True)
        table = compute_features(catalogue, sources, processed_at=PROCESSED_AT)
        with scan_sources(directory, records_per_part=5) as parts:
            by_parts = compute_features(catalogue, parts, processed_at=PROCESSED_AT)
        assert by_parts.flags.equals(table.flags)
        assert by_parts.X.equals(table.X)
        return sources.contracts, table


@settings(max_examples=ENGINE_EXAMPLES)
@given(seed=st.integers(0, 2**32), zone=st.sampled_from(ZONES))
def test_without_consent_no_value_of_a_source_influences_any_output(seed, zone):
    rng = random.Random(seed)
    catalogue = random_catalogue(rng, 10)
    anchor = ANCHORS[0].replace(tzinfo=ZoneInfo(zone))
    applications, records = random_people(rng, 12, anchor)
    consents = random_consents(rng, applications)
    consent = {a["application"]: twin_consents(a, consents) for a in applications}
    silent = {a["customer"] for a in applications} - {
        a["customer"] for a in applications if consent[a["application"]]
    }
    contracts, table = batch_with_ledger(catalogue, zone, applications, records, consents)
    altered = [
        r if r["customer"] not in silent else random_record(rng, anchor, r["customer"]) for r in records
    ]
    _, again = batch_with_ledger(catalogue, zone, applications, altered, consents)
    assert same_bits(table.X.to_numpy(), again.X.to_numpy())
    assert table.flags.equals(again.flags)
    closure = FeatureClosure(catalogue, contracts)
    for application in applications:
        form, sent = as_request(application, records)
        own = [row for row in consents if row["customer"] == application["customer"]]
        vector = closure(
            Application.from_mapping(form), {"bank": sent}, consents=own, processed_at=PROCESSED_AT
        )
        has_consent = consent[application["application"]]
        expected, has_history = expected_values(catalogue, form, sent, zone, has_consent=has_consent)
        assert same_bits(vector.values, expected)
        assert same_bits(table.X.loc[application["application"]].to_numpy(), expected)
        flags = table.flags.loc[application["application"]]
        assert flags["bank__no_consent"] == (not has_consent)
        assert flags["bank__no_records"] == (has_consent and not has_history)
        assert vector.flags == tuple(name for name in flags.index if flags[name])


@pytest.mark.parametrize("catalogue_kind", ["numbers", "words"])
def test_a_catalogue_survives_json(catalogue_kind):
    definition = FeatureDefinition(source="bank", aggregate="count", window="30d", factor="x")
    catalogue = FeatureCatalogue(
        name=catalogue_kind, version="1", subjects=SUBJECTS, measures=MEASURES, definitions=(definition,)
    )
    assert FeatureCatalogue.from_dict(catalogue.to_dict()) == catalogue

"""The 130 features of ``features_closure.py`` in Polars and in DuckDB, one call per line of standard input.

Run by ``features_closure.py`` in the environment of the peers; imports of the library are not allowed here. The first line of
input is a JSON object (definitions, subjects, applicants' events); then each line ``<tool> <form> <applicant> <repeats>`` is
answered by a JSON line with microseconds of each call (by the wall's clock, and of the processor in all threads) and the values of the
last. Expressions and the query are built once, before
any call is timed; ``form`` is 'dictionaries' (reading them belongs to the call) or 'frame' (a frame of raw columns is ready).

Reading order: :func:`main`, :class:`Polars`, :class:`DuckDB`.
"""

from __future__ import annotations

# ruff: noqa: S608 - queries are made of constants and of the definitions of this benchmark
import json
import sys
import time

import duckdb
import polars as pl
import pyarrow as pa

LIMIT = 500_000
CODES = ("food", "rent", "pay")
UNITS = {"amount": 100, "balance": 100, "ratio": 10_000, "change": 100, "total": 100}
ZONE = "Asia/Taipei"
APPLIED_DAY = "2026-03-01"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%z"


class Polars:
    """Two lazy stages: columns, then one expression per feature."""

    def __init__(self, definitions):
        self.version = pl.__version__
        self.features = [self.feature(d).alias(f"f{place}") for place, d in enumerate(definitions)]
        order = ["at", "known", "amount", "balance", "status", "category", "flag"]
        at = pl.col("at").str.to_datetime(TIME_FORMAT, time_zone="UTC")
        known = pl.col("known").str.to_datetime(TIME_FORMAT, time_zone="UTC")
        money = [(pl.col(name) * 100).round().cast(pl.Int64) for name in ("amount", "balance")]
        category = pl.col("category").replace_strict(CODES, range(3), default=None, return_dtype=pl.Int64)
        self.first = [at, known, *money, category]
        self.order = order
        local = pl.col("at").dt.convert_time_zone(ZONE)
        day = local.dt.date().cast(pl.Int32).cast(pl.Int64)
        scaled = pl.col("amount") * 10_000
        quotient = (2 * scaled.abs() + LIMIT) // (2 * LIMIT)
        self.second = [
            (pl.lit(APPLIED_DAY).str.to_date().cast(pl.Int32).cast(pl.Int64) - day).alias("age_days"),
            local.dt.hour().cast(pl.Int64).alias("event_hour"),
            (local.dt.weekday().cast(pl.Int64) - 1).alias("event_weekday"),
            pl.when(scaled < 0).then(-quotient).otherwise(quotient).alias("ratio"),
            (pl.col("amount") - pl.col("amount").shift()).alias("change"),
            (pl.col("balance") + pl.col("amount")).alias("total"),
            (day - day.shift()).alias("gap"),
            pl.col("status").shift().alias("before"),
        ]
        amount, status = pl.col("amount"), pl.col("status")
        subjects = {
            "late": status >= 1,
            "good": (status <= 0) & pl.col("flag"),
            "food": pl.col("category") == 0,
            "home": pl.col("category").is_in([0, 1]),
            "growing": pl.col("change") > 0,
            "over": amount > LIMIT,
            "dear": pl.col("ratio") >= 2_500,
            "night": pl.col("event_hour") < 6,
            "weekend": pl.col("event_weekday") >= 5,
            "odd": (amount != 105) & status.is_in([1, 3]),
        }
        self.third = [mask.fill_null(value=False).alias(f"is_{name}") for name, mask in subjects.items()]

    def frame(self, events):
        return pl.DataFrame(events, schema_overrides={"amount": pl.Float64, "category": pl.String})

    def __call__(self, frame):
        found = (
            frame.lazy()
            .with_columns(self.first)
            .sort(self.order)
            .with_columns(self.second)
            .with_columns(self.third)
            .select(self.features)
            .collect()
        )
        return list(found.row(0))

    def feature(self, d):
        mask, window = self.masks(d)
        of_records = d["measure"] == "records"
        x = pl.col("age_days" if of_records else d["measure"]).filter(mask) / UNITS.get(d["measure"], 1)
        own = pl.lit(value=True) if d["subject"] == "all" else pl.col(f"is_{d['subject']}")
        ages = pl.col("age_days").filter(mask)
        simple = {
            "count": lambda: mask.sum() if of_records else x.count(),
            "share": lambda: mask.sum() / window.sum(),
            "sum": x.sum,
            "mean": x.mean,
            "min": x.min,
            "max": x.max,
            "range": lambda: x.max() - x.min(),
            "last": lambda: x.drop_nulls().last(),
            "std": x.std,
            "cv": lambda: x.std() / x.mean().abs(),
            "distinct": lambda: x.drop_nulls().n_unique(),
            "days_since_last": ages.min,
            "days_since_first": ages.max,
            "median": x.median,
            "current_streak": lambda: pl.min_horizontal(self.lead(own), window.sum()),
            "longest_streak": lambda: self.longest(mask.filter(window)),
        }
        name = d["aggregate"]
        if name in simple:
            return simple[name]()
        if name[0] == "p":
            return x.quantile(int(name[1:]) / 100, interpolation="linear")
        if name == "slope":
            return self.slope(d["measure"], mask)
        if name == "sum_ratio":
            over = (pl.col(d["over"]).filter(mask) / UNITS.get(d["over"], 1)).sum()
            return pl.when(over > 0).then(x.sum() / over)
        before = own & (pl.col("age_days") > d["days"]) & (pl.col("age_days") <= d["against"])
        earlier = (pl.col(d["measure"]).filter(before) / UNITS.get(d["measure"], 1)).mean()
        if name == "mean_change":
            return x.mean() - earlier
        return pl.when(earlier > 0).then(x.mean() / earlier)

    def masks(self, d):
        window = (pl.col("age_days") <= d["days"]) if d["days"] else pl.col("age_days").is_not_null()
        return (window if d["subject"] == "all" else window & pl.col(f"is_{d['subject']}")), window

    def lead(self, own):
        return (own & pl.col("age_days").is_not_null()).cast(pl.Int64).reverse().cum_min().sum()

    def longest(self, flags):
        runs = flags.rle()
        return runs.struct.field("len").filter(runs.struct.field("value")).max().fill_null(0)

    def slope(self, measure, mask):
        present = mask & pl.col(measure).is_not_null()
        x, t = pl.col(measure).filter(present) / UNITS.get(measure, 1), -pl.col("age_days").filter(present)
        n = present.sum()
        spread = n * (t * t).sum() - t.sum() * t.sum()
        return pl.when(spread > 0).then(30 * (n * (t * x).sum() - t.sum() * x.sum()) / spread)


class DuckDB:
    """One prepared query with a FILTER per feature."""

    def __init__(self, definitions):
        self.version = duckdb.__version__
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.register("incoming", self.frame([EXAMPLE]))
        self.connection.execute("CREATE TEMP TABLE events AS SELECT * FROM incoming")
        features = ", ".join(f"{self.feature(d)} AS f{place}" for place, d in enumerate(definitions))
        self.connection.execute(f"PREPARE features AS {COLUMNS} SELECT {features} FROM subjects")

    def frame(self, events):
        return pa.Table.from_pylist(events, SCHEMA)

    def __call__(self, frame):
        self.connection.register("incoming", frame)
        self.connection.execute("TRUNCATE events")
        self.connection.execute("INSERT INTO events SELECT * FROM incoming")
        return list(self.connection.execute("EXECUTE features").fetchone())

    def feature(self, d):
        window = f"age_days <= {d['days']}" if d["days"] else "true"
        own = "true" if d["subject"] == "all" else f"is_{d['subject']}"
        mask = f"FILTER (WHERE {window} AND {own})"
        measure, unit = d["measure"], UNITS.get(d["measure"], 1)
        x = f"({measure} / {unit}.0)"
        name = d["aggregate"]
        text = f"string_agg(CASE WHEN {own} THEN '1' ELSE '0' END, '' ORDER BY place)"
        simple = {
            "count": f"count({'*' if measure == 'records' else measure}) {mask}",
            "share": f"count(*) {mask} / count(*) FILTER (WHERE {window})",
            "sum": f"coalesce(sum({x}) {mask}, 0)",
            "mean": f"avg({x}) {mask}",
            "min": f"min({x}) {mask}",
            "max": f"max({x}) {mask}",
            "range": f"max({x}) {mask} - min({x}) {mask}",
            "last": f"arg_max({x}, place) {mask}",
            "std": f"stddev_samp({x}) {mask}",
            "cv": f"stddev_samp({x}) {mask} / abs(avg({x}) {mask})",
            "distinct": f"count(DISTINCT {measure}) {mask}",
            "days_since_last": f"min(age_days) {mask}",
            "days_since_first": f"max(age_days) {mask}",
            "median": f"quantile_cont({x}, 0.5) {mask}",
            "current_streak": f"least(length(regexp_extract({text}, '1*$')), count(*) FILTER (WHERE {window}))",
            "longest_streak": f"coalesce(list_max(list_transform(string_split({text} FILTER (WHERE {window}), '0'), "
            "lambda run: length(run))), 0)",
            "slope": f"30 * regr_slope({x}, -age_days) {mask}",
        }
        if name in simple:
            return simple[name]
        if name[0] == "p":
            return f"quantile_cont({x}, {int(name[1:]) / 100}) {mask}"
        if name == "sum_ratio":
            over = f"sum({d['over']} / {UNITS.get(d['over'], 1)}.0) {mask}"
            return f"CASE WHEN {over} > 0 THEN coalesce(sum({x}) {mask}, 0) / {over} END"
        earlier = f"avg({x}) FILTER (WHERE {own} AND age_days > {d['days']} AND age_days <= {d['against']})"
        if name == "mean_change":
            return f"avg({x}) {mask} - {earlier}"
        return f"CASE WHEN {earlier} > 0 THEN avg({x}) {mask} / {earlier} END"


SCHEMA = pa.schema(
    {
        "customer": pa.string(),
        "at": pa.string(),
        "known": pa.string(),
        "amount": pa.float64(),
        "balance": pa.float64(),
        "status": pa.int64(),
        "category": pa.string(),
        "flag": pa.bool_(),
    }
)
EXAMPLE = {"customer": "A", "at": "2026-02-01T00:00:00+00:00", "known": "2026-02-01T00:00:00+00:00"}
COLUMNS = f"""
WITH typed AS (
    SELECT "at"::TIMESTAMP AS moment, known::TIMESTAMP AS known, round(amount * 100)::BIGINT AS amount,
           round(balance * 100)::BIGINT AS balance, status, list_position(['food', 'rent', 'pay'], category) - 1 AS category, flag
    FROM events),
timed AS (SELECT *, moment + INTERVAL 8 HOUR AS local FROM typed),
placed AS (
    SELECT *, row_number() OVER w AS place, date_diff('day', local::DATE, DATE '{APPLIED_DAY}') AS age_days,
           hour(local) AS event_hour, isodow(local) - 1 AS event_weekday, amount - lag(amount) OVER w AS change,
           balance + amount AS total, date_diff('day', lag(local::DATE) OVER w, local::DATE) AS gap, lag(status) OVER w AS before,
           sign(amount) * ((2 * abs(amount * 10000) + {LIMIT}) // (2 * {LIMIT})) AS ratio
    FROM timed
    WINDOW w AS (ORDER BY moment, known, amount NULLS FIRST, balance, status, category NULLS FIRST, flag)),
subjects AS (
    SELECT *, status >= 1 AS is_late, status <= 0 AND flag AS is_good, coalesce(category = 0, false) AS is_food,
           coalesce(category IN (0, 1), false) AS is_home, coalesce(change > 0, false) AS is_growing,
           coalesce(amount > {LIMIT}, false) AS is_over, coalesce(ratio >= 2500, false) AS is_dear, event_hour < 6 AS is_night,
           event_weekday >= 5 AS is_weekend, coalesce(amount != 105 AND status IN (1, 3), false) AS is_odd
    FROM placed)
"""
TOOLS = {"polars": Polars, "duckdb": DuckDB}


def main() -> None:
    """Answer one request per line."""
    content = json.loads(sys.stdin.readline())
    tools = {name: kind(content["definitions"]) for name, kind in TOOLS.items()}
    print(json.dumps({name: tool.version for name, tool in tools.items()}), flush=True)
    for line in sys.stdin:
        name, form, applicant, repeats = line.split()
        tool, events = tools[name], content["applicants"][int(applicant)]
        ready = tool.frame(events)
        spent, values = [], []
        for _ in range(int(repeats)):
            start = time.perf_counter_ns(), time.process_time_ns()
            values = tool(tool.frame(events) if form == "dictionaries" else ready)
            end = time.perf_counter_ns(), time.process_time_ns()
            spent.append([(end[0] - start[0]) / 1e3, (end[1] - start[1]) / 1e3])
        plain = [None if value is None else float(value) for value in values]
        print(json.dumps({"us": spent, "values": plain}), flush=True)


if __name__ == "__main__":
    main()

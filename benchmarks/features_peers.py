"""The same 60 features by other tools: the list, and one function per tool. Imports of the library are not allowed here.

Run by ``features.py``, in the environment of the peers: ``python benchmarks/features_peers.py <tool> <folder> <out.parquet>``.

What every tool must deliver: one row per application of the form, also where nothing is known of it; only events with
``at < applied_at`` and ``known <= applied_at``; windows of local days (Asia/Shanghai, UTC+8 without daylight time since 1991).

Reading order: :data:`FEATURES`, then one function per tool.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import dataclass
from importlib.metadata import distributions, version
from pathlib import Path

DAY_US, HOUR_US, OFFSET_US = 86_400_000_000, 3_600_000_000, 8 * 3_600_000_000
ALL = 36_500
MONEY, MERCHANT, DEVICE, CATEGORY = "amount", "merchant", "device", "category"
N_THREADS = 2


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature in the words of no tool: which events, what of them, which window, how aggregated."""

    subject: str
    measure: str
    window: str
    aggregate: str

    @property
    def name(self) -> str:
        """Name as the library generates it."""
        return "__".join(("events", self.subject, self.measure or "records", self.window, self.aggregate))

    @property
    def days(self) -> int:
        """Length of the window, or of the recent one of two."""
        return ALL if self.window == "history" else int(self.window.split("d")[0])

    @property
    def against(self) -> int:
        """Length of the longer window that a comparison takes."""
        return int(self.window.split("_vs_")[1][:-1])


def _family(aggregate: str, measure: str, windows: tuple[int, ...], subject: str = "all") -> list[Feature]:
    return [Feature(subject, measure, f"{days}d", aggregate) for days in windows]


FEATURES: tuple[Feature, ...] = (
    *_family("count", "", (7, 30, 90, 180, 365)),
    *_family("sum", MONEY, (7, 30, 90, 180, 365)),
    *_family("mean", MONEY, (7, 30, 90, 180, 365)),
    *_family("std", MONEY, (30, 90, 180, 365)),
    *_family("max", MONEY, (30, 90, 365)),
    *_family("min", MONEY, (30, 90, 365)),
    *_family("distinct", MERCHANT, (7, 30, 90, 180, 365)),
    *_family("distinct", DEVICE, (30, 90, 180, 365)),
    *_family("distinct", CATEGORY, (7, 30, 90, 180)),
    *_family("share", "", (30, 90, 365), "night"),
    *_family("share", "", (30, 90, 365), "weekend"),
    *_family("count", "", (30, 90, 365), "gambling"),
    *_family("sum", MONEY, (30, 90, 365), "gambling"),
    *_family("count", "", (90, 365), "salary"),
    *_family("mean", MONEY, (90, 365), "salary"),
    *_family("sum", MONEY, (30, 180), "cash"),
    Feature("all", "", "history", "days_since_last"),
    Feature("all", "", "history", "days_since_first"),
    Feature("all", MONEY, "30d_vs_180d", "mean_change"),
    Feature("all", MONEY, "30d_vs_180d", "mean_ratio"),
)
SUBJECTS = {
    "night": "event_hour < 6",
    "weekend": "event_weekday >= 5",
    "gambling": "category == 'gambling'",
    "salary": "category == 'salary'",
    "cash": "category == 'cash'",
}


# ---- polars, streaming -------------------------------------------------------------------------------------------


def run_polars(folder: Path):
    """Write the features by hand in polars, lazily, with its streaming engine: the quickest form that was found."""
    import polars as pl

    applications = pl.scan_parquet(folder / "applications.parquet")
    joined = _polars_base(pl, folder)
    columns = {feature.name: _polars_feature(pl, feature) for feature in FEATURES}
    table = joined.group_by("application").agg(**columns)
    answer = applications.select("application").join(table, on="application", how="left")
    return answer.collect(engine="streaming").to_arrow()


def _polars_base(pl, folder: Path):
    """Return events that count, with age in days, lazily."""
    applications = pl.scan_parquet(folder / "applications.parquet")
    events = pl.scan_parquet(folder / "events.parquet")
    at, applied = pl.col("at").to_physical() + OFFSET_US, pl.col("applied_at").to_physical() + OFFSET_US
    return (
        events.join(applications, on="customer")
        .filter((pl.col("at") < pl.col("applied_at")) & (pl.col("known") <= pl.col("applied_at")))
        .select(
            "application",
            "amount",
            "merchant",
            "device",
            "category",
            age=(applied // DAY_US - at // DAY_US).cast(pl.Int32),
            night=at // HOUR_US % 24 < 6,
            weekend=(at // DAY_US + 3) % 7 >= 5,
        )
    )


def _polars_feature(pl, feature: Feature):
    subject = {
        "all": None,
        "night": pl.col("night"),
        "weekend": pl.col("weekend"),
        **{word: pl.col("category") == word for word in ("gambling", "salary", "cash")},
    }[feature.subject]

    def chosen(measure: str, days: int, *, own: bool = True):
        conditions = [pl.col("age") <= days] if days < ALL else []
        conditions += [subject] if own and subject is not None else []
        column = pl.col(measure)
        return column.filter(*conditions) if conditions else column

    measure, days = feature.measure or "age", feature.days
    if feature.aggregate == "share":
        whole = chosen("age", days, own=False).len()
        return pl.when(whole > 0).then(chosen("age", days).len() / whole)
    if feature.aggregate in ("mean_change", "mean_ratio"):
        near, far = chosen(measure, days), chosen(measure, feature.against)
        early_sum, early_n = far.sum() - near.sum(), far.len() - near.len()
        near_mean, early_mean = _quotient(pl, near.sum(), near.len()), _quotient(pl, early_sum, early_n)
        if feature.aggregate == "mean_change":
            return near_mean - early_mean
        return pl.when(early_sum != 0).then(near_mean / early_mean)
    column = chosen(measure, days)
    return {
        "count": column.len,
        "sum": column.sum,
        "mean": column.mean,
        "std": column.std,
        "max": column.max,
        "min": column.min,
        "distinct": column.n_unique,
        "days_since_last": column.min,
        "days_since_first": column.max,
    }[feature.aggregate]()


def _quotient(pl, top, bottom):
    return pl.when(bottom > 0).then(top / bottom)


def run_polars_rings(folder: Path):
    """Do the same with rings of age: aggregated once, added up; values counted at their first ring."""
    import polars as pl

    applications = pl.scan_parquet(folder / "applications.parquet")
    windows = _windows()
    base = _polars_base(pl, folder).with_columns(
        ring=pl.sum_horizontal([(pl.col("age") > days).cast(pl.Int8) for days in windows])
    )
    masks = {"night": pl.col("night"), "weekend": pl.col("weekend")}
    masks |= {word: pl.col("category") == word for word in ("gambling", "salary", "cash")}
    amount = pl.col("amount")
    rings = base.group_by("application", "ring").agg(
        n_all=pl.len(),
        s_all=amount.sum(),
        q_all=(amount * amount).sum(),
        high=amount.max(),
        low=amount.min(),
        youngest=pl.col("age").min(),
        oldest=pl.col("age").max(),
        **{f"n_{name}": mask.sum() for name, mask in masks.items()},
        **{
            f"s_{name}": (amount * mask).sum()
            for name, mask in masks.items()
            if name not in ("night", "weekend")
        },
    )
    columns = {f.name: _polars_ring_feature(pl, f) for f in FEATURES if f.aggregate != "distinct"}
    tables = [rings.group_by("application").agg(**columns)]
    for measure in (MERCHANT, DEVICE, CATEGORY):
        first = base.group_by("application", measure).agg(pl.col("ring").min())
        counts = {
            f.name: (pl.col("ring") <= windows.index(f.days)).sum()
            for f in FEATURES
            if (f.aggregate, f.measure) == ("distinct", measure)
        }
        tables.append(first.group_by("application").agg(**counts))
    answer = applications.select("application")
    for table in tables:
        answer = answer.join(table, on="application", how="left")
    return answer.collect(engine="streaming").to_arrow()


def _windows() -> list[int]:
    return sorted({f.days for f in FEATURES} | {f.against for f in FEATURES if "_vs_" in f.window})[:-1]


def _polars_ring_feature(pl, feature: Feature):
    def total(column: str, days: int, how: str = "sum"):
        inside = pl.col("ring") <= (len(_windows()) if days == ALL else _windows().index(days))
        return getattr(pl.col(column).filter(inside), how)()

    subject, days = feature.subject, feature.days
    n, s = f"n_{subject}", f"s_{subject}"
    if feature.aggregate in ("mean_change", "mean_ratio"):
        near = _quotient(pl, total(s, days), total(n, days))
        early_s, early_n = (
            total(s, feature.against) - total(s, days),
            total(n, feature.against) - total(n, days),
        )
        early = _quotient(pl, early_s, early_n)
        return (
            near - early if feature.aggregate == "mean_change" else pl.when(early_s != 0).then(near / early)
        )
    if feature.aggregate == "std":
        n_, s_, q_ = (total(name, days).cast(pl.Int128) for name in ("n_all", "s_all", "q_all"))
        return pl.when(n_ > 1).then(
            ((n_ * q_ - s_ * s_).cast(pl.Float64) / (n_ * (n_ - 1)).cast(pl.Float64)).sqrt()
        )
    return {
        "count": lambda: total(n, days),
        "sum": lambda: total(s, days),
        "mean": lambda: _quotient(pl, total(s, days), total(n, days)),
        "share": lambda: _quotient(pl, total(n, days), total("n_all", days)),
        "max": lambda: total("high", days, "max"),
        "min": lambda: total("low", days, "min"),
        "days_since_last": lambda: total("youngest", days, "min"),
        "days_since_first": lambda: total("oldest", days, "max"),
    }[feature.aggregate]()


# ---- pandas, merge and groupby -----------------------------------------------------------------------------------


def run_pandas(folder: Path):
    """Merge, then one groupby per window and subject."""
    import pandas as pd

    applications = pd.read_parquet(folder / "applications.parquet")
    events = pd.read_parquet(folder / "events.parquet")
    joined = events.merge(applications, on="customer")
    joined = joined[(joined["at"] < joined["applied_at"]) & (joined["known"] <= joined["applied_at"])]
    local = joined["at"].astype("int64") + OFFSET_US
    applied_day = (joined["applied_at"].astype("int64") + OFFSET_US) // DAY_US
    joined = joined.assign(
        age=applied_day - local // DAY_US,
        night=local // HOUR_US % 24 < 6,
        weekend=(local // DAY_US + 3) % 7 >= 5,
        **{word: joined["category"] == word for word in ("gambling", "salary", "cash")},
    )
    everybody = joined["application"].unique()
    columns = {}
    for days in sorted({feature.days for feature in FEATURES}):
        within = joined if days == ALL else joined[joined["age"] <= days]
        for feature in (f for f in FEATURES if f.days == days):
            columns[feature.name] = _pandas_feature(feature, within, joined, everybody)
    order = applications["application"]
    answer = pd.DataFrame({f.name: columns[f.name].reindex(order) for f in FEATURES})
    return answer.rename_axis("application").reset_index()


def _pandas_feature(feature: Feature, within, joined, everybody):  # noqa: PLR0911 - one case per aggregate
    own = within if feature.subject == "all" else within[within[feature.subject]]
    groups = own.groupby("application", sort=False)
    if feature.aggregate == "count":
        return groups.size().reindex(everybody, fill_value=0)
    if feature.aggregate == "share":
        whole = within.groupby("application", sort=False).size()
        return groups.size().reindex(whole.index, fill_value=0) / whole
    if feature.aggregate in ("days_since_last", "days_since_first"):
        return groups["age"].min() if feature.aggregate == "days_since_last" else groups["age"].max()
    values = groups[feature.measure]
    if feature.aggregate in ("mean_change", "mean_ratio"):
        far = joined[joined["age"] <= feature.against].groupby("application", sort=False)[feature.measure]
        far_sum, far_n = far.sum(), far.size()
        early_sum = far_sum - values.sum().reindex(far_sum.index, fill_value=0)
        early_n = far_n - values.size().reindex(far_n.index, fill_value=0)
        early_mean = early_sum.where(early_n > 0) / early_n.where(early_n > 0)
        if feature.aggregate == "mean_change":
            return values.mean() - early_mean
        return values.mean() / early_mean.where(early_sum != 0)
    if feature.aggregate == "distinct":
        return values.nunique().reindex(everybody, fill_value=0)
    if feature.aggregate == "sum":
        return values.sum().reindex(everybody, fill_value=0)
    return getattr(values, feature.aggregate)()


# ---- SQL: naive through ibis, naive by hand, rings by hand --------------------------------------------------------


def run_ibis(folder: Path):
    """Write one naive ibis expression per feature, on DuckDB: filter, aggregate, no plan."""
    import ibis

    connection = ibis.duckdb.connect(threads=N_THREADS)
    applications = connection.read_parquet(folder / "applications.parquet")
    events = connection.read_parquet(folder / "events.parquet")
    joined = events.inner_join(applications, "customer")
    joined = joined.filter(joined.at < joined.applied_at, joined.known <= joined.applied_at)
    local = joined.at.epoch_seconds() + OFFSET_US // 1_000_000
    applied = joined.applied_at.epoch_seconds() + OFFSET_US // 1_000_000
    joined = joined.mutate(
        age=applied // 86_400 - local // 86_400,
        night=local // 3_600 % 24 < 6,
        weekend=(local // 86_400 + 3) % 7 >= 5,
    )
    columns = {feature.name: _ibis_feature(feature, joined) for feature in FEATURES}
    table = joined.group_by("application").agg(**columns)
    answer = applications.select("application").left_join(table, "application").drop("application_right")
    return answer.to_pyarrow()


def _ibis_feature(feature: Feature, joined):  # noqa: PLR0911 - one case per aggregate
    subject = {
        "all": None,
        "night": joined.night,
        "weekend": joined.weekend,
        **{word: joined.category == word for word in ("gambling", "salary", "cash")},
    }[feature.subject]

    def within(days: int, *, own: bool = True):
        window = joined.age <= days
        return window & subject if own and subject is not None else window

    where = within(feature.days)
    if feature.aggregate == "count":
        return joined.count(where=where)
    if feature.aggregate == "share":
        return joined.count(where=where) / joined.count(where=within(feature.days, own=False)).nullif(0)
    if feature.aggregate in ("days_since_last", "days_since_first"):
        return (
            joined.age.min(where=where)
            if feature.aggregate == "days_since_last"
            else joined.age.max(where=where)
        )
    measure = joined[feature.measure]
    if feature.aggregate in ("mean_change", "mean_ratio"):
        early = within(feature.against) & ~where
        near_mean, early_mean = measure.mean(where=where), measure.mean(where=early)
        if feature.aggregate == "mean_change":
            return near_mean - early_mean
        return near_mean / early_mean.nullif(0)
    if feature.aggregate == "sum":
        return measure.sum(where=where).fill_null(0)
    if feature.aggregate == "distinct":
        return measure.nunique(where=where)
    if feature.aggregate == "std":
        return measure.std(where=where)
    return getattr(measure, feature.aggregate)(where=where)


def run_duckdb(folder: Path):
    """Write SQL by hand: every event into one ring of age, rings aggregated once and added up; values at their first ring."""
    import duckdb

    connection = duckdb.connect(config={"threads": N_THREADS, "preserve_insertion_order": False})
    windows = _windows()
    ring = " ".join(f"WHEN age <= {days} THEN {place}" for place, days in enumerate(windows))
    connection.execute(f"""
        CREATE TEMP TABLE base AS
        SELECT *, (CASE {ring} ELSE {len(windows)} END)::TINYINT AS ring FROM (
            SELECT application, amount, merchant, device, category,
                   ((epoch_us(applied_at) + {OFFSET_US}) // {DAY_US} - (epoch_us("at") + {OFFSET_US}) // {DAY_US})::INTEGER AS age,
                   (epoch_us("at") + {OFFSET_US}) // {HOUR_US} % 24 < 6 AS night,
                   ((epoch_us("at") + {OFFSET_US}) // {DAY_US} + 3) % 7 >= 5 AS weekend
            FROM read_parquet('{folder / "events.parquet"}') JOIN read_parquet('{folder / "applications.parquet"}')
            USING (customer) WHERE "at" < applied_at AND known <= applied_at)""")  # noqa: S608 - constants of this file
    words = ("gambling", "salary", "cash")
    sums = [f"sum(amount) FILTER (category = '{word}') AS s_{word}" for word in words]
    counts = [f"count(*) FILTER (category = '{word}') AS n_{word}" for word in words]
    counts += [f"count(*) FILTER ({name}) AS n_{name}" for name in ("night", "weekend")]
    connection.execute(f"""
        CREATE TEMP TABLE rings AS
        SELECT application, ring, count(*) AS n_all, sum(amount) AS s_all, sum(amount * amount) AS q_all,
               max(amount) AS high, min(amount) AS low, min(age) AS youngest, max(age) AS oldest, {", ".join(sums + counts)}
        FROM base GROUP BY application, ring""")  # noqa: S608 - constants of this file
    select = ", ".join(
        f'{_ring_feature(f, windows)} AS "{f.name}"' for f in FEATURES if f.aggregate != "distinct"
    )
    connection.execute(
        f"CREATE TEMP TABLE features AS SELECT application, {select} FROM rings GROUP BY application"  # noqa: S608 - constants of this file
    )
    joins = ""
    for measure in (MERCHANT, DEVICE, CATEGORY):
        select = ", ".join(
            f'count(*) FILTER (ring <= {windows.index(f.days)}) AS "{f.name}"'
            for f in FEATURES
            if (f.aggregate, f.measure) == ("distinct", measure)
        )
        connection.execute(f"""
            CREATE TEMP TABLE distinct_{measure} AS SELECT application, {select} FROM (
                SELECT application, {measure}, min(ring) AS ring FROM base GROUP BY application, {measure})
            GROUP BY application""")  # noqa: S608 - constants of this file
        joins += f" LEFT JOIN distinct_{measure} USING (application)"
    return connection.sql(f"""
        SELECT * FROM (SELECT application FROM read_parquet('{folder / "applications.parquet"}'))
        LEFT JOIN features USING (application) {joins}""").to_arrow_table()  # noqa: S608 - constants of this file


def _ring_feature(feature: Feature, windows: list[int]) -> str:
    def total(column: str, days: int, how: str = "sum") -> str:
        return (
            f"{how}({column})" if days == ALL else f"{how}({column}) FILTER (ring <= {windows.index(days)})"
        )

    subject, days = feature.subject, feature.days
    n, s = f"n_{subject}", f"s_{subject}"
    if feature.aggregate in ("mean_change", "mean_ratio"):
        near_n, near_s = total(n, days), total(s, days)
        early_n = f"({total(n, feature.against)} - coalesce({near_n}, 0))"
        early_s = f"({total(s, feature.against)} - coalesce({near_s}, 0))"
        sign = "-" if feature.aggregate == "mean_change" else "/"
        return f"{near_s} / nullif({near_n}, 0) {sign} nullif({early_s} / nullif({early_n}, 0), {'NULL' if sign == '-' else 0})"
    if feature.aggregate == "std":
        n, s, q = total(n, days), total(s, days), total("q_all", days)
        return f"CASE WHEN {n} > 1 THEN sqrt(({n} * {q} - {s} * {s}) / ({n} * ({n} - 1))) END"
    return {
        "count": lambda: f"coalesce({total(n, days)}, 0)",
        "sum": lambda: f"coalesce({total(s, days)}, 0)",
        "mean": lambda: f"{total(s, days)} / nullif({total(n, days)}, 0)",
        "share": lambda: f"{total(n, days)} / {total('n_all', days)}",
        "max": lambda: total("high", days, "max"),
        "min": lambda: total("low", days, "min"),
        "days_since_last": lambda: total("youngest", days, "min"),
        "days_since_first": lambda: total("oldest", days, "max"),
    }[feature.aggregate]()


# ---- featuretools, a few applications -----------------------------------------------------------------------------

N_FEATURETOOLS = 60


def run_featuretools(folder: Path):
    """Compute plain aggregates for a few applications: one run of deep feature synthesis per window."""
    import warnings

    import featuretools
    import pandas as pd

    warnings.simplefilter("ignore")  # one line per call of a group function otherwise
    applications = pd.read_parquet(folder / "applications.parquet").head(N_FEATURETOOLS)
    events = pd.read_parquet(folder / "events.parquet")
    events["event"] = range(len(events))
    for name in ("at", "known"):
        events[name] = events[name].dt.tz_localize(None)
    cutoffs = applications.rename(columns={"applied_at": "time"})[["customer", "time"]]
    cutoffs["time"] = cutoffs["time"].dt.tz_localize(None)
    everybody = pd.read_parquet(folder / "applications.parquet", columns=["customer"])
    store = featuretools.EntitySet("lender")
    store = store.add_dataframe(dataframe_name="customers", dataframe=everybody, index="customer")
    store = store.add_dataframe(dataframe_name="events", dataframe=events, index="event", time_index="at")
    store = store.add_relationship("customers", "customer", "events", "customer")
    started, used = time.perf_counter(), time.process_time()
    for days in (7, 30, 90, 180, 365):
        featuretools.dfs(
            entityset=store,
            target_dataframe_name="customers",
            cutoff_time=cutoffs,
            training_window=f"{days} days",
            agg_primitives=["count", "sum", "mean", "std", "max", "min", "num_unique"],
            trans_primitives=[],
            max_depth=1,
        )
    seconds = time.perf_counter() - started
    used = time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu_seconds": used, "applications": len(applications)}))


TOOLS = {
    "polars": run_polars,
    "polars_rings": run_polars_rings,
    "pandas": run_pandas,
    "ibis": run_ibis,
    "duckdb": run_duckdb,
}
PACKAGES = ("polars", "pandas", "pyarrow", "duckdb", "ibis-framework", "featuretools", "numpy")


def main(tool: str, folder: str, answer: str) -> None:
    """Run one tool, write its answer, print seconds (imports not counted) and peak memory as JSON."""
    if tool == "versions":
        installed = {distribution.metadata["Name"] for distribution in distributions()}
        print(json.dumps({name: version(name) for name in PACKAGES if name in installed}))
        return
    _import(tool)
    if tool == "featuretools":
        run_featuretools(Path(folder))
        return
    started, used = time.perf_counter(), time.process_time()
    table = TOOLS[tool](Path(folder))
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "cpu_seconds": time.process_time() - used, "peak_mib": peak_mib()}))
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pandas(table), answer)


def peak_mib() -> int:
    """Return the largest memory this process has held (resident, as the kernel counts it)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _import(tool: str) -> None:
    """Import the tool before its clock starts, as the library's imports are not counted either."""
    import importlib

    importlib.import_module({"ibis": "ibis.backends.duckdb", "polars_rings": "polars"}.get(tool, tool))


if __name__ == "__main__":
    main(*sys.argv[1:])

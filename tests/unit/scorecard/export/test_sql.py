"""The card as a query gives the library's points, PD and flags.

DuckDB runs its own text and the standard one. Of the PostgreSQL and Spark texts DuckDB runs here what sqlglot understood; the engines
themselves run them in tests/parity/test_card_travels.py.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from credit_risk import FeatureCatalogue, compute_features, load_bundle, read_sources
from credit_risk.binning import WoeBinner
from credit_risk.errors import SpecificationError
from credit_risk.scorecard import (
    PointsOverride,
    Scorecard,
    apply_scorecard,
    override_points,
    scorecard_to_sql,
)

DIALECTS = ("standard", "duckdb", "postgres", "spark")
COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
LABELS = ["O'Brien", "o'brien", 'say "yes"; --', "back\\slash\nnew\tline", "\u6caa", "", "%s {x}", COMPOSED]
ODD = ["never", DECOMPOSED, "O''Brien", " ", "nan", "NULL"]


def run(query, table):
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("applicants", table)
        return engine.sql(query).to_arrow_table()


def for_duckdb(query, dialect):
    """What DuckDB can run of a text: its own and the standard one as they are, others as sqlglot understands them."""
    if dialect in {"standard", "duckdb"}:
        return query
    return sqlglot.transpile(query, read=dialect, write="duckdb")[0]


def assert_equal(result, spec, expected):
    names = result.column_names
    points = [name for name in names if name.startswith("points_")]
    flags = [name for name in names if name.startswith("flag_")]
    assert len(points) == len(flags) == len(spec.feature_names)
    for j, (points_name, flag_name) in enumerate(zip(points, flags, strict=True)):
        np.testing.assert_array_equal(result.column(points_name).to_numpy(), expected.points[:, j])
        np.testing.assert_array_equal(result.column(flag_name).to_numpy(), expected.flags[:, j])
    np.testing.assert_array_equal(result.column("score").to_numpy(), expected.score)
    assert np.abs(result.column("pd").to_numpy() - expected.pd).max() <= 1e-12
    assert result.column("score").null_count == result.column("pd").null_count == 0


@pytest.fixture(scope="module")
def taiwan(project_folder):
    return load_bundle(project_folder / "models" / "uci-reference").scorecard


@pytest.fixture(scope="module")
def taiwan_rows(project_folder, uci_folder, taiwan):
    """Every applicant of the sample; a third of the cells replaced by cuts, their neighbours, and what is no number."""
    catalogue = FeatureCatalogue.from_toml(project_folder / "examples" / "uci_credit_card" / "features.toml")
    X = compute_features(catalogue, read_sources(uci_folder), n_threads=1).X
    values = X[list(taiwan.feature_names)].to_numpy().copy()
    rng = np.random.default_rng(5)
    for j, variable in enumerate(taiwan.binning.variables):
        cuts = np.array(variable.cuts)
        near = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)]
        pool = np.concatenate([*near, [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.7e308, -1.7e308, 5e-324]])
        pick = rng.random(len(values)) < 1 / 3
        values[pick, j] = rng.choice(pool, int(pick.sum()))
    return values


def arrow_table(names, values):
    """A table in which half of what is missing is NULL and half is NaN."""
    rng = np.random.default_rng(6)
    is_null = np.isnan(values) & (rng.random(values.shape) < 0.5)
    assert is_null.any()
    assert (np.isnan(values) & ~is_null).any()
    columns = {name: pa.array(values[:, j], mask=is_null[:, j]) for j, name in enumerate(names)}
    return pa.table({"application_id": pa.array(np.arange(len(values))), **columns})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_reference_card_scores_as_the_library_does(taiwan, taiwan_rows, dialect):
    assert len(taiwan_rows) >= 20_000
    query = scorecard_to_sql(taiwan, table="applicants", dialect=dialect, key_columns=("application_id",))
    table = arrow_table(taiwan.feature_names, taiwan_rows)
    result = run(for_duckdb(query, dialect), table).sort_by("application_id")
    np.testing.assert_array_equal(result.column("application_id").to_numpy(), np.arange(len(taiwan_rows)))
    expected = apply_scorecard(taiwan, taiwan_rows)
    assert_equal(result, taiwan, expected)
    assert set(expected.flags.ravel().tolist()) == {0, 1, 3}


def mixed_sample(n=8000):
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=n), np.round(rng.normal(size=n), 1)
    c = rng.choice(LABELS, n)
    start = pd.Timestamp("2024-01-01")
    micros = rng.integers(0, 300 * 86_400_000_000, n)
    z = -1.5 + a - 0.7 * b + np.where(c == LABELS[2], 1.5, 0.0) - np.where(c == COMPOSED, 1.5, 0.0)
    z += micros / 1.7e13
    is_bad = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    t = pd.Series(start + pd.to_timedelta(micros, unit="us"))
    X = pd.DataFrame({'a "q"': a, "b`x": b, "c": c, "t": t})
    X.loc[rng.random(n) < 0.05, "b`x"] = -9.0
    X.loc[rng.random(n) < 0.03, "c"] = None
    X.loc[rng.random(n) < 0.03, "t"] = pd.NaT
    return X, is_bad


@pytest.fixture(scope="module")
def mixed():
    X, is_bad = mixed_sample()
    special = {"b`x": {"bureau": (-9, -8)}}
    card = Scorecard(binner=WoeBinner(special_codes=special, unseen={"c": "worst"})).fit(X, is_bad)
    rng = np.random.default_rng(8)
    rows = X.copy()
    rows["c"] = np.where(rng.random(len(X)) < 0.2, rng.choice(ODD, len(X)), rows["c"].to_numpy(dtype=object))
    cuts = np.array(card.spec_.binning.variable("t").cuts)
    edge = np.round(rng.choice(cuts, len(X)) * 1e6).astype(np.int64) + rng.integers(-1, 2, len(X))
    moments = rows["t"].to_numpy("datetime64[us]").copy()
    pick = rng.random(len(X)) < 0.3
    moments[pick] = edge[pick].astype("datetime64[us]")
    rows["t"] = moments
    rows["b`x"] = np.where(rng.random(len(X)) < 0.1, -8.0, rows["b`x"])
    rows.loc[:20, 'a "q"'] = [np.inf, -np.inf, np.nan] * 7
    return card, rows


def mixed_table(rows):
    frame = rows.astype({"c": object})
    text = [None if value is None or value != value else value for value in frame["c"]]  # noqa: PLR0124
    return pa.table(
        {
            'a "q"': pa.array(rows['a "q"'].to_numpy()),
            "b`x": pa.array(rows["b`x"].to_numpy()),
            "c": pa.array(text, type=pa.string()),
            "t": pa.array(rows["t"].to_numpy("datetime64[us]")),
            "row": pa.array(np.arange(len(rows))),
        }
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_text_times_and_special_codes_score_as_the_library_does(mixed, dialect):
    card, rows = mixed
    spec = card.spec_
    assert set(spec.feature_names) == {'a "q"', "b`x", "c", "t"}
    query = scorecard_to_sql(spec, table="applicants", dialect=dialect, key_columns=("row",))
    result = run(for_duckdb(query, dialect), mixed_table(rows)).sort_by("row")
    expected = card.score_rows(rows)
    assert_equal(result, spec, expected)
    assert set(expected.flags.ravel().tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_texts_and_numbers_read_back_as_the_card_holds_them(mixed, taiwan, dialect):
    read = None if dialect == "standard" else dialect
    for spec in (mixed[0].spec_, taiwan):
        tree = sqlglot.parse_one(scorecard_to_sql(spec, table="s.t", dialect=dialect), read=read)
        literals = list(tree.find_all(exp.Literal))
        numbers = {float(one.this) for one in literals if not one.is_string}
        # with an exponent a number is binary64; without, the standard makes it a decimal of its own precision
        assert all("e" in one.this or one.this.isdigit() for one in literals if not one.is_string)
        texts = {one.this for one in literals if one.is_string}
        for variable in spec.binning.variables:
            assert {abs(cut) for cut in variable.cuts} <= numbers
            assert {label for group in variable.groups for label in group} <= texts
        assert {spec.scaling.offset, spec.scaling.factor} <= numbers
        quoted = [one.quoted for one in tree.find_all(exp.Identifier)]
        assert quoted
        assert all(quoted)


@pytest.mark.parametrize("dialect", ["standard", "duckdb"])
def test_any_cut_separates_a_number_from_its_neighbour(taiwan, dialect):
    # random bit patterns: every size of number, subnormal ones too
    rng = np.random.default_rng(9)
    cuts = rng.integers(0, 2**63, 150, dtype=np.int64).view(np.float64)
    cuts = np.unique(
        np.concatenate([cuts[np.isfinite(cuts)], -rng.gamma(0.1, 1e3, 80), [5e-324, 2.0**53, 0.1]])
    )
    n = len(cuts)
    bins = replace(
        taiwan.binning.variables[0], name="x", cuts=tuple(cuts.tolist()), origins=("own",) * (n + 3)
    )
    for name in ("n_goods", "n_bads", "woe"):
        bins = replace(bins, **{name: (1.0,) * (n + 3)})
    points = (tuple(range(n + 3)),)
    spec = replace(
        taiwan,
        feature_names=("x",),
        binning=replace(taiwan.binning, variables=(bins,)),
        points=points,
    )
    x = np.concatenate([cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)])
    table = pa.table({"x": x, "row": np.arange(len(x))})
    query = scorecard_to_sql(spec, table="applicants", dialect=dialect, key_columns=("row",))
    assert_equal(run(query, table).sort_by("row"), spec, apply_scorecard(spec, x[:, None]))


def test_whole_numbers_and_decimals_are_read_as_numpy_reads_them(taiwan):
    bins = replace(taiwan.binning.variables[0], name="x", cuts=(-1.0, 2.5, 2.0**53 + 2))
    spec = replace(
        taiwan,
        feature_names=("x",),
        binning=replace(taiwan.binning, variables=(bins,)),
        points=taiwan.points[:1],
    )
    query = scorecard_to_sql(spec, table="applicants", dialect="duckdb")
    whole = np.array([-2, -1, 2, 3, 2**53 + 1, 2**53 + 2, 2**53 + 3], dtype=np.int64)
    assert_equal(run(query, pa.table({"x": whole})), spec, apply_scorecard(spec, whole[:, None]))
    tenths = pa.array([-1.1, -1.0, 2.4, 2.5]).cast(pa.decimal128(6, 1))
    expected = apply_scorecard(spec, np.array([[-1.1], [-1.0], [2.4], [2.5]]))
    assert_equal(run(query, pa.table({"x": tenths})), spec, expected)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_refused_values_have_no_score_and_say_why(dialect):
    X, is_bad = mixed_sample()
    X = X[["c", 'a "q"']]
    X["c"] = X["c"].fillna(LABELS[0])
    binner = WoeBinner(missing={'a "q"': "error"}, unseen={"c": "error"})
    spec = Scorecard(binner=binner).fit(X, is_bad).spec_
    assert set(spec.feature_names) == {"c", 'a "q"'}
    table = pa.table(
        {'a "q"': [0.0, None, 0.0, np.nan, np.inf], "c": [LABELS[0]] * 2 + ["never"] * 2 + [None]}
    )
    query = for_duckdb(scorecard_to_sql(spec, table="applicants", dialect=dialect), dialect)
    result = run(query, table).to_pydict()
    a, c = result['points_a "q"'], result["points_c"]
    assert [one is None for one in a] == [False, True, False, True, False]
    assert [one is None for one in c] == [False, False, True, True, False]
    assert [one is None for one in result["score"]] == [False, True, True, True, False]
    assert [one is None for one in result["pd"]] == [False, True, True, True, False]
    assert result['flag_a "q"'] == [0, 1, 0, 1, 3]
    assert result["flag_c"] == [0, 0, 3, 3, 1]
    errors = result["score_error"]
    assert errors[0] is None
    assert errors[4] is None
    why_a = "CR-BIN-011: Variable 'a \"q\"' holds a value of a kind that its policy refuses (Missing)."
    assert errors[1] == why_a
    assert errors[2] == "CR-BIN-011: Variable 'c' holds a value of a kind that its policy refuses (Unseen)."


def test_points_beyond_the_range_of_the_exponent_keep_a_pd(mixed):
    card, rows = mixed
    who = {"author": "A. Li", "decided_at": "2026-01-05", "reason": "test of the range"}
    names = ('a "q"', "c")
    forced = [
        PointsOverride(variable=name, bin=label, points=points, **who)
        for name, label, points in zip(names, ("Missing", "Missing"), (-3_000_000_000, 10**7), strict=True)
    ]
    spec = override_points(card.spec_, forced)
    query = scorecard_to_sql(spec, table="applicants", dialect="duckdb", key_columns=("row",))
    result = run(query, mixed_table(rows)).sort_by("row")
    score = result.column("score").to_numpy()
    assert score.min() < -(10**9)
    assert score.max() > 10**6
    expected = np.array([spec.scaling.pd_of(one) for one in score.tolist()])
    assert np.abs(result.column("pd").to_numpy() - expected).max() <= 1e-12


@pytest.mark.parametrize(
    "table", ["risk.applicants", ("risk", "applicants"), ("my.db", "s", "card_points"), "CARD_VALUES"]
)
def test_tables_are_found_under_any_name(mixed, table):
    card, rows = mixed
    parts = table.split(".") if isinstance(table, str) else table
    query = scorecard_to_sql(card.spec_, table=table, dialect="duckdb", key_columns=("row",))
    with duckdb.connect(config={"threads": 1}) as engine:
        if len(parts) == 3:
            engine.execute(f'ATTACH \':memory:\' AS "{parts[0]}"; USE "{parts[0]}"')
        if len(parts) > 1:
            engine.execute(f'CREATE SCHEMA "{parts[-2]}"')
        engine.register("given", mixed_table(rows[:50]))
        name = ".".join(f'"{part}"' for part in parts)
        engine.execute(f"CREATE TABLE {name} AS SELECT * FROM given")  # noqa: S608
        result = engine.sql(query).to_arrow_table().sort_by("row")
    assert_equal(result, card.spec_, card.score_rows(rows[:50]))


def test_the_text_never_changes(mixed):
    spec = mixed[0].spec_
    again = type(spec).from_dict(spec.to_dict())
    for dialect in DIALECTS:
        assert scorecard_to_sql(spec, table="t", dialect=dialect) == scorecard_to_sql(
            again, table="t", dialect=dialect
        )


def test_postgres_names_are_cut_by_bytes_and_clashes_refused(taiwan):
    long = "monthly_statements__late_2m__records__history__days_since_last"
    query = scorecard_to_sql(taiwan, table="t", dialect="postgres")
    names = sqlglot.parse_one(query, read="postgres").named_selects
    assert ("points_" + long)[:63] in names
    assert max(len(name.encode()) for name in names) <= 63
    twins = (long + "_a", long + "_b", *taiwan.feature_names[2:])
    variables = [replace(v, name=n) for v, n in zip(taiwan.binning.variables, twins, strict=True)]
    binning = replace(taiwan.binning, variables=tuple(variables))
    spec = replace(taiwan, feature_names=twins, binning=binning)
    assert "points_" + long + "_b" in scorecard_to_sql(spec, table="t", dialect="duckdb")
    with pytest.raises(SpecificationError, match="CR-CRD-032: 3 column names .*'postgres'.*63 bytes"):
        scorecard_to_sql(spec, table="t", dialect="postgres")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"dialect": "oracle"}, "CR-CRD-030: dialect must be one of .* Got 'oracle'"),
        ({"table": ""}, "CR-CRD-031: table must be one to three names"),
        ({"table": "a..b"}, "CR-CRD-031: .* none empty. Got 'a..b'"),
        ({"table": ("a", "b", "c", "d")}, "CR-CRD-031: table must be one to three names"),
        ({"table": ()}, "CR-CRD-031: table must be one to three names"),
        (
            {"key_columns": ("score",)},
            r"CR-CRD-032: 1 column names of the query would stand twice.*\['score'\]",
        ),
        ({"key_columns": ("id", "id")}, "CR-CRD-032: 1 column names"),
        ({"key_columns": ("id", "ID"), "dialect": "spark"}, "CR-CRD-032: 2 column names .* ignore case"),
        ({"key_columns": ("points_c",)}, "CR-CRD-032: 1 column names"),
        ({"key_columns": ("i\0d",)}, "CR-CRD-033: 1 of the names of table, columns and variables hold a NUL"),
        ({"key_columns": ("",)}, "CR-CRD-033: 1 names of columns or variables are empty"),
    ],
)
def test_what_cannot_be_a_query_is_refused(mixed, change, match):
    with pytest.raises(SpecificationError, match=match):
        scorecard_to_sql(mixed[0].spec_, **{"table": "t", **change})


@pytest.mark.parametrize("label", ["nul\0", "half \ud83d"])
def test_categories_that_no_text_holds_are_refused(mixed, label):
    spec = mixed[0].spec_
    variables = [
        replace(v, groups=((label,), *v.groups[1:])) if v.groups else v for v in spec.binning.variables
    ]
    broken = replace(spec, binning=replace(spec.binning, variables=tuple(variables)))
    with pytest.raises(
        SpecificationError, match="CR-CRD-033: 1 of the categories of variable 'c' hold a NUL"
    ):
        scorecard_to_sql(broken, table="t")


def test_case_keeps_columns_apart_where_the_dialect_does(mixed):
    spec = mixed[0].spec_
    assert '"ID"' in scorecard_to_sql(spec, table="t", dialect="postgres", key_columns=("id", "ID"))


def test_the_module_loads_sqlglot_only_when_asked():
    code = "import sys, credit_risk.scorecard.export.sql; print('sqlglot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

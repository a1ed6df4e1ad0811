"""Cards of every kind, the same rows, every place they run: spec, row scorer, standalone Python, DuckDB, PostgreSQL, Spark, PMML.

The kinds: the usual card, a card of boosted stumps with and without merged bins, and a card with a variable of the second look.
Points and flags are equal; PDs are within 1e-12. The rows hold every cut and its neighbours, special codes, missing values as
NULL and as NaN, infinite numbers, whole numbers beyond 2**53, labels that are hard to quote, labels never seen, moments to
the microsecond, and dates.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_risk import load_bundle
from credit_risk.binning import WoeBinner
from credit_risk.scorecard import (
    BoostedScorecard,
    RowScorer,
    Scorecard,
    apply_scorecard,
    scorecard_to_pmml,
    scorecard_to_python,
    scorecard_to_sql,
)

LABELS = [
    "O'Brien",
    "o'brien",
    'say "yes"; --',
    "back\\slash\nnew\tline",
    "\u6caa",
    "",
    "%s {x}",
    "caf\u00e9",
    " z ",
]
ODD = ["never", "cafe\u0301", "O''Brien", " ", "nan", "NULL", "\\N", "z"]
COLUMNS = {'a "q"': "double", "b`x": "double", "n": "bigint", "c": "text", "t": "timestamp", "d": "date"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


BINNING = {"special_codes": {"b`x": {"bureau": (-9, -8)}}, "unseen": {"c": "worst"}, "min_own_rows": 10}


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(4)
    n = 8000
    frame = pd.DataFrame(
        {
            'a "q"': rng.normal(size=n),
            "b`x": np.round(rng.normal(size=n), 1),
            "n": rng.integers(0, 12, n),
            "c": rng.choice(LABELS, n),
            "t": pd.to_datetime(rng.integers(1_600_000_000_000_000, 1_700_000_000_000_000, n), unit="us"),
            "d": pd.to_datetime(rng.integers(18_000, 19_500, n), unit="D"),
        }
    )
    z = (
        frame['a "q"']
        - 0.7 * frame["b`x"]
        + 0.15 * frame["n"]
        + frame["c"].map(dict(zip(LABELS, rng.normal(size=9), strict=True)))
    )
    z += (frame["t"] > pd.Timestamp("2022-01-01")) * 0.7 + (frame["d"] > pd.Timestamp("2022-01-01")) * 0.6
    is_bad = rng.random(n) < 1 / (1 + np.exp(2.5 - z))
    frame.loc[rng.random(n) < 0.05, "b`x"] = -9.0
    frame.loc[rng.random(n) < 0.04, 'a "q"'] = np.nan
    frame.loc[rng.random(n) < 0.03, "c"] = None
    frame.loc[rng.random(n) < 0.03, "t"] = pd.NaT
    return frame, is_bad


@pytest.fixture(scope="module", params=["usual", "boosted", "boosted_merged"])
def card(request, sample):
    binner = WoeBinner(**BINNING)
    unfitted = {
        "usual": Scorecard(binner=binner),
        "boosted": BoostedScorecard(binner=binner, n_rounds=150),
        "boosted_merged": BoostedScorecard(binner=binner, n_rounds=150, max_bins=4),
    }[request.param]
    fitted = unfitted.fit(*sample)
    assert set(fitted.spec_.feature_names) == set(COLUMNS)
    return fitted


@pytest.fixture(scope="module")
def rows(card):
    """Values per column as a database holds them: numbers, text, whole microseconds, ISO dates, None."""
    rng, n = np.random.default_rng(8), 3000
    bins = card.spec_.binning.variable
    edges = {name: np.array(bins(name).cuts) for name in COLUMNS if name != "c"}
    columns = {}
    for name, extra in {'a "q"': [], "b`x": [-9.0, -8.0, -8.5]}.items():
        cuts = edges[name]
        near = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf), rng.normal(size=60), extra]
        odd = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.7e308, -1.7e308, 5e-324, np.nan]
        pool = np.concatenate([*near, odd])
        columns[name] = [*pool, *rng.choice(pool, n - len(pool))]
        columns[name] = [
            None if np.isnan(value) and rng.random() < 0.5 else float(value) for value in columns[name]
        ]
    whole = [*range(-1, 14), 2**53 + 1, -(2**53) - 1, 2**62, None]
    columns["n"] = [whole[at] for at in rng.integers(0, len(whole), n)]
    text = [*LABELS, *ODD, None]
    columns["c"] = [text[at] for at in rng.integers(0, len(text), n)]
    micros = np.concatenate([np.round(edges["t"] * 1e6).astype(np.int64) + step for step in (-1, 0, 1)])
    moments = [*micros.tolist(), -1, 0, 1_650_000_000_000_001, 4_000_000_000_000_000, None]
    columns["t"] = [moments[at] for at in rng.integers(0, len(moments), n)]
    days = [int(cut // 86_400) + step for cut in edges["d"] for step in (-1, 0, 1)]
    dates = [(EPOCH + timedelta(days=day)).date().isoformat() for day in (-400, 0, 40_000, *days)]
    columns["d"] = [[*dates, None][at] for at in rng.integers(0, len(dates) + 1, n)]
    return columns


@pytest.fixture(scope="module")
def expected(card, rows):
    frame = pd.DataFrame({'a "q"': rows['a "q"'], "b`x": rows["b`x"]}, dtype=np.float64)
    frame["n"] = pd.array(rows["n"], dtype="Int64")
    frame["c"] = pd.Series(rows["c"], dtype=object)
    frame["t"] = np.array(["NaT" if one is None else one for one in rows["t"]], dtype="datetime64[us]")
    frame["d"] = pd.to_datetime(rows["d"])
    result = card.score_rows(frame)
    assert set(result.flags.ravel().tolist()) == {0, 1, 2, 3}
    return result


def assert_equal(card, expected, answers):
    """Answers are dictionaries with points_<name>, flag_<name>, score and pd."""
    for j, name in enumerate(card.spec_.feature_names):
        assert [one[f"points_{name}"] for one in answers] == expected.points[:, j].tolist()
        assert [one[f"flag_{name}"] for one in answers] == expected.flags[:, j].tolist()
    assert [one["score"] for one in answers] == expected.score.tolist()
    assert np.abs(np.array([one["pd"] for one in answers], dtype=float) - expected.pd).max() <= 1e-12


def records(rows, *, seconds):
    """One dictionary per row; moments as seconds, or as datetimes."""

    def moment(micros):
        if micros is None:
            return None
        return micros / 1e6 if seconds else EPOCH + timedelta(microseconds=micros)

    def day(text):
        return (
            None
            if text is None
            else moment((datetime.fromisoformat(text + "T00:00+00:00") - EPOCH) // timedelta(microseconds=1))
        )

    readers = {"t": moment, "d": day}
    columns = {
        name: [readers.get(name, lambda one: one)(value) for value in values] for name, values in rows.items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_one_dictionary_at_a_time(card, rows, expected):
    score = RowScorer(card.spec_)
    answers = [score(record) for record in records(rows, seconds=True)]
    assert [one.points for one in answers] == expected.points.tolist()
    assert [one.flags for one in answers] == expected.flags.tolist()
    assert [one.score for one in answers] == expected.score.tolist()
    assert [one.pd for one in answers] == expected.pd.tolist()


@pytest.mark.parametrize("seconds", [True, False])
def test_standalone_python(card, rows, expected, seconds):
    assert_equal(card, expected, standalone(card.spec_, records(rows, seconds=seconds)))


def standalone(spec, records):
    """Run the exported module alone."""
    module: dict = {}
    exec(scorecard_to_python(spec), module)  # noqa: S102
    return [
        {
            **{f"points_{name}": value for name, value in one["points"].items()},
            **{f"flag_{name}": value for name, value in one["flags"].items()},
            "score": one["score"],
            "pd": one["pd"],
        }
        for one in map(module["score"], records)
    ]


@pytest.mark.parametrize("dialect", ["standard", "duckdb"])
def test_duckdb(card, rows, expected, dialect):
    kinds = {
        "double": pa.float64(),
        "bigint": pa.int64(),
        "text": pa.string(),
        "timestamp": pa.timestamp("us"),
    }
    table = pa.table(
        {
            name: pa.array(rows[name], type=kinds[kind])
            if kind != "date"
            else pa.array(rows[name]).cast(pa.date32())
            for name, kind in COLUMNS.items()
        }
    ).append_column("row", pa.array(range(len(rows["n"]))))
    query = scorecard_to_sql(card.spec_, table="applicants", dialect=dialect, key_columns=("row",))
    assert_equal(card, expected, in_duckdb(query, table))


def in_duckdb(query, table):
    """Run a query on a table of applicants."""
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("applicants", table)
        return engine.sql(query).to_arrow_table().sort_by("row").to_pylist()


def test_a_card_with_a_second_look_travels():
    rng = np.random.default_rng(4)
    n = 12_000
    limit = rng.normal(size=n)
    bill = limit + rng.normal(size=n)
    is_bad = rng.random(n) < 1 / (1 + np.exp(1.5 + 1.2 * limit - 0.6 * bill))
    bill[rng.random(n) < 0.05] = np.nan
    X = pd.DataFrame({"bill": bill, "limit": limit})
    card = Scorecard().fit(X, is_bad)
    assert [one.step for one in card.spec_.selection] == ["second_look", "kept"]
    cuts = [np.array(variable.cuts) for variable in card.spec_.binning.variables]
    near = [
        np.concatenate([one, np.nextafter(one, -np.inf), [np.nan, np.inf, -np.inf, -0.0]]) for one in cuts
    ]
    matrix = np.array([[one, two] for one in near[0] for two in near[1]])
    given = [dict(zip(X.columns, row, strict=True)) for row in matrix.tolist()]
    expected = apply_scorecard(card.spec_, matrix)
    assert_equal(card, expected, standalone(card.spec_, given))
    table = pa.table({name: matrix[:, j] for j, name in enumerate(X.columns)})
    table = table.append_column("row", pa.array(range(len(matrix))))
    query = scorecard_to_sql(card.spec_, table="applicants", dialect="duckdb", key_columns=("row",))
    assert_equal(card, expected, in_duckdb(query, table))


@pytest.fixture
def postgresql(postgresql_url):
    """Fill a temporary table of applicants from CSV lines, run a query on it, return dictionaries in the order of the rows."""
    from urllib.parse import urlsplit

    import pg8000.native

    address = urlsplit(postgresql_url)
    connection = pg8000.native.Connection(
        address.username, host=address.hostname, port=address.port, database=address.path.lstrip("/")
    )

    def run(columns, lines, query):
        declared = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
        connection.run(f"CREATE TEMPORARY TABLE applicants (row bigint, {declared})")
        text = "\n".join(f"{at},{line}" for at, line in enumerate(lines))
        connection.run(
            "COPY applicants FROM STDIN WITH (FORMAT csv, NULL '\\N')", stream=BytesIO(text.encode())
        )
        values = connection.run(f'{query} ORDER BY "row"')
        names = [column["name"] for column in connection.columns]
        return [dict(zip(names, one, strict=True)) for one in values]

    yield run
    connection.close()


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def csv_lines(rows):
    """CSV in which NULL is an unquoted mark and every text is quoted, so that the empty text stays a text."""

    def written(value, kind):
        if value is None:
            return "\\N"
        if kind == "timestamp":
            return (EPOCH + timedelta(microseconds=value)).isoformat()
        return {"text": quoted, "date": str}.get(kind, repr)(value)

    kinds = COLUMNS.values()
    return [
        ",".join(written(one, kind) for one, kind in zip(row, kinds, strict=True))
        for row in zip(*(rows[name] for name in COLUMNS), strict=True)
    ]


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgres", "standard"])
@pytest.mark.parametrize("moments", ["timestamptz", "timestamp"])
def test_postgresql(card, rows, expected, postgresql, dialect, moments):
    kinds = {"double": "double precision", "timestamp": moments}
    columns = {name: kinds.get(kind, kind) for name, kind in COLUMNS.items()}
    query = scorecard_to_sql(card.spec_, table="applicants", dialect=dialect, key_columns=("row",))
    assert_equal(card, expected, postgresql(columns, csv_lines(rows), query))


@pytest.mark.postgresql
def test_postgresql_scores_the_reference_card_and_cuts_its_long_names(postgresql, project_folder):
    spec = load_bundle(project_folder / "models" / "uci-reference").scorecard
    rng = np.random.default_rng(5)
    values = []
    for variable in spec.binning.variables:
        cuts = np.array(variable.cuts or (0.0,))
        near = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf), rng.normal(scale=1e3, size=50)]
        values.append(
            rng.choice([*np.concatenate(near), np.nan, np.inf, -np.inf, 0.0, -0.0, 1.7e308, 5e-324], 20_000)
        )
    matrix = np.column_stack(values)
    lines = [",".join("\\N" if one != one else repr(one) for one in row) for row in matrix.tolist()]  # noqa: PLR0124
    query = scorecard_to_sql(spec, table="applicants", dialect="postgres", key_columns=("row",))
    answers = postgresql(dict.fromkeys(spec.feature_names, "double precision"), lines, query)
    expected = apply_scorecard(spec, matrix)
    for j, name in enumerate(spec.feature_names):
        assert [one[f"points_{name}"[:63]] for one in answers] == expected.points[:, j].tolist()
        assert [one[f"flag_{name}"[:63]] for one in answers] == expected.flags[:, j].tolist()
    assert [one["score"] for one in answers] == expected.score.tolist()
    assert np.abs(np.array([one["pd"] for one in answers]) - expected.pd).max() <= 1e-12
    assert max(len(f"points_{name}") for name in spec.feature_names) > 63


@pytest.mark.postgresql
def test_postgresql_refuses_what_the_card_refuses(postgresql):
    rng = np.random.default_rng(6)
    X = pd.DataFrame({"a": rng.normal(size=4000), "c": rng.choice(["x", "y"], 4000)})
    is_bad = rng.random(4000) < 1 / (1 + np.exp(1.5 - X["a"] - (X["c"] == "x")))
    binner = WoeBinner(missing={"a": "error"}, unseen={"a": "error", "c": "error"})
    spec = Scorecard(binner=binner).fit(X, is_bad).spec_
    query = scorecard_to_sql(spec, table="applicants", dialect="postgres", key_columns=("row",))
    lines = ['0.0,"x"', '\\N,"x"', 'NaN,"y"', 'Infinity,"y"', '0.0,"never seen"']
    answers = postgresql({"a": "double precision", "c": "text"}, lines, query)
    assert [one["score"] is None for one in answers] == [False, True, True, True, True]
    assert [one["pd"] is None for one in answers] == [False, True, True, True, True]
    assert [one["flag_a"] for one in answers] == [0, 1, 1, 3, 0]
    assert answers[0]["score_error"] is None
    for answer, name in zip(answers[1:], "aaac", strict=True):
        assert answer["score_error"].startswith(
            f"CR-BIN-011: Variable '{name}' holds a value of a kind that its policy"
        )


@pytest.mark.java
def test_spark(card, rows, expected, run_on_java):
    names = list(COLUMNS)
    values = [[at, *row] for at, row in enumerate(zip(*(rows[name] for name in names), strict=True))]
    table = {"columns": {"row": "bigint", **COLUMNS}, "rows": values}
    query = scorecard_to_sql(card.spec_, table="applicants", dialect="spark", key_columns=("row",))
    answers = run_on_java("spark", "run_spark.py", query, table)
    assert_equal(card, expected, sorted(answers, key=lambda one: one["row"]))


@pytest.mark.java
def test_pmml(card, rows, expected, evaluate_pmml):
    answers = evaluate_pmml(scorecard_to_pmml(card.spec_), records(rows, seconds=True))
    assert [one["score"] for one in answers] == expected.score.tolist()
    assert np.abs(np.array([one["pd"] for one in answers]) - expected.pd).max() <= 1e-12
    for j, name in enumerate(card.spec_.feature_names):
        assert [one[f"flag_{name}"] for one in answers] == expected.flags[:, j].tolist()
    best = [max(points) for points in card.spec_.points]
    lost = [
        dict(zip(card.spec_.feature_names, row, strict=True)) for row in (best - expected.points).tolist()
    ]
    for one, amounts in zip(answers, lost, strict=True):
        ours = sorted((amount for amount in amounts.values() if amount > 0), reverse=True)[:4]
        theirs = [amounts[one[f"reason_{rank}"]] for rank in range(1, len(ours) + 1)]
        assert (
            theirs == ours
        )  # the same reasons in falling order; which of two equal ones comes first is the engine's choice


@pytest.mark.java
def test_pmml_scores_the_reference_card(evaluate_pmml, project_folder):
    spec = load_bundle(project_folder / "models" / "uci-reference").scorecard
    rng = np.random.default_rng(7)
    columns = []
    for variable in spec.binning.variables:
        cuts = np.array(variable.cuts or (0.0,))
        near = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf), rng.normal(scale=1e3, size=20)]
        columns.append(
            rng.choice([*np.concatenate(near), np.nan, np.inf, -np.inf, 0.0, -0.0, 1.7e308, 5e-324], 1000)
        )
    matrix = np.column_stack(columns)
    given = [dict(zip(spec.feature_names, row, strict=True)) for row in matrix.tolist()]
    answers = evaluate_pmml(scorecard_to_pmml(spec), given)
    expected = apply_scorecard(spec, matrix)
    assert [one["score"] for one in answers] == expected.score.tolist()
    assert np.abs(np.array([one["pd"] for one in answers]) - expected.pd).max() <= 1e-12
    flags = [[one[f"flag_{name}"] for name in spec.feature_names] for one in answers]
    assert flags == expected.flags.tolist()

"""The same rows from Parquet, CSV, DuckDB and PostgreSQL are the same sources, to the last bit."""

from __future__ import annotations

import shutil

import duckdb
import ibis
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from credit_risk.errors import DataContractError, SpecificationError
from credit_risk.sources import (
    SourceContracts,
    contract_template,
    filter_sources,
    read_contracts,
    read_sources,
)
from credit_risk.sources.consent_ledger import ledger_table

ARROW = {
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "code": pa.string(),
    "text": pa.string(),
}
SQL = {
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
    "code": "text",
    "text": "text",
}


@pytest.fixture(scope="module")
def sample(project_folder):
    return project_folder / "data_samples" / "synthetic_instant_loan"


@pytest.fixture(scope="module")
def contracts(sample):
    return read_contracts(sample / "sources.toml")


def tables_of(contracts):
    """Return (file, columns) of every table."""
    return [
        *((c.file, c.columns) for c in (contracts.applications, *contracts.records)),
        (contracts.consent.file, ledger_table(contracts).columns),
    ]


def arrow_table(path, columns):
    types = {c.name: ARROW.get(c.kind, pa.decimal128(18, c.scale)) for c in columns}
    options = pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    return pa_csv.read_csv(path, convert_options=options)


def renamed(contracts, ending):
    """Return the same contracts with files of another ending."""
    content = contracts.to_dict()
    for section in (content["consent"], content["applications"], *content["records"]):
        section["file"] = section["file"].replace(".csv", ending)
    return SourceContracts.from_dict(content)


def test_the_sample_is_the_template_under_other_file_names(sample):
    template = contract_template("instant_loan").read_text(encoding="utf-8")
    expected = template.replace('file = "', 'file = "synthetic_')
    expected = expected.replace('name = "instant_loan"', 'name = "synthetic_instant_loan"', 1)
    assert (sample / "sources.toml").read_text(encoding="utf-8") == expected


def test_parquet_and_duckdb_hold_the_same_as_csv(sample, contracts, tmp_path):
    expected = read_sources(sample)
    with duckdb.connect(tmp_path / "lender.duckdb") as connection:
        for file, columns in tables_of(contracts):
            table = arrow_table(sample / file, columns)
            pq.write_table(table, tmp_path / file.replace(".csv", ".parquet"))
            backwards = table.take(pa.array(range(table.num_rows - 1, -1, -1)))
            connection.register("rows", backwards)
            connection.execute(f'CREATE TABLE "{file.removesuffix(".csv")}" AS SELECT * FROM rows')  # noqa: S608
    parquet = read_sources(tmp_path, renamed(contracts, ".parquet"))
    database = read_sources(tmp_path / "lender.duckdb", contracts)
    assert expected.content_digest() == parquet.content_digest() == database.content_digest()
    assert set(database.digests) == {name.removesuffix(".csv") for name, _ in tables_of(contracts)}
    for sources in (parquet, database):
        assert requests_of(sources) == requests_of(expected)


def requests_of(sources):
    """Return all requests, their records in one order."""
    found = []
    for application, records in sources.raw_requests(list(sources.applications.index)):
        found.append((application, {name: sorted(map(in_utc, rows)) for name, rows in records.items()}))
    return found


def in_utc(record):
    """Return a record as text, its times in UTC: a CSV file keeps the offset it was written with."""
    from datetime import UTC, datetime

    moments = {
        name: datetime.fromisoformat(value).astimezone(UTC).isoformat()
        for name, value in record.items()
        if isinstance(value, str) and "T" in value and "+" in value
    }
    return repr(sorted({**record, **moments}.items()))


@pytest.mark.postgresql
def test_postgresql_holds_the_same_as_csv(sample, contracts, postgresql_url):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS lender CASCADE")
        connection.execute("CREATE SCHEMA lender")
        for file, columns in tables_of(contracts):
            table = file.removesuffix(".csv")
            types = ", ".join(f'"{c.name}" {SQL.get(c.kind, f"numeric(18, {c.scale})")}' for c in columns)
            connection.execute(f'CREATE TABLE lender."{table}" ({types})')
            header = (sample / file).read_text(encoding="utf-8").splitlines()[0]
            names = ", ".join(f'"{name}"' for name in header.split(","))
            copy = f'COPY lender."{table}" ({names}) FROM STDIN (FORMAT csv, HEADER)'
            with connection.cursor().copy(copy) as stream:
                stream.write((sample / file).read_bytes())
    database = ibis.connect(f"{postgresql_url}?schema=lender")
    try:
        sources = read_sources(database, contracts)
        expected = read_sources(sample)
        assert sources.content_digest() == expected.content_digest()
        assert requests_of(sources) == requests_of(expected)
    finally:
        database.disconnect()


@pytest.fixture
def small_database(postgresql_url, csv_folder):
    """Return a function that writes the small folder into PostgreSQL under other column types, and reads it."""
    psycopg = pytest.importorskip("psycopg")
    root = csv_folder()

    def read(*, amount="numeric(12, 2)", applied_at="timestamptz", change="", how=read_sources):
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS small CASCADE")
            connection.execute("CREATE SCHEMA small")
            connection.execute("SET search_path TO small")
            connection.execute("SET timezone TO 'Asia/Taipei'")
            connection.execute(
                f"CREATE TABLE people (application int, customer text, applied_at {applied_at}, income numeric, sex text, "
                "is_bad smallint, secret text)"
            )
            connection.execute(
                f"CREATE TABLE bank (customer varchar(9), day date, amount {amount}, status int, category text, flag boolean)"
            )
            for table in ("people", "bank"):
                with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv, HEADER)") as stream:
                    stream.write((root / f"{table}.csv").read_bytes())
            if change:
                connection.execute(change)
        database = ibis.connect(f"{postgresql_url}?schema=small")
        try:
            return how(database, root / "sources.toml")
        finally:
            database.disconnect()

    return read


@pytest.mark.postgresql
@pytest.mark.parametrize("amount", ["numeric(12, 2)", "numeric", "double precision"])
def test_amounts_are_exact_whatever_type_postgresql_holds_them_in(small_database, csv_folder, amount):
    expected = read_sources(csv_folder()).content_digest()
    assert small_database(amount=amount).content_digest() == expected


@pytest.mark.postgresql
def test_bad_rows_and_retyped_columns_of_postgresql_are_refused_like_those_of_files(small_database):
    with pytest.raises(DataContractError, match="CR-SRC-013: File 'people', column 'applied_at': wrong type"):
        small_database(applied_at="timestamp")
    with pytest.raises(DataContractError, match="CR-SRC-013: File 'bank', column 'amount': wrong type"):
        small_database(amount="text")
    with pytest.raises(
        DataContractError, match="CR-SRC-015: .*'amount': rule 'range' is broken by 1 row .*'q'"
    ):
        small_database(change="UPDATE bank SET amount = -1 WHERE customer = 'q'")
    with pytest.raises(DataContractError, match="CR-SRC-010: Table 'bank' does not exist"):
        small_database(change="DROP TABLE bank")
    with pytest.raises(DataContractError, match="CR-SRC-012: File 'bank' lacks 1 column .*: 'flag'"):
        small_database(change="ALTER TABLE bank DROP COLUMN flag")
    with pytest.raises(DataContractError, match=r"CR-SRC-01[15]") as caught:
        small_database(change="UPDATE bank SET amount = 'NaN' WHERE customer = 'q'")
    assert "30.25" not in caught.value.message
    sources, report = small_database(change="ALTER TABLE bank ADD COLUMN extra int", how=filter_sources)
    assert sources.undeclared == {"bank": ("extra",)}
    assert len(report) == 0


def test_a_connection_that_fails_is_refused_without_the_drivers_words(contracts):
    class Broken:
        def list_tables(self):
            raise RuntimeError("value 4711 of person p")

        def table(self, name):
            raise AssertionError(name)

    with pytest.raises(DataContractError, match="CR-SRC-011: .*failed with RuntimeError") as caught:
        read_sources(Broken(), contracts)
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_one_fen_more_is_another_digest(sample, tmp_path):
    shutil.copytree(sample, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "synthetic_own_loans.csv"
    path.write_text(path.read_text().replace("3000.00", "3000.01", 1))
    assert read_sources(tmp_path).content_digest() != read_sources(sample).content_digest()


def test_a_place_that_cannot_be_read_from_is_refused(sample, contracts, tmp_path):
    with pytest.raises(SpecificationError, match="CR-SRC-029: Sources cannot be read from a int"):
        read_sources(5)
    (tmp_path / "broken.duckdb").write_bytes(b"this is no database" * 1000)
    with pytest.raises(
        DataContractError, match="CR-SRC-011: File 'broken.duckdb' cannot be read as a DuckDB"
    ):
        read_sources(tmp_path / "broken.duckdb", contracts)
    duckdb.connect(tmp_path / "empty.duckdb").close()
    with pytest.raises(SpecificationError, match="CR-SRC-029: A database holds no contracts"):
        read_sources(tmp_path / "empty.duckdb")
    with pytest.raises(DataContractError, match="CR-SRC-010: Table 'synthetic_applications' does not exist"):
        read_sources(tmp_path / "empty.duckdb", contracts)
    spreadsheet = renamed(contracts, ".xlsx")
    (tmp_path / spreadsheet.applications.file).write_bytes(b"x")
    with pytest.raises(
        SpecificationError, match="CR-SRC-029: .*no known format. Expected .* .parquet or .csv"
    ):
        read_sources(tmp_path, spreadsheet)


def test_a_file_beside_a_duckdb_is_no_table_of_it(csv_folder, tmp_path, monkeypatch):
    root = csv_folder()
    monkeypatch.chdir(root)
    text = (root / "sources.toml").read_text(encoding="utf-8")
    (tmp_path / "odd.toml").write_text(text.replace("people.csv", "people.csv.csv"), encoding="utf-8")
    duckdb.connect(str(tmp_path / "small.duckdb")).close()
    with pytest.raises(DataContractError, match="CR-SRC-010: Table 'people.csv' does not exist"):
        read_sources(tmp_path / "small.duckdb", tmp_path / "odd.toml")

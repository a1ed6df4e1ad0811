"""Writing contracts down: every mistake names file, key and the nearest valid name."""

from __future__ import annotations

import pytest

from credit_risk.errors import SpecificationError
from credit_risk.sources import read_contracts


@pytest.fixture
def contract(folder):
    """Return a function that replaces one piece of the good contract and reads it."""

    def read(old, new):
        root = folder()
        path = root / "sources.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return read_contracts(path)

    return read


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'timezone = "Asia/Taipei"',
            'timezone = "Asia/Taipeh"',
            "CR-SRC-004: Timezone 'Asia/Taipeh' is unknown",
        ),
        ('currency = "TWD"', 'currency = "XXX"', "CR-MNY-001"),
        ('currency = "TWD"', 'curency = "TWD"', "CR-CFG-004: .*'currency' is missing.*Found 'curency'"),
        ('name = "tiny"', 'name = "tiny"\nnmae = 1', "CR-CFG-003: .*unknown key 'nmae'. Did you mean 'name'"),
        ('mode = "assumed"', 'mode = "asumed"', "CR-CFG-005: .*Did you mean 'assumed'"),
        (
            'role = "measure", kind = "money"',
            'role = "mesure", kind = "money"',
            "CR-CFG-005: .*Did you mean 'measure'",
        ),
        ('kind = "boolean"', 'kind = "text"', "CR-CFG-005: .*kind = 'text' is not allowed"),
        (
            'kind = "money", minimum = 0, nullable',
            'kind = "money", minimun = 0, nullable',
            "'minimun'.*'minimum'",
        ),
        (
            "minimum = 0, maximum = 1_000_000",
            "minimum = 5, maximum = 1",
            "CR-SRC-002: .*minimum lies above maximum",
        ),
        ("minimum = 0, maximum = 1_000_000", "minimum = 0.001", "CR-SRC-002: .*at most 2 decimal places"),
        ("codes = [0, 1, 2]", 'codes = ["a"]', "CR-SRC-002: .*whole numbers"),
        ('codes = ["food", "rent"]', "codes = [1]", "CR-SRC-002: .*words"),
        ('kind = "boolean"', 'kind = "boolean", codes = [1]', "CR-SRC-002: .*codes belong to"),
        (
            'kind = "money", minimum = 0, nullable',
            'kind = "decimal", scale = 13, minimum = 0, nullable',
            "0..12",
        ),
        ('customer_key = "customer"\nunique', 'customer_key = "custmer"\nunique', "CR-SRC-003: .*'customer'"),
        (
            'unique_key = ["customer", "day"]',
            'unique_key = ["customer", "dya"]',
            "CR-SRC-003: .*Did you mean 'day'",
        ),
        ('column = "day", moment = "start_of_day"', 'column = "day", moment = "exact"', "CR-CFG-005"),
        (
            'column = "day", moment = "start_of_day"',
            'column = "amount", moment = "start_of_day"',
            "CR-SRC-003",
        ),
        ("delay_days = 1", "delay_days = -1", "CR-SRC-002: .*delay_days must not be negative"),
        ('"bank.parquet"', '"../bank.parquet"', "CR-SRC-007: File '../bank.parquet' lies outside the folder"),
        ('"bank.parquet"', '"/bank.parquet"', "CR-SRC-007: File '/bank.parquet' lies outside the folder"),
        ('"people.parquet"', "'a\\..\\..\\people.parquet'", "CR-SRC-007: .*lies outside the folder"),
        ('applied_at_column = "applied_at"', "applied_at = 2026-03-01T00:00:00", "CR-CFG-006: .*time zone"),
    ],
)
def test_a_mistake_is_refused(contract, old, new, message):
    with pytest.raises(SpecificationError, match=message):
        contract(old, new)


def test_a_source_named_like_a_path_is_refused(folder):
    """Its records are set aside in files of that name."""
    path = folder() / "sources.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[records.bank", '[records."../bank"'), encoding="utf-8"
    )
    with pytest.raises(SpecificationError, match="CR-SRC-007: Source '../bank' is named like a path"):
        read_contracts(path)


def test_money_takes_the_currencys_decimal_places(contract):
    assert contract('currency = "TWD"', 'currency = "TWD"').applications.attributes[0].scale == 2
    yen = contract('currency = "TWD"', 'currency = "JPY"').record("bank").columns[2]
    assert (yen.scale, yen.minimum, yen.maximum) == (0, 0, 1_000_000)


def test_a_constant_moment_of_application_is_read(contract):
    contracts = contract('applied_at_column = "applied_at"', "applied_at = 2026-03-01T00:00:00+08:00")
    assert contracts.applications.applied_at == "2026-03-01T00:00:00+08:00"
    assert contracts.applications.applied_at_column == ""


def test_an_undeclared_source_is_refused_with_the_nearest_name(contract):
    with pytest.raises(SpecificationError, match="CR-SRC-001: Source 'bnak' .*Did you mean 'bank'"):
        contract('name = "tiny"', 'name = "tiny"').record("bnak")

"""Configuration reading, money, digests, texts and applications."""

from __future__ import annotations

import pickle
import string
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.domain.application import Application
from credit_risk.domain.configuration import ConfigTable, read_toml
from credit_risk.domain.digest import canonical_json, sha256_of, sha256_of_file
from credit_risk.domain.money import Currency
from credit_risk.domain.texts import LANGUAGES, catalogue, text
from credit_risk.errors import MissingFeatureError, ScoringError, SpecificationError


def test_both_languages_have_the_same_texts_and_the_same_blanks():
    english, chinese = (catalogue(language) for language in LANGUAGES)
    assert set(english) == set(chinese)
    for key in english:
        blanks = [
            {name for _, name, _, _ in string.Formatter().parse(t[key]) if name} for t in (english, chinese)
        ]
        assert blanks[0] == blanks[1], key


def test_unknown_texts_and_languages_are_refused():
    with pytest.raises(SpecificationError, match="Text 'decision.outcome.maybe' does not exist"):
        text("decision.outcome.maybe")
    with pytest.raises(SpecificationError, match="Language 'fr' is not available"):
        text("decision.outcome.approve", "fr")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_money_survives_minor_units(amount):
    currency = Currency.of("CNY")
    assert currency.to_major(currency.to_minor(amount)) == amount


def test_money_rounds_half_up_and_knows_its_minor_unit():
    assert Currency.of("CNY").to_minor(Decimal("0.005")) == 1
    assert Currency.of("JPY").to_minor(Decimal("10.5")) == 11
    assert Currency.of("KWD").format(1234567) == "1,234.567"
    with pytest.raises(SpecificationError, match="'XAU' has no known minor unit"):
        Currency.of("XAU")


@given(
    st.dictionaries(
        st.text(max_size=4), st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=5
    )
)
def test_the_order_of_keys_never_changes_a_digest(record):
    assert canonical_json(dict(reversed(record.items()))) == canonical_json(record)


def test_nan_has_no_place_in_a_record():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"pd": float("nan")})


def test_a_file_has_the_digest_of_its_bytes(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "f") == sha256_of(b"abc")


def test_configuration_asks_for_zone_aware_times_and_true_booleans():
    table = ConfigTable({"at": datetime(2026, 1, 1), "n": True, "flag": 1}, where="x.toml")
    with pytest.raises(SpecificationError, match="x.toml: at = .* Expected a date and time with time zone"):
        table.take("at", datetime)
    with pytest.raises(SpecificationError, match="n = True has the wrong type. Expected a whole number"):
        table.take("n", int)
    with pytest.raises(SpecificationError, match="flag = 1 has the wrong type. Expected true or false"):
        table.take("flag", bool)


def test_configuration_lists_are_checked():
    table = ConfigTable({"names": ["a", 1], "rows": [1]}, where="x.toml")
    with pytest.raises(SpecificationError, match="names must be a list of words"):
        table.texts("names")
    with pytest.raises(SpecificationError, match="rows must be a list of tables"):
        table.tables("rows")


def test_a_configuration_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SpecificationError, match="cannot be read as TOML"):
        read_toml(tmp_path / "x.toml")


def test_errors_survive_a_process_border():
    error = SpecificationError("pdo must be above 0.", code="CR-CRD-001", context={"pdo": -1})
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(back), str(back), back.context) == (SpecificationError, str(error), {"pdo": -1})


def test_an_application_needs_its_key_and_a_time_with_zone():
    with pytest.raises(MissingFeatureError, match="'applied_at'"):
        Application.from_mapping({"application_id": "1"})
    with pytest.raises(ScoringError, match="time with time zone"):
        Application.from_mapping({"application_id": "1", "applied_at": "2026-01-01"})
    for empty in (None, ""):
        with pytest.raises(MissingFeatureError, match="CR-SCR-001: The application's 'customer_id' is empty"):
            Application.from_mapping(
                {"application_id": "1", "applied_at": "2026-01-01T00:00:00Z", "customer_id": empty}
            )
    application = Application.from_mapping(
        {
            "application_id": 7,
            "customer_id": "c",
            "applied_at": "2026-01-01T00:00:00Z",
            "attributes": {"x": 1},
            "y": 2,
        }
    )
    assert (application.application_id, application.customer_id, application.attributes) == (
        "7",
        "c",
        {"x": 1, "y": 2},
    )

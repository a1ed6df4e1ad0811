"""Through whom data may come: alternative data only through a licensed bureau, where the law says so."""

from __future__ import annotations

import pytest

from credit_risk.errors import PolicyError, SpecificationError
from credit_risk.sources import SourceContracts, contract_template, read_contracts


@pytest.fixture
def template(tmp_path):
    """Return a function that changes one piece of the shipped template and reads it."""

    def read(old="", new="", count=1):
        text = contract_template("instant_loan").read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "sources.toml").write_text(text.replace(old, new, count), encoding="utf-8")
        return read_contracts(tmp_path / "sources.toml")

    return read


def test_the_template_holds_every_source_with_its_promises(template):
    contracts = template()
    feeds = {}
    for record in contracts.records:
        feeds.setdefault(record.consent_source, []).append(record.name)
    assert feeds == {
        "telecom": ["telecom_calls", "telecom_messages", "telecom_topups", "telecom_accounts"],
        "ecommerce": [
            "ecommerce_orders",
            "ecommerce_returns",
            "ecommerce_instalments",
            "ecommerce_addresses",
        ],
        "bureau": ["bureau_tradelines", "bureau_enquiries"],
        "own_loans": ["own_loans", "own_schedules", "own_payments"],
        "wallet": ["wallet_transactions"],
        "session": ["session_events"],
        "device": ["device_snapshots"],
        "identity": ["identity_checks"],
        "sharing_counters": ["sharing_counters"],
    }
    assert contracts.jurisdiction == "CN"
    for record in contracts.records:
        assert record.typical_delay_seconds > 0
        assert record.measures
        assert record.unique_key
        assert all(c.unit for c in record.measures if c.kind in ("money", "decimal"))
        assert all(c.bound < 10**15 for c in record.measures)
    calls = contracts.record("telecom_calls")
    assert (calls.cost_minor, calls.data_class, calls.channel) == (60, "alternative", "bureau")
    assert (calls.file, calls.table) == ("telecom_calls.csv", "telecom_calls")


def test_the_template_survives_json(template):
    contracts = template()
    assert SourceContracts.from_dict(contracts.to_dict()) == contracts


@pytest.mark.parametrize("channel", ["own", "public", "platform"])
def test_alternative_data_outside_a_bureau_is_refused(template, channel):
    with pytest.raises(
        PolicyError,
        match=rf"CR-SRC-005: Source 'telecom_calls': .*channel '{channel}'.*licensed credit bureau",
    ):
        template('channel = "bureau"', f'channel = "{channel}"')


def test_a_platforms_score_is_refused_whatever_it_calls_itself(template):
    with pytest.raises(
        PolicyError, match="CR-SRC-005: Source 'own_loans': a platform's data .*may not be taken directly"
    ):
        template(
            'feed = "own_loans"\ndata_class = "own"',
            'feed = "own_loans"\ndata_class = "own"\nchannel = "platform"',
        )


def test_the_currency_implies_the_jurisdiction_so_that_silence_is_no_way_out(template):
    content = template().to_dict()
    del content["jurisdiction"]
    content["records"][0]["channel"] = "platform"
    with pytest.raises(PolicyError, match="CR-SRC-005"):
        SourceContracts.from_dict(content)
    elsewhere = {**content, "jurisdiction": "NG", "currency": "NGN"}
    assert SourceContracts.from_dict(elsewhere).records[0].channel == "platform"


def test_a_bureau_without_licence_is_refused_everywhere(template):
    with pytest.raises(SpecificationError, match="CR-SRC-006: Source 'telecom_calls': .*licence id"):
        template('licence = "SYNTHETIC-PERSONAL-CREDIT-BUREAU-01"', 'licence = " "')


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cost = 0.60", "cost = -1", "CR-SRC-002: .*cost must not be negative"),
        ("cost = 0.60", "cost = 0.605", "CR-SRC-002: .*at most 2 decimal places"),
        (
            "typical_delay_seconds = 86_400",
            "typical_delay_seconds = -1",
            "CR-SRC-002: .*typical_delay_seconds",
        ),
        (
            'data_class = "alternative"',
            'data_class = "alternate"',
            "CR-CFG-005: .*Did you mean 'alternative'",
        ),
        ('feed = "telecom"', 'fed = "telecom"', "CR-CFG-003: .*'fed'. Did you mean 'feed'"),
    ],
)
def test_a_mistake_is_refused(template, old, new, message):
    with pytest.raises(SpecificationError, match=message):
        template(old, new)


def test_a_template_that_does_not_exist_is_refused():
    with pytest.raises(
        SpecificationError, match="CR-CFG-005: Template 'instant_laon' does not exist. Did you mean"
    ):
        contract_template("instant_laon")


def test_contracts_that_say_nothing_new_keep_the_bytes_they_had(folder):
    content = read_contracts(folder() / "sources.toml").to_dict()
    assert "jurisdiction" not in content
    assert not {"feed", "data_class", "cost_minor", "typical_delay_seconds"} & set(content["records"][0])


@pytest.mark.parametrize("time", ["event_time", "known_at"])
def test_no_record_counts_before_its_time_however_the_contract_is_written(template, time):
    content = template().to_dict()
    content["records"][0][time]["delay_days"] = -1
    with pytest.raises(SpecificationError, match=f"CR-SRC-002: .*delay_days = -1 of {time} is below 0"):
        SourceContracts.from_dict(content)

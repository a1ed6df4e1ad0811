"""Bad input has one stated outcome, and files and requests agree on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.domain.application import Application
from credit_risk.errors import CreditRiskError, MissingFeatureError, ScoringError
from credit_risk.features import FeatureCatalogue, FeatureClosure, FeatureDefinition, compute_features
from credit_risk.sources import ColumnContract, read_contracts, read_sources, scan_sources
from credit_risk.sources.reading.decoding import decode
from credit_risk.sources.reading.validation import broken_rules
from credit_risk.sources.requests import (
    LONGEST_HISTORY,
    normalize_attributes,
    normalize_record_arrays,
    normalize_records,
)

COLUMNS = (
    ColumnContract(
        name="x", role="measure", kind="money", scale=2, minimum=-500, maximum=10_000, nullable=True
    ),
    ColumnContract(name="x", role="measure", kind="integer", minimum=0, maximum=9, codes=(0, 1, 7)),
    ColumnContract(name="x", role="measure", kind="decimal", scale=6, nullable=True),
)
NUMBERS = st.one_of(
    st.none(),
    st.integers(-(10**17), 10**17),
    st.integers(-10, 200),
    st.floats(allow_nan=True, allow_infinity=True),
    st.decimals(-100, 200, places=2).map(float),
    st.sampled_from([0.1 + 0.2, 1e300, 1e15, 12.345, -0.0]),
)


@pytest.fixture(scope="module")
def contracts(project_folder):
    return read_contracts(project_folder / "data_samples" / "synthetic_instant_loan" / "sources.toml")


@pytest.fixture
def call():
    return {
        "call_id": "c1",
        "started_at": "2026-02-01T09:00:00+08:00",
        "received_at": "2026-02-01T10:00:00+08:00",
        "direction": "incoming",
        "duration_seconds": 60,
        "counterpart_number": 3,
        "counterpart": "person",
        "area_number": None,
        "is_roaming": False,
    }


@given(values=st.lists(NUMBERS, min_size=1, max_size=8), column=st.sampled_from(COLUMNS))
def test_a_column_of_a_file_and_a_field_of_a_request_are_read_alike(values, column):
    """What a file accepts a request accepts, as the same whole numbers; what one refuses the other refuses."""
    floats = [None if v is None else float(v) for v in values]
    decoded = decode(pa.array(floats, pa.float64()), column, file="f", as_text=False)
    broken = broken_rules([column], {"x": decoded})
    contract = _form_of(column)
    refused = set()
    for position, value in enumerate(floats):
        try:
            scaled = normalize_attributes({"x": value}, contract)["x"]
        except ScoringError:
            refused.add(position)
        else:
            assert scaled == (None if decoded.missing[position] else decoded.values[position])
    assert refused == {int(row) for _, _, _, rows in broken for row in rows}


def _form_of(column):
    from dataclasses import replace

    from credit_risk.sources import ApplicationContract

    return ApplicationContract(
        file="f",
        application_key="k",
        customer_key="k",
        consent_purpose="p",
        columns=(replace(column, role="attribute"),),
    )


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"started_at": "2026-02-01T09:00:00"}, "CR-SRC-020", "a time with time zone"),
        ({"started_at": datetime(2026, 2, 1)}, "CR-SRC-020", "a time with time zone"),
        ({"started_at": "1801-02-01T09:00:00+08:00"}, "CR-SRC-022", "1900 to 2199"),
        ({"started_at": None}, "CR-SRC-020", "a time with time zone"),
        ({"duration_seconds": float("nan")}, "CR-SRC-022", "finite"),
        ({"duration_seconds": float("inf")}, "CR-SRC-022", "finite"),
        ({"duration_seconds": -1}, "CR-SRC-022", "range"),
        ({"duration_seconds": 1.5}, "CR-SRC-022", "decimal_places"),
        ({"duration_seconds": Decimal("60.00000000000000000000001")}, "CR-SRC-022", "decimal_places"),
        ({"duration_seconds": "60"}, "CR-SRC-020", "a number"),
        ({"duration_seconds": None}, "CR-SRC-022", "not_null"),
        ({"duration_seconds": True}, "CR-SRC-020", "a number"),
        ({"direction": "sideways"}, "CR-SRC-022", "codes"),
        ({"direction": b"incoming"}, "CR-SRC-020", "text"),
        ({"is_roaming": 1}, "CR-SRC-020", "true or false"),
        ({"call_id": 7}, "CR-SRC-020", "'call_id'"),
        ({"call_id": None}, "CR-SRC-020", "'call_id'"),
    ],
)
@pytest.mark.parametrize("n_good", [1, 40])
def test_a_bad_field_of_a_request_is_refused_with_its_count(contracts, call, change, code, message, n_good):
    contract = contracts.record("telecom_calls")
    good = [{**call, "call_id": f"g{number}"} for number in range(n_good)]
    for normalize in (normalize_records, normalize_record_arrays):
        with pytest.raises(ScoringError, match=message) as caught:
            normalize([*good, {**call, **change}], contract, "Asia/Shanghai")
        assert caught.value.code == code
        assert caught.value.context["count"] == 1
        assert f"in 1 of {n_good + 1} records" in caught.value.message
        assert "sideways" not in caught.value.message


def test_a_missing_field_of_a_request_is_refused_and_a_new_one_is_not_read(contracts, call):
    contract = contracts.record("telecom_calls")
    expected = normalize_records([call], contract, "Asia/Shanghai")
    assert normalize_records([{**call, "surprise": object()}], contract, "Asia/Shanghai") == expected
    for name in ("duration_seconds", "started_at", "call_id"):
        without = {key: value for key, value in call.items() if key != name}
        with pytest.raises(MissingFeatureError, match=f"CR-SRC-021: Field '{name}' .* absent from 1 of 2"):
            normalize_records([call, without], contract, "Asia/Shanghai")


def test_the_same_record_twice_is_refused_though_only_its_key_tells(contracts, call):
    contract = contracts.record("telecom_calls")
    for rows in ([call, call], [call, {**call, "duration_seconds": 61}]):
        for normalize in (normalize_records, normalize_record_arrays):
            with pytest.raises(
                ScoringError, match=r"CR-SRC-024: .* holds 1 of 2 records more than once .*\(call_id\)"
            ):
                normalize(rows, contract, "Asia/Shanghai")


def test_a_million_events_are_refused_at_once_by_a_stated_limit(contracts, call):
    contract = contracts.record("telecom_calls")
    for normalize in (normalize_records, normalize_record_arrays):
        with pytest.raises(
            ScoringError, match=rf"CR-SRC-032: .*1000000 records. Expected at most {LONGEST_HISTORY}"
        ):
            normalize([call] * 1_000_000, contract, "Asia/Shanghai")


DATES = """
name = "dated"
timezone = "Asia/Taipei"
currency = "TWD"
[consent]
mode = "assumed"
purpose = "credit_assessment"
statement = "synthetic data"
[applications]
file = "people.csv"
application_key = "customer"
customer_key = "customer"
applied_at = 2026-03-01T00:00:00+08:00
[applications.columns]
customer = { role = "key", kind = "text" }
born_on = { role = "attribute", kind = "date", nullable = true }
[records.paid]
file = "paid.csv"
customer_key = "customer"
event_time = { column = "due_on", moment = "start_of_day" }
[records.paid.columns]
customer = { role = "key", kind = "text" }
due_on = { role = "time", kind = "date" }
paid_on = { role = "measure", kind = "date", nullable = true }
"""


@pytest.fixture
def dated(tmp_path):
    (tmp_path / "sources.toml").write_text(DATES)
    (tmp_path / "people.csv").write_text("customer,born_on\np,2000-02-29\nq,\n")
    (tmp_path / "paid.csv").write_text(
        "customer,due_on,paid_on\np,2026-01-01,2026-01-05\np,2026-02-01,2026-01-30\np,2026-02-10,\nq,2026-02-01,2026-02-01\n"
    )
    return tmp_path


def test_dates_feed_features_as_whole_days_alike_in_batch_and_real_time(dated):
    from credit_risk.features import DerivedMeasure

    sources = read_sources(dated)
    assert sources.applications["born_on"].dropna().tolist() == [11_016]
    late = DerivedMeasure(source="paid", name="late_days", expression="paid_on - event_day")
    definition = FeatureDefinition(
        source="paid", measure="late_days", window="history", aggregate="mean", factor="delinquency"
    )
    catalogue = FeatureCatalogue(name="dated", version="1", measures=(late,), definitions=(definition,))
    table = compute_features(catalogue, sources)
    closure = FeatureClosure(catalogue, sources.contracts)
    for form, records in sources.raw_requests(["p", "q"]):
        vector = closure(Application.from_mapping(form), json.loads(json.dumps(records)))
        assert vector.values.tobytes() == table.X.loc[form["application_id"]].to_numpy().tobytes()
    assert table.X.iloc[:, 0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "value", ["2026-02-30", "20 March", 20260301, datetime(2026, 3, 1, tzinfo=UTC), "1801-01-01"]
)
def test_what_is_no_date_is_refused(dated, value):
    contract = read_contracts(dated / "sources.toml").record("paid")
    with pytest.raises(
        ScoringError, match="CR-SRC-020: Field 'paid_on' .* in 1 of 1 records. Expected a date"
    ):
        normalize_records([{"due_on": "2026-01-01", "paid_on": value}], contract, "Asia/Taipei")


def test_a_source_absent_for_one_applicant_is_missing_with_a_flag_never_zero(dated):
    sources = read_sources(dated)
    definitions = tuple(
        FeatureDefinition(source="paid", measure="paid_on", window="history", aggregate=name, factor="x")
        for name in ("mean", "max")
    )
    closure = FeatureClosure(
        FeatureCatalogue(name="d", version="1", definitions=definitions), sources.contracts
    )
    (form, _), *_ = sources.raw_requests(["p"])
    for records, flag in (
        ({}, "not_supplied"),
        ({"paid": None}, "not_supplied"),
        ({"paid": []}, "no_records"),
    ):
        vector = closure(Application.from_mapping(form), records)
        assert np.isnan(vector.values).all()
        assert vector.flags == (f"paid__{flag}",)
    with pytest.raises(
        ScoringError, match="CR-SRC-026: Source 'piad' is not in the contracts .*Did you mean 'paid'"
    ):
        closure(Application.from_mapping(form), {"piad": []})


def test_a_source_absent_for_all_applicants_is_missing_with_one_flag_in_batch_in_parts_and_in_real_time(
    folder,
):
    root = folder()
    table = pq.read_table(root / "bank.parquet").slice(0, 0)
    pq.write_table(table, root / "bank.parquet")
    measures = {
        "count": "records",
        "distinct": "status",
        "sum": "amount",
        "median": "amount",
        "last": "category",
    }
    catalogue = FeatureCatalogue(
        name="t",
        version="1",
        definitions=tuple(
            FeatureDefinition(source="bank", measure=measure, window="history", aggregate=name, factor="x")
            for name, measure in measures.items()
        ),
    )
    sources = read_sources(root)
    with scan_sources(root) as parts:
        tables = [compute_features(catalogue, sources), compute_features(catalogue, parts)]
    closure = FeatureClosure(catalogue, sources.contracts)
    for table in tables:
        assert table.X.isna().all(axis=None)
        assert table.flags.to_dict("list") == {"bank__no_records": [True, True]}
    for form, records in sources.raw_requests(list(sources.applications.index)):
        vector = closure(Application.from_mapping(form), records)
        assert np.isnan(vector.values).all()
        assert vector.flags == ("bank__no_records",)


def test_records_after_the_application_are_refused_or_ignored_alike(folder):
    root = folder()
    late = (datetime(2026, 3, 1, 4, tzinfo=UTC) + timedelta(days=3)).date().isoformat()
    contract = read_contracts(root / "sources.toml")
    catalogue = FeatureCatalogue(
        name="t",
        version="1",
        definitions=(FeatureDefinition(source="bank", window="history", aggregate="count", factor="x"),),
    )
    sources = read_sources(root)
    (form, records), *_ = sources.raw_requests(["2"])
    future = {**records["bank"][0], "day": late}
    with pytest.raises(CreditRiskError, match="CR-SRC-023: .*1 of 3 records at or after the application"):
        FeatureClosure(catalogue, contract)(
            Application.from_mapping(form), {"bank": [*records["bank"], future]}
        )

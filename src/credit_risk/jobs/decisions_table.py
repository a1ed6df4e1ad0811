"""Decisions as a Parquet table: exact decimals for money, nested schedules and reasons."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk.domain.money import Currency

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from credit_risk.decision.record import Decision, Offer

_MONEY = pa.decimal128(18, 3)
_RATE = pa.decimal128(9, 6)


def write_decisions(decisions: Sequence[Decision], path: Path, *, horizon: str) -> None:
    """Write one row per decision; the same decisions give the same bytes."""
    rows = [_row(decision) for decision in decisions]
    pq.write_table(pa.Table.from_pylist(rows, schema=_schema(horizon)), path, compression="zstd")


def decision_columns(*, horizon: str) -> dict[str, str]:
    """Return every column of the table and its type, in words."""
    return {field.name: str(field.type) for field in _schema(horizon)}


def _schema(horizon: str) -> pa.Schema:
    instalment = pa.struct(
        [("instalment", _MONEY), ("principal", _MONEY), ("interest", _MONEY), ("balance", _MONEY)]
    )
    reason = pa.struct(
        [("kind", pa.string()), ("code", pa.string()), ("points_lost", pa.int64()), ("feature", pa.string())]
    )
    stage = pa.struct([("stage", pa.string()), ("status", pa.string()), ("because", pa.string())])
    return pa.schema(
        [
            ("application_id", pa.string()),
            ("applied_at", pa.string()),
            ("outcome", pa.string()),
            ("decided_at_stage", pa.string()),
            ("decision_model", pa.string()),
            ("score", pa.int64()),
            ("pd_scorecard", pa.float64()),
            ("pd_booster", pa.float64()),
            ("currency", pa.string()),
            ("limit_amount", _MONEY),
            ("annual_rate", _RATE),
            ("nominal_rate", pa.float64()),
            ("effective_rate", pa.float64()),
            ("ceiling_rate", pa.float64()),
            ("ceiling_rule", pa.string()),
            ("n_instalments", pa.int64()),
            ("instalment_amount", _MONEY),
            ("total_interest_amount", _MONEY),
            ("total_repayment_amount", _MONEY),
            ("interest_value_amount", _MONEY),
            ("funding_cost_amount", _MONEY),
            ("operating_cost_amount", _MONEY),
            ("expected_loss_amount", _MONEY),
            ("expected_profit_amount", _MONEY),
            ("offer_is_hypothetical", pa.bool_()),
            ("schedule", pa.list_(instalment)),
            ("reasons", pa.list_(reason)),
            ("stages", pa.list_(stage)),
            ("flags", pa.list_(pa.string())),
            ("not_assessed", pa.list_(pa.string())),
            ("strategy_id", pa.string()),
            ("strategy_version", pa.string()),
            ("bundle_digest", pa.string()),
        ],
        metadata={"pd_horizon": horizon},
    )


def _row(decision: Decision) -> dict[str, object]:
    record = decision.to_dict()
    record["pd_scorecard"] = decision.pds.get("scorecard")
    record["pd_booster"] = decision.pds.get("booster")
    if decision.offers:
        record.update(_offer_columns(decision.offers[0]))
    return record


def _offer_columns(offer: Offer) -> dict[str, object]:
    amount = Currency.of(offer.currency).to_major
    schedule = offer.schedule
    return {
        "currency": offer.currency,
        "limit_amount": amount(offer.amount_minor),
        "annual_rate": Decimal(offer.annual_rate),
        "nominal_rate": offer.nominal_rate,
        "effective_rate": offer.effective_rate,
        "ceiling_rate": offer.ceiling_rate,
        "ceiling_rule": offer.ceiling_rule,
        "n_instalments": offer.n_instalments,
        "instalment_amount": amount(offer.instalment_minor),
        "total_interest_amount": amount(offer.total_interest_minor),
        "total_repayment_amount": amount(offer.total_repayment_minor),
        "interest_value_amount": amount(offer.interest_value_minor),
        "funding_cost_amount": amount(offer.funding_cost_minor),
        "operating_cost_amount": amount(offer.operating_cost_minor),
        "expected_loss_amount": amount(offer.expected_loss_minor),
        "expected_profit_amount": amount(offer.expected_profit_minor),
        "offer_is_hypothetical": offer.is_hypothetical,
        "schedule": [
            {
                "instalment": amount(due),
                "principal": amount(part),
                "interest": amount(cost),
                "balance": amount(left),
            }
            for due, part, cost, left in zip(
                schedule.instalment_minor,
                schedule.principal_part_minor,
                schedule.interest_minor,
                schedule.balance_minor,
                strict=True,
            )
        ],
    }

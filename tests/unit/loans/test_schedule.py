from decimal import Decimal

from credit_risk.loans import Schedule, equal_instalment_schedule


def test_schedule_round_trips_through_plain_values():
    schedule = equal_instalment_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    assert Schedule.from_dict(schedule.to_dict()) == schedule

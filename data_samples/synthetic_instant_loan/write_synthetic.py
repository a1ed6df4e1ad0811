"""Write the SYNTHETIC sample of an instant lender's sources: twelve invented people, every source, known edge cases.

    python data_samples/synthetic_instant_loan/write_synthetic.py

The same bytes on every run. The contracts are the shipped template; only the names of the files differ.
"""

from __future__ import annotations

import csv
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from credit_risk.sources import contract_template, read_contracts

FOLDER = Path(__file__).parent
SHANGHAI = ZoneInfo("Asia/Shanghai")
PEOPLE = [f"P{number:02d}" for number in range(1, 13)]
FEEDS = {
    "telecom": "credit_assessment",
    "ecommerce": "credit_assessment",
    "bureau": "credit_assessment",
    "own_loans": "credit_assessment",
    "wallet": "credit_assessment",
    "session": "fraud_prevention",
    "device": "fraud_prevention",
    "identity": "identity_verification",
    "sharing_counters": "fraud_prevention",
}
#: P01 applies three times; P07 at a moment to the microsecond; P08 on a leap day, at midnight.
APPLIED = {
    person: [datetime(2026, 3, 2 + index, 9 + index, 30, tzinfo=SHANGHAI)]
    for index, person in enumerate(PEOPLE)
}
APPLIED["P01"] = [datetime(2025, month, 5, 20, 15, tzinfo=SHANGHAI) for month in (6, 9, 12)]
APPLIED["P07"] = [datetime(2026, 3, 8, 12, 0, 0, 123456, tzinfo=SHANGHAI)]
APPLIED["P08"] = [datetime(2024, 2, 29, 0, 0, tzinfo=SHANGHAI)]
SILENT = {"P02"}  # consented, yet nobody holds a record of this person


def money(rng: random.Random, low: float, high: float) -> str:
    return f"{rng.randint(int(low * 100), int(high * 100)) / 100:.2f}"


def stamp(moment: datetime) -> str:
    return moment.isoformat()


def moments(rng: random.Random, person: str, n: int, days: int = 180) -> list[datetime]:
    """Return moments before the last application, oldest first; some by night."""
    last = APPLIED[person][-1]
    return sorted(last - timedelta(seconds=rng.randint(60, days * 86_400)) for _ in range(n))


def known(rng: random.Random, person: str, moment: datetime, hours: int) -> str:
    """Return when the record arrived; P06's newest records arrive after the application."""
    late = person == "P06" and moment > APPLIED[person][-1] - timedelta(days=20)
    return stamp(moment + timedelta(days=40 if late else 0, hours=rng.randint(1, hours)))


def maybe(rng: random.Random, person: str, value: object) -> object:
    """Return a value that may be missing: always for P10, sometimes for the others."""
    return "" if person == "P10" or rng.random() < 0.1 else value


def applications(rng: random.Random) -> list[dict[str, object]]:
    rows = []
    for person in PEOPLE:
        for number, moment in enumerate(APPLIED[person], 1):
            rows.append(
                {
                    "application_id": f"A-{person}-{number}",
                    "customer_id": person,
                    "applied_at": stamp(moment),
                    "requested_amount": f"{rng.randrange(1_000, 20_001, 500)}.00",
                    "requested_term_months": rng.choice([3, 6, 12]),
                    "declared_income_amount": maybe(rng, person, money(rng, 3_000, 15_000)),
                    "declared_expenses_amount": maybe(rng, person, money(rng, 1_000, 6_000)),
                    "employment": rng.choice(["employee", "self_employed", "platform_work"]),
                    "employment_months": maybe(rng, person, rng.randint(1, 120)),
                    "housing": rng.choice(["owner", "mortgage", "rent", "family"]),
                    "residence_months": maybe(rng, person, rng.randint(1, 200)),
                    "n_dependants": rng.randint(0, 3),
                    "loan_purpose": rng.choice(["consumption", "education", "medical"]),
                    "age_years": 22 + 3 * PEOPLE.index(person),
                    "sex": rng.choice(["female", "male"]),
                    "is_bad_12m": int(person in ("P09", "P11")),
                }
            )
    return rows


def consents() -> list[dict[str, object]]:
    rows = []
    for person in PEOPLE:
        granted = APPLIED[person][0] - timedelta(minutes=5)
        for feed, purpose in FEEDS.items():
            row = {
                "customer": person,
                "source": feed,
                "purpose": purpose,
                "granted_at": stamp(granted),
                "expires_at": "",
                "withdrawn_at": "",
            }
            if (person, feed) == ("P03", "telecom"):
                continue  # never granted
            if (person, feed) == ("P04", "telecom"):
                row["withdrawn_at"] = "2026-05-15T10:00:00+08:00"
            if (person, feed) == ("P05", "ecommerce"):
                row["granted_at"] = stamp(granted - timedelta(days=400))
                row["expires_at"] = stamp(granted - timedelta(days=30))
            rows.append(row)
    return rows


def telecom(rng: random.Random, person: str) -> dict[str, list[dict[str, object]]]:
    calls = [
        {
            "call_id": f"{person}-C{i:03d}",
            "customer_id": person,
            "started_at": stamp(moment),
            "received_at": known(rng, person, moment, 30),
            "direction": (direction := rng.choice(["incoming", "outgoing", "missed"])),
            "duration_seconds": 0 if direction == "missed" else rng.randint(1, 1_800),
            "counterpart_number": rng.randint(1, 12),
            "counterpart": rng.choice(
                ["person", "person", "company", "collector" if person == "P09" else "unknown"]
            ),
            "area_number": maybe(rng, person, rng.randint(1, 5)),
            "is_roaming": str(rng.random() < 0.05).lower(),
        }
        for i, moment in enumerate(moments(rng, person, 24))
    ]
    if person == "P07":  # exactly at the application, one microsecond before it, and two at once
        at = APPLIED[person][0]
        for row, moment in zip(
            calls, (at, at - timedelta(microseconds=1), at, at - timedelta(days=1)), strict=False
        ):
            row["started_at"], row["received_at"] = stamp(moment), stamp(moment)
    messages = [
        {
            "message_id": f"{person}-M{i:03d}",
            "customer_id": person,
            "sent_at": stamp(moment),
            "received_at": known(rng, person, moment, 30),
            "direction": rng.choice(["incoming", "outgoing"]),
            "counterpart": rng.choice(
                ["person", "company", "bank", "verification", "lender" if person == "P09" else "person"]
            ),
            "counterpart_number": rng.randint(1, 20),
        }
        for i, moment in enumerate(moments(rng, person, 16))
    ]
    topups = [
        {
            "topup_id": f"{person}-T{i:02d}",
            "customer_id": person,
            "topped_up_at": stamp(moment),
            "received_at": known(rng, person, moment, 30),
            "amount": rng.choice(["10.00", "30.00", "50.00", "100.00"]),
            "balance_before_amount": maybe(rng, person, money(rng, -20, 40)),
            "method": rng.choice(["wallet", "bank", "other_person"]),
        }
        for i, moment in enumerate(moments(rng, person, 6))
    ]
    accounts = [
        {
            "customer_id": person,
            "month": month.isoformat(),
            "received_at": stamp(datetime(after.year, after.month, 3, 8, tzinfo=SHANGHAI)),
            "tenure_months": 30 - back,
            "n_active_days": rng.randint(5, 28),
            "plan_fee_amount": "59.00",
            "arrears_amount": money(rng, 0, 80) if person == "P09" else "0.00",
            "data_used_mb": maybe(rng, person, rng.randint(500, 40_000)),
            "n_numbers": rng.choice([1, 1, 2]),
            "was_suspended": str(person == "P09" and back == 1).lower(),
            "is_own_name": "true",
        }
        for back, month, after in month_starts(person, 4)
    ]
    return {
        "telecom_calls": calls,
        "telecom_messages": messages,
        "telecom_topups": topups,
        "telecom_accounts": accounts,
    }


def month_starts(person: str, n: int) -> list[tuple[int, date, date]]:
    """Return (months back, first day of the month, first day of the next one) before the last application."""
    last = APPLIED[person][-1]
    found = []
    for back in range(1, n + 1):
        number = last.year * 12 + last.month - 1 - back
        found.append(
            (back, date(number // 12, number % 12 + 1, 1), date((number + 1) // 12, (number + 1) % 12 + 1, 1))
        )
    return found


def ecommerce(rng: random.Random, person: str) -> dict[str, list[dict[str, object]]]:
    times = moments(rng, person, 12)
    orders = [
        {
            "order_id": f"{person}-O{i:02d}",
            "customer_id": person,
            "ordered_at": stamp(moment),
            "received_at": known(rng, person, moment, 30),
            "amount": money(rng, 5, 900),
            "discount_amount": money(rng, 0, 30),
            "n_items": rng.randint(1, 6),
            "category": rng.choice(["food", "household", "clothing", "electronics", "games", "vouchers"]),
            "payment": rng.choice(["balance", "debit_card", "instalments"]),
            "address_number": maybe(rng, person, rng.randint(1, 3)),
        }
        for i, moment in enumerate(times)
    ]
    returns = [
        {
            "return_id": f"{person}-R{i}",
            "customer_id": person,
            "returned_at": stamp(moment + timedelta(days=4)),
            "received_at": known(rng, person, moment + timedelta(days=4), 30),
            "ordered_on": moment.date().isoformat(),
            "amount": money(rng, 5, 200),
            "reason": rng.choice(["damaged", "changed_mind", "other"]),
        }
        for i, moment in enumerate(times[:2])
    ]
    instalments = []
    for i, moment in enumerate(times[:5]):
        due = moment.date() + timedelta(days=14)
        days_late = rng.choice([-2, 0, 0, 3, None if person == "P09" else 8])
        settled = due + timedelta(days=30 if days_late is None else days_late)
        amount = money(rng, 20, 300)
        instalments.append(
            {
                "instalment_id": f"{person}-I{i}",
                "customer_id": person,
                "due_on": due.isoformat(),
                "received_at": stamp(datetime(settled.year, settled.month, settled.day, 23, tzinfo=SHANGHAI)),
                "paid_on": "" if days_late is None else settled.isoformat(),
                "due_amount": amount,
                "paid_amount": "0.00" if days_late is None else amount,
            }
        )
    addresses = [
        {
            "address_id": f"{person}-D{i}",
            "customer_id": person,
            "added_at": stamp(moment),
            "received_at": known(rng, person, moment, 30),
            "address_number": i + 1,
            "use": ("home", "work", "other")[i],
            "city_tier": rng.randint(1, 5),
            "is_default": str(i == 0).lower(),
        }
        for i, moment in enumerate(times[:3])
    ]
    return {
        "ecommerce_orders": orders,
        "ecommerce_returns": returns,
        "ecommerce_instalments": instalments,
        "ecommerce_addresses": addresses,
    }


def bureau(rng: random.Random, person: str) -> dict[str, list[dict[str, object]]]:
    lines = 6 if person == "P09" else 2
    tradelines = []
    for line in range(lines):
        limit = rng.randrange(2_000, 30_000, 500)
        for back, month, after in month_starts(person, 3):
            overdue = 31 * (4 - back) if person == "P09" and line == 0 else 0
            tradelines.append(
                {
                    "tradeline_id": f"{person}-L{line}",
                    "customer_id": person,
                    "month": month.isoformat(),
                    "received_at": stamp(datetime(after.year, after.month, 12, 6, tzinfo=SHANGHAI)),
                    "opened_on": date(2023, 1 + line, 15).isoformat(),
                    "lender_number": 100 + line,
                    "lender": "bank" if line == 0 else "small_loan",
                    "product": "credit_card" if line == 0 else "instant_loan",
                    "status": "open",
                    "limit_amount": f"{limit}.00",
                    "balance_amount": money(rng, 0, limit),
                    "past_due_amount": "250.00" if overdue else "0.00",
                    "instalment_amount": maybe(rng, person, money(rng, 100, 900)),
                    "days_past_due": overdue,
                }
            )
    enquiries = [
        {
            "enquiry_id": f"{person}-E{i:02d}",
            "customer_id": person,
            "enquired_at": stamp(moment),
            "received_at": known(rng, person, moment, 2),
            "reason": rng.choice(["loan_approval", "card_approval", "loan_management"]),
            "lender_number": maybe(rng, person, rng.randint(100, 110)),
            "lender": maybe(rng, person, rng.choice(["bank", "consumer_finance", "small_loan"])),
        }
        for i, moment in enumerate(moments(rng, person, 15 if person == "P09" else 3))
    ]
    return {"bureau_tradelines": tradelines, "bureau_enquiries": enquiries}


def own_loans(rng: random.Random, person: str) -> dict[str, list[dict[str, object]]]:
    tables: dict[str, list[dict[str, object]]] = {"own_loans": [], "own_schedules": [], "own_payments": []}
    if person not in ("P01", "P04", "P06", "P09"):
        return tables  # first loan
    for loan in range(2):
        start = APPLIED[person][0] - timedelta(days=200 - 90 * loan)
        due = [start.date() + timedelta(days=30 * (k + 1)) for k in range(3)]
        tables["own_loans"].append(
            {
                "loan_id": f"{person}-N{loan}",
                "customer_id": person,
                "disbursed_at": stamp(start),
                "recorded_at": stamp(start + timedelta(seconds=2)),
                "principal_amount": "3000.00",
                "fee_amount": "0.00",
                "annual_rate": "0.18",
                "n_instalments": 3,
                "first_due_on": due[0].isoformat(),
                "last_due_on": due[-1].isoformat(),
            }
        )
        for number, day in enumerate(due, 1):
            amount = f"{1_030 + number}.33"
            tables["own_schedules"].append(
                {
                    "loan_id": f"{person}-N{loan}",
                    "customer_id": person,
                    "due_on": day.isoformat(),
                    "recorded_at": stamp(start + timedelta(seconds=2)),
                    "instalment_number": number,
                    "due_amount": amount,
                }
            )
            if person == "P09" and loan == 1 and number == 3:
                continue  # never paid
            paid = datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI) + timedelta(
                days=rng.choice([-1, 0, 0, 2, 9])
            )
            tables["own_payments"].append(
                {
                    "payment_id": f"{person}-N{loan}-{number}",
                    "loan_id": f"{person}-N{loan}",
                    "customer_id": person,
                    "paid_at": stamp(paid),
                    "recorded_at": known(rng, person, paid, 2),
                    "due_on": day.isoformat(),
                    "due_amount": amount,
                    "paid_amount": amount,
                    "method": rng.choice(["direct_debit", "wallet", "other_person"]),
                    "is_first_attempt": str(rng.random() < 0.8).lower(),
                }
            )
    return tables


def wallet(rng: random.Random, person: str) -> dict[str, list[dict[str, object]]]:
    rows = []
    for i, moment in enumerate(moments(rng, person, 25)):
        incoming = rng.random() < 0.3
        rows.append(
            {
                "transaction_id": f"{person}-W{i:03d}",
                "customer_id": person,
                "booked_at": stamp(moment),
                "received_at": known(rng, person, moment, 3),
                "direction": "in" if incoming else "out",
                "amount": money(rng, 1_000, 6_000) if incoming else money(rng, 1, 800),
                "category": rng.choice(["salary", "transfer"])
                if incoming
                else rng.choice(["food", "rent", "games", "loan_repayment"]),
                "balance_after_amount": maybe(rng, person, money(rng, -50, 8_000)),
                "counterpart_number": maybe(rng, person, rng.randint(1, 9)),
                "is_rejected": str(not incoming and rng.random() < 0.1).lower(),
            }
        )
    return {"wallet_transactions": rows}


def session(rng: random.Random, person: str) -> dict[str, list[dict[str, object]]]:
    events = []
    for number, applied in enumerate(APPLIED[person], 1):
        actions = ["open", "focus", "edit", "focus", "edit", "submit"]
        if person == "P11":
            actions = [
                "open",
                "edit",
                "edit",
                "paste",
                "step_back",
                "edit",
                "retry",
                "paste",
                "edit",
                "submit",
            ]
        moment = applied - timedelta(seconds=25 * len(actions))
        for step, action in enumerate(actions, 1):
            moment += timedelta(seconds=rng.randint(3, 20))
            field = (
                "none"
                if action in ("open", "submit", "step_back", "retry")
                else rng.choice(["income", "amount"])
            )
            is_edit = action == "edit"
            events.append(
                {
                    "session_id": f"{person}-S{number}",
                    "customer_id": person,
                    "happened_at": stamp(moment),
                    "received_at": stamp(moment + timedelta(milliseconds=350)),
                    "step": step,
                    "action": action,
                    "field": field,
                    "dwell_ms": rng.randint(200, 30_000) if field != "none" else "",
                    "change_amount": f"{rng.choice([-500, 0, 1_000, 3_000])}.00" if is_edit else "",
                }
            )
    snapshots = [
        {
            "snapshot_id": f"{person}-V{number}",
            "customer_id": person,
            "seen_at": stamp(applied - timedelta(minutes=4)),
            "received_at": stamp(applied - timedelta(minutes=4) + timedelta(seconds=1)),
            "device_number": 11 if person in ("P11", "P12") else PEOPLE.index(person) + 1,
            "system": rng.choice(["android", "harmony", "ios"]),
            "device_age_months": maybe(rng, person, rng.randint(1, 60)),
            "battery_percent": maybe(rng, person, rng.randint(3, 100)),
            "is_emulator": "false",
            "is_rooted": str(person == "P11").lower(),
            "uses_proxy": "false",
            "has_mock_location": "false",
        }
        for number, applied in enumerate(APPLIED[person], 1)
    ]
    return {"session_events": events, "device_snapshots": snapshots}


def identity(rng: random.Random, person: str) -> dict[str, list[dict[str, object]]]:
    checks, counters = [], []
    for number, applied in enumerate(APPLIED[person], 1):
        kinds = ["name_and_number", "face", "liveness", "bank_card"]
        for i, check in enumerate(kinds):
            moment = applied - timedelta(seconds=60 - 10 * i)
            checks.append(
                {
                    "check_id": f"{person}-K{number}{i}",
                    "customer_id": person,
                    "checked_at": stamp(moment),
                    "received_at": stamp(moment + timedelta(seconds=2)),
                    "check": check,
                    "result": "failed" if person == "P12" and check == "face" else "passed",
                    "similarity": f"0.{rng.randint(8_000, 9_999)}" if check == "face" else "",
                    "attempt": 1,
                }
            )
        for shared in ("device", "address", "bank_card"):
            moment = applied - timedelta(seconds=5)
            others = int(shared == "device" and person in ("P11", "P12"))
            counters.append(
                {
                    "customer_id": person,
                    "counted_at": stamp(moment),
                    "known_at": stamp(moment + timedelta(milliseconds=40)),
                    "shared": shared,
                    "n_people_1d": 0,
                    "n_people_30d": others,
                    "n_people_history": others,
                    "n_declined_30d": 0,
                    "n_bad_history": 0,
                }
            )
    return {"identity_checks": checks, "sharing_counters": counters}


def tables() -> dict[str, list[dict[str, object]]]:
    rng = random.Random(20_260_301)
    found: dict[str, list[dict[str, object]]] = {"applications": applications(rng), "consents": consents()}
    for person in PEOPLE:
        for source in (telecom, ecommerce, bureau, own_loans, wallet, session, identity):
            for name, rows in source(rng, person).items():
                kept = [] if person in SILENT else rows
                found.setdefault(name, []).extend(kept)
    return found


def main() -> None:
    text = (
        contract_template("instant_loan")
        .read_text(encoding="utf-8")
        .replace('file = "', 'file = "synthetic_')
        .replace(
            'name = "instant_loan"', 'name = "synthetic_instant_loan"', 1
        )  # the name stands in every report
    )
    (FOLDER / "sources.toml").write_text(text, encoding="utf-8")
    contracts = read_contracts(FOLDER / "sources.toml")
    for name, rows in tables().items():
        with (FOLDER / f"synthetic_{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    print(f"{len(contracts.records) + 2} tables written")


if __name__ == "__main__":
    main()

"""Rewrite the golden decisions of the reference bundle. Run only when a numerical change is meant, and list it in CHANGELOG.md.

Run: python tests/golden/write_reference_decisions.py
"""

from __future__ import annotations

import json
from pathlib import Path

from credit_risk.scoring import load_bundle
from credit_risk.sources import read_sources

PROJECT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("reference_decisions.json")
#: Customers spread over the file: approvals of all prices, declines at every stage.
KEYS = [str(key) for key in range(1, 30_000, 601)]


def golden_decisions() -> list[dict[str, object]]:
    """Decide the golden customers with the shipped bundle; schedules are kept as their first and last instalment."""
    bundle = load_bundle(PROJECT / "models" / "uci-reference")
    sources = read_sources(PROJECT / "data_samples" / "uci_credit_card")
    rows = []
    for application, records in sources.raw_requests(KEYS):
        row = bundle.decide(application, records).to_dict()
        for offer in row["offers"]:
            del offer["schedule"]
        rows.append(row)
    return rows


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden_decisions(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

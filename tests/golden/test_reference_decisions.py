"""The shipped bundle decides as it did when it was shipped: no code change may move a score, a price or a cent unseen."""

from __future__ import annotations

import json

from .write_reference_decisions import GOLDEN, golden_decisions


def test_golden_decisions_are_unchanged():
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert json.loads(json.dumps(golden_decisions())) == expected


def test_golden_decisions_cover_the_process():
    rows = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {row["outcome"] for row in rows} == {"approve", "decline"}
    assert {row["decided_at_stage"] for row in rows} >= {"risk", "offer"}
    assert len({offer["annual_rate"] for row in rows for offer in row["offers"]}) >= 10

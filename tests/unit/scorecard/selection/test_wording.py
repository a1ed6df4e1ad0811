"""Every reason of a selection is told in both languages, from the one English sentence that the card keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from credit_risk.domain.texts import catalogue
from credit_risk.scorecard.selection.wording import because, told_in
from credit_risk.scoring import load_bundle

KEYS = [key.removeprefix("scorecard.because.") for key in catalogue("en") if "scorecard.because." in key]
BLANK = re.compile(r"\{(\w+)\}")
REFERENCE = Path(__file__).resolve().parents[4] / "models" / "uci-reference"


@pytest.mark.parametrize("key", KEYS)
def test_a_sentence_is_found_again_with_its_facts(key):
    english, chinese = (catalogue(language)[f"scorecard.because.{key}"] for language in ("en", "zh-CN"))
    names = BLANK.findall(english)
    assert sorted(names) == sorted(BLANK.findall(chinese))
    facts = {name: f"{at}.5 %" for at, name in enumerate(names)}
    written = because(key, **facts)
    assert told_in(written, "en") == written
    assert told_in(written, "zh-CN") == (chinese.format(**facts) if facts else chinese)


def test_a_second_look_tells_what_the_first_said():
    first = because("not_significant", p_value="0.545")
    reason = because(
        "second_look", trend="falls with the value", found="88", needed="12", alone="has no trend",
        step="not_significant", first=first,
    )  # fmt: skip
    assert told_in(reason, "zh-CN") == (
        "与其他变量并列时，风险随取值下降（卡方 88，需要 12）；单独看，风险无明显趋势；首次筛选：与其他变量并列时不显著，与其他变量并列时 p 值为 0.545"
    )


def test_a_variable_is_told_by_its_label():
    reason = because("correlation", figure="0.939", variable="late_3m")
    assert (
        told_in(reason, "zh-CN", {"late_3m": "近三月逾期"})
        == "与“近三月逾期”的相关系数为 0.939，后者信息量更大"
    )
    assert "late_3m" in told_in(reason, "zh-CN")


def test_every_reason_of_the_reference_card_is_told_in_chinese():
    records = load_bundle(REFERENCE).scorecard.selection
    assert records
    for record in records:
        assert told_in(record.reason, "zh-CN") != record.reason


def test_a_reason_by_hand_stays_as_it_is():
    assert told_in("as agreed with the branches", "zh-CN") == "as agreed with the branches"

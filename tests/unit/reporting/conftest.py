"""A small report with MADE-UP numbers: drawn from a seeded generator, about nobody."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

from credit_risk.evaluation import (
    evaluate_predictions,
    fairness_table,
    period_table,
    population_stability_index,
    score_band_table,
    segment_table,
)
from credit_risk.reporting import EvidenceItem, Explained, KeyFigures, ReportContent


def made_up_content(n: int = 3000, seed: int = 5, **changes: object) -> ReportContent:
    """Return the content of a report about `n` customers who do not exist."""
    generator = np.random.default_rng(seed)
    risk = generator.normal(size=n)
    card = 1 / (1 + np.exp(1.6 - 1.2 * risk))
    booster = 1 / (1 + np.exp(1.6 - 1.25 * risk - 0.35 * generator.normal(size=n)))
    is_bad = generator.random(n) < card
    score = np.rint(487.123 - 28.8539 * np.log(card / (1 - card)))
    is_approved = card < 0.22
    limit = np.where(is_approved, np.clip(np.floor((0.25 - card) * 40) * 10_000, 10_000, 100_000), np.nan)
    rate = np.where(is_approved, np.round(0.09 + 0.6 * card, 3), np.nan)
    sex = np.where(generator.random(n) < 0.6, "2", "1")
    age = generator.choice(["21-29", "30-39", "40-49", "50+"], p=[0.32, 0.4, 0.26, 0.02], size=n)
    bands = score_band_table(
        score, is_bad, pd=card, is_approved=is_approved, limit_amount=limit, annual_rate=rate
    )
    profit = pandas.DataFrame(
        {
            "component": ["interest", "funding", "operating", "expected_loss"],
            "amount": [9_400_000.0, -2_100_000.0, -1_300_000.0, -3_900_000.0],
        }
    )
    values: dict[str, object] = {
        "title": {"en": "Made-up report for a test", "zh-CN": "测试用虚构报告"},
        "subtitle": {
            "en": "Numbers drawn from a generator, about nobody",
            "zh-CN": "数字由生成器产生,与任何人无关",
        },
        "currency": "TWD",
        "decision_model": "scorecard",
        "key_figures": KeyFigures(
            n_holdout=n,
            bad_rate=float(is_bad.mean()),
            approval_rate=float(is_approved.mean()),
            bad_rate_approved=float(is_bad[is_approved].mean()),
            mean_limit_amount=float(np.nanmean(limit)),
            mean_effective_rate=float(np.nanmean(rate)),
            expected_profit_amount=2_100_000.0,
        ),
        "assumptions": {
            "en": [
                "The offer is hypothetical: nobody was offered these loans.",
                "Affordability is not assessed: income is unknown.",
                "Consent is assumed for credit assessment: the data holds no consent records.",
            ],
            "zh-CN": [
                "授信为假设:没有人实际收到这些贷款。",
                "未评估偿还能力:收入未知。",
                "假定已同意用于信用评估:数据不含同意记录。",
            ],
        },
        "sample": pandas.DataFrame(
            {
                "sample": ["development", "validation", "holdout"],
                "n": [4000, 2000, n],
                "n_bads": [900, 430, int(is_bad.sum())],
            }
        ),
        "exclusions": pandas.DataFrame({"reason": ["outcome undetermined"], "n": [120]}),
        "selection": pandas.DataFrame(
            {
                "name": [f"statement__paid_ratio_{i}__180d__mean" for i in range(5)],
                "is_kept": [True, True, False, False, False],
                "step": ["kept", "kept", "correlation", "information_value", "a later gate"],
                "reason": ["information value 0.5000"] * 5,
                "information_value": [0.5, 0.3, 0.29, 0.001, 0.1],
            }
        ),
        "amounts_if_approved": {
            "scorecard": pandas.DataFrame(
                {"n_with_offer": 1.0 * (card < 0.4), "expected_loss_amount": 1e4 * card}
            ),
            "booster": pandas.DataFrame(
                {"n_with_offer": 1.0 * (booster < 0.4), "expected_loss_amount": 1e4 * booster}
            ),
        },
        "segments": segment_table(
            {"file": (risk > 1).astype(int)}, {"scorecard": card, "booster": booster}, is_bad
        ),
        "segment_labels": {
            "file": {"en": "Length of the file", "zh-CN": "记录长度"},
            "file=0": {"en": "thick", "zh-CN": "厚档"},
        },
        "stability": pandas.DataFrame(
            {
                "name": ["statement__paid_ratio_0__180d__mean", "other"],
                "psi": [0.01, 0.02],
                "psi_by_chance": [0.002, 0.004],
                "points": [0.3, np.nan],
                "missing_before": [0.0, 0.1],
                "missing_now": [0.0, 0.2],
            }
        ),
        "score_stability": population_stability_index(score[: n // 2], score[n // 2 :]),
        "periods": period_table(
            np.where(np.arange(n) < n // 2, "2026-01", "2026-02"), {"scorecard": card}, is_bad
        ),
        "explained": _made_up_contributions(generator, n),
        "evaluation": evaluate_predictions({"scorecard": card, "booster": booster}, is_bad, n_bootstrap=200),
        "predictions": {"scorecard": card, "booster": booster},
        "is_bad": is_bad,
        "bands": bands.assign(
            expected_profit_amount=np.where(bands["n_approved"] > 0, 3e5 * bands["approval_rate"], 0)
        ),
        "score": score,
        "binning": {f"statement__paid_ratio_{i}__180d__mean": _made_up_bins(generator) for i in range(4)},
        "variable_labels": {
            "statement__paid_ratio_0__180d__mean": {
                "en": "Share of the statement paid, mean of 6 months",
                "zh-CN": "账单还款比例,六个月平均",
            }
        },
        "outcomes": pandas.DataFrame(
            {"outcome": ["approve", "decline"], "n": [int(is_approved.sum()), int((~is_approved).sum())]}
        ),
        "offers": pandas.DataFrame({"pd": card, "limit_amount": limit, "annual_rate": rate})[is_approved],
        "profit": profit,
        "reasons": pandas.DataFrame(
            {
                "code": ["R01", "R02"],
                "n": [800, 350],
                "text": [
                    {"en": "Payments were late in recent months", "zh-CN": "近几个月还款逾期"},
                    {"en": "Much of the credit line is used", "zh-CN": "信用额度使用率高"},
                ],
            }
        ),
        "fairness": fairness_table(
            {"sex": sex, "age": age},
            is_approved=is_approved,
            pd=card,
            is_bad=is_bad,
            limit_amount=limit,
            annual_rate=rate,
        ),
        "attribute_labels": {
            "sex": {"en": "Sex", "zh-CN": "性别"},
            "sex=1": {"en": "Male", "zh-CN": "男"},
            "sex=2": {"en": "Female", "zh-CN": "女"},
        },
        "evidence": (
            EvidenceItem(title={"en": "Version", "zh-CN": "版本"}, is_filled=True),
            EvidenceItem(
                title={"en": "Owner", "zh-CN": "负责人"},
                is_filled=False,
                supplied_by={"en": "Head of credit risk", "zh-CN": "信用风险负责人"},
            ),
        ),
        "digests": {"data": "0" * 64, "bundle": "a1" * 32},
        "versions": {"numpy": "2.4.0"},
        "artefacts": {"decisions": "out/decisions.parquet", "bundle": "out/bundle"},
    }
    return ReportContent(**(values | changes))  # type: ignore[arg-type]


def _made_up_contributions(generator: np.random.Generator, n: int) -> Explained:
    values = generator.normal(size=(400, 5)).round(1)
    values[:40, 1] = np.nan
    return Explained(
        model="booster",
        names=tuple(f"statement__paid_ratio_{i}__180d__mean" for i in range(5)),
        values=values,
        contributions=np.nan_to_num(values) * np.array([0.5, 0.4, -0.3, 0.2, 0.0]),
        n_population=n,
    )


def _made_up_bins(generator: np.random.Generator) -> pandas.DataFrame:
    n = np.array([420, 640, 810, 700, 430, 0])
    rates = np.array([0.42, 0.31, 0.2, 0.14, 0.09, 0.0]) * generator.uniform(0.8, 1.2)
    bads = np.round(n * rates)
    goods = n - bads
    woe = np.where(n > 0, np.log((goods + 0.5) / goods.sum() / ((bads + 0.5) / bads.sum())), 0.0)
    return pandas.DataFrame(
        {
            "bin": ["< 0.05", "[0.05, 0.31)", "[0.31, 0.62)", "[0.62, 0.98)", ">= 0.98", "missing"],
            "n": n,
            "n_bads": bads.astype(int),
            "woe": woe,
            "iv": (goods / goods.sum() - bads / bads.sum()) * woe,
        }
    )


@pytest.fixture(scope="session")
def content() -> ReportContent:
    """The made-up report."""
    return made_up_content()

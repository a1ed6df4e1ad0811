"""The first minute: key figures, and what they mean in sentences a credit officer can repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.domain.texts import text
from credit_risk.reporting.blocks import Block, Bullets, Tile, Tiles
from credit_risk.reporting.formatting import (
    amount_short,
    decimal,
    p_clause,
    percent,
    percent_fine,
    whole,
)
from credit_risk.reporting.sections.holding import marked_groups

if TYPE_CHECKING:
    from credit_risk.evaluation.discrimination import PairedComparison
    from credit_risk.evaluation.report import ModelEvaluation
    from credit_risk.reporting.content import ReportContent


def summary_blocks(content: ReportContent, language: str) -> tuple[Block, ...]:
    """Return the tiles and the sentences at the top of the page."""
    return (Tiles(items=_tiles(content, language)), Bullets(items=_sentences(content, language)))


def _tiles(content: ReportContent, language: str) -> tuple[Tile, ...]:
    figures, money = content.key_figures, content.currency

    def tile(key: str, value: str, **facts: object) -> Tile:
        return Tile(
            label=text(f"report.tile.{key}", language),
            value=value,
            note=text(f"report.tile.{key}_note", language, **facts),
        )

    tiles = [tile("n_holdout", whole(figures.n_holdout), bad_rate=percent(figures.bad_rate))]
    for model in content.evaluation.models:
        tiles += _model_tiles(model, language)
    return (
        *tiles,
        tile("approval_rate", percent(figures.approval_rate)),
        tile("bad_rate_approved", percent(figures.bad_rate_approved), bad_rate=percent(figures.bad_rate)),
        tile("mean_limit", amount_short(figures.mean_limit_amount, money)),
        tile("mean_rate", percent_fine(figures.mean_effective_rate)),
        tile("expected_profit", amount_short(figures.expected_profit_amount, money)),
    )


def _model_tiles(model: ModelEvaluation, language: str) -> list[Tile]:
    return [
        Tile(
            label=text(f"report.tile.{key}", language, model=model.name),
            value=decimal(getattr(model, key)),
            note=text(
                "report.tile.interval_note",
                language,
                low=decimal(getattr(model, f"{key}_low")),
                high=decimal(getattr(model, f"{key}_high")),
            ),
        )
        for key in ("auc", "ks")
    ]


def _sentences(content: ReportContent, language: str) -> tuple[str, ...]:
    figures, decides = content.key_figures, content.evaluation[content.decision_model]
    first = text(
        "report.summary.ranks",
        language,
        model=decides.name,
        pairs=whole(100.0 * decides.auc),
    )
    level = text(
        f"report.summary.level_{_level(decides)}",
        language,
        mean_pd=percent(decides.mean_pd),
        bad_rate=percent(decides.bad_rate),
        low=percent(decides.bad_rate_low),
        high=percent(decides.bad_rate_high),
    )
    approves = text(
        "report.summary.approves",
        language,
        approval_rate=percent(figures.approval_rate),
        bad_rate=percent(figures.bad_rate),
        bad_rate_approved=percent(figures.bad_rate_approved),
    )
    compared = [_compared(pair, language) for pair in content.evaluation.comparisons]
    stated = tuple(content.assumptions.get(language) or content.assumptions.get("en") or ())
    missing = [item for item in content.evidence if not item.is_filled]
    gaps = text("report.summary.missing", language, n_missing=len(missing), n=len(content.evidence))
    groups = [] if content.segments is None else [marked_groups(content.segments, decides.name, language)]
    return (*stated[:1], first, *compared, level, *groups, approves, *([gaps] if missing else []))


def _level(model: ModelEvaluation) -> str:
    """Say whether the mean PD lies inside the interval of the bad rate, below or above it."""
    if model.mean_pd < model.bad_rate_low:
        return "low"
    return "high" if model.mean_pd > model.bad_rate_high else "right"


def _compared(pair: PairedComparison, language: str) -> str:
    """Say which of two models ranks better, or that the sample cannot tell."""
    ahead, behind = (pair.model_a, pair.model_b) if pair.auc_difference >= 0 else (pair.model_b, pair.model_a)
    tells = pair.auc_difference_low > 0 or pair.auc_difference_high < 0
    low, high = sorted((abs(pair.auc_difference_low), abs(pair.auc_difference_high)))
    key = "report.summary.better" if tells else "report.summary.no_difference"
    return text(
        key,
        language,
        ahead=ahead,
        behind=behind,
        difference=decimal(abs(pair.auc_difference)),
        low=decimal(low if tells else pair.auc_difference_low),
        high=decimal(high if tells else pair.auc_difference_high),
        p=p_clause(pair.p_value),
    )

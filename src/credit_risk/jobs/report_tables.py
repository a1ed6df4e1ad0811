"""Filling the report: from a run's records to the plain tables that reporting draws."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import credit_risk
from credit_risk.evaluation import fairness_table, population_stability_index, score_band_table
from credit_risk.features.categories import feature_categories
from credit_risk.jobs.assumptions import stated_assumptions
from credit_risk.jobs.evidence import holding
from credit_risk.jobs.evidence.cut_offs import amounts_if_approved
from credit_risk.jobs.evidence.explained import explained_booster
from credit_risk.jobs.evidence.model_document import evidence_items, model_document
from credit_risk.reporting import KeyFigures, ReportContent, render_report
from credit_risk.scorecard.apply import apply_scorecard
from credit_risk.scoring.model_columns import card_columns, forest_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from credit_risk.features.definition import FeatureDefinition
    from credit_risk.jobs.portfolio import Portfolio
    from credit_risk.jobs.project import HeldAttribute, SegmentRule
    from credit_risk.jobs.run import MainRun
    from credit_risk.reporting import Explained
    from credit_risk.samples import SamplePart

_N_TOP_VARIABLES = 8
#: Features of the booster whose stability is shown beside the card's.
_N_WATCHED = 20
_PACKAGES = ("numpy", "pandas", "xgboost-cpu", "duckdb", "ibis-framework", "scikit-learn")


def write_report(folder: Path, run: MainRun, digests: Mapping[str, str]) -> ReportContent:
    """Write the self-contained HTML report of a run, and the model document beside it; return what the report shows."""
    content = report_content(run, digests)
    document = model_document(run, content)
    content = replace(content, evidence=evidence_items(document))
    page = render_report(content, language=run.settings.language)
    (folder / "report.html").write_text(page, encoding="utf-8")
    (folder / "model_document.json").write_text(
        json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )
    return content


def report_content(run: MainRun, digests: Mapping[str, str]) -> ReportContent:
    """Collect everything the report shows."""
    portfolio = run.portfolio.scored()
    frame = portfolio.frame
    approved = frame[portfolio.is_approved]
    predictions = {model.name: frame[f"pd_{model.name}"].to_numpy() for model in run.evaluation.models}
    content = ReportContent(
        title=run.project.report.title,
        subtitle=run.project.report.subtitle,
        currency=run.sources.currency,
        decision_model=run.project.strategy.decision_model,
        key_figures=_key_figures(run),
        assumptions=stated_assumptions(
            run.project.strategy, run.bundle.engine.grid, run.sources, run.project.plan
        ),
        sample=_sample(run),
        evaluation=run.evaluation,
        predictions=predictions,
        is_bad=portfolio.is_bad,
        score=frame["score"].to_numpy(dtype=np.float64),
        binning=_binning(run),
        variable_labels={item.name: _label(run, item) for item in run.project.features.definitions},
        bands=_bands(portfolio),
        outcomes=run.portfolio.outcomes(),
        offers=pd.DataFrame(
            {
                "pd": approved["pd"],
                "limit_amount": approved["limit_amount"],
                "annual_rate": approved["effective_rate"],
            }
        ),
        profit=portfolio.profit(),
        reasons=run.portfolio.reasons(),
        fairness=_fairness(run, portfolio),
        attribute_labels=_attribute_labels(run.project.report.attributes),
        digests=digests,
        versions={
            "credit-risk-toolkit": credit_risk.__version__,
            **{package: version(package) for package in _PACKAGES},
        },
        artefacts={
            "decisions": "decisions.parquet",
            "bundle": "bundle/",
            "evaluation": "evaluation.json",
            "document": "model_document.json",
            "run": "run.json",
        },
    )
    return _with_evidence(content, run)


def _with_evidence(content: ReportContent, run: MainRun) -> ReportContent:
    """Add what shows whether the models can be trusted: selection, contributions, cut-offs, segments, stability."""
    rows = run.portfolio.scored().frame.index
    development, holdout = (
        _as_models_read(run, part) for part in (run.sample.development, run.sample.holdout)
    )
    explained = explained_booster(
        run.bundle.booster, _as_models_read(run, run.sample.holdout, words_of_card=False)
    )
    rules, predictions = run.project.report.segments, content.predictions
    applied_at = run.sources.applications["applied_at"].loc[rows]
    others = _strongest_off_the_card(run, explained)
    return replace(
        content,
        exclusions=pd.DataFrame(list(run.sample.exclusions), columns=["reason", "n"]),
        split_by=run.project.plan.split.by if run.project.plan.split else "customer",
        selection=_selection(run),
        explained=explained,
        amounts_if_approved={
            name: amounts_if_approved(run.bundle.engine.grid, run.project.strategy, risk)
            for name, risk in predictions.items()
        },
        segments=holding.segments(rules, run.sample.holdout.X.loc[rows], predictions, content.is_bad),
        segment_labels=_segment_labels(rules),
        stability=holding.variable_stability(run.bundle.scorecard, development, holdout, others=others),
        score_stability=_score_stability(run, development, holdout),
        periods=holding.periods(applied_at, predictions, content.is_bad, run.sources.timezone),
    )


def _key_figures(run: MainRun) -> KeyFigures:
    figures = run.portfolio.figures()
    return KeyFigures(
        n_holdout=len(run.sample.holdout),
        bad_rate=figures["bad_rate"],
        approval_rate=figures["approval_rate"],
        bad_rate_approved=figures["bad_rate_approved"],
        mean_limit_amount=figures["mean_limit_amount"],
        mean_effective_rate=figures["mean_effective_rate"],
        expected_profit_amount=figures["expected_profit_amount"],
    )


def _sample(run: MainRun) -> pd.DataFrame:
    return run.sample.table().reset_index().rename(columns={"part": "sample"})


def _binning(run: MainRun) -> dict[str, pd.DataFrame]:
    """Return the bins of the card's strongest variables, as counted on development rows."""
    spec = run.bundle.scorecard
    strength = dict(zip(spec.feature_names, spec.information_values, strict=True))
    names = sorted(spec.feature_names, key=lambda name: -strength[name])[:_N_TOP_VARIABLES]
    return {name: _bins(run.models.card.binning_table(name)) for name in names}


def _bins(table: pd.DataFrame) -> pd.DataFrame:
    filled = table[(table["Count"] > 0) & (table.index != "Totals")]
    return pd.DataFrame(
        {
            "bin": filled["Bin"].astype(str),
            "n": filled["Count"].astype(int),
            "n_bads": filled["Event"].astype(int),
            "woe": filled["WoE"].astype(float),
            "iv": filled["IV"].astype(float),
        }
    )


def _selection(run: MainRun) -> pd.DataFrame | None:
    """Return why each candidate stands on the card or not, where the card records it."""
    records = run.bundle.scorecard.selection
    return pd.DataFrame([asdict(record) for record in records]) if records else None


def _label(run: MainRun, definition: FeatureDefinition) -> dict[str, str]:
    return {
        "en": definition.meaning,
        "zh-CN": f"{run.project.features.factor_label(definition.factor, 'zh-CN')}({definition.name})",
    }


def _bands(portfolio: Portfolio) -> pd.DataFrame:
    frame = portfolio.frame
    return score_band_table(
        frame["score"].to_numpy(),
        portfolio.is_bad,
        pd=frame["pd"].to_numpy(),
        is_approved=portfolio.is_approved,
        limit_amount=frame["limit_amount"].to_numpy(),
        annual_rate=frame["effective_rate"].to_numpy(),
    )


def _as_models_read(run: MainRun, part: SamplePart, *, words_of_card: bool = True) -> pd.DataFrame:
    """Return the columns of both models as numbers: a word is what the card's bins, else the booster's encoding, make of it."""
    bundle, names = run.bundle, list(run.bundle.features.names)
    categories = feature_categories(bundle.features, bundle.contracts)
    X = part.matrix()
    columns: dict[str, np.ndarray] = {}
    read = [
        (bundle.scorecard.feature_names, card_columns(bundle.scorecard, names, categories).take(X)),
        (bundle.booster.feature_names, forest_columns(bundle.booster, names, categories).take(X)),
    ]
    for names_of_model, values in reversed(read) if words_of_card else read:
        columns |= dict(zip(names_of_model, values.T, strict=True))
    return pd.DataFrame(columns, index=part.X.index)


def _score_stability(run: MainRun, development: pd.DataFrame, holdout: pd.DataFrame) -> pd.DataFrame:
    """Return the stability of the card's score in tenths of the development customers."""
    card = run.bundle.scorecard
    names = list(card.feature_names)
    before, now = (
        apply_scorecard(card, part[names].to_numpy(dtype=np.float64)).score for part in (development, holdout)
    )
    return population_stability_index(before, now)


def _strongest_off_the_card(run: MainRun, explained: Explained) -> list[str]:
    """Return the booster's strongest features that the card does not hold."""
    order = np.argsort(-explained.strength, kind="stable")[:_N_WATCHED]
    return [
        explained.names[at] for at in order if explained.names[at] not in run.bundle.scorecard.feature_names
    ]


def _segment_labels(rules: Mapping[str, SegmentRule]) -> dict[str, Mapping[str, str]]:
    labels: dict[str, Mapping[str, str]] = {name: rule.label for name, rule in rules.items()}
    for name, rule in rules.items():
        labels.update({f"{name}={at}": words for at, words in enumerate(holding.band_names(rule))})
    return labels


def _fairness(run: MainRun, portfolio: Portfolio) -> pd.DataFrame | None:
    """Return the fairness table; None where no protected attribute is held."""
    frame = portfolio.frame
    held = run.sources.held.loc[frame.index]
    groups = {
        name: _groups(held[name].to_numpy(), attribute)
        for name, attribute in run.project.report.attributes.items()
        if name in held.columns
    }
    if not groups:
        return None
    return fairness_table(
        groups,
        is_approved=portfolio.is_approved,
        pd=frame["pd"].to_numpy(),
        is_bad=portfolio.is_bad,
        score=frame["score"].to_numpy(),
        limit_amount=frame["limit_amount"].to_numpy(),
        annual_rate=frame["effective_rate"].to_numpy(),
    )


def _groups(values: np.ndarray, attribute: HeldAttribute) -> np.ndarray:
    """Return a group label per customer: the code itself, or the band of a numeric attribute; gaps are a group of their own."""
    gone = pd.isna(values)
    found = np.array([str(value) for value in values], dtype=object)
    if attribute.bands:
        bounds = np.array(attribute.bands)
        labels = [f"<{bounds[0]}", *(f"{low}-{high - 1}" for low, high in pairwise(bounds)), f"{bounds[-1]}+"]
        numbers = np.where(gone, bounds[0], values).astype(np.float64)
        found = np.array(labels, dtype=object)[np.searchsorted(bounds, numbers, side="right")]
    found[gone] = "missing"
    return found


def _attribute_labels(attributes: Mapping[str, HeldAttribute]) -> dict[str, Mapping[str, str]]:
    labels: dict[str, Mapping[str, str]] = {name: attribute.label for name, attribute in attributes.items()}
    for name, attribute in attributes.items():
        labels.update({f"{name}={group}": words for group, words in attribute.groups.items()})
    return labels

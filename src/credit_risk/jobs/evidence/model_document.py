"""The model document: every item of evidence, filled from a run or listed as missing with who supplies it.

It holds no clock, host or path: the same run gives the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

import credit_risk
from credit_risk.domain.texts import LANGUAGES, text
from credit_risk.errors import GovernanceError
from credit_risk.jobs.decisions_table import decision_columns
from credit_risk.jobs.evidence.checklist import CHECKLIST
from credit_risk.reporting import EvidenceItem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from credit_risk.features.definition import FeatureDefinition
    from credit_risk.jobs.run import MainRun
    from credit_risk.reporting import ReportContent

SCHEMA_VERSION = 1


def model_document(run: MainRun, content: ReportContent) -> dict[str, Any]:
    """Return the model document of a run as plain JSON values.

    Parameters
    ----------
    run : MainRun
        What was trained and decided.
    content : ReportContent
        What the report shows: its tables are the evidence.
    """
    facts = {
        **_identity(run),
        **_data(run),
        **_features(run),
        **_models(run, content),
        **_performance(content),
        **_explanation(content),
        **_use(run, content),
    }
    return assembled(facts)


def assembled(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Put facts into the checklist: each item once, filled or missing.

    Raises
    ------
    GovernanceError
        A fact that is no item of the checklist (``CR-GOV-022``).

    Examples
    --------
    >>> document = assembled({"seed": {"booster": 7}})
    >>> document["n_filled"], document["items"][2]["status"], document["items"][2]["supplied_by"]["en"]
    (1, 'missing', 'Head of credit risk')
    """
    unknown = sorted(set(facts) - set(CHECKLIST))
    if unknown:
        raise GovernanceError(
            f"The facts {unknown} are no items of the checklist. Expected only keys of CHECKLIST.",
            code="CR-GOV-022",
        )
    items = [_item(key, supplier, facts.get(key)) for key, supplier in CHECKLIST.items()]
    n_filled = sum(item["status"] == "filled" for item in items)
    return {
        "schema_version": SCHEMA_VERSION,
        "n_filled": n_filled,
        "n_missing": len(items) - n_filled,
        "items": items,
    }


def evidence_items(document: Mapping[str, Any]) -> tuple[EvidenceItem, ...]:
    """Return what the report says about each item of a document."""
    return tuple(
        EvidenceItem(
            title=item["title"], is_filled=item["status"] == "filled", supplied_by=item.get("supplied_by", {})
        )
        for item in document["items"]
    )


def _item(key: str, supplier: str, value: Any) -> dict[str, Any]:
    title = {language: text(f"report.evidence.{key}", language) for language in LANGUAGES}
    if value is None or value in ({}, [], ""):
        who = {language: text(f"report.supplier.{supplier}", language) for language in LANGUAGES}
        return {"key": key, "title": title, "status": "missing", "supplied_by": who}
    return {"key": key, "title": title, "status": "filled", "value": plain(value)}


def plain(value: Any) -> Any:
    """Return JSON values: numbers that do not exist are None, tuples are lists.

    Examples
    --------
    >>> plain({"a": (1, float("nan")), "b": np.float64(0.5)})
    {'a': [1, None], 'b': 0.5}
    """
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rows(table: pd.DataFrame | None) -> list[dict[str, Any]] | None:
    if table is None:
        return None
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _identity(run: MainRun) -> dict[str, Any]:
    strategy = run.project.strategy
    return {
        "identifier": {"strategy": strategy.id, "bundle_digest": run.bundle.digest},
        "version": {"strategy": strategy.version, "library": credit_risk.__version__},
    }


def _data(run: MainRun) -> dict[str, Any]:
    sources, sample, outcome = run.sources, run.sample, run.project.outcome
    records = sources.contracts.records
    applied = sources.applications["applied_at"]
    return {
        "population": {
            "source": sources.name,
            "n_applications": len(applied),
            "first_application_at": applied.min().isoformat(),
            "last_application_at": applied.max().isoformat(),
        },
        "windows": {
            "longest_observation_days": max(
                (item.window_days for item in run.project.features.definitions if item.window_days),
                default=None,
            ),
            "outcome_horizon": outcome.horizon,
            "outcome_known_at": outcome.known_at.isoformat(),
        },
        "exclusions": [{"reason": reason, "n": n} for reason, n in sample.exclusions],
        "data_sources": {
            "digests": dict(sources.digests),
            "records": [
                {"name": one.name, "channel": one.channel, "consent_purpose": one.consent_purpose}
                for one in records
            ],
            "statement": dict(run.project.report.subtitle),
        },
        "consent_lineage": {
            **asdict(sources.contracts.consent),
            "state": None if sample.consent is None else sample.consent.to_dict(),
        },
        "licence_lineage": {one.name: one.licence for one in records if one.licence},
        "data_quality": _quality(run),
        "target_definition": {
            "name": outcome.name,
            "column": outcome.column,
            "bad_values": list(outcome.bad_values),
            "good_values": list(outcome.good_values),
            "horizon": outcome.horizon,
        },
        "sampling": {"split": _split(run), "parts": _rows(sample.table().reset_index())},
    }


def _split(run: MainRun) -> str:
    rule = run.project.plan.split
    return "by time of application" if rule is not None and rule.by == "time" else "by customer, by hash"


def _quality(run: MainRun) -> dict[str, Any]:
    """Return shares of missing values; contracts were checked when the sources were read."""
    X, flags = run.sample.development.X, run.sample.development.flags
    return {
        "contracts": "checked when read; a broken promise stops the run",
        "missing_share_development": {str(name): float(share) for name, share in X.isna().mean().items()},
        "flag_share_development": {str(name): float(share) for name, share in flags.mean().items()},
    }


def _features(run: MainRun) -> dict[str, Any]:
    used = set(run.bundle.scorecard.feature_names) | set(run.bundle.booster.feature_names)
    features = [item for item in run.project.features.definitions if item.name in used]
    return {
        "feature_rationale": [_rationale(item) for item in features],
        "monotonicity": {item.name: item.direction for item in features},
        "missing_path": {
            "meaning": {item.name: item.missing for item in features if item.missing},
            "card": "a bin of its own with whole points (see coefficients)",
            "booster": "the default direction of every split, in booster.npz of the bundle",
        },
    }


def _rationale(item: FeatureDefinition) -> dict[str, Any]:
    return {
        "name": item.name,
        "meaning": item.meaning,
        "factor": item.factor,
        "rationale": item.rationale or None,
        "owner": item.owner or None,
        "version": item.version,
    }


def _models(run: MainRun, content: ReportContent) -> dict[str, Any]:
    card, booster = run.bundle.scorecard, run.bundle.booster
    points = {
        variable.name: dict(zip(variable.labels(), card.points[at], strict=False))
        for at, variable in enumerate(card.binning.variables)
    }
    return {
        "algorithm": {
            "scorecard": "logistic regression on WoE, scaled to whole points",
            "booster": f"{booster.n_trees} gradient-boosted trees with monotone constraints",
            "decides": content.decision_model,
        },
        "hyper_parameters": {
            "plan": run.project.plan.to_dict(),
            "booster": dict(booster.parameters),
            "scorecard": card.settings,
        },
        "seed": {"plan": run.project.plan.seed, "evaluation": content.evaluation.seed},
        "environment_lock": dict(content.versions),
        "hashes": dict(content.digests),
        "coefficients": {
            "intercept": card.intercept,
            "coefficients": dict(zip(card.feature_names, card.coefficients, strict=False)),
            "standard_errors": dict(zip(card.feature_names, card.standard_errors, strict=False)),
            "points": points,
            "calibration": {name: spec.to_dict() for name, spec in run.bundle.calibrations.items()},
        },
        "challenger": [asdict(pair) for pair in content.evaluation.comparisons],
    }


def _performance(content: ReportContent) -> dict[str, Any]:
    evaluation = content.evaluation.to_dict()
    models = content.evaluation.table().reset_index()
    ranks = [name for name in models if str(name).startswith(("name", "auc", "gini", "ks"))]
    levels = [name for name in models if name == "name" or name not in ranks]
    return {
        "discrimination": {
            "n_rows": evaluation["n_rows"],
            "n_bads": evaluation["n_bads"],
            "confidence_level": evaluation["confidence_level"],
            "models": _rows(models[ranks]),
        },
        "calibration": {"models": _rows(models[levels]), "score_bands": _rows(content.bands)},
        "stability": {
            "score": _rows(content.score_stability),
            "variables": _rows(content.stability),
            "compared": "development with holdout",
        },
        "out_of_time": _rows(content.periods),
        "segment_results": _rows(content.segments),
        "fairness_tests": _rows(content.fairness),
    }


def _explanation(content: ReportContent) -> dict[str, Any]:
    explained = content.explained
    if explained is None:
        return {}
    strength = dict(zip(explained.names, explained.strength.tolist(), strict=True))
    return {
        "explainability_method": {
            "scorecard": "points of each variable, against what is earned without information",
            "booster": "exact Shapley values of the trees (path-dependent), in log-odds",
            "n_customers": len(explained.contributions),
            "mean_size_of_contribution": dict(sorted(strength.items(), key=lambda pair: -pair[1])),
        },
        "explainability_stability": {"rank_correlation_of_halves": explained.order_stability()},
    }


def _use(run: MainRun, content: ReportContent) -> dict[str, Any]:
    strategy, card = run.project.strategy, run.bundle.scorecard
    return {
        "assumptions": {language: list(lines) for language, lines in content.assumptions.items()},
        "overlays": {
            "points_decided_by_people": [asdict(override) for override in card.overrides],
            "bins_decided_by_people": card.binning.settings.get("decisions", []),
        },
        "cut_off_use": {
            "decision_model": strategy.decision_model,
            "max_pd": strategy.max_pd,
            "refer_above_pd": strategy.refer_above_pd,
            "rules": [rule.to_dict() for rule in strategy.rules],
            "figures": run.portfolio.figures(),
        },
        "pricing_use": {
            "offer": asdict(strategy.offer),
            "costs": asdict(strategy.costs),
            "lender": asdict(strategy.lender),
            "pd": asdict(strategy.pd),
        },
        "implementation_test": _parity(run.n_parity),
        "decision_log": {
            "columns": decision_columns(horizon=strategy.pd.exposure_horizon),
            "replay": "the bundle named by its digest decides the same request again to equal fields",
        },
    }


def _parity(n_parity: int | None) -> dict[str, Any] | None:
    """Return the parity test; None where this run did not make it."""
    if n_parity is None:
        return None
    return {
        "n_decided_in_batch_and_in_real_time": n_parity,
        "n_different": 0,
        "compared": "every field, equal",
    }

"""Looking at bundles from a shell: what is in one, whether it is whole, and where two of them differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from credit_risk.scoring import load_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from credit_risk.scoring import ScoringBundle

#: More differences than this say only that the bundles are different ones.
_MOST_SHOWN = 40


def inspect_bundle(folder: Path) -> dict[str, object]:
    """Return the facts of a bundle that a person asks for first."""
    bundle = load_bundle(folder)
    card, forest, strategy = bundle.scorecard, bundle.booster, bundle.strategy
    return {
        "digest": bundle.digest,
        "strategy": f"{strategy.id} {strategy.version}",
        "decision_model": strategy.decision_model,
        "currency": bundle.contracts.currency,
        "sources": [contract.name for contract in bundle.contracts.records],
        "required_sources": list(strategy.required_sources),
        "n_features": len(bundle.features.names),
        "scorecard_features": list(card.feature_names),
        "score_range": [sum(min(row) for row in card.points), sum(max(row) for row in card.points)],
        "booster": f"{forest.n_trees} trees on {len(forest.feature_names)} features, depth {forest.depth}",
        "pd_horizon": strategy.pd.exposure_horizon,
        "max_pd": strategy.max_pd,
        "stages_not_assessed": list(strategy.not_assessed),
    }


def verify_bundle(folder: Path, *, expected_digest: str | None) -> dict[str, object]:
    """Load a bundle with every check and return its digest.

    Raises
    ------
    GovernanceError
        Damaged, of another version, or not the expected one.
    """
    bundle = load_bundle(folder, expected_digest=expected_digest)
    return {"digest": bundle.digest, "is_whole": True, "is_expected": expected_digest is not None or None}


def diff_bundles(first: Path, second: Path) -> dict[str, object]:
    """Return where two bundles differ: files, and within JSON files the paths of the values."""
    before, after = load_bundle(first), load_bundle(second)
    old, new = before.files(), after.files()
    files = {}
    for name in sorted(set(old) | set(new)):
        content, other = old.get(name), new.get(name)
        if content is None or other is None:
            files[name] = [f"only in {'second' if content is None else 'first'}"]
        elif content != other:
            files[name] = _differences(content, other) if name.endswith(".json") else ["arrays differ"]
    return {
        "first": before.digest,
        "second": after.digest,
        "is_equal": before.digest == after.digest,
        "scorecard_features": _changed_names(before, after),
        "files": files,
    }


def as_text(content: dict[str, object]) -> str:
    """Return facts as aligned lines for a person."""
    width = max(len(name) for name in content) + 2
    return "\n".join(f"{name:<{width}}{_words(value)}" for name, value in content.items())


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {_words(part)}" for name, part in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or "none"
    return {"True": "yes", "False": "no", "None": "not asked"}.get(str(value), str(value))


def _changed_names(before: ScoringBundle, after: ScoringBundle) -> dict[str, list[str]]:
    old, new = set(before.scorecard.feature_names), set(after.scorecard.feature_names)
    return {"only in first": sorted(old - new), "only in second": sorted(new - old)}


def _differences(first: bytes, second: bytes) -> list[str]:
    found = list(_paths(json.loads(first), json.loads(second), ""))
    rest = len(found) - _MOST_SHOWN
    return found[:_MOST_SHOWN] + ([f"and {rest} more"] if rest > 0 else [])


def _paths(first: Any, second: Any, path: str) -> list[str]:
    """Return the paths at which two JSON values differ."""
    if type(first) is not type(second):
        return [path or "everything"]
    if isinstance(first, dict):
        names = sorted(set(first) | set(second))
        return [
            found for name in names for found in _member(first, second, name, f"{path}.{name}".lstrip("."))
        ]
    if isinstance(first, list) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return [found for number, pair in pairs for found in _paths(*pair, f"{path}[{number}]")]
    return [] if first == second else [path or "everything"]


def _member(first: dict[str, Any], second: dict[str, Any], name: str, path: str) -> list[str]:
    if name not in first or name not in second:
        return [f"{path} (only in {'first' if name in first else 'second'})"]
    return _paths(first[name], second[name], path)

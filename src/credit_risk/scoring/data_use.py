"""Which features, models and decisions used a person's data of one feed: the answer after a withdrawal of consent.

It needs no customer data, only what is kept anyway: bundles (their lineage) and the log of decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from credit_risk.decision.record import Decision
    from credit_risk.scoring.bundle import ScoringBundle

#: Flags by which a decision says that nothing of a source was used.
_UNUSED = ("no_consent", "not_supplied", "no_records")
#: What can be said of an application.
_KINDS = ("decisions", "untouched", "unknown", "not_found")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUse:
    """Who used a person's data of one feed.

    Attributes
    ----------
    feed : str
        What the person consented to.
    decisions : tuple of str
        Applications of this person whose decision was computed from the feed's records.
    untouched : tuple of str
        Applications decided without it: no consent, not supplied, no records, or a bundle that does not read the feed.
    unknown : tuple of str
        Applications decided by a bundle that was not handed in: nothing can be said of them.
    not_found : tuple of str
        Applications asked for of which the log holds no decision, by the keys asked with: perhaps mistyped, or another log's.
    features : mapping of str to tuple of str
        Bundle digest -> features that read the feed, of the bundles that decided.
    models : mapping of str to tuple of str
        Bundle digest -> models (and 'rules') that use one of these features.
    """

    feed: str
    decisions: tuple[str, ...]
    untouched: tuple[str, ...]
    unknown: tuple[str, ...]
    not_found: tuple[str, ...]
    features: Mapping[str, tuple[str, ...]]
    models: Mapping[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, with the number of applications of each kind under ``counts``."""
        content = asdict(self)
        for name in _KINDS:
            content[name] = list(content[name])
        content["counts"] = {name: len(content[name]) for name in _KINDS}
        for name in ("features", "models"):
            content[name] = {digest: list(words) for digest, words in content[name].items()}
        return content


def trace_data_use(
    feed: str,
    application_ids: Iterable[str],
    *,
    bundles: Iterable[ScoringBundle],
    decisions: Iterable[Decision | Mapping[str, Any]],
) -> DataUse:
    """Return which features, models and decisions used a person's data of one feed.

    Parameters
    ----------
    feed : str
        As the consent ledger calls it ('telecom').
    application_ids : iterable of str
        All applications of the person. Every one of them stands in the answer.
    bundles : iterable of ScoringBundle
        All bundles that decided in the time asked about.
    decisions : iterable of Decision or mapping
        The log of decisions, as objects or as :meth:`~credit_risk.decision.record.Decision.to_dict` wrote them; those of
        other people are passed over.

    Raises
    ------
    SpecificationError
        No bundle knows the feed (``CR-SRC-033``); one text where a list of applications is expected (``CR-SRC-035``).
    """
    reads = {bundle.digest: _Reads.of(feed, bundle) for bundle in bundles}
    if not any(found.is_known for found in reads.values()):
        known = {name for found in reads.values() for name in found.feeds}
        hint = nearest(feed, known) if known else "No bundle was handed in."
        raise SpecificationError(f"No bundle reads a feed called {feed!r}. {hint}", code="CR-SRC-033")
    if isinstance(application_ids, str):
        raise SpecificationError(
            "application_ids is one text. Expected a list of them. Hint: pass [application_id].",
            code="CR-SRC-035",
        )
    wanted = dict.fromkeys(str(application) for application in application_ids)
    sorted_by: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    deciding: set[str] = set()
    for decision in decisions:
        application, digest, flags = _facts(decision)
        if application not in wanted:
            continue
        kind = "unknown" if digest not in reads else "decisions" if reads[digest].used(flags) else "untouched"
        sorted_by[kind].append(application)
        if kind == "decisions":
            deciding.add(digest)
    found = {application for applications in sorted_by.values() for application in applications}
    sorted_by["not_found"] = [application for application in wanted if application not in found]
    return DataUse(
        feed=feed,
        **{kind: tuple(applications) for kind, applications in sorted_by.items()},
        features={digest: found.features for digest, found in reads.items() if digest in deciding},
        models={digest: found.models for digest, found in reads.items() if digest in deciding},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reads:
    """What one bundle reads of a feed."""

    feeds: frozenset[str]
    is_known: bool
    sources: tuple[str, ...]
    features: tuple[str, ...]
    models: tuple[str, ...]

    @classmethod
    def of(cls, feed: str, bundle: ScoringBundle) -> _Reads:
        feed_of = {record.name: record.consent_source for record in bundle.contracts.records}
        rows = [row for row in bundle.features.lineage() if feed_of.get(str(row["source"])) == feed]
        features = tuple(dict.fromkeys(str(row["feature"]) for row in rows))
        users = {
            "scorecard": bundle.scorecard.feature_names,
            "booster": bundle.booster.feature_names,
            "rules": tuple(rule.feature for rule in bundle.strategy.rules),
        }
        return cls(
            feeds=frozenset(feed_of.values()),
            is_known=feed in feed_of.values(),
            sources=tuple(dict.fromkeys(str(row["source"]) for row in rows)),
            features=features,
            models=tuple(model for model, names in users.items() if set(names) & set(features)),
        )

    def used(self, flags: frozenset[str]) -> bool:
        """Whether a decision with these flags was computed from records of the feed."""
        return any(not flags & {f"{source}__{why}" for why in _UNUSED} for source in self.sources)


def _facts(decision: Decision | Mapping[str, Any]) -> tuple[str, str, frozenset[str]]:
    if isinstance(decision, Mapping):
        return str(decision["application_id"]), str(decision["bundle_digest"]), frozenset(decision["flags"])
    return decision.application_id, decision.bundle_digest, frozenset(decision.flags)

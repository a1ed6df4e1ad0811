"""Batch: definitions to Ibis to the embedded engine; everybody's features in one table.

The engine delivers whole numbers only; :func:`~credit_risk.features.finalize.finalize` makes values of them. Rows may come
in any order and from any number of threads: whole-number sums do not care.

Reading order: :class:`FeatureTable`, :func:`compute_features`; the engine is run in ``batch_engine``, expressions are in
``batch_expressions``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from credit_risk.errors import SpecificationError
from credit_risk.features.batch_engine import SourceEngine
from credit_risk.features.definition import APPLICATION
from credit_risk.features.finalize import finalize
from credit_risk.features.plan import FeaturePlan, Recipe, SourcePlan, plan_features
from credit_risk.features.real_time.history import derive
from credit_risk.numerics.exact_integers import ExactIntegers
from credit_risk.sources.consent import check_processed_at
from credit_risk.sources.consent_ledger import consented
from credit_risk.sources.parts import SourceParts, cut_sources
from credit_risk.sources.reading.own_folder import OwnFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future
    from datetime import datetime

    from numpy.typing import NDArray

    from credit_risk.domain.ports import ProgressReporter
    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.sources.readers import Sources


#: More records than this are computed part by part.
CUT_ABOVE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureTable:
    """Feature values of many applications.

    Attributes
    ----------
    X : DataFrame of float64, shape (n_applications, p)
        Index ``application_id``; NaN where missing.
    flags : DataFrame of bool
        Same index: ``<source>__no_records`` where a source holds nothing before the application; with a consent ledger
        also ``<source>__no_consent`` where nothing of it was read.
    """

    X: pd.DataFrame
    flags: pd.DataFrame


def with_words(X: pd.DataFrame, categories: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Turn the places of features that are words into the words themselves, as categories.

    Parameters
    ----------
    X : DataFrame of float64, shape (n_applications, p)
        As :func:`compute_features` gives it: a word is its place in the contract's list, NaN is missing.
    categories : mapping of str to tuple of str
        From :func:`~credit_risk.features.categories.feature_categories`: feature -> its words.

    Returns
    -------
    DataFrame
        The same columns; those of words are categorical.

    Examples
    --------
    >>> with_words(pd.DataFrame({"purpose": [1.0, float("nan")]}), {"purpose": ("car", "tv")})["purpose"].tolist()
    ['tv', nan]
    """
    words = {
        name: pd.Series(
            pd.Categorical.from_codes(
                X[name].fillna(-1).to_numpy(dtype=np.int64), categories=pd.Index(codes, dtype="str")
            ),
            index=X.index,
        )
        for name, codes in categories.items()
    }
    return X.assign(**words) if words else X


def compute_features(
    catalogue: FeatureCatalogue,
    sources: Sources | SourceParts,
    *,
    processed_at: datetime | None = None,
    n_threads: int = 2,
    progress: ProgressReporter | None = None,
) -> FeatureTable:
    """Compute every feature of a catalogue for every application.

    Parameters
    ----------
    catalogue : FeatureCatalogue
        What to compute.
    sources : Sources or SourceParts
        Checked tables; parts of them where they are larger than memory. Both give the same table.
    processed_at : datetime, optional
        When the data is processed (with time zone): consent withdrawn by then is no consent. Needed where the sources hold a
        consent ledger, and only there; never the clock.
    n_threads : int
        Threads of the engine, or parts computed at a time; the result does not depend on it.
    progress : ProgressReporter, optional
        Told about each source and each feature, or about each part.

    Returns
    -------
    FeatureTable
        Rows in the order of ``sources.applications``.

    Raises
    ------
    SpecificationError, LeakageError
        The catalogue does not fit the contracts, see :func:`~credit_risk.features.plan.plan_features`; ``n_threads`` below 1
        (``CR-FEA-020``); ``processed_at`` missing, naive or out of place (``CR-SRC-027``).
    """
    if n_threads < 1:
        raise SpecificationError(f"n_threads = {n_threads} is below 1.", code="CR-FEA-020")
    if not isinstance(sources, SourceParts) and sum(map(len, sources.records.values())) > CUT_ABOVE:
        sources = cut_sources(sources)
    whole = sources.whole if isinstance(sources, SourceParts) else sources
    processed_us = check_processed_at(whole.contracts.consent, processed_at)
    computation = _Computation(plan_features(catalogue, whole.contracts), sources, processed_us)
    with closing(computation):
        if isinstance(sources, SourceParts):
            return _by_parts(computation, sources, n_threads, progress)
        values, flags = computation.run(sources, n_threads, progress=progress)
    index = sources.applications.index
    return FeatureTable(
        X=pd.DataFrame(values, index=index, columns=list(catalogue.names)),
        flags=pd.DataFrame(flags, index=index, columns=list(flags), dtype=bool),
    )


def _by_parts(
    computation: _Computation, parts: SourceParts, n_threads: int, progress: ProgressReporter | None
) -> FeatureTable:
    """Compute parts side by side, each with one thread of the engine, and put their rows where they belong."""
    index = parts.whole.applications.index
    names = [recipe.name for recipe in computation.plan.recipes]
    X = np.empty((len(names), len(index)))
    flags: dict[str, NDArray[np.bool_]] = {}
    with ThreadPoolExecutor(n_threads) as workers:
        work = [
            workers.submit(
                lambda place: computation.run(
                    parts.part(place, computation.sources), 1, rows=parts.rows[place]
                ),
                place,
            )
            for place in range(len(parts))
        ]
        try:
            for place, done in enumerate(_tracked(_released(work), progress, "Parts", len(parts))):
                values, found = done
                for row, name in zip(X, names, strict=True):
                    row[parts.rows[place]] = values[name]
                for name, flag in found.items():
                    flags.setdefault(name, np.zeros(len(index), dtype=bool))[parts.rows[place]] = flag
        finally:
            workers.shutdown(cancel_futures=True)
    return FeatureTable(
        X=pd.DataFrame(X.T, index=index, columns=names),
        flags=pd.DataFrame(flags, index=index, columns=list(flags), dtype=bool),
    )


def _released(work: list[Future[Any]]) -> Iterator[Any]:
    """Yield results in order, letting go of each."""
    work.reverse()
    while work:
        yield work.pop().result()


class _Computation:
    """A plan with its engines, to be run on all sources or on parts of them."""

    def __init__(self, plan: FeaturePlan, sources: Sources | SourceParts, processed_us: int) -> None:
        self.plan = plan
        whole = sources.whole if isinstance(sources, SourceParts) else sources
        contracts = whole.contracts
        facts: dict[str, dict[str, Any]] = {}
        if isinstance(sources, SourceParts):
            facts = {
                contract.name: {
                    "magnitudes": sources.magnitudes(contract.name),
                    "longest_history": sources.longest_history(contract.name),
                }
                for contract in contracts.records
            }
        of_records = [source for source in plan.sources if source.source != APPLICATION]
        self.sources = tuple(source.source for source in of_records)
        self._allowed = {}
        if whole.consents is not None:
            self._allowed = {
                name: consented(whole.consents, whole.applications, contracts.record(name), processed_us)
                for name in self.sources
            }
        self._folder = OwnFolder(sources.folder if isinstance(sources, SourceParts) else None)
        self._engines = {
            source.source: SourceEngine(
                source, contracts, folder=self._folder.name, **facts.get(source.source, {})
            )
            for source in of_records
        }

    def close(self) -> None:
        """Close the engines, and delete what they could not hold in memory."""
        for engine in self._engines.values():
            engine.close()
        self._folder.cleanup()

    def run(
        self,
        sources: Sources,
        n_threads: int,
        *,
        rows: NDArray[np.int64] | slice = slice(None),
        progress: ProgressReporter | None = None,
    ) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.bool_]]]:
        """Return feature -> values and flag -> values, in the order of the applications: all of them, or some rows."""
        flags: dict[str, NDArray[np.bool_]] = {}
        primitives = []
        for source in _tracked(self.plan.sources, progress, "Sources"):
            if source.source == APPLICATION:
                primitives.append(_application_primitives(source, sources))
            else:
                primitives.append(self._record_primitives(source.source, sources, n_threads, rows, flags))
        recipes = _tracked(self.plan.recipes, progress, "Features")
        return {recipe.name: _values(recipe, self.plan.recipes, primitives) for recipe in recipes}, flags

    def _record_primitives(
        self,
        name: str,
        sources: Sources,
        n_threads: int,
        rows: NDArray[np.int64] | slice,
        flags: dict[str, NDArray[np.bool_]],
    ) -> list[Any]:
        allowed = self._allowed[name][rows] if name in self._allowed else None
        found, has_records = self._engines[name].run(sources, n_threads, allowed)
        if allowed is None:
            flags[f"{name}__no_records"] = ~has_records
        else:
            flags[f"{name}__no_consent"] = ~allowed
            flags[f"{name}__no_records"] = allowed & ~has_records
        return found


def _tracked(items: Any, progress: ProgressReporter | None, label: str, total: int | None = None) -> Any:
    if progress is None:
        return items
    return progress.track(items, label=label, total=len(items) if total is None else total)


def _values(recipe: Recipe, recipes: tuple[Recipe, ...], primitives: list[list[Any]]) -> NDArray[np.float64]:
    if recipe.parts:
        parts = [part for place in recipe.parts for part in _quotient(recipes[place], primitives)]
        top, bottom = recipe.aggregate.formula(parts, 1, 1)
    else:
        top, bottom = _quotient(recipe, primitives)
    return finalize(top, bottom, recipe.aggregate.is_root, recipe.precision)


def _quotient(recipe: Recipe, primitives: list[list[Any]]) -> tuple[ExactIntegers, ExactIntegers]:
    own = [primitives[recipe.source][index] for index in recipe.primitives]
    top, bottom = recipe.aggregate.formula(own, recipe.unit, recipe.over_unit)
    return top, bottom


def _application_primitives(plan: SourcePlan, sources: Sources) -> list[ExactIntegers]:
    """Return fields of the form; derived ones by the same function as in real time."""
    frame = sources.applications
    columns: dict[str, list[int | None]] = {}
    for column in sources.contracts.applications.attributes:
        values = [None if value is pd.NA else value for value in frame[column.name].tolist()]
        columns[column.name] = columns[f"application.{column.name}"] = values
    for derived in plan.derived:
        columns[derived.key] = derive(derived, columns)
    found = []
    for primitive in plan.primitives:
        values = columns[primitive.measure]
        has_value = primitive.kind == "has_value"
        numbers = [int(v is not None) if has_value else v or 0 for v in values]
        found.append(ExactIntegers(np.array(numbers, dtype=np.int64)))
    return found

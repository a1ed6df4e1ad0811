"""The catalogue for people: every feature with meaning, unit, direction, what missing means, owner and version.

One table, rendered by notebooks, written as a Markdown page or as an HTML page of its own. Light: standard library only.

Reading order: :func:`catalogue_rows`, :func:`catalogue_markdown`, :func:`catalogue_html`, :func:`unexplained`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from credit_risk.features.aggregates import AGGREGATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.features.definition import FeatureDefinition

DIRECTIONS = {1: "risk rises", -1: "risk falls", 0: "open"}
#: Fields that an author writes and that a reviewer asks for.
EXPLAINED = ("meaning", "unit", "missing", "rationale", "owner")


def catalogue_rows(catalogue: FeatureCatalogue) -> list[dict[str, str]]:
    """Return one row per feature, in the catalogue's order.

    Examples
    --------
    >>> from credit_risk.features import FeatureCatalogue, FeatureDefinition
    >>> regular = FeatureDefinition(source="bank", window="180d", aggregate="gap_cv", factor="income", direction=1,
    ...                             meaning="How irregularly money comes in", missing="Fewer than three payments")
    >>> row = catalogue_rows(FeatureCatalogue(name="tiny", version="1", definitions=(regular,)))[0]
    >>> row["direction"], row["precision"], row["missing"], row["columns"]
    ('risk rises', '9 digits', 'Fewer than three payments', '')
    """
    columns: dict[str, list[str]] = {}
    for line in catalogue.lineage():
        names = line["columns"]
        columns.setdefault(str(line["feature"]), []).extend(names if isinstance(names, list) else [])
    return [_row(catalogue, d, columns[d.name]) for d in catalogue.definitions]


def _row(catalogue: FeatureCatalogue, definition: FeatureDefinition, columns: list[str]) -> dict[str, str]:
    parts = catalogue.parts(definition)
    return {
        "feature": definition.name,
        "meaning": definition.meaning or AGGREGATES[definition.aggregate].meaning,
        "unit": definition.unit,
        "precision": f"{definition.precision} digits",
        "direction": DIRECTIONS[definition.direction],
        "missing": definition.missing,
        "rationale": definition.rationale,
        "factor": definition.factor,
        "sources": ", ".join(dict.fromkeys(part.source for part in parts)),
        "columns": ", ".join(dict.fromkeys(columns)),
        "consent": ", ".join(dict.fromkeys(part.consent_purpose for part in parts)),
        "owner": definition.owner,
        "version": definition.version,
    }


def unexplained(catalogue: FeatureCatalogue) -> dict[str, list[str]]:
    """Return feature -> fields its author left empty, for a review.

    Examples
    --------
    >>> from credit_risk.features import FeatureCatalogue, FeatureDefinition
    >>> count = FeatureDefinition(source="bank", window="90d", aggregate="count", factor="activity", meaning="Activity",
    ...                           unit="records", missing="No history", owner="models")
    >>> unexplained(FeatureCatalogue(name="tiny", version="1", definitions=(count,)))
    {'bank__all__records__90d__count': ['rationale']}
    """
    empty = {d.name: [name for name in EXPLAINED if not getattr(d, name)] for d in catalogue.definitions}
    return {name: fields for name, fields in empty.items() if fields}


def _by_source(rows: Iterable[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    sections: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        sections.setdefault(row["sources"], []).append(row)
    return sections


def _summary(catalogue: FeatureCatalogue) -> str:
    n = len(catalogue.definitions)
    return f"{n} features of {len(catalogue.sources)} sources, version {catalogue.version}"


def catalogue_markdown(catalogue: FeatureCatalogue) -> str:
    r"""Return a Markdown page: a section per source, a table of its features.

    Examples
    --------
    >>> from credit_risk.features import FeatureCatalogue, FeatureDefinition
    >>> count = FeatureDefinition(source="bank", window="90d", aggregate="count", factor="activity", meaning="Active | or not")
    >>> page = catalogue_markdown(FeatureCatalogue(name="tiny", version="1", definitions=(count,)))
    >>> print(page.splitlines()[0], page.splitlines()[-1], sep="\n")  # doctest: +ELLIPSIS
    # Features: tiny
    | bank__all__records__90d__count | Active \| or not |...
    """
    lines = [f"# Features: {catalogue.name}", "", _summary(catalogue)]
    for source, rows in _by_source(catalogue_rows(catalogue)).items():
        heads = [head for head in rows[0] if head != "sources"]
        lines += ["", f"## {source}", "", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
        lines += [f"| {' | '.join(_cell(row[head]) for head in heads)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def catalogue_table(catalogue: FeatureCatalogue) -> str:
    """Return the table as an HTML fragment, as notebooks show it."""
    rows = catalogue_rows(catalogue)
    heads = "".join(f"<th>{escape(head)}</th>" for head in rows[0]) if rows else ""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(value)}</td>" for value in row.values()) + "</tr>" for row in rows
    )
    title = f"<p><b>{escape(catalogue.name)}</b>: {escape(_summary(catalogue))}</p>"
    return f"{title}<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


_STYLE = (
    "body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}"
    "th,td{border:1px solid #ccc;padding:4px 8px;text-align:left;vertical-align:top}th{position:sticky;top:0;background:#eee}"
)


def catalogue_html(catalogue: FeatureCatalogue) -> str:
    """Return an HTML page of its own, without anything to fetch.

    Examples
    --------
    >>> from credit_risk.features import FeatureCatalogue, FeatureDefinition
    >>> count = FeatureDefinition(source="bank", window="90d", aggregate="count", factor="activity", meaning="a < b")
    >>> page = catalogue_html(FeatureCatalogue(name="tiny", version="1", definitions=(count,)))
    >>> page.startswith("<!DOCTYPE html>"), "a &lt; b" in page
    (True, True)
    """
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(catalogue.name)}</title>'
        f"<style>{_STYLE}</style></head><body>{catalogue_table(catalogue)}</body></html>\n"
    )

"""Pages of a catalogue: every feature once, every field of it, nothing that HTML or Markdown would take for its own."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from credit_risk.features import FeatureCatalogue, FeatureDefinition
from credit_risk.features.inspection import catalogue_html, catalogue_markdown, catalogue_rows, unexplained


class Cells(HTMLParser):
    """Collects the texts of table cells."""

    def __init__(self):
        super().__init__()
        self.found, self._inside = [], False

    def handle_starttag(self, tag, attrs):
        self._inside = tag == "td"
        self.found += [""] if self._inside else []

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.found[-1] += data


@pytest.fixture
def catalogue():
    salary = FeatureDefinition(
        source="bank",
        measure="amount",
        window="90d",
        aggregate="mean",
        factor="income",
        direction=-1,
        unit="CNY",
        precision=6,
        meaning="Mean <salary> & co",
        missing="No | salary",
        rationale="Income\npays",
        owner="models",
        version="7",
    )
    debt = FeatureDefinition(source="bureau", measure="debt", window="90d", aggregate="sum", factor="debt")
    burden = FeatureDefinition(
        source="cross", measure=debt.name, over=salary.name, window="now", aggregate="ratio", factor="debt"
    )
    return FeatureCatalogue(name="pages", version="2", definitions=(salary, debt, burden))


def test_a_row_says_everything_an_author_wrote(catalogue):
    first, second, third = catalogue_rows(catalogue)
    assert first == {
        "feature": "bank__all__amount__90d__mean",
        "meaning": "Mean <salary> & co",
        "unit": "CNY",
        "precision": "6 digits",
        "direction": "risk falls",
        "missing": "No | salary",
        "rationale": "Income\npays",
        "factor": "income",
        "sources": "bank",
        "columns": "amount",
        "consent": "credit_assessment",
        "owner": "models",
        "version": "7",
    }
    assert second["meaning"] == "sum"
    assert (third["sources"], third["columns"]) == ("bureau, bank", "debt, amount")


def test_html_holds_every_cell_unharmed(catalogue):
    expected = [value for row in catalogue_rows(catalogue) for value in row.values()]
    for page in (catalogue_html(catalogue), catalogue._repr_html_()):
        cells = Cells()
        cells.feed(page)
        assert cells.found == expected
    assert "http" not in catalogue_html(catalogue)


def test_markdown_has_a_section_per_source_and_keeps_cells_apart(catalogue):
    page = catalogue_markdown(catalogue)
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## bank",
        "## bureau",
        "## bureau, bank",
    ]
    row = next(line for line in page.splitlines() if line.startswith("| bank__all"))
    assert "No \\| salary" in row
    assert "Income pays" in row


def test_what_an_author_left_empty_is_named(catalogue):
    assert unexplained(catalogue)["bureau__all__debt__90d__sum"] == [
        "meaning",
        "unit",
        "missing",
        "rationale",
        "owner",
    ]
    assert "bank__all__amount__90d__mean" not in unexplained(catalogue)

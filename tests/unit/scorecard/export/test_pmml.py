"""The PMML document: its shape by the standard, and what it says when read by a plain reading of the standard.

The twin below evaluates the few elements the document uses; tests/parity scores the same rows in a real evaluator.
"""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from credit_risk import load_bundle
from credit_risk.binning import WoeBinner
from credit_risk.errors import SpecificationError
from credit_risk.scorecard import RowScorer, Scorecard, apply_scorecard, scorecard_to_pmml

SPACE = "{http://www.dmg.org/PMML-4_4}"
LABELS = ["O'Brien", 'say "yes"', "line\nand\ttab", "\u6caa", "", " z "]
FUNCTIONS = {
    "/": lambda a, b: a / b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "exp": math.exp,
    "min": min,
    "max": max,
    "sum": lambda *a: sum(a),
    "isIn": lambda a, *b: a in b,
    "or": lambda *a: any(a),
    "greaterThan": lambda a, b: a > b,
    "lessThan": lambda a, b: a < b,
}
TESTS = {
    "equal": lambda a, b: a == b,
    "lessThan": lambda a, b: a < b,
    "lessOrEqual": lambda a, b: a <= b,
    "greaterThan": lambda a, b: a > b,
    "greaterOrEqual": lambda a, b: a >= b,
    "notEqual": lambda a, b: a != b,
}


def is_missing(value):
    return value is None or value != value  # noqa: PLR0124


def expression(node, values):
    kind = node.tag.removeprefix(SPACE)
    if kind == "Constant":
        return int(node.text) if node.get("dataType") == "integer" else float(node.text)
    if kind == "FieldRef":
        return values[node.get("field")]
    if kind == "NormDiscrete":
        return float(values[node.get("field")] == node.get("value"))
    if node.get("function") == "isMissing":
        return is_missing(expression(node[0], values))
    if node.get("function") == "if":
        return expression(node[1] if expression(node[0], values) else node[2], values)
    return FUNCTIONS[node.get("function")](*(expression(one, values) for one in node))


def holds(node, values):
    kind = node.tag.removeprefix(SPACE)
    if kind == "True":
        return True
    if kind == "CompoundPredicate":
        return {"and": all, "or": any}[node.get("booleanOperator")](holds(one, values) for one in node)
    value, wanted = values[node.get("field")], node.get("value")
    if node.get("operator") == "isMissing":
        return is_missing(value)
    if is_missing(value):
        return False
    return TESTS[node.get("operator")](value, wanted if isinstance(value, str) else float(wanted))


def evaluate(document, record):
    """Score and outputs of one record; a characteristic whose attributes all fail gives no score."""
    model, values = document.find(f"{SPACE}Scorecard"), dict(record)
    for field in model.iter(f"{SPACE}DerivedField"):
        values[field.get("name")] = expression(field[0], values)
    score = 0
    for characteristic in model.iter(f"{SPACE}Characteristic"):
        earned = [int(a.get("partialScore")) for a in characteristic if holds(a[0], values)]
        if not earned:
            return None
        score += earned[0]
    values["score"] = score
    outputs = {"score": score}
    for output in model.iter(f"{SPACE}OutputField"):
        if output.get("feature") == "transformedValue":
            outputs[output.get("name")] = expression(output[0], values)
    return outputs


@pytest.fixture(scope="module")
def taiwan(project_folder):
    return load_bundle(project_folder / "models" / "uci-reference").scorecard


def mixed_sample(n=6000):
    rng = np.random.default_rng(4)
    a, b, c = rng.normal(size=n), np.round(rng.normal(size=n), 1), rng.choice(LABELS, n)
    z = -1.5 + a - 0.7 * b + np.where(c == LABELS[1], 1.2, 0.0) - np.where(c == LABELS[2], 1.2, 0.0)
    is_bad = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    X = pd.DataFrame({"a": a, "b": b, "c": c})
    X.loc[rng.random(n) < 0.05, "b"] = -9.0
    X.loc[rng.random(n) < 0.03, "c"] = None
    return X, is_bad


@pytest.fixture(scope="module")
def mixed():
    X, is_bad = mixed_sample()
    binner = WoeBinner(special_codes={"b": {"bureau": (-9, -8)}}, unseen={"c": "worst"}, min_own_rows=10)
    return Scorecard(binner=binner).fit(X, is_bad), X


@pytest.fixture(scope="module")
def refusing():
    X, is_bad = mixed_sample()
    X["c"] = X["c"].fillna(LABELS[0])
    binner = WoeBinner(
        missing={"a": "error"},
        unseen={"a": "error", "c": "error"},
        special_codes={"b": {"bureau": (-9,), "never given": (-8, -7)}},
        fallback="error",
    )
    return Scorecard(binner=binner).fit(X, is_bad).spec_


def test_the_order_of_elements_is_that_of_the_standard(mixed):
    root = ET.fromstring(scorecard_to_pmml(mixed[0].spec_))  # noqa: S314
    assert (root.tag, root.get("version")) == (f"{SPACE}PMML", "4.4")
    assert [one.tag.removeprefix(SPACE) for one in root] == ["Header", "DataDictionary", "Scorecard"]
    model = root[2]
    parts = ["MiningSchema", "Output", "LocalTransformations", "Characteristics"]
    assert [one.tag.removeprefix(SPACE) for one in model] == parts
    assert int(root[1].get("numberOfFields")) == len(root[1]) == len(model[0]) == len(model[3]) == 3
    fields = [{one.get("name") for one in part} for part in (root[1], model[0], model[3])]
    assert fields == [set(mixed[0].spec_.feature_names)] * 3
    declared = {one.get("name") for one in root.iter() if one.tag.endswith(("DataField", "DerivedField"))}
    used = {one.get("field") for one in root.iter() if one.get("field")}
    assert used == declared | {"score"}
    names = [one.get("name") for one in model[1]]
    assert names[:2] == ["score", "pd"]
    assert [n for n in names if n.startswith("reason_")] == ["reason_1", "reason_2", "reason_3"]


def test_every_bin_has_its_whole_points(taiwan, mixed):
    for spec in (taiwan, mixed[0].spec_):
        root = ET.fromstring(scorecard_to_pmml(spec))  # noqa: S314
        for one, variable, points in zip(
            root.iter(f"{SPACE}Characteristic"), spec.binning.variables, spec.points, strict=True
        ):
            assert sorted(int(a.get("partialScore")) for a in one) == sorted(points)
            assert one[0][0].get("operator") == "isMissing"
            assert int(one[0].get("partialScore")) == points[variable.missing_index]
            assert int(one.get("baselineScore")) == max(points)


def test_a_plain_reading_gives_the_points_of_the_library(taiwan, mixed):
    card, X = mixed
    odd = pd.DataFrame(
        {
            "a": [np.inf, -np.inf, 0.0, np.nan],
            "b": [-8.0, -9.0, np.nextafter(-9, 0), np.nan],
            "c": ["never", "o'brien", None, "z"],
        }
    )
    rows = pd.concat([X.iloc[:500], odd], ignore_index=True)
    compare(card.spec_, card.score_rows(rows), rows.to_dict("records"))
    rng = np.random.default_rng(3)
    columns = []
    for variable in taiwan.binning.variables:
        cuts = np.array(variable.cuts or (0.0,))
        near = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)]
        columns.append(rng.choice(np.concatenate([*near, [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308]]), 500))
    values = np.column_stack(columns)
    names = taiwan.feature_names
    compare(
        taiwan,
        apply_scorecard(taiwan, values),
        [dict(zip(names, row, strict=True)) for row in values.tolist()],
    )


def compare(spec, expected, records):
    document = ET.fromstring(scorecard_to_pmml(spec))  # noqa: S314
    outputs = [evaluate(document, record) for record in records]
    assert [one["score"] for one in outputs] == expected.score.tolist()
    assert np.abs(np.array([one["pd"] for one in outputs]) - expected.pd).max() <= 1e-12
    flags = [[one[f"flag_{name}"] for name in spec.feature_names] for one in outputs]
    assert flags == expected.flags.tolist()


REFUSED = [
    {"b": -8.0},
    {"b": -7.0},
    {"a": None},
    {"a": math.nan},
    {"a": math.inf},
    {"a": -math.inf},
    {"c": "never"},
]


@pytest.mark.parametrize("change", REFUSED)
def test_what_the_card_refuses_fits_no_attribute(refusing, change):
    document = ET.fromstring(scorecard_to_pmml(refusing))  # noqa: S314
    row = {"a": 0.0, "b": 0.0, "c": LABELS[0]}
    assert evaluate(document, row)["score"] == RowScorer(refusing)(row).score
    assert evaluate(document, {**row, **change}) is None


@pytest.mark.java
def test_a_real_evaluator_gives_no_score_for_what_the_card_refuses(refusing, evaluate_pmml):
    row = {"a": 0.0, "b": 0.0, "c": LABELS[0]}
    answers = evaluate_pmml(scorecard_to_pmml(refusing), [row, *({**row, **change} for change in REFUSED)])
    assert answers[0]["score"] == RowScorer(refusing)(row).score
    assert [set(one) for one in answers[1:]] == [{"refused"}] * len(REFUSED)


def test_the_text_never_changes_and_needs_nothing_heavy(mixed):
    spec = mixed[0].spec_
    assert scorecard_to_pmml(spec) == scorecard_to_pmml(type(spec).from_dict(spec.to_dict()))
    code = "import sys, credit_risk.scorecard.export.pmml; print({'pandas', 'sklearn', 'sqlglot'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def renamed(spec, names):
    variables = [replace(v, name=n) for v, n in zip(spec.binning.variables, names, strict=True)]
    return replace(
        spec, feature_names=tuple(names), binning=replace(spec.binning, variables=tuple(variables))
    )


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["a", "a", "c"], r"CR-CRD-032: 3 names of variables and outputs .*\['a', 'flag_a', 'known_a'\]"),
        (["score", "b", "c"], r"CR-CRD-032: 1 names of variables and outputs .*\['score'\]"),
        (["flag_b", "b", "c"], r"CR-CRD-032: 1 names"),
        (["", "b", "c"], "CR-CRD-033: 1 of the names are empty or hold characters that XML cannot"),
        (["a\x01", "b", "c"], "CR-CRD-033: 1 of the names are empty or hold"),
    ],
)
def test_names_that_no_document_holds_are_refused(mixed, names, match):
    with pytest.raises(SpecificationError, match=match):
        scorecard_to_pmml(renamed(mixed[0].spec_, names))


@pytest.mark.parametrize("label", ["nul\0", "half \ud83d", "bell\x07", "\ufffe"])
def test_categories_that_no_document_holds_are_refused(mixed, label):
    spec = mixed[0].spec_
    variables = [
        replace(v, groups=((label,), *v.groups[1:])) if v.groups else v for v in spec.binning.variables
    ]
    broken = replace(spec, binning=replace(spec.binning, variables=tuple(variables)))
    with pytest.raises(SpecificationError, match="CR-CRD-033: 1 of the categories of variable 'c'"):
        scorecard_to_pmml(broken)

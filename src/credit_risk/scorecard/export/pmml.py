"""The card as a PMML 4.4 document: for any engine that reads the standard.

The document is a ``Scorecard`` model. Every bin is an attribute with a test of its own, in this order: missing, special codes,
infinite numbers, intervals or groups; what is left of a categorical variable was never seen. So no engine needs a default, and
none can give silent points.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from credit_risk.binning.spec import FLAG_MISSING, FLAG_NONE, FLAG_SPECIAL, FLAG_UNSEEN
from credit_risk.errors import SpecificationError
from credit_risk.scorecard.reasons import MAX_REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_risk.binning.spec import VariableBins
    from credit_risk.scorecard.scaling import Scaling
    from credit_risk.scorecard.spec import ScorecardSpec

NAMESPACE = "http://www.dmg.org/PMML-4_4"
_LARGEST = repr(sys.float_info.max)
_EXPONENT_LIMIT = 700.0
_XML_SPACE = "\t\n\r"


def scorecard_to_pmml(spec: ScorecardSpec, *, model_name: str = "scorecard") -> str:
    """Write the card as a PMML 4.4 document.

    The model's outputs: ``score``; ``pd``; ``flag_<variable>`` (0 ordinary, 1 missing, 2 special code, 3 unseen) for each
    variable; ``reason_1`` to ``reason_4``, the variables that lost most points against their best bins. Where the card
    refuses a value, no attribute fits and the engine gives no score.

    Parameters
    ----------
    spec : ScorecardSpec
    model_name : str

    Returns
    -------
    str
        XML without a time stamp; the same card always gives the same text.

    Raises
    ------
    SpecificationError
        Two variables or outputs have one name (``CR-CRD-032``); a name or category that XML cannot hold (``CR-CRD-033``).

    Notes
    -----
    Numbers are ``double``; datetimes are too, as seconds since 1970-01-01 UTC. Engines read NaN as missing, and some read text
    in a numeric field as missing instead of refusing it. Reason codes are one per variable, because engines do not agree on
    whether shared codes add up; equal losses stand in the engine's order, and some engines repeat the last code where fewer
    variables lost points.

    References
    ----------
    .. [1] Data Mining Group, PMML 4.4, Scorecard: https://dmg.org/pmml/v4-4-1/Scorecard.html

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.scorecard import Scorecard
    >>> X = np.arange(1000.0)[:, None]
    >>> card = Scorecard().fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> scorecard_to_pmml(card.spec_).splitlines()[1]
    '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">'
    """
    _check_names(spec)
    _check_text(spec, model_name)
    root = ET.Element("PMML", {"xmlns": NAMESPACE, "version": "4.4"})
    header = ET.SubElement(root, "Header", description="Scorecard of whole points; pd is a function of score")
    ET.SubElement(header, "Application", name="credit_risk")
    variables = spec.binning.variables
    dictionary = ET.SubElement(root, "DataDictionary", numberOfFields=str(len(variables)))
    dictionary.extend(_data_field(variable) for variable in variables)
    root.append(_model(spec, model_name))
    ET.indent(root)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ET.tostring(root, encoding="unicode") + "\n"


def _data_field(variable: VariableBins) -> ET.Element:
    """Declare a variable. A list of valid categories would leave it to the engine what becomes of any other."""
    if variable.kind == "categorical":
        return ET.Element("DataField", name=variable.name, optype="categorical", dataType="string")
    field = ET.Element("DataField", name=variable.name, optype="continuous", dataType="double")
    if variable.kind == "datetime":
        field.set("displayName", f"{variable.name}: seconds since 1970-01-01 UTC")
    return field


def _model(spec: ScorecardSpec, model_name: str) -> ET.Element:
    model = ET.Element(
        "Scorecard",
        modelName=model_name,
        functionName="regression",
        algorithmName="logistic regression on weights of evidence, whole points",
        initialScore="0",
        useReasonCodes="true",
        reasonCodeAlgorithm="pointsBelow",
        baselineMethod="max",
    )
    mining = ET.SubElement(model, "MiningSchema")
    for name in spec.feature_names:
        ET.SubElement(mining, "MiningField", name=name, invalidValueTreatment="asIs")
    model.append(_output(spec))
    known = [_known(variable) for variable in spec.binning.variables if variable.kind == "categorical"]
    if known:
        ET.SubElement(model, "LocalTransformations").extend(known)
    characteristics = ET.SubElement(model, "Characteristics")
    for variable, points in zip(spec.binning.variables, spec.points, strict=True):
        characteristics.append(_characteristic(variable, points))
    return model


def _output(spec: ScorecardSpec) -> ET.Element:
    output = ET.Element("Output")
    ET.SubElement(
        output, "OutputField", name="score", optype="continuous", dataType="double", feature="predictedValue"
    )
    pd = _transformed(output, "pd", "double")
    pd.append(_pd(spec.scaling))
    for variable in spec.binning.variables:
        _transformed(output, f"flag_{variable.name}", "integer").append(_flag(variable))
    for rank in range(1, min(MAX_REASONS, len(spec.feature_names)) + 1):
        ET.SubElement(
            output,
            "OutputField",
            name=f"reason_{rank}",
            optype="categorical",
            dataType="string",
            feature="reasonCode",
            rank=str(rank),
        )
    return output


def _known(variable: VariableBins) -> ET.Element:
    """Derive 1 for a known category, else 0. Labels stand in attributes: engines trim and fold spaces in elements."""
    field = ET.Element("DerivedField", name=f"known_{variable.name}", optype="continuous", dataType="double")
    labels = [label for group in variable.groups for label in group]
    is_label = [ET.Element("NormDiscrete", field=variable.name, value=label) for label in labels]
    field.append(_apply("sum", _constant(0.0), *is_label))
    return field


def _transformed(output: ET.Element, name: str, kind: str) -> ET.Element:
    return ET.SubElement(
        output, "OutputField", name=name, optype="continuous", dataType=kind, feature="transformedValue"
    )


def _pd(scaling: Scaling) -> ET.Element:
    """Return 1 / (1 + exp(log odds)), the exponent kept within 700 as the library keeps it."""
    distance = _apply("-", _field("score"), _constant(scaling.offset))
    log_odds = _apply("/", distance, _constant(scaling.factor))
    bounded = _apply("min", _constant(_EXPONENT_LIMIT), _apply("max", _constant(-_EXPONENT_LIMIT), log_odds))
    return _apply("/", _constant(1.0), _apply("+", _constant(1.0), _apply("exp", bounded)))


def _flag(variable: VariableBins) -> ET.Element:
    name = variable.name
    if variable.kind == "categorical":
        unseen = _apply("lessThan", _field(f"known_{name}"), _constant(0.5))
    else:
        unseen = _apply(
            "or",
            _apply("greaterThan", _field(name), _constant(sys.float_info.max)),
            _apply("lessThan", _field(name), _constant(-sys.float_info.max)),
        )
    flag = _apply("if", unseen, _whole(FLAG_UNSEEN), _whole(FLAG_NONE))
    codes = [code for special in variable.specials for code in special.codes]
    if codes:
        is_special = _apply("isIn", _field(name), *(_constant(code) for code in codes))
        flag = _apply("if", is_special, _whole(FLAG_SPECIAL), flag)
    return _apply("if", _apply("isMissing", _field(name)), _whole(FLAG_MISSING), flag)


def _characteristic(variable: VariableBins, points: Sequence[int]) -> ET.Element:
    element = ET.Element(
        "Characteristic", name=variable.name, reasonCode=variable.name, baselineScore=str(max(points))
    )
    for at, test in _tests(variable):
        if variable.origins[at] != "error":
            attribute = ET.SubElement(element, "Attribute", partialScore=str(int(points[at])))
            attribute.append(test)
    return element


def _tests(variable: VariableBins) -> list[tuple[int, ET.Element]]:
    """Return bin and test in the order of evaluation: the first test that holds gives the points."""
    name = variable.name
    missing = ET.Element("SimplePredicate", field=name, operator="isMissing")
    tests = [(variable.missing_index, missing)]
    if variable.kind == "categorical":
        for at, group in enumerate(variable.groups):
            if group:
                tests.append((at, _one_of(name, group)))
        return [*tests, (variable.unseen_index, ET.Element("True"))]
    for at, special in enumerate(variable.specials, start=variable.missing_index + 1):
        tests.append((at, _one_of(name, [repr(code) for code in special.codes])))
    beyond = [("greaterThan", _LARGEST), ("lessThan", f"-{_LARGEST}")]
    tests.append((variable.unseen_index, _compound("or", name, beyond)))
    return tests + _interval_tests(variable)


def _interval_tests(variable: VariableBins) -> list[tuple[int, ET.Element]]:
    """Test the ordinary bins by both ends, so that neither an infinite number nor a refused code falls through to one."""
    specials = enumerate(variable.specials, start=variable.missing_index + 1)
    refused = [
        ("notEqual", repr(code))
        for at, special in specials
        if variable.origins[at] == "error"
        for code in special.codes
    ]
    lefts = [("greaterOrEqual", end) for end in (f"-{_LARGEST}", *map(repr, variable.cuts))]
    rights = [*(("lessThan", repr(cut)) for cut in variable.cuts), ("lessOrEqual", _LARGEST)]
    return [
        (at, _compound("and", variable.name, [left, right, *refused]))
        for at, (left, right) in enumerate(zip(lefts, rights, strict=True))
    ]


def _one_of(name: str, values: Sequence[str]) -> ET.Element:
    """Test equality value by value: arrays of text would need an escape that engines read differently."""
    return _compound("or", name, [("equal", value) for value in values])


def _compound(operator: str, name: str, pairs: Sequence[tuple[str, str]]) -> ET.Element:
    tests = [ET.Element("SimplePredicate", field=name, operator=test, value=value) for test, value in pairs]
    if len(tests) == 1:
        return tests[0]
    compound = ET.Element("CompoundPredicate", booleanOperator=operator)
    compound.extend(tests)
    return compound


def _apply(function: str, *arguments: ET.Element) -> ET.Element:
    element = ET.Element("Apply", function=function)
    element.extend(arguments)
    return element


def _field(name: str) -> ET.Element:
    return ET.Element("FieldRef", field=name)


def _constant(value: float) -> ET.Element:
    element = ET.Element("Constant", dataType="double")
    element.text = repr(float(value))
    return element


def _whole(value: int) -> ET.Element:
    element = ET.Element("Constant", dataType="integer")
    element.text = str(value)
    return element


def _check_names(spec: ScorecardSpec) -> None:
    outputs = [prefix + name for prefix in ("flag_", "known_") for name in spec.feature_names]
    outputs += ["score", "pd", *(f"reason_{rank}" for rank in range(1, MAX_REASONS + 1))]
    names = [*spec.feature_names, *outputs]
    clashes = sorted({name for name in names if names.count(name) > 1})
    if clashes:
        raise SpecificationError(
            f"{len(clashes)} names of variables and outputs would stand twice in the document: {clashes}. "
            "Hint: rename the variables.",
            code="CR-CRD-032",
        )


def _check_text(spec: ScorecardSpec, model_name: str) -> None:
    """Refuse what no XML 1.0 document holds: control characters, half a character, an empty name."""
    wrong = {"names": [name for name in (model_name, *spec.feature_names) if not name or not _is_xml(name)]}
    for variable in spec.binning.variables:
        wrong[f"categories of variable {variable.name!r}"] = [
            label for group in variable.groups for label in group if not _is_xml(label)
        ]
    for where, texts in wrong.items():
        if texts:
            raise SpecificationError(
                f"{len(texts)} of the {where} are empty or hold characters that XML cannot: control characters or half a "
                "character. Hint: clean the source and fit again.",
                code="CR-CRD-033",
            )


def _is_xml(text: str) -> bool:
    return all(
        character >= " " and not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff"
        for character in text
        if character not in _XML_SPACE
    )

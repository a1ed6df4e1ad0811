"""The card as a Python file of its own: for a machine that has Python and nothing else.

The text holds the card's cuts, codes, categories and points as plain values and a small ``score`` function; numbers are
written so that they read back as the same binary64. The same card always gives the same text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from credit_risk.binning.apply import flag_table
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from credit_risk.binning.spec import VariableBins
    from credit_risk.scorecard.spec import ScorecardSpec

_HEAD = '''"""A scorecard of {n} variables. Needs the standard library only.

``score(values)`` takes one dictionary (None or NaN where a value is missing) and returns score, points, pd and flags.
Flags: 0 ordinary, 1 missing, 2 special code, 3 unseen. Bins of numbers are [left, right).
"""

import math
from bisect import bisect_right
from datetime import datetime, timedelta, timezone

FACTOR = {factor!r}  # points per unit of log odds good to bad
OFFSET = {offset!r}  # points at odds 1:1

# Bins in order: regular, missing, special codes, unseen. "codes" leads from a special code or a category to its bin.
'''

_RUNTIME = '''

class ScoringError(ValueError):
    """These values cannot be scored; ``code`` says why to a machine."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


def score(values):
    """Score one applicant: a dictionary in, a dictionary with score, points, pd and flags out."""
    absent = [variable["name"] for variable in VARIABLES if variable["name"] not in values]
    if absent:
        raise ScoringError(
            "CR-CRD-011",
            f"{len(absent)} of {len(VARIABLES)} variables are absent: {absent}. "
            "Expected every variable of the card; a missing value is None.",
        )
    points, flags = {}, {}
    for variable in VARIABLES:
        name = variable["name"]
        at = find_bin(variable, values[name])
        points[name], flags[name] = variable["points"][at], variable["flags"][at]
    total = sum(points.values())
    return {"score": total, "points": points, "pd": pd_of(total), "flags": flags}


def pd_of(total):
    """Probability of default of a score."""
    return 1.0 / (1.0 + math.exp(min(700.0, max(-700.0, (total - OFFSET) / FACTOR))))


def find_bin(variable, value):
    """Place of a value among the bins of a variable; refuses what the policy of the variable refuses."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"} or value != value:
        at = variable["missing"]
    elif variable["kind"] == "categorical":
        if not isinstance(value, str):
            raise wrong_type(variable, value, "text or None")
        at = variable["codes"].get(value, variable["unseen"])
    else:
        at = find_interval(variable, to_number(variable, value))
    if at in variable["refused"]:
        kind = variable["refused"][at]
        raise ScoringError(
            "CR-BIN-011",
            f"Variable {variable['name']!r} holds 1 values of the kind {kind!r}, which its policy refuses. "
            "Hint: mend the source, or fit with another policy.",
        )
    return at


def find_interval(variable, number):
    """Place of a number: a special code, an infinite number (unseen), or the interval that holds it."""
    if number in variable["codes"]:
        return variable["codes"][number]
    if math.isinf(number):
        return variable["unseen"]
    return bisect_right(variable["cuts"], number)


def to_number(variable, value):
    """Binary64 of a value; times are seconds since 1970-01-01 UTC, and a time without a zone is UTC."""
    if variable["kind"] == "datetime" and isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
        return (aware - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1) / 1e6
    if isinstance(value, (str, bytes, bytearray)):
        raise wrong_type(variable, value, "a number or None")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise wrong_type(variable, value, "a number or None") from None


def wrong_type(variable, value, expected):
    """Build the error for a value that is no number, or no text; it never holds the value."""
    return ScoringError(
        "CR-CRD-012",
        f"Variable {variable['name']!r} holds a value of type {type(value).__name__}. Expected {expected}.",
    )
'''


def scorecard_to_python(spec: ScorecardSpec) -> str:
    """Write the card as the text of a Python module that needs only the standard library.

    The module's ``score(values)`` takes one dictionary and returns ``score`` (points), ``points`` and ``flags`` (dictionaries
    by variable) and ``pd`` (0..1), equal to :func:`~credit_risk.scorecard.apply.apply_scorecard`. It refuses what the card
    refuses with the same code and text, as the module's own ``ScoringError``.

    Parameters
    ----------
    spec : ScorecardSpec

    Returns
    -------
    str
        Python 3.8 or newer; the same card always gives the same text.

    Raises
    ------
    SpecificationError
        Two variables of the card have one name (``CR-CRD-032``).

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.scorecard import Scorecard
    >>> X = np.arange(1000.0)[:, None]
    >>> card = Scorecard().fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> module = {}
    >>> exec(scorecard_to_python(card.spec_), module)
    >>> module["score"]({"x0": 5.0})["score"] == int(card.predict_score(np.array([[5.0]]))[0])
    True
    """
    repeated = sorted({name for name in spec.feature_names if spec.feature_names.count(name) > 1})
    if repeated:
        raise SpecificationError(
            f"{len(repeated)} names stand for more than one variable of the card: {repeated}. "
            "Expected one name per variable, because values arrive by name.",
            code="CR-CRD-032",
        )
    factor, offset = float(spec.scaling.factor), float(spec.scaling.offset)
    head = _HEAD.format(n=len(spec.feature_names), factor=factor, offset=offset)
    variables = [
        _variable_text(variable, points)
        for variable, points in zip(spec.binning.variables, spec.points, strict=True)
    ]
    return head + "VARIABLES = (\n" + "".join(variables) + ")\n" + _RUNTIME


def _variable_text(variable: VariableBins, points: tuple[int, ...]) -> str:
    refused = {at: variable.labels()[at] for at, origin in enumerate(variable.origins) if origin == "error"}
    cuts = "".join(f"{_number(cut)}, " for cut in variable.cuts).rstrip()
    lines = [
        f"name={variable.name!r},",
        f"kind={variable.kind!r},",
        f"cuts=({cuts}),",
        f"codes={{{_codes(variable)}}},",
        f"missing={variable.missing_index},",
        f"unseen={variable.unseen_index},",
        f"points={tuple(int(one) for one in points)!r},",
        f"flags={tuple(flag_table(variable).tolist())!r},",
        f"refused={refused!r},",
    ]
    return "    dict(\n" + "".join(f"        {line}\n" for line in lines) + "    ),\n"


def _codes(variable: VariableBins) -> str:
    """Return the inside of a dictionary from category, or special code, to bin."""
    if variable.kind == "categorical":
        pairs = [(repr(str(label)), at) for at, group in enumerate(variable.groups) for label in group]
    else:
        pairs = [
            (_number(code), variable.missing_index + 1 + offset)
            for offset, special in enumerate(variable.specials)
            for code in special.codes
        ]
    return ", ".join(f"{key}: {at}" for key, at in pairs)


def _number(value: float) -> str:
    """Write a float so that it reads back as the same bits."""
    return repr(float(value)) if math.isfinite(value) else f'float("{float(value)!r}")'

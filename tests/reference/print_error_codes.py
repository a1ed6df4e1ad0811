"""Print every error code of the library with its rule, its class and its module, or write the page of the documentation.

Run: ``python tests/reference/print_error_codes.py [--write]``. The rules are read out of ``src``: the first sentence of each
message, with ``…`` for whatever it fills in. Only the headings, and what no syntax tree tells, are written here.

Reading order: :class:`Rule`, :func:`rules`, then :func:`page`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Names = Mapping[str, Sequence[ast.expr]]

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = PROJECT / "src" / "credit_risk"
PAGE = PROJECT / "docs" / "reference" / "error-codes.md"
CODE = re.compile(r"CR-([A-Z]+)-\d{3}")
FILLED_IN = "…"

#: Functions that are given a code and raise for their caller, or note what is raised later: what is raised.
CARRIERS = {
    "refuse": "LoanError",
    "check_schema": "SpecificationError",
    "check_signed": "SpecificationError",
    "note": "DataContractError",
    "Fault": "reported by `credit-risk check`",
}
#: The code of a carrier that is called without one.
DEFAULTS = {"note": "CR-SRC-015"}
#: Codes that are noted like the others of their function and raised as a class of their own.
RAISED_AS = {"CR-SRC-018": "LeakageError"}

HEADINGS = {
    "BIN": "Binning",
    "BLD": "Blends of card and booster",
    "BND": "Bundles: whether their parts fit together",
    "CAL": "Calibration and recalibration",
    "CEI": "Rate ceilings and disclosure",
    "CFG": "Configuration files",
    "CHK": "Checks of a whole project",
    "CRD": "Scorecards: fitting, overrides, export, import, selection",
    "EVL": "Evaluation and stability",
    "FEA": "Features",
    "FIT": "Boosted trees: fitting",
    "GOV": "Governance: stored bundles, models and reports are what they say",
    "INI": "A new project out of one table",
    "JOB": "The main job",
    "LON": "Loans: terms, schedules, rates, accounts",
    "ML": "Boosted trees: columns, settings, search",
    "MNY": "Money",
    "NUM": "Numerics",
    "OUT": "Outcomes (001 to 009) and output folders (from 010)",
    "POL": "What the policy allows",
    "RPT": "Reports",
    "RSC": "Rescoring a portfolio",
    "SCR": "Scoring one request or many",
    "SMP": "Development samples",
    "SRC": "Sources: contracts, files, consent, requests",
    "STR": "Strategies",
    "TXT": "Texts for borrowers and officers",
}

HEAD = f"""# Error codes

Every error carries a code that stays the same when its words are improved: `error.code` (the classes: [Errors](errors.md)).
Here is what each code refuses: the first sentence of its message, with {FILLED_IN} for what the message fills in. A code with
several lines stands for several rules of one kind; the message says which.

Written by `python tests/reference/print_error_codes.py --write` from the messages themselves;
`tests/reference/test_error_codes.py` checks that it is up to date.
"""


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One rule that a module refuses with one code."""

    code: str
    module: str
    error: str
    words: str


def rules(source: Path = SOURCE) -> list[Rule]:
    """Return every rule below a folder, by code and module, each once."""
    found = set()
    for path in source.rglob("*.py"):
        found |= set(_rules_of(ast.parse(path.read_text(encoding="utf-8")), _module(path, source)))
    return sorted(found)


def modules_that_differ(found: Sequence[Rule]) -> dict[str, set[str]]:
    """Return the codes with which modules refuse different things, and those modules."""
    words: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for rule in found:
        words[rule.code][rule.module].add(rule.words)
    return {code: set(of) for code, of in words.items() if len({frozenset(said) for said in of.values()}) > 1}


def page(found: Sequence[Rule]) -> str:
    """Return the page."""
    rows: defaultdict[str, defaultdict[tuple[str, str, str], list[str]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for rule in found:
        rows[CODE.fullmatch(rule.code)[1]][rule.code, rule.words, rule.error].append(f"`{rule.module}`")
    parts = [HEAD]
    for prefix, of_prefix in sorted(rows.items()):
        parts.append(
            f"\n## CR-{prefix}: {HEADINGS[prefix]}\n\n| code | rule | class | module |\n|---|---|---|---|\n"
        )
        for (code, words, error), modules in of_prefix.items():
            parts.append(f"| {code} | {_escaped(words)} | {error} | {', '.join(modules)} |\n")
    parts.append(f"\n{len({rule.code for rule in found})} codes.\n")
    return "".join(parts)


def _module(path: Path, source: Path) -> str:
    return ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")


def _escaped(words: str) -> str:
    return re.sub(r"([|*<\[\]])", r"\\\1", words)


def _rules_of(tree: ast.Module, module: str) -> Iterator[Rule]:
    """Yield a rule for every call in a function that is given a code."""
    constants = _assigned(tree.body)
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef):
            continue
        for call in ast.walk(scope):
            if isinstance(call, ast.Call) and (code := _code(call, constants)):
                above = (
                    node for node in ast.walk(scope) if getattr(node, "lineno", call.lineno) < call.lineno
                )
                said = _said(call, constants | _assigned(above))
                words = said if _is_clear(said) else _promised(tree, code) or said
                yield Rule(code, module, _error(call, code), words)


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """Return what names stand for, in the order it was assigned."""
    found: defaultdict[str, list[ast.expr]] = defaultdict(list)
    assignments = (node for node in nodes if isinstance(node, ast.Assign))
    for node in sorted(assignments, key=lambda node: node.lineno):
        if isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id].append(node.value)
    return dict(found)


def _code(call: ast.Call, constants: Names) -> str:
    """Return the code a call is given, by itself, by a constant's name or by default; empty if it has none."""
    for given in (*call.args, *(keyword.value for keyword in call.keywords)):
        value = constants[given.id][-1] if isinstance(given, ast.Name) and given.id in constants else given
        if isinstance(value, ast.Constant) and CODE.fullmatch(str(value.value)):
            return str(value.value)
    return DEFAULTS.get(_called(call), "")


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def _error(call: ast.Call, code: str) -> str:
    return RAISED_AS.get(code) or CARRIERS.get(_called(call), _called(call))


def _said(call: ast.Call, names: Names) -> str:
    """Return the first sentence of a message, and what was expected if it ends with what was found."""
    given = (*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "message"))
    texts = [_words(argument, names) for argument in given]
    message = ": ".join(text for text in texts if re.search("[a-z]", text))
    message = re.sub(rf"^{FILLED_IN}: ", "", message)
    sentence = re.split(r"[.?!]? Hint\b|[.?!](?: |$)", message, maxsplit=1)[0]
    expected = re.search(r"\. E(xpected .+?)(?:[.;] |\.?$)", message)
    if sentence.endswith(FILLED_IN) and expected:
        sentence = f"{sentence}; e{expected[1]}"
    return sentence


def _is_clear(sentence: str) -> bool:
    """Whether the constant words say something by themselves; a sentence that ends with something filled in needs one more."""
    return len(re.findall(r"[A-Za-z]{2,}", sentence)) >= 3 + sentence.endswith(FILLED_IN)


def _words(node: ast.AST, names: Names) -> str:
    """Return the constant words of an expression, with ``…`` for the rest."""
    words = FILLED_IN
    match node:
        case ast.Constant(value=str(text)):
            words = text
        case ast.JoinedStr(values=parts):
            words = re.sub(f"{FILLED_IN}+", FILLED_IN, "".join(_words(part, names) for part in parts))
        case ast.FormattedValue(value=value):
            words = _filled_in(value, names)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            words = _words(left, names) + _words(right, names)
        case ast.IfExp(body=text):
            words = _words(text, names)
        case ast.Name(id=name) if name in names:
            words = _words(names[name][-1], _without(name, names))
    return words


def _filled_in(value: ast.expr, names: Names) -> str:
    """Return the words a message fills in if they are always the same; a plural is."""
    match value:
        case ast.IfExp(body=ast.Constant(one), orelse=ast.Constant(many)) if "s" in (one, many):
            return "s"
        case ast.Name(id=name) if len(names.get(name, ())) == 1:
            return _words(names[name][0], _without(name, names))
    return FILLED_IN


def _without(name: str, names: Names) -> Names:
    """Return the other names: one that is made from itself (``text = text + "."``) is not followed for ever."""
    return {other: values for other, values in names.items() if other != name}


def _promised(tree: ast.Module, code: str) -> str:
    """Return what the docstrings of a module say before a code: for messages that others word."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        text = (ast.get_docstring(node) or "") if isinstance(node, documented) else ""
        flat = re.sub(r"\s+", " ", re.sub(r"-{3,}|\w+Error$", ".", text, flags=re.MULTILINE))
        if clause := re.search(rf"(?:^|[.;:,] |\) )([^.;:()]+) \(``{code}``", flat):
            return re.sub("^(or|,) |`", "", clause[1]).strip()
    return ""


if __name__ == "__main__":
    written = page(rules())
    if "--write" in sys.argv:
        PAGE.write_text(written, encoding="utf-8")
    sys.stdout.write(written)

"""Shape budgets of the source: short modules, short functions, few parameters, shallow packages."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "credit_risk"
MODULES = sorted(SOURCE.rglob("*.py"))
MAX_MODULE_LINES, MAX_FUNCTION_LINES, MAX_MODULES_PER_PACKAGE, MAX_DEPTH = 600, 50, 16, 2
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "manager", "misc"}


def _functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _body_lines(function: ast.FunctionDef) -> int:
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = function.body[1:] if has_docstring else function.body
    return (body[-1].end_lineno - body[0].lineno + 1) if body else 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_module_is_short_and_its_functions_are(path):
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_MODULE_LINES
    too_long = {f.name: _body_lines(f) for f in _functions(path) if _body_lines(f) > MAX_FUNCTION_LINES}
    assert not too_long
    assert path.stem not in FORBIDDEN_NAMES


def test_typical_functions_are_short():
    lengths = [_body_lines(function) for path in MODULES for function in _functions(path)]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=10)[8] <= 27


def test_packages_are_shallow_and_small():
    for package in {path.parent for path in MODULES}:
        assert len(package.relative_to(SOURCE).parts) <= MAX_DEPTH
        assert len(list(package.glob("*.py"))) <= MAX_MODULES_PER_PACKAGE, package.name

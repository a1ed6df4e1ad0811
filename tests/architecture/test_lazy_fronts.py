"""Every package front resolves every name it promises, and no name hides behind a module of the same name."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "credit_risk"
PACKAGES = sorted(
    ".".join(("credit_risk", *path.parent.relative_to(SOURCE).parts))
    for path in SOURCE.rglob("__init__.py")
    if "_lazy import attach" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_promised_name_resolves_to_what_it_says(package):
    front = import_module(package)
    for name in front.__all__:
        assert getattr(front, name) is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_no_export_has_the_name_of_a_module(package):
    # importing a submodule binds its name in the package and would silently replace a lazy export of that name
    folder = SOURCE.joinpath(*package.split(".")[1:])
    modules = {path.stem for path in folder.glob("*.py")} | {
        path.name for path in folder.iterdir() if path.is_dir()
    }
    assert not modules & set(import_module(package).__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_same_names(package):
    source = SOURCE.joinpath(*package.split(".")[1:], "__init__.py").read_text(encoding="utf-8")
    shown = {
        alias.asname
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert shown == set(import_module(package).__all__)


def test_unknown_names_are_attribute_errors():
    front = import_module("credit_risk")
    with pytest.raises(AttributeError, match="no attribute 'Scorcard'"):
        front.Scorcard  # noqa: B018

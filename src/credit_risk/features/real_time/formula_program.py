"""All formulas of a catalogue as one flat Python function: written once, each shared step once, then compiled.

The formulas of ``aggregates`` are run on symbols instead of numbers; what they do to the symbols is the program. It computes with
Python integers what the formulas would, without a call per feature. Light: standard library only.

Reading order: :func:`compile_quotients`, :class:`_Symbol`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from credit_risk.features.aggregates import is_paired

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from credit_risk.features.plan import Recipe


@dataclass(slots=True)
class _Program:
    """Lines of code so far, and the name of each step."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def step(self, code: str) -> _Symbol:
        if code not in self.names:
            self.names[code] = f"v{len(self.names)}"
            self.lines.append(f"    {self.names[code]} = {code}")
        return _Symbol(self, self.names[code])


@dataclass(frozen=True, slots=True, eq=False)
class _Symbol:
    """A whole number that the program will compute."""

    program: _Program
    name: str

    def _with(self, operator: str, other: Any, *, swapped: bool = False) -> _Symbol:
        right = other.name if isinstance(other, _Symbol) else repr(other)
        left, right = (right, self.name) if swapped else (self.name, right)
        return self.program.step(f"{left} {operator} {right}")

    def __add__(self, other: Any) -> _Symbol:
        return self._with("+", other)

    def __sub__(self, other: Any) -> _Symbol:
        return self._with("-", other)

    def __mul__(self, other: Any) -> _Symbol:
        return self if isinstance(other, int) and other == 1 else self._with("*", other)

    def __mod__(self, other: Any) -> _Symbol:
        return self._with("%", other)

    def __radd__(self, other: Any) -> _Symbol:
        return self._with("+", other, swapped=True)

    def __rsub__(self, other: Any) -> _Symbol:
        return self._with("-", other, swapped=True)

    __rmul__ = __mul__

    def present(self) -> _Symbol:
        """Return 1 where above 0, else 0."""
        return self.program.step(f"1 if {self.name} > 0 else 0")

    def minimum(self, other: _Symbol) -> _Symbol:
        """Return the smaller of two numbers."""
        return self.program.step(f"{self.name} if {self.name} < {other.name} else {other.name}")


def compile_quotients(
    recipes: Sequence[Recipe], kinds: Sequence[Sequence[str]]
) -> Callable[[Sequence[Sequence[Any]]], list[float]]:
    """Return a function from the primitives of each source to the quotient of each recipe, NaN where a denominator is 0.

    Dividing Python's whole numbers is correctly rounded whatever their size, as ``exact_quotient`` is.

    Parameters
    ----------
    recipes : sequence of Recipe
    kinds : sequence of sequence of str
        Kinds of the primitives of each source.
    """
    program = _Program()
    quotients: list[tuple[Any, Any]] = []
    for recipe in recipes:
        if recipe.parts:
            own = [part for place in recipe.parts for part in quotients[place]]
        else:
            own = [_primitive(program, recipe.source, index, kinds) for index in recipe.primitives]
        quotients.append(recipe.aggregate.formula(own, recipe.unit, recipe.over_unit))
    divided = ", ".join(_division(top, bottom) for top, bottom in quotients)
    source = "\n".join(["def quotients(p, nan):", *program.lines, f"    return [{divided}]"])
    namespace: dict[str, Any] = {}
    exec(compile(source, "<quotients>", "exec"), namespace)  # noqa: S102 - the text comes from our own formulas
    compute = namespace["quotients"]
    missing = float("nan")
    return lambda primitives: compute(primitives, missing)


def _primitive(program: _Program, source: int, index: int, kinds: Sequence[Sequence[str]]) -> Any:
    code = f"p[{source}][{index}]"
    if is_paired(kinds[source][index]):
        return program.step(f"{code}[0]"), program.step(f"{code}[1]")
    return program.step(code)


def _division(top: Any, bottom: Any) -> str:
    above, below = (part.name if isinstance(part, _Symbol) else repr(part) for part in (top, bottom))
    return f"({above} / {below} if {below} else nan)"

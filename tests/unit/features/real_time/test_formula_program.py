"""The compiled program computes what the formulas compute one by one, for every aggregate."""

from __future__ import annotations

import math
import random

from credit_risk.features.aggregates import AGGREGATES, TOKENS, is_paired
from credit_risk.features.plan import Recipe
from credit_risk.features.real_time.formula_program import compile_quotients


def recipes_of(kinds):
    """One recipe per aggregate, then both joins of the first two."""
    found = []
    for name, aggregate in AGGREGATES.items():
        if aggregate.joins:
            parts, places = (0, 1), ()
        else:
            parts, places = (), tuple(range(len(kinds), len(kinds) + len(aggregate.needs)))
            kinds += [TOKENS[token][0] for token in aggregate.needs]
        found.append(
            Recipe(
                name=name,
                source=-1 if parts else 0,
                aggregate=aggregate,
                primitives=places,
                unit=100,
                over_unit=10,
                precision=9,
                parts=parts,
            )
        )
    return found


def directly(recipes, primitives):
    quotients = []
    for recipe in recipes:
        own = [primitives[at] for at in recipe.primitives]
        if recipe.parts:
            own = [part for place in recipe.parts for part in quotients[place]]
        quotients.append(recipe.aggregate.formula(own, recipe.unit, recipe.over_unit))
    return [top / bottom if bottom else math.nan for top, bottom in quotients]


def test_the_program_is_the_formulas():
    kinds = []
    recipes = recipes_of(kinds)
    program = compile_quotients(recipes, [kinds])
    rng, seen = random.Random(7), 0
    for _ in range(300):
        largest = rng.choice([1, 3, 10**6, 10**30])
        numbers = [
            (rng.randint(-largest, largest), rng.randint(-largest, largest))
            if is_paired(kind)
            else rng.randint(-largest if kind in ("s", "tx") else 0, largest)
            for kind in kinds
        ]
        expected, found = directly(recipes, numbers), program([numbers])
        assert [repr(value) for value in found] == [repr(value) for value in expected]
        seen += sum(not math.isnan(value) for value in found)
    assert seen > 5_000


def test_a_step_two_features_share_is_taken_once():
    kinds = ["s", "n", "s", "n"]
    mean = AGGREGATES["mean"]
    recipes = [
        Recipe(name=f"m{at}", source=0, aggregate=mean, primitives=(0, 1), unit=100, over_unit=1, precision=9)
        for at in range(2)
    ]
    assert compile_quotients(recipes, [kinds])([[7, 2, 0, 0]]) == [0.035, 0.035]

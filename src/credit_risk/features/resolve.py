"""Names of a catalogue against the contracts of a source: scales, factors, bounds; who may be named at all.

Reading order: :class:`Resolver`, then the records it returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from credit_risk.domain.configuration import nearest
from credit_risk.errors import LeakageError, SpecificationError
from credit_risk.features.definition import APPLICATION
from credit_risk.features.expression import BUILT_IN, Condition, Operand
from credit_risk.sources.contract import LARGEST_SCALED_VALUE, ColumnContract

if TYPE_CHECKING:
    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.features.definition import DerivedMeasure
    from credit_risk.sources.contract import ApplicationContract, RecordContract, SourceContracts

_INT64 = 2**63 - 1
#: No moment is more than 300 years from another.
_DAYS_BOUND = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedColumn:
    """A value every record has, with what is known of it.

    Attributes
    ----------
    key : str
        As written: ``bill_amt``, ``previous.bill_amt``, ``application.LIMIT_BAL``, ``age_days``.
    scope : {'record', 'previous', 'application', 'built_in', 'derived'}
    name : str
        Without its scope.
    scale, bound : int
        Decimal places; largest magnitude of the scaled value.
    nullable : bool
        Whether it can be missing.
    codes : tuple
        Words of a code column, else empty.
    """

    key: str
    scope: str
    name: str
    scale: int
    bound: int
    nullable: bool
    codes: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedPlan:
    """A derived measure in whole numbers.

    Attributes
    ----------
    operator : {'', '+', '-', '/'}
    left_factor, right_factor : int
        Powers of ten that bring both sides to one scale.
    low, high : int, optional
        Scaled bounds that values are moved to.
    """

    key: str
    left: str
    operator: str
    right: str
    left_factor: int
    right_factor: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionPlan:
    """A condition in whole numbers: ``left * left_factor  operator  right * right_factor`` or against constants."""

    left: str
    operator: str
    right: str
    constants: tuple[int, ...]
    left_factor: int
    right_factor: int


class Resolver:
    """Resolves the names that features of one source use, and remembers which were used."""

    def __init__(self, catalogue: FeatureCatalogue, contracts: SourceContracts, source: str) -> None:
        self.source = source
        self.columns: dict[str, ResolvedColumn] = {}
        self.derived: dict[str, DerivedPlan] = {}
        self._measures: dict[str, ResolvedColumn] = {}
        self._catalogue = catalogue
        self._applications = contracts.applications
        self._contract: ApplicationContract | RecordContract = (
            contracts.applications if source == APPLICATION else contracts.record(source)
        )

    @property
    def consent_purpose(self) -> str:
        """The purpose the source's contract holds consent for."""
        return self._contract.consent_purpose

    def bounds(self) -> dict[str, int]:
        """Return measure -> largest magnitude, for every name resolved."""
        return {column.key: column.bound for column in (*self.columns.values(), *self._measures.values())}

    def nullable(self) -> frozenset[str]:
        """Return the measures that can be missing."""
        return frozenset(
            column.key for column in (*self.columns.values(), *self._measures.values()) if column.nullable
        )

    def measure(self, name: str, where: str) -> ResolvedColumn:
        """Resolve a measure: a column, a built-in or a derived measure."""
        return self.operand(Operand("record", name), where)

    def operand(self, operand: Operand, where: str) -> ResolvedColumn:
        """Resolve an operand and remember that it is used."""
        if operand.key in self._measures:
            return self._measures[operand.key]
        derived = self._catalogue.derived(self.source, operand.name) if operand.scope == "record" else None
        if derived is not None:
            self._measures[operand.key] = self._derive(derived)
            return self._measures[operand.key]
        if operand.key not in self.columns:
            self.columns[operand.key] = self._column(operand, where)
        return self.columns[operand.key]

    def conditions(self, subject: str) -> tuple[ConditionPlan, ...]:
        """Resolve the conditions of a subject."""
        where = f"subject {subject!r} of source {self.source!r}"
        return tuple(
            self._condition(condition, where)
            for condition in self._catalogue.subject(self.source, subject).conditions
        )

    def _column(self, operand: Operand, where: str) -> ResolvedColumn:
        if operand.name in BUILT_IN and APPLICATION not in (operand.scope, self.source):
            scope = "previous" if operand.scope == "previous" else "built_in"
            return ResolvedColumn(
                key=operand.key,
                scope=scope,
                name=operand.name,
                scale=0,
                bound=_DAYS_BOUND,
                nullable=scope == "previous",
            )
        if operand.scope == "previous" and self.source == APPLICATION:
            raise SpecificationError(f"{where}: an application has no previous record.", code="CR-FEA-010")
        contract = self._applications if operand.scope == APPLICATION else self._contract
        column = _usable_column(contract, operand, where, self._derived_names(operand))
        return ResolvedColumn(
            key=operand.key,
            scope=operand.scope,
            name=operand.name,
            scale=column.scale,
            bound=column.bound,
            nullable=column.nullable or operand.scope == "previous",
            codes=column.codes if column.kind == "code" else (),
        )

    def _derived_names(self, operand: Operand) -> list[str]:
        """Return what may be named beside columns."""
        if operand.scope != "record":
            return []
        derived = [measure.name for measure in self._catalogue.measures if measure.source == self.source]
        return derived if self.source == APPLICATION else [*derived, *BUILT_IN]

    def _derive(self, measure: DerivedMeasure) -> ResolvedColumn:
        where = f"measure {measure.name!r} of source {self.source!r}"
        derivation = measure.derivation
        left = self.operand(derivation.left, where)
        right = self.operand(derivation.right, where) if derivation.right else None
        scale = measure.scale if derivation.operator == "/" else max(left.scale, right.scale if right else 0)
        left_factor, right_factor, bound = _factors(left, derivation.operator, right, scale, where)
        low, high = _scaled(measure.minimum, scale, where), _scaled(measure.maximum, scale, where)
        if low is not None and high is not None:
            bound = max(abs(low), abs(high))
        if bound > LARGEST_SCALED_VALUE:
            raise SpecificationError(
                f"{where}: values could reach {bound:.3g} units of the last decimal place; more than 15 digits are not exact. "
                "Hint: declare minimum and maximum, or fewer decimal places (scale).",
                code="CR-FEA-014",
            )
        self.derived[measure.name] = DerivedPlan(
            key=measure.name,
            left=left.key,
            operator=derivation.operator,
            right=right.key if right else "",
            left_factor=left_factor,
            right_factor=right_factor,
            low=low,
            high=high,
        )
        return ResolvedColumn(
            key=measure.name,
            scope="derived",
            name=measure.name,
            scale=scale,
            bound=bound,
            nullable=left.nullable or (right is not None and (right.nullable or derivation.operator == "/")),
            codes=left.codes,
        )

    def _condition(self, condition: Condition, where: str) -> ConditionPlan:
        left = self.operand(condition.left, where)
        if isinstance(condition.right, Operand):
            return _compare_columns(left, condition.operator, self.operand(condition.right, where), where)
        items = condition.right if isinstance(condition.right, tuple) else (condition.right,)
        if left.codes:
            return _compare_codes(left, condition.operator, items, where)
        return _compare_numbers(left, condition.operator, items, where)


def _usable_column(
    contract: ApplicationContract | RecordContract, operand: Operand, where: str, derived: list[str]
) -> ColumnContract:
    """Return the column's contract, or refuse: unknown, held back, or drawn from the outcome."""
    role = "attribute" if contract.name == APPLICATION else "measure"
    named = next((column for column in contract.columns if column.name == operand.name), None)
    usable = [*(column.name for column in contract.columns if column.role == role), *derived]
    if named is None:
        raise SpecificationError(
            f"{where}: column {operand.key!r} does not exist in source {contract.name!r}. {nearest(operand.name, usable)}",
            code="CR-FEA-010",
        )
    if named.role == "outcome":
        raise LeakageError(
            f"{where}: column {operand.key!r} is an outcome. Features look left of the application; the outcome lies right "
            "of it.",
            code="CR-FEA-012",
            context={"column": operand.key, "source": contract.name},
        )
    if named.role != role:
        raise SpecificationError(
            f"{where}: column {operand.key!r} has the role {named.role!r} and cannot feed a feature. "
            f"{nearest(operand.name, usable)}",
            code="CR-FEA-011",
        )
    return named


def _factors(
    left: ResolvedColumn, operator: str, right: ResolvedColumn | None, scale: int, where: str
) -> tuple[int, int, int]:
    """Return both factors and the largest magnitude of the result."""
    if right is None:
        return 1, 1, left.bound
    if left.codes or right.codes:
        raise SpecificationError(f"{where}: a code cannot be added or divided.", code="CR-FEA-013")
    if operator == "/":
        shift = scale + right.scale - left.scale
        left_factor, right_factor = 10 ** max(shift, 0), 10 ** max(-shift, 0)
        _check_fits(2 * left.bound * left_factor + right.bound * right_factor, where)
        return left_factor, right_factor, left.bound * left_factor + 1
    left_factor, right_factor = 10 ** (scale - left.scale), 10 ** (scale - right.scale)
    bound = left.bound * left_factor + right.bound * right_factor
    _check_fits(bound, where)
    return left_factor, right_factor, bound


def _scaled(value: Decimal | None, scale: int, where: str) -> int | None:
    if value is None:
        return None
    scaled = Decimal(str(value)).scaleb(scale)
    if scaled != scaled.to_integral_value() or abs(scaled) > LARGEST_SCALED_VALUE:
        raise SpecificationError(
            f"{where}: minimum and maximum need at most {scale} decimal places and 15 digits in all.",
            code="CR-FEA-014",
        )
    return int(scaled)


def _compare_columns(left: ResolvedColumn, operator: str, right: ResolvedColumn, where: str) -> ConditionPlan:
    if left.codes != right.codes or (left.codes and operator not in ("==", "!=")):
        raise SpecificationError(
            f"{where}: {left.key!r} and {right.key!r} cannot be compared with {operator!r}.",
            code="CR-FEA-013",
        )
    scale = max(left.scale, right.scale)
    left_factor, right_factor = 10 ** (scale - left.scale), 10 ** (scale - right.scale)
    _check_fits(max(left.bound * left_factor, right.bound * right_factor), where)
    return ConditionPlan(
        left=left.key,
        operator=operator,
        right=right.key,
        constants=(),
        left_factor=left_factor,
        right_factor=right_factor,
    )


def _compare_codes(
    left: ResolvedColumn, operator: str, items: tuple[Decimal | str, ...], where: str
) -> ConditionPlan:
    if operator not in ("==", "!=", "in"):
        raise SpecificationError(
            f"{where}: {left.key!r} is a code; codes have no order. Expected ==, != or in.", code="CR-FEA-013"
        )
    for item in items:
        if item not in left.codes:
            raise SpecificationError(
                f"{where}: {str(item)!r} is not a code of {left.key!r}. {nearest(str(item), map(str, left.codes))}",
                code="CR-FEA-010",
            )
    constants = tuple(left.codes.index(item) for item in items if isinstance(item, str))
    return ConditionPlan(
        left=left.key, operator=operator, right="", constants=constants, left_factor=1, right_factor=1
    )


def _compare_numbers(
    left: ResolvedColumn, operator: str, items: tuple[Decimal | str, ...], where: str
) -> ConditionPlan:
    numbers = [item for item in items if isinstance(item, Decimal)]
    if len(numbers) < len(items):
        raise SpecificationError(
            f"{where}: {left.key!r} is a number and cannot be compared with a word.", code="CR-FEA-013"
        )
    scale = max(left.scale, *(_decimals(number) for number in numbers))
    constants = tuple(int(number.scaleb(scale)) for number in numbers)
    factor = 10 ** (scale - left.scale)
    _check_fits(max(left.bound * factor, *(abs(constant) for constant in constants)), where)
    return ConditionPlan(
        left=left.key, operator=operator, right="", constants=constants, left_factor=factor, right_factor=1
    )


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _check_fits(bound: int, where: str) -> None:
    if bound > _INT64:
        raise SpecificationError(
            f"{where}: whole numbers could reach {bound:.3g}, beyond 64 bits. Hint: tighten the contract's minimum and maximum, "
            "or use fewer decimal places (scale).",
            code="CR-FEA-014",
        )

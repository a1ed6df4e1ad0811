"""The card as one SQL query: for scoring inside a database.

The query reads in three steps: ``card_values`` (each variable as binary64 or text), ``card_points`` (points and flag of each
variable, a CASE per variable) and ``card_score`` (their sum); the last step adds the PD.

Engines disagree on NaN: some hold it greater than every number and equal to itself, others compare it with nothing. "Not at
or below infinity" is true of NaN under both rules, so every dialect gets this one test. Numbers are written with an exponent
(``2.5e-01``), which the SQL standard reads as approximate, in the shortest form that reads back as the same binary64.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Literal, get_args

from credit_risk.binning.spec import FLAG_MISSING, FLAG_NONE, FLAG_SPECIAL, FLAG_UNSEEN
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

    from credit_risk.binning.spec import VariableBins
    from credit_risk.scorecard.scaling import Scaling
    from credit_risk.scorecard.spec import ScorecardSpec

SqlDialect = Literal["standard", "duckdb", "postgres", "spark"]

_IGNORES_CASE = ("duckdb", "spark")
_POSTGRES_NAME_BYTES = 63
_STEPS = ("card_values", "card_points", "card_score")
_EXPONENT_LIMIT = 700.0


def scorecard_to_sql(
    spec: ScorecardSpec,
    *,
    table: str | Sequence[str],
    dialect: SqlDialect = "standard",
    key_columns: Sequence[str] = (),
) -> str:
    """Write the card as one SELECT that scores every row of a table.

    Columns of the result: the key columns; ``points_<variable>`` and ``flag_<variable>`` (0 ordinary, 1 missing, 2 special
    code, 3 unseen) for each variable; ``score``; ``pd``. NULL and NaN are missing. Where the card refuses a value, its points,
    ``score`` and ``pd`` are NULL; a card that can refuse has a further column ``score_error`` with the reason (else NULL).

    Parameters
    ----------
    spec : ScorecardSpec
    table : str or sequence of str
        Where the variables are, one column each; dots part catalogue, schema and table. A sequence gives the parts, for names
        that hold dots themselves.
    dialect : {'standard', 'duckdb', 'postgres', 'spark'}
    key_columns : sequence of str
        Columns of the table to carry along.

    Returns
    -------
    str
        One query without a semicolon; all identifiers quoted. The same card always gives the same text.

    Raises
    ------
    SpecificationError
        Unknown dialect (``CR-CRD-030``); an empty part of the table's name or more than three (``CR-CRD-031``); two columns
        of the query would have one name in this dialect (``CR-CRD-032``); a name or category that SQL text cannot hold
        (``CR-CRD-033``).

    Notes
    -----
    Numeric columns are cast to double precision, so decimals and whole numbers above 2**53 are rounded as numpy rounds
    them; text in such a column is the engine's to refuse (Spark outside its ANSI mode makes it NULL, which is missing).
    Categories are compared as text, byte by byte in the default collation. Datetime variables are read from timestamp
    columns as UTC; a timestamp without a zone must be UTC, and in Spark so must the session's zone. PostgreSQL cuts names
    after 63 bytes, so there the names of the result are cut.

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.scorecard import Scorecard
    >>> X = np.arange(1000.0)[:, None]
    >>> card = Scorecard().fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> query = scorecard_to_sql(card.spec_, table="risk.applicants", key_columns=("application_id",))
    >>> query.splitlines()[-1].strip()
    'FROM "card_score"'
    """
    if dialect not in get_args(SqlDialect):
        raise SpecificationError(
            f"dialect must be one of {list(get_args(SqlDialect))}. Got {dialect!r}.", code="CR-CRD-030"
        )
    parts = _table_parts(table)
    _check_text(spec, (*parts, *key_columns))
    _check_names(spec, tuple(key_columns), dialect)
    query = _Query(spec, dialect, tuple(key_columns)).build(parts)
    return query.sql(dialect="" if dialect == "standard" else dialect, pretty=True, identify=True)


class _Query:
    """The steps of one query, built as a syntax tree that sqlglot writes in any dialect."""

    def __init__(self, spec: ScorecardSpec, dialect: SqlDialect, key_columns: tuple[str, ...]) -> None:
        self._spec = spec
        self._dialect = dialect
        self._keys = [_column(name) for name in key_columns]

    def build(self, parts: tuple[str, ...]) -> exp.Expression:
        """Return the whole query: values, points, score, PD."""
        from sqlglot import exp

        suffix = "_" if parts[-1].casefold() in _STEPS else ""
        values, points, score = (name + suffix for name in _STEPS)
        variables = self._spec.binning.variables
        carried = [self._named(prefix, v.name) for v in variables for prefix in ("points_", "flag_")]
        errors = [_column("score_error")] if self._refusals() else []
        query = exp.select(*self._keys, *carried, _column("score"), _alias(self._pd(), "pd"), *errors).from_(
            _table((score,))
        )
        steps = {
            values: self._values(_table(parts)),
            points: self._points(_table((values,))),
            score: exp.select("*", _alias(self._total(), "score"), *self._score_error()).from_(
                _table((points,))
            ),
        }
        for name, step in steps.items():
            query = query.with_(exp.to_identifier(name, quoted=True), as_=step, copy=False)
        return query

    def _values(self, table: exp.Table) -> exp.Select:
        from sqlglot import exp

        values = [
            _alias(self._value(variable), self._name("value_", variable.name))
            for variable in self._spec.binning.variables
        ]
        return exp.select(*self._keys, *values).from_(table)

    def _value(self, variable: VariableBins) -> exp.Expression:
        """Return a column as text (categories), as binary64, or as seconds since 1970 (datetimes)."""
        from sqlglot import exp

        column = _column(variable.name)
        if variable.kind == "categorical":
            return exp.cast(column, "varchar")
        if variable.kind == "numeric":
            return self._double(column)
        if self._dialect == "spark":
            micros = exp.Anonymous(this="UNIX_MICROS", expressions=[exp.cast(column, "timestamptz")])
            return exp.Div(this=self._double(micros), expression=_number(1e6), typed=True)
        return self._double(exp.Extract(this=exp.var("EPOCH"), expression=column))

    def _points(self, table: exp.Table) -> exp.Select:
        from sqlglot import exp

        columns: list[exp.Expression] = []
        for variable, points in zip(self._spec.binning.variables, self._spec.points, strict=True):
            value = self._named("value_", variable.name)
            place = self._group_case if variable.kind == "categorical" else self._interval_case
            earned: list[exp.Expression] = [
                exp.null() if origin == "error" else _whole(one)
                for one, origin in zip(points, variable.origins, strict=True)
            ]
            flags = [FLAG_NONE] * variable.n_regular + [FLAG_MISSING]
            flags += [FLAG_SPECIAL] * len(variable.specials) + [FLAG_UNSEEN]
            points_case = exp.cast(place(variable, value, earned), "bigint")
            flag_case = place(variable, value, [_whole(flag) for flag in flags])
            columns.append(_alias(points_case, self._name("points_", variable.name)))
            columns.append(_alias(flag_case, self._name("flag_", variable.name)))
        return exp.select(*self._keys, *columns).from_(table)

    def _interval_case(
        self, variable: VariableBins, value: exp.Expression, results: Sequence[exp.Expression]
    ) -> exp.Case:
        """Return missing, special codes, infinite numbers, then intervals from the left."""
        from sqlglot import exp

        infinity = self._double(exp.Literal.string("Infinity"))
        is_nan = exp.not_(exp.LTE(this=value.copy(), expression=infinity))
        is_missing = exp.or_(exp.Is(this=value.copy(), expression=exp.null()), is_nan)
        largest = sys.float_info.max
        is_infinite = exp.or_(
            exp.GT(this=value.copy(), expression=_number(largest)),
            exp.LT(this=value.copy(), expression=_number(-largest)),
        )
        branches: list[tuple[exp.Expr, exp.Expression]] = [(is_missing, results[variable.missing_index])]
        for at, special in enumerate(variable.specials, start=variable.missing_index + 1):
            codes = [_number(code) for code in special.codes]
            branches.append((exp.In(this=value.copy(), expressions=codes), results[at]))
        branches.append((is_infinite, results[variable.unseen_index]))
        regular = results[: variable.n_regular]
        is_one_result = all(result == regular[0] for result in regular)
        for cut, result in zip(() if is_one_result else variable.cuts, regular, strict=False):
            branches.append((exp.LT(this=value.copy(), expression=_number(cut)), result))
        return _case(branches, otherwise=regular[-1])

    def _group_case(
        self, variable: VariableBins, value: exp.Expression, results: Sequence[exp.Expression]
    ) -> exp.Case:
        """Return missing, then the groups of categories; what is left was never seen."""
        from sqlglot import exp

        is_missing = exp.Is(this=value.copy(), expression=exp.null())
        branches: list[tuple[exp.Expr, exp.Expression]] = [(is_missing, results[variable.missing_index])]
        for at, group in enumerate(variable.groups):
            if group:
                labels: list[exp.Expression] = [exp.Literal.string(label) for label in group]
                branches.append((exp.In(this=value.copy(), expressions=labels), results[at]))
        return _case(branches, otherwise=results[variable.unseen_index])

    def _total(self) -> exp.Expression:
        from sqlglot import exp

        first, *rest = (self._named("points_", name) for name in self._spec.feature_names)
        total: exp.Expression = first
        for points in rest:
            total = exp.Add(this=total, expression=points)
        return total

    def _pd(self) -> exp.Expression:
        """Return 1 / (1 + exp(log odds)), the exponent kept within 700 where the card's points could leave that range."""
        from sqlglot import exp

        scaling = self._spec.scaling
        distance = exp.Sub(this=self._double(_column("score")), expression=_number(scaling.offset))
        log_odds: exp.Expression = exp.Div(
            this=exp.paren(distance), expression=_number(scaling.factor), typed=True
        )
        if _leaves_range(scaling, self._spec.points):
            limit = _EXPONENT_LIMIT
            above = exp.GT(this=log_odds.copy(), expression=_number(limit))
            below = exp.LT(this=log_odds.copy(), expression=_number(-limit))
            log_odds = _case([(above, _number(limit)), (below, _number(-limit))], otherwise=log_odds)
        odds = exp.Add(this=_number(1.0), expression=exp.Exp(this=log_odds))
        return exp.Div(this=_number(1.0), expression=exp.paren(odds), typed=True)

    def _refusals(self) -> list[tuple[str, list[str]]]:
        """Return each variable that can refuse, and the labels of the bins it refuses."""
        found = []
        for variable in self._spec.binning.variables:
            pairs = zip(variable.labels(), variable.origins, strict=True)
            labels = [label for label, origin in pairs if origin == "error"]
            if labels:
                found.append((variable.name, labels))
        return found

    def _score_error(self) -> list[exp.Expression]:
        from sqlglot import exp

        branches: list[tuple[exp.Expr, exp.Expression]] = []
        for name, labels in self._refusals():
            message = f"CR-BIN-011: Variable {name!r} holds a value of a kind that its policy refuses ({', '.join(labels)})."
            is_refused = exp.Is(this=self._named("points_", name), expression=exp.null())
            branches.append((is_refused, exp.Literal.string(message)))
        return [_alias(_case(branches), "score_error")] if branches else []

    def _double(self, value: exp.Expression) -> exp.Cast:
        from sqlglot import exp

        if self._dialect == "standard":
            kind = exp.DataType(this=exp.DataType.Type.USERDEFINED, kind="DOUBLE PRECISION")
            return exp.Cast(this=value, to=kind)
        return exp.Cast(this=value, to=exp.DataType.build("double"))

    def _name(self, prefix: str, name: str) -> str:
        return _result_name(prefix + name, self._dialect)

    def _named(self, prefix: str, name: str) -> exp.Column:
        return _column(self._name(prefix, name))


def _case(
    branches: Sequence[tuple[exp.Expr, exp.Expression]], *, otherwise: exp.Expression | None = None
) -> exp.Case:
    from sqlglot import exp

    ifs = [exp.If(this=condition, true=result.copy()) for condition, result in branches]
    return exp.Case(ifs=ifs, default=otherwise.copy() if otherwise is not None else None)


def _column(name: str) -> exp.Column:
    from sqlglot import exp

    return exp.column(name, quoted=True)


def _table(parts: tuple[str, ...]) -> exp.Table:
    from sqlglot import exp

    identifiers = [exp.to_identifier(part, quoted=True) for part in parts]
    return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(identifiers), strict=False)))


def _alias(expression: exp.Expression, name: str) -> exp.Alias:
    from sqlglot import exp

    return exp.Alias(this=expression, alias=exp.to_identifier(name, quoted=True))


def _whole(value: int) -> exp.Expression:
    from sqlglot import exp

    literal = exp.Literal.number(abs(int(value)))
    return exp.Neg(this=literal) if value < 0 else literal


def _number(value: float) -> exp.Expression:
    """Write a finite float with an exponent, so that it is binary64 to every engine and reads back as the same bits."""
    from sqlglot import exp

    text = repr(abs(float(value)))
    mantissa, _, exponent = text.partition("e")
    literal = exp.Literal.number(f"{mantissa}e{int(exponent or 0)}")
    return exp.Neg(this=literal) if value < 0 else literal


def _leaves_range(scaling: Scaling, points: Sequence[Sequence[int]]) -> bool:
    lowest, highest = sum(min(row) for row in points), sum(max(row) for row in points)
    reach = max(abs((score - scaling.offset) / scaling.factor) for score in (lowest, highest))
    return not reach < _EXPONENT_LIMIT or not math.isfinite(reach)


def _table_parts(table: str | Sequence[str]) -> tuple[str, ...]:
    parts = tuple(table.split(".")) if isinstance(table, str) else tuple(table)
    if not 1 <= len(parts) <= 3 or not all(part.strip() for part in parts):
        raise SpecificationError(
            f"table must be one to three names (catalogue, schema, table), none empty. Got {table!r}. "
            "Hint: give a sequence of names where a name holds a dot.",
            code="CR-CRD-031",
        )
    return parts


def _result_name(name: str, dialect: str) -> str:
    if dialect != "postgres":
        return name
    return name.encode()[:_POSTGRES_NAME_BYTES].decode(errors="ignore")


def _check_names(spec: ScorecardSpec, key_columns: tuple[str, ...], dialect: str) -> None:
    """Refuse columns that the dialect could not tell apart."""
    prefixed = [p + name for p in ("value_", "points_", "flag_") for name in spec.feature_names]
    names = [_result_name(name, dialect) for name in (*key_columns, *prefixed, "score", "pd", "score_error")]
    compared = [name.casefold() if dialect in _IGNORES_CASE else name for name in names]
    clashes = sorted({name for name, key in zip(names, compared, strict=True) if compared.count(key) > 1})
    if clashes:
        raise SpecificationError(
            f"{len(clashes)} column names of the query would stand twice in the dialect {dialect!r}: {clashes}. "
            "Hint: rename key columns or variables; DuckDB and Spark ignore case, PostgreSQL cuts names after 63 bytes.",
            code="CR-CRD-032",
        )


def _check_text(spec: ScorecardSpec, names: tuple[str, ...]) -> None:
    """Refuse names and categories that no query text can hold."""
    _refuse_unwritable("the names of table, columns and variables", (*names, *spec.feature_names))
    for variable in spec.binning.variables:
        labels = [label for group in variable.groups for label in group]
        labels += [special.label for special in variable.specials]
        _refuse_unwritable(f"the categories of variable {variable.name!r}", labels)
    n_empty = sum(not name for name in (*names, *spec.feature_names))
    if n_empty:
        raise SpecificationError(
            f"{n_empty} names of columns or variables are empty. Expected names that a query can quote.",
            code="CR-CRD-033",
        )


def _refuse_unwritable(where: str, texts: Sequence[str]) -> None:
    n_wrong = sum(not _is_writable(text) for text in texts)
    if n_wrong:
        raise SpecificationError(
            f"{n_wrong} of {where} hold a NUL character or half a character (a lone surrogate). "
            "Expected text that a query can hold. Hint: clean the source and fit again.",
            code="CR-CRD-033",
        )


def _is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text

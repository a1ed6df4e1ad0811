"""What each column of a plain table is taken for, and why: every guess comes with its reason, to be read and mended.

Reading order: :class:`GuessedColumn`, :func:`guess_columns`, then one function per question asked of a column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.discrimination import area_under_curve
from credit_risk.sources.contract import LARGEST_SCALED_VALUE, ColumnContract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Words in a column's name that speak of what a lender may not decide by, nearly everywhere.
_PROTECTED_WORD = re.compile(
    "sex|gender|age|birth|birthday|dob|marital|married|marriage|nationality|citizenship|foreign|foreigner|immigrant|race|"
    "ethnic|ethnicity|religion|disability|disabled|pregnant|pregnancy"
)
_PROTECTED_PARTS = ("性别", "年龄", "出生", "婚姻", "婚否", "民族", "国籍", "户籍", "宗教")
_KEY_WORD = re.compile("id|key|number|no|nr|uuid")
_NO_KEYS = ("paid", "valid", "void", "bid", "grid")
#: Words in a column's name that speak of what is known only once a loan has run.
_LATER_WORD = re.compile(
    "recovery|recoveries|recovered|settlement|hardship|chargeoff|writeoff|collections?|repaid|overdue|dpd|default|defaulted|"
    "pymnt"
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?")
#: More different words than this are a name, a key or free text, not a list to choose from.
MOST_WORDS = 60
#: Up to so many different values, texts that look like numbers may be classes.
_FEW = 10
#: A single column that orders bads and goods this well is the outcome in other words.
DISGUISE_AUC, SUSPICIOUS_AUC = 0.97, 0.85
#: Finer decimals than these, as binary floats have, are rounded in the copy of the table.
MOST_DECIMALS, FLOAT_DECIMALS = 9, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedColumn:
    """A column's contract, and what a person should know about the guess.

    Attributes
    ----------
    contract : ColumnContract
        Role, kind, range, words.
    why : str
        What was seen in the table.
    warning : str
        What must not be overlooked; empty if nothing.
    """

    contract: ColumnContract
    why: str
    warning: str = ""

    @property
    def name(self) -> str:
        """The column."""
        return self.contract.name


def guess_columns(
    columns: dict[str, Sequence[str | None]],
    held: Sequence[str],
    is_bad: NDArray[np.bool_],
    left_out: Sequence[str] = (),
) -> list[GuessedColumn]:
    """Return a guess for every column that is neither key nor outcome nor moment of application.

    Parameters
    ----------
    columns : dict of str to list of (str or None)
        Cells as text.
    held : sequence of str
        Columns the caller holds back as protected.
    is_bad : bool ndarray
        The outcome, against which disguises are sought.
    left_out : sequence of str
        Columns the caller leaves out.
    """
    return [
        _left_out(name) if name in left_out else _guess(name, cells, held=name in held, is_bad=is_bad)
        for name, cells in columns.items()
    ]


def is_protected_name(name: str) -> bool:
    """Whether a column's name speaks of a protected attribute.

    Examples
    --------
    >>> [is_protected_name(name) for name in ("age_in_years", "average_balance", "personalStatusAndSex", "mortgage")]
    [True, False, True, False]
    """
    return _says(name, _PROTECTED_WORD) or any(part in name for part in _PROTECTED_PARTS)


def is_key_name(name: str) -> bool:
    """Whether a column's name says that it numbers the rows.

    Examples
    --------
    >>> [is_key_name(name) for name in ("systemloanid", "customer_no", "amount_paid", "income")]
    [True, True, False, False]
    """
    lower = name.lower()
    return _says(name, _KEY_WORD) or (lower.endswith("id") and not lower.endswith(_NO_KEYS))


def _says(name: str, word: re.Pattern[str]) -> bool:
    """Whether one of the words of a column's name is meant."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()
    return any(word.fullmatch(part) for part in re.split(r"[^a-z]+", spaced))


def _left_out(name: str) -> GuessedColumn:
    contract = ColumnContract(name=name, role="ignored", kind="text", nullable=True)
    return GuessedColumn(contract=contract, why="left out: you asked for it", warning="")


def _guess(name: str, cells: Sequence[str | None], *, held: bool, is_bad: NDArray[np.bool_]) -> GuessedColumn:
    guess = _by_content(name, cells)
    if guess.contract.role == "ignored":
        return guess
    strength = separation(cells, is_bad, is_number=guess.contract.kind != "code")
    if held or is_protected_name(name):
        contract = replace(guess.contract, role="protected", privacy="sensitive")
        said = "you asked for it" if held else "its name speaks of a protected attribute"
        return GuessedColumn(
            contract=contract,
            why=f"{guess.why}; held back ({said}): shown in the fairness table, never a feature",
            warning="" if held else "held back as protected by its name",
        )
    if strength >= DISGUISE_AUC:
        contract = replace(guess.contract, role="ignored")
        warning = f"tells bads from goods almost perfectly (AUC {strength:.3f}): the outcome in other words, left out"
        return GuessedColumn(contract=contract, why=f"{guess.why}; {warning}", warning=warning)
    new = []
    if strength >= SUSPICIOUS_AUC:
        new.append(f"very strong by itself (AUC {strength:.3f}): was it known before the decision?")
    if _says(name, _LATER_WORD):
        new.append("by its name perhaps known only after the decision: then leave it out (--leave-out)")
    warnings = [guess.warning, *new] if guess.warning else new
    return replace(guess, why="; ".join([guess.why, *new]), warning="; ".join(warnings))


def _by_content(name: str, cells: Sequence[str | None]) -> GuessedColumn:
    present = [cell for cell in cells if cell is not None]
    distinct = set(present)
    n_missing = len(cells) - len(present)
    gaps = f"; {n_missing} of {len(cells)} missing" if n_missing else ""
    text = ColumnContract(name=name, role="ignored", kind="text", nullable=True)
    if len(distinct) < 2:
        what = "no value at all" if not distinct else "the same value in every row"
        return GuessedColumn(
            contract=text, why=f"{what}: nothing to learn{gaps}", warning=f"left out: {what}"
        )
    if all(_NUMBER.fullmatch(cell) for cell in distinct):
        return _number(name, cells, distinct, gaps)
    if all(_DAY.fullmatch(cell) for cell in distinct):
        why = "dates: say --applied-at if it is the moment of application"
        return GuessedColumn(contract=text, why=why + gaps, warning="left out: a column of dates")
    almost = _almost_numbers(present, distinct)
    if almost:
        return GuessedColumn(contract=text, why=almost + gaps, warning=f"left out: {almost}")
    if len(distinct) > min(MOST_WORDS, max(2, len(present) // 3)):
        why = f"{len(distinct)} different texts: a key, a name or free text"
        return GuessedColumn(
            contract=text, why=why + gaps, warning=f"left out: {len(distinct)} different texts"
        )
    codes = tuple(sorted(distinct))
    contract = ColumnContract(name=name, role="attribute", kind="code", codes=codes, nullable=n_missing > 0)
    return GuessedColumn(contract=contract, why=f"{len(codes)} different words{gaps}")


def _almost_numbers(present: Sequence[str], distinct: set[str]) -> str:
    """Say what keeps a column of numbers from being one; nothing if it is none."""
    words = {cell for cell in distinct if not _NUMBER.fullmatch(cell)}
    if len(distinct) > _FEW and len(words) <= len(distinct) // 5:
        n_rows = sum(cell in words for cell in present)
        return f"numbers, but for {n_rows} rows that hold something else; mend or empty them"
    plain = {re.sub(r"[,\s%$€£¥￥]", "", cell) for cell in distinct}
    if len(distinct) > _FEW and all(_NUMBER.fullmatch(cell) for cell in plain):
        return "numbers written with commas, spaces or signs; write them as 1234.56"
    return ""


def _number(name: str, cells: Sequence[str | None], distinct: set[str], gaps: str) -> GuessedColumn:
    numbers = [Decimal(cell) for cell in distinct]
    if is_key_name(name) and len(distinct) > len(cells) // 3:
        text = ColumnContract(name=name, role="ignored", kind="text", nullable=True)
        warning = "left out: it looks like a key; if it names the customer, say --customer"
        return GuessedColumn(contract=text, why=f"{len(distinct)} different numbers: a key", warning=warning)
    # 1169.0, as pandas writes a whole number in a column with gaps, is a whole number
    scale = max(max(-int(number.normalize().as_tuple().exponent), 0) for number in numbers)
    warning = ""
    if scale > MOST_DECIMALS:
        scale = FLOAT_DECIMALS
        warning = (
            f"up to 17 digits: rounded to {scale} decimal places in the copy; a request must bring it so, too"
        )
    low, high = min(numbers), max(numbers)
    contract = ColumnContract(
        name=name,
        role="attribute",
        kind="decimal" if scale else "integer",
        scale=scale,
        minimum=int(min(_room(low), Decimal(0)).scaleb(scale)),
        maximum=int(max(_room(high), Decimal(0)).scaleb(scale)),
        nullable=bool(gaps),
    )
    kind = f"numbers with {scale} decimal places" if scale else "whole numbers"
    why = f"{kind} from {low} to {high} (the range allowed is wider; narrow it){gaps}"
    if max(abs(contract.minimum), abs(contract.maximum)) > LARGEST_SCALED_VALUE:
        ignored = ColumnContract(name=name, role="ignored", kind="text", nullable=True)
        return GuessedColumn(
            contract=ignored, why="more than 15 digits", warning="left out: more than 15 digits"
        )
    return GuessedColumn(contract=contract, why=f"{why}; {warning}" if warning else why, warning=warning)


def _room(bound: Decimal) -> Decimal:
    """Return the power of ten beyond a bound, with the bound's sign: 72 -> 1000, -3 -> -100; 0 stays.

    Examples
    --------
    >>> [int(_room(Decimal(bound))) for bound in (72, 0, -3)]
    [1000, 0, -100]
    """
    if bound == 0:
        return bound
    power = Decimal(10) ** (max(bound.adjusted(), 0) + 2)
    return power if bound > 0 else -power


def separation(cells: Sequence[str | None], is_bad: NDArray[np.bool_], *, is_number: bool) -> float:
    """Return how well one column orders bads and goods: AUC, 0.5 to 1, in either direction."""
    keys, places = np.unique(
        np.array(["" if c is None else c for c in cells], dtype=object).astype(str), return_inverse=True
    )
    if is_number:
        numbers = np.array([float(key) if key else np.nan for key in keys])
        known = ~np.isnan(numbers[places])
        risk, outcome = numbers[places][known], is_bad[known]
    else:
        n_rows = np.bincount(places)
        risk, outcome = (np.bincount(places, weights=is_bad) / n_rows)[places], is_bad
    if outcome.all() or not outcome.any():
        return 0.5
    found = area_under_curve(np.asarray(risk, dtype=np.float64), outcome)
    return float(max(found, 1.0 - found))


def plain_number(cell: str | None, scale: int) -> str | None:
    """Return a number without exponent, rounded half-up to its column's decimal places; as it was where it has no more.

    Examples
    --------
    >>> [plain_number(cell, 2) for cell in ("7", "1.005", "4.9e-05", None)]
    ['7', '1.01', '0.00', None]
    """
    if cell is None:
        return None
    number = Decimal(cell)
    is_plain = "e" not in cell.lower() and -int(number.as_tuple().exponent) <= scale
    return cell if is_plain else f"{number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP):f}"

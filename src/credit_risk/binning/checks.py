"""Parameter and outcome checks of the binning, once, at the start of a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.binning.apply import is_missing
from credit_risk.binning.peers.solver import DIVERGENCE, PEER_OPTIONS
from credit_risk.binning.rules import Outcome
from credit_risk.binning.spec import SpecialBin
from credit_risk.errors import FitError, SpecificationError
from credit_risk.numerics.optimal_binning import TRENDS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.binning.columns import Column
    from credit_risk.binning.decisions import BinDecision
    from credit_risk.binning.rules import BinningRules

_ALLOWED: dict[str, tuple[str, ...]] = {
    "trend": (*TRENDS, "auto"),
    "missing": ("own", "neutral", "worst", "nearest", "error"),
    "unseen": ("neutral", "worst", "own", "error"),
    "fallback": ("neutral", "worst", "error"),
    "objective": ("information_value", "jensen_shannon", "hellinger", "kolmogorov_smirnov"),
    "solver": ("exact", "optbinning"),
}
_WHOLE = ("max_bins", "min_bins", "n_prebins")
_RANGES: dict[str, tuple[float, float]] = {
    "max_bins": (1, 200),
    "min_bins": (1, 200),
    "min_share": (0.0, 0.5),
    "min_goods": (0, float("inf")),
    "min_bads": (0, float("inf")),
    "min_own_rows": (1, float("inf")),
    "rare_share": (0.0, 0.5),
    "n_prebins": (2, 2000),
    "min_woe_gap": (0.0, float("inf")),
    "max_p_value": (1e-12, 1.0),
    "turning_gain": (0.0, float("inf")),
}


def check_rules(
    rules: BinningRules, name: str, names: tuple[str, ...], per_variable: Mapping[str, object]
) -> None:
    """Refuse parameters outside their allowed sets.

    Raises
    ------
    SpecificationError
        An unknown word (``CR-BIN-030``), a number out of range (``CR-BIN-031``), more least bins than most
        (``CR-BIN-032``), or a per-variable setting for a variable that does not exist (``CR-BIN-033``).
    """
    for key, words in _ALLOWED.items():
        if getattr(rules, key) not in words:
            raise SpecificationError(
                f"{key} of variable {name!r} must be one of {list(words)}. Got {getattr(rules, key)!r}.",
                code="CR-BIN-030",
            )
    for key, (low, high) in _RANGES.items():
        value = getattr(rules, key)
        kinds = (int, np.integer) if key in _WHOLE else (int, float, np.number)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= float(value) <= high:
            kind = "a whole number" if key in _WHOLE else "a number"
            raise SpecificationError(
                f"{key} must be {kind} from {low:g} to {high:g}. Got {value!r}.", code="CR-BIN-031"
            )
    if rules.min_bins > rules.max_bins:
        raise SpecificationError(
            f"min_bins must not exceed max_bins. Got {rules.min_bins} and {rules.max_bins}.",
            code="CR-BIN-032",
        )
    for key, setting in per_variable.items():
        strangers = sorted(set(setting) - set(names)) if isinstance(setting, Mapping) else []
        if strangers:
            raise SpecificationError(
                f"{key} names {len(strangers)} variables that are not in the sample: {strangers}.",
                code="CR-BIN-033",
            )


def check_peer(rules: BinningRules, *, has_periods: bool) -> None:
    """Refuse what optbinning would silently leave out, and options without it.

    Raises
    ------
    SpecificationError
        ``solver_options`` without that solver or not its own, or a rule that it does not know (``CR-BIN-029``).
    """
    options = rules.solver_options
    if rules.solver != "optbinning":
        if options is not None:
            raise _peer_refusal(
                "solver_options are optbinning's. Hint: solver='optbinning', or leave them out."
            )
        return
    if has_periods or rules.min_woe_gap > 0 or rules.objective not in DIVERGENCE:
        raise _peer_refusal(
            "solver='optbinning' knows no period, no min_woe_gap and no objective 'kolmogorov_smirnov'. "
            "Hint: solver='exact' knows them."
        )
    strangers = sorted(set(options or {}) - PEER_OPTIONS)
    if strangers:
        raise _peer_refusal(f"solver_options must be among {sorted(PEER_OPTIONS)}. Got {strangers}.")


def _peer_refusal(message: str) -> SpecificationError:
    return SpecificationError(message, code="CR-BIN-029")


def check_decisions(decisions: Sequence[BinDecision], names: tuple[str, ...]) -> None:
    """Refuse decisions about variables that do not exist.

    Raises
    ------
    SpecificationError
        A decision names an unknown variable (``CR-BIN-035``).
    """
    strangers = sorted({decision.variable for decision in decisions} - set(names))
    if strangers:
        raise SpecificationError(
            f"decisions name {len(strangers)} variables that are not in the sample: {strangers}.",
            code="CR-BIN-035",
        )


def special_bins(codes: Sequence[float] | Mapping[str, object] | None, name: str) -> tuple[SpecialBin, ...]:
    """Read special codes for one variable; each code alone, or grouped under a label.

    Raises
    ------
    SpecificationError
        A code that is not a finite number, or that stands twice (``CR-BIN-034``).
    """
    own: Any = codes.get(name) if isinstance(codes, Mapping) else codes
    if own is None:
        return ()
    if isinstance(own, str) or not isinstance(own, Mapping | Sequence | np.ndarray):
        raise _no_codes(name, own)
    groups = list(own.items()) if isinstance(own, Mapping) else [(None, [code]) for code in own]
    flat = [code for _, group in groups for code in group]
    if not all(isinstance(code, Real) and np.isfinite(float(code)) for code in flat):
        raise _no_codes(name, flat)
    if len(set(flat)) != len(flat) or not all(len(group) for _, group in groups):
        raise _no_codes(name, flat)
    return tuple(
        SpecialBin(
            label=f"Special {f'{group[0]:g}' if label is None else label}",
            codes=tuple(float(code) for code in group),
        )
        for label, group in groups
    )


def check_codes_fit(column: Column, codes: object) -> None:
    """Refuse special codes given by name for a variable of categories, which has none.

    Raises
    ------
    FitError
        (``CR-BIN-039``).
    """
    if column.kind == "categorical" and isinstance(codes, Mapping) and codes.get(column.name) is not None:
        raise FitError(
            f"Variable {column.name!r} holds categories, but special_codes gives it numbers. Hint: leave it out of "
            "special_codes; a category is given a bin of its own by a decision to group.",
            code="CR-BIN-039",
            context={"variable": column.name},
        )


def _no_codes(name: str, got: object) -> SpecificationError:
    return SpecificationError(
        f"special_codes of variable {name!r} must be finite numbers, each once, no group empty; categories are grouped by a "
        f"decision instead. Got {got}.",
        code="CR-BIN-034",
    )


def check_outcome(
    y: ArrayLike, n_rows: int, sample_weight: ArrayLike | None, period: ArrayLike | None = None
) -> Outcome:
    """Read outcome, weights and periods.

    Raises
    ------
    FitError
        Outcome not 0 and 1 (``CR-BIN-023``), one class only (``CR-BIN-024``), another length (``CR-BIN-025``), weights
        zero, negative or not finite (``CR-BIN-026``), or missing periods (``CR-BIN-018``).
    """
    raw = np.asarray(y)
    if raw.ndim != 1 or len(raw) != n_rows:
        raise FitError(
            f"The outcome has shape {raw.shape}. Expected one value for each of {n_rows} rows.",
            code="CR-BIN-025",
        )
    is_bad = _binary(raw)
    n_bads = int(np.count_nonzero(is_bad))
    if n_bads in {0, n_rows}:
        raise FitError(
            f"The outcome holds {n_bads} bads in {n_rows} rows. Expected both goods and bads. "
            "Hint: check the outcome window, or that 1 means bad.",
            code="CR-BIN-024",
        )
    numbers = None if period is None else _period_numbers(period, n_rows)
    weight = _weight(sample_weight, n_rows)
    return Outcome(is_bad=is_bad, weight=weight, period=numbers, bad_rows=np.flatnonzero(is_bad))


def _binary(raw: NDArray[Any]) -> NDArray[np.bool_]:
    if raw.dtype == bool:
        return raw
    if raw.dtype.kind in "iu":
        is_bad = np.asarray(raw == 1)
        if np.count_nonzero(raw) == np.count_nonzero(is_bad):
            return is_bad
    try:
        numbers = raw.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.full(len(raw), np.nan)
    n_other = int(np.count_nonzero((numbers != 0) & (numbers != 1)))
    if n_other:
        raise FitError(
            f"The outcome holds {n_other} values of {len(raw)} that are neither 0 nor 1. Expected is_bad: 1 is bad.",
            code="CR-BIN-023",
            context={"count": n_other},
        )
    return np.asarray(numbers == 1)


def _period_numbers(period: ArrayLike, n_rows: int) -> NDArray[np.int64]:
    values = np.asarray(period)
    if values.shape != (n_rows,):
        raise FitError(f"period has {len(values)} values. Expected {n_rows}.", code="CR-BIN-025")
    n_missing = sum(is_missing(value) for value in values.tolist()) if values.dtype.kind in "fOMm" else 0
    if n_missing:
        raise FitError(
            f"period is missing in {n_missing} of {n_rows} rows. Expected the period of every row.",
            code="CR-BIN-018",
            context={"count": n_missing},
        )
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _weight(sample_weight: ArrayLike | None, n_rows: int) -> NDArray[np.float64] | None:
    if sample_weight is None:
        return None
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FitError(
            f"sample_weight cannot be read as numbers. Expected one number above 0 for each of {n_rows} rows.",
            code="CR-BIN-026",
        ) from error
    if weight.shape != (n_rows,):
        raise FitError(
            f"sample_weight has shape {weight.shape}. Expected one for each of {n_rows} rows.",
            code="CR-BIN-025",
        )
    n_wrong = int(np.count_nonzero(~(np.isfinite(weight) & (weight > 0))))
    if n_wrong:
        raise FitError(
            f"sample_weight holds {n_wrong} values of {n_rows} that are zero, negative or not finite. Expected above 0.",
            code="CR-BIN-026",
            context={"count": n_wrong},
        )
    return weight

"""Bins that optbinning finds for what the binary solver does not cover: amounts, several outcomes, two variables at once.

All three end in the same :class:`~credit_risk.binning.spec.BinningSpec`: cuts found on an amount or on several outcomes become
decisions to ``cut_at``; a grid over two variables becomes one categorical column, binned like any other. Needs optbinning.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from credit_risk.errors import FitError, SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

TargetKind = Literal["amount", "classes"]


def cuts_for_target(
    values: ArrayLike,
    target: ArrayLike,
    *,
    kind: TargetKind,
    max_bins: int = 8,
    min_share: float = 0.05,
    options: Mapping[str, Any] | None = None,
) -> tuple[float, ...]:
    """Return the cuts of a number that separate another target best; hand them to a decision to ``cut_at``.

    Parameters
    ----------
    values : array_like of float, shape (n_rows,)
        NaN is missing and takes no part.
    target : array_like, shape (n_rows,)
        An amount (a loss, a balance) or the number of a class (paid, late, default).
    kind : {'amount', 'classes'}
    max_bins : int
    min_share : float
        Least share of the ordinary rows in a bin.
    options : dict, optional
        Further arguments of optbinning's ``ContinuousOptimalBinning`` or ``MulticlassOptimalBinning``.

    Raises
    ------
    SpecificationError
        Unknown kind (``CR-BIN-050``).
    FitError
        Lengths differ, or a target is missing (``CR-BIN-051``).

    Examples
    --------
    >>> value = np.arange(400.0)
    >>> cuts_for_target(value, np.where(value < 100, 5.0, 9.0), kind="amount", max_bins=2)
    (100.0,)
    """
    if kind not in {"amount", "classes"}:
        raise SpecificationError(f"kind must be 'amount' or 'classes'. Got {kind!r}.", code="CR-BIN-050")
    x, y = np.asarray(values, dtype=np.float64), np.asarray(target)
    _check_rows(x, y, kind)
    ordinary = np.isfinite(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import optbinning

        if kind == "amount":
            solver: Any = optbinning.ContinuousOptimalBinning(
                max_n_bins=max_bins, min_bin_size=min_share, **(options or {})
            )
        else:  # its programme for classes fails on a least size of bins, so the cells it merges have that size
            solver = optbinning.MulticlassOptimalBinning(
                max_n_bins=max_bins, min_prebin_size=max(min_share, 1e-6), **(options or {})
            )
        solver.fit(x[ordinary], y[ordinary].astype(np.float64 if kind == "amount" else np.int64))
    return tuple(_next_value(x[ordinary], float(cut)) for cut in solver.splits)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBins:
    """A grid over two numbers, cut into rectangles.

    Attributes
    ----------
    first, second : str
        Names of the two variables.
    rectangles : tuple of tuple of float
        ``(low of first, high of first, low of second, high of second)``, each ``[low, high)``; together they cover the plane.
    """

    first: str
    second: str
    rectangles: tuple[tuple[float, float, float, float], ...]

    def labels(self) -> tuple[str, ...]:
        """Return one readable label per rectangle."""
        return tuple(
            f"{self.first} {_interval(a, b)} & {self.second} {_interval(c, d)}"
            for a, b, c, d in self.rectangles
        )

    def column(self, first: ArrayLike, second: ArrayLike) -> NDArray[np.object_]:
        """Return each row's rectangle as a category; None where either value is missing or infinite."""
        x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
        result = np.full(len(x), None, dtype=object)
        finite = np.isfinite(x) & np.isfinite(y)
        for label, (a, b, c, d) in zip(self.labels(), self.rectangles, strict=True):
            result[finite & (x >= a) & (x < b) & (y >= c) & (y < d)] = label
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; an open side is None, for JSON knows no infinity."""
        sides = [[side if np.isfinite(side) else None for side in one] for one in self.rectangles]
        return {**asdict(self), "rectangles": sides}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> PairBins:
        """Rebuild from :meth:`to_dict`; equal to the original."""
        open_sides = (-np.inf, np.inf, -np.inf, np.inf)
        rectangles = [
            tuple(float(open_sides[at]) if side is None else float(side) for at, side in enumerate(one))
            for one in content["rectangles"]
        ]
        return cls(
            first=content["first"],
            second=content["second"],
            rectangles=tuple((one[0], one[1], one[2], one[3]) for one in rectangles),
        )


def pair_bins(
    first: ArrayLike,
    second: ArrayLike,
    is_bad: ArrayLike,
    *,
    names: tuple[str, str],
    max_bins: int = 8,
    min_share: float = 0.05,
    options: Mapping[str, Any] | None = None,
) -> PairBins:
    """Bin two numbers together; :meth:`PairBins.column` is then a variable like any other.

    Parameters
    ----------
    first, second : array_like of float, shape (n_rows,)
        Rows in which either is missing take no part.
    is_bad : array_like of 0 and 1, shape (n_rows,)
    names : tuple of str
    max_bins : int
        Most rectangles.
    min_share : float
        Least share of the rows in a rectangle.
    options : dict, optional
        Further arguments of optbinning's ``OptimalBinning2D``.

    Raises
    ------
    FitError
        Lengths differ, or an outcome is missing (``CR-BIN-051``), or no grid is found (``CR-BIN-052``).
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    bad = np.asarray(is_bad)
    _check_rows(x, bad, "classes")
    _check_rows(y, bad, "classes")
    ordinary = np.isfinite(x) & np.isfinite(y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optbinning import OptimalBinning2D

        solver = OptimalBinning2D(
            name_x=names[0], name_y=names[1], max_n_bins=max_bins, min_bin_size=min_share, **(options or {})
        )
        try:
            solver.fit(x[ordinary], y[ordinary], bad[ordinary].astype(np.int64))
            status = str(solver.status)
        except ValueError as error:  # optbinning's own word for "no cell is left"
            status = type(error).__name__
    if status not in {"OPTIMAL", "FEASIBLE"}:
        raise FitError(
            f"No grid over {names[0]!r} and {names[1]!r} satisfies max_bins={max_bins} and min_share={min_share:g} "
            f"(optbinning says {status}). Hint: relax one of them.",
            code="CR-BIN-052",
        )
    return PairBins(
        first=names[0],
        second=names[1],
        rectangles=tuple(
            (float(a[0]), float(a[1]), float(b[0]), float(b[1])) for a, b in zip(*solver.splits, strict=True)
        ),
    )


def _next_value(values: NDArray[np.float64], cut: float) -> float:
    """Return the smallest value at or above a cut: the same bins, with a cut that people can read."""
    return float(values[values >= cut].min())


def _check_rows(values: NDArray[np.float64], target: NDArray[Any], kind: str) -> None:
    if values.ndim != 1 or values.shape != target.shape:
        raise FitError(
            f"Values have shape {values.shape} and the target {target.shape}. Expected one of each for every row.",
            code="CR-BIN-051",
        )
    numbers = np.asarray(target, dtype=np.float64)
    n_wrong = int(np.count_nonzero(~np.isfinite(numbers)))
    if kind == "classes":
        n_wrong += int(np.count_nonzero(np.isfinite(numbers) & (numbers != np.round(numbers))))
    if n_wrong:
        raise FitError(
            f"{n_wrong} of {len(target)} targets are missing, infinite or no class number. Expected one for every row.",
            code="CR-BIN-051",
            context={"count": n_wrong},
        )


def _interval(low: float, high: float) -> str:
    left = "(-inf" if np.isinf(low) else f"[{low:.10g}"
    return f"{left}, {high:.10g})"

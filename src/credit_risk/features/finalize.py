"""The one place where whole numbers become feature values; every compiler ends here.

Reading order: :func:`finalize`, :func:`finish`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.exact_integers import ExactIntegers, exact_quotient
from credit_risk.numerics.rounding import round_significant

if TYPE_CHECKING:
    from numpy.typing import NDArray


def finalize(
    numerator: ExactIntegers, denominator: ExactIntegers, is_root: NDArray[np.bool_] | bool, precision: int
) -> NDArray[np.float64]:
    """Divide, take the root where asked, round: the only floating-point steps of a feature.

    Each step is correctly rounded and looks at one element alone, so equal whole numbers give equal bits in a column of a
    million applications and in one applicant's row of features.

    Parameters
    ----------
    numerator, denominator : ExactIntegers, shape (n,)
        A denominator of 0 means missing.
    is_root : bool or ndarray of bool, shape (n,)
        Whether the feature is the root of the quotient.
    precision : int
        Significant decimal digits kept.

    Examples
    --------
    >>> from credit_risk.numerics.exact_integers import exact_array
    >>> finalize(exact_array([2, 2, 2]), exact_array([3, 1, 0]), np.array([False, True, False]), 9)
    array([0.66666667, 1.41421356,        nan])
    """
    return finish(exact_quotient(numerator, denominator), is_root, precision)


def finish(
    quotient: NDArray[np.float64], is_root: NDArray[np.bool_] | bool, precision: int
) -> NDArray[np.float64]:
    """Take the root where asked and round: what :func:`finalize` does once quotients are there.

    Examples
    --------
    >>> finish(np.array([2 / 3, 2.0]), np.array([False, True]), 9)
    array([0.66666667, 1.41421356])
    """
    rooted = quotient if is_root is False else np.where(is_root, np.sqrt(np.abs(quotient)), quotient)
    return round_significant(rooted, precision)

"""Every error this library raises, in one place.

::

    CreditRiskError(message, code, context)
     ├─ SpecificationError (ValueError)   a parameter or a configuration key is outside its allowed set
     ├─ DataContractError                 a source breaks its contract (rule, count, sample of keys; never values)
     │   └─ LeakageError                  a feature saw something after `applied_at` or from an outcome table
     ├─ SampleError                       too few bads, immature performance window, overlapping splits
     ├─ FitError (ValueError)             no convergence, no feasible binning, forest not reproduced
     ├─ ScoringError (ValueError)         a request cannot be scored
     │   ├─ MissingFeatureError           a feature or a required field is absent from a request
     │   └─ FutureRecordError             a request holds records at or after the application; also a LeakageError
     ├─ LoanError (ValueError)            a loan, a schedule or a rate that cannot exist
     ├─ PolicyError                       a limit, a price or a horizon outside what the policy or the law allows
     ├─ OutputError                       a result cannot be written where it was asked for
     └─ GovernanceError                   bundle damaged, newer schema, digest mismatch

A message says what, where, how many, what was expected and what to do. It never holds a personal value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CreditRiskError",
    "DataContractError",
    "FitError",
    "FutureRecordError",
    "GovernanceError",
    "LeakageError",
    "LoanError",
    "MissingFeatureError",
    "OutputError",
    "PolicyError",
    "SampleError",
    "ScoringError",
    "SpecificationError",
]


class CreditRiskError(Exception):
    """Something the caller can understand and act on went wrong.

    Parameters
    ----------
    message : str
        What, where, how many, what was expected, what to do.
    code : str
        Stable machine code, ``CR-<area>-<number>``.
    context : mapping, optional
        Machine-readable facts: names, counts, keys; never values of a person.

    Examples
    --------
    >>> error = SpecificationError("pdo must be above 0. Got -20.", code="CR-CRD-001")
    >>> str(error)
    'CR-CRD-001: pdo must be above 0. Got -20.'
    """

    def __init__(self, message: str, *, code: str, context: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.context: dict[str, object] = dict(context or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.code, self.context)


def _rebuild(
    kind: type[CreditRiskError], message: str, code: str, context: Mapping[str, object]
) -> CreditRiskError:
    """Rebuild an error in another process (keyword-only arguments do not pickle by themselves)."""
    return kind(message, code=code, context=context)


class SpecificationError(CreditRiskError, ValueError):
    """A parameter or a configuration key is outside its allowed set."""


class DataContractError(CreditRiskError):
    """A source breaks its contract."""


class LeakageError(DataContractError):
    """A feature saw something after the application, or something drawn from the outcome."""


class SampleError(CreditRiskError):
    """A development sample cannot be built as asked."""


class FitError(CreditRiskError, ValueError):
    """A model cannot be fitted as asked."""


class ScoringError(CreditRiskError, ValueError):
    """A request cannot be scored."""


class MissingFeatureError(ScoringError):
    """A feature or a required field is absent from a request."""


class FutureRecordError(ScoringError, LeakageError):
    """A request holds records at or after the application: it cannot be scored, and in a sample it would be a leak."""


class LoanError(CreditRiskError, ValueError):
    """A loan, a schedule or a rate that cannot exist."""


class PolicyError(CreditRiskError):
    """A limit, a price or a horizon is outside what the policy or the law allows."""


class OutputError(CreditRiskError):
    """A result cannot be written where it was asked for."""


class GovernanceError(CreditRiskError):
    """A bundle is damaged, of a newer schema, or not what its digest says."""

"""What a fitted calibration is: two numbers, the horizon they speak about, and how many rows they were learnt from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KIND = "logistic"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSpec:
    """A calibration line on the logit scale: ``logit(pd) = intercept + slope * logit(pd_raw)``.

    Attributes
    ----------
    intercept : float
        Shift in log-odds of bad; 0 changes nothing.
    slope : float
        Above 0, so that calibration never changes who is riskier than whom; 1 changes nothing.
    horizon : str
        What period the PD speaks about, such as ``"12m"``.
    n_rows, n_bads : int
        Rows and bads it was fitted on.

    Raises
    ------
    SpecificationError
        Slope not above 0 or a number not finite (``CR-CAL-001``); unknown kind or keys (``CR-CAL-002``).

    Examples
    --------
    >>> spec = CalibrationSpec(intercept=0.1, slope=0.9, horizon="12m", n_rows=1000, n_bads=50)
    >>> CalibrationSpec.from_dict(spec.to_dict()) == spec
    True
    """

    intercept: float
    slope: float
    horizon: str
    n_rows: int
    n_bads: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.intercept) and math.isfinite(self.slope) and self.slope > 0.0):
            raise SpecificationError(
                f"A calibration needs a finite intercept and a slope above 0. Got {self.intercept} and {self.slope}.",
                code="CR-CAL-001",
            )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values; floats survive exactly."""
        return {"kind": _KIND, **asdict(self)}

    @classmethod
    def from_dict(cls, content: Mapping[str, object]) -> CalibrationSpec:
        """Rebuild a spec from :meth:`to_dict`."""
        names = ("intercept", "slope", "horizon", "n_rows", "n_bads")
        if content.get("kind") != _KIND or set(content) != {"kind", *names}:
            raise SpecificationError(
                f"A calibration spec of kind {_KIND!r} has the keys {sorted(('kind', *names))}. "
                f"Got kind {content.get('kind')!r} and keys {sorted(content)}.",
                code="CR-CAL-002",
            )
        return cls(
            intercept=float(content["intercept"]),  # type: ignore[arg-type]
            slope=float(content["slope"]),  # type: ignore[arg-type]
            horizon=str(content["horizon"]),
            n_rows=int(content["n_rows"]),  # type: ignore[call-overload]
            n_bads=int(content["n_bads"]),  # type: ignore[call-overload]
        )

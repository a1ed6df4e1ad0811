"""Groups of the fairness table: bands of a held number, codes as they are, gaps apart."""

from __future__ import annotations

import numpy as np

from credit_risk.jobs.project import HeldAttribute
from credit_risk.jobs.report_tables import _groups


def test_below_the_first_band_is_a_group_of_its_own() -> None:
    age = HeldAttribute(label={"en": "age"}, groups={}, bands=(20, 30))
    found = _groups(np.array([19.0, 20.0, 29.0, 30.0, np.nan]), age)
    assert found.tolist() == ["<20", "20-29", "20-29", "30+", "missing"]


def test_codes_stay_as_they_are_and_gaps_are_a_group() -> None:
    code = HeldAttribute(label={"en": "code"}, groups={}, bands=())
    assert _groups(np.array(["a", None, "b"], dtype=object), code).tolist() == ["a", "missing", "b"]

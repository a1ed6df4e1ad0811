"""What is no table of rows and variables is refused in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from credit_risk.binning.columns import as_fitted_table, as_sample, as_table
from credit_risk.errors import FitError, MissingFeatureError


@pytest.mark.parametrize(
    ("X", "match"),
    [
        (
            np.zeros(3),
            r"CR-BIN-028: X has shape \(3,\), but rows and variables make two dimensions.*Reshape your data",
        ),
        (np.zeros((2, 2, 2)), r"CR-BIN-028: X has shape \(2, 2, 2\)"),
        (np.zeros((0, 2)), r"CR-BIN-028: X has 0 sample\(s\) \(shape=\(0, 2\)\)"),
        (pd.DataFrame(index=range(3)), r"CR-BIN-028: X has 0 feature\(s\) \(shape=\(3, 0\)\)"),
        (np.zeros((2, 2), dtype=complex), "CR-BIN-028: X holds complex numbers"),
        (sparse.csr_matrix(np.eye(2)), "CR-BIN-028: X is a sparse matrix; sparse input is not supported"),
        (sparse.csr_array(np.eye(2)), "CR-BIN-028: X is a sparse matrix"),
    ],
)
def test_what_is_no_table_is_refused(X, match):
    with pytest.raises(FitError, match=match):
        as_table(X)


def test_frames_pass_as_they_are_and_lists_become_arrays():
    frame = pd.DataFrame({"a": [1.0]})
    assert as_table(frame) is frame
    assert as_sample([[1], [2]], [0, 1], "WoeBinner").shape == (2, 1)
    assert as_fitted_table(frame, 5, "WoeBinner") is frame
    with pytest.raises(
        FitError, match="CR-BIN-025: WoeBinner requires y to be passed, but the target y is None"
    ):
        as_sample(frame, None, "WoeBinner")
    with pytest.raises(
        MissingFeatureError, match="CR-BIN-013: X has 1 features, but Scorecard is expecting 5"
    ):
        as_fitted_table(np.zeros((2, 1)), 5, "Scorecard")

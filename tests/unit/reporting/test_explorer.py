"""The cut-off explorer as text: what it embeds is the table, and only its own script may run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from credit_risk.evaluation import cut_off_table, evaluate_predictions
from credit_risk.reporting import ReportContent, render_report
from credit_risk.reporting.charts import plot_roc
from credit_risk.reporting.figures import draw


@pytest.fixture(scope="module")
def light(content: ReportContent) -> ReportContent:
    return replace(content, binning={}, score=None, offers=None, explained=None, selection=None)


def embedded(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def test_the_policy_allows_exactly_the_script_of_the_page(light) -> None:
    page = render_report(light, "zh-CN")
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1]
    assert "unsafe-eval" not in policy


def test_the_explorer_holds_every_step_of_every_model(light) -> None:
    models = embedded(render_report(light, "en"))["models"]
    for model, (name, pd) in zip(models, light.predictions.items(), strict=True):
        table = cut_off_table(pd, light.is_bad)
        assert len(model["steps"]) == len(model["points"]) == len(model["swaps"]) == len(table) == 101
        row = table.loc[40]
        assert model["steps"][40][0] == f"{row['approval_rate']:.1%}"
        assert model["steps"][40][2].startswith(f"{row['bad_rate_approved']:.1%} [")
        assert model["points"][40][1] == pytest.approx(row["bad_rate_approved"], abs=1e-4)
        assert f"Only {name} approves" in model["swaps"][40]
    assert models[0]["steps"][0][2] == "–"
    assert models[0]["points"][0][2] == 0


def test_one_model_has_nobody_to_swap(light) -> None:
    one = {"scorecard": light.predictions["scorecard"]}
    evaluation = evaluate_predictions(one, light.is_bad, n_bootstrap=50)
    page = render_report(replace(light, predictions=one, evaluation=evaluation, amounts_if_approved={}), "en")
    assert embedded(page)["models"][0]["swaps"] == []


def test_a_name_cannot_end_the_data(light) -> None:
    name = "</script><b>"
    names = {name: light.predictions["scorecard"]}
    evaluation = evaluate_predictions(names, light.is_bad, n_bootstrap=50)
    changes = {"predictions": names, "evaluation": evaluation, "decision_model": name}
    page = render_report(replace(light, amounts_if_approved={}, **changes), "en")
    assert name not in page


def test_a_drawing_says_where_its_axes_lie() -> None:
    arrays = {"m": (np.array([0.0, 1.0]), np.array([0.0, 1.0]))}
    figure = draw("x", lambda ax: plot_roc(ax, arrays), title="t")
    frame = figure.frame
    assert (frame.x_low, frame.x_high, frame.y_low, frame.y_high) == (0, 1, 0, 1)
    # the diagonal is the only line of its color: its ends are the corners of the frame
    path = re.search(
        r'd="M ([\d.]+) ([\d.]+)\s*L ([\d.]+) ([\d.]+)\s*"\s*clip-path[^>]*stroke: #8a94a0; stroke-width: 0.8',
        figure.svg,
    )
    assert path is not None
    x0, y0, x1, y1 = (float(part) for part in path.groups())
    assert x0 == pytest.approx(frame.left, abs=0.02)
    assert y1 == pytest.approx(frame.top, abs=0.02)
    assert x1 == pytest.approx(frame.left + frame.width, abs=0.02)
    assert y0 == pytest.approx(frame.top + frame.height, abs=0.02)

"""The report opened in headless Chromium: no console message, no network request, charts drawn."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from credit_risk.reporting import ReportContent, render_report
from credit_risk.reporting.charts import ACCENT, BAD, GOOD, PALE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


@dataclass(frozen=True)
class Visit:
    console: list[str]
    requests: list[str]
    pixels: np.ndarray


def visit(page: Path, width: int, height: int) -> Visit:
    """Open a page in a new profile and return what it said, asked for and showed."""
    folder = page.parent
    net_log, picture = folder / "net.json", folder / "page.png"
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--log-net-log={net_log}",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},{height}",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return Visit(
        console=[line for line in done.stderr.splitlines() if ":CONSOLE" in line],
        requests=page_requests(net_log),
        pixels=imread(picture),
    )


def page_requests(net_log: Path) -> list[str]:
    """Return the network addresses asked for on behalf of a page, not by the browser itself."""
    text = net_log.read_text(encoding="utf-8").rstrip().rstrip(",")
    log = json.loads(text if text.endswith("}") else text + "]}")
    asked = [event.get("params", {}) for event in log["events"]]
    return [
        params["url"]
        for params in asked
        if str(params.get("url", "")).startswith(("http", "ws"))
        and params.get("initiator", "not an origin") != "not an origin"
    ]


def count_of(pixels: np.ndarray, color: str) -> int:
    """Return how many pixels show a color."""
    distance = np.abs(pixels[..., :3] - np.array(to_rgb(color))).max(axis=-1)
    return int((distance < 0.02).sum())


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-CN", 390)])
def test_the_report_opens_silently_and_draws_its_charts(
    tmp_path: Path, content: ReportContent, language: str, width: int
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_report(content, language), encoding="utf-8")
    seen = visit(page, width, 7000)
    assert seen.console == []
    assert seen.requests == []
    assert seen.pixels.shape[:2] == (7000, width)
    for color in (ACCENT, BAD, GOOD, PALE):
        assert count_of(seen.pixels, color) > 500, color


def test_the_check_notices_a_page_that_loads_and_complains(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<img src='http://example.test/a.png'><script>console.error('planted')</script>", encoding="utf-8"
    )
    seen = visit(page, 300, 300)
    assert any("planted" in line for line in seen.console)
    assert "http://example.test/a.png" in seen.requests
    assert count_of(seen.pixels, ACCENT) == 0

"""The report opened in headless Chromium: no console message, no network request, charts drawn."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from credit_risk.evaluation import cut_off_table
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


def browse(page: Path, *options: str, log: str = "net.json") -> subprocess.CompletedProcess[str]:
    """Open a page in a profile of its own, with the network cut off."""
    folder = page.parent
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
        f"--log-net-log={folder / log}",
        f"--user-data-dir={folder / 'profile'}",
        *options,
        page.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def visit(page: Path, width: int, height: int) -> Visit:
    """Open a page in a new profile and return what it said, asked for and showed."""
    picture = page.parent / "page.png"
    done = browse(page, f"--window-size={width},{height}", f"--screenshot={picture}")
    return Visit(
        console=[line for line in done.stderr.splitlines() if ":CONSOLE" in line],
        requests=page_requests(page.parent / "net.json"),
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


def with_script(page: str, script: str, *, is_allowed: bool = True) -> str:
    """Return a copy of a report that also runs a script of the test, allowed by its digest as the policy demands."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    if is_allowed:
        page = page.replace("script-src '", f"script-src 'sha256-{digest}' '", 1)
    return page.replace("</body>", f"<script>{script}</script></body>")


DRIVE = """
const panel = document.querySelector("[data-explorer]");
const seen = [];
const note = () => seen.push({
  hidden: panel.hidden,
  values: [...panel.querySelectorAll("[data-value]")].map((place) => place.textContent),
  swap: panel.querySelector("[data-swap]").textContent,
  spoken: panel.querySelector("input").getAttribute("aria-valuetext"),
  x: Number(document.querySelector(".marker-dot").getAttribute("cx")),
});
note();
const slider = panel.querySelector("input");
slider.value = 30;
slider.dispatchEvent(new Event("input"));
note();
panel.querySelector("button[value='1']").click();
note();
panel.querySelector("select").value = "1";
panel.querySelector("select").dispatchEvent(new Event("change"));
note();
const told = document.createElement("pre");
told.id = "told";
told.textContent = JSON.stringify(seen);
document.body.append(told);
"""


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_explorer_reacts_to_slider_buttons_and_model(
    tmp_path: Path, content: ReportContent, language: str
) -> None:
    page = tmp_path / "driven.html"
    page.write_text(with_script(render_report(content, language), DRIVE), encoding="utf-8")
    done = browse(page, "--dump-dom")
    assert [line for line in done.stderr.splitlines() if ":CONSOLE" in line] == []
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told is not None
    first, moved, stepped, changed = json.loads(told[1].replace("&amp;", "&"))
    tables = [cut_off_table(pd, content.is_bad) for pd in content.predictions.values()]
    assert [step["hidden"] for step in (first, moved, stepped, changed)] == [False] * 4
    shown = [step["values"][0] for step in (first, moved, stepped, changed)]
    start = round(100 * content.key_figures.approval_rate)
    expected = [(0, start), (0, 30), (0, 31), (1, 31)]
    assert shown == [f"{tables[model].loc[step, 'approval_rate']:.1%}" for model, step in expected]
    assert moved["x"] < stepped["x"]
    assert changed["swap"] != stepped["swap"]
    assert moved["spoken"].startswith(shown[1])


def test_a_script_the_policy_does_not_name_is_blocked(tmp_path: Path, content: ReportContent) -> None:
    page = tmp_path / "planted.html"
    planted = with_script(render_report(content, "en"), DRIVE, is_allowed=False)
    page.write_text(planted, encoding="utf-8")
    done = browse(page, "--dump-dom")
    assert 'id="told"' not in done.stdout
    assert "Content Security Policy" in done.stderr


def test_without_script_the_static_chart_and_table_remain(tmp_path: Path, content: ReportContent) -> None:
    page = tmp_path / "still.html"
    page.write_text(
        render_report(content, "en").replace("script-src 'sha256-", "script-src 'sha256-A", 1),
        encoding="utf-8",
    )
    done = browse(page, "--dump-dom")
    section = done.stdout[done.stdout.index('<section id="cut-off">') :]
    section = section[: section.index("</section>")]
    assert 'data-explorer="cut-off-explorer-data" hidden' in section
    assert "<svg" in section
    assert section.count("<tr>") == 2 * 12

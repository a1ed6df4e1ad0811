"""Every Python block of the tutorial and the how-to pages runs, page by page, in the order it is read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import matplotlib as mpl
import pytest

from credit_risk.jobs.cli import main
from credit_risk.jobs.commands import command_line

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]
mpl.use("agg")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_the_page_runs(page, project_folder, tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for name in ("data_samples", "examples", "models"):
        (tmp_path / name).symlink_to(project_folder / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page.name, "exec"), names)  # noqa: S102
    shell_only = {"serve-decisions", "use-your-own-data"}
    assert bool(blocks) != (page.stem in shell_only)


@pytest.mark.slow
def test_commands_of_the_page_on_own_data_run(project_folder, tmp_path, monkeypatch, capsys):
    page = (DOCS / "how-to" / "use-your-own-data.md").read_text(encoding="utf-8")
    commands = re.findall(r"^credit-risk (.+)$", page, re.MULTILINE)
    assert len(commands) == 7
    (tmp_path / "data_samples").symlink_to(project_folder / "data_samples")
    monkeypatch.chdir(tmp_path)
    for command in commands:
        assert main(shlex.split(command)) == 0, (command, capsys.readouterr().err)
    assert (tmp_path / "output" / "my-project" / "report.zh-CN.html").is_file()


@pytest.mark.parametrize("page", list(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_commands_that_pages_name_exist(page):
    usage = command_line().format_help()
    for command in re.findall(r"(?:^|`)credit-risk ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^ +{command}\b", usage, re.MULTILINE), command

"""Every Python block of the tutorial, the charts and the how-to pages runs, page by page, in the order it is read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import matplotlib as mpl
import pytest

from credit_risk.jobs.cli import main
from credit_risk.jobs.commands import command_line

PROJECT = Path(__file__).resolve().parents[3]
DOCS = PROJECT / "docs"
PAGES = [DOCS / "tutorial.md", DOCS / "reference" / "charts.md", *sorted((DOCS / "how-to").glob("*.md"))]
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


def every_page():
    roots = [PROJECT / name for name in ("docs", "examples", "data_samples", "benchmarks")]
    return sorted([*PROJECT.glob("*.md"), *(page for root in roots for page in root.rglob("*.md"))])


def named_in(page, pattern):
    return re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE)


def lacking_in(page):
    """Commands, make targets and files that a page names and nobody finds."""
    usage = command_line().format_help()
    targets = set(
        re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    commands = {
        name for name in named_in(page, r"(?:^|`)credit-risk ([a-z]+)") if f"\n    {name}" not in usage
    }
    asked = {target for words in named_in(page, r"(?:^|`)make ([a-z -]+)") for target in words.split()}
    paths = set(
        named_in(page, r"(?<![\w/-])((?:tests|benchmarks|examples|data_samples|notebooks|src)/[\w./-]*[\w/])")
    )
    roots = (PROJECT, page.parent)
    files = {path for path in paths if not any((root / path).exists() for root in roots)}
    return sorted(commands | (asked - targets) | files)


@pytest.mark.parametrize("page", every_page(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_commands_targets_and_files_that_pages_name_exist(page):
    assert lacking_in(page) == []


def test_a_page_that_names_what_does_not_exist_is_caught(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "`credit-risk fly`, `make tea`, `tests/unit/no_such_thing` and `make test`", encoding="utf-8"
    )
    assert lacking_in(page) == ["fly", "tea", "tests/unit/no_such_thing"]

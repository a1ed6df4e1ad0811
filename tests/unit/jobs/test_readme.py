"""Every Python block of the README runs, in order, in a folder that holds only what the README says it needs."""

from __future__ import annotations

import re

import pytest


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "default::ResourceWarning"
)  # the README opens a file the way people do in a shell
def test_readme_code_runs(project_folder, tmp_path, monkeypatch):
    blocks = re.findall(
        r"```python\n(.*?)```", (project_folder / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(blocks) == 2
    for name in ("data_samples", "examples", "models"):
        (tmp_path / name).symlink_to(project_folder / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102
    assert names["decision"].outcome in {"approve", "decline"}
    assert (tmp_path / "output" / "my-bundle" / "manifest.json").is_file()
    assert [model.name for model in names["report"].models] == ["scorecard", "booster"]

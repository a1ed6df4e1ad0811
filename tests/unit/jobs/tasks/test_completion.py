"""Completion knows every command and option, because it is made from the parser; the bash script is run."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from credit_risk.jobs.cli import main
from credit_risk.jobs.commands import command_line

COMMANDS = (
    "demo",
    "decide",
    "rescore",
    "bundle",
    "init",
    "check",
    "train",
    "evaluate",
    "report",
    "completion",
)


def script(shell, capsys) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_in_the_script(shell, capsys):
    text = script(shell, capsys)
    for command in COMMANDS:
        assert command in text
        assert command in command_line().format_help()
    assert "overwrite" in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("credit-risk tr", {"train"}),
        ("credit-risk train --ov", {"--overwrite"}),
        ("credit-risk bundle ver", {"verify"}),
        ("credit-risk bundle verify --di", {"--digest"}),
        ("credit-risk completion fi", {"fish"}),
    ],
)
def test_bash_completes(words, expected, capsys, tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    run = (
        script("bash", capsys)
        + f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _credit_risk; echo ${{COMPREPLY[@]}}"
    )
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert set(done.stdout.split()) == expected, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_accept_their_script(shell, capsys):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    subprocess.run([shell, "-n"], input=script(shell, capsys), text=True, check=True)


def test_unknown_words_are_answered_with_the_nearest(capsys):
    for arguments, hint in (
        (["trian"], "Did you mean 'train'?"),
        (["train", "p", "--output", "o", "--overwrit", "--langage", "en"], "Did you mean '--language'?"),
        (["report", "o", "--language", "zh"], "Did you mean 'zh-CN'?"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert hint in capsys.readouterr().err

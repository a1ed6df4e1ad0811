"""Shell completion, generated from the parser itself, so that it can never lag behind the commands.

Two packages do this (argcomplete, shtab); the commands are few and flat enough that a page of shell needs neither.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")

_BASH = """# credit-risk completion for bash; load it with: source <(credit-risk completion bash)
_credit_risk() {
  local current="${COMP_WORDS[COMP_CWORD]}" path="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " @COMMANDS@ " in *" ${path:+$path/}$word "*) path="${path:+$path/}$word" ;; esac
  done
  case "$path" in
@CASES@
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ "$current" == -* ]] || COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _credit_risk credit-risk
"""


def completion_script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script that a shell loads.

    Raises
    ------
    SpecificationError
        Another shell (``CR-CFG-005``).
    """
    if shell not in SHELLS:
        raise SpecificationError(f"Shell {shell!r} is not known. {nearest(shell, SHELLS)}", code="CR-CFG-005")
    if shell == "fish":
        return _fish(parser)
    script = _bash(parser)
    if shell == "zsh":
        head = "# credit-risk completion for zsh; load it with: source <(credit-risk completion zsh)\n"
        return head + "autoload -U +X bashcompinit && bashcompinit\n" + script.partition("\n")[2]
    return script


def _bash(parser: argparse.ArgumentParser) -> str:
    words = dict(_words(parser, ""))
    cases = "\n".join(f'    "{path}") words="{" ".join(found)}" ;;' for path, found in words.items())
    return _BASH.replace("@CASES@", cases).replace("@COMMANDS@", " ".join(path for path in words if path))


def _fish(parser: argparse.ArgumentParser) -> str:
    lines = [
        "# credit-risk completion for fish; save it as ~/.config/fish/completions/credit-risk.fish",
    ]
    for path, found in _words(parser, ""):
        parts = path.split("/") if path else []
        condition = " ; and ".join(f"__fish_seen_subcommand_from {part}" for part in parts)
        for word in found:
            if word.startswith("--"):
                when = f" -n '{condition}'" if condition else ""
                lines.append(f"complete -c credit-risk{when} -l {word[2:]}")
            elif not word.startswith("-"):
                when = condition or "__fish_use_subcommand"
                lines.append(f"complete -c credit-risk -n '{when}' -a {word}")
    return "\n".join(lines) + "\n"


def _words(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the path of every command with the words that may follow it."""
    commands: dict[str, argparse.ArgumentParser] = {}
    words = []
    for action in parser._actions:  # argparse has no public way to list what a parser knows
        if isinstance(action, argparse._SubParsersAction):
            commands |= action.choices
        else:
            words += [word for word in action.option_strings if word.startswith("--")]
            words += [str(choice) for choice in action.choices or () if not action.option_strings]
    yield path, [*commands, *words]
    for name, command in commands.items():
        yield from _words(command, f"{path}/{name}" if path else name)

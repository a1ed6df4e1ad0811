"""The sub-commands of ``credit-risk`` and their options; what each does lies in a module of its own."""

from __future__ import annotations

import argparse
import difflib
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import credit_risk
from credit_risk import jobs
from credit_risk.domain.texts import LANGUAGES
from credit_risk.jobs import bundle_commands
from credit_risk.jobs.project_commands import (
    add_answer_options,
    add_project_commands,
    add_run_options,
    answer,
    new_command,
    run_main_job,
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    _SubCommands = argparse._SubParsersAction[Any]

_EPILOG = """exit codes: 0 done; 1 fault of the library; 2 wrong command line; 3 data, configuration or request not usable;
4 bundle not usable; 5 output cannot be written; 130 interrupted"""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint about an unknown word names the nearest known one."""

    def error(self, message: str) -> NoReturn:
        """Print one line and end with exit code 2."""
        super().error(message + self._hint(message))

    def _hint(self, message: str) -> str:
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if choice:
            return _did_you_mean(choice[1], re.findall(r"[\w-]+", choice[2]))
        unknown = re.search(r"unrecognized arguments: (--[\w-]+)", message)
        return _did_you_mean(unknown[1], _options(self)) if unknown else ""


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f". Did you mean {close[0]!r}?" if close else ""


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """Return the long options of a parser and of all its commands."""
    found: list[str] = []
    for action in parser._actions:
        found += [word for word in action.option_strings if word.startswith("--")]
        if isinstance(action, argparse._SubParsersAction):
            found += [word for command in action.choices.values() for word in _options(command)]
    return found


def command_line() -> argparse.ArgumentParser:
    """Return the parser; every sub-command carries the function that runs it."""
    parser = _Parser(
        prog="credit-risk",
        description="Credit risk for instant small loans: behaviour -> features -> models -> lawful limits and prices.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"credit-risk-toolkit {credit_risk.__version__}"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_decide(commands)
    _add_rescore(commands)
    _add_bundle(commands)
    add_project_commands(commands)
    for command in commands.choices.values():
        command.epilog, command.formatter_class = _EPILOG, argparse.RawDescriptionHelpFormatter
    return parser


def _add_demo(commands: _SubCommands) -> None:
    demo = new_command(
        commands,
        "demo",
        _run_demo,
        about="run the main job end to end on the shipped real data",
        description="Contracts -> features -> outcome -> split -> scorecard and booster -> calibration -> evaluation -> "
        "strategy -> bundle -> a decision for every holdout customer -> report and tracked run.",
    )
    demo.add_argument(
        "--data", type=Path, default=Path("data_samples/uci_credit_card"), help="folder with sources.toml"
    )
    demo.add_argument(
        "--project",
        type=Path,
        default=Path("examples/uci_credit_card"),
        help="folder with features.toml, outcome.toml, training.toml, strategy.toml, report.toml",
    )
    add_run_options(demo, output="output/demo")


def _add_decide(commands: _SubCommands) -> None:
    decide = new_command(
        commands,
        "decide",
        _run_decide,
        about="decide one applicant: JSON in, JSON out",
        description="Reads one request (an object with 'application' and 'records') and prints the decision as JSON.",
    )
    decide.add_argument("request", help="request file, or - for standard input")
    _add_bundle_option(decide)
    decide.add_argument(
        "--language", choices=LANGUAGES, default=None, help="add an explanation in plain words"
    )


def _run_demo(options: argparse.Namespace) -> None:
    run_main_job(options, data=options.data, project=options.project, requires_sound_strategy=True)


def _run_decide(options: argparse.Namespace) -> None:
    print(jobs.decide_request(options.bundle, options.request, language=options.language))


def _add_rescore(commands: _SubCommands) -> None:
    rescore = new_command(
        commands,
        "rescore",
        _run_rescore,
        about="score a portfolio of prepared rows, file to file",
        description="Streams prepared feature rows (Parquet, a folder of Parquet, or CSV) into a Parquet file of score, PDs, "
        "reasons and flags. A run that was stopped, even by a power cut, goes on where it stood.",
    )
    rescore.add_argument("rows", type=Path, help="prepared rows: 'application_id' and the bundle's features")
    rescore.add_argument("output", type=Path, help="Parquet file to write")
    _add_bundle_option(rescore)
    rescore.add_argument(
        "--block-rows", type=int, default=50_000, help="rows worked on at once (default: %(default)s)"
    )
    rescore.add_argument("--overwrite", action="store_true", help="replace an output that exists")
    rescore.add_argument("--restart", action="store_true", help="discard the parts of an unfinished run")
    add_answer_options(rescore)


def _add_bundle(commands: _SubCommands) -> None:
    bundle = commands.add_parser("bundle", help="look into bundles: inspect, verify, diff")
    kinds = bundle.add_subparsers(title="commands", required=True, metavar="COMMAND")
    inspect = new_command(kinds, "inspect", _run_inspect, about="what a bundle holds")
    inspect.add_argument("folder", type=Path)
    verify = new_command(
        kinds, "verify", _run_verify, about="check every digest, and that the bundle can decide"
    )
    verify.add_argument("folder", type=Path)
    verify.add_argument("--digest", default=None, help="the digest that was approved")
    diff = new_command(kinds, "diff", _run_diff, about="where two bundles differ")
    diff.add_argument("first", type=Path)
    diff.add_argument("second", type=Path)
    for kind in (inspect, verify, diff):
        add_answer_options(kind, progress=False)


def _add_bundle_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--bundle",
        type=Path,
        default=Path("models/uci-reference"),
        help="bundle folder (default: %(default)s)",
    )


def _run_rescore(options: argparse.Namespace) -> None:
    from credit_risk.jobs.rescore import RescoreSettings, run_rescore

    result = run_rescore(settings_of(RescoreSettings, options))
    answer(options, asdict(result), result.sentence())


def _run_inspect(options: argparse.Namespace) -> None:
    facts = bundle_commands.inspect_bundle(options.folder)
    answer(options, facts, bundle_commands.as_text(facts))


def _run_verify(options: argparse.Namespace) -> None:
    facts = bundle_commands.verify_bundle(options.folder, expected_digest=options.digest)
    answer(options, facts, bundle_commands.as_text(facts))


def _run_diff(options: argparse.Namespace) -> None:
    facts = bundle_commands.diff_bundles(options.first, options.second)
    answer(options, facts, bundle_commands.as_text(facts))

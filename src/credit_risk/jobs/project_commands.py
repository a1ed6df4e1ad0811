"""The sub-commands around a project folder: init, check, train, evaluate, report; and completion."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from credit_risk import jobs
from credit_risk.domain.texts import LANGUAGES
from credit_risk.errors import DataContractError, SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _SubCommands = argparse._SubParsersAction[Any]


def new_command(
    commands: _SubCommands,
    name: str,
    run: Callable[[argparse.Namespace], None],
    *,
    about: str,
    description: str = "",
) -> argparse.ArgumentParser:
    """Add a command that carries the function which runs it."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=description or f"{about[0].upper()}{about[1:]}."
    )
    command.set_defaults(run=run)
    return command


def settings_of(kind: type[T], options: argparse.Namespace, **others: object) -> T:
    """Return the settings of a job: every field that is an option of the same name, and what is given beside."""
    quiet = {"is_quiet": options.quiet or options.json}
    given = vars(options) | quiet | others
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: given[name] for name in names if name in given})


def answer(options: argparse.Namespace, content: Mapping[str, object], text: str) -> None:
    """Print what a command found: JSON for machines, else words for people, unless asked to say nothing."""
    if options.json:
        print(json.dumps(content))
    elif not (options.quiet and options.is_silent_when_quiet):
        print(text)


T = TypeVar("T")


def add_project_commands(commands: _SubCommands) -> None:
    """Add the commands to the parser."""
    _add_init(commands)
    _add_check(commands)
    _add_train(commands)
    _add_evaluate(commands)
    _add_report(commands)
    _add_completion(commands)


def add_answer_options(command: argparse.ArgumentParser, *, progress: bool = True) -> None:
    """Add --json and --quiet."""
    command.add_argument("--json", action="store_true", help="answer as JSON, for machines")
    what = "no progress" if progress else "say nothing but errors"
    command.add_argument("--quiet", action="store_true", help=what)
    command.set_defaults(is_silent_when_quiet=not progress)


def add_run_options(command: argparse.ArgumentParser, *, output: str | None) -> None:
    """Add the options of a main job."""
    command.add_argument(
        "--output",
        type=Path,
        default=Path(output) if output else None,
        required=output is None,
        help=f"where results go{f' (default: {output})' if output else ''}",
    )
    command.add_argument(
        "--overwrite", action="store_true", help="replace an existing output at the very end"
    )
    command.add_argument(
        "--no-tracking", action="store_true", help="do not record the run; MLflow is not imported"
    )
    command.add_argument(
        "--tracking-folder",
        type=Path,
        default=Path("output/tracking"),
        help="embedded MLflow store, unless MLFLOW_TRACKING_URI is set (default: %(default)s)",
    )
    command.add_argument(
        "--language", choices=LANGUAGES, default="en", help="language of the report (default: %(default)s)"
    )
    command.add_argument(
        "--threads",
        dest="n_threads",
        type=int,
        default=2,
        help="threads of the feature engine; results do not depend on it",
    )
    add_answer_options(command)


def run_main_job(
    options: argparse.Namespace, *, data: Path, project: Path, requires_sound_strategy: bool
) -> None:
    """Run the main job and say what it found."""
    settings = settings_of(
        jobs.DemoSettings,
        options,
        data=data,
        project=project,
        tracking_folder=None if options.no_tracking else options.tracking_folder,
        requires_sound_strategy=requires_sound_strategy,
    )
    result = jobs.run_demo(settings)
    answer(options, result.to_dict(), result.closing_table())


def _add_init(commands: _SubCommands) -> None:
    init = new_command(
        commands,
        "init",
        _run_init,
        about="write a project folder, from one plain table or from a template",
        description="Writes a folder of commented TOML files: what every column is taken for, features, outcome, training, "
        "strategy, report. Everything is a guess and says so. Nothing is ever written over.",
    )
    init.add_argument("project", type=Path, help="folder to write")
    start = init.add_mutually_exclusive_group(required=True)
    start.add_argument("--table", type=Path, help="CSV or Parquet file, one row per application")
    start.add_argument("--template", help="a shipped template: instant_loan")
    init.add_argument("--target", help="column that says how it went (needed with --table)")
    init.add_argument("--bad", help="its value that means bad (needed with --table)")
    init.add_argument(
        "--good", default="", help="its value that means good; needed where there are more than two"
    )
    init.add_argument(
        "--key", default="", help="column that names the application; without one rows are numbered"
    )
    init.add_argument(
        "--customer", default="", help="column that names the customer, where one may have several rows"
    )
    init.add_argument("--applied-at", default="", help="column with date or time of the application")
    init.add_argument(
        "--held", nargs="+", default=(), metavar="COLUMN", help="protected columns, never features"
    )
    init.add_argument(
        "--leave-out",
        dest="left_out",
        nargs="+",
        default=(),
        metavar="COLUMN",
        help="columns that are no features: known only after the decision, or forbidden",
    )
    init.add_argument("--currency", default="CNY", help="currency of amounts (default: %(default)s)")
    init.add_argument("--timezone", default="", help="timezone of the lender (default: by the currency)")
    init.add_argument("--horizon", default="12m", help="how far the outcome looks (default: %(default)s)")
    init.add_argument("--encoding", default="utf-8", help="how the CSV is written (default: %(default)s)")
    add_answer_options(init, progress=False)


def _run_init(options: argparse.Namespace) -> None:
    from credit_risk.jobs import new_project

    if options.template:
        written = new_project.project_from_template(options.project, options.template)
    else:
        absent = [name for name in ("target", "bad") if not getattr(options, name)]
        if absent:
            raise SpecificationError(
                f"init --table needs --{absent[0]}. Expected, for instance: --table loans.csv --target status --bad default.",
                code="CR-INI-011",
            )
        settings = settings_of(
            new_project.TableSettings, options, held=tuple(options.held), left_out=tuple(options.left_out)
        )
        written = new_project.project_from_table(settings)
    answer(options, written.to_dict(), written.as_text())


def _add_check(commands: _SubCommands) -> None:
    check = new_command(
        commands,
        "check",
        _run_check,
        about="hold a project against its data: every fault at once",
        description="Reads contracts, configuration and data, and lists every fault with rule, count and the first keys. "
        "Exit code 3 if there is any.",
    )
    _add_project_arguments(check)
    add_answer_options(check, progress=False)


def _run_check(options: argparse.Namespace) -> None:
    from credit_risk.jobs.tasks import check_project

    result = check_project(options.project, _data_of(options))
    answer(options, result.to_dict(), result.as_text())
    if result.faults:
        n_faults = len(result.faults)
        raise DataContractError(
            f"Project '{options.project}' has {n_faults} fault{'' if n_faults == 1 else 's'}; nothing was changed.",
            code="CR-CHK-001",
        )


def _add_train(commands: _SubCommands) -> None:
    train = new_command(
        commands,
        "train",
        _run_train,
        about="run the main job on a project",
        description="Contracts, features, outcome, split, scorecard and booster, calibration, evaluation, strategy, bundle, a "
        "decision for every holdout applicant (batch and real time, which must agree), report.",
    )
    _add_project_arguments(train)
    add_run_options(train, output=None)


def _run_train(options: argparse.Namespace) -> None:
    run_main_job(options, data=_data_of(options), project=options.project, requires_sound_strategy=False)


def _add_evaluate(commands: _SubCommands) -> None:
    evaluate = new_command(
        commands,
        "evaluate",
        _run_evaluate,
        about="judge a bundle on another labelled folder",
        description="Reads the folder by the bundle's own contracts and says how well its models rank and how true their PDs are.",
    )
    evaluate.add_argument("--bundle", type=Path, required=True, help="bundle folder")
    evaluate.add_argument("--data", type=Path, required=True, help="folder with the tables")
    evaluate.add_argument(
        "--outcome", type=Path, required=True, help="outcome.toml: what bad means in these data"
    )
    evaluate.add_argument("--output", type=Path, default=None, help="JSON file for all figures")
    evaluate.add_argument(
        "--processed-at", type=_moment, default=None, help="moment of processing, with a ledger of consents"
    )
    evaluate.add_argument(
        "--threads", dest="n_threads", type=int, default=2, help="threads of the feature engine"
    )
    add_answer_options(evaluate)


def _run_evaluate(options: argparse.Namespace) -> None:
    from credit_risk.jobs.tasks import EvaluateSettings, evaluate_bundle

    result = evaluate_bundle(settings_of(EvaluateSettings, options))
    answer(options, result.to_dict(), result.as_text())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time with time zone is needed: 2026-03-01T12:00:00+08:00")
    return moment


def _add_report(commands: _SubCommands) -> None:
    report = new_command(
        commands,
        "report",
        _run_report,
        about="write the report of a finished output again, in another language",
        description="Reads what train or demo left in a folder; nothing is computed again.",
    )
    report.add_argument("output", type=Path, help="folder that train or demo wrote")
    report.add_argument("--language", choices=LANGUAGES, default="zh-CN", help="default: %(default)s")
    report.add_argument(
        "--to", type=Path, default=None, help="file (default: report.LANGUAGE.html in the folder)"
    )
    report.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    add_answer_options(report, progress=False)


def _run_report(options: argparse.Namespace) -> None:
    from credit_risk.jobs.tasks import render_again

    written = render_again(
        options.output, language=options.language, to=options.to, overwrite=options.overwrite
    )
    answer(options, {"report": str(written)}, f"Report written: {written}")


def _add_completion(commands: _SubCommands) -> None:
    completion = new_command(
        commands,
        "completion",
        _run_completion,
        about="print a completion script for a shell",
        description="For bash: source <(credit-risk completion bash)",
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))


def _run_completion(options: argparse.Namespace) -> None:
    from credit_risk.jobs.commands import command_line
    from credit_risk.jobs.tasks import completion_script

    print(completion_script(command_line(), options.shell), end="")


def _add_project_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "project", type=Path, help="folder with features.toml, outcome.toml, training.toml, ..."
    )
    command.add_argument(
        "--data",
        type=Path,
        default=None,
        help="folder with sources.toml and the tables (default: PROJECT/data)",
    )


def _data_of(options: argparse.Namespace) -> Path:
    data: Path = options.data or options.project / "data"
    return data

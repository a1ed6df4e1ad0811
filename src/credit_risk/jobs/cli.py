"""The command line, ``credit-risk``: one sub-command per job, one clear line per user error, no stack trace.

Exit codes: 0 done; 1 a fault of this library (please report it); 2 wrong command line; 3 data, configuration or request
not usable; 4 bundle not usable; 5 output cannot be written; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import credit_risk
from credit_risk import jobs
from credit_risk.domain.texts import LANGUAGES
from credit_risk.errors import CreditRiskError, GovernanceError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXIT_DONE, EXIT_FAULT, EXIT_INPUT, EXIT_BUNDLE, EXIT_OUTPUT, EXIT_INTERRUPTED = 0, 1, 3, 4, 5, 130

_EPILOG = """exit codes: 0 done; 1 fault of the library; 2 wrong command line; 3 data, configuration or request not usable;
4 bundle not usable; 5 output cannot be written; 130 interrupted"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    with _terminable():
        try:
            options.run(options)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_DONE
        except (
            Exception,
            KeyboardInterrupt,
        ) as error:  # the last resort: people get one line, not a stack trace
            if os.environ.get("CREDIT_RISK_DEBUG"):
                raise
            message, code = _explained(error)
            print(f"credit-risk: {message}", file=sys.stderr)
            return code
    return EXIT_DONE


@contextmanager
def _terminable() -> Iterator[None]:
    """Treat a request to terminate like Ctrl-C, so that drafts are cleared up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _explained(error: BaseException) -> tuple[str, int]:
    """Return one line for a person, and the exit code."""
    if isinstance(error, CreditRiskError):
        return str(error), _exit_code(error)
    # the feature engine turns Ctrl-C into an error of its own
    if isinstance(error, KeyboardInterrupt) or "interrupt" in str(error).lower():
        return "interrupted; nothing half-written was left behind.", EXIT_INTERRUPTED
    if isinstance(error, ModuleNotFoundError):
        hint = "Hint: pip install 'credit-risk-toolkit[all]'."
        return f"the module {error.name!r} is not installed. {hint}", EXIT_FAULT
    if isinstance(error, OSError):
        return f"output cannot be written ({error.strerror or type(error).__name__}).", EXIT_OUTPUT
    hint = "Please report it; CREDIT_RISK_DEBUG=1 shows the stack trace."
    return f"a fault of this library ({type(error).__name__}). {hint}", EXIT_FAULT


def _exit_code(error: CreditRiskError) -> int:
    if isinstance(error, GovernanceError):
        return EXIT_BUNDLE
    return EXIT_OUTPUT if isinstance(error, OutputError) else EXIT_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
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
    return parser


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser(
        "demo",
        help="run the main job end to end on the shipped real data",
        description="Contracts -> features -> outcome -> split -> scorecard and booster -> calibration -> evaluation -> "
        "strategy -> bundle -> a decision for every holdout customer -> report and tracked run.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    demo.add_argument(
        "--output", type=Path, default=Path("output/demo"), help="where results go (default: %(default)s)"
    )
    demo.add_argument("--overwrite", action="store_true", help="replace an existing output at the very end")
    demo.add_argument(
        "--no-tracking", action="store_true", help="do not record the run; MLflow is not imported"
    )
    demo.add_argument(
        "--tracking-folder",
        type=Path,
        default=Path("output/tracking"),
        help="embedded MLflow store, unless MLFLOW_TRACKING_URI is set (default: %(default)s)",
    )
    demo.add_argument(
        "--language", choices=LANGUAGES, default="en", help="language of the report (default: %(default)s)"
    )
    demo.add_argument(
        "--threads", type=int, default=2, help="threads of the feature engine; results do not depend on it"
    )
    demo.add_argument("--quiet", action="store_true", help="no progress")
    demo.set_defaults(run=_run_demo)


def _add_decide(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    decide = commands.add_parser(
        "decide",
        help="decide one applicant: JSON in, JSON out",
        description="Reads one request (an object with 'application' and 'records') and prints the decision as JSON.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    decide.add_argument("request", help="request file, or - for standard input")
    decide.add_argument(
        "--bundle",
        type=Path,
        default=Path("models/uci-reference"),
        help="bundle folder (default: %(default)s)",
    )
    decide.add_argument(
        "--language", choices=LANGUAGES, default=None, help="add an explanation in plain words"
    )
    decide.set_defaults(run=_run_decide)


def _run_demo(options: argparse.Namespace) -> None:
    settings = jobs.DemoSettings(
        data=options.data,
        project=options.project,
        output=options.output,
        overwrite=options.overwrite,
        tracking_folder=None if options.no_tracking else options.tracking_folder,
        language=options.language,
        n_threads=options.threads,
        is_quiet=options.quiet,
    )
    print(jobs.run_demo(settings).closing_table())


def _run_decide(options: argparse.Namespace) -> None:
    print(jobs.decide_request(options.bundle, options.request, language=options.language))


if __name__ == "__main__":
    sys.exit(main())

"""The command line, ``credit-risk``: one clear line per user error, no stack trace, an exit code for every outcome.

Exit codes: 0 done; 1 a fault of this library (please report it); 2 wrong command line; 3 data, configuration or request
not usable; 4 bundle not usable; 5 output cannot be written; 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from credit_risk.errors import CreditRiskError, GovernanceError, OutputError
from credit_risk.jobs.commands import command_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXIT_DONE, EXIT_FAULT, EXIT_INPUT, EXIT_BUNDLE, EXIT_OUTPUT, EXIT_INTERRUPTED = 0, 1, 3, 4, 5, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = command_line().parse_args(arguments)
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


if __name__ == "__main__":
    sys.exit(main())

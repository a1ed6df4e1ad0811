"""One applicant as JSON in, one decision as JSON out. Light: loads no training library."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk.domain.configuration import nearest
from credit_risk.errors import ScoringError
from credit_risk.scoring.bundle import load_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_risk.scoring.bundle import ScoringBundle

_KEYS = ("application", "records", "human_review_requested", "consents", "processed_at")


def decide_request(bundle_folder: Path, request_path: str, *, language: str | None) -> str:
    """Return the decision on a request file (``-`` is standard input) as JSON text.

    Raises
    ------
    ScoringError
        The request is not the JSON that is expected (``CR-SCR-020``), or breaks a contract.
    """
    bundle = load_bundle(bundle_folder)
    name = f"Request '{request_path}'"
    content = answer_request(bundle, parse_request(_read(request_path, name), name=name), language=language)
    # escaped where the terminal cannot show Chinese, or where a key is not valid text
    return json.dumps(content, ensure_ascii=not _shows_all_text(), indent=2)


def _shows_all_text() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def answer_request(
    bundle: ScoringBundle, request: Mapping[str, Any], *, language: str | None
) -> dict[str, Any]:
    """Return the decision on a parsed request as plain JSON values, with an explanation if a language is given."""
    decision = bundle.decide(
        request["application"],
        request["records"],
        consents=request.get("consents"),
        processed_at=_moment(request.get("processed_at")),
        human_review_requested=request.get("human_review_requested", False),
    )
    content = decision.to_dict()
    if language is not None:
        content["explanation"] = decision.explain(language)
    return content


def parse_request(text: str | bytes, *, name: str = "The request") -> dict[str, Any]:
    """Read one request: an object with 'application', 'records' and perhaps 'human_review_requested'.

    Where the bundle's contracts name a ledger of consents, it also holds 'consents' (the customer's rows of the ledger, an empty
    list if there are none) and 'processed_at' (a time with time zone).

    Parameters
    ----------
    text : str or bytes
        JSON; a key given twice is refused, because keeping the last one would hide a fault of the sender.
    name : str
        How messages call it.

    Raises
    ------
    ScoringError
        Not the JSON that is expected (``CR-SCR-020``); the message holds no value.

    Examples
    --------
    >>> parse_request('{"application": {}, "records": {}}')
    {'application': {}, 'records': {}}
    """
    try:
        request: dict[str, Any] = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise ScoringError(f"{name} cannot be read: not valid JSON.", code="CR-SCR-020") from error
    missing = [key for key in _KEYS[:2] if not isinstance(request, dict) or key not in request]
    if missing:
        raise ScoringError(
            f"{name} lacks the keys {missing}. Expected an object with 'application' (an object) and 'records' "
            "(an object: source name -> list of records).",
            code="CR-SCR-020",
        )
    unknown = [key for key in request if key not in _KEYS]
    if unknown:
        raise ScoringError(
            f"{name}: unknown key {unknown[0]!r}. {nearest(unknown[0], _KEYS)}", code="CR-SCR-020"
        )
    if not isinstance(request["application"], dict) or not isinstance(request["records"], dict):
        raise ScoringError(f"{name}: 'application' and 'records' must be objects.", code="CR-SCR-020")
    if not isinstance(request.get("human_review_requested", False), bool):
        raise ScoringError(
            f"{name}: 'human_review_requested' must be true or false, without quotation marks.",
            code="CR-SCR-020",
        )
    _check_consents(request)
    return request


def _check_consents(request: Mapping[str, Any]) -> None:
    """Refuse consents that are no list of objects, and a moment that is none; null is as good as left out."""
    rows = request.get("consents")
    if rows is not None and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise ScoringError("'consents' must be a list of objects, one for each grant.", code="CR-SCR-020")
    _moment(request.get("processed_at"))


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ScoringError(
            "'processed_at' must be a time with time zone, such as 2026-03-01T12:00:00+08:00.",
            code="CR-SCR-020",
        )
    return moment


def _read(path: str, name: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read() if sys.stdin is not None else ""
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not valid JSON"
        raise ScoringError(f"{name} cannot be read: {reason}.", code="CR-SCR-020") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is given twice: silently keeping the last one would hide a fault of the sender."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key is given twice")
    return content

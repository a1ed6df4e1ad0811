"""One applicant as JSON in, one decision as JSON out. Light: loads no training library."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from credit_risk.errors import ScoringError
from credit_risk.scoring.bundle import load_bundle


def decide_request(bundle_folder: Path, request_path: str, *, language: str | None) -> str:
    """Return the decision on a request file (``-`` is standard input) as JSON text.

    Raises
    ------
    ScoringError
        The request is not the JSON that is expected (``CR-SCR-020``), or breaks a contract.
    """
    bundle = load_bundle(bundle_folder)
    request = _read_request(request_path)
    decision = bundle.decide(
        request["application"],
        request["records"],
        human_review_requested=bool(request.get("human_review_requested", False)),
    )
    content = decision.to_dict()
    if language is not None:
        content["explanation"] = decision.explain(language)
    return json.dumps(content, ensure_ascii=False, indent=2)


def _read_request(path: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        request: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not valid JSON"
        raise ScoringError(f"Request '{path}' cannot be read: {reason}.", code="CR-SCR-020") from error
    missing = [
        key for key in ("application", "records") if not isinstance(request, dict) or key not in request
    ]
    if missing:
        raise ScoringError(
            f"Request '{path}' lacks the keys {missing}. Expected an object with 'application' (an object) and 'records' "
            "(an object: source name -> list of records).",
            code="CR-SCR-020",
        )
    if not isinstance(request["application"], dict) or not isinstance(request["records"], dict):
        raise ScoringError(
            f"Request '{path}': 'application' and 'records' must be objects.", code="CR-SCR-020"
        )
    return request

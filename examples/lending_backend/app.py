"""A lending backend in one file: FastAPI around a scoring bundle.

Start it with ``make backend`` and open http://127.0.0.1:8000/docs. Two environment variables say what it serves:
``CREDIT_RISK_BUNDLE`` (a bundle folder; the reference bundle by default) and ``CREDIT_RISK_BUNDLE_DIGEST`` (the digest that
was approved; with any other bundle the service does not start).

Nothing of a request is ever logged or sent back in an error.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

import credit_risk
from credit_risk.errors import CreditRiskError
from credit_risk.jobs import answer_request, parse_request

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = json.loads((PROJECT / "examples" / "uci_credit_card" / "request.json").read_text(encoding="utf-8"))

# read once, when the service starts: a bundle that cannot decide stops the start, not the first applicant
bundle = credit_risk.load_bundle(
    os.environ.get("CREDIT_RISK_BUNDLE", PROJECT / "models" / "uci-reference"),
    expected_digest=os.environ.get("CREDIT_RISK_BUNDLE_DIGEST"),
)
_ = bundle.engine  # tables are built now, not while the first applicant waits


class DecisionRequest(BaseModel):
    """One application and what is known of the applicant."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    application: dict[str, Any]
    records: dict[str, list[dict[str, Any]] | None]
    human_review_requested: bool = False
    #: only where the bundle's contracts name a ledger of consents
    consents: list[dict[str, Any]] | None = None
    processed_at: str | None = None


class Failure(BaseModel):
    """Why there is no decision: a stable code and one sentence, never a value from the request."""

    code: str
    message: str


class Health(BaseModel):
    """What this service would decide with."""

    status: Literal["ready"]
    bundle_digest: str
    version: str


app = FastAPI(
    title="Lending backend",
    description="Decides applications for instant small loans with a credit_risk bundle. An example, on public data.",
    version=credit_risk.__version__,
)


@app.get("/health")
def health() -> Health:
    """Say whether decisions can be made, and by which bundle."""
    return Health(status="ready", bundle_digest=bundle.digest, version=credit_risk.__version__)


# the body is read by the library, which checks more than a schema can and quotes nothing of it; this only describes it
BODY = {"required": True, "content": {"application/json": {"schema": DecisionRequest.model_json_schema()}}}


@app.post("/decisions", responses={422: {"model": Failure}}, openapi_extra={"requestBody": BODY})
async def decide(request: Request, language: Literal["en", "zh-CN"] = "en") -> dict[str, Any]:
    """Decide one application: outcome, offers with schedule to the cent, reasons, explanation."""
    return answer_request(bundle, parse_request(await request.body()), language=language)


@app.exception_handler(CreditRiskError)
def refuse(request: Request, error: CreditRiskError) -> JSONResponse:
    """Answer a request that cannot be decided with code and sentence."""
    return JSONResponse(Failure(code=error.code, message=error.message).model_dump(), status_code=422)

"""The example backend, driven over HTTP on loopback as a lender's app would."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from credit_risk import load_bundle

PROJECT = Path(__file__).resolve().parents[3]
REQUEST = json.loads((PROJECT / "examples" / "uci_credit_card" / "request.json").read_text(encoding="utf-8"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(port, log, **environment):
    app = ["--app-dir", str(PROJECT / "examples" / "lending_backend"), "app:app"]
    return subprocess.Popen(
        [sys.executable, "-m", "uvicorn", *app, "--host", "127.0.0.1", "--port", str(port)],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    log_path, port = tmp_path_factory.mktemp("backend") / "log", free_port()
    with log_path.open("w") as log:
        process = start(port, log)
        try:
            for _ in range(600):
                if process.poll() is not None:
                    pytest.fail(log_path.read_text())
                try:
                    ask(f"http://127.0.0.1:{port}/health")
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}", log_path
        finally:
            process.terminate()
            process.wait()


def ask(url, body=None):
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_health_names_the_bundle(backend):
    status, content = ask(f"{backend[0]}/health")
    assert status == 200
    assert content["bundle_digest"] == load_bundle(PROJECT / "models" / "uci-reference").digest


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_decision_over_http_is_the_librarys(backend, language):
    status, content = ask(f"{backend[0]}/decisions?language={language}", REQUEST)
    decision = load_bundle(PROJECT / "models" / "uci-reference").decide(
        REQUEST["application"], REQUEST["records"]
    )
    assert status == 200
    assert content.pop("explanation") == decision.explain(language)
    assert content == json.loads(json.dumps(decision.to_dict()))


UNUSABLE = {
    "not JSON": (b'{"application": secret}', "CR-SCR-020"),
    "a key twice": (b'{"application": {}, "application": {}, "records": {}}', "CR-SCR-020"),
    "no records": ({"application": {}}, "CR-SCR-020"),
    "no key of the application": ({"application": {"customer_id": "secret"}, "records": {}}, "CR-SCR-001"),
    "time without zone": (
        {"application": {"application_id": "secret", "applied_at": "2005-10-01"}, "records": {}},
        "CR-SCR-002",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_decided_is_answered_by_code_and_without_values(backend, case):
    body, code = UNUSABLE[case]
    status, content = ask(f"{backend[0]}/decisions", body)
    assert status == 422
    assert content["code"] == code
    assert "secret" not in content["message"]
    assert "secret" not in backend[1].read_text()


def test_documentation_describes_the_request(backend):
    status, content = ask(f"{backend[0]}/openapi.json")
    body = content["paths"]["/decisions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert status == 200
    assert set(body["required"]) == {"application", "records"}
    assert body["examples"] == [REQUEST]


def test_another_bundle_than_the_approved_one_does_not_start(tmp_path):
    with (tmp_path / "log").open("w") as log:
        process = start(free_port(), log, CREDIT_RISK_BUNDLE_DIGEST="0" * 64)
        assert process.wait(timeout=60) != 0
    assert "CR-GOV-004" in (tmp_path / "log").read_text()

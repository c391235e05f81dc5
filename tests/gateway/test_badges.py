"""What verifiers of badges read, through the gateway and without credentials."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx

from tests.badges import SCRIPT
from tests.gateway.story import add_people
from tests.platform import Platform


async def issue(platform: Platform) -> tuple[str, str]:
    """Let a person hold a certificate; return its path, and the address of its badge's page."""
    gateway = platform.running["gateway"].url
    platform.running["training"].app.state.settings.public_url = gateway
    await add_people(platform, 1)
    await platform.client.post("/v1/courses", json={"key": "answering", "title": "Answering"})
    tier = {"key": "responder", "title": "Responder", "courses": ["answering"]}
    await platform.client.post("/v1/certifications", json=tier)
    at = platform.clock.now().isoformat()
    learnt = {"employee_number": "E-1", "course": "answering", "completed_at": at, "source": "lms"}
    await platform.client.post("/v1/completions", json=learnt, headers={"Prefer": "wait=5"})
    (certificate,) = (await platform.client.get("/v1/certificates")).json()["items"]
    path = f"/v1/certificates/{certificate['id']}"
    badge = (await platform.client.get(f"{path}/badge.json")).json()
    return path, badge["id"].removeprefix(gateway)


async def verify(platform: Platform, file: Path) -> str:
    """Return what the script of the guide says of a badge's file."""
    command = [sys.executable, str(SCRIPT), str(file), platform.running["gateway"].url]
    run = await asyncio.to_thread(lambda: subprocess.run(command, capture_output=True, text=True, check=False))
    return run.stdout + run.stderr


async def test_a_stranger_verifies_a_badge_through_the_gateway_until_it_is_revoked(
    platform: Platform, tmp_path: Path
) -> None:
    path, page = await issue(platform)
    stranger = await platform.client_for()
    for public in ("/.well-known/did.json", "/status-lists/revocation/1", page, f"{page}/picture.png", "/verify"):
        answer = await stranger.get(public)
        assert answer.status_code == 200, public
        assert "RateLimit" in answer.headers
    for closed in (f"{path}/badge.json", f"{path}/sharing", "/v1/badge-keys"):
        assert (await stranger.get(closed)).status_code == 401, closed
    assert (await stranger.get("/static/verify.css")).status_code == 200

    file = tmp_path / "badge.png"
    file.write_bytes((await platform.client.get(f"{path}/badge.png")).content)
    assert (await verify(platform, file)).startswith("Valid: Responder")
    shown = await stranger.post("/verify", files={"file": file.read_bytes()}, headers={"Accept": "application/json"})
    assert shown.json()["valid"] is True

    assert (await platform.client.post(f"{path}/revocation", json={"reason": "No longer."})).is_success
    found = await stranger.get(page, headers={"Accept": "application/json"})
    assert (found.json()["status"], found.json()["valid"]) == ("revoked", False)
    await platform.running["training"].app.state.backbone.tick()
    assert "CredentialRevoked" in await verify(platform, file)


async def test_a_holder_shows_their_name_in_their_own_session(platform: Platform) -> None:
    path, page = await issue(platform)
    holder = await platform.as_person("E-1")
    stranger: httpx.AsyncClient = await platform.client_for(headers={"Accept": "application/json"})
    assert (await stranger.get(page)).json()["holder"] is None
    assert (await platform.client.put(f"{path}/sharing", json={"show": "name"})).status_code in {403, 404}
    assert (await holder.put(f"{path}/sharing", json={"show": "name"})).status_code == 200
    assert (await stranger.get(page)).json()["holder"] == {"name": "Person 1", "department": None}

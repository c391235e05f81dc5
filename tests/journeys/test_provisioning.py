"""Entra and Okta provision people through the gateway, and conformance suites judge the same address."""

import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.running import Running, wait_until
from tests.servers import free_port
from tests.training.provisioning import CORE, ENTERPRISE, GROUP, GROUPS, PATCH, STAFF, USERS

SCRIPTS = Path(sysconfig.get_path("scripts"))
POLICY = "---\ntitle: Social media policy\nlocale: en\n---\n# Be kind {#be-kind}\nListen first.\n"
WAIT = {"Prefer": "wait=10"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("platform") / "data", free_port()) as running:
        yield running


@pytest.fixture
def client(platform: Running) -> Iterator[httpx.Client]:
    with platform.client() as client:
        yield client


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def judge(platform: Running, *command: str, **environment: str) -> str:
    """Run a conformance suite, and return all that it said."""
    run = subprocess.run(
        [SCRIPTS / command[0], *command[1:]],
        env={**os.environ, "NO_COLOR": "1", **environment}, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    assert platform.process.poll() is None
    return said


def test_the_suite_of_scim2_cli_finds_every_check_a_success(platform: Running) -> None:
    told = platform.told()
    header = f"Authorization: Bearer {told['api_key']}"
    said = judge(platform, "scim2", "--url", f"{told['url']}/scim/v2", "test", SCIM_CLI_HEADERS=header)
    outcomes = re.findall(r"^([A-Z]+) [a-z_]+$", said, re.MULTILINE)
    assert set(outcomes) == {"SUCCESS"}, said
    assert len(outcomes) > 80


def test_scim_sanity_passes_what_it_probes(platform: Running) -> None:
    told = platform.told()
    said = judge(
        platform,
        "scim-sanity",
        "probe",
        f"{told['url']}/scim/v2",
        "--token",
        told["api_key"],
        "--i-accept-side-effects",
    )
    assert "All tests passed" in said
    assert said.count("[PASS]") >= 28
    assert not {"[WARN]", "[FAIL]"} & set(said.split())


def prepare(client: httpx.Client) -> None:
    """Let one course and one policy make a responder; the policy is there from the first time on."""
    if client.get("/v1/policies/social-media").status_code == 404:
        lead = {"employee_number": "N-9", "name": "Lead", "email": "lead@harbour.example", "department": "Legal"}
        ok(client.post("/v1/people", json={**lead, "region": "EMEA"}, headers=WAIT))
        ok(client.post("/v1/policies", json={"key": "social-media", "title": "Social media policy"}))
        version = {"source": POLICY, "change_note": "First.", "material": True}
        ok(client.post("/v1/policies/social-media/versions", json=version))
        ok(client.post("/v1/policies/social-media/versions/1/review", json={}))
        ok(
            client.post(
                "/v1/policies/social-media/versions/1/approvals", json={"decision": "approve", "employee_number": "N-9"}
            )
        )
        ok(client.post("/v1/policies/social-media/versions/1/publication", json={}, headers=WAIT))
        ok(client.post("/v1/courses", json={"key": "answering", "title": "Answering customers"}))
        tier = {"key": "responder", "title": "Responder", "courses": ["answering"], "policies": ["social-media"]}
        ok(client.post("/v1/certifications", json=tier, headers=WAIT))


def certify(client: httpx.Client, number: str) -> None:
    """Let a person have all parts, and be there to answer."""
    learnt = {"employee_number": number, "course": "answering", "completed_at": "2026-11-20T10:00:00Z", "source": "lms"}
    ok(client.post("/v1/completions", json=learnt, headers=WAIT))
    accepted = {"employee_number": number}
    ok(client.post("/v1/policies/social-media/versions/1/acknowledgements", json=accepted, headers=WAIT))
    terms = {"languages": ["en"], "topics": [], "capacity": 3, "weekly_minutes": 600, "online": True}
    ok(client.put(f"/v1/availability/{number}", json=terms, headers=WAIT))


def certified(client: httpx.Client, number: str) -> bool:
    asked = {"employee_numbers": [number], "certification": "responder"}
    return bool(ok(client.post("/v1/certificate-statuses", json=asked))["items"][0]["certified"])


def ask(client: httpx.Client, network_id: str) -> None:
    """Let a customer ask something."""
    post = {
        "network": "mastodon", "network_id": network_id, "kind": "mention", "author": f"@{network_id}", "lang": "en",
        "text": "@harbour where is my parcel?", "posted_at": "2026-11-20T10:00:00Z",
    }  # fmt: skip
    ok(client.post("/v1/posts", json=post, headers=WAIT))


def assignees(client: httpx.Client) -> list[str | None]:
    return [one["assignee"] for one in ok(client.get("/v1/conversations"))["items"]]


def change(client: httpx.Client, path: str, *operations: Any) -> Any:
    body = {"schemas": [PATCH], "Operations": operations}
    return ok(client.patch(path, json=body, headers=WAIT))


def entra_user(name: str, number: str, manager: str | None = None) -> dict[str, Any]:
    """Return a user as Entra sends one by its own mappings, with what we do not keep."""
    return {
        "schemas": [CORE, ENTERPRISE],
        "externalId": f"mail-{number}",
        "userName": f"{name}@harbour.example",
        "active": True,
        "addresses": [{"type": "work", "region": "EMEA", "streetAddress": "Quay 1", "postalCode": "1000"}],
        "displayName": name.title(),
        "emails": [{"primary": True, "type": "work", "value": f"{name}@harbour.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": name.title(), "familyName": "Sá", "givenName": name.title()},
        "phoneNumbers": [{"type": "work", "value": "555"}],
        "preferredLanguage": "en-GB",
        "roles": [],
        ENTERPRISE: {"employeeNumber": number, "department": "Care", **({"manager": manager} if manager else {})},
    }


def look_for_and_make(client: httpx.Client, name: str, number: str, manager: str | None = None) -> str:
    """Add a user as Entra does, who looks first; return the id."""
    asked = {"filter": f'userName eq "{name}@harbour.example"'}
    assert ok(client.get(USERS, params=asked))["totalResults"] == 0
    made = ok(client.post(USERS, json=entra_user(name, number, manager), headers=WAIT))["id"]
    assert [one["id"] for one in ok(client.get(USERS, params=asked))["Resources"]] == [made]
    return str(made)


def put_in_a_group(client: httpx.Client, *people: str) -> None:
    """Make a group and put people in as Entra does, who looks first and adds one at a time."""
    made = client.post(GROUPS, json={"schemas": [GROUP], "externalId": "g-1", "displayName": "Care", "members": []})
    group = ok(made)["id"]
    found = client.get(GROUPS, params={"excludedAttributes": "members", "filter": 'displayName eq "Care"'})
    assert [one["id"] for one in ok(found)["Resources"]] == [group]
    for person in people:
        change(client, f"{GROUPS}/{group}", {"op": "Add", "path": "members", "value": [{"value": person}]})


def test_a_cycle_of_entra_ends_in_the_right_certificates_and_work(client: httpx.Client) -> None:
    prepare(client)
    first = look_for_and_make(client, "ana", "N-1")
    second = look_for_and_make(client, "ben", "N-2", manager=first)
    ana, ben = f"{USERS}/{first}", f"{USERS}/{second}"
    assert ok(client.get("/v1/people/N-2"))["manager"] == "N-1"
    put_in_a_group(client, first, second)
    assert [one["display"] for one in ok(client.get(ben))["groups"]] == ["Care"]

    certify(client, "N-1")
    ask(client, "entra-1")
    assert assignees(client) == ["N-1"]
    certify(client, "N-2")
    gone = change(client, ana, {"op": "Replace", "path": "active", "value": "False"})
    assert (gone["active"], certified(client, "N-1"), assignees(client)) == (False, False, ["N-2"])

    moved = {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Sales"}
    back = change(client, ana, {"op": "Replace", "path": "active", "value": "True"}, moved)
    assert (back["active"], certified(client, "N-1")) == (True, True)
    assert ok(client.get("/v1/people/N-1"))["department"] == "Sales"

    ok(client.delete(ana, headers=WAIT))
    assert (client.get(ana).status_code, certified(client, "N-1")) == (404, False)
    again = ok(client.post(USERS, json=entra_user("ana", "N-1"), headers=WAIT))
    assert (again["id"], certified(client, "N-1")) == (first, True)
    ok(client.delete(ben, headers=WAIT))
    ok(client.delete(ana, headers=WAIT))
    assert assignees(client) == [None]


def okta_user(name: str, number: str, *, active: bool = True) -> dict[str, Any]:
    """Return a user as Okta sends one."""
    return {
        "schemas": [CORE, ENTERPRISE, STAFF],
        "userName": f"{name}@harbour.example",
        "name": {"givenName": name.title(), "familyName": "Wilk"},
        "emails": [{"primary": True, "value": f"{name}@harbour.example", "type": "work"}],
        "displayName": f"{name.title()} Wilk",
        "locale": "en_US",
        "externalId": f"00u{number}",
        "groups": [],
        "password": "generated",
        "active": active,
        ENTERPRISE: {"employeeNumber": number, "department": "Care", "organization": "Harbour"},
        STAFF: {"region": "EMEA", "languages": "en, pl"},
    }


def push_a_group(client: httpx.Client, person: str) -> None:
    """Make a group, rename it, put somebody in and take them out, as Okta does."""
    pushed = ok(client.post(GROUPS, json={"schemas": [GROUP], "displayName": "Everyone", "members": []}))
    group = f"{GROUPS}/{pushed['id']}"
    change(client, group, {"op": "replace", "value": {"id": pushed["id"], "displayName": "Responders"}})
    change(client, group, {"op": "add", "path": "members", "value": [{"value": person, "display": "tom"}]})
    assert [one["value"] for one in ok(client.get(group))["members"]] == [person]
    change(client, group, {"op": "remove", "path": f'members[value eq "{person}"]'})
    assert "members" not in ok(client.get(group))


def test_a_cycle_of_okta_ends_in_the_right_certificates_and_work(client: httpx.Client) -> None:
    prepare(client)
    asked: dict[str, str | int] = {"filter": 'userName eq "tom@harbour.example"', "startIndex": 1, "count": 100}
    assert ok(client.get(USERS, params=asked))["Resources"] == []
    made = ok(client.post(USERS, json=okta_user("tom", "O-1"), headers=WAIT))
    path = f"{USERS}/{made['id']}"
    assert "password" not in made
    assert client.post(USERS, json=okta_user("tom", "O-1")).status_code == 409
    certify(client, "O-1")
    ask(client, "okta-1")
    assert "O-1" in assignees(client)

    profile = ok(client.get(path)) | {"displayName": "Tomasz Wilk"}
    assert ok(client.put(path, json=profile, headers=WAIT))["displayName"] == "Tomasz Wilk"
    assert ok(client.get("/v1/people/O-1"))["name"] == "Tomasz Wilk"

    push_a_group(client, made["id"])
    change(client, path, {"op": "replace", "value": {"active": False}})
    assert (certified(client, "O-1"), "O-1" in assignees(client)) == (False, False)
    assert ok(client.get(USERS, params=asked))["Resources"][0]["active"] is False
    back = ok(client.put(path, json=okta_user("tom", "O-1"), headers=WAIT))
    assert (back["active"], certified(client, "O-1")) == (True, True)
    ask(client, "okta-2")
    wait_until(lambda: "O-1" in assignees(client))

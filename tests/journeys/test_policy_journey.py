"""A policy's way, by the gateway alone: written, linted, approved, in force, accepted, proved, changed, asked again."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.faults.processes import until
from tests.platform import Platform

PEOPLE = """employee_number,name,email,department,region,manager,languages
E-1,Ines Quiroga,ines@harbour.example,Communications,EMEA,,en;es
E-2,Tomasz Wilk,tomasz@harbour.example,Legal,EMEA,E-1,en;pl
E-3,Ama Boateng,ama@harbour.example,Care,EMEA,E-1,en;de
E-4,Lukas Brandt,lukas@harbour.example,Care,EMEA,E-3,de
"""
OVERBROAD = """---
title: Social media policy
locale: en
contact: social@harbour.example
---
# Speak as yourself {#speak-as-yourself}
Say who you work for when you talk about our ferries.

# Pay {#pay}
Employees must not discuss their wages or working conditions online.
"""
NARROWER = OVERBROAD.replace(
    "Employees must not discuss their wages or working conditions online.",
    "Keep customers' fares and contracts to yourself. Your own pay and working conditions are yours to talk about.",
)
CHANGED = NARROWER.replace("Say who you work for", "You must say who you work for, and never hide it,")
POLICY = "/v1/policies/social-media"
DAY = timedelta(days=1)
SCRIPT = Path(__file__).parents[2] / "docs" / "verify_receipt.py"


def ok(answer: httpx.Response) -> Any:
    """Return the body of an answer that must have gone well."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


def refused(answer: httpx.Response, status: int, slug: str) -> None:
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug), answer.text


async def approve(client: httpx.AsyncClient, version: str, number: str) -> Any:
    return ok(await client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": number}))


async def is_written_and_approved(platform: Platform) -> str:
    """Linted, narrowed after review had begun, and approved by two, one of them from Legal; returns the version."""
    client = platform.client
    quorum = {"reviewers": 2, "departments": {"Legal": 1}}
    ok(await client.post("/v1/policies", json={"key": "social-media", "title": "Social media", "quorum": quorum}))
    draft = {"source": OVERBROAD, "change_note": "The first.", "employee_number": "E-1"}
    version = f"{POLICY}/versions/{ok(await client.post(f'{POLICY}/versions', json=draft))['number']}"
    ok(await client.post(f"{version}/review", json={}))
    assert (await approve(client, version, "E-3"))["lacking"] == {"reviewers": 1, "departments": {"Legal": 1}}

    overbroad = [
        finding for finding in ok(await client.get(f"{version}/lint"))["findings"] if finding["section"] == "pay"
    ]
    assert "US" in {finding["jurisdiction"] for finding in overbroad}
    assert all(finding["source"]["citation"] and finding["narrower_wording"] for finding in overbroad)

    seen = ok(await client.post(f"{version}/recall", json={}))
    edit = {"source": NARROWER, "change_note": "Narrower, as the linter says.", "employee_number": "E-1"}
    refused(await client.put(version, json=edit, headers={"If-Match": '"1"'}), 412, "stale")
    edited = ok(await client.put(version, json=edit, headers={"If-Match": f'"{seen["revision"]}"'}))
    assert (edited["state"], edited["approvals"]) == ("draft", [])
    left = ok(await client.get(f"{version}/lint"))["findings"]
    assert not [finding for finding in left if finding["section"] == "pay" and finding["severity"] == "error"]

    ok(await client.post(f"{version}/review", json={}))
    refused(
        await client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": "E-1"}),
        409,
        "own-version",
    )
    assert (await approve(client, version, "E-3"))["state"] == "in_review"
    refused(await client.post(f"{version}/publication", json={}), 409, "not-approved")
    assert (await approve(client, version, "E-2"))["state"] == "approved"
    return version


async def takes_effect_at_its_time(platform: Platform, version: str) -> None:
    """Scheduled for tomorrow; in force then, once, also where the service was restarted in between."""
    client = platform.client
    at = (platform.clock.now() + DAY).isoformat()
    assert ok(await client.post(f"{version}/publication", json={"effective_at": at}))["state"] == "scheduled"
    assert (await client.get(POLICY)).status_code == 404
    await platform.stop_service("policy")
    platform.clock.advance(DAY)
    await platform.start_service("policy")
    await platform.advance(timedelta())

    async def in_force() -> bool:
        return (await client.get(POLICY)).status_code == 200

    await until(in_force, "the version in force")
    assert ok(await client.get(version))["state"] == "published"


async def is_accepted_and_proved(platform: Platform, version: str, folder: Path) -> None:
    """Ama accepts, and her receipt holds without the platform; changed, it does not."""
    ama = await platform.as_person("E-3")
    accepted = ok(await ama.post(f"{version}/acknowledgements", json={}))
    path = f"/v1/acknowledgements/{accepted['id']}/receipt"

    async def sealed() -> bool:
        return (await ama.get(path)).status_code == 200

    await until(sealed, "the seal of the receipt")
    proved = ok(await ama.get(path))
    for receipt, status in ((proved, 0), ({**proved, "receipt": {**proved["receipt"], "version": 9}}, 1)):
        (folder / "receipt.json").write_text(json.dumps(receipt))
        arguments = [sys.executable, str(SCRIPT), str(folder / "receipt.json"), proved["public_key"]]
        run = await asyncio.create_subprocess_exec(*arguments, stdout=PIPE, stderr=PIPE)
        _, said = await run.communicate()
        assert run.returncode == status, said
    assert (await (await platform.as_person("E-4")).get(path)).status_code == 404


async def asks_again_for_what_is_material(platform: Platform, first: str, campaign: str) -> None:
    """A new version that changes a duty: the diff shows the words, and who had accepted is asked anew."""
    client = platform.client
    draft = {"source": CHANGED, "change_note": "Clearer about the duty.", "material": True, "employee_number": "E-1"}
    version = f"{POLICY}/versions/{ok(await client.post(f'{POLICY}/versions', json=draft))['number']}"
    diff = ok(await client.get(f"{version}/diff", params={"against": first.rpartition("/")[2]}))
    changed = {section["id"]: section for section in diff["sections"] if section["change"] != "unchanged"}
    assert list(changed) == ["speak-as-yourself"]
    assert "<ins>" in changed["speak-as-yourself"]["html"]
    assert diff["material"]["suggested"]

    ok(await client.post(f"{version}/review", json={}))
    for number in ("E-2", "E-3"):
        await approve(client, version, number)
    ok(await client.post(f"{version}/publication", json={}))
    await platform.settle()
    found = ok(await client.get(campaign))
    assert (found["asked_version"], found["counts"]["missing"], found["counts"]["done"]) == (2, 4, 0)
    ama = await platform.as_person("E-3")
    (own,) = ok(await ama.get(f"{POLICY}/acknowledgements"))["items"]
    assert own["status"] == "missing"
    ok(await ama.post(f"{version}/acknowledgements", json={}))
    (own,) = ok(await ama.get(f"{POLICY}/acknowledgements"))["items"]
    assert (own["status"], own["accepted_version"]) == ("done", 2)


async def test_a_policy_is_written_approved_in_force_accepted_proved_and_asked_again(
    platform: Platform, tmp_path: Path
) -> None:
    client = platform.client
    ok(await client.post("/v1/people/imports", content=PEOPLE, headers={"Content-Type": "text/csv"}))
    await platform.settle()
    version = await is_written_and_approved(platform)
    await takes_effect_at_its_time(platform, version)
    wish = {"policy": "social-media", "title": "First round", "due_at": (platform.clock.now() + 9 * DAY).isoformat()}
    campaign = (
        f"/v1/acknowledgement-campaigns/{ok(await client.post('/v1/acknowledgement-campaigns', json=wish))['id']}"
    )
    await is_accepted_and_proved(platform, version, tmp_path)
    assert ok(await client.get(campaign))["counts"]["done"] == 1
    await asks_again_for_what_is_material(platform, version, campaign)

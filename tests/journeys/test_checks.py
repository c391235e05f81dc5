"""Can I post this? Asked through the gateway: exact answers in five languages, and no trace of what was asked."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared import logs
from shared.settings import Environment, SharedSettings
from tests.journeys.test_the_loop import ok
from tests.platform import Platform

POLICY = """---
title: Social media policy
---
# Speak as yourself {#speak-as-yourself}
```rule
id: disclose-employer
severity: hold
detect:
  disclosure:
    of: [Northwind, Gleam]
    tags: ["#NorthwindTeam", I work at Northwind, ich arbeite bei Northwind, trabalho na Northwind]
message: Say that you work here.
suggestion: Add #NorthwindTeam.
examples: {match: [Gleam is great], pass: ["Gleam is great #NorthwindTeam"]}
```
# Be kind {#be-kind}
```rule
id: no-insults
severity: block
evasion: strict
detect:
  words: [idiot, moron]
  languages: {de: [Trottel, Vollidiot], fr: [crétin], es: [imbécil], pt: [babaca]}
message: Leave the insult out.
examples: {match: [You idiot], pass: [You friend]}
```
# Keep secrets {#keep-secrets}
```rule
id: code-name
severity: block
evasion: strict
detect: {words: [Project Heron]}
message: That is not out yet.
examples: {match: [Project Heron is fun], pass: [A heron is a bird]}
```
```rule
id: personal-data
severity: block
detect: {pii: [email, iban]}
message: Personal data stays private.
examples: {match: [ask ana@x.example], pass: [ask Ana]}
```
# Be accurate {#be-accurate}
```rule
id: health-claims
severity: hold
detect: {pattern: '(?i)\\b(?:cures|heilt|guérit|cura)\\b'}
message: A claim about health needs an approval.
examples: {match: [It cures colds], pass: [It is warm]}
```
```rule
id: short-links
severity: advise
detect: {links: {domains: [bit.ly]}}
message: People like to see where a link leads.
examples: {match: ["https://bit.ly/x"], pass: ["https://northwind.example/x"]}
```
"""

POSTS: list[tuple[str, str, list[tuple[str, str, str]], list[str]]] = [
    ("Loving my Gleam lamp!", "hold", [("disclose-employer", "hold", "Gleam")], []),
    ("Loving my Gleam lamp! #NorthwindTeam", "clear", [], []),
    ("\N{GRINNING FACE} You 1d10t, read the manual", "block", [("no-insults", "block", "1d10t")], []),
    ("Project Her0n ships in May", "block", [("code-name", "block", "Project Her0n")], []),
    (
        "Our wages at Northwind have not moved in three years",
        "advise",
        [("disclose-employer", "advise", "Northwind")],
        ["pay"],
    ),
    ("Write to jo@gleamfan.example", "block", [("personal-data", "block", "jo@gleamfan.example")], []),
    ("Die neue Gleam ist großartig \N{GRINNING FACE}", "hold", [("disclose-employer", "hold", "Gleam")], []),
    ("Ich arbeite bei Northwind und mag die neue Gleam.", "clear", [], []),
    ("Du V\u200bollidiot!", "block", [("no-insults", "block", "V\u200bollidiot")], []),
    (
        "Unser Betriebsrat fordert bei Northwind mehr Lohn, ihr Trottel",
        "advise",
        [("no-insults", "advise", "Trottel"), ("disclose-employer", "advise", "Northwind")],
        ["pay", "organising"],
    ),
    (
        "La \uff27\uff4c\uff45\uff41\uff4d est géniale",
        "hold",
        [("disclose-employer", "hold", "\uff27\uff4c\uff45\uff41\uff4d")],
        [],
    ),
    ("Cette crème gue\u0301rit tout", "hold", [("health-claims", "hold", "gue\u0301rit")], []),
    (
        "On est en grève contre les horaires de travail chez Northwind",
        "advise",
        [("disclose-employer", "advise", "Northwind")],
        ["hours", "organising"],
    ),
    (
        "El IBAN es ES91 2100 0418 4502 0005 1332.",
        "block",
        [("personal-data", "block", "ES91 2100 0418 4502 0005 1332")],
        [],
    ),
    ("Eres un \u0456mbécil", "block", [("no-insults", "block", "\u0456mbécil")], []),
    (
        "Mi sueldo en Northwind no llega a fin de mes",
        "advise",
        [("disclose-employer", "advise", "Northwind")],
        ["pay"],
    ),
    (
        "A Gleam é ótima! https://bit.ly/abc",
        "hold",
        [("disclose-employer", "hold", "Gleam"), ("short-links", "advise", "https://bit.ly/abc")],
        [],
    ),
    ("Trabalho na Northwind e adoro a Gleam", "clear", [], []),
    (
        "Não há segurança no trabalho, e o sindicato da Northwind já avisou",
        "advise",
        [("disclose-employer", "advise", "Northwind")],
        ["safety", "organising"],
    ),
    ("Bom dia a todos \N{HOT BEVERAGE}", "clear", [], []),
]


async def publish(platform: Platform) -> None:
    """Bring the policy into force, with one person who writes and one who approves."""
    client = platform.client
    for number, name in (("E-1", "Ana Sá"), ("E-2", "Bo Lind")):
        person = {
            "employee_number": number,
            "name": name,
            "email": f"{number}@x.example",
            "department": "Care",
            "region": "EMEA",
        }
        await ok(await client.post("/v1/people", json=person))
    await platform.settle()
    await ok(await client.post("/v1/policies", json={"key": "social", "title": "Social media policy"}))
    draft = {"source": POLICY, "change_note": "first", "employee_number": "E-1"}
    made = await ok(await client.post("/v1/policies/social/versions", json=draft))
    assert made["problems"] == []
    version = "/v1/policies/social/versions/1"
    await ok(await client.post(f"{version}/review", json={}))
    await ok(await client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": "E-2"}))
    await ok(await client.post(f"{version}/publication", json={}))
    await platform.settle()


async def test_twenty_posts_in_five_languages_get_the_right_answer_at_the_right_place(platform: Platform) -> None:
    await publish(platform)
    items = [{"text": text, "network": "mastodon", "employee_number": "E-1"} for text, *_ in POSTS]
    answers = (await ok(await platform.client.post("/v1/checks", json={"items": items})))["items"]
    for (text, verdict, reasons, topics), answer in zip(POSTS, answers, strict=True):
        found = [
            (each["rule"], each["severity"], text[each["span"]["start"] : each["span"]["end"]])
            for each in answer["reasons"]
        ]
        assert (text, answer["verdict"], found) == (text, verdict, reasons)
        guard = answer["protected"]
        assert [each["topic"] for each in (guard["topics"] if guard else [])] == topics
        if guard:
            assert guard["version"]
            assert {"US", "EU", "DE"} <= {law["jurisdiction"] for law in guard["laws"]}
            assert all(law["source"].startswith("https://") for law in guard["laws"])


MARK = "Quibbleflux"
PRIVATE = f"{MARK} says Gleam is great, you idiot"
ASKED: list[tuple[dict[str, Any], int]] = [
    ({"text": PRIVATE, "employee_number": "E-1"}, 200),
    ({"items": [{"text": PRIVATE}, {"text": PRIVATE, "links": [f"https://{MARK}.example"]}]}, 200),
    ({"text": PRIVATE, "employee_number": "E-404"}, 404),
    ({"text": PRIVATE, "kind": PRIVATE}, 422),
    ({"text": PRIVATE, "media": [{"kind": PRIVATE}]}, 422),
    ({"text": [PRIVATE]}, 422),
    ({"items": PRIVATE}, 422),
]


@pytest.fixture
def talkative() -> Iterator[None]:
    """Log all there is to log, from the first request on."""
    logs.configure(SharedSettings(environment=Environment.TEST, log_level="debug"), "test")
    yield
    logs.configure(SharedSettings(environment=Environment.TEST, log_level="error"), "test")


def files_with_mark(folder: Path) -> set[str]:
    """Return the names of the files, databases and broker's store among them, in which the mark stands."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert {".blk", ".db"} <= {file.suffix for file in files}
    return {file.name for file in files if MARK.lower().encode() in file.read_bytes().lower()}


async def test_what_is_asked_leaves_no_trace_anywhere(
    platform: Platform, tmp_path: Path, talkative: None, capfd: pytest.CaptureFixture[str]
) -> None:
    del talkative
    await publish(platform)
    for number, (body, status) in enumerate(ASKED):
        answer = await platform.client.post("/v1/checks", json=body, headers={"Idempotency-Key": f"key-{number}"})
        assert answer.status_code == status, answer.text
        assert answer.is_success or MARK.lower() not in answer.text.lower()
    json_type = {"Content-Type": "application/json"}
    broken = await platform.client.post("/v1/checks", content=f'{{"text": "{PRIVATE}', headers=json_type)
    assert (broken.status_code, MARK in broken.text) == (422, False)
    await platform.settle()

    traces = capfd.readouterr()
    said = traces.out + traces.err
    assert "/v1/checks" in said, "the requests are logged"
    for client in (platform.client, *platform.services.values()):
        said += (await client.get("/metrics")).text
    assert MARK.lower() not in said.lower()
    assert await asyncio.to_thread(files_with_mark, tmp_path) == set()

    await ok(await platform.client.post("/v1/checks", json={"text": PRIVATE, "keep": True}))
    found = await asyncio.to_thread(files_with_mark, tmp_path)
    assert {re.split("[._-]", name)[0] for name in found} == {"policy"}, (
        "a kept draft is in its service's database alone"
    )

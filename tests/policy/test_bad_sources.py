"""Sources that are wrong, hostile, or written for another tool."""

import time
from typing import Any

import pytest

from tests.policy.conftest import POLICY, PolicyService


def slug(answer: Any) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[1]


async def test_everything_wrong_in_a_source_is_told_with_its_line(service: PolicyService) -> None:
    source = POLICY.replace("severity: block", "severity: terrible").replace(
        "## Be kind", "## Be kind {#speak-as-yourself}"
    )
    answer = await service.client.post("/v1/policies", json={"key": "broken", "title": "Broken"})
    answer = await service.client.post("/v1/policies/broken/versions", json={"source": source, "change_note": "x"})

    assert (answer.status_code, slug(answer)) == (422, "invalid-source")
    first, second = answer.json()["errors"]
    assert first["pointer"] == second["pointer"] == "/source"
    assert first["detail"].startswith('Line 20: the section id "speak-as-yourself" is that of line 5')
    assert second["detail"].startswith('Line 25: rule "no-insults": /severity:')


async def test_script_in_a_source_never_reaches_a_page(service: PolicyService) -> None:
    source = "# Hello\n<script>alert(1)</script>\n\n[click](javascript:alert(1)) <b onclick=x>there</b>\n"
    version = (await service.client.get(await service.write(source))).json()
    html = version["sections"][0]["html"]
    assert "<script" not in html
    assert "<b" not in html
    assert "href" not in html


RULE = """# A
```rule
id: a
severity: hold
detect: {telepathy: [x]}
message: m
examples: {match: [x], pass: [y]}
```
"""
BOMB = "---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n# A\n"


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ("# A\n" + "word " * 1_000_000, (413, 422), None),
        (
            "".join(f"# S{number}\nx\n" for number in range(10_000)),
            (422,),
            "Line 401: a policy has at most 200 sections.",
        ),
        (BOMB, (422,), "Line 2: front matter: Anchors and aliases"),
        (RULE, (422,), 'Line 5: rule "a": /detect'),
        (RULE.replace("{telepathy: [x]}", "{pattern: '(a+)+(?=b)'}"), (422,), 'Line 5: rule "a": /detect/pattern'),
        ("---\nlocale: klingon\n---\n# A\n", (422,), "Line 1: front matter, locale"),
        ("# A {#x}\n# B {#x}\n", (422,), 'Line 2: the section id "x" is that of line 1'),
        ("# A {#Über uns}\n", (422,), 'Line 1: the id "Über uns" must be'),
        ("# A\n```rule\n" + "[" * 50_000 + "\n```\n", (422,), "Line 3: rule: "),
        ("", (422,), None),
        ("---\ntitle: x\n---\n", (422,), "Line 4: a policy needs at least one section"),
    ],
    ids=[
        "5 MB",
        "10,000 sections",
        "YAML bomb",
        "unknown detector",
        "lookahead",
        "locale",
        "ids",
        "odd id",
        "deep",
        "empty",
        "no text",
    ],
)
async def test_a_bad_source_is_refused_soon_and_leaves_nothing(
    service: PolicyService, source: str, status: tuple[int, ...], said: str | None
) -> None:
    await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours"})
    started = time.process_time()
    path = "/v1/policies/social-media/versions"
    answer = await service.client.post(path, json={"source": source, "change_note": "x"})
    assert time.process_time() - started < 5
    assert answer.status_code in status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert len(answer.content) < 20_000
    if said:
        assert answer.json()["errors"][0]["detail"].startswith(said), answer.json()["errors"]
    assert (await service.client.get(path)).json()["items"] == []
    assert await service.evidence("policy.version.written") == []


async def test_a_policy_written_for_another_tool_is_taken_with_warnings(service: PolicyService) -> None:
    source = """---
title: Social
lang: pt-br
layout: page
tags:
  - a
---
Hello ![logo](https://elsewhere.example/x.png), see [the rest](/rest).

## Asking {#asking}
In {% slack "help" %} or <b>here</b>.
"""
    version = (await service.client.get(await service.write(source))).json()
    assert (version["title"], version["locale"]) == ("Social", "pt-BR")
    assert [(each["line"], each["message"].split(" ")[0]) for each in version["warnings"]] == [
        (1, "front"),
        (1, "front"),
        (8, "an"),
        (8, "the"),
        (11, "the"),
        (11, "HTML"),
    ]
    assert version["sections"][0]["html"] == "<p>Hello logo, see the rest.</p>\n"

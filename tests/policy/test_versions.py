"""From a draft to what is in force."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.clock import ShiftedClock
from tests.policy.conftest import POLICY, PolicyService, serve
from tests.servers import NatsServer

FAILING = POLICY.replace('pass: ["I would not buy that"]', 'pass: ["What idiots!"]')


def slug(answer: Any) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[1]


async def test_a_version_says_its_sections_and_rules(service: PolicyService) -> None:
    version = (await service.client.get(await service.write())).json()

    assert [(each["id"], each["heading"], each["level"]) for each in version["sections"]] == [
        ("speak-as-yourself", "Speak as yourself", 1),
        ("be-kind", "Be kind", 2),
    ]
    assert version["sections"][1]["html"] == "<p>Nobody was ever <em>persuaded</em> by an insult.</p>\n"
    assert version["sections"][0]["markdown"] == "Say who you work for when you talk about our products."
    assert [(each["id"], each["section"]) for each in version["rules"]] == [
        ("disclose-employer", "speak-as-yourself"),
        ("no-insults", "be-kind"),
    ]
    assert (version["state"], version["problems"]) == ("draft", [])


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


async def test_a_version_in_force_replaces_the_one_before(service: PolicyService) -> None:
    await service.publish()
    await service.publish(POLICY.replace("Nobody was", "No one was"))

    in_force = (await service.client.get("/v1/policies/social-media")).json()
    assert (in_force["version"], in_force["title"]) == (2, "Social media policy")
    states = [
        (each["number"], each["state"])
        for each in (await service.client.get("/v1/policies/social-media/versions")).json()["items"]
    ]
    assert states == [(2, "published"), (1, "superseded")]
    assert [each["version"] for each in await service.told("policy.version.in_force.v1")] == [1, 2]
    assert [each["version"] for each in await service.told("policy.version.superseded.v1")] == [1]


async def test_a_client_that_has_the_version_in_force_gets_304_until_another_comes(service: PolicyService) -> None:
    await service.publish()
    first = await service.client.get("/v1/policies/social-media")
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await service.client.get("/v1/policies/social-media", headers=known)).status_code == 304

    await service.publish()
    assert (await service.client.get("/v1/policies/social-media", headers=known)).status_code == 200


async def test_nobody_approves_what_they_wrote(service: PolicyService) -> None:
    version = await service.write(author="E-1")
    await service.client.post(f"{version}/review", json={})
    own = await service.as_person("E-1", "policies:write").post(f"{version}/approvals", json={"decision": "approve"})
    assert (own.status_code, slug(own)) == (409, "own-version")
    outsider = await service.as_person("E-3").post(f"{version}/approvals", json={"decision": "approve"})
    assert outsider.status_code == 404  # a draft is not for everyone
    assert (await service.client.get(version)).json()["state"] == "in_review"


async def test_a_key_that_wrote_in_somebodys_name_approves_in_nobodys(service: PolicyService) -> None:
    version = await service.write(author="E-1")
    await service.client.post(f"{version}/review", json={})
    answer = await service.client.post(f"{version}/approvals", json={"decision": "approve"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/employee_number")
    assert (await service.client.get(version)).json()["state"] == "in_review"


async def test_nobody_approves_what_they_wrote_before_someone_else_edited_it(service: PolicyService) -> None:
    version = await service.write()
    edited = {"source": POLICY.replace("Nobody was", "No one was"), "change_note": "clearer", "employee_number": "E-2"}
    await service.client.put(version, json=edited)
    await service.client.post(f"{version}/review", json={})

    for writer in ("E-1", "E-2"):
        approval = {"decision": "approve", "employee_number": writer}
        own = await service.client.post(f"{version}/approvals", json=approval)
        assert (own.status_code, slug(own)) == (409, "own-version")
    approval = {"decision": "approve", "employee_number": "E-3"}
    assert (await service.client.post(f"{version}/approvals", json=approval)).status_code == 201


async def test_a_version_is_approved_by_its_quorum_of_different_reviewers(service: PolicyService) -> None:
    await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours", "quorum": 2})
    version = await service.write()
    await service.client.post(f"{version}/review", json={})

    async def approve(number: str) -> Any:
        return await service.client.post(
            f"{version}/approvals", json={"decision": "approve", "employee_number": number}
        )

    assert (await approve("E-2")).json()["state"] == "in_review"
    assert slug(await approve("E-2")) == "already-decided"
    early = await service.client.post(f"{version}/publication", json={})
    assert (early.status_code, slug(early)) == (409, "not-approved")
    assert (await approve("E-3")).json()["state"] == "approved"

    # The key spoke for two people; evidence names them, and what they approved.
    content = (await service.client.get(version)).json()["content_hash"]
    subject = "policies/social-media/versions/1"
    assert await service.evidence("policy.version.written") == [(subject, content, service.people["E-1"])]
    assert await service.evidence("policy.version.approved") == [
        (subject, content, service.people["E-2"]),
        (subject, content, service.people["E-3"]),
    ]


async def test_a_rejected_version_is_edited_and_approved_anew(service: PolicyService) -> None:
    version = await service.write()
    await service.client.post(f"{version}/review", json={})
    body = {"source": POLICY.replace("Nobody", "No one"), "change_note": "Friendlier."}
    assert slug(await service.client.put(version, json=body)) == "not-a-draft"

    rejection = {"decision": "reject", "comment": "Friendlier, please.", "employee_number": "E-2"}
    assert (await service.client.post(f"{version}/approvals", json=rejection)).json()["state"] == "draft"
    draft = await service.client.get(version)
    stale = await service.client.put(version, json=body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    edited = await service.client.put(version, json=body, headers={"If-Match": draft.headers["ETag"]})
    assert edited.json()["content_hash"] != draft.json()["content_hash"]
    assert edited.json()["approvals"] == []
    await service.approve(version)


async def test_a_version_whose_rule_fails_its_own_example_is_not_published(service: PolicyService) -> None:
    version = await service.write(FAILING)
    (problem,) = (await service.client.get(version)).json()["problems"]
    assert (problem["rule"], problem["example"], problem["expected"]) == ("no-insults", "What idiots!", "pass")

    await service.approve(version)
    answer = await service.client.post(f"{version}/publication", json={})
    assert (answer.status_code, slug(answer)) == (409, "failing-examples")
    assert "no-insults" in answer.json()["detail"]
    assert "What idiots!" in answer.json()["detail"]
    assert (await service.client.get("/v1/policies/social-media")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "text"), [("match", "Only an idiot would buy that"), ("pass", "I would not buy that")]
)
async def test_a_rule_without_both_kinds_of_examples_is_not_published(
    service: PolicyService, kind: str, text: str
) -> None:
    version = await service.write(POLICY.replace(f'{kind}: ["{text}"]', f"{kind}: []"))
    await service.approve(version)
    answer = await service.client.post(f"{version}/publication", json={})
    assert (answer.status_code, slug(answer)) == (409, "failing-examples")
    said = f"has no {kind} examples: at least one under `{kind}` is needed"
    assert answer.json()["detail"] == f'The rule "no-insults" {said}'
    assert [each["detail"] for each in answer.json()["errors"]] == [f'rule "no-insults" {said}']


async def test_a_scheduled_version_comes_into_force_at_its_time_and_once(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish()
    version = await service.write(POLICY.replace("Nobody", "No one"))
    await service.approve(version)
    at = service.clock.now() + timedelta(days=3)
    answer = await service.client.post(f"{version}/publication", json={"effective_at": at.isoformat()})
    assert answer.json()["state"] == "scheduled"

    await service.advance(timedelta(days=2))
    assert (await service.client.get("/v1/policies/social-media")).json()["version"] == 1
    later = await service.client.get("/v1/policies/social-media", params={"at": at.isoformat()})
    assert later.json()["version"] == 2

    await service.advance(timedelta(days=1))
    await service.advance(timedelta(seconds=1))
    assert (await service.client.get("/v1/policies/social-media")).json()["version"] == 2
    earlier = await service.client.get("/v1/policies/social-media", params={"at": (at - timedelta(days=1)).isoformat()})
    assert earlier.json()["version"] == 1
    assert [each["version"] for each in await service.told("policy.version.in_force.v1")] == [1, 2]


@pytest.mark.parametrize("when", ["-1h", "9999-12-31T23:59:59-14:00", "2030-01-01T00:00:00"])
async def test_a_time_that_makes_no_sense_is_refused(service: PolicyService, when: str) -> None:
    version = await service.write()
    await service.approve(version)
    at = (service.clock.now() - timedelta(hours=1)).isoformat() if when == "-1h" else when
    answer = await service.client.post(f"{version}/publication", json={"effective_at": at})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/effective_at"]


async def test_a_version_is_published_only_once_by_many_at_the_same_time(service_on_both: PolicyService) -> None:
    version = await service_on_both.write()
    await service_on_both.approve(version)
    answers = await asyncio.gather(*(service_on_both.client.post(f"{version}/publication", json={}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await service_on_both.told("policy.version.in_force.v1")) == 1


async def test_versions_written_at_the_same_time_get_different_numbers(service_on_both: PolicyService) -> None:
    await service_on_both.write()
    versions = await asyncio.gather(*(service_on_both.write() for _ in range(8)))
    assert sorted(int(version.rsplit("/", 1)[1]) for version in versions) == list(range(2, 10))


async def test_a_request_repeated_with_its_key_writes_one_version(service_on_both: PolicyService) -> None:
    client = service_on_both.client
    await client.post("/v1/policies", json={"key": "social-media", "title": "Ours"})
    body = {"source": POLICY, "change_note": "First."}
    path, headers = "/v1/policies/social-media/versions", {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(client.post(path, json=body, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len((await client.get(path)).json()["items"]) == 1
    other = await client.post(path, json={**body, "change_note": "Second."}, headers=headers)
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")


async def test_a_withdrawn_version_never_comes_into_force(service: PolicyService) -> None:
    version = await service.write()
    await service.approve(version)
    at = service.clock.now() + timedelta(days=1)
    await service.client.post(f"{version}/publication", json={"effective_at": at.isoformat()})
    assert (await service.client.post(f"{version}/withdrawal", json={"reason": "A mistake."})).json()[
        "state"
    ] == "withdrawn"
    await service.advance(timedelta(days=2))
    assert (await service.client.get("/v1/policies/social-media")).status_code == 404


async def test_a_diff_names_what_became_of_each_section_and_rule(service: PolicyService) -> None:
    await service.write()
    changed = POLICY.replace("Nobody was ever", "No one was ever").replace("words: [idiot, idiots]", "words: [idiot]")
    version = await service.write(changed.replace("# Speak as yourself {#speak-as-yourself}", "# Say who you are"))
    diff = (await service.client.get(f"{version}/diff", params={"against": 1})).json()
    assert [(each["id"], each["change"]) for each in diff["sections"]] == [
        ("say-who-you-are", "added"),
        ("be-kind", "changed"),
        ("speak-as-yourself", "removed"),
    ]
    assert {each["id"]: each["change"] for each in diff["rules"]} == {
        "disclose-employer": "changed",
        "no-insults": "changed",
    }


@pytest.mark.parametrize("layout", ["\n\n", "   \n", "\r\n"])
async def test_the_hash_of_a_section_is_that_of_its_words(service: PolicyService, layout: str) -> None:
    def sections(version: Any) -> list[str]:
        return [each["hash"] for each in version.json()["sections"]]

    before = await service.client.get(await service.write())
    same = await service.client.get(await service.write(POLICY.replace("products.\n", f"products.{layout}")))
    other = await service.client.get(await service.write(POLICY.replace("insult.\n", "insult!\n")))
    assert sections(same) == sections(before)
    assert [old == new for old, new in zip(sections(before), sections(other), strict=True)] == [True, False]
    assert same.json()["content_hash"] == before.json()["content_hash"] != other.json()["content_hash"]


async def approve_as(service: PolicyService, version: str, number: str) -> Any:
    return await service.client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": number})


async def test_of_two_editors_the_second_is_given_both_texts(service: PolicyService) -> None:
    version = await service.write()
    etag = (await service.client.get(version)).headers["ETag"]
    theirs = {"source": POLICY.replace("Nobody was", "No one was"), "change_note": "Theirs."}
    mine = {"source": POLICY.replace("Nobody was", "No colleague was"), "change_note": "Mine."}
    assert (await service.client.put(version, json=theirs, headers={"If-Match": etag})).status_code == 200

    stale = await service.client.put(version, json=mine, headers={"If-Match": etag})
    assert (stale.status_code, slug(stale)) == (412, "stale")
    assert stale.json()["stored"] == {"revision": 2, "material": True, **theirs}
    assert stale.json()["sent"] == {"revision": 1, "material": True, **mine}
    assert (await service.client.get(version)).json()["source"] == theirs["source"]


async def test_an_edit_clears_the_approvals_given_so_far(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours", "quorum": 2})
    version = await service.write()
    await service.client.post(f"{version}/review", json={})
    await approve_as(service, version, "E-2")
    assert (await approve_as(service, version, "E-3")).json()["state"] == "approved"

    recalled = await service.client.post(f"{version}/recall", json={})
    assert (recalled.json()["state"], recalled.json()["approvals"]) == ("draft", [])
    edited = {"source": POLICY.replace("Nobody was", "No one was"), "change_note": "clearer", "employee_number": "E-1"}
    assert (await service.client.put(version, json=edited)).status_code == 200
    assert slug(await service.client.post(f"{version}/publication", json={})) == "not-approved"

    again = (await service.client.post(f"{version}/review", json={})).json()
    assert again["lacking"] == {"reviewers": 2, "departments": {}}
    assert (await approve_as(service, version, "E-2")).json()["state"] == "in_review"
    assert (await approve_as(service, version, "E-4")).json()["state"] == "approved"


async def test_what_is_scheduled_is_withdrawn_rather_than_recalled(service: PolicyService) -> None:
    version = await service.write()
    await service.approve(version)
    at = service.clock.now() + timedelta(days=1)
    await service.client.post(f"{version}/publication", json={"effective_at": at.isoformat()})
    refused = await service.client.post(f"{version}/recall", json={})
    assert (refused.status_code, slug(refused)) == (409, "not-in-review")
    await service.client.post(f"{version}/withdrawal", json={"reason": "A mistake."})
    again = await service.client.post(f"{version}/withdrawal", json={"reason": "A mistake."})
    assert slug(again) == "already-withdrawn"
    assert await service.told("policy.version.withdrawn.v1") == [{"policy": "social-media", "version": 1}]


async def test_a_quorum_names_departments_whose_approval_is_needed(service: PolicyService) -> None:
    quorum = {"reviewers": 2, "departments": {"Communications": 1}}
    made = await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours", "quorum": quorum})
    assert made.json()["quorum"] == quorum
    await service.hear_of("E-5", "Support")
    version = await service.write()
    await service.client.post(f"{version}/review", json={})

    await approve_as(service, version, "E-3")
    second = (await approve_as(service, version, "E-5")).json()
    assert (second["state"], second["lacking"]) == ("in_review", {"reviewers": 0, "departments": {"Communications": 1}})
    # A move to the department afterwards does not change in whose name somebody approved.
    await service.hear_of("E-5", "Communications")
    assert (await service.client.get(version)).json()["lacking"]["departments"] == {"Communications": 1}
    assert (await approve_as(service, version, "E-4")).json()["state"] == "approved"


async def test_another_quorum_counts_also_for_what_is_under_review(service_on_both: PolicyService) -> None:
    service = service_on_both
    version = await service.write()
    await service.approve(version)
    path = "/v1/policies/social-media/quorum"
    quorum = await service.client.get(path)
    more = {"reviewers": 2, "departments": {"Support": 1}}
    answer = await service.client.put(path, json=more, headers={"If-Match": quorum.headers["ETag"]})
    assert answer.json() == {**more, "revision": 2}
    stale = await service.client.put(path, json={"reviewers": 1}, headers={"If-Match": quorum.headers["ETag"]})
    assert stale.status_code == 412

    assert (await service.client.get(version)).json()["state"] == "in_review"
    assert slug(await service.client.post(f"{version}/publication", json={})) == "not-approved"
    assert (await approve_as(service, version, "E-3")).json()["state"] == "approved"
    assert (await service.as_person("E-3").put(path, json={"reviewers": 1})).status_code == 403


async def test_a_scheduled_version_comes_into_force_once_although_the_service_was_down(
    tmp_path: Path, nats: NatsServer, database_url: Callable[[str], str], clock: ShiftedClock
) -> None:
    url = database_url("policy")
    running = contextlib.asynccontextmanager(serve)
    async with running(tmp_path, nats.url, url, clock) as service:
        await service.publish()
        version = await service.write(POLICY.replace("Nobody", "No one"))
        await service.approve(version)
        at = service.clock.now() + timedelta(days=3)
        await service.client.post(f"{version}/publication", json={"effective_at": at.isoformat()})

    clock.advance(timedelta(days=4))
    for _ in range(2):
        async with running(tmp_path, nats.url, url, clock) as service:
            late = await service.client.post(f"{version}/withdrawal", json={"reason": "Too late."})
            assert slug(late) == "already-published"
            await service.advance(timedelta(seconds=1))
            in_force = (await service.client.get("/v1/policies/social-media")).json()
            assert (in_force["version"], in_force["effective_at"]) == (2, at.isoformat().replace("+00:00", "Z"))
            assert [each["version"] for each in await service.told("policy.version.in_force.v1")] == [1, 2]
            assert [each["version"] for each in await service.told("policy.version.superseded.v1")] == [1]
            assert len(await service.evidence("policy.version.in_force")) == 1


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

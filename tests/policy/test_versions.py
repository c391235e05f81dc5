"""From a draft to what is in force."""

import asyncio
import contextlib
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

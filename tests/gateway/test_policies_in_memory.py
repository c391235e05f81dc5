"""The policy in force as intranets read it: from memory, byte by byte as its owner says it."""

import re

from tests.gateway.story import POLICY, add_people, client_with, publish
from tests.platform import Platform

PATH = "/v1/policies/social-media"
ENGLISH = "# Answering customers {#answering}\nWe answer within a day.\n"


async def test_the_answer_from_memory_is_the_owners_answer(platform: Platform) -> None:
    await add_people(platform, 2)
    await publish(platform)
    await platform.settle()
    reader = await client_with(platform, "policies:read")

    kept = await reader.get(PATH)
    owners = await platform.services["policy"].get(PATH)
    assert (kept.content, kept.headers["ETag"]) == (owners.content, owners.headers["ETag"])
    again = await reader.get(PATH, headers={"If-None-Match": kept.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_policy_is_served_while_its_owner_is_away_and_after_a_restart(platform: Platform) -> None:
    await add_people(platform, 2)
    await publish(platform)
    await platform.settle()
    await platform.stop_service("policy")
    await platform.stop_service("gateway")
    await platform.start_service("gateway")

    assert (await platform.client.get(PATH)).json()["version"] == 1
    assert (await platform.client.get("/embed/policies/social-media")).status_code == 200
    assert (await platform.client.get("/v1/policies")).status_code == 503
    await platform.start_service("policy")


async def test_who_publishes_reads_the_new_version_at_once(platform: Platform) -> None:
    await add_people(platform, 2)
    for version in range(1, 6):
        await publish(platform, POLICY.replace("24 hours", f"{version} hours"), wait=0)
        assert (await platform.client.get(PATH)).json()["version"] == version


async def test_others_read_the_new_version_when_the_write_has_been_waited_for(platform: Platform) -> None:
    await add_people(platform, 2)
    reader = await client_with(platform, "policies:read")
    for version in range(1, 4):
        answer = await publish(platform, POLICY.replace("24 hours", f"{version} hours"))
        assert "Preference-Applied" in answer.headers
        assert (await reader.get(PATH)).json()["version"] == version


async def test_memory_gives_nothing_to_who_may_not_read_policies(platform: Platform) -> None:
    await add_people(platform, 2)
    await publish(platform)
    await platform.settle()
    other = await client_with(platform, "people:read")

    assert (await other.get(PATH)).status_code == 403
    assert (await other.get("/embed/policies/social-media")).status_code == 403


async def test_a_policy_is_served_in_each_language_while_its_owner_is_away_and_after_a_restart(
    platform: Platform,
) -> None:
    await add_people(platform, 2)
    await publish(platform)
    answer = await platform.client.put(
        f"{PATH}/versions/1/translations/en", json={"source": ENGLISH}, headers={"Prefer": "wait=5"}
    )
    assert (answer.is_success, "Preference-Applied" in answer.headers) == (True, True), answer.text
    reader = await client_with(platform, "policies:read")
    owners = await platform.services["policy"].get(PATH, params={"locale": "en"})
    await platform.stop_service("policy")
    await platform.stop_service("gateway")
    await platform.start_service("gateway")

    kept = await reader.get(PATH, params={"locale": "en"})
    assert kept.content == owners.content
    assert {name: kept.headers[name] for name in ("ETag", "Content-Language")} == {
        "ETag": owners.headers["ETag"],
        "Content-Language": "de, en",
    }
    assert (await reader.get(PATH)).headers["Content-Language"] == "de"

    page = await reader.get("/embed/policies/social-media", params={"lang": "en-GB"})
    assert page.headers["Content-Language"] == "de, en"
    assert re.findall(r'<section id="([^"]+)"[^>]* lang="(\w+)"', page.text) == [("speak-as-yourself", "de")]
    assert page.text.count('class="foreign"') == 1
    assert "We answer within a day." in page.text
    french = await reader.get("/embed/policies/social-media", params={"lang": "fr"})
    assert french.text.count('class="foreign"') == 2
    assert '<html lang="de"' in french.text
    await platform.start_service("policy")

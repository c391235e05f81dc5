"""The demonstration organisation: loaded through the public API, complete, and alive."""

import asyncio
from typing import Any

from services.client import Api, Place
from services.demo.life import Life
from services.demo.seed import Seed
from tests.platform import KEY, Platform

POSTS = 450


def load(api: Api) -> None:
    for step in Seed(api, POSTS).steps():
        for _ in step.work():
            pass


async def everything(platform: Platform) -> dict[str, list[Any]]:
    """Return what is there, by path."""
    paths = [
        "people",
        "posts",
        "findings",
        "guidance",
        "task-team/nominations",
        "task-team/questions",
        "policies/social-media/faq",
        "acknowledgement-campaigns",
        "accounts",
        "certificates",
        "conversations",
    ]
    found: dict[str, list[Any]] = {}
    for path in paths:
        items, cursor = [], ""
        while cursor is not None:
            page = (
                await platform.client.get(
                    f"/v1/{path}", params={"limit": 200, **({"cursor": cursor} if cursor else {})}
                )
            ).json()
            items += page["items"]
            cursor = page["next_cursor"]
        found[path] = items
    return found


async def look_at_the_policy(platform: Platform, first: dict[str, list[Any]]) -> None:
    """See what belongs to the policy: a translation, a campaign under way, a question open and one for all to read."""
    german = (await platform.client.get("/v1/policies/social-media", params={"locale": "de"})).json()
    assert (german["title"], sum(section["locale"] == "de" for section in german["sections"])) == (
        "Richtlinie für soziale Medien",
        6,
    )
    assert [one["state"] for one in first["task-team/questions"]].count("answered") == 1
    assert len(first["task-team/questions"]) == 2
    assert len(first["policies/social-media/faq"]) == 1
    (campaign,) = first["acknowledgement-campaigns"]
    assert 0 < campaign["counts"]["done"] < campaign["counts"]["people"] == 120


async def test_the_demonstration_is_a_whole_organisation_and_loading_it_again_changes_nothing(
    platform: Platform,
) -> None:
    with Api(Place(platform.running["gateway"].url, KEY)) as api:
        await asyncio.to_thread(load, api)
        await platform.settle()
        first = await everything(platform)
        await asyncio.to_thread(load, api)
        await platform.settle()
        again = await everything(platform)
        life = Life(api)
        for _ in range(10):
            await asyncio.to_thread(life.turn)
        await platform.settle()
        alive = await everything(platform)

    assert {path: len(items) for path, items in first.items()} == {path: len(items) for path, items in again.items()}
    assert len(first["people"]) == 120
    assert len(first["posts"]) == POSTS
    assert len({finding["rule"] for finding in first["findings"]}) >= 18
    assert {one["certification"] for one in first["certificates"]} == {
        "principles",
        "responder",
        "spokesperson",
        "coach",
    }
    assert {one["status"] for one in first["certificates"]} >= {"valid", "expiring"}
    assert {one["state"] for one in first["task-team/nominations"]} >= {"appointed", "declined", "open"}
    policy = (await platform.client.get("/v1/policies/social-media")).json()
    assert (len(policy["sections"]), len(policy["rules"])) == (12, 25)
    await look_at_the_policy(platform, first)
    assert (await platform.client.get("/v1/task-team/coverage")).json()["gaps"]
    # A year's mentions are history: nobody is asked to answer them now, but for those of the last days.
    assert len(first["conversations"]) < POSTS / 20
    assert len(alive["posts"]) == POSTS + 10

"""The demonstration organisation: loaded through the public API, complete, and alive."""

import asyncio
from typing import Any

from typer.testing import CliRunner

from services.cli import app
from services.client import Api, Place
from services.demo.life import Life
from services.demo.seed import Seed
from tests.platform import KEY, Platform

POSTS = 450


def load(api: Api) -> None:
    for step in Seed(api, POSTS).steps():
        for _ in step.work():
            pass


async def load_by_command(platform: Platform) -> None:
    """Load it as the operator does."""
    options = ["--url", platform.running["gateway"].url, "--api-key", KEY, "seed", "--posts", str(POSTS)]
    done = await asyncio.to_thread(CliRunner().invoke, app, options)
    assert done.exit_code == 0, done.output


async def everything(platform: Platform) -> dict[str, list[Any]]:
    """Return what is there, by path."""
    paths = [
        "people",
        "courses",
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
        "guidance-templates",
        "saved-answers",
        "static-content",
        "service-promises",
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
        12,
    )
    assert [one["state"] for one in first["task-team/questions"]].count("answered") == 1
    assert len(first["task-team/questions"]) == 4
    assert len(first["policies/social-media/faq"]) == 1
    (campaign,) = first["acknowledgement-campaigns"]
    assert 0 < campaign["counts"]["done"] < campaign["counts"]["people"] == 120


async def look_at_today(platform: Platform) -> None:
    """See that each of the four who sign in has something to do."""
    courses = (await platform.client.get("/v1/enrolments?employee_number=E-1023&completed=false")).json()["items"]
    assert {one["course"] for one in courses} == {"answering-customers", "speaking-for-us"}
    [changed] = (await platform.client.get("/v1/people/E-1023/deltas?state=due")).json()["items"]
    assert (changed["course"], changed["modules"]) == ("social-principles", ["open-about-who-we-are"])
    requests = (await platform.client.get("/v1/approval-requests?state=open")).json()["items"]
    assert len(requests) == 4
    assert all("E-1010" in one["approvers"] for one in requests)
    following = (await platform.client.get("/v1/policies/social-media/versions/2")).json()
    assert (following["state"], following["problems"], following["written_by"]) == ("in_review", [], "E-1010")
    questions = (await platform.client.get("/v1/task-team/questions?state=open")).json()["items"]
    assert {one["assignee"] for one in questions} >= {"E-1010", "E-1087"}
    assert len((await platform.client.get("/v1/api-keys")).json()["items"]) >= 2
    assert (await platform.client.get("/v1/webhooks")).json()["items"]


async def look_at_the_practice(platform: Platform, first: dict[str, list[Any]]) -> None:
    """See how the organisation works: words that its own rules let pass, praise, and posts sorted by the service."""
    assert {answer["language"] for answer in first["saved-answers"]} == {"en", "de", "es", "fr", "pt"}
    assert {answer["verdict"] for answer in first["saved-answers"]} == {"clear"}
    assert len(first["guidance-templates"]) == 14
    assert [content["in_use"] for content in first["static-content"]].count(1) == 3
    assert {promise["kind"] for promise in first["service-promises"]} >= {"question", "complaint", "crisis", "other"}
    requirements = (await platform.client.get("/v1/routing-requirements")).json()["items"]
    assert requirements == [{"network": None, "kind": "crisis", "certification": "spokesperson"}]
    assert {account["proof"] for account in first["accounts"]} == {"vouched"}
    assert sum(guidance["kind"] == "praise" for guidance in first["guidance"]) >= 4
    (on_trial,) = (await platform.client.get("/v1/shadow-rules")).json()["items"]
    assert on_trial["posts"] > 0
    mentions = [post for post in first["posts"] if post["kind"] == "mention"]
    assert any(post["topic"] is None for post in mentions)
    assert {post["triage"] for post in mentions} >= {"question", "complaint", "praise", "crisis"}


def look_at_the_organisation(first: dict[str, list[Any]]) -> None:
    """See how large it is: its people, what they speak, what they learn, and what is written about it."""
    people = first["people"]
    assert len(people) == 120
    assert len({one["department"] for one in people}) == 8
    assert len({one["region"] for one in people}) == 4
    assert sum(one["manager"] is None for one in people) == 1
    five = {"en", "de", "es", "fr", "pt"}
    assert {language for one in people for language in one["languages"]} >= five
    assert len(first["posts"]) == POSTS
    assert len(first["courses"]) == 3


def look_at_the_certificates(first: dict[str, list[Any]]) -> None:
    """See that all tiers are there, and certificates of more than one age."""
    tiers = {"principles", "responder", "spokesperson", "coach"}
    assert {one["certification"] for one in first["certificates"]} == tiers
    assert {one["status"] for one in first["certificates"]} >= {"valid", "expiring"}


async def test_the_demonstration_is_a_whole_organisation_and_loading_it_again_changes_nothing(
    platform: Platform,
) -> None:
    with Api(Place(platform.running["gateway"].url, KEY)) as api:
        await asyncio.to_thread(load, api)
        await platform.settle()
        first = await everything(platform)
        await load_by_command(platform)
        await platform.settle()
        again = await everything(platform)
        life = Life(api)
        for _ in range(10):
            await asyncio.to_thread(life.turn)
        await platform.settle()
        alive = await everything(platform)

    assert {path: len(items) for path, items in first.items()} == {path: len(items) for path, items in again.items()}
    look_at_the_organisation(first)
    assert len({finding["rule"] for finding in first["findings"]}) >= 18
    look_at_the_certificates(first)
    assert {one["state"] for one in first["task-team/nominations"]} >= {"appointed", "declined", "open"}
    policy = (await platform.client.get("/v1/policies/social-media")).json()
    assert (len(policy["sections"]), len(policy["rules"])) == (12, 25)
    await look_at_the_policy(platform, first)
    await look_at_the_practice(platform, first)
    await look_at_today(platform)
    assert (await platform.client.get("/v1/task-team/coverage")).json()["gaps"]
    # A year's mentions are history: nobody is asked to answer them now, but for those of the last days.
    assert len(first["conversations"]) < POSTS / 20
    assert len(alive["posts"]) == POSTS + 10

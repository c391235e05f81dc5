"""A draft tried on thousands of real posts, through the gateway: watched live, and every figure counted by hand.

The posts are those of `POSTS`, or else the demonstration's own, as in `test_real_posts.py`.
"""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from shared.rules import Draft, PlacedRule, Rule, RuleSet
from shared.rules.rule import Mode
from tests.journeys.test_real_posts import POLICY, posts_to_send, send
from tests.journeys.test_the_loop import import_people, ok, publish
from tests.platform import Platform

ADDED = """
```rule
id: money-talk
severity: advise
detect:
  any:
    - words: [refund, refunds, money, price, "{word}"]
    - pattern: "[0-9]{{3,}}"
message: Figures belong into a private message.
suggestion: Ask for the order number in private.
examples: {{match: ["I want a refund"], pass: ["Hello there"]}}
```
"""
VERSION = "/v1/policies/social-media/versions/2"


def in_force() -> str:
    return POLICY + ADDED.format(word="the")


def draft() -> str:
    """The policy without one of its rules, with another that looks for other words."""
    start = POLICY.index("```rule\nid: brush-off")
    end = POLICY.index("```", start + 3) + 3
    return (
        POLICY[:start]
        + POLICY[end:]
        + ADDED.format(word="and")
        + ADDED.format(word="hello").replace("money-talk", "greetings").replace('"Hello there"', '"Good day"')
    )


def matching(rules: list[dict[str, Any]], posts: list[dict[str, Any]]) -> dict[str, set[int]]:
    """Return which posts each rule matches, each rule run by itself."""
    found = {}
    for rule in rules:
        alone = RuleSet.compile([PlacedRule(Rule.from_yaml(rule["yaml"]), "", 0, "")])
        found[rule["id"]] = {number for number, post in enumerate(posts) if alone.run(as_draft(post))}
    return found


def on_trial(rule: dict[str, Any]) -> bool:
    """Tell whether a rule in force only counts; a draft's counts as what it would be if it were live."""
    return Rule.from_yaml(rule["yaml"]).mode is Mode.SHADOW


def as_draft(post: dict[str, Any]) -> Draft:
    return Draft(
        post["text"],
        network=post["network"],
        kind="post",
        staff=True if post["kind"] == "staff" else None,
        language=post["lang"],
        now=datetime.fromisoformat(post["posted_at"]),
    )


def changes(before: set[int], after: set[int]) -> dict[str, int]:
    return {
        "newly_flagged": len(after - before),
        "newly_cleared": len(before - after),
        "unchanged": len(before & after),
    }


def stated(of: dict[str, Any]) -> dict[str, int]:
    return {name: of[name] for name in ("newly_flagged", "newly_cleared", "unchanged")}


async def watched(platform: Platform, location: str) -> list[dict[str, Any]]:
    """Follow the events of a back-test through the gateway to the last one."""
    async with platform.client.stream("GET", f"{location}/events", timeout=60) as stream:
        return [json.loads(line[6:]) async for line in stream.aiter_lines() if line.startswith("data: ")]


def check_rule(rule: dict[str, Any], old: set[int], new: set[int], posts: list[dict[str, Any]]) -> None:
    """Compare all that is said of a rule with the posts that it matched, and would match."""
    assert stated(rule) == changes(old, new), rule["rule"]
    for network in rule["networks"]:
        there = {number for number, post in enumerate(posts) if post["network"] == network["key"]}
        assert stated(network) == changes(old & there, new & there), rule["rule"]
    for kind, numbers in (("newly_flagged", new - old), ("newly_cleared", old - new)):
        samples = rule["samples"][kind]
        assert len(samples) == min(5, len(numbers))
        assert {sample["text"] for sample in samples} <= {posts[number]["text"] for number in numbers}


async def test_a_backtest_over_real_posts_counts_what_brute_force_counts(platform: Platform) -> None:
    await import_people(platform)
    await publish(platform, in_force())
    posts = posts_to_send(platform)
    assert await send(platform, posts) == {"accepted": len(posts)}
    body = {"source": draft(), "change_note": "Other words.", "employee_number": "E-1"}
    await ok(await platform.client.post("/v1/policies/social-media/versions", json=body))

    asked = await platform.client.post(f"{VERSION}/backtests", json={"kinds": ["staff", "reply", "mention"]})
    assert asked.status_code == 202, asked.text
    events = await watched(platform, asked.headers["Location"])
    result = await ok(await platform.client.get(asked.headers["Location"]))

    assert events[-1]["state"] == result["state"] == "done"
    assert [event["percent"] for event in events] == sorted(event["percent"] for event in events)
    figures = result["figures"]
    assert figures["posts"] == result["posts_done"] == result["posts_total"] == len(posts)
    networks = {network["key"]: network["posts"] for network in figures["networks"]}
    assert networks == Counter(post["network"] for post in posts)

    in_use = (await ok(await platform.client.get("/v1/policies/social-media")))["rules"]
    before = matching([rule for rule in in_use if not on_trial(rule)], posts)
    after = matching((await ok(await platform.client.get(VERSION)))["rules"], posts)
    flagged_before, flagged_after = set[int]().union(*before.values()), set[int]().union(*after.values())
    assert stated(figures) == stated(events[-1]) == changes(flagged_before, flagged_after)
    assert flagged_before - flagged_after
    assert flagged_after - flagged_before
    assert {rule["rule"] for rule in figures["rules"]} == before.keys() | after.keys()
    for rule in figures["rules"]:
        check_rule(rule, before.get(rule["rule"], set()), after.get(rule["rule"], set()), posts)

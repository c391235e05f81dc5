"""Thousands of real posts in one request: all taken once, and every figure equals a brute-force count.

The posts are those of `POSTS` (JSON Lines with `id`, `lang`, `text`), or else the demonstration's own.
"""

import asyncio
import json
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.protected import guard
from shared.rules import Draft, PlacedRule, Rule, RuleSet
from tests.gateway.story import listening
from tests.journeys.test_the_loop import import_people, ok, publish
from tests.platform import Platform

ROOT = Path(__file__).parent.parent.parent
REAL = Path(os.environ.get("POSTS") or ROOT.parent / "shared" / "data" / "posts.jsonl")
DEMONSTRATION = ROOT / "services" / "monitoring" / "demo" / "posts.jsonl"
POLICY = (ROOT / "services" / "policy" / "demo" / "social-media.md").read_text()


def posts_to_send(platform: Platform) -> list[dict[str, Any]]:
    path = REAL if REAL.exists() else DEMONSTRATION
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    start = platform.clock.now() - timedelta(hours=6)
    return [
        {
            "network": ("mastodon", "bluesky")[n % 2],
            "network_id": f"post-{n}",
            "kind": "staff" if n % 3 else "mention",
            "author": f"@author-{n % 97}",
            "text": row["text"],
            "lang": row["lang"],
            "posted_at": (start + timedelta(seconds=3 * n)).isoformat(),
        }
        for n, row in enumerate(rows)
    ]


async def rules_in_force(platform: Platform) -> RuleSet:
    version = await ok(await platform.client.get("/v1/policies/social-media"))
    placed = [
        PlacedRule(
            rule=Rule.from_yaml(rule["yaml"]),
            policy="social-media",
            version=version["version"],
            section=rule["section"],
        )
        for rule in version["rules"]
    ]
    assert len(placed) == 25
    return RuleSet.compile(placed)


def brute_force(rules: RuleSet, posts: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for post in posts:
        if post["kind"] == "staff":
            draft = Draft(text=post["text"], network=post["network"], kind="post", staff=True, language=post["lang"])
            matches = rules.run(draft)
            if not guard().topics(post["text"]):
                found.update(match.rule.rule.id for match in matches if not match.rule.on_trial)
    return found


async def send(platform: Platform, posts: list[dict[str, Any]]) -> Counter[str]:
    body = "\n".join(json.dumps(post) for post in posts).encode()
    answer = await platform.client.post(
        "/v1/posts", content=body, headers={"Content-Type": "application/x-ndjson"}, timeout=120
    )
    assert answer.status_code == 200, answer.text[:500]
    answers = [json.loads(line) for line in answer.text.splitlines()]
    assert [item["network_id"] for item in answers] == [post["network_id"] for post in posts]
    return Counter(item["status"] for item in answers)


async def told(platform: Platform, types: str) -> list[dict[str, Any]]:
    """Read the public event log page by page to its end."""
    events: list[dict[str, Any]] = []
    cursor = None
    while True:
        params: dict[str, str | int] = {"types": types, "limit": 200, **({"after": cursor} if cursor else {})}
        page = await platform.client.get("/v1/events", params=params, headers={"Accept": "application/x-ndjson"})
        lines = [json.loads(line) for line in page.text.splitlines() if line]
        events += lines
        if not lines:
            return events
        cursor = page.headers["Next-Cursor"]


async def streamed(platform: Platform, types: str, count: int, listens: asyncio.Event) -> list[dict[str, Any]]:
    """Be a dashboard that listens while all happens, and whose connection breaks after every thousand events."""
    events: list[dict[str, Any]] = []
    cursor = None
    while len(events) < count:
        async with listening(platform.client, f"?types={types}", cursor) as listener:
            listens.set()
            events += [(await listener.next(60)).data for _ in range(min(1000, count - len(events)))]
            cursor = listener.last_id
    return events


async def listed(platform: Platform) -> Counter[str]:
    """Read all findings page by page and count them by rule."""
    found: Counter[str] = Counter()
    cursor = None
    while True:
        params: dict[str, str | int] = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = await ok(await platform.client.get("/v1/findings", params=params))
        found.update(finding["rule"] for finding in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_real_posts_are_taken_once_and_every_count_agrees(platform: Platform) -> None:
    await import_people(platform)
    await publish(platform, POLICY)
    posts = posts_to_send(platform)
    expected = brute_force(await rules_in_force(platform), posts)
    assert expected.total() > 0

    types = "monitoring.post.received.v1,monitoring.finding.opened.v1"
    listens = asyncio.Event()
    dashboard = asyncio.create_task(streamed(platform, types, len(posts) + expected.total(), listens))
    await listens.wait()
    assert await send(platform, posts) == {"accepted": len(posts)}
    assert await send(platform, posts) == {"duplicate": len(posts)}
    await platform.settle()

    summary = await ok(await platform.client.get("/v1/summary", params={"by": "rule"}))
    assert {row["key"]: row["findings"] for row in summary["items"] if row["findings"]} == expected
    networks = await ok(await platform.client.get("/v1/summary", params={"by": "network"}))
    assert {row["key"]: row["posts"] for row in networks["items"]} == Counter(post["network"] for post in posts)

    received = await told(platform, "monitoring.post.received.v1")
    assert len(received) == len({event["data"]["id"] for event in received}) == len(posts)
    opened = await told(platform, "monitoring.finding.opened.v1")
    assert Counter(event["data"]["rule"] for event in opened) == expected
    assert await dashboard == await told(platform, types)

    assert await listed(platform) == expected

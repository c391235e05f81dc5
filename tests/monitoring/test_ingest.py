"""Posts as they come in: each kept once, judged by the rules in force, counted and told, whatever way they are sent."""

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.monitoring.domain import accounts, rules
from services.monitoring.domain.coaching import findings
from services.monitoring.domain.coaching.findings import Filter
from services.monitoring.domain.figures import summary
from services.monitoring.domain.posts import posts, showing
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import FindingOut
from services.monitoring.schemas.summary import By, CountOut
from shared.clock import ShiftedClock
from shared.db import Database
from shared.pages import PageQuery
from shared.protected import guard
from shared.rules import Draft, PlacedRule, Rule, RuleSet
from tests.monitoring.organisation import KEY, add_person, bring_into_force, post, words_rule
from tests.platform import Platform

RULES = [
    words_rule("no-thanks", "tone", "please", "bitte"),
    words_rule("no-help", "tone", "help", "hilfe", kinds="[post]"),
    words_rule("no-orders", "orders", "order", "bestellung", kinds="[reply]"),
]
SENTENCES = [
    "Can you help me with my order, please?",
    "Ich brauche Hilfe mit meiner Bestellung 🎉",
    "Lovely weather at the harbour.",
    "PLEASE help, the ｏｒｄｅｒ never came",
    "Bitte! Hilfe!",
]


@pytest.fixture
def db(db_on_both: Database) -> Database:
    return db_on_both


def texts() -> list[tuple[str, str]]:
    """Return real posts (text, language) where there are any, else sentences of our own."""
    path = Path(os.environ.get("POSTS") or "../shared/data/posts.jsonl")
    if not path.exists():
        return [(f"{SENTENCES[number % 5]} {number}", "en") for number in range(1200)]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [(row["text"], row["lang"]) for row in rows]


def bodies() -> list[dict[str, Any]]:
    """Return the posts as they are sent: a third each of what staff wrote, replied, and customers wrote."""
    began = datetime.now(UTC) - timedelta(hours=30)
    return [
        {
            "network": "import",
            "network_id": f"p-{number}",
            "kind": ("staff", "reply", "mention")[number % 3],
            "author": "@someone",
            "text": text,
            "lang": lang,
            "posted_at": (began + timedelta(seconds=number)).isoformat(),
        }
        for number, (text, lang) in enumerate(texts())
    ]


def brute_force(sent: list[dict[str, Any]]) -> Counter[str]:
    """Count what the rules find, one post at a time."""
    placed = [
        PlacedRule(rule=Rule.from_yaml(rule.yaml), policy="social-media", version=1, section=rule.section)
        for rule in RULES
    ]
    run = RuleSet.compile(placed).run
    counted: Counter[str] = Counter()
    for one in sent:
        if one["kind"] != "mention":
            draft = Draft(
                one["text"],
                network="import",
                kind="reply" if one["kind"] == "reply" else "post",
                staff=True,
                language=one["lang"],
            )
            matches = run(draft)
            if not guard().topics(one["text"]):
                counted.update(match.rule.rule.id for match in matches)
    return counted


def ndjson(sent: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in sent)


async def stream(client: httpx.AsyncClient, body: bytes) -> list[dict[str, Any]]:
    answer = await client.post("/v1/posts", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def every(client: httpx.AsyncClient, path: str, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(path, params={"limit": "200", **query, **cursor})).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


async def test_a_stream_is_accepted_once_and_findings_summary_and_events_agree_with_a_count_by_hand(
    platform: Platform,
) -> None:
    await platform.running["monitoring"].app.state.db.write(bring_into_force, RULES)
    sent = bodies()
    first = await stream(platform.client, ndjson(sent))
    again = await stream(platform.client, ndjson(sent))
    assert Counter(answer["status"] for answer in first) == {"accepted": len(sent)}
    assert Counter(answer["status"] for answer in again) == {"duplicate": len(sent)}
    assert [answer["network_id"] for answer in first] == [one["network_id"] for one in sent]
    assert [answer["id"] for answer in first] == [answer["id"] for answer in again]
    await platform.settle()

    expected = brute_force(sent)
    assert sum(expected.values()) > 20
    found = await every(platform.client, "/v1/findings")
    assert Counter(one["rule"] for one in found) == expected
    by_rule = (await platform.client.get("/v1/summary", params={"by": "rule"})).json()["items"]
    assert {item["key"]: item["findings"] for item in by_rule} == expected
    by_hour = (await platform.client.get("/v1/summary", params={"by": "hour"})).json()["items"]
    assert sum(item["posts"] for item in by_hour) == len(sent)
    assert {item["key"]: item["posts"] for item in by_hour} == Counter(
        one["posted_at"][:13] + ":00:00Z" for one in sent
    )
    events = Counter(await event_types(platform.client))
    assert events["monitoring.post.received.v1"] == len(sent)
    assert events["monitoring.finding.opened.v1"] == sum(expected.values())
    assert events["monitoring.conversation.opened.v1"] == 1


async def event_types(client: httpx.AsyncClient) -> list[str]:
    types: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await client.get(
            "/v1/events", params={"limit": "1000", **cursor}, headers={"Accept": "application/x-ndjson"}
        )
        lines = [json.loads(line) for line in page.text.splitlines()]
        got = [line["type"] for line in lines if "specversion" in line]
        types += got
        if not got:
            return types
        cursor = {"after": page.headers["Next-Cursor"]}


async def test_what_does_not_fit_is_rejected_alone_with_its_reason(platform: Platform) -> None:
    good = bodies()[0]
    bad = {**bodies()[1], "kind": "rumour"}
    client = platform.services["monitoring"]
    listed = (await client.post("/v1/posts", json=[good, bad, {"network": "x"}])).json()
    assert [item["status"] for item in listed["items"]] == ["accepted", "rejected", "rejected"]
    assert (listed["items"][1]["network_id"], listed["items"][1]["reason"].split(":")[0]) == ("p-1", "kind")

    lines = [
        ndjson([{**good, "network_id": "late"}]),
        b"\n",
        b"{not json}\n",
        b"x" * 300_000 + b"\n",
        ndjson([bad]),
        json.dumps(good).encode(),
    ]
    answers = await stream(client, b"".join(lines))
    assert [answer["status"] for answer in answers] == ["accepted", "rejected", "rejected", "rejected", "duplicate"]
    assert "262144" in answers[2]["reason"]

    single = await client.post("/v1/posts", json=bad)
    assert (single.status_code, single.json()["errors"][0]["pointer"]) == (422, "/kind")
    assert (await client.post("/v1/posts", json=[good] * 501)).status_code == 422
    assert (
        await client.post("/v1/posts", content=b"{", headers={"Content-Type": "application/json"})
    ).status_code == 422
    assert (await client.post("/v1/posts", content=b"a,b", headers={"Content-Type": "text/plain"})).status_code == 415


async def found(db: Database) -> list[FindingOut]:
    return (await db.read(findings.listed, PageQuery(200, None), KEY, Filter())).items[::-1]


async def counts(db: Database, by: By) -> list[CountOut]:
    return (await db.read(summary.count, by, None, None, KEY)).items


async def test_an_edit_is_judged_again_and_what_was_found_before_stays(db: Database) -> None:
    await db.write(bring_into_force, RULES)
    first = await db.write(posts.ingest, [post("a", "please", kind="staff"), post("a", "please", kind="staff")])
    edited = await db.write(posts.ingest, [post("a", "please help", kind="staff")])
    reverted = await db.write(posts.ingest, [post("a", "please", kind="staff")])
    assert [answer.status for answer in first] == ["accepted", "duplicate"]
    assert [(answer.status, answer.reason) for answer in edited] == [("accepted", "edited")]
    assert [answer.status for answer in reverted] == ["duplicate"], "a late retry of the first text undoes no edit"

    assert [one.rule for one in await found(db)] == ["no-thanks", "no-help"]
    assert (await db.read(showing.read, first[0].id or "", KEY)).text == "please help"
    (section,) = await counts(db, "section")
    assert (section.key, section.posts, section.findings) == ("tone", 1, 2)
    (network,) = await counts(db, "network")
    assert (network.posts, network.findings) == (1, 2)


async def test_a_text_sent_twice_in_one_list_with_two_wordings_is_kept_as_an_edit(db: Database) -> None:
    answers = await db.write(posts.ingest, [post("a", "one", kind="staff"), post("a", "two", kind="staff")])
    assert [answer.reason for answer in answers] == [None, "edited"]
    assert answers[0].id == answers[1].id


async def test_only_a_registered_account_is_linked_to_a_person_and_judged_as_theirs(db: Database) -> None:
    await db.write(add_person, 1, "Legal")
    body = AccountIn(network="mastodon", handle="@Ana", kind="staff", employee_number="E-1")
    await db.write(accounts.register, body, KEY)
    for_support = words_rule("support-only", "tone", "help").yaml.replace(
        "applies_to: {", "applies_to: {departments: [Support], "
    )
    await db.write(
        bring_into_force,
        [RULES[0], words_rule("x", "tone", "x").model_copy(update={"id": "support-only", "yaml": for_support})],
    )
    texts_of = [("a", "@ana"), ("b", "@ANA"), ("c", "@stranger")]
    await db.write(posts.ingest, [post(name, "please help", kind="staff", author=author) for name, author in texts_of])

    judged = sorted((one.person or "", one.department or "", one.rule) for one in await found(db))
    assert judged == [
        ("", "", "no-thanks"),
        ("", "", "support-only"),
        ("E-1", "Legal", "no-thanks"),
        ("E-1", "Legal", "no-thanks"),
    ]
    with pytest.raises(accounts.AlreadyRegistered):
        await db.write(accounts.register, body, KEY)


async def test_new_rules_count_from_the_moment_they_are_in_force(db: Database) -> None:
    await db.write(bring_into_force, RULES)
    await db.write(posts.ingest, [post("a", "please help", kind="staff")])
    await db.write(bring_into_force, [words_rule("new", "tone", "please")], 2)
    await db.write(posts.ingest, [post("b", "please help", kind="staff")])
    assert [(one.rule, one.version) for one in await found(db)] == [("no-thanks", 1), ("no-help", 1), ("new", 2)]
    assert len((await db.read(rules.copied)).placed()) == 1


async def test_talk_that_the_law_protects_opens_no_finding(db: Database) -> None:
    await db.write(bring_into_force, RULES)
    talk = "They cut our wages again, please help"
    await db.write(posts.ingest, [post("a", talk, kind="staff"), post("b", "please", kind="staff")])
    assert [one.rule for one in await found(db)] == ["no-thanks"]
    await db.write(posts.ingest, [post("b", f"{talk}!", kind="staff")])
    assert len(await found(db)) == 1


async def test_small_departments_are_merged_until_nobody_can_be_told_apart(db: Database, clock: ShiftedClock) -> None:
    sizes = {"Support": 9, "Stores": 8, "Legal": 3, "Press": 2}
    numbers = iter(range(1, 100))
    for department, size in sizes.items():
        for number in [next(numbers) for _ in range(size)]:
            await db.write(add_person, number, department)
            if number in {1, 10, 18, 21}:
                handle = AccountIn(
                    network="mastodon", handle=f"@{department}", kind="staff", employee_number=f"E-{number}"
                )
                await db.write(accounts.register, handle, KEY)
    await db.write(posts.ingest, [post(name, "hello", kind="staff", author=f"@{name}") for name in sizes])
    await db.write(posts.ingest, [post("customer", posted_at=clock.now())])

    shown = {item.key: (item.posts, item.merged) for item in await counts(db, "department")}
    assert shown == {"Support": (1, None), "other": (3, 3), None: (1, None)}, (
        "Legal and Press are five, so Stores hides them"
    )

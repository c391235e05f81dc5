"""A person is erased: a word that stood in all their data is found in no store of the platform any more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, select, text

from services.gateway.tables import metadata as gateway
from services.monitoring.tables import metadata as monitoring
from services.policy.tables import metadata as policy
from services.training.tables import metadata as training
from shared.tables import metadata as backbone
from tests.journeys.test_backup import unsound
from tests.journeys.test_the_loop import LESSON, POLICY, import_people, ok, publish
from tests.platform import Platform

MARK = "Zanzibar7"
NUMBER = f"E-{MARK}"
PERSON = {
    "employee_number": NUMBER,
    "name": f"Ada {MARK}",
    "email": f"ada.{MARK}@harbour.example",
    "user_name": f"ada-{MARK}",
    "title": f"Head of {MARK}",
    "department": "Care",
    "region": "EMEA",
    "manager": "E-1",
    "languages": ["en"],
}
QUIZ = {
    "kind": "quiz",
    "key": "check",
    "title": "Your own words",
    "draw": 1,
    "pass_mark": 1,
    "questions": [{"key": "q", "kind": "short_text", "text": "How do you greet?", "accepted": [{"text": "Hello"}]}],
}
TASK = {
    "kind": "practical_task",
    "key": "reply",
    "title": "Reply",
    "minutes": 5,
    "markdown": "Answer.",
    "criteria": ["Kind."],
    "accepts": ["text"],
}


def found_in_files(folder: Path) -> list[str]:
    """Return the files of a folder that hold the word."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.is_socket() and MARK.lower().encode() in path.read_bytes().lower()
    )


def found_in_tables(platform: Platform) -> Iterator[str]:
    """Yield the tables of all services that hold the word."""
    for service, own in (("policy", policy), ("training", training), ("monitoring", monitoring), ("gateway", gateway)):
        engine = create_engine(platform.databases[service])
        with engine.connect() as connection:
            for table in (*own.sorted_tables, *backbone.sorted_tables):
                rows = connection.execute(select(table)).all()
                if any(MARK.lower() in str(row).lower() for row in rows):
                    yield f"{service}.{table.name}"
        engine.dispose()


async def live(platform: Platform) -> str:
    """Let a person leave the word wherever they can; return their id."""
    client = platform.client
    kept = {"Idempotency-Key": "once"}
    person = await ok(await client.post("/v1/people", json=PERSON, headers=kept))
    csv = (
        "employee_number,name,email,department,region,manager,languages\n"
        f"{NUMBER},Ada {MARK},ada.{MARK}@harbour.example,Care,EMEA,E-1,en;de\n"
    )
    await ok(await client.post("/v1/people/imports", content=csv, headers={"Content-Type": "text/csv"}))
    await platform.settle()
    me = await platform.as_person(NUMBER)
    await learn(platform, me)
    await write_and_be_guided(platform, me)
    await ask_the_team(me)
    await answer_a_customer(platform, me)
    await platform.settle()
    return str(person["id"])


async def learn(platform: Platform, me: httpx.AsyncClient) -> None:
    client = platform.client
    await ok(await client.post("/v1/courses", json={"key": "answering", "title": "Answering"}))
    course = await ok(await client.post("/v1/courses/answering/versions", json={"modules": [TASK, LESSON, QUIZ]}))
    assert course["number"] == 1
    enrolment = await ok(await me.post("/v1/enrolments", json={"course": "answering"}))
    path = f"/v1/enrolments/{enrolment['id']}"
    await ok(await me.post(f"{path}/tasks/reply/submissions", json={"text": f"Dear {MARK}"}))
    await ok(await me.post(f"{path}/lessons/read/completion", json={}))
    attempt = await ok(await me.post(f"{path}/attempts", json={"module": "check"}))
    item = attempt["items"][0]["id"]
    await ok(await me.put(f"/v1/attempts/{attempt['id']}/answers/{item}", json={"text": f"Hi {MARK}"}))
    await ok(await me.post(f"/v1/attempts/{attempt['id']}/submission", json={}))
    learnt = {"completed_at": "2026-01-01T00:00:00Z", "source": "lms", "evidence": f"https://lms.example/{MARK}"}
    await ok(await client.post("/v1/completions", json={"employee_number": NUMBER, "external_course": "X", **learnt}))
    tier = {"key": "responder", "title": "Responder", "policies": ["social-media"]}
    await ok(await client.post("/v1/certifications", json=tier))
    await ok(await me.post("/v1/policies/social-media/versions/1/acknowledgements", json={}))
    await platform.settle()
    [held] = (await ok(await client.get("/v1/certificates", params={"employee_number": NUMBER})))["items"]
    await ok(await client.get(f"/v1/certificates/{held['id']}/badge.json"))
    for what in ("suspension", "reinstatement"):
        await ok(await client.post(f"/v1/certificates/{held['id']}/{what}", json={"reason": f"Because of {MARK}."}))
    proposed = await client.post(f"/v1/certificates/{held['id']}/suspension-proposals", json={"reason": f"{MARK}?"})
    decision = {"decision": "decline", "reason": f"Not {MARK}.", "employee_number": "E-1"}
    await ok(await client.post(f"/v1/suspension-proposals/{(await ok(proposed))['id']}/decision", json=decision))


async def write_and_be_guided(platform: Platform, me: httpx.AsyncClient) -> None:
    client = platform.client
    account = {"network": "mastodon", "handle": f"@{MARK}", "kind": "staff"}
    account_id = (await ok(await me.post("/v1/accounts", json=account)))["id"]
    code = (await ok(await me.post(f"/v1/accounts/{account_id}/proof")))["code"]
    post = {"network": "mastodon", "network_id": f"m-{MARK}", "kind": "staff", "author": f"@{MARK}"}
    post |= {"posted_at": platform.clock.now().isoformat(), "url": f"https://m.example/{MARK}"}
    await ok(await client.post("/v1/posts", json={**post, "text": f"The HarbourPhone is great, says {MARK}. {code}"}))
    await ok(await client.post("/v1/posts", json={**post, "text": f"The HarbourPhone is best, says {MARK}."}))
    await platform.settle()
    [finding] = (await ok(await client.get("/v1/findings")))["items"]
    coach = await platform.as_person("E-3", "coach")
    words = {"message": f"Dear {MARK}, say who you are.", "better_wording": f"I, {MARK}, work here."}
    await ok(await coach.post(f"/v1/findings/{finding['id']}/guidance", json=words))
    [guidance] = (await ok(await me.get("/v1/guidance")))["items"]
    await ok(await me.post(f"/v1/guidance/{guidance['id']}/appeal", json={"reason": f"I am {MARK}!"}))


async def answer_a_customer(platform: Platform, me: httpx.AsyncClient) -> None:
    client = platform.client
    terms = {"languages": ["en"], "topics": [], "capacity": 2, "weekly_minutes": 60, "online": True}
    await ok(await client.put(f"/v1/availability/{NUMBER}", json=terms))
    post = {"network": "mastodon", "network_id": "c-1", "kind": "mention", "author": "@customer", "lang": "en"}
    post |= {"text": "@harbour Where is my parcel?", "posted_at": platform.clock.now().isoformat()}
    await ok(await client.post("/v1/posts", json=post))
    await platform.settle()
    [conversation] = (await ok(await client.get("/v1/conversations")))["items"]
    assert conversation["assignee"] == NUMBER
    path = f"/v1/conversations/{conversation['id']}"
    await ok(await me.post(f"{path}/acceptance", json={}))
    await ok(await me.post(f"{path}/reply", json={"text": f"We look into it. Yours, {MARK}"}))


async def ask_the_team(me: httpx.AsyncClient) -> None:
    draft = {"text": f"HarbourPhone! {MARK}", "network": "mastodon", "kind": "post", "keep": True}
    await ok(await me.post("/v1/checks", json=draft))
    await ok(
        await me.post("/v1/task-team/questions", json={"text": f"May I say {MARK}?"}, headers={"Idempotency-Key": "q"})
    )


async def erase(platform: Platform, number: str = NUMBER) -> dict[str, Any]:
    """Let a person leave, erase them, and wait until all services are done."""
    await ok(await platform.client.patch(f"/v1/people/{number}", json={"active": False}))
    await platform.settle()
    body = {"reason": "They asked for it.", "employee_number": number}
    erasure = await ok(await platform.client.post(f"/v1/people/{number}/erasure", json=body))
    done = await eventually(
        platform.client, f"/v1/erasures/{erasure['id']}", lambda now: now["completed_at"] is not None
    )
    await platform.settle()
    return done


async def eventually(client: httpx.AsyncClient, path: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask until something is true of the answer, and return it."""
    end = asyncio.get_running_loop().time() + 20
    while True:
        now: dict[str, Any] = await ok(await client.get(path))
        if true(now):
            return now
        assert asyncio.get_running_loop().time() < end, now
        await asyncio.sleep(0.1)


def rows_of(platform: Platform, service: str, table: str) -> list[Any]:
    """Return all rows of a table."""
    engine = create_engine(platform.databases[service])
    with engine.connect() as connection:
        rows = list(connection.execute(text(f"SELECT * FROM {table}")))
    engine.dispose()
    return rows


async def take_along(platform: Platform) -> None:
    """Let the person take all that is kept of them, and see for how long it is."""
    me = await platform.as_person(NUMBER)
    path = f"/v1/people/{NUMBER}/data-export"
    taken = await ok(await me.get(path))

    kept = taken["services"]
    assert kept["training"]["people"][0]["name"] == PERSON["name"]
    assert kept["training"]["answers"][0]["given"]["text"] == f"Hi {MARK}"
    assert kept["training"]["task_submissions"][0]["text"] == f"Dear {MARK}"
    assert kept["policy"]["questions"][0]["text"] == f"May I say {MARK}?"
    assert kept["monitoring"]["posts"][0]["author"] == f"@{MARK}"
    assert kept["monitoring"]["guidance"][0]["message"] == f"Dear {MARK}, say who you are."
    assert kept["gateway"]["sessions"]
    assert "token_hash" not in kept["gateway"]["sessions"][0]
    assert "Lukas" not in str(taken)
    said = {(one["service"], one["kind"]): one["days"] for one in (await ok(await me.get("/v1/retention")))["items"]}
    assert (said["training", "access log"], said["gateway", "the log of events"]) == (365, 30)
    assert said["training", "certificates"] is None


@pytest.fixture
def webhooks_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let webhooks lead to this machine."""
    monkeypatch.setenv("SHARELOAD_GATEWAY_WEBHOOKS_ALSO", '["127.0.0.0/8"]')


@contextlib.asynccontextmanager
async def echoing(platform: Platform) -> AsyncIterator[None]:
    """Tell an endpoint of everything that answers with what it was told, so that it stands in the log of deliveries."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        body = await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (length, body))
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    hook = {"name": "echo", "url": url, "types": ["training"], "scopes": ["events:read", "people:read"]}
    await ok(await platform.client.post("/v1/webhooks", json=hook))
    async with server:
        yield


async def until_answered(platform: Platform) -> None:
    """Wait until an endpoint's answer with the word is kept."""
    end = asyncio.get_running_loop().time() + 20
    while not any(MARK in str(row) for row in rows_of(platform, "gateway", "webhook_deliveries")):
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.05)


async def test_a_person_takes_all_along_and_once_erased_no_store_holds_a_word(
    webhooks_on_loopback: None,  # noqa: ARG001  before the platform is started
    platform_on_both: Platform,
    tmp_path: Path,
) -> None:
    platform = platform_on_both
    await import_people(platform)
    await publish(platform, POLICY)
    async with echoing(platform):
        person = await live(platform)
        await until_answered(platform)
    await take_along(platform)
    before = set(found_in_tables(platform))
    for table in ("training.people", "training.answers", "training.outbox", "training.idempotency_keys", "policy.people",
                  "policy.questions", "policy.kept_checks", "monitoring.posts", "monitoring.guidance",
                  "monitoring.replies", "training.suspension_proposals", "gateway.event_log", "gateway.people",
                  "gateway.webhook_deliveries"):  # fmt: skip
        assert table in before
    assert any("nats" in name for name in found_in_files(tmp_path))

    erasure = await erase(platform)

    assert erasure["id"] == person
    assert set(erasure["finished"]) == {"training", "policy", "monitoring", "gateway"}
    assert list(found_in_tables(platform)) == []
    (platform.folder / "logins.json").unlink()
    assert found_in_files(tmp_path) == []
    assert await unsound(platform) == {}


async def test_a_service_that_was_away_erases_when_it_is_back_and_only_then_it_is_complete(platform: Platform) -> None:
    await import_people(platform)
    await platform.stop_service("policy")
    client = platform.client
    part = await client.get("/v1/people/E-5/data-export")
    assert (part.status_code, part.json()["type"].rpartition("/")[2]) == (503, "personal-data-away")
    await ok(await client.patch("/v1/people/E-5", json={"active": False}))
    body = {"reason": "Asked for.", "employee_number": "E-5"}
    erasure = await ok(await client.post("/v1/people/E-5/erasure", json=body))
    path = f"/v1/erasures/{erasure['id']}"
    await eventually(client, path, lambda now: len(now["finished"]) == 2)
    assert set((await ok(await client.get(path)))["finished"]) == {"training", "monitoring"}
    await platform.start_service("policy")
    done = await eventually(client, path, lambda now: now["completed_at"] is not None)
    assert set(done["finished"]) == {"training", "policy", "monitoring", "gateway"}
    assert not any("Tanaka" in str(row) for row in rows_of(platform, "policy", "people"))


async def test_who_was_answered_from_memory_stands_in_the_log_of_looks(platform: Platform) -> None:
    await import_people(platform)
    await platform.running["gateway"].app.state.doors.certificates.look()
    for _ in range(3):
        await ok(await platform.client.get("/v1/people/E-4/certificates"))
    numbers = {"employee_numbers": ["E-4", "E-5"]}
    await ok(await platform.client.post("/v1/certificate-statuses", json=numbers))
    await platform.running["gateway"].app.state.doors.certificates.reads.tell()
    await platform.settle()

    looks = (await ok(await (await platform.as_person("E-4")).get("/v1/people/E-4/access-log")))["items"]
    seen = {(look["what"], look["times"], look["list"], look["reader"]["kind"]) for look in looks}
    assert ("list_certificates_of_person", 3, False, "key") in seen
    assert ("find_certificate_statuses", 1, True, "key") in seen

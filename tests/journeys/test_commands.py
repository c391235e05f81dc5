"""`shareload` from a terminal, against the running platform."""

import asyncio
import json
import os
import sysconfig
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, select, update

from shared.db import Database, Session
from shared.tables import evidence_entries, evidence_heads
from tests.platform import KEY, Platform

SHARELOAD = Path(sysconfig.get_path("scripts")) / "shareload"
PEOPLE = """employee_number,name,email,department,region,manager,languages
E-1,Ana Sá,ana@company.example,Support,EMEA,,pt;en
E-2,Bo Lind,not an address,Support,EMEA,E-1,sv
"""
POLICY = """---
title: Social media policy
locale: en
---
# Promise only what we can keep {#promises}
We do not guarantee what depends on others.

```rule
id: no-guarantee
severity: block
detect:
  words: [guarantee]
message: We do not guarantee delivery dates.
examples:
  match: ["Delivery on Friday is certain."]
  pass: ["Delivery is planned for Friday."]
```
"""


async def start(platform: Platform, *arguments: str | Path) -> Process:
    environment = {
        "PATH": os.environ["PATH"],
        "SHARELOAD_URL": platform.running["gateway"].url,
        "SHARELOAD_API_KEY": KEY,
    }
    return await asyncio.create_subprocess_exec(SHARELOAD, *arguments, env=environment, stdout=PIPE, stderr=PIPE)


async def run(platform: Platform, *arguments: str | Path) -> tuple[int | None, str]:
    """Return the exit status and all that was said."""
    process = await start(platform, *arguments)
    out, err = await process.communicate()
    return process.returncode, (out + err).decode()


async def test_a_key_that_was_made_opens_what_its_scopes_say(platform: Platform) -> None:
    status, key = await run(platform, "keys", "create", "HR", "--scope", "people:read")
    assert status == 0
    client = await platform.client_for(headers={"Authorization": f"Bearer {key.strip()}"})
    assert (await client.get("/v1/people")).status_code == 200
    assert (await client.get("/v1/posts")).status_code == 403

    status, said = await run(platform, "keys", "create", "HR", "--scope", "people:own")
    assert status == 1
    assert "there is no scope 'people:own'" in said


async def test_a_key_is_rotated_and_revoked_and_no_secret_is_shown_again(platform: Platform) -> None:
    made = (await platform.client.post("/v1/api-keys", json={"name": "HR", "scopes": ["people:read"]})).json()

    async def opens(key: str) -> bool:
        client = await platform.client_for(headers={"Authorization": f"Bearer {key}"})
        return (await client.get("/v1/people")).status_code == 200

    status, said = await run(platform, "keys", "rotate", made["id"], "--overlap-hours", "0")
    later = said.strip()
    assert (status, await opens(made["key"]), await opens(later)) == (0, False, True)
    assert await run(platform, "keys", "revoke", made["id"]) == (0, f"{made['id']} is revoked\n")
    assert not await opens(later)
    status, listed = await run(platform, "keys", "list")
    assert status == 0
    assert {made["id"], "HR", "revoked"} <= set(listed.split())
    assert later not in listed
    status, said = await run(platform, "keys", "revoke", "none")
    assert (status, said[:3]) == (1, "404")


async def test_badge_keys_are_rotated_and_one_that_others_had_is_revoked(platform: Platform) -> None:
    (first, second) = [(await run(platform, "badges", "rotate"))[1].strip() for _ in range(2)]
    in_use = await run(platform, "badges", "revoke", second)
    assert (in_use[0], "key" in in_use[1].lower()) == (1, True)
    assert await run(platform, "badges", "revoke", first) == (0, f"{first} verifies nothing any more\n")
    listed = (await platform.client.get("/v1/badge-keys")).json()["items"]
    assert {key["id"]: key["revoked_at"] is not None for key in listed}.items() >= {first: True, second: False}.items()
    assert "revoked" in (await run(platform, "badges", "keys"))[1]


async def test_imports_say_what_they_took_and_why_they_refused_the_rest(platform: Platform, tmp_path: Path) -> None:
    people, policy, posts = tmp_path / "people.csv", tmp_path / "social-media.md", tmp_path / "posts.jsonl"
    people.write_text(PEOPLE)
    policy.write_text(POLICY)
    lines = [{"id": f"p-{number}", "text": f"Post {number}", "lang": "en", "unknown": 1} for number in range(3)]
    posts.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"id": "p-3"}]) + '{"id": "p-4", \n\n7\n')

    status, said = await run(platform, "people", "import", "--dry-run", people)
    assert (status, "1 created" in said) == (1, True)
    assert (await platform.client.get("/v1/people")).json()["items"] == []
    status, said = await run(platform, "people", "import", people)
    assert status == 1
    assert "row 2 (E-2)" in said
    assert [one["employee_number"] for one in (await platform.client.get("/v1/people")).json()["items"]] == ["E-1"]

    status, said = await run(platform, "policies", "import", policy)
    assert status == 1
    assert "social-media version 1: 1 sections, 1 rules, draft" in said
    assert "rule no-guarantee" in said

    status, said = await run(platform, "posts", "import", posts)
    assert status == 1
    assert "3 accepted, 0 duplicate, 3 rejected" in said
    status, said = await run(platform, "posts", "import", posts)
    assert "0 accepted, 3 duplicate, 3 rejected" in said


async def test_events_are_followed_as_they_are_told(platform: Platform) -> None:
    tail = await start(platform, "events", "tail", "--types", "training.person.*", "--after", "start")
    assert tail.stdout is not None
    person = {
        "employee_number": "E-1",
        "name": "Ana Sá",
        "email": "ana@company.example",
        "department": "Support",
        "region": "EMEA",
    }
    made = (await platform.client.post("/v1/people", json=person)).json()
    line = (await asyncio.wait_for(tail.stdout.readline(), 30)).decode()
    tail.kill()
    await tail.communicate()
    assert line.split()[1:] == ["training.person.changed.v1", f"person/{made['id']}"]

    status, said = await run(platform, "events", "replay", "training")
    assert (status, "training: 1 events" in said) == (0, True)
    status, said = await run(platform, "events", "dead")
    assert (status, "service" in said) == (0, True)


async def test_evidence_that_was_changed_in_the_database_is_named(platform: Platform) -> None:
    await add_sealed(platform, 4)
    db: Database = platform.running["training"].app.state.db
    [entry] = await db.read(entries_under, 3)

    await db.write(set_in_entry, entry.id, "body", entry.body.replace("person.created", "person.Created"))
    status, said = await run(platform, "audit", "verify")
    assert (status, f"training: head 3, place 0, entry {entry.id}: the entry was changed\n" in said) == (1, True), said
    assert "policy: sound" in said

    await db.write(set_in_entry, entry.id, "body", entry.body)
    other = json.dumps({**json.loads(entry.personal), "actor": "key:somebody-else"})
    await db.write(set_in_entry, entry.id, "personal", other)
    status, said = await run(platform, "audit", "verify", "training")
    assert (status, f"training: head 3, place 0, entry {entry.id}: the names kept" in said) == (1, True), said

    await db.write(set_in_entry, entry.id, "personal", None)
    status, said = await run(platform, "audit", "verify", "training")
    assert (status, "training: sound; 4 heads, 4 entries" in said) == (0, True), "an erased name leaves the proof whole"


async def test_heads_that_were_kept_show_that_the_end_of_a_log_is_gone(platform: Platform, tmp_path: Path) -> None:
    await add_sealed(platform, 3)
    kept = tmp_path / "heads.json"
    verified = await start(platform, "audit", "verify", "--kept", kept)
    out, err = await verified.communicate()
    assert (verified.returncode, err) == (0, b""), out.decode()
    heads = json.loads(kept.read_text())
    assert {name: head["number"] for name, head in heads.items() if name == "training"} == {"training": 3}
    assert set(heads) == {"policy", "training", "monitoring", "gateway"}

    await add_sealed(platform, 1, first=4)
    assert (await run(platform, "audit", "verify", "training", "--kept", kept))[0] == 0
    db: Database = platform.running["training"].app.state.db
    await db.write(cut_off_after, 2)
    assert (await run(platform, "audit", "verify", "training"))[0] == 0, "what is left is a log of its own"
    status, said = await run(platform, "audit", "verify", "training", "--kept", kept)
    assert status == 1
    assert "training: head 3: it is gone; the log had 4 heads when they were kept" in said


async def test_a_log_that_was_written_anew_is_not_the_one_that_a_witness_saw(
    platform: Platform, tmp_path: Path
) -> None:
    await add_sealed(platform, 3)
    page = (await platform.client.get("/v1/audit/heads")).text
    seen = tmp_path / "seen.jsonl"
    seen.write_text(f"{page}\n")
    status, told = await run(platform, "audit", "verify", "training", "--heads", seen)
    assert (status, "3 of the heads are a witness's" in told) == (0, True), told

    app = platform.running["training"].app
    await app.state.db.write(cut_off_after, 2)
    await add_sealed(platform, 1, first=4)
    assert (await run(platform, "audit", "verify", "training"))[0] == 0, "it is a log of its own"
    status, told = await run(platform, "audit", "verify", "training", "--heads", seen)
    assert (status, "training: head 3: it is not the one that was kept" in told) == (1, True), told
    seen.write_text(f"{page}\n{(await platform.client.get('/v1/audit/heads')).text}\n")
    status, told = await run(platform, "audit", "verify", "training", "--heads", seen)
    assert (status, "training: head 3: the witness was sent two of this number" in told) == (1, True), told

    status, told = await run(platform, "audit", "list", "--action", "person.created", "--limit", "2")
    assert (status, told.count("person.created")) == (0, 2), told


async def add_sealed(platform: Platform, count: int, first: int = 1) -> None:
    """Add people, and have the entry of each sealed under a head of its own."""
    app = platform.running["training"].app
    for number in range(first, first + count):
        person = {"employee_number": f"E-{number}", "name": "Ana", "email": f"{number}@company.example"}
        made = await platform.client.post("/v1/people", json={**person, "department": "Support", "region": "EMEA"})
        assert made.status_code == 201
        await app.state.db.write(app.state.sealer.seal)


def entries_under(session: Session, head: int) -> list[Row[Any]]:
    """Return the entries of a head."""
    return list(session.execute(select(evidence_entries).where(evidence_entries.c.head == head)))


def set_in_entry(session: Session, entry: str, column: str, value: str | None) -> None:
    """Change an entry behind the service's back."""
    session.execute(update(evidence_entries).where(evidence_entries.c.id == entry).values({column: value}))


def cut_off_after(session: Session, head: int) -> None:
    """Take the end of the log away, entries and heads."""
    session.execute(delete(evidence_entries).where(evidence_entries.c.head > head))
    session.execute(delete(evidence_heads).where(evidence_heads.c.number > head))


async def test_where_nothing_runs_one_line_says_what_to_do(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        SHARELOAD, "--data-dir", tmp_path, "events", "dead", env={"PATH": os.environ["PATH"]}, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert err.decode().count("\n") == 1
    assert "Start it with `make run`" in err.decode()

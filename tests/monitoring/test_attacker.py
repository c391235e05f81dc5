"""Somebody with keys to read monitoring and its events asks everything there is to ask, and puts the answers together.

In the period that they look at, each department posted a number of times that no sum of others gives (3, 6, 12, ...),
and each post broke a rule and was talked about. So whatever number comes back says which departments it counts, and
linear algebra over all of them says which groups can be told apart.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select
from sqlmodel import col

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import guidance
from services.monitoring.domain.posts import posts
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.guidance import GuidanceIn
from services.monitoring.tables import Finding
from shared import works_council
from shared.context import Principal
from shared.db import Session
from shared.events.base import Privacy, redact
from shared.events.training import WorksCouncilModeChangedV1
from shared.tables import outbox
from tests.monitoring.organisation import KEY, add_person, person_id, post, words_rule
from tests.monitoring.serving import MonitoringService

SIZES = {"Works": 9, "Sales": 8, "Legal": 3, "Press": 2}
NOBODY = "accounts that nobody registered"
MINIMUM = 8
UNIT = 3
POSTED = {name: UNIT << place for place, name in enumerate([*SIZES, NOBODY])}
HOUR = datetime(2026, 3, 4, 10, tzinfo=UTC)
QUIET = HOUR + timedelta(hours=3)
"""An hour in which only the press office posted."""
PERIODS = [(HOUR, HOUR + timedelta(hours=1)), (QUIET, QUIET + timedelta(hours=1)), (HOUR, HOUR + timedelta(days=1))]
SOME = 3
"""Of each list, so many are asked for by their id."""
ATTACKER = Principal("key:attacker", scopes=frozenset({"monitoring:read", "events:read"}))
VIEW = frozenset({Privacy.PUBLIC, Privacy.OPERATIONAL, Privacy.CONTENT})


def staff() -> Iterator[tuple[int, str]]:
    """Give everybody's number and department."""
    names = [name for name, size in SIZES.items() for _ in range(size)]
    yield from enumerate(names, start=100)


@pytest.fixture
async def service(service: MonitoringService) -> MonitoringService:
    """Run the service for an organisation in works-council mode, after each department has posted and been guided."""
    await service.bring_into_force([words_rule("brag", "tone", "best", kinds="[post, reply]")])

    def hire(session: Session) -> None:
        for number, department in staff():
            add_person(session, number, department)
            account = AccountIn(network="mastodon", handle=f"@p{number}", kind="staff", employee_number=f"E-{number}")
            accounts.register(session, account, KEY)
        told = WorksCouncilModeChangedV1(id="all", legal_entity="*", on=True, changed_at=session.now)
        works_council.keep_mode(told, session)

    def work(session: Session) -> None:
        authors = {department: f"@p{number}" for number, department in staff()} | {NOBODY: "@stranger"}
        written = [
            post(f"{name}-{turn}", "The best!", kind="staff", author=authors[name], posted_at=HOUR)
            for name, times in POSTED.items()
            for turn in range(times)
        ]
        posts.ingest(session, written)
        for finding in list(session.execute(select(col(Finding.id))).scalars()):
            guidance.give(session, finding, GuidanceIn(message="Less, please."), KEY, None)

    await service.db.write(hire)
    await service.db.write(work)
    return service


def questions(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Give every address that is read without an id, with every choice of every parameter and some periods."""
    for path, methods in openapi["paths"].items():
        if "get" not in methods or "{" in path:
            continue
        choices: list[list[dict[str, str]]] = []
        names = {one["name"]: one.get("schema", {}) for one in methods["get"].get("parameters", [])}
        for name, schema in names.items():
            asked = [{name: str(value)} for value in choices_of(schema)]
            choices.append(
                asked if schema.get("enum") and "default" not in schema and name == "metric" else [{}, *asked]
            )
        if {"from", "to"} <= names.keys():
            choices.append([{"from": since.isoformat(), "to": until.isoformat()} for since, until in PERIODS])
        for chosen in itertools.product(*choices):
            yield path, {name: value for one in chosen for name, value in one.items()}


def choices_of(schema: dict[str, Any]) -> list[str]:
    """Return the values that a parameter can have, where these are few."""
    found = [*schema.get("enum", []), *(value for one in schema.get("anyOf", []) for value in one.get("enum", []))]
    return found if schema.get("type") != "boolean" else ["true"]


async def everything(
    service: MonitoringService, key: Principal, within: dict[str, str] | None = None
) -> list[tuple[str, dict[str, str], Any]]:
    """Ask all there is to ask, or of a period, whose steps tell no more than its sum; what is refused says nothing."""
    answers: list[tuple[str, dict[str, str], Any]] = []
    async with service.ask_as(key) as client:
        for path, params in questions(service.app.openapi()):
            if within is not None and ("step" in params or not within.items() <= params.items()):
                continue
            answer = await client.get(path, params=params)
            if answer.status_code == httpx.codes.OK and "json" in answer.headers["content-type"]:
                answers.append((path, params, await whole(client, path, params, answer.json())))
    return answers


async def each_by_id(
    service: MonitoringService, key: Principal, answers: Sequence[tuple[str, dict[str, str], Any]]
) -> list[tuple[str, Any]]:
    """Ask for single things: some of those that were listed, and for everything that is of a person, somebody of each department."""
    numbers = {department: f"E-{number}" for number, department in staff()}
    listed = {path: ids_in(answer) for path, params, answer in answers if not params}
    found = []
    async with service.ask_as(key) as client:
        for path, methods in service.app.openapi()["paths"].items():
            head, brace, rest = path.partition("{")
            if "get" not in methods or not brace or "{" in rest:
                continue
            ids = numbers.values() if rest.startswith("employee_number}") else listed.get(head.rstrip("/"), [])[:SOME]
            for one in ids:
                answer = await client.get(f"{head}{one}{rest.partition('}')[2]}")
                if answer.status_code == httpx.codes.OK and "json" in answer.headers["content-type"]:
                    found.append((path, answer.json()))
    return found


def ids_in(answer: Any) -> list[str]:
    """Return the ids of what is listed."""
    items = answer.get("items", []) if isinstance(answer, dict) else []
    return [one["id"] for one in items if "id" in one]


async def whole(client: httpx.AsyncClient, path: str, params: dict[str, str], first: Any) -> Any:
    """Return a list with all its pages."""
    while isinstance(first, dict) and first.get("next_cursor"):
        more = (await client.get(path, params={**params, "limit": "200", "cursor": first["next_cursor"]})).json()
        first = {"items": [*first["items"], *more["items"]], "next_cursor": more["next_cursor"]}
    return first


async def told(service: MonitoringService) -> dict[str, list[dict[str, Any]]]:
    """Return all events as the gateway shows them to the attacker, by type."""

    def read(session: Session) -> dict[str, list[dict[str, Any]]]:
        hiding = works_council.hidden(session)
        found: dict[str, list[dict[str, Any]]] = {}
        for kind, body in session.execute(select(outbox.c.type, outbox.c.body).order_by(outbox.c.seq)):
            data = works_council.without_persons(kind, orjson.loads(body)["data"], hiding)
            found.setdefault(kind, []).append(redact(kind, data, VIEW))
        return found

    return await service.db.read(read)


def numbers_in(answer: Any) -> Iterator[int]:
    """Give all numbers of an answer, and how often each value of each field stands in each list."""
    if isinstance(answer, dict):
        for value in answer.values():
            yield from numbers_in(value)
    elif isinstance(answer, list):
        yield len(answer)
        rows = [one for one in answer if isinstance(one, dict)]
        for field in {name for row in rows for name in row}:
            yield from Counter(str(row.get(field)) for row in rows).values()
        for value in answer:
            yield from numbers_in(value)
    elif isinstance(answer, int) and not isinstance(answer, bool):
        yield answer


def counted(number: int) -> tuple[int, ...] | None:
    """Return which departments a number counts, None for one that counts none of them."""
    if number <= 0 or number % UNIT or number >= UNIT << len(POSTED):
        return None
    return tuple(number // UNIT >> place & 1 for place in range(len(POSTED)))


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Return how many of these rows are no sums or differences of others, by elimination."""
    left = [[Fraction(value) for value in row] for row in rows]
    found = 0
    for column in range(len(POSTED)):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left = [[a - b * row[column] / pivot[column] for a, b in zip(row, pivot, strict=True)] for row in left]
        found += 1
    return found


def told_apart(rows: Sequence[tuple[int, ...]]) -> list[set[str]]:
    """Return the groups of too few people whose figure is a sum or difference of these."""
    known = sorted(set(rows))
    found = []
    for size in range(1, len(SIZES) + 1):
        for group in itertools.combinations(SIZES, size):
            wanted = tuple(int(name in group) for name in POSTED)
            if sum(SIZES[name] for name in group) < MINIMUM and rank([*known, wanted]) == rank(known):
                found.append(set(group))
    return found


def rows_of(answer: Any) -> list[tuple[int, ...]]:
    """Return which departments the numbers of an answer count."""
    return [row for number in numbers_in(answer) if (row := counted(number)) is not None]


def test_the_attacker_finds_what_is_left_open() -> None:
    everybody, all_but_press = (1, 1, 1, 1, 0), (1, 1, 1, 0, 0)
    assert told_apart([everybody]) == []
    assert told_apart([everybody, all_but_press]) == [{"Press"}]
    assert counted(POSTED["Legal"] + POSTED["Press"]) == (0, 0, 1, 1, 0)
    assert sorted(numbers_in({"items": [{"department": "Press"}, {"department": "Press"}]})) == [2, 2]


async def test_nothing_that_can_be_asked_names_anybody_or_tells_of_a_group_below_the_minimum(
    service: MonitoringService,
) -> None:
    answers, events = await everything(service, ATTACKER), await told(service)
    asked = {path for path, _, _ in answers}
    assert {f"/v1/{one}" for one in ("summary", "summary/series", "findings", "posts", "guidance-figures")} <= asked
    for path, params, answer in answers:
        assert named_in(answer, handles=path != "/v1/accounts") == [], (path, params)
        assert told_apart(rows_of(answer)) == [], (path, params)
    singly = await each_by_id(service, ATTACKER, answers)
    of_one = {f"/v1/{one}" for one in ("findings/{finding_id}", "posts/{post_id}", "accounts/{account_id}")}
    assert of_one <= {path for path, _ in singly}
    for path, answer in singly:
        assert named_in(answer, handles=not path.startswith("/v1/accounts")) == [], path
        assert told_apart(rows_of(answer)) == [], path
    assert events["monitoring.finding.opened.v1"]
    for kind, data in events.items():
        assert named_in(data, handles=True) == [], kind
        assert told_apart(rows_of(data)) == [], kind

    hour = {"from": HOUR.isoformat(), "to": PERIODS[0][1].isoformat()}
    within = [row for _, params, answer in answers if hour.items() <= params.items() for row in rows_of(answer)]
    for department in SIZES:
        key = Principal(f"key:{department}", scopes=ATTACKER.scopes, departments=frozenset({department}))
        within += [row for _, _, answer in await everything(service, key, hour) for row in rows_of(answer)]
    assert len(set(within)) > 1, "the attacker learnt something"
    assert told_apart(within) == []
    await small_hour(service)


def named_in(answer: Any, *, handles: bool) -> list[str]:
    """Return who of the staff is named in an answer; a list of accounts names these, and not whose they are."""
    text = orjson.dumps(answer).decode()
    names = [f"E-{number}" for number, _ in staff()] + [person_id(number) for number, _ in staff()]
    return [name for name in names + [f"@p{number}" for number, _ in staff() if handles] if f'"{name}"' in text]


async def small_hour(service: MonitoringService) -> None:
    """An hour in which only a small department posted says that somebody of the small ones did, or that anybody did."""
    press = [post(f"quiet-{turn}", kind="staff", author="@p121", posted_at=QUIET) for turn in range(UNIT)]
    assert dict(staff())[121] == "Press"
    await service.db.write(posts.ingest, press)
    since, until = PERIODS[1]
    for by, key in (("department", "other"), ("none", None), ("network", "mastodon"), ("kind", "staff")):
        asked = {"metric": "posts", "by": by, "from": since.isoformat(), "to": until.isoformat()}
        [point] = (await service.get("/v1/summary/series", **asked))["items"]
        assert (point["key"], point["value"]) == (key, UNIT)

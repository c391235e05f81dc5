"""Who is certified, answered from the gateway's memory: as its owner says it, or else by the owner."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.domain.certificates import CERTIFICATE, state_of
from services.gateway.read_model import packed
from services.gateway.read_model.certificates import SCOPE
from services.training.domain.certification import certificates as owner
from services.training.domain.certification import statuses
from services.training.domain.certification.standing import status_at
from services.training.tables import Certificate, Person
from shared.events.training import CertificateIssuedV1
from tests.gateway.story import client_with, person
from tests.platform import Platform

STATUSES = "/v1/certificate-statuses"
DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
NUMBERS = [f"E-{number}" for number in range(1, 9)]
MISTAKES: list[dict[str, Any]] = [
    {"employee_numbers": []},
    {"employee_numbers": ["E-1"] * 501},
    {"employee_numbers": ["E 1"]},
    {"employee_numbers": [1]},
    {"employee_numbers": ["E-1"], "certification": "No Key"},
    {"employee_numbers": ["E-1"], "more": 1},
]

moments = st.integers(0, 100_000).map(lambda minutes: START + timedelta(minutes=minutes))


@st.composite
def certified_people(draw: st.DrawFn) -> tuple[Certificate, datetime | None]:
    """Somebody's certificate, suspended, reinstated or revoked or not, and when they left, if they did."""
    issued, expiring, expires, grace, *happened = sorted(draw(st.lists(moments, min_size=8, max_size=8)))
    done = draw(st.sampled_from(["nothing", "suspended", "reinstated", "revoked"]))
    spans: list[list[str | None]] = []
    if done in {"suspended", "reinstated"}:
        spans = [[happened[0].isoformat(), happened[1].isoformat() if done == "reinstated" else None]]
    certificate = Certificate(
        id=str(uuid4()),
        person=str(uuid4()),
        certification="responder",
        sequence=1,
        issued_at=issued,
        expiring_from=expiring,
        expires_at=expires,
        grace_until=grace,
        sections=[{"policy": "p", "version": 1, "section": "s", "hash": "h"}],
        basis={},
        suspensions=spans,
        revoked_at=happened[2] if done == "revoked" else None,
        reason=draw(st.sampled_from([None, 'Said "no" – twice'])),
        replaces=draw(st.sampled_from([None, str(uuid4())])),
        recorded_at=issued,
    )
    return certificate, draw(st.none() | moments)


@settings(max_examples=300, deadline=None)
@given(certified_people(), moments, st.sampled_from([timedelta(), timedelta(minutes=1), 30 * DAY]))
def test_what_is_packed_says_what_the_owner_says(
    found: tuple[Certificate, datetime | None], told_at: datetime, later: timedelta
) -> None:
    certificate, left_at = found
    held = Person(
        id=certificate.person, employee_number='E-"1"', user_name="e", name="E", email="e@x.example",
        department="Care", region="EMEA", languages=[], created_at=START,
    )  # fmt: skip
    event = owner.event(CertificateIssuedV1, certificate, status_at(certificate, told_at, None))
    row = {**event.model_dump(), "state": state_of(event, told_at), "covered": "hash"}
    sections = {"hash": orjson.dumps([section.model_dump() for section in event.sections])}
    common, number = packed.Common(), orjson.dumps(held.employee_number)
    person_row = (held.id, held.employee_number, held.department, left_at)
    kept = packed.pack(common, person_row, [tuple(row[name] for name in CERTIFICATE)], sections)

    now = told_at + later
    if later and any(each is not None and told_at < each <= now for each in happenings(certificate)):
        return  # it would have been told, and kept, in between
    try:
        moment = packed.Moment(common, now)
        (status,) = packed.statuses(kept, number, None, moment)
        assert packed.plain_status(kept, number, None, moment) == (status if b'"valid"' in status else None)
        assert packed.plain_status(kept, number, -1, moment) is None
        (whole,) = packed.certificates(common, kept, number, packed.micros(now))
    except packed.Unclear:
        assert now < certificate.issued_at or told_at < certificate.issued_at
        return
    theirs = statuses.answer(held.employee_number, certificate, left_at, now)  # type: ignore[arg-type]
    assert orjson.loads(status) == theirs.model_dump(mode="json")
    assert orjson.loads(whole) == owner.out(certificate, held, theirs.status).model_dump(mode="json")


def happenings(certificate: Certificate) -> list[datetime | None]:
    """Return when people did something to a certificate."""
    times = [datetime.fromisoformat(at) for span in certificate.suspensions for at in span if at]
    return [*times, certificate.revoked_at]


async def hire(platform: Platform, *, grace_days: int = 20) -> None:
    """Hire eight people and certify all but the last at different times; a year holds, and expires, by completion."""
    client = platform.client
    for number in range(1, 9):
        body = person(number) | {"department": "Care" if number < 5 else "Stores"}
        await worked(client.post("/v1/people", json=body))
    await worked(client.post("/v1/courses", json={"key": "basics", "title": "Basics"}))
    tier = {"key": "responder", "title": "Responder", "courses": ["basics"], "grace_days": grace_days}
    await worked(client.post("/v1/certifications", json=tier))
    for number in range(1, 8):
        at = (platform.clock.now() - number * 45 * DAY).isoformat()
        done = {"employee_number": f"E-{number}", "course": "basics", "completed_at": at, "source": "lms"}
        await worked(client.post("/v1/completions", json=done))


async def worked(asked: Any) -> Any:
    """Return the answer to a request that must have worked."""
    answer: httpx.Response = await asked
    assert answer.is_success, answer.text
    return answer.json()


async def certificate_of(platform: Platform, number: str) -> str:
    """Return the id of somebody's certificate."""
    return str((await worked(platform.client.get(f"/v1/people/{number}/certificates")))["items"][0]["id"])


async def answered_here(platform: Platform) -> int:
    """Return how many questions about certificates the gateway has answered itself."""
    metrics = (await platform.client.get("/metrics")).text
    here = (STATUSES, "/v1/people/{employee_number}/certificates")
    lines = [line for line in metrics.splitlines() if line.startswith("shareload_http_requests_total")]
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines if any(f'route="{path}"' in line for path in here)))


def without_time(answer: httpx.Response) -> Any:
    """Return an answer's content without the moment of which it is."""
    assert answer.status_code == 200, answer.text
    content = answer.json()
    for item in content["items"]:
        item.pop("as_of", None)
    return content


async def both_say(platform: Platform, numbers: Sequence[str] = NUMBERS) -> list[str]:
    """Ask the gateway and the owner alike; check that the gateway answered itself, and the same. Return the statuses."""
    await platform.settle()
    await platform.running["gateway"].app.state.doors.certificates.look()
    before = await answered_here(platform)
    theirs = platform.services["training"]
    for certification in ("responder", "unheard-of", None):
        body = {"employee_numbers": [*numbers, "E-unknown"], "certification": certification}
        ours = without_time(await platform.client.post(STATUSES, json=body))
        assert ours == without_time(await theirs.post(STATUSES, json=body))
    for number in numbers:
        path = f"/v1/people/{number}/certificates"
        assert without_time(await platform.client.get(path)) == without_time(await theirs.get(path))
    assert await answered_here(platform) == before + 3 + len(numbers)
    return [item["status"] for item in ours["items"]]


async def test_memory_says_what_the_owner_says_whatever_happens(platform: Platform) -> None:
    await hire(platform)
    client = platform.client
    assert await both_say(platform) == ["valid"] * 7 + ["none", "none"]

    suspended, revoked, twice = [await certificate_of(platform, number) for number in ("E-1", "E-2", "E-3")]
    reason = {"reason": "Under review."}
    for certificate, what in (
        (suspended, "suspension"), (revoked, "revocation"), (twice, "suspension"), (twice, "reinstatement"),
    ):  # fmt: skip
        await worked(client.post(f"/v1/certificates/{certificate}/{what}", json=reason))
    for number in ("E-1", "E-4"):
        await worked(client.patch(f"/v1/people/{number}", json={"active": False}))
    assert (await both_say(platform))[:5] == ["none", "revoked", "valid", "none", "valid"]

    for number in ("E-1", "E-4"):
        await worked(client.patch(f"/v1/people/{number}", json={"active": True}))
    await worked(client.patch("/v1/people/E-5", json={"department": "Care"}))
    assert (await both_say(platform))[:5] == ["suspended", "revoked", "valid", "valid", "valid"]

    for days in (31, 30, 15, 5):
        await platform.advance(days * DAY)
        words = await both_say(platform)
    assert {"expiring", "expired", "suspended", "revoked", "none"} <= set(words)

    again = {
        "employee_number": "E-7",
        "course": "basics",
        "completed_at": platform.clock.now().isoformat(),
        "source": "x",
    }
    await worked(client.post("/v1/completions", json=again))
    assert (await both_say(platform))[6] == "valid"


async def test_memory_knows_people_by_every_number_that_names_them(platform: Platform) -> None:
    await hire(platform)
    client = platform.client
    await worked(client.post("/v1/people", json=person(9) | {"department": "Care"}))
    for one, duplicate in (("E-8", "E-7"), ("E-9", "E-8")):
        await worked(client.post(f"/v1/people/{one}/merge", json={"duplicate": duplicate}))
    before = await worked(client.get("/v1/people/E-3"))
    await worked(client.patch("/v1/people/E-3", json={"active": False}))
    names = ("name", "email", "department", "region")
    row = ",".join(["E-33", *(before[name] for name in names)])
    sent = f"employee_number,{','.join(names)}\n{row}\n"
    back = await worked(client.post("/v1/people/imports", content=sent, headers={"Content-Type": "text/csv"}))
    assert back["updated"] == 1, back

    numbers = [*NUMBERS, "E-9", "E-33"]
    assert await both_say(platform, numbers) == ["valid"] * 10 + ["none"]
    await platform.stop_service("gateway")
    del platform.databases["gateway"]
    await platform.start_service("gateway")
    assert await both_say(platform, numbers) == ["valid"] * 10 + ["none"]


async def test_memory_knows_which_certificate_of_two_entries_stands(platform: Platform) -> None:
    await hire(platform)
    held = await worked(platform.client.get("/v1/people/E-1/certificates"))
    older = held["items"][0]["id"]
    await worked(platform.client.post(f"/v1/certificates/{older}/suspension", json={"reason": "Under review."}))
    await worked(platform.client.post("/v1/people/E-2/merge", json={"duplicate": "E-1"}))
    assert (await both_say(platform, ["E-1", "E-2"])) == ["suspended", "suspended", "none"]


async def test_memory_is_filled_anew_and_answers_without_its_owner_for_a_minute(platform: Platform) -> None:
    await hire(platform)
    await platform.settle()
    await platform.stop_service("gateway")
    del platform.databases["gateway"]
    await platform.start_service("gateway")
    assert (await both_say(platform))[0] == "valid"

    await platform.stop_service("training")
    body = {"employee_numbers": NUMBERS}
    answer = await platform.client.post(STATUSES, json=body)
    assert [item["certified"] for item in answer.json()["items"]] == [True] * 7 + [False]
    platform.clock.advance(timedelta(seconds=61))
    late = await platform.client.post(STATUSES, json=body)
    assert (late.status_code, "Retry-After" in late.headers) == (503, True)
    assert (await platform.client.get("/v1/people/E-1/certificates")).status_code == 503
    await platform.start_service("training")


async def test_who_changes_a_certificate_reads_the_change_at_once(platform: Platform) -> None:
    await hire(platform)
    certificate = await certificate_of(platform, "E-1")
    await both_say(platform)
    client, reader = platform.client, await client_with(platform, "certificates:read")
    body = {"employee_numbers": ["E-1"], "certification": "responder"}
    for what, certified in [("suspension", False), ("reinstatement", True)] * 3:
        await worked(client.post(f"/v1/certificates/{certificate}/{what}", json={"reason": "A test."}))
        assert (await worked(client.post(STATUSES, json=body)))["items"][0]["certified"] is certified

    waiting = {"Prefer": "wait=5"}
    answer = await client.post(f"/v1/certificates/{certificate}/suspension", json={"reason": "x"}, headers=waiting)
    assert "Preference-Applied" in answer.headers
    assert (await worked(reader.post(STATUSES, json=body)))["items"][0]["status"] == "suspended"


async def test_memory_shows_nobody_more_than_the_owner_would_and_leaves_odd_questions_to_it(platform: Platform) -> None:
    await hire(platform)
    await both_say(platform)
    limited, body = await client_with(platform, SCOPE, departments=["Stores"]), {"employee_numbers": ["E-1", "E-6"]}
    assert [item["status"] for item in (await worked(limited.post(STATUSES, json=body)))["items"]] == ["none", "valid"]
    assert (await limited.get("/v1/people/E-1/certificates")).status_code == 404
    assert (await limited.get("/v1/people/E-6/certificates")).status_code == 200

    before = await answered_here(platform)
    other = await client_with(platform, "policies:read")
    assert (await other.post(STATUSES, json=body)).status_code == 403
    assert (await other.get("/v1/people/E-6/certificates")).status_code == 403
    themself = await platform.as_person("E-2")
    assert (await themself.get("/v1/people/E-1/certificates")).status_code == 404
    assert await answered_here(platform) == before
    assert (await themself.get("/v1/people/E-2/certificates")).json()["items"][0]["status"] == "valid"
    assert await answered_here(platform) == before + 1

    client, before = platform.client, await answered_here(platform)
    as_of = (platform.clock.now() - 300 * DAY).isoformat()
    then = client.post(STATUSES, json={"employee_numbers": ["E-1"], "as_of": as_of})
    assert (await worked(then))["items"][0]["status"] == "none"
    assert (await worked(client.get("/v1/people/E-1/certificates", params={"as_of": as_of})))["items"] == []
    for wrong in MISTAKES:
        assert (await client.post(STATUSES, json=wrong)).status_code == 422, wrong
    assert (await client.post(STATUSES, json=body, headers={"Idempotency-Key": "once"})).status_code == 200
    assert (await client.get("/v1/people/E-99/certificates")).status_code == 404
    assert await answered_here(platform) == before

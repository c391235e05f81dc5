"""A member's way through the task team, by the gateway alone: put forward, appointed, lapsed, succeeded."""

from datetime import timedelta
from typing import Any

import httpx

from tests.platform import Platform

PEOPLE = """employee_number,name,email,department,region,manager,languages
E-1,Ines Quiroga,ines@harbour.example,Communications,EMEA,,en;es
E-2,Tomasz Wilk,tomasz@harbour.example,Legal,EMEA,E-1,en;pl
E-3,Ama Boateng,ama@harbour.example,Care,EMEA,E-1,en;de
E-4,Lukas Brandt,lukas@harbour.example,Care,EMEA,E-3,de
E-5,Mei Tanaka,mei@harbour.example,Care,EMEA,E-3,de
"""
TEAM = "/v1/task-team"
SEAT = f"{TEAM}/seats/care-german"
NOTES = "Mei has asked about private replies."


def ok(answer: httpx.Response) -> Any:
    """Return the body of an answer that must have gone well."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


def refused(answer: httpx.Response, status: int, slug: str) -> None:
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug), answer.text


async def set_up(platform: Platform) -> None:
    """Bring in the people, the certification and the seat."""
    client = platform.client
    headers = {"Content-Type": "text/csv"}
    ok(await client.post("/v1/people/imports", content=PEOPLE, headers=headers))
    ok(await client.post("/v1/courses", json={"key": "coaching", "title": "Coaching"}))
    certification = {
        "key": "coach",
        "title": "Coach",
        "courses": ["coaching"],
        "validity_days": 60,
        "expiring_days": 20,
    }
    ok(await client.post("/v1/certifications", json=certification))
    await platform.settle()
    # Questions wait longer here than certificates last, so that what moves them is the seat.
    terms = {"required_certification": "coach", "grace_days": 14, "answer_hours": 2000}
    ok(await client.patch(TEAM, json=terms))
    seat = {"role": "coach", "department": "Care", "language": "de", "topics": ["replies"]}
    ok(await client.put(SEAT, json=seat))


async def certify(platform: Platform, number: str) -> None:
    learnt = {
        "employee_number": number,
        "course": "coaching",
        "completed_at": platform.clock.now().isoformat(),
        "source": "academy",
    }
    ok(await platform.client.post("/v1/completions", json=learnt))
    await platform.settle()


async def is_gap(platform: Platform) -> bool:
    """Tell whether coverage shows that nobody stands for German in Care."""
    coverage = ok(await platform.client.get(f"{TEAM}/coverage"))
    return any(
        (gap["departments"] is None or "Care" in gap["departments"])
        and (gap["languages"] is None or "de" in gap["languages"])
        for gap in coverage["gaps"]
    )


async def is_appointed(platform: Platform) -> None:
    """Ama is put forward by Lukas and endorsed by Mei; she is appointed once she is certified."""
    lukas, mei, tomasz = [await platform.as_person(number) for number in ("E-4", "E-5", "E-2")]
    wish = {"employee_number": "E-3", "seat": "care-german", "experience": "Ran our forum.", "why": "Patient."}
    nomination = f"{TEAM}/nominations/{ok(await lukas.post(f'{TEAM}/nominations', json=wish))['id']}"
    refused(await tomasz.get(nomination), 404, "not-found")
    assert ok(await tomasz.get(f"{TEAM}/nominations"))["items"] == []
    ok(await mei.post(f"{nomination}/endorsements", json={"words": "She listens."}))
    assert ok(await mei.get(nomination))["endorsements"][0]["employee_number"] == "E-5"

    lead = await platform.as_person("E-1", "lead")
    appointment = {"decision": "appoint", "reason": "We agree."}
    refused(await lead.post(f"{nomination}/decision", json=appointment), 409, "not-certified")
    await certify(platform, "E-3")
    assert ok(await lead.post(f"{nomination}/decision", json=appointment))["state"] == "appointed"
    await platform.settle()


async def lapses(platform: Platform) -> None:
    """Her certificate ends; she keeps the seat for the grace time, then it is vacant."""
    for days, state, holder in ((61, "lapsing", "E-3"), (14, "vacant", None)):
        await platform.advance(timedelta(days=days))
        seat = ok(await platform.client.get(SEAT))
        assert (seat["state"], seat["employee_number"]) == (state, holder)
    coverage = ok(await platform.client.get(f"{TEAM}/coverage"))
    assert [each["key"] for each in coverage["vacant"]] == ["care-german"]


async def is_succeeded(platform: Platform) -> None:
    """Lukas gets the seat, what Ama left to know, and what was asked of her."""
    lead = await platform.as_person("E-1", "lead")
    handover = {"employee_number": "E-4", "notes": NOTES}
    refused(await lead.post(f"{SEAT}/handover", json=handover), 409, "not-certified")
    await certify(platform, "E-4")
    assert ok(await lead.post(f"{SEAT}/handover", json=handover))["employee_number"] == "E-4"
    await platform.settle()
    for side in ("E-3", "E-4"):
        (left,) = ok(await (await platform.as_person(side)).get(f"{SEAT}/handovers"))["items"]
        assert (left["giver"], left["taker"], left["notes"]) == ("E-3", "E-4", NOTES)


async def test_a_member_is_nominated_endorsed_appointed_lapses_and_is_succeeded(platform: Platform) -> None:
    await set_up(platform)
    assert await is_gap(platform)
    await is_appointed(platform)
    assert not await is_gap(platform)

    mei = await platform.as_person("E-5")
    question = {"text": "Darf ich privat antworten?", "topic": "replies", "language": "de"}
    asked = ok(await mei.post(f"{TEAM}/questions", json=question))
    assert asked["assignee"] == "E-3"
    await lapses(platform)
    assert await is_gap(platform)

    await is_succeeded(platform)
    assert not await is_gap(platform)
    path = f"{TEAM}/questions/{asked['id']}"
    ok(await (await platform.as_person("E-4")).post(f"{path}/answer", json={"answer": "Ja, mit deinem Namen."}))
    assert ok(await (await platform.as_person("E-5")).get(path))["answer"] == "Ja, mit deinem Namen."

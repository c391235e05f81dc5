"""How tiers are renewed, when holders are reminded, and what a new version of a course does to what they hold."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.training.domain.teaching import course_changes
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService

YEAR = timedelta(days=365)
REMINDER = "training.certificate.reminder.v1"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def held(service: TrainingService, number: str, tier: str) -> Any:
    """Return the certificate that a person has now."""
    return await service.get(f"/v1/certificates/{(await service.status(number, tier))['certificate']}")


async def test_from_expiry_the_next_term_follows_the_last_unless_it_is_renewed_too_late(
    service: TrainingService,
) -> None:
    await service.define("yearly", courses=["answering"], renewal={"mode": "from_expiry", "window_days": 60})
    for number in ("E-1", "E-2"):
        await service.add_person(number)
        await service.complete(number)
    first = await held(service, "E-1", "yearly")
    assert moment(first["renewable_from"]) == moment(first["expires_at"]) - timedelta(days=60)
    await service.advance(YEAR - timedelta(days=50))
    await service.complete("E-1")
    await service.advance(timedelta(days=60))
    await service.complete("E-2")

    in_time, late = await held(service, "E-1", "yearly"), await held(service, "E-2", "yearly")
    assert moment(in_time["expires_at"]) == moment(first["expires_at"]) + YEAR
    assert in_time["replaces"] == first["id"]
    assert (await service.get(f"/v1/certificates/{first['id']}"))["replaced_by"] == in_time["id"]
    assert moment(late["expires_at"]) - service.clock.now() > YEAR - timedelta(minutes=1)


async def test_with_a_fixed_day_every_term_ends_on_it_and_holds_at_least_for_the_minimum(
    service: TrainingService,
) -> None:
    ahead = service.clock.now() + timedelta(days=40)
    day = f"{ahead:%m-%d}" if f"{ahead:%m-%d}" != "02-29" else "03-01"
    for tier, minimum in (("soon", 0), ("later", 90)):
        renewal = {"mode": "calendar", "date": day, "minimum_days": minimum, "window_days": 30}
        await service.define(tier, courses=["answering"], renewal=renewal)
    await service.add_person("E-1")
    await service.complete("E-1")

    soon, later = [moment((await held(service, "E-1", tier))["expires_at"]) for tier in ("soon", "later")]
    assert (f"{soon:%m-%d %H:%M}", f"{later:%m-%d %H:%M}") == (f"{day} 00:00", f"{day} 00:00")
    assert later.year == soon.year + 1
    assert later - service.clock.now() >= timedelta(days=90)

    await service.advance(timedelta(days=20))
    await service.complete("E-1")
    renewed = moment((await held(service, "E-1", "soon"))["expires_at"])
    assert renewed == soon.replace(year=soon.year + 1), "the day that ended the last term does not end this one too"


async def test_the_renewal_opens_by_itself_for_who_repeated_the_course_before(service: TrainingService) -> None:
    await service.define("open", courses=["answering"], renewal={"window_days": 100}, expiring_days=10)
    await service.add_person("E-1")
    await service.complete("E-1")
    first = await held(service, "E-1", "open")
    await service.advance(timedelta(days=200))
    await service.complete("E-1")
    assert (await held(service, "E-1", "open"))["id"] == first["id"]
    await service.advance(timedelta(days=66))

    second = await held(service, "E-1", "open")
    assert (second["replaces"], second["issued_at"]) == (first["id"], first["renewable_from"])
    assert [one["change"] for one in await service.changes("E-1")] == ["issued", "renewed"], "it never began to expire"


async def test_holders_are_reminded_once_on_each_day_and_no_more_once_they_renewed(service: TrainingService) -> None:
    await service.define("reminded", courses=["answering"], reminder_days=[25, 12, 3])
    for number in ("E-1", "E-2"):
        await service.add_person(number)
        await service.complete(number)
    ids = {number: (await service.get(f"/v1/people/{number}"))["id"] for number in ("E-1", "E-2")}

    await service.advance(YEAR - timedelta(days=24))
    await service.advance()
    first = await service.told(REMINDER)
    assert sorted((one["person"], one["days_before"], one["days_left"]) for one in first) == sorted(
        (person, 25, 24) for person in ids.values()
    )
    await service.advance(timedelta(days=13))
    await service.complete("E-1")
    await service.advance(timedelta(days=9))
    await service.advance(timedelta(days=4))

    days = {
        person: [one["days_before"] for one in await service.told(REMINDER) if one["person"] == person]
        for person in ids.values()
    }
    assert days == {ids["E-1"]: [25, 12], ids["E-2"]: [25, 12, 3]}
    assert len(await evidence_of(service.db, "certificate.reminded")) == 5


async def test_a_long_silence_reminds_once_each_and_a_suspension_or_absence_not_at_all(
    service: TrainingService,
) -> None:
    ids = {}
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number)
        ids[number] = await service.certify(number)
    await service.post(f"/v1/certificates/{ids['E-2']}/suspension", {"reason": "R"})
    await service.client.patch("/v1/people/E-3", json={"active": False})
    await service.advance(YEAR - timedelta(days=40))
    await service.post(f"/v1/certificates/{ids['E-2']}/reinstatement", {"reason": "R"})
    await service.client.patch("/v1/people/E-3", json={"active": True})
    await service.advance()
    await service.advance()
    early = [(one["id"], one["days_before"]) for one in await service.told(REMINDER)]
    assert early == [(ids["E-1"], 90), (ids["E-1"], 60)]

    await service.advance(timedelta(days=20))
    assert sorted((one["id"], one["days_before"]) for one in (await service.told(REMINDER))[2:]) == sorted(
        (certificate, 30) for certificate in ids.values()
    )


async def test_reminders_asked_for_anew_hold_for_certificates_that_are_there(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.certify("E-1")
    answer = await service.client.patch("/v1/certifications/responder", json={"reminder_days": [200]})
    assert answer.status_code == 200, answer.text
    await service.advance()
    await service.advance(timedelta(days=166))

    assert [one["days_before"] for one in await service.told(REMINDER)] == [200]


async def publish_version(service: TrainingService, number: int) -> None:
    """Let the service's own course room say that a version is in force, and decide on all whom it concerns."""
    await service.db.write(course_changes.new_version, "answering", number)
    await service.advance()


async def test_a_new_version_voids_what_rests_on_an_older_one_where_the_tier_says_so(service: TrainingService) -> None:
    void = {"on_new_version": {"answering": "void"}}
    await service.define("strict", courses=["answering"], **void)
    await service.define("lenient", courses=["answering"])
    await service.define("kind", courses=["answering"], grace_days=10, **void)
    await service.add_person("E-1")
    await service.complete("E-1")
    start = service.clock.now()
    before = await held(service, "E-1", "strict")
    await service.advance(timedelta(days=5))
    await publish_version(service, 2)

    answers = {tier: await service.status("E-1", tier) for tier in ("strict", "lenient", "kind")}
    assert {tier: (one["status"], one["certified"]) for tier, one in answers.items()} == {
        "strict": ("expired", False),
        "lenient": ("valid", True),
        "kind": ("expired", True),
    }
    voided = await held(service, "E-1", "strict")
    assert voided["reason"] == "Version 2 of the course answering is in force."
    assert voided["expires_at"] < before["expires_at"]
    earlier = (start + timedelta(days=1)).isoformat()
    asked = await service.status("E-1", "strict", as_of=earlier)
    assert (asked["status"], asked["certified_until"]) == ("valid", before["expires_at"]), "what was, stays so"
    heard = [(one["change"], one["certificate"]["certification"]) for one in await service.changes("E-1")]
    assert sorted(heard[3:]) == [("expired", "kind"), ("expired", "strict")]
    history = (await service.get(f"/v1/certificates/{before['id']}/history"))["items"]
    assert [(one["change"], one["by"], one["reason"]) for one in history] == [
        ("issued", "service", None),
        ("expired", "service", "Version 2 of the course answering is in force."),
    ]


async def test_what_was_voided_is_earned_again_by_the_new_version(service: TrainingService) -> None:
    await service.define("strict", courses=["answering"], on_new_version={"answering": "void"})
    await service.add_person("E-1")
    await service.complete("E-1")
    before = await held(service, "E-1", "strict")
    await service.advance(timedelta(days=5))
    await publish_version(service, 2)
    service.clock.advance(timedelta(hours=1))
    await service.complete("E-1")

    again = await held(service, "E-1", "strict")
    assert (again["status"], again["replaces"]) == ("valid", before["id"])


async def test_what_was_learnt_of_an_older_version_issues_nothing_and_a_tier_that_changes_its_mind_starts_anew(
    service: TrainingService,
) -> None:
    await service.define("strict", courses=["answering"], on_new_version={"answering": "void"})
    await service.add_person("E-1")
    await service.add_person("E-2")
    await service.advance(timedelta(days=3))
    await publish_version(service, 2)
    await service.complete("E-1", days_ago=1)
    assert (await service.status("E-1", "strict"))["status"] == "none"

    for what in ("keep", "void"):
        answer = await service.client.patch("/v1/certifications/strict", json={"on_new_version": {"answering": what}})
        assert answer.status_code == 200, answer.text
        await service.advance()
    assert (await service.status("E-1", "strict"))["status"] == "valid", "it says void of versions to come"


async def test_a_tier_for_some_regions_is_earned_there_only(service: TrainingService) -> None:
    await service.define("press", courses=["answering"], audience={"departments": ["Support"], "regions": ["APAC"]})
    await service.add_person("E-1", region="APAC")
    await service.add_person("E-2")
    await service.add_person("E-3", region="APAC", department="Legal")
    for number in ("E-1", "E-2", "E-3"):
        await service.complete(number)

    held_by = [
        one["employee_number"] for one in (await service.get("/v1/certificates", certification="press"))["items"]
    ]
    assert held_by == ["E-1"]
    await service.client.patch("/v1/people/E-2", json={"region": "APAC"})
    assert (await service.status("E-2", "press"))["status"] == "valid", "a move decides again"
    await service.client.patch("/v1/certifications/press", json={"audience": {"regions": ["APAC"]}})
    await service.advance()
    assert (await service.status("E-3", "press"))["status"] == "valid"


@pytest.mark.parametrize(
    "wrong",
    [
        {"renewal": {"mode": "calendar"}},
        {"renewal": {"mode": "from_expiry", "date": "01-31"}},
        {"renewal": {"mode": "calendar", "date": "02-30"}},
        {"renewal": {"mode": "calendar", "date": "02-29"}},
        {"renewal": {"minimum_days": 10}},
        {"reminder_days": [30, 30]},
        {"reminder_days": [0]},
        {"on_new_version": {"other": "void"}},
        {"on_new_version": {"answering": "explode"}},
    ],
)
async def test_a_renewal_that_makes_no_sense_is_refused(service: TrainingService, wrong: dict[str, Any]) -> None:
    body = {"key": "odd", "title": "Odd", "courses": ["answering"], **wrong}
    refused = await service.client.post("/v1/certifications", json=body)
    changed = await service.client.patch("/v1/certifications/responder", json=wrong)

    assert (refused.status_code, changed.status_code) == (422, 422)


async def test_a_tier_shows_how_it_is_renewed_and_a_patch_changes_only_what_it_names(service: TrainingService) -> None:
    renewal = {"mode": "calendar", "date": "01-31", "minimum_days": 60, "window_days": None}
    await service.define("full", courses=["answering"], renewal=renewal, on_new_version={"answering": "void"})
    made = await service.client.get("/v1/certifications/full")
    assert made.json()["renewal"] == renewal

    etag = {"If-Match": made.headers["ETag"]}
    changed = await service.client.patch("/v1/certifications/full", json={"title": "Fuller"}, headers=etag)
    stale = await service.client.patch("/v1/certifications/full", json={"title": "Fullest"}, headers=etag)
    assert changed.json() == {**made.json(), "title": "Fuller", "revision": made.json()["revision"] + 1}
    assert stale.status_code == 412
    without = await service.client.patch("/v1/certifications/full", json={"courses": [], "policies": ["social-media"]})
    assert without.json()["on_new_version"] == {}

"""A certificate is issued when its last part arrives, whichever that is; people suspend, reinstate and revoke it."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from shared.context import Principal
from tests.training.conftest import TrainingService

YEAR = timedelta(days=365)


async def test_the_last_part_issues_the_certificate_whichever_it_is(service: TrainingService) -> None:
    for place, order in enumerate(permutations(("definition", "version", "acknowledgement", "course"))):
        policy, course, tier = f"policy-{place}", f"course-{place}", f"tier-{place}"
        person = await service.add_person(f"E-{place}")
        await service.post("/v1/courses", {"key": course, "title": course})
        for part in order:
            assert not (await service.status(f"E-{place}", tier))["certified"], order
            if part == "definition":
                await service.define(tier, courses=[course], policies=[policy])
            elif part == "version":
                await service.hear_of_version(policy=policy)
            elif part == "acknowledgement":
                await service.hear_of_acknowledgement(person, policy=policy)
            else:
                await service.complete(f"E-{place}", course)
            await service.advance()
        assert (await service.status(f"E-{place}", tier))["status"] == "valid", order

    assert len(await service.told("training.certificate.issued.v1")) == 24
    assert [change["change"] for change in await service.changes()] == ["issued"] * 24


async def test_a_certificate_remembers_the_sections_accepted_and_counts_from_the_course(
    service: TrainingService,
) -> None:
    person = await service.add_person("E-1")
    await service.hear_of_version(2)
    await service.complete("E-1", days_ago=100)
    await service.hear_of_acknowledgement(person, 2)

    (found,) = (await service.get("/v1/people/E-1/certificates"))["items"]
    assert found["sections"] == [{"policy": "social-media", "version": 2, "section": "be-kind", "hash": "hash-2"}]
    (told,) = await service.told("training.certificate.issued.v1")
    assert told["sections"] == found["sections"]
    left = (await service.status("E-1"))["certified_until"]
    assert left == found["expires_at"]
    assert found["issued_at"] > (service.clock.now() - timedelta(days=1)).isoformat()
    assert found["expires_at"][:10] == (service.clock.now() + YEAR - timedelta(days=100)).isoformat()[:10]


async def test_a_course_too_long_ago_does_not_certify(service: TrainingService) -> None:
    person = await service.add_person("E-1")
    await service.complete("E-1", days_ago=366)
    await service.hear_of_acknowledgement(person)

    assert (await service.status("E-1"))["status"] == "none"
    await service.complete("E-1", days_ago=364)
    assert (await service.status("E-1"))["status"] == "expiring"


async def test_only_a_material_version_asks_for_another_acknowledgement(service: TrainingService) -> None:
    first, second = await service.add_person("E-1"), await service.add_person("E-2")
    for person in (first, second):
        await service.hear_of_acknowledgement(person)
    await service.hear_of_version(2, material=False)
    await service.complete("E-1")
    await service.hear_of_version(3, material=True)
    await service.complete("E-2")

    assert (await service.status("E-1"))["certified"]
    assert not (await service.status("E-2"))["certified"]
    await service.hear_of_acknowledgement(second, 3)
    assert (await service.status("E-2"))["certified"]


async def test_a_tier_above_follows_from_the_tier_below(service: TrainingService) -> None:
    await service.define("spokesperson", certifications=["responder"], policies=["social-media"])
    await service.define("coach", certifications=["spokesperson"])
    await service.add_person("E-1")

    await service.complete("E-1")
    await service.hear_of_acknowledgement((await service.get("/v1/people/E-1"))["id"])

    held = (await service.get("/v1/people/E-1/certificates"))["items"]
    assert [one["certification"] for one in held] == ["coach", "responder", "spokesperson"]


async def test_the_audience_decides_and_a_move_decides_again(service: TrainingService) -> None:
    await service.define("press", courses=["answering"], audience={"departments": ["Press"]})
    await service.add_person("E-1")
    await service.complete("E-1", days_ago=10)
    assert (await service.status("E-1", "press"))["status"] == "none"

    await service.client.patch("/v1/people/E-1", json={"department": "Press"})
    (moved,) = (await service.get("/v1/people/E-1/certificates"))["items"]
    assert moved["issued_at"] > (service.clock.now() - timedelta(days=1)).isoformat()


async def test_a_tier_defined_anew_certifies_those_who_now_have_all_it_asks(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.complete("E-1")
    tier = await service.client.get("/v1/certifications/responder")

    changed = await service.client.patch(
        "/v1/certifications/responder", json={"policies": []}, headers={"If-Match": tier.headers["etag"]}
    )
    assert changed.status_code == 200, changed.text
    await service.advance()

    assert (await service.status("E-1"))["certified"]


async def test_a_suspension_holds_until_the_reinstatement(service: TrainingService) -> None:
    await service.add_person("E-1")
    certificate = await service.certify("E-1")
    path = f"/v1/certificates/{certificate}"
    before = await service.client.get(path)

    suspended = await service.post(f"{path}/suspension", {"reason": "A complaint is looked into."})
    twice = await service.client.post(f"{path}/suspension", json={"reason": "Again."})
    during = await service.status("E-1")
    unchanged = await service.client.get(path, headers={"If-None-Match": before.headers["etag"]})
    reinstated = await service.post(f"{path}/reinstatement", {"reason": "Unfounded."})
    never = await service.client.post(f"{path}/reinstatement", json={"reason": "Again."})

    assert (suspended["status"], during["status"], during["certified"]) == ("suspended", "suspended", False)
    assert (twice.status_code, never.status_code, unchanged.status_code) == (409, 409, 200)
    assert (reinstated["status"], reinstated["reason"]) == ("valid", "Unfounded.")
    assert [change["change"] for change in await service.changes()] == ["issued", "suspended", "reinstated"]
    (told,) = await service.told("training.certificate.suspended.v1")
    assert (told["status"], told["reason"]) == ("suspended", "A complaint is looked into.")


async def test_nobody_decides_on_their_own_certificate(service: TrainingService) -> None:
    for number in ("E-1", "E-2"):
        await service.add_person(number)
    path = f"/v1/certificates/{await service.certify('E-1')}"
    own, other = [await service.as_person(number, "certificates:write") for number in ("E-1", "E-2")]
    reason = {"reason": "Looked into."}

    assert (await other.post(f"{path}/suspension", json=reason)).status_code == 200
    refused = await own.post(f"{path}/reinstatement", json=reason)
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (403, "own-matter")
    assert (await other.post(f"{path}/reinstatement", json=reason)).status_code == 200


async def test_of_two_who_decide_on_the_same_certificate_the_second_has_to_look_again(service: TrainingService) -> None:
    await service.add_person("E-1")
    path = f"/v1/certificates/{await service.certify('E-1')}"
    seen = {"If-Match": (await service.client.get(path)).headers["ETag"]}

    first = await service.client.post(f"{path}/suspension", json={"reason": "Looked into."}, headers=seen)
    second = await service.client.post(f"{path}/revocation", json={"reason": "Proved."}, headers=seen)
    assert (first.status_code, second.status_code) == (200, 412)

    seen = {"If-Match": (await service.client.get(path)).headers["ETag"]}
    again = await service.client.post(f"{path}/revocation", json={"reason": "Proved."}, headers=seen)
    assert (again.status_code, again.json()["status"]) == (200, "revoked")


async def test_a_revoked_certificate_must_be_earned_again(service: TrainingService) -> None:
    await service.add_person("E-1")
    certificate = await service.certify("E-1")
    await service.post(f"/v1/certificates/{certificate}/revocation", {"reason": "Shared a customer's address."})
    await service.complete("E-1", days_ago=1)
    assert (await service.status("E-1"))["status"] == "revoked"

    service.clock.advance(timedelta(hours=1))
    await service.complete("E-1")

    again = await service.status("E-1")
    assert (again["status"], again["certificate"] != certificate) == ("valid", True)
    assert (await service.get(f"/v1/certificates/{again['certificate']}"))["replaces"] is None
    assert [change["change"] for change in await service.changes()] == ["issued", "revoked", "issued"]


async def test_a_leaver_is_certified_for_nothing_until_they_are_back(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2")
    await service.certify("E-1")
    for number in ("E-1", "E-2"):
        await service.client.patch(f"/v1/people/{number}", json={"active": False})

    gone = await service.status("E-1")
    assert (gone["status"], gone["certified"]) == ("none", False)
    assert (await service.get("/v1/certificates", status="valid"))["items"] == []
    assert len((await service.get("/v1/certificates", status="none"))["items"]) == 1
    left = [
        (one["employee_number"], one["certificate"] is None)
        for one in await service.changes()
        if one["change"] == "person_left"
    ]
    assert left == [("E-1", False), ("E-2", True)]
    assert len(await service.told("training.person.left.v1")) == 2

    await service.client.patch("/v1/people/E-1", json={"active": True})
    assert (await service.status("E-1"))["status"] == "valid"
    assert (await service.changes("E-1"))[-1]["change"] == "reinstated"


async def test_statuses_come_in_the_order_asked_and_strangers_have_none(service: TrainingService) -> None:
    for number in ("E-1", "E-2"):
        await service.add_person(number)
    await service.certify("E-2")
    numbers = ["E-404", "E-2", "E-1"]

    named = await service.post("/v1/certificate-statuses", {"employee_numbers": numbers, "certification": "responder"})
    of_all = await service.post("/v1/certificate-statuses", {"employee_numbers": numbers})
    many = await service.client.post("/v1/certificate-statuses", json={"employee_numbers": ["E-1"] * 501})

    for answer in (named, of_all):
        assert [(one["employee_number"], one["status"]) for one in answer["items"]] == [
            ("E-404", "none"),
            ("E-2", "valid"),
            ("E-1", "none"),
        ]
    assert of_all["items"][0]["certification"] is None
    assert many.status_code == 422


async def test_a_key_for_some_departments_learns_nothing_of_others(service: TrainingService) -> None:
    await service.add_person("E-1", department="Legal")
    await service.add_person("E-2")
    for number in ("E-1", "E-2"):
        await service.certify(number)
    limited = service.ask_as(
        Principal(id="key:few", scopes=frozenset({"certificates:read"}), departments=frozenset({"Legal"}))
    )

    asked = {"employee_numbers": ["E-1", "E-2"], "certification": "responder"}
    answer = (await limited.post("/v1/certificate-statuses", json=asked)).json()["items"]
    feed = (await limited.get("/v1/certificate-changes")).json()
    sheet = (await limited.get("/v1/certificates.csv")).text

    assert [one["status"] for one in answer] == ["valid", "none"]
    assert [one["employee_number"] for one in feed["items"]] == ["E-1"]
    assert (
        len((await limited.get("/v1/certificate-changes", params={"cursor": feed["next_cursor"]})).json()["items"]) == 0
    )
    assert ("E-1," in sheet, "E-2," in sheet) == (True, False)
    assert [one["employee_number"] for one in (await limited.get("/v1/certificates")).json()["items"]] == ["E-1"]


@pytest.mark.parametrize(
    "parts",
    [{"courses": ["nothing"]}, {"certifications": ["nothing"]}, {"certifications": ["self"]}, {"courses": []}],
)
async def test_a_tier_that_nobody_can_earn_is_refused(service: TrainingService, parts: dict[str, Any]) -> None:
    answer = await service.client.post("/v1/certifications", json={"key": "self", "title": "T", **parts})

    assert answer.status_code == 422


async def test_tiers_that_ask_for_each_other_are_refused_over_however_many(service: TrainingService) -> None:
    await service.define("first", courses=["answering"])
    await service.define("second", certifications=["first"])
    await service.define("third", certifications=["second"])

    for asked in ("second", "third"):
        body = {"certifications": [asked]}
        closing = await service.client.patch("/v1/certifications/first", json=body)
        shown = await service.client.post("/v1/certifications/first/preview", json=body)
        assert (closing.status_code, shown.status_code) == (422, 422)
        assert closing.json()["type"].endswith("/not-earnable"), closing.text
    assert (await service.get("/v1/certifications/first"))["certifications"] == []
    assert (await service.client.patch("/v1/certifications/third", json={"certifications": ["first"]})).is_success

"""What the clock does to certificates: expiring, expired, renewed; and what any moment looked like."""

from collections import Counter
from datetime import timedelta

from tests.evidence import evidence_of
from tests.training.conftest import TrainingService

YEAR = timedelta(days=365)
STATUSES = ("valid", "expiring", "expired", "suspended", "revoked", "none")


async def test_a_certificate_begins_to_expire_and_expires_each_told_once(service: TrainingService) -> None:
    await service.add_person("E-1")
    certificate = await service.certify("E-1")
    assert (await service.status("E-1"))["status"] == "valid"

    await service.advance(YEAR - timedelta(days=29))
    assert ((await service.status("E-1"))["status"], (await service.status("E-1"))["certified"]) == ("expiring", True)
    told = [one["status"] for one in await service.told("training.certificate.expiring.v1")]
    await service.advance(timedelta(days=30))
    await service.advance()

    gone = await service.status("E-1")
    assert (gone["status"], gone["certified"], gone["certified_until"]) == ("expired", False, None)
    dates = await service.get(f"/v1/certificates/{certificate}")
    heard = [(one["change"], one["effective_at"], one["certificate"]["status"]) for one in await service.changes()]
    assert heard[1:] == [("expiring", dates["expiring_from"], "expiring"), ("expired", dates["expires_at"], "expired")]
    told += [one["status"] for one in await service.told("training.certificate.expired.v1")]
    assert told == ["expiring", "expired"]


async def test_years_without_a_sweep_are_caught_up_with(service: TrainingService) -> None:
    for number in ("E-1", "E-2"):
        await service.add_person(number)
        await service.certify(number)

    await service.advance(3 * YEAR)

    for number in ("E-1", "E-2"):
        heard = await service.changes(number)
        assert [one["change"] for one in heard] == ["issued", "expiring", "expired"]
        assert heard[1]["effective_at"] < heard[2]["effective_at"] < heard[2]["at"]
    for change in ("expiring", "expired"):
        proved = await evidence_of(service.db, f"certificate.{change}")
        told = await service.told(f"training.certificate.{change}.v1")
        assert proved == [(f"certificate/{one['id']}", None, one["person"]) for one in told]


async def test_within_the_grace_time_an_expired_certificate_still_counts(service: TrainingService) -> None:
    await service.define("lenient", courses=["answering"], grace_days=14)
    await service.add_person("E-1")
    await service.complete("E-1")

    await service.advance(YEAR + timedelta(days=13))
    assert (
        (await service.status("E-1", "lenient"))["status"],
        (await service.status("E-1", "lenient"))["certified"],
    ) == ("expired", True)
    await service.advance(timedelta(days=2))
    assert not (await service.status("E-1", "lenient"))["certified"]


async def test_completing_the_course_again_renews_and_archives(service: TrainingService) -> None:
    await service.add_person("E-1")
    old = await service.certify("E-1")
    await service.advance(YEAR - timedelta(days=10))
    await service.complete("E-1")

    now = await service.status("E-1")
    new = await service.get(f"/v1/certificates/{now['certificate']}")
    assert (now["status"], new["replaces"]) == ("valid", old)
    assert (await service.get(f"/v1/certificates/{old}"))["archived_at"] is not None
    assert [one["id"] for one in (await service.get("/v1/certificates"))["items"]] == [new["id"]]
    assert len((await service.get("/v1/certificates", archived=True))["items"]) == 2
    assert [one["change"] for one in await service.changes()] == ["issued", "expiring", "renewed"]
    (told,) = await service.told("training.certificate.renewed.v1")
    assert told["replaces"] == old
    await service.advance(timedelta(days=11))
    assert [one["change"] for one in await service.changes()] == ["issued", "expiring", "renewed"], (
        "the archived one is silent"
    )


async def test_a_course_repeated_early_renews_when_the_certificate_begins_to_expire(service: TrainingService) -> None:
    await service.add_person("E-1")
    old = await service.certify("E-1")
    await service.advance(timedelta(days=200))
    await service.complete("E-1")
    assert (await service.status("E-1"))["certificate"] == old

    await service.advance(timedelta(days=136))

    now = await service.status("E-1")
    assert (now["status"], now["certificate"] != old) == ("valid", True)
    dates = await service.get(f"/v1/certificates/{old}")
    assert (await service.get(f"/v1/certificates/{now['certificate']}"))["issued_at"] == dates["expiring_from"]


async def test_a_suspended_certificate_is_not_renewed_and_catches_up_when_reinstated(service: TrainingService) -> None:
    await service.add_person("E-1")
    certificate = await service.certify("E-1")
    await service.post(f"/v1/certificates/{certificate}/suspension", {"reason": "R"})
    await service.advance(YEAR - timedelta(days=10))
    await service.complete("E-1")
    assert (await service.status("E-1"))["status"] == "suspended"

    await service.post(f"/v1/certificates/{certificate}/reinstatement", {"reason": "R"})
    await service.advance()

    assert (await service.status("E-1"))["status"] == "valid"
    assert [one["change"] for one in await service.changes()] == ["issued", "suspended", "reinstated", "renewed"]


async def test_any_moment_can_be_asked_for(service: TrainingService) -> None:
    await service.add_person("E-1")
    start = service.clock.now()
    certificate = await service.certify("E-1")
    path = f"/v1/certificates/{certificate}"
    await service.advance(timedelta(days=10))
    await service.post(f"{path}/suspension", {"reason": "R"})
    await service.advance(timedelta(days=10))
    await service.post(f"{path}/reinstatement", {"reason": "R"})
    await service.advance(timedelta(days=320))
    await service.complete("E-1")
    await service.advance(timedelta(days=10))
    await service.post(f"/v1/certificates/{(await service.status('E-1'))['certificate']}/revocation", {"reason": "R"})
    await service.advance(timedelta(days=10))
    await service.client.patch("/v1/people/E-1", json={"active": False})

    expected = {
        -1: "none",
        5: "valid",
        15: "suspended",
        25: "valid",
        338: "expiring",
        345: "valid",
        355: "revoked",
        400: "none",
    }
    for day, status in expected.items():
        at = (start + timedelta(days=day, minutes=1)).isoformat()
        assert (await service.status("E-1", as_of=at))["status"] == status, day
        held = (await service.get("/v1/people/E-1/certificates", as_of=at))["items"]
        assert [one["status"] for one in held] == ([] if day < 0 else [status]), day
    assert (await service.get(path, as_of=(start + timedelta(days=338)).isoformat()))["status"] == "expiring"


async def test_lists_by_status_agree_with_the_status_of_each_certificate(service: TrainingService) -> None:
    for place, days in enumerate((0, 300, 335, 336, 350, 364, 0, 0, 0)):
        person = await service.add_person(f"E-{place}")
        await service.complete(f"E-{place}", days_ago=days)
        await service.hear_of_acknowledgement(person)
    ids = {one["employee_number"]: one["id"] for one in (await service.get("/v1/certificates"))["items"]}
    await service.post(f"/v1/certificates/{ids['E-6']}/suspension", {"reason": "R"})
    await service.post(f"/v1/certificates/{ids['E-7']}/revocation", {"reason": "R"})
    await service.client.patch("/v1/people/E-8", json={"active": False})
    service.clock.advance(timedelta(days=3))

    seen: Counter[str] = Counter()
    for status in STATUSES:
        for one in (await service.get("/v1/certificates", status=status))["items"]:
            assert one["status"] == status
            assert (await service.status(one["employee_number"]))["status"] == status
            seen[one["id"]] += 1
    assert seen == Counter(ids.values())
    sheet = (await service.client.get("/v1/certificates.csv")).text.splitlines()
    assert sheet[0].startswith("employee_number,certification,status")
    assert len(sheet) == 1 + len(ids)

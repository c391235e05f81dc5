"""A certificate becomes a badge when somebody asks for it, and says how it stands to whoever sees it."""

import asyncio
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from services.training.domain.badges import uploads
from services.training.domain.certification import terms
from services.training.domain.certification.standing import Term
from services.training.tables import Badge, Certificate
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Session
from tests.badges import credential_in
from tests.conftest import Templates
from tests.servers import NatsServer
from tests.training.badging import JSON, PAGE, actions, admin, anyone, badge_of, bits, certified, path_of, standing
from tests.training.conftest import HOST, MODULES, TrainingService, opened, serve


async def test_a_badge_is_signed_once_and_says_whose_it_is_only_to_who_knows_their_address(
    badges: TrainingService,
) -> None:
    certificate = await certified(badges, "E-1")
    first = await badges.client.get(f"/v1/certificates/{certificate}/badge.json")
    badge = first.json()
    assert badge["validUntil"] == f"{badges.clock.now() + timedelta(days=365):%Y-%m-%d}" + badge["validUntil"][10:]
    assert badge["issuer"]["id"] == "did:web:alderfjord.example"
    [identity] = badge["credentialSubject"]["identifier"]
    hashed = hashlib.sha256(f"e-1@x.example{identity['salt']}".encode()).hexdigest()
    assert identity["identityHash"] == f"sha256${hashed}"
    for told in ("Name E-1", "E-1", "e-1@x.example", certificate):
        assert told not in first.text

    badges.clock.advance(timedelta(days=30))
    again = await badges.client.get(f"/v1/certificates/{certificate}/badge.json", headers={"If-None-Match": "x"})
    assert again.content == first.content
    unchanged = {"If-None-Match": first.headers["ETag"]}
    assert (await badges.client.get(f"/v1/certificates/{certificate}/badge.json", headers=unchanged)).status_code == 304
    assert "badge.issued" in await actions(badges.db)


async def test_pictures_carry_the_badge_as_another_reader_finds_it(badges: TrainingService) -> None:
    certificate = await certified(badges, "E-1")
    badge = await badge_of(badges, certificate)
    for kind in ("png", "svg"):
        answer = await badges.client.get(f"/v1/certificates/{certificate}/badge.{kind}")
        assert answer.headers["Content-Type"].startswith({"png": "image/png", "svg": "image/svg+xml"}[kind])
        assert credential_in(answer.content) == badge
        assert uploads.read(answer.content) == badge
        public = await anyone(badges).get(f"{path_of(badge)}/picture.{kind}")
        assert public.status_code == 200
        assert b"credential" not in public.content
    assert (await anyone(badges).get(f"{path_of(badge)}/qr.svg")).status_code == 200


async def test_only_who_may_read_a_certificate_gets_its_badge_and_only_one_in_force_has_one(
    badges: TrainingService,
) -> None:
    certificate = await certified(badges, "E-1")
    await badges.add_person("E-2")
    other = await badges.as_person("E-2")
    assert (await other.get(f"/v1/certificates/{certificate}/badge.json")).status_code == 404
    assert (await anyone(badges).get(f"/v1/certificates/{certificate}/badge.json")).status_code == 403

    await badges.post(f"/v1/certificates/{certificate}/revocation", {"reason": "Left the team."})
    answer = await badges.client.get(f"/v1/certificates/{certificate}/badge.json")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "no-badge")


async def test_what_is_done_to_a_certificate_is_seen_in_the_lists_and_on_the_page(badges: TrainingService) -> None:
    certificate = await certified(badges, "E-1")
    badge = await badge_of(badges, certificate)
    assert await bits(badges, badge) == {"revocation": 0, "suspension": 0}

    for deed, status, expected in (
        ("suspension", "suspended", {"revocation": 0, "suspension": 1}),
        ("reinstatement", "valid", {"revocation": 0, "suspension": 0}),
        ("suspension", "suspended", {"revocation": 0, "suspension": 1}),
        ("revocation", "revoked", {"revocation": 1, "suspension": 1}),
    ):
        reason = f"Because of {deed}."
        await badges.post(f"/v1/certificates/{certificate}/{deed}", {"reason": reason})
        found = await standing(badges, badge)
        assert (found["status"], found["valid"]) == (status, status == "valid")
        assert reason not in json.dumps(found)
        await badges.advance()
        assert await bits(badges, badge) == expected
    done = await actions(badges.db)
    assert [deed for deed in done if deed.startswith("badge.")] == [
        "badge.issued", "badge.suspended", "badge.reinstated", "badge.suspended", "badge.revoked",
    ]  # fmt: skip


async def test_a_leavers_badge_is_revoked_and_one_who_returns_gets_another(badges: TrainingService) -> None:
    certificate = await certified(badges, "E-1")
    before = await badge_of(badges, certificate)
    await badges.client.patch("/v1/people/E-1", json={"active": False})
    assert (await standing(badges, before))["status"] == "revoked"
    await badges.advance()
    assert (await bits(badges, before))["revocation"] == 1

    await badges.client.patch("/v1/people/E-1", json={"active": True})
    after = await badge_of(badges, certificate)
    assert after["id"] != before["id"]
    assert (await standing(badges, after))["valid"]
    assert not (await standing(badges, before))["valid"]
    assert (await bits(badges, after))["revocation"] == 0


async def test_a_badge_expires_by_its_date_and_a_renewed_certificate_has_another(badges: TrainingService) -> None:
    badge = await badge_of(badges, await certified(badges, "E-1"))
    await badges.advance(timedelta(days=350))
    assert (await standing(badges, badge))["status"] == "valid"
    await badges.complete("E-1")
    renewed = (await badges.get("/v1/certificates", employee_number="E-1"))["items"][0]["id"]
    assert (await badge_of(badges, renewed))["id"] != badge["id"]
    await badges.advance(timedelta(days=16))
    assert (await standing(badges, badge))["status"] == "expired"
    assert (await bits(badges, badge))["revocation"] == 0


async def test_the_badge_of_an_archived_certificate_stands_no_better_than_the_one_that_followed_it(
    badges: TrainingService,
) -> None:
    """Its own date lies ahead still, and who is shown it does not know of the other."""
    first = [await certified(badges, number) for number in ("E-1", "E-2")]
    await badges.advance(timedelta(days=350))
    for number in ("E-1", "E-2"):
        await badges.complete(number)
    before = [await badge_of(badges, certificate) for certificate in first]
    renewed = (await badges.get("/v1/certificates", employee_number="E-1"))["items"][0]["id"]
    for deed, status, expected in (
        ("suspension", "suspended", {"revocation": 0, "suspension": 1}),
        ("reinstatement", "valid", {"revocation": 0, "suspension": 0}),
        ("revocation", "revoked", {"revocation": 1, "suspension": 0}),
    ):
        await badges.post(f"/v1/certificates/{renewed}/{deed}", {"reason": "R"})
        assert (await standing(badges, before[0]))["status"] == status
        await badges.advance()
        assert await bits(badges, before[0]) == expected
    assert (await badge_of(badges, first[0]))["id"] == before[0]["id"], (
        "there is no new one in the place of the old one"
    )

    await badges.client.patch("/v1/people/E-2", json={"active": False})
    await badges.advance()
    assert await bits(badges, before[1]) == {"revocation": 1, "suspension": 0}


async def test_a_certificate_that_ends_before_its_time_takes_its_badge_along(badges: TrainingService) -> None:
    await badges.define("press", courses=["answering"], on_new_version={"answering": "void"})
    await badges.add_person("E-1")
    await badges.complete("E-1")
    certificate = (await badges.get("/v1/certificates", certification="press"))["items"][0]["id"]
    badge = await badge_of(badges, certificate)
    badges.clock.advance(timedelta(days=1))
    await badges.post("/v1/courses/answering/versions", {"modules": MODULES[:1]})
    for _ in range(2):
        await badges.advance(timedelta(seconds=1))

    assert (await standing(badges, badge))["status"] == "revoked"
    assert (await bits(badges, badge))["revocation"] == 1
    await badges.complete("E-1")
    again = (await badges.get("/v1/certificates", certification="press"))["items"][0]["id"]
    assert (await standing(badges, await badge_of(badges, again)))["valid"]


async def test_a_badge_whose_certificates_date_moved_is_signed_anew_at_its_address(badges: TrainingService) -> None:
    certificate = await certified(badges, "E-1")
    before = await badge_of(badges, certificate)
    later = badges.clock.now() + timedelta(days=500)

    def extend(session: Session) -> None:
        row = session.get_one(Certificate, certificate)
        terms.change(row, session.now, Term(later, later, later))
        session.add(row)

    await badges.db.write(extend)
    after = await badge_of(badges, certificate)
    assert (after["id"], after["validUntil"]) == (before["id"], f"{later:%Y-%m-%dT%H:%M:%SZ}")
    earlier = await anyone(badges).post("/verify", content=json.dumps(before).encode(), headers=JSON)
    assert not earlier.json()["genuine"]
    assert "an earlier copy" in earlier.json()["faults"][-1]


async def test_only_the_holder_says_what_the_page_shows_of_them(badges: TrainingService) -> None:
    certificate = await certified(badges, "E-1")
    badge = await badge_of(badges, certificate)
    assert (await standing(badges, badge))["holder"] is None
    holder = await badges.as_person("E-1")
    address = f"/v1/certificates/{certificate}/sharing"
    asked = await holder.get(address)
    assert (asked.json()["show"], asked.json()["url"]) == ("nothing", badge["id"])
    machine = await badges.client.put(address, json={"show": "name"})
    assert machine.status_code == 403
    coach_id = await badges.add_person("E-2")
    coach = badges.ask_as(Principal(id="person:c", person=coach_id, scopes=frozenset({"self", "certificates:read"})))
    assert (await coach.put(address, json={"show": "name"})).status_code == 404

    for show, expected in (
        ("name", {"name": "Name E-1", "department": None}),
        ("name_and_department", {"name": "Name E-1", "department": "Support"}),
        ("nothing", None),
    ):
        tag = (await holder.get(address)).headers["ETag"]
        assert (await holder.put(address, json={"show": show}, headers={"If-Match": tag})).status_code == 200
        assert (await holder.put(address, json={"show": "name"}, headers={"If-Match": tag})).status_code == 412
        assert (await standing(badges, badge))["holder"] == expected
        page = (await anyone(badges).get(path_of(badge), headers=PAGE)).text
        assert ("Name E-1" in page) == (expected is not None)


async def test_an_address_that_is_no_badges_answers_like_any_other(badges: TrainingService) -> None:
    badge = await badge_of(badges, await certified(badges, "E-1"))
    code = path_of(badge).removeprefix("/verify/")
    assert len(code) == 22
    answers = set()
    for guess in ("A" * 22, code[:-1] + ("A" if code[-1] != "A" else "B"), code.swapcase(), "x"):
        page = await anyone(badges).get(f"/verify/{guess}", headers=PAGE)
        machine = await anyone(badges).get(f"/verify/{guess}", headers=JSON)
        body = {key: value for key, value in machine.json().items() if key not in {"instance", "request_id"}}
        answers.add((page.status_code, page.text, machine.status_code, json.dumps(body)))
        for path in ("picture.png", "picture.svg", "qr.svg"):
            assert (await anyone(badges).get(f"/verify/{guess}/{path}")).status_code == 404
    assert len(answers) == 1


async def test_the_public_page_needs_nothing_from_elsewhere_and_runs_no_script(badges: TrainingService) -> None:
    badge = await badge_of(badges, await certified(badges, "E-1"))
    page = await anyone(badges).get(path_of(badge), headers=PAGE)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    for forbidden in ("<script", " style=", "<style", "http://", 'src="https', ' onload="'):
        assert forbidden not in page.text
    assert "Valid" in page.text
    assert "Responder" in page.text
    assert f'href="{badge["id"]}"' in page.text


async def test_a_shown_badge_is_compared_with_what_was_signed(badges: TrainingService) -> None:
    certificate = await certified(badges, "E-1")
    badge = await badge_of(badges, certificate)
    baked = (await badges.client.get(f"/v1/certificates/{certificate}/badge.png")).content

    async def check(content: bytes) -> Any:
        answer = await anyone(badges).post("/verify", content=content, headers=JSON)
        assert answer.status_code == 200, answer.text
        return answer.json()

    for whole in (baked, json.dumps(badge, indent=3).encode()):
        assert (await check(whole)) | {"badge": None} == {"genuine": True, "valid": True, "faults": [], "badge": None}
    forged = json.loads(json.dumps(badge))
    forged["credentialSubject"]["achievement"]["name"] = "Spokesperson"
    found = await check(json.dumps(forged).encode())
    assert (found["genuine"], found["faults"]) == (False, ["credentialSubject.achievement.name was changed."])
    for elsewhere in (f"{HOST}/verify/{'A' * 22}", f"{HOST}/verify/\0", "https://elsewhere.example/verify/x", 7, None):
        found = await check(json.dumps(badge | {"id": elsewhere}).encode())
        assert (found["genuine"], found["badge"]) == (False, None)

    page = await anyone(badges).post("/verify", files={"file": ("badge.png", baked)}, headers=PAGE)
    assert "Genuine and valid" in page.text
    nothing = await anyone(badges).post("/verify", content=b"\x89PNG\r\n\x1a\n", headers=JSON)
    assert (nothing.status_code, nothing.json()["type"].rsplit("/", 1)[1]) == (422, "no-credential")
    surrogate = await anyone(badges).post("/verify", content=json.dumps(badge | {"\ud800": 1}).encode(), headers=JSON)
    assert surrogate.status_code == 422, surrogate.text
    large = await anyone(badges).post("/verify", content=b"[" * (2 * 1024 * 1024 + 1), headers=JSON)
    assert large.status_code == 413


async def test_a_key_is_rotated_and_one_that_others_had_is_revoked(badges: TrainingService) -> None:
    certificates = [await certified(badges, f"E-{number}") for number in (1, 2)]
    old = await badge_of(badges, certificates[0])
    assert (await badges.client.post("/v1/badge-keys")).status_code == 403
    made = await admin(badges).post("/v1/badge-keys")
    assert made.status_code == 201
    new = await badge_of(badges, certificates[1])
    document = (await anyone(badges).get("/.well-known/did.json")).json()
    methods = [badge["proof"]["verificationMethod"] for badge in (new, old)]
    assert document["assertionMethod"] == methods
    assert (await badge_of(badges, certificates[0])) == old

    key = methods[1].rsplit("#", 1)[1]
    assert (await admin(badges).post(f"/v1/badge-keys/{made.json()['id']}/revocation")).status_code == 409
    assert (await admin(badges).post(f"/v1/badge-keys/{key}/revocation")).json()["revoked_at"]
    document = (await anyone(badges).get("/.well-known/did.json")).json()
    assert document["assertionMethod"] == methods[:1]
    assert (await standing(badges, old))["status"] == "revoked"
    anew = await badge_of(badges, certificates[0])
    assert anew["proof"]["verificationMethod"] == methods[0]
    assert {**anew, "proof": 0, "credentialSubject": 0} == {**old, "proof": 0, "credentialSubject": 0}
    assert (await standing(badges, anew))["valid"]
    assert {"badge_key.made", "badge_key.retired", "badge_key.revoked"} <= set(await actions(badges.db))


async def test_private_keys_are_of_no_use_without_the_file_beside_the_database(
    badges: TrainingService, tmp_path: Path
) -> None:
    certificates = [await certified(badges, f"E-{number}") for number in (1, 2)]
    await badge_of(badges, certificates[0])
    file = tmp_path / "badge-key.json"
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    del badges.app.state.badge_vault
    answer = await badges.client.get(f"/v1/certificates/{certificates[1]}/badge.json")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (503, "badge-key-lost")
    await admin(badges).post("/v1/badge-keys")
    await badge_of(badges, certificates[1])


async def test_of_many_who_ask_at_once_all_get_the_same_badge(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock, database_kind: str
) -> None:
    url = templates.copy(database_kind, "training", tmp_path)
    async with serve(tmp_path, nats.url, url, clock) as service:
        await service.add_course()
        await service.define()
        await service.hear_of_version()
        opened(service)
        certificates = [await certified(service, f"E-{number}") for number in range(3)]
        asked = [badge_of(service, certificate) for certificate in certificates for _ in range(6)]
        found = {json.dumps(badge) for badge in await asyncio.gather(*asked)}
        assert len(found) == 3
        await service.post(f"/v1/certificates/{certificates[0]}/revocation", {"reason": "x"})
        await service.advance()
        assert (await bits(service, json.loads(min(found))))["suspension"] == 0

        def stored(session: Session) -> list[int]:
            taken = session.execute(text("SELECT taken FROM badge_status_lists")).scalar_one()
            return [taken, len(session.execute(select(Badge.id)).all())]  # type: ignore[call-overload]

        assert await service.db.read(stored) == [3, 3]

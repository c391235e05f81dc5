"""Badges as verifiers of others judge them, who read only what the platform serves to anyone."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.training.domain.badges import status_lists
from tests.badges import Badge, judge
from tests.training.badging import admin, anyone, badge_of, certified
from tests.training.conftest import HOST, TrainingService, opened

LONG_AGO = timedelta(days=400)


async def served(service: TrainingService) -> dict[str, Any]:
    """Return what verifiers find at the issuer's addresses."""
    paths = ("/.well-known/did.json", "/status-lists/revocation/1", "/status-lists/suspension/1")
    return {f"{HOST}{path}": (await anyone(service).get(path)).json() for path in paths}


def changed(badge: Badge, change: str, to: Any) -> Badge:
    """Return a badge in which somebody changed something."""
    forged: Badge = json.loads(json.dumps(badge))
    *way, last = change.split(".")
    place = forged
    for name in way:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[last] = to
    return forged


async def under_older_keys(service: TrainingService) -> tuple[Badge, Badge, Badge]:
    """Return an expired badge, one whose key was revoked and one whose key was rotated; all their keys are old."""
    service.clock.advance(-LONG_AGO)
    expired = await badge_of(service, await certified(service, "E-1"))
    service.clock.advance(LONG_AGO)
    await admin(service).post("/v1/badge-keys")
    stolen = await badge_of(service, await certified(service, "E-2"))
    await admin(service).post("/v1/badge-keys")
    key = stolen["proof"]["verificationMethod"].rsplit("#", 1)[1]
    await admin(service).post(f"/v1/badge-keys/{key}/revocation")
    before = await badge_of(service, await certified(service, "E-3"))
    await admin(service).post("/v1/badge-keys")
    return expired, stolen, before


async def test_three_verifiers_agree_on_every_badge(service: TrainingService, tmp_path: Path) -> None:
    opened(service)
    expired, stolen, before = await under_older_keys(service)
    plain, revoked, suspended, left = [await certified(service, f"E-{number}") for number in (4, 5, 6, 7)]
    badges = {certificate: await badge_of(service, certificate) for certificate in (plain, revoked, suspended, left)}
    for certificate, deed in ((revoked, "revocation"), (suspended, "suspension")):
        await service.post(f"/v1/certificates/{certificate}/{deed}", {"reason": "Judged."})
    await service.client.patch("/v1/people/E-7", json={"active": False})
    await service.advance()

    service.app.state.settings.badge_suspension = False
    single = await badge_of(service, await certified(service, "E-8"))
    assert isinstance(single["credentialStatus"], dict)

    good = badges[plain]
    cases = [
        (good, "valid"),
        (single, "valid"),
        (expired, "expired"),
        (before, "valid"),  # its key was rotated
        (stolen, "forged"),  # its key was revoked
        (badges[revoked], "revoked"),
        (badges[suspended], "suspended"),
        (badges[left], "revoked"),
        (changed(good, "name", "Spokesperson"), "forged"),
        (changed(good, "credentialSubject.achievement.name", "Spokesperson"), "forged"),
        (changed(good, "validUntil", "2199-01-01T00:00:00Z"), "forged"),
        (changed(badges[revoked], "credentialStatus.0.statusListIndex", "1"), "forged"),
        (changed(good, "issuer.id", "did:web:elsewhere.example"), "forged"),
    ]
    documents = await served(service)
    verdicts = judge([badge for badge, _ in cases], documents, tmp_path)
    assert verdicts == [(word, word, word) for _, word in cases]

    none = status_lists.encode(())
    cleared = {
        address: changed(document, "credentialSubject.encodedList", none) if "status-lists" in address else document
        for address, document in documents.items()
    }
    assert judge([badges[revoked]], cleared, tmp_path) == [("forged", "forged", "unknown")]

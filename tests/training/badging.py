"""A service whose badges anybody can verify, and what outsiders see of them."""

import json
from typing import Any

import httpx
from openvc.status.bitstring import decode_bitstring, get_status_bit
from sqlalchemy import select

from shared.context import Principal
from shared.db import Database, Session
from shared.tables import evidence_entries
from tests.training.conftest import HOST, TrainingService

JSON = {"Accept": "application/json"}
PAGE = {"Accept": "text/html,application/xhtml+xml"}


async def certified(service: TrainingService, number: str) -> str:
    """Let a new person earn a certificate."""
    await service.add_person(number, name=f"Name {number}")
    return await service.certify(number)


async def badge_of(service: TrainingService, certificate: str) -> dict[str, Any]:
    """Return a certificate's badge."""
    found: dict[str, Any] = await service.get(f"/v1/certificates/{certificate}/badge.json")
    return found


def path_of(badge: dict[str, Any]) -> str:
    """Return the path of a badge's public page."""
    return str(badge["id"]).removeprefix(HOST)


async def standing(service: TrainingService, badge: dict[str, Any]) -> Any:
    """Return what anyone may learn of a badge."""
    answer = await anyone(service).get(path_of(badge), headers=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def bits(service: TrainingService, badge: dict[str, Any]) -> dict[str, int]:
    """Return a badge's bits as a verifier reads them."""
    found = {}
    for entry in badge["credentialStatus"]:
        listed = await anyone(service).get(entry["statusListCredential"].removeprefix(HOST))
        content = decode_bitstring(listed.json()["credentialSubject"]["encodedList"])
        assert len(content) * 8 == 131_072
        found[entry["statusPurpose"]] = get_status_bit(content, int(entry["statusListIndex"]))
    return found


async def actions(db: Database) -> list[str]:
    """Return what was done, in its order."""

    def read(session: Session) -> list[str]:
        entered = select(evidence_entries.c.body).order_by(evidence_entries.c.id)
        return [json.loads(body)["action"] for body in session.execute(entered).scalars()]

    return await db.read(read)


def anyone(service: TrainingService) -> httpx.AsyncClient:
    """Somebody without credentials, as the gateway lets them through."""
    return service.ask_as(Principal(id="anyone"))


def admin(service: TrainingService) -> httpx.AsyncClient:
    return service.ask_as(Principal(id="key:admin", scopes=frozenset({"admin:read", "admin:write"})))

"""Asks every service for its part of the evidence, and says whose part is missing where one does not answer."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import orjson
import structlog
from pydantic import BaseModel, Field, RootModel, ValidationError
from starlette import status

from services.gateway.areas import SERVICES
from services.gateway.forward import Forwarder, ServiceAway
from shared import works_council
from shared.auth import Principal
from shared.db import Database
from shared.evidence_audit import AuditEntry, AuditQuery, AuditStretch, read_audit
from shared.evidence_export import ProvedEntries, ProvedEntry, ProvedQuery
from shared.evidence_heads import HeadsPage, HeadsQuery, SignedHead, read_heads
from shared.pages import encode_cursor, not_ours

GATEWAY = "gateway"
ALL = (*SERVICES, GATEWAY)

T = TypeVar("T", bound=BaseModel)

log = structlog.get_logger()

Incomplete = Field(description="Services that did not answer: what they have is missing here.", examples=[["training"]])


class AuditPage(BaseModel):
    """What was done, newest first, over all services. A page may have fewer items than asked for and yet a next one."""

    items: list[AuditEntry]
    next_cursor: str | None
    incomplete: list[str] = Incomplete


class HeadsOut(BaseModel):
    """Signed heads of all services, each service's in their order; `next_cursor` asks for those that are still to come."""

    items: list[SignedHead]
    public_keys: dict[str, str] = Field(description="Of each service that answered: Ed25519, hex.")
    next_cursor: str
    incomplete: list[str] = Incomplete


class HeadsAfter(RootModel[dict[str, Annotated[int, Field(ge=0, lt=10**9)]]]):
    """The last head that was had of each service."""


class Evidence:
    """The evidence logs of the platform, read through the services that keep them."""

    def __init__(self, forwarder: Forwarder, db: Database, public_key: str) -> None:
        self._forwarder = forwarder
        self._db = db
        self.public_key = public_key

    async def audit(self, caller: Principal, query: AuditQuery, services: Sequence[str] = ALL) -> AuditPage:
        """Return the newest entries of all these services that fit."""
        answers = await asyncio.gather(*(self._audit_of(name, caller, query) for name in services))
        stretches = {name: answer for name, answer in zip(services, answers, strict=True) if answer is not None}
        reached = max((each.reached for each in stretches.values() if each.reached is not None), default=None)
        items = sorted((item for each in stretches.values() for item in each.items), key=entry_id, reverse=True)
        # Below what the one that got least far has looked through, others' entries would come before some of its own.
        safe = [item for item in items if reached is None or item.entry >= reached]
        shown = safe[: query.limit]
        more = shown[-1].entry if len(safe) > query.limit else reached
        return AuditPage(
            items=shown,
            next_cursor=encode_cursor(more) if more is not None else None,
            incomplete=[name for name in services if name not in stretches],
        )

    async def heads(self, caller: Principal, after: Mapping[str, int], limit: int) -> HeadsOut:
        """Return each service's heads after the ones that are named, at most `limit` of each."""
        answers = await asyncio.gather(*(self.heads_of(name, caller, after.get(name, 0), limit) for name in ALL))
        pages = {name: answer for name, answer in zip(ALL, answers, strict=True) if answer is not None}
        reached = {name: page.items[-1].number for name, page in pages.items() if page.items}
        return HeadsOut(
            items=[head for page in pages.values() for head in page.items],
            public_keys={name: page.public_key for name, page in pages.items()},
            next_cursor=heads_cursor({**after, **reached}),
            incomplete=[name for name in ALL if name not in pages],
        )

    async def hides(self, person: str) -> bool:
        """Tell whether works-council mode hides figures of a person."""
        return await self._db.read(works_council.hides, person)

    async def _audit_of(self, service: str, caller: Principal, query: AuditQuery) -> AuditStretch | None:
        if service == GATEWAY:
            return await self._db.read(read_audit, GATEWAY, query)
        return await self._ask(service, caller, "audit", query, AuditStretch)

    async def heads_of(self, service: str, caller: Principal, after: int, limit: int) -> HeadsPage | None:
        """Return the heads of one service after a number; None where it does not answer."""
        if service == GATEWAY:
            heads = await self._db.read(read_heads, GATEWAY, after, limit)
            return HeadsPage(items=heads, public_key=self.public_key)
        return await self._ask(service, caller, "evidence-heads", HeadsQuery(after=after, limit=limit), HeadsPage)

    async def proved(self, service: str, caller: Principal, query: ProvedQuery) -> list[ProvedEntry]:
        """Return entries of a service with their proofs; raises ServiceAway."""
        found = await self._ask(service, caller, "evidence-proofs", query, ProvedEntries)
        if found is None:
            raise ServiceAway(f"The {service} service does not answer.", retry_after=1)
        return found.items

    async def resource(self, service: str, path: str, caller: Principal) -> dict[str, Any] | None:
        """Read a resource of a service for a caller; None where there is none (any more); raises ServiceAway."""
        answer = await self._forwarder.ask(service, "GET", path, caller)
        if answer.status in {status.HTTP_403_FORBIDDEN, status.HTTP_404_NOT_FOUND}:
            return None
        if answer.status != status.HTTP_200_OK:
            raise ServiceAway(f"The {service} service does not answer.", retry_after=1)
        found: dict[str, Any] = orjson.loads(answer.body)
        return found

    async def _ask(self, service: str, caller: Principal, what: str, query: BaseModel, kind: type[T]) -> T | None:
        """Ask a service; None where it does not answer."""
        try:
            answer = await self._forwarder.ask(
                service, "POST", f"/internal/{what}", caller, query.model_dump(mode="json")
            )
        except ServiceAway:
            return None
        if answer.status != status.HTTP_200_OK:
            log.warning("a part of the evidence is missing", service=service, what=what, status=answer.status)
            return None
        return kind.model_validate_json(answer.body)


def entry_id(entry: AuditEntry) -> str:
    """Return by what entries are ordered: their ids are of the order in which they were made."""
    return entry.entry


def heads_cursor(after: Mapping[str, int]) -> str:
    """Return the cursor that stands for the last head had of each service."""
    return encode_cursor(orjson.dumps(after, option=orjson.OPT_SORT_KEYS).decode())


def heads_after(cursor: str | None) -> dict[str, int]:
    """Return what `heads_cursor` was made of; raises Invalid for another text."""
    if cursor is None:
        return {}
    try:
        return HeadsAfter.model_validate_json(cursor).root
    except ValidationError:
        raise not_ours() from None

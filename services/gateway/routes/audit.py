"""/audit: who did what over all services, and the signed heads that a witness outside keeps."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.gateway.doors import Doors
from services.gateway.evidence.gathering import ALL, AuditPage, Evidence, HeadsOut, heads_after
from services.gateway.routes.operations import ServiceName
from shared.auth import Caller, Principal, needs
from shared.evidence import Sealer, digest_of, record
from shared.evidence_audit import AuditQuery
from shared.pages import Paging
from shared.problems import Forbidden, problems
from shared.schemas import Moment, Text

router = APIRouter(prefix="/v1/audit", tags=["audit"])

Exactly = Annotated[Text | None, Query(max_length=300)]


class LimitedAuditor(Forbidden):
    """The evidence is of people of all departments; this key is limited to some."""


@router.get("", dependencies=[needs("admin:read")], responses=problems(LimitedAuditor))
async def list_audit_entries(
    request: Request,
    caller: Caller,
    paging: Paging,
    *,
    service: ServiceName | None = None,
    actor: Exactly = None,
    action: Exactly = None,
    subject: Exactly = None,
    person: Exactly = None,
    since: Annotated[Moment | None, Query(alias="from", description="From this second on.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Before this second.")] = None,
) -> AuditPage:
    """List what was done, newest first: who did it, to what (`kind/id`), and whom it concerned.

    Filters take whole values as the entries have them. Who reads the list stands in it.
    """
    refuse_limited(caller)
    query = AuditQuery(
        action=action,
        subject=subject,
        actor=actor,
        person=person,
        since=since,
        until=until,
        before=paging.after,
        limit=paging.limit,
    )
    await request.app.state.db.write(record, "audit.read", f"audit/{service or 'all'}", digest_of(query), person)
    return await evidence_of(request).audit(caller, query, [service.value] if service else ALL)


@router.get("/heads", dependencies=[needs("admin:read")])
async def list_evidence_heads(request: Request, caller: Caller, paging: Paging) -> HeadsOut:
    """Read the signed heads of all evidence logs, from the first on, or those since a cursor.

    Whoever keeps them outside of the platform can tell later whether a log was written anew: `shareload audit verify
    --heads` compares. They say nothing of anybody. At most `limit` of each service are in one answer.
    """
    return await evidence_of(request).heads(caller, heads_after(paging.after), paging.limit)


def refuse_limited(caller: Principal) -> None:
    """Raise LimitedAuditor for a key that is limited to departments."""
    if caller.departments is not None:
        raise LimitedAuditor


def evidence_of(request: Request) -> Evidence:
    """Return the evidence of all services."""
    doors: Doors = request.app.state.doors
    sealer: Sealer = request.app.state.sealer
    return Evidence(doors.forwarder, doors.db, sealer.public_key().public_bytes_raw().hex())

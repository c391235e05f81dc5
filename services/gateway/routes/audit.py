"""/audit: who did what over all services, and the signed heads that a witness outside keeps."""

import hashlib
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from services.gateway.doors import Doors
from services.gateway.evidence.folders import Folder, NothingProved, PersonsChainSwitchedOff
from services.gateway.evidence.gathering import ALL, AuditPage, Evidence, HeadsOut, heads_after
from services.gateway.forward import ServiceAway
from services.gateway.routes.operations import ServiceName
from shared.areas import Router
from shared.auth import Caller, Principal, needs
from shared.evidence import Sealer, digest_of, record
from shared.evidence_audit import AuditQuery
from shared.pages import Paging
from shared.problems import Forbidden, Invalid, problems
from shared.schemas import EmployeeNumber, Moment, Text

router = Router(prefix="/v1/audit", tags=["audit"])

ZIP = "application/zip"
Exactly = Annotated[Text | None, Query(max_length=300)]


class LimitedAuditor(Forbidden):
    """The evidence is of people of all departments; this key is limited to some."""


class WhichChain(Invalid):
    """Name one of `person`, `finding` and `conversation`."""


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

    Filters take whole values as the entries have them. Who reads the list stands in it. In works-council mode it does not
    say who it was where that, counted, would measure somebody, and such entries are not found by person.
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


@router.get(
    "/chains",
    dependencies=[needs("people:read"), needs("admin:read")],
    responses={
        **problems(LimitedAuditor, WhichChain, NothingProved, PersonsChainSwitchedOff, ServiceAway),
        200: {"description": "A folder, zipped.", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
    },
    response_class=Response,
)
async def export_evidence_chain(
    request: Request,
    caller: Caller,
    *,
    person: Annotated[EmployeeNumber | None, Query(description="By employee number.")] = None,
    finding: Annotated[Text | None, Query(max_length=36)] = None,
    conversation: Annotated[Text | None, Query(max_length=36)] = None,
) -> Response:
    """Take along what is proved of a person, a finding or a conversation, from the policy's version to the guidance.

    The zip holds a file for each link with its proof, the signed heads in between, and the public keys; it is verified
    without the platform by `docs/verify_chain.py`. Texts are in it by their hashes only. Who took it stands in the list.
    It tells what people did, so it needs the scope `people:read`, too.
    """
    refuse_limited(caller)
    subjects = {"person": person, "finding": finding, "conversation": conversation}
    [(kind, key), *others] = [(kind, key) for kind, key in subjects.items() if key is not None] or [("", "")]
    if not kind or others:
        raise WhichChain
    folder = Folder(evidence_of(request), caller)
    links = await (folder.of_person(key) if kind == "person" else folder.of_subject(f"{kind}/{key}"))
    concerned = next((link.proved.person for link in links if link.proved.person is not None), None)
    state = request.app.state
    content = await folder.pack(links, f"{kind}/{key}", state.clock.now(), state.sealer)
    about = f"person/{concerned}" if kind == "person" else f"{kind}/{key}"
    digest = hashlib.sha256(content).hexdigest()
    await state.db.write(record, "audit.chain_exported", about, digest, concerned)
    return Response(content, media_type=ZIP, headers={"Content-Disposition": f'attachment; filename="{kind}.zip"'})


def refuse_limited(caller: Principal) -> None:
    """Raise LimitedAuditor for a key that is limited to departments."""
    if caller.departments is not None:
        raise LimitedAuditor


def evidence_of(request: Request) -> Evidence:
    """Return the evidence of all services."""
    doors: Doors = request.app.state.doors
    sealer: Sealer = request.app.state.sealer
    return Evidence(doors.forwarder, doors.db, sealer.public_key().public_bytes_raw().hex())

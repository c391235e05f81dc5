"""/operations: what an operator asks one service about its events and evidence; handed on to the service whose they are."""

import asyncio
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Path, Query, Request, status
from fastapi.responses import Response

from services.gateway.forward import Answer, Forwarder, ServiceAway
from shared import dead_letters, evidence, operations, set_aside
from shared.areas import Router
from shared.auth import Caller, Principal, for_all_departments, needs
from shared.health import Readiness, read_state
from shared.operations import DeadLetterPage, EvidencePage, ProofOut, ReplayIn, ReplayOut, RetryIn, RetryOut
from shared.pages import Page, Paging, encode_cursor
from shared.problems import NotFound, problems
from shared.schemas import Resource, Text

router = Router(prefix="/v1/operations/{service}", tags=["operations"], dependencies=[for_all_departments])

services = Router(prefix="/v1/operations", tags=["operations"], dependencies=[for_all_departments])

EventId = Annotated[Text, Path(max_length=100)]
EntryId = Annotated[Text, Path(max_length=100)]


class ServiceName(StrEnum):
    """A service with events of its own."""

    POLICY = "policy"
    TRAINING = "training"
    MONITORING = "monitoring"
    GATEWAY = "gateway"


class ServiceHealthOut(Resource):
    """A service with what its `/readyz` says; `health` is null where it does not answer."""

    service: ServiceName
    health: Readiness | None


@services.get("", dependencies=[needs("admin:read")])
async def list_services(request: Request, caller: Caller) -> Page[ServiceHealthOut]:
    """List all services: which are ready, and how far each is behind with its events."""
    health = await asyncio.gather(*(read_health(request, service, caller) for service in ServiceName))
    found = zip(ServiceName, health, strict=True)
    return Page(items=[ServiceHealthOut(service=service, health=said) for service, said in found])


async def read_health(request: Request, service: ServiceName, caller: Principal) -> Readiness | None:
    """Return what a service says of itself; None where it does not answer."""
    if service is ServiceName.GATEWAY:
        return await read_state(request.app.state.db, request.app.state.backbone)
    try:
        forwarder: Forwarder = request.app.state.doors.forwarder
        return await forwarder.readiness(service.value, caller)
    except ServiceAway:
        return None


@router.get(
    "/dead-letters", dependencies=[needs("admin:read")], responses=problems(ServiceAway), response_model=DeadLetterPage
)
async def list_dead_letters(
    service: ServiceName,
    request: Request,
    caller: Caller,
    cursor: Annotated[Text | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeadLetterPage | Response:
    """List the events that a service could not handle, each with the reason."""
    if service is ServiceName.GATEWAY:
        return await operations.list_dead_letters(request, cursor, limit)
    query = urlencode({"limit": limit, **({"cursor": cursor} if cursor else {})})
    return passed_on(await ask(request, service, caller, "GET", f"/internal/dead-letters?{query}"))


@router.post(
    "/dead-letters/{event_id}/replay",
    dependencies=[needs("admin:write")],
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFound, dead_letters.StillFails, ServiceAway),
    response_model=None,
)
async def replay_dead_letter(
    service: ServiceName, event_id: EventId, request: Request, caller: Caller
) -> Response | None:
    """Handle an event again, after what made it fail was put right."""
    if service is ServiceName.GATEWAY:
        await operations.replay_dead_letter(request, event_id)
        return None
    path = f"/internal/dead-letters/{quote(event_id, safe='')}/replay"
    return passed_on(await ask(request, service, caller, "POST", path))


@router.get(
    "/set-aside",
    dependencies=[needs("admin:read")],
    responses=problems(ServiceAway),
    response_model=Page[set_aside.SetAside],
)
async def list_set_aside(
    service: ServiceName, request: Request, caller: Caller, paging: Paging
) -> Page[set_aside.SetAside] | Response:
    """List what a service's regular work could not bring on, each with the kind of error and when it is tried again."""
    if service is ServiceName.GATEWAY:
        return await operations.list_set_aside(request, paging)
    query = urlencode({"limit": paging.limit, **({"cursor": encode_cursor(paging.after)} if paging.after else {})})
    return passed_on(await ask(request, service, caller, "GET", f"/internal/set-aside?{query}"))


@router.post(
    "/set-aside/retries",
    dependencies=[needs("admin:write")],
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(NotFound, ServiceAway),
    response_model=RetryOut,
)
async def retry_set_aside(service: ServiceName, body: RetryIn, request: Request, caller: Caller) -> RetryOut | Response:
    """Have one row that was set aside tried again at once, or all of a sweep, after its fault was put right."""
    if service is ServiceName.GATEWAY:
        return await operations.retry_set_aside(request, body)
    return passed_on(
        await ask(request, service, caller, "POST", "/internal/set-aside/retries", body.model_dump(mode="json"))
    )


@router.post(
    "/events/replay",
    dependencies=[needs("admin:write")],
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(ServiceAway),
    response_model=ReplayOut,
)
async def replay_events(service: ServiceName, body: ReplayIn, request: Request, caller: Caller) -> ReplayOut | Response:
    """Publish what a service told once more, for a broker that lost its store; who knows an event already skips it."""
    if service is ServiceName.GATEWAY:
        return await operations.replay_events(request, body)
    return passed_on(
        await ask(request, service, caller, "POST", "/internal/events/replay", body.model_dump(mode="json"))
    )


@router.get(
    "/evidence", dependencies=[needs("admin:read")], responses=problems(ServiceAway), response_model=EvidencePage
)
async def list_evidence(
    service: ServiceName, request: Request, caller: Caller, paging: Paging
) -> EvidencePage | Response:
    """Read a service's evidence log from its first head on, with all entries, to keep or verify it elsewhere.

    `shareload audit verify` does so: a head is signed over the root of its entries and the hash of the head before.
    """
    if service is ServiceName.GATEWAY:
        return await operations.read_evidence(request, paging)
    query = urlencode({"limit": paging.limit, **({"cursor": encode_cursor(paging.after)} if paging.after else {})})
    return passed_on(await ask(request, service, caller, "GET", f"/internal/evidence?{query}"))


@router.get(
    "/evidence/{entry}",
    dependencies=[needs("admin:read")],
    responses=problems(NotFound, evidence.NotSealedYet, ServiceAway),
    response_model=ProofOut,
)
async def get_evidence_proof(
    service: ServiceName, entry: EntryId, request: Request, response: Response, caller: Caller
) -> ProofOut | Response:
    """Prove an entry of a service's evidence log, for example that of a receipt; the proof verifies offline."""
    if service is ServiceName.GATEWAY:
        return await operations.read_proof(request, response, entry)
    return passed_on(await ask(request, service, caller, "GET", f"/internal/evidence/{quote(entry, safe='')}"))


async def ask(
    request: Request, service: ServiceName, caller: Principal, method: str, path: str, json: object = None
) -> Answer:
    """Ask a service on behalf of the caller."""
    forwarder: Forwarder = request.app.state.doors.forwarder
    return await forwarder.ask(service.value, method, path, caller, json)


def passed_on(answer: Answer) -> Response:
    """Give a service's answer as it is."""
    headers = {"ETag": etag} if (etag := answer.header(b"etag")) else None
    return Response(answer.body or None, answer.status, headers, media_type=answer.header(b"content-type"))

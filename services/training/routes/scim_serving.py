"""How SCIM is served: by a library of its own, whose data classes take most of a second to load."""

import orjson
from fastapi import Request, Response
from scim2_models import SCIMException
from scim2_server.requests import ScimRequest
from scim2_server.responses import SCIM_MEDIA_TYPE, ScimResponse

from services.training.domain.scim import service as scim
from services.training.schemas.scim import LARGEST_BODY
from shared.db import Database, Told, Unit
from shared.problems import Problem, TooLarge
from shared.requests import EVENTS_HEADER, events_header

PREFIX = "/scim/v2"


async def read_resource(request: Request) -> Response:
    """Answer a request that changes nothing."""
    asked, service = await read_request(request), service_of(request)
    try:
        return answer(await database_of(request).read(scim.serve, service, asked, writing=False))
    except (SCIMException, Problem) as error:
        return answer(service.error_response(error))


async def write_resource(request: Request) -> Response:
    """Do what a request asks as one unit of work."""
    asked, service = await read_request(request), service_of(request)
    try:
        done = await database_of(request).run(Unit(scim.serve, (service, asked), {"writing": True}))
    except (SCIMException, Problem) as error:
        return answer(service.error_response(error))
    return answer(done.result, done.told)


async def write_bulk(request: Request) -> Response:
    """Do the operations of a bulk request, each as a unit of work of its own, so that other writes get their turn."""
    asked, service = await read_request(request), service_of(request)
    told: list[Told] = []
    try:
        scim.refuse_unusable(asked)
        with service.provider:
            plan = service.read_bulk(asked.body, asked.header("Content-Type"))
        for step in plan:
            try:
                done = await database_of(request).run(Unit(scim.bulk_step, (service, asked, plan, step)))
            except scim.StepFailed as failed:
                plan.record(step, failed.outcome, None)
            else:
                plan.record(step, *done.result)
                told += done.told
        with service.provider:
            return answer(service.bulk_response(plan), told)
    except (SCIMException, Problem) as error:
        return answer(service.error_response(error))


async def read_request(request: Request) -> ScimRequest:
    """Return a request in the library's form; raises TooLarge."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"A request may have {LARGEST_BODY} bytes.")
    return ScimRequest(
        method=request.method,
        base_url=base_url(request),
        path=request.url.path.removeprefix(PREFIX) or "/",
        query=dict(request.query_params),
        headers=list(request.headers.items()),
        body=bytes(body),
    )


def answer(response: ScimResponse, told: list[Told] | None = None) -> Response:
    """Return the library's response as ours, with the events that it told."""
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
    if told:
        headers[EVENTS_HEADER] = events_header(told)
    body = b"" if response.body is None else orjson.dumps(response.body)
    return Response(body, int(response.status), headers, media_type=SCIM_MEDIA_TYPE if body else None)


def base_url(request: Request) -> str:
    """Return where clients reach SCIM: as set, not as the request's Host says."""
    return str(request.app.state.settings.public_url).rstrip("/") + PREFIX


def service_of(request: Request) -> scim.Service:
    """Return the protocol at our public address."""
    return scim.service_at(base_url(request))


def database_of(request: Request) -> Database:
    """Return the service's database."""
    database: Database = request.app.state.db
    return database

"""How answers are rendered: JSON with the ETag of its revision, problems as RFC 9457."""

from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from shared.context import current
from shared.idempotency import Replay
from shared.problems import TYPE_BASE, FieldError, Invalid, Problem
from shared.requests import replayed, revision_header

log = structlog.get_logger()


SCIM = "/scim/"
SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
"""RFC 7644, section 3.12."""


class Answer(JSONResponse):
    """A JSON answer; one that states its `revision` carries it as ETag."""

    def __init__(
        self, content: Any, status_code: int = 200, headers: dict[str, str] | None = None, **rest: Any
    ) -> None:
        super().__init__(content, status_code, {**revision_header(content), **(headers or {})}, **rest)

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        return orjson.dumps(content)


def problem_response(problem: Problem, path: str) -> Response:
    """Render a problem (RFC 9457), or as SCIM has it where clients speak that."""
    body: dict[str, Any] = {
        "type": f"{TYPE_BASE}{problem.slug()}",
        "title": problem.title(),
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
        "request_id": current.get().request_id or "",
        **problem.extra,
    }
    if problem.errors is not None:
        body["errors"] = [error.model_dump() for error in problem.errors]
    body = without_nul(body)
    headers = dict(problem.headers)
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    elif problem.status in {429, 503}:
        headers["Retry-After"] = "1"
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="shareload"'
    if path.startswith(SCIM):
        error = {"schemas": [SCIM_ERROR], "status": str(problem.status), "detail": problem.detail}
        return Response(orjson.dumps(error), problem.status, headers, media_type="application/scim+json")
    return Response(orjson.dumps(body), problem.status, headers, media_type="application/problem+json")


def without_nul(value: Any) -> Any:
    """Show U+FFFD for every NUL: what a request was refused for is told in its own words, and no text of ours has one."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {name: without_nul(each) for name, each in value.items()}
    return list(map(without_nul, value)) if isinstance(value, list) else value


class NoSuchRoute(Problem):
    """There is nothing at this address."""

    status = 404


class MethodNotAllowed(Problem):
    """This address does not take this method."""

    status = 405


class InternalError(Problem):
    """Something went wrong on our side."""


def pointer(place: tuple[Any, ...], body: Any = None) -> str:
    """Turn Pydantic's place in a body into a JSON pointer, or `?name` for the query and `#name` for a header."""
    where, *rest = place or ("body",)
    if where == "body":
        steps = without_tags(rest, body)
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in steps)
    return {"query": "?", "header": "#", "path": ":", "cookie": "#"}.get(str(where), "") + "/".join(map(str, rest))


def without_tags(rest: list[Any], body: Any) -> list[Any]:
    """Leave out what only says which schema of several was meant: it is a value of the object, and no name in it."""
    steps = []
    for place, part in enumerate(rest):
        behind = rest[place + 1] if place + 1 < len(rest) else None
        tag = isinstance(body, dict) and isinstance(part, str) and part in body.values()
        if tag and behind is not None and (part not in body or behind == part):
            continue
        steps.append(part)
        if isinstance(body, dict):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(body):
            body = body[part]
        else:
            body = None
    return steps


def detail(said: str) -> str:
    """Return what is wrong as our own checks put it, without the name that Pydantic gives to whatever they raise."""
    return said.removeprefix("Value error, ")


async def on_problem(request: Request, problem: Exception) -> Response:
    """Answer what the domain raised; what is not the client's fault is logged with its cause."""
    assert isinstance(problem, Problem)  # noqa: S101  Starlette gives handlers what they are registered for
    if problem.status >= 500 and problem.__cause__ is not None:
        log.error("could not be answered", path=request.url.path, problem=problem.slug(), cause=str(problem.__cause__))
    return problem_response(problem, request.url.path)


async def on_replay(_request: Request, replay: Exception) -> Response:
    """Answer as the first time."""
    assert isinstance(replay, Replay)  # noqa: S101
    return replayed(replay.stored)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request that does not fit its schema, with a pointer to each fault."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [
        FieldError(pointer=pointer(item["loc"], error.body), detail=detail(item["msg"]))
        for item in error.errors()[:100]
    ]
    return problem_response(
        Invalid("The request does not fit its schema; see errors.", errors=errors), request.url.path
    )


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself found: no such route, method not allowed, a body that is not JSON."""
    assert isinstance(error, HTTPException)  # noqa: S101
    kinds: dict[int, type[Problem]] = {404: NoSuchRoute, 405: MethodNotAllowed}
    response = problem_response(kinds.get(error.status_code, Invalid)(str(error.detail)), request.url.path)
    if error.headers:
        response.headers.update(error.headers)
    return response


async def on_error(request: Request, error: Exception) -> Response:
    """Log a fault of ours and answer without its detail."""
    log.error("unhandled error", path=request.url.path, exc_info=error)
    response = problem_response(InternalError("The fault is logged under the request id."), request.url.path)
    # Made outside the layer that adds these to all other answers.
    response.headers["X-Request-Id"] = current.get().request_id or ""
    response.raw_headers += getattr(request.app.state, "always", ())
    return response


def register(app: FastAPI) -> None:
    """Render all errors of an app here."""
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(Replay, on_replay)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Exception, on_error)

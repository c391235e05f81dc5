"""A route's database: a write applies the request's Idempotency-Key and says which events it told."""

from collections.abc import Callable
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import orjson
from fastapi import Depends, Header, Request, Response
from pydantic_core import to_json

from shared import idempotency
from shared.conditions import etag
from shared.context import current
from shared.db import Database, Session, Told, Unit
from shared.idempotency import IdempotentRequest, Stored
from shared.rendered import Rendered

P = ParamSpec("P")
T = TypeVar("T")

EVENTS_HEADER = "Shareload-Events"
"""Names the events that a write told, as `<id>:<type>`, so that a reader can wait for them."""
NAMED = 50


class RequestDatabase:
    """The service's database as one request sees it; `status` is the answer's, which a route may change."""

    def __init__(self, db: Database, response: Response, status: int, request: IdempotentRequest | None) -> None:
        self._db = db
        self._response = response
        self.status = status
        self._request = request
        self._told: list[Told] = []

    async def read(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` over one consistent snapshot."""
        return await self._db.read(fn, *args, **kwargs)

    async def write(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` as one transaction, once per Idempotency-Key; the answer must be what `fn` returns."""

        def once(session: Session, *args: P.args, **kwargs: P.kwargs) -> T:
            if self._request is None:
                return fn(session, *args, **kwargs)
            idempotency.begin(session, self._request)
            result = fn(session, *args, **kwargs)
            body = result.body if isinstance(result, Rendered) else to_json(result)
            idempotency.keep(session, self._request, Stored(self.status, body, events_header(session.told)))
            return result

        done = await self._db.run(Unit(once, args, kwargs, what=fn))
        self._name(done.told)
        return done.result  # type: ignore[no-any-return]

    async def step(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` as one of several transactions, so that others write in between; `repeated` comes first, `keep` last."""
        done = await self._db.run(Unit(fn, args, kwargs))
        self._name(done.told)
        return done.result  # type: ignore[no-any-return]

    async def keep(self, answer: T) -> T:
        """Keep the answer to a request that took several transactions, for whoever repeats it."""
        return await self.write(as_it_is, answer)

    def _name(self, told: list[Told]) -> None:
        self._told = [*self._told, *told][-NAMED:]
        if self._told:
            self._response.headers[EVENTS_HEADER] = events_header(self._told)

    async def repeated(self) -> None:
        """End a request that was answered before, where it takes more than one unit of work: raises Replay."""
        if self._request is not None:
            await self._db.read(idempotency.look, self._request)

    def answer(self, made: Rendered[Any]) -> Response:
        """Return what a unit rendered as this request's answer."""
        headers = dict(self._response.headers)
        if made.revision is not None:
            headers["ETag"] = etag(made.revision)
        return Response(made.body, self.status, headers, media_type="application/json")


def as_it_is(_session: Session, answer: T) -> T:
    """Return an answer that was made before."""
    return answer


def events_header(told: list[Told]) -> str:
    """Name the last events of a write; a bulk write names only some, its effect is in order anyway."""
    return ",".join(f"{event.id}:{event.type}" for event in told[-NAMED:])


async def request_db(
    request: Request,
    response: Response,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=255, description="Makes a repeated POST have its effect once.")
    ] = None,
) -> RequestDatabase:
    """Return the database for this request."""
    status = getattr(request.scope.get("route"), "status_code", None) or 200
    keyed = None
    if idempotency_key is not None and request.method == "POST":
        caller = current.get().caller
        asked = request.scope["query_string"] + b"\n" + await request.body()
        keyed = IdempotentRequest.of(
            idempotency_key, caller.id if caller else "", request.method, request.url.path, asked
        )
    return RequestDatabase(request.app.state.db, response, status, keyed)


Db = Annotated[RequestDatabase, Depends(request_db)]


def replayed(stored: Stored) -> Response:
    """Render an answer that was given before."""
    headers = {"Idempotency-Replayed": "true", **revision_header(orjson.loads(stored.body))}
    if stored.headers:
        headers[EVENTS_HEADER] = stored.headers
    return Response(stored.body, stored.status, headers, media_type="application/json")


def revision_header(content: Any) -> dict[str, str]:
    """Return the ETag header for an answer that states its revision."""
    revision = content.get("revision") if isinstance(content, dict) else None
    return {"ETag": etag(revision)} if revision is not None else {}

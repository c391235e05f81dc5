"""A service's routes behind a look at the path, so that a request passes by those of all other resources.

FastAPI tries the routes of each included router in turn, and each of them twice; behind all of a service, one cost
twice what it costs alone (see `tests/benchmarks/bench_http.py`).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI, status
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from shared.lean import LeanRoute

FOUND = "shareload.route"
REST = 0.005
"""Seconds that requests have between two routes that are made."""
SETTLED = 3.0
"""Seconds after which routes are made for all: at once, they took the processor from services that still start."""


class LateRoute(APIRoute):
    """A route that FastAPI makes once somebody asks for more of it than where it is.

    Made when they are written down, all routes took a third of what it takes to import a service.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.methods = {method.upper() for method in options.get("methods") or ("GET",)}
        self._made_with: dict[str, Any] | None = options

    def __getattr__(self, name: str) -> Any:
        """Make the route; only what it has not got yet is asked for here."""
        options = self.__dict__.get("_made_with")
        if options is None:
            raise AttributeError(name)
        self._made_with = None
        super().__init__(self.path, self.endpoint, **options)
        return getattr(self, name)


Router = partial(APIRouter, route_class=LateRoute)
"""FastAPI's router, whose routes are made late."""


class Area(APIRouter):
    """Routers as one that is asked only about paths that begin as one of its routes does, and answers by plans.

    An app includes it at its root. What FastAPI would make anew of each included route, validators and all, is made
    for those alone that come to need it: for all routes of a service it took as long as its whole import.
    """

    def __init__(self, *routers: APIRouter) -> None:
        super().__init__(routes=[route for router in routers for route in router.routes])
        self._index: dict[str, list[LeanRoute]] | None = None
        self._anywhere: list[LeanRoute] = []

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Find the route that answers; say no at once to what none of them begins like."""
        if scope["type"] != "http" or scope.get("root_path"):
            return super().matches(scope)
        index = self._index or self.plan(scope["app"])
        path: str = scope["path"]
        others: list[LeanRoute] = []
        for route in index.get(beginning(path), self._anywhere):
            found = route.regex.match(path)
            if found is None:
                continue
            if scope["method"] in route.methods:
                scope[FOUND] = (self, route, found.groupdict(), None)
                return Match.FULL, {}
            others.append(route)
        if not others:
            return Match.NONE, {}
        alike = [route.methods for route in others if route.path == others[0].path]
        scope[FOUND] = (self, others[0], {}, sorted(set().union(*alike)))
        return Match.PARTIAL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the route's plan, or as FastAPI does."""
        area, route, path_params, allowed = scope.pop(FOUND, (None, None, None, None))
        if area is not self:
            await super().handle(scope, receive, send)
            return
        scope.update(route=route.original, endpoint=route.original.endpoint, path_params=path_params)
        if allowed is not None:
            # RFC 9110, 15.5.6: all that the address takes, while Starlette would name what the first of its routes does.
            raise HTTPException(status.HTTP_405_METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})
        rest = await route.serve(scope, receive, send)
        if rest is not None:
            await route.alone().handle(scope, rest, send)

    def plan(self, app: FastAPI) -> dict[str, list[LeanRoute]]:
        """Return the routes with what the app adds to them as it includes them, by how they begin."""
        [mine] = [each for each in app.routes if getattr(each, "original_router", None) is self]
        routes = [LeanRoute(each, mine) for each in self.routes if isinstance(each, APIRoute)]
        begins = {beginning(route.path) for route in routes if "{" not in beginning(route.path)}
        index = defaultdict(list)
        for route in routes:
            at = beginning(route.path)
            anywhere = "{" in at
            if anywhere:
                self._anywhere.append(route)
            for key in begins if anywhere else (at,):
                index[key].append(route)
        self._index = dict(index)
        return self._index

    async def make(self, app: FastAPI) -> None:
        """Make all routes, a few milliseconds at a time, so that nobody's first request has to wait for its own."""
        await asyncio.sleep(SETTLED)
        for routes in list((self._index or self.plan(app)).values()):
            for route in routes:
                _ = route.regex, route.plan
                await asyncio.sleep(REST)


def beginning(path: str) -> str:
    """Return the first two parts of a path: `/v1/people` of `/v1/people/E-1`."""
    return "/".join(path.split("/", 3)[:3])

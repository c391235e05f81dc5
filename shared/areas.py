"""One resource's routes behind a look at the path, so that a request passes by those of all others.

FastAPI tries the routes of each included router in turn, and each of them twice; behind all of a service, one cost
twice what it costs alone (see `tests/benchmarks/bench_http.py`).
"""

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from shared.lean import LeanRoute

FOUND = "shareload.route"


class Area(APIRouter):
    """A router that is asked only about paths that begin as one of its routes does, and answers by plans."""

    def __init__(self, router: APIRouter) -> None:
        super().__init__(routes=router.routes)
        # What has no path of its own may answer any.
        self._beginnings = tuple({getattr(route, "path", "").partition("{")[0] for route in router.routes})
        self._lean: list[LeanRoute] | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say no at once to what begins otherwise; find the route that answers for the rest."""
        if not scope["path"].startswith(self._beginnings):
            return Match.NONE, {}
        if scope["type"] == "http" and not scope.get("root_path"):
            for route in self._routes_in(scope):
                found = route.regex.match(scope["path"])
                if found is not None and scope["method"] in route.methods:
                    scope[FOUND] = (self, route, found.groupdict())
                    return Match.FULL, {}
        return super().matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the route's plan, or as FastAPI does."""
        area, route, path_params = scope.pop(FOUND, (None, None, None))
        if area is self:
            scope.update(route=route.original, endpoint=route.original.endpoint, path_params=path_params)
            rest = await route.serve(scope, receive, send)
            if rest is None:
                return
            receive = rest
        await super().handle(scope, receive, send)

    def _routes_in(self, scope: Scope) -> list[LeanRoute]:
        """Return the routes as the app includes them, which may add to what they answer."""
        if self._lean is None:
            mine = [each for each in scope["app"].routes if getattr(each, "original_router", None) is self]
            contexts = [each for each in iter_route_contexts(mine) if hasattr(each, "path_regex")]
            self._lean = [LeanRoute(each) for each in contexts]
        return self._lean

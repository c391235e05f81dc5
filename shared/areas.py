"""One resource's routes behind a look at the path, so that a request passes by those of all others.

FastAPI tries the routes of each included router in turn; behind all of a service, one cost twice what it costs alone
(see `tests/benchmarks/bench_http.py`).
"""

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Area(APIRouter):
    """A router that is asked only about paths that begin as one of its routes does."""

    def __init__(self, router: APIRouter) -> None:
        super().__init__(routes=router.routes)
        # What has no path of its own may answer any.
        self._beginnings = tuple({getattr(route, "path", "").partition("{")[0] for route in router.routes})

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say no at once to what begins otherwise."""
        if not scope["path"].startswith(self._beginnings):
            return Match.NONE, {}
        return super().matches(scope)

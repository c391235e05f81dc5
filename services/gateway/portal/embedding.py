"""The page that says how to show a policy elsewhere, and the window in which readers of a frame sign in."""

from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import Query, Request, status
from fastapi.responses import RedirectResponse, Response

from services.gateway.doors import Doors
from services.gateway.portal.pages import CSP, page
from shared.areas import Router
from shared.problems import Forbidden
from shared.schemas import Slug

router = Router(prefix="/embed", include_in_schema=False)


def sign_in_first(request: Request) -> Response | None:
    """Return the way to the sign-in page for someone who is not signed in, and back with the same query."""
    if request.scope.get("credential") is not None:
        return None
    back = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return RedirectResponse(f"/sign-in?next={quote(back, safe='')}", status.HTTP_303_SEE_OTHER)


@router.get("")
async def show_snippets(request: Request) -> Response:
    """Say how to show a policy in an intranet, ready to copy."""
    away = sign_in_first(request)
    if away is not None:
        return away
    doors: Doors = request.app.state.doors
    if doors.embeds.visible_to(request.scope["credential"].principal) is not None:
        raise Forbidden("This needs the scope policies:read.")
    said = [orjson.loads(kept.body) for kept in doors.policies.all()]
    policies = sorted(
        ({"key": each["key"], "title": each["title"], "sections": each["sections"]} for each in said),
        key=lambda each: each["title"],
    )
    public_url = doors.settings.public_url.rstrip("/")
    answer = page("embed.html", request, policies=policies, base=public_url, public=sorted(doors.embeds.public))
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


@router.get("/sign-in")
async def sign_in_for_frame(request: Request, policy: Annotated[Slug, Query()]) -> Response:
    """Hand a token to the frame that opened this window, once its reader has signed in."""
    return sign_in_first(request) or page("embed_sign_in.html", request, policy=policy)

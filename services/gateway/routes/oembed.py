"""/oembed: how a page that was given the address of a policy can show it (oEmbed 1.0)."""

import html
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlencode

import orjson
from fastapi import Query, Request, Response

from services.gateway.doors import Doors
from services.gateway.embeds.addresses import embed_of, policy_at
from services.gateway.schemas.embeds import OembedOut
from shared.areas import Router
from shared.context import current
from shared.problems import NotFound, Unauthorized, problems
from shared.schemas import Text

router = Router(tags=["embeds"])
WIDTH, HEIGHT = 700, 600
KEPT = ("sections", "theme", "lang")

Pixels = Annotated[int | None, Query(ge=1, le=10_000)]


@router.get(
    "/oembed",
    responses=problems(NotFound, Unauthorized),
    openapi_extra={"security": [{}, {"key": []}, {"session": []}]},
)
async def describe_embed(
    request: Request,
    response: Response,
    url: Annotated[
        Text,
        Query(max_length=2000, examples=["http://127.0.0.1:8000/embed/policies/social-media"], description="The page."),
    ],
    format: Literal["json"] = "json",  # noqa: A002  oEmbed's name for it
    maxwidth: Pixels = None,
    maxheight: Pixels = None,
) -> OembedOut:
    """Describe the frame that shows a policy, to software that makes one out of a link."""
    del format
    doors: Doors = request.app.state.doors
    public_url = doors.settings.public_url.rstrip("/")
    found = policy_at(public_url, url)
    if found is None:
        raise NotFound("That is not the address of a policy here.")
    policy, query = found
    readable = doors.embeds.visible_to(current.get().caller)
    if readable is not None and policy not in readable:
        raise Unauthorized("Only policies that anyone may read can be shown by their address alone.")
    kept = doors.embeds.find(policy)
    if kept is None:
        raise NotFound(f"No version of the policy {policy} is in force.")
    asked = {name: values[0] for name, values in parse_qs(query).items() if name in KEPT}
    address = embed_of(public_url, policy) + (f"?{urlencode(asked)}" if asked else "")
    title: str = orjson.loads(kept.body)["title"]
    width, height = min(WIDTH, maxwidth or WIDTH), min(HEIGHT, maxheight or HEIGHT)
    response.headers.update({"Cache-Control": "private, max-age=300", "Vary": "Authorization, Cookie"})
    return OembedOut(
        title=title,
        provider_url=public_url,
        width=width,
        height=height,
        html=(
            f'<iframe src="{html.escape(address)}" title="{html.escape(title)}" '
            f'width="{width}" height="{height}" frameborder="0"></iframe>'
        ),
    )

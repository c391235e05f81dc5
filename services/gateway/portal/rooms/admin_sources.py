"""Where posts come from: feeds, folders and networks, how each is doing, and what was not taken in."""

from typing import Any

from fastapi import status
from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.rooms.admin_keys import number_of
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

FIELDS = {
    "feed": ("url", "network", "author"),
    "folder": ("folder",),
    "bluesky": ("form", "stream", "server", "directory", "account", "app_password"),
}
EVERY_SECONDS = 300

SETS_UP = "policies:write"
"""What leads and administrators have and coaches have not, of whom the API takes no change here."""


@room.page("/admin/sources", "monitoring:read")
async def list_sources(visit: Visit) -> Response:
    """Show all sources, and what was dropped lately."""
    sources, dropped = await visit.api.together("/v1/sources?limit=200", "/v1/dropped-posts")
    return visit.render("admin/sources.html", sources=sources["items"], dropped=dropped["items"] if dropped else [])


@room.page("/admin/sources/new", SETS_UP)
async def ask_for_source(visit: Visit) -> Response:
    """Ask what to read from."""
    return show_form(visit, visit.query.get("kind", "feed"), {})


@room.action("/admin/sources/new", SETS_UP)
async def make_source(visit: Visit) -> Response:
    """Add a source."""
    kind = visit.form.get("kind", "")
    config = {name: visit.form[name] for name in FIELDS.get(kind, ()) if visit.form.get(name)}
    body: dict[str, Any] = {"name": visit.form.get("name", ""), "config": {"kind": kind, **config}}
    body["every_seconds"] = number_of(visit.form.get("every_seconds"), EVERY_SECONDS)
    try:
        made = await visit.api.post("/v1/sources", body, once=visit.once)
    except Refused as refused:
        if refused.status != status.HTTP_422_UNPROCESSABLE_CONTENT:
            raise
        return show_form(visit, kind, refused.errors or {"name": refused.detail})
    return visit.go(f"/admin/sources/{made['id']}", visit.say("Added. It is read for the first time in a moment."))


@room.page("/admin/sources/{source}", "monitoring:read")
async def show_source(visit: Visit) -> Response:
    """Show a source and its last runs."""
    path = path_of("sources", visit.given["source"])
    found = await visit.api.find(path)
    runs = await visit.api.get(f"{path}/runs", limit=20)
    return visit.render("admin/source.html", source=found.body, etag=found.etag, runs=runs["items"])


@room.action("/admin/sources/{source}", SETS_UP)
async def change_source(visit: Visit) -> Response:
    """Try, read now, pause, resume or remove."""
    number, asked = visit.given["source"], visit.form.get("do")
    path, etag = path_of("sources", number), visit.form.get("etag")
    here = f"/admin/sources/{number}"
    if asked == "remove":
        await visit.api.delete(path, if_match=etag)
        return visit.go("/admin/sources", visit.say("The source is removed. Its posts stay."))
    if asked == "test":
        tried = await visit.api.post(f"{path}/test", once=visit.once)
        return visit.go(here, tried["message"])
    if asked == "pause":
        await visit.api.post(
            f"{path}/pause", {"reason": visit.form.get("reason") or None}, once=visit.once, if_match=etag
        )
        return visit.go(here, visit.say("Paused. Nothing is read until you resume."))
    if asked == "resume":
        await visit.api.delete(f"{path}/pause")
        return visit.go(here, visit.say("Resumed."))
    await visit.api.post(f"{path}/runs", once=visit.once)
    return visit.go(here, visit.say("It is being read now. Reload in a moment."))


def show_form(visit: Visit, kind: str, errors: dict[str, str]) -> Response:
    """Show the form of a new source of a kind, with what was wrong with it."""
    kind = kind if kind in FIELDS else "feed"
    wrong = {name.rpartition("/")[2]: detail for name, detail in errors.items()}
    return visit.render("admin/source_new.html", 422 if wrong else 200, kind=kind, wrong=wrong, every=EVERY_SECONDS)

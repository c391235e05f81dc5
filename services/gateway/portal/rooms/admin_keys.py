"""Keys of machines: made, shown once, given a new secret with an overlap, and ended."""

from typing import Any

from fastapi import status
from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.rights import AREAS

room = Room()


@room.page("/admin/keys", "admin:read")
async def list_keys(visit: Visit) -> Response:
    """Show the keys that work, and those that ended."""
    keys = await visit.api.all("/v1/api-keys")
    return visit.render("admin/keys.html", keys=keys)


@room.page("/admin/keys/new", "admin:write")
async def ask_for_key(visit: Visit) -> Response:
    """Ask what a new key is for, and what it may."""
    return show_form(visit, {})


@room.action("/admin/keys/new", "admin:write")
async def make_key(visit: Visit) -> Response:
    """Make a key and show it, this once."""
    form = visit.form
    body = {
        "name": form.get("name", ""),
        "scopes": visit.lists.get("scopes", []),
        "departments": lines_of(form.get("departments", "")) or None,
        "expires_at": f"{form['expires_on']}T23:59:59Z" if form.get("expires_on") else None,
    }
    try:
        made = await visit.api.post("/v1/api-keys", body)
    except Refused as refused:
        if refused.status != status.HTTP_422_UNPROCESSABLE_CONTENT:
            raise
        return show_form(visit, refused.errors)
    return visit.render("admin/key_shown.html", key=made, fresh=True)


@room.page("/admin/keys/{key}", "admin:read")
async def show_key(visit: Visit) -> Response:
    """Show one key, and what can be done with it."""
    return visit.render("admin/key.html", key=await visit.api.get(path_of("api-keys", visit.given["key"])))


@room.action("/admin/keys/{key}", "admin:write")
async def change_key(visit: Visit) -> Response:
    """Give a key a new secret, or end it."""
    path = path_of("api-keys", visit.given["key"])
    if visit.form.get("do") == "end":
        await visit.api.delete(path)
        return visit.go("/admin/keys", visit.say("The key has ended. Whoever still sends it is refused from now on."))
    made = await visit.api.post(f"{path}/rotation", {"overlap_hours": number_of(visit.form.get("overlap_hours"), 24)})
    return visit.render("admin/key_shown.html", key=made, fresh=False)


def show_form(visit: Visit, errors: dict[str, str]) -> Response:
    """Show the form of a new key, with what was wrong with it."""
    wrong = {name.partition("/")[0]: detail for name, detail in errors.items()}
    return visit.render("admin/key_new.html", 422 if wrong else 200, areas=area_names(visit), wrong=wrong)


def area_names(visit: Visit) -> list[tuple[str, str]]:
    """Return the areas of rights, as people call them."""
    names = {
        "policies": visit.say("Policies"),
        "team": visit.say("Task team"),
        "people": visit.say("People"),
        "certificates": visit.say("Certificates"),
        "training": visit.say("Courses and learning"),
        "monitoring": visit.say("Posts and findings"),
        "conversations": visit.say("Conversations"),
        "events": visit.say("Events as they happen"),
        "admin": visit.say("Administration"),
    }
    return [(area, names[area]) for area in AREAS]


def lines_of(text: str) -> list[str]:
    """Return what stands on the lines of a text, or between its commas."""
    return [part.strip() for part in text.replace(",", "\n").split("\n") if part.strip()]


def number_of(text: Any, otherwise: int) -> int:
    """Return a whole number that was typed."""
    typed = str(text or "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() else otherwise

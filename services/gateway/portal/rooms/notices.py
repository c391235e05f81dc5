"""Behind the bell: what somebody should know, and how else they want to be told."""

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.pages import own_path
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.portal.words import network_name

SHOWN_ON_THE_BELL = 9
QUIET_DAYS = range(7)
ABOUT_CERTIFICATES = frozenset({"certificate_expiring", "certificate_expired", "delta_due"})
TALK = "conversation_"

room = Room()


@room.page("/notices")
async def show_notices(visit: Visit) -> Response:
    """Show what the person should know, and how they are told, as a form."""
    return await show(visit, {})


@room.way("/notices/unread")
async def show_unread(visit: Visit) -> Response:
    """Give the number on the bell, which each page fetches once it is shown."""
    found = await visit.api.get("/v1/notices", unread="true", limit=SHOWN_ON_THE_BELL + 1)
    return visit.render("notices/unread.html", number=len(found["items"]), most=SHOWN_ON_THE_BELL)


@room.action("/notices/{notice}/reading")
async def read_notice(visit: Visit) -> Response:
    """Tick a notice off, and go where it leads if that was asked for."""
    await visit.api.post(path_of("notices", visit.given["notice"], "reading"), {}, once=visit.once)
    return visit.go(own_path(visit.form.get("then", "/notices")))


@room.action("/notices")
async def choose(visit: Visit) -> Response:
    """Keep how the person wants to be told."""
    try:
        await visit.api.put("/v1/notice-preferences", chosen(visit), if_match=visit.form.get("etag") or None)
    except Refused as refused:
        if refused.status != 422:
            raise
        return await show(visit, refused.errors or {"": refused.detail}, 422)
    return visit.go("/notices", visit.say("We will tell you so from now on."))


async def show(visit: Visit, errors: dict[str, str], code: int = 200) -> Response:
    """Show the page; a login that is nobody's has nothing to choose."""
    found = await visit.api.get("/v1/notices", cursor=visit.query.get("cursor"))
    preferences, etag = None, None
    if visit.number:
        kept = await visit.api.find("/v1/notice-preferences")
        preferences, etag = kept.body, kept.etag
    chat = None
    if errors and preferences is not None:
        asked = chosen(visit)
        chat = asked.pop("chat", None)
        preferences |= asked
    return visit.render(
        "notices/list.html",
        code,
        notices=await named(visit, found["items"]),
        cursor=found["next_cursor"],
        preferences=preferences,
        chat=chat,
        etag=etag,
        errors=errors,
    )


async def named(visit: Visit, notices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return notices with what they are about as people call it: networks and certifications are told by their keys."""
    titles: dict[str, str] = {}
    if any(each["kind"] in ABOUT_CERTIFICATES for each in notices):
        known = await visit.api.find_or_none("/v1/certifications", limit=200)
        titles = {one["key"]: one["title"] for one in known["items"]} if known else {}
    return [
        each
        | {
            "name": network_name(each["name"])
            if each["kind"].startswith(TALK)
            else titles.get(each["name"], each["name"])
        }
        for each in notices
    ]


def chosen(visit: Visit) -> dict[str, Any]:
    """Return what the form says, as the API takes it."""
    form = visit.form
    choices = {name.removeprefix("choice-"): value for name, value in form.items() if name.startswith("choice-")}
    quiet = bool(form.get("quiet"))
    return {
        "email": bool(form.get("email")),
        "choices": choices,
        "zone": form.get("zone") or None,
        "language": form.get("language") or None,
        "digest_at": form.get("digest_at") or "08:00",
        "quiet_from": (form.get("quiet_from") or None) if quiet else None,
        "quiet_until": (form.get("quiet_until") or None) if quiet else None,
        "quiet_days": [day for day in QUIET_DAYS if str(day) in visit.lists.get("quiet_day", [])],
        **chat_of(form),
    }


def chat_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form says of a chat: none, another address, or nothing where the one that is kept stays."""
    kind, url = form.get("chat_kind", ""), form.get("chat_url", "").strip()
    if not kind:
        return {"chat": None}
    return {} if not url and kind == form.get("chat_kept") else {"chat": {"kind": kind, "url": url}}

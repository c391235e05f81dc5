"""What I take on and when: languages, topics, room, hours, and being away."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.pages import own_path
from services.gateway.portal.visit import Room, Visit, path_of

LEAST = timedelta(microseconds=1)
NEW = {
    "languages": ["en"],
    "topics": [],
    "capacity": 3,
    "weekly_minutes": 300,
    "online": False,
    "hours": None,
    "away": None,
    "not_with": [],
}
"""What the form proposes to whom who never stated anything."""

room = Room()


@room.page("/availability")
async def show_availability(visit: Visit) -> Response:
    """Show what the person takes on, as a form."""
    return await show(visit, {})


@room.action("/availability")
async def state_availability(visit: Visit) -> Response:
    """Keep what the person takes on."""
    try:
        body = stated(visit)
    except ValueError:
        return await show(visit, {"": visit.say("Give days and numbers in figures.")}, 422)
    try:
        await visit.api.put(path_of("availability", visit.number), body, if_match=visit.form.get("etag") or None)
    except Refused as refused:
        if refused.status != 422:
            raise
        return await show(visit, refused.errors or {"": refused.detail}, 422, body)
    return visit.go("/availability", visit.say("Kept."))


@room.action("/availability/presence")
async def confirm_presence(visit: Visit) -> Response:
    """Say that the person is there, or takes a break."""
    present = bool(visit.form.get("present"))
    await visit.api.post(path_of("availability", visit.number, "presence"), {"present": present}, once=visit.once)
    said = visit.say("Good to have you here.") if present else visit.say("Enjoy your break.")
    return visit.go(own_path(visit.form.get("back", "/conversations")), said)


@room.action("/availability/presence/renewal")
async def renew_presence(visit: Visit) -> Response:
    """Go on counting as there, for whom said so before; who lapsed, or takes a break, is not brought back by a page."""
    path = path_of("availability", visit.number)
    found = await visit.api.find_or_none(path)
    if found and found["online"] and found["present_until"]:
        confirmed = await visit.api.post(f"{path}/presence", {"present": True})
        found["present_until"] = confirmed["present_until"]
    return visit.render("availability/presence.html", availability=found)


async def show(visit: Visit, errors: dict[str, str], code: int = 200, given: dict[str, Any] | None = None) -> Response:
    """Show the form, with what was given and what was wrong."""
    etag, found = None, None
    if visit.number:
        try:
            answer = await visit.api.find(path_of("availability", visit.number))
            etag, found = answer.etag, answer.body
        except Refused as refused:
            if refused.status != 404:
                raise
    shown: dict[str, Any] = given or found or NEW
    zone = zone_of((shown["hours"] or {}).get("zone", "UTC"))
    away = shown["away"] or {}
    return visit.render(
        "availability/form.html",
        code,
        availability=found,
        given=shown,
        etag=etag,
        errors=errors,
        since=local_day(away.get("since"), zone),
        until=local_day(away.get("until"), zone, -LEAST),
    )


def local_day(at: str | None, zone: ZoneInfo, moved: timedelta = timedelta()) -> str:
    """Return the day of a time, as a form has it."""
    return (datetime.fromisoformat(at) + moved).astimezone(zone).date().isoformat() if at else ""


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; UTC for a name that there is not, of which the API says so."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return ZoneInfo("UTC")


def stated(visit: Visit) -> dict[str, Any]:
    """Return what the form says, as the API takes it; raises ValueError for what is no number or day."""
    form = visit.form
    zone = form.get("zone", "").strip() or "UTC"
    body: dict[str, Any] = {
        "languages": parts(form.get("languages", "")),
        "topics": parts(form.get("topics", "").lower()),
        "capacity": int(form.get("capacity") or 0),
        "weekly_minutes": round(float(form.get("weekly_hours") or 0) * 60),
        "online": bool(form.get("online")),
        "not_with": parts(form.get("not_with", "")),
        "hours": None,
        "away": None,
    }
    if form.get("fixed_hours"):
        days = [int(day) for day in visit.lists.get("day", [])]
        body["hours"] = {"zone": zone, "days": days, "start": form.get("start"), "end": form.get("end")}
    if form.get("is_away"):
        body["away"] = {
            "since": day_begins(form.get("away_since", ""), zone),
            "until": day_begins(form.get("away_until", ""), zone, days=1),
        }
    return body


def parts(text: str) -> list[str]:
    """Return what stands between commas."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def day_begins(day: str, zone: str, days: int = 0) -> str | None:
    """Return when a day begins where the person works, so many days later; None where no day was given."""
    if not day:
        return None
    return (datetime.fromisoformat(day).replace(tzinfo=zone_of(zone)) + timedelta(days=days)).isoformat()

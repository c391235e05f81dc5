"""Dates that somebody leads: who comes, and afterwards who was there."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.portal.words import moment

MOST = 200
SHOWN = 20
"""So many that have begun, the newest ones, and so many to come, the next ones: each asks for its own list of people."""

room = Room()


@room.page("/learning/dates")
async def show_dates(visit: Visit) -> Response:
    """Show the dates that a person leads, the next ones first, then those that are over."""
    found = await visit.api.all("/v1/live-sessions", most=MOST, host=visit.number) if visit.number else []
    held = [date for date in found if not date["cancelled_at"]]
    in_order = sorted(held, key=lambda date: moment(date["starts_at"]))
    begun = [date for date in in_order if moment(date["starts_at"]) <= visit.now]
    shown = begun[-SHOWN:][::-1] + in_order[len(begun) :][:SHOWN]
    dates = [date | {"coming": coming} for date, coming in zip(shown, await coming_to(visit, shown), strict=True)]
    courses = await visit.api.together(*(path_of("courses", key) for key in sorted({one["course"] for one in dates})))
    return visit.render(
        "learning/dates.html",
        begun=[date for date in dates if moment(date["starts_at"]) <= visit.now],
        ahead=[date for date in dates if moment(date["starts_at"]) > visit.now],
        titles={one["key"]: one["title"] for one in courses if one},
        modules={(one["key"], module["key"]): module["title"] for one in courses if one for module in one["modules"]},
        names=await names_of(visit, *(person["employee_number"] for date in dates for person in date["coming"])),
    )


async def coming_to(visit: Visit, dates: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return who has a place in each date."""
    lists = await visit.api.together(*(path_of("live-sessions", date["id"], "registrations") for date in dates))
    return [found["items"] if found else [] for found in lists]


@room.action("/learning/dates/{live}/attendance")
async def take_attendance(visit: Visit) -> Response:
    """Note who of those listed was there; whose box is empty was not."""
    listed, there = visit.lists.get("listed", []), set(visit.lists.get("present", []))
    body = {
        "present": [number for number in listed if number in there],
        "absent": [number for number in listed if number not in there],
    }
    await visit.api.post(path_of("live-sessions", visit.given["live"], "attendance"), body, once=visit.once)
    return visit.go("/learning/dates", visit.say("Noted. For who was there, this part of the course is done."))

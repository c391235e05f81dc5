"""My data: who looked at it, how long it is kept, a copy to take along, and how it is erased."""

import itertools
from typing import Any

import orjson
from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit, path_of

room = Room()


@room.page("/privacy")
async def show_privacy(visit: Visit) -> Response:
    """Show what is kept of the person, and who looked at it."""
    looks, cursor = [], None
    person = None
    kept, modes = await visit.api.together("/v1/retention", "/v1/works-council-modes")
    if visit.number:
        person = await visit.api.find_or_none(path_of("people", visit.number))
        found = await visit.api.get(
            path_of("people", visit.number, "access-log"), limit=30, cursor=visit.query.get("cursor")
        )
        looks, cursor = found["items"], found["next_cursor"]
    return visit.render(
        "privacy/mine.html",
        days=[(day, list(those)) for day, those in itertools.groupby(looks, key=lambda look: look["day"])],
        cursor=cursor,
        kept=lasting(kept["items"] if kept else []),
        mode=mode_of(person, modes["items"] if modes else []),
        person=person,
    )


@room.way("/privacy/data-export")
async def take_along(visit: Visit) -> Response:
    """Give all that is kept of the person as a file."""
    found = await visit.api.get(path_of("people", visit.number, "data-export"))
    data = orjson.dumps(found, option=orjson.OPT_INDENT_2)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/json", headers=headers)


def lasting(kept: list[dict[str, Any]]) -> list[tuple[str, float | None]]:
    """Return each kind of data once, with the longest time that a service keeps it, the longest first."""
    longest: dict[str, float] = {}
    for each in kept:
        days = float("inf") if each["days"] is None else each["days"]
        longest[each["kind"]] = max(longest.get(each["kind"], 0), days)
    ordered = sorted(longest.items(), key=lambda item: (-item[1], item[0]))
    return [(kind, None if days == float("inf") else days) for kind, days in ordered]


def mode_of(person: dict[str, Any] | None, modes: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the works-council mode of the person's legal entity, else the one for all."""
    by_entity = {mode["legal_entity"]: mode for mode in modes}
    entity = (person or {}).get("legal_entity")
    return by_entity.get(entity or "*") or by_entity.get("*")

"""Colleagues to choose from where a form asks for one."""

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit

room = Room()

SHOWN = 12
LONGEST = 200


@room.way("/people-found", "people:read")
async def find_people(visit: Visit) -> Response:
    """Offer those who work here and whose name, number, address or department has what was typed so far."""
    typed = visit.query.get("employee_number", "").strip()[:LONGEST]
    found = await visit.api.get("/v1/people", q=typed, active="true", limit=SHOWN) if typed else {"items": []}
    return visit.render("people_found.html", people=found["items"])

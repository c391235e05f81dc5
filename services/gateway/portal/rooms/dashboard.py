"""Posts, findings, waits and load as they happen."""

from fastapi.responses import JSONResponse, Response

from services.gateway.portal import coaching
from services.gateway.portal.visit import Room, Visit

SCOPE = "events:read"

room = Room()


@room.page("/dashboard", SCOPE)
async def show_dashboard(visit: Visit) -> Response:
    """Show the live dashboard."""
    return visit.render("dashboard.html")


@room.way("/dashboard/sections", SCOPE)
async def name_sections(visit: Visit) -> Response:
    """Give what the sections of the policies in force are called, by `policy/section`, in the reader's language."""
    policies = await visit.api.all("/v1/policies") if visit.may("policies:read") else []
    headings = await coaching.headings_of(visit, {policy["key"] for policy in policies})
    return JSONResponse({f"{policy}/{section}": heading for (policy, section), heading in headings.items()})

"""Posts, findings, waits and load as they happen."""

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit

room = Room()


@room.page("/dashboard", "events:read")
async def show_dashboard(visit: Visit) -> Response:
    """Show the live dashboard."""
    return visit.render("dashboard.html")

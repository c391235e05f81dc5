"""What coaches told the person who is signed in."""

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit

room = Room()


@room.page("/guidance")
async def show_guidance(visit: Visit) -> Response:
    """Show one's own guidance."""
    return visit.render("guidance.html")

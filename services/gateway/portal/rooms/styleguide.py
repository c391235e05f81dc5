"""Every component in every state, for those who build pages; in development only."""

from datetime import timedelta

from fastapi.responses import Response

from services.gateway.portal.pages import settings_of
from services.gateway.portal.visit import Room, Visit
from shared.problems import NotFound
from shared.settings import Environment

room = Room()


@room.page("/styleguide")
async def show_styleguide(visit: Visit) -> Response:
    """Show all components."""
    if settings_of(visit.request).environment is Environment.PRODUCTION:
        raise NotFound
    return visit.render("styleguide.html", earlier=visit.now - timedelta(hours=3))

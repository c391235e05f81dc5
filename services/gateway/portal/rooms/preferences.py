"""What readers choose for themselves: the language and the colours of the pages."""

from fastapi.responses import Response

from services.gateway.portal import words
from services.gateway.portal.pages import THEME, THEMES, own_path
from services.gateway.portal.visit import Room, Visit

YEAR = 365 * 24 * 3600

room = Room()


@room.action("/language")
async def choose_language(visit: Visit) -> Response:
    """Keep the language that the pages are to have."""
    chosen = visit.form.get("language", "")
    return keep(visit, words.COOKIE, chosen if chosen in words.LANGUAGES else "")


@room.action("/theme")
async def choose_theme(visit: Visit) -> Response:
    """Keep the colours that the pages are to have."""
    chosen = visit.form.get("theme", "")
    return keep(visit, THEME, chosen if chosen in THEMES else "")


def keep(visit: Visit, cookie: str, value: str) -> Response:
    """Keep a choice, or forget it, and go back."""
    response = visit.go(own_path(visit.form.get("back", "/")))
    if value:
        response.set_cookie(cookie, value, max_age=YEAR, samesite="lax", httponly=True)
    else:
        response.delete_cookie(cookie)
    return response

"""The page behind the link in an e-mail that ends the e-mails: without signing in, and with one click.

Looking at it changes nothing, since programs that look after mail follow links. A mail program's own button posts
here (RFC 8058), without a cookie and for whom the link names, so there is nothing that a foreign page could do more.
"""

from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import Response

from services.gateway.connectors.notices import UNSUBSCRIBE, Notices
from services.gateway.domain.notices import preferences, unsubscribing
from services.gateway.portal.pages import page
from shared.areas import Router
from shared.schemas import Text

router = Router(include_in_schema=False)

Token = Annotated[Text, Path(max_length=300)]
ADDRESS = UNSUBSCRIBE + "{token}"


@router.get(ADDRESS)
async def show_unsubscription(token: Token, request: Request) -> Response:
    """Ask whether somebody wants no more e-mails."""
    whose(token, request)
    return page("unsubscribe.html", request, done=False)


@router.post(ADDRESS)
async def unsubscribe(token: Token, request: Request) -> Response:
    """Send the person of this link no more e-mails."""
    await request.app.state.db.write(preferences.end_email, whose(token, request))
    return page("unsubscribe.html", request, done=True)


def whose(token: str, request: Request) -> str:
    """Return whose link it is; raises UnknownLink."""
    worker: Notices = request.app.state.notices
    return unsubscribing.person_of(token, worker.terms.safe)

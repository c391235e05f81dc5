"""What somebody was about to do when they were asked who they are once more: their own browser keeps it until they are back.

A form that was sent is kept in a cookie for a quarter of an hour, and sent by a click once its sender has signed in again:
by themself, from a page that shows what it holds, so that no other site can send it in their name.
"""

import base64
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import orjson
from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import URL

from services.gateway.domain.credentials import Credential
from services.gateway.keyring import SIGN_IN_AGAIN, FreshSignInNeeded, Keyring
from services.gateway.portal.pages import own_path, page, to_sign_in
from shared.areas import Router

router = Router(include_in_schema=False)

PLACE = "/unfinished"
COOKIE = "shareload_unfinished"
LASTS = 15 * 60
MOST = 3500
"""The longest cookie: browsers keep 4,096 bytes with its name and what belongs to it."""
UNPACKED = 200_000
UNSAID = frozenset({"once", "etag", "form_token", "do"})
"""Fields that nobody typed."""


MADE = re.compile(r"[0-9a-f-]{32,64}|W?/?\"[^\"]*\"")
"""Ids, hashes and versions, which a page put into its form."""
A_WORD = 20
"""What has no blank and is no longer than this is soon typed again, or was chosen rather than typed."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A form that was sent to a path of ours; `back` is the page that it stood on."""

    path: str
    back: str
    fields: list[tuple[str, str]]

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What its sender sees again."""
        return [(name, value) for name, value in self.fields if name not in UNSAID and value]


def written_in(lists: Mapping[str, list[str]]) -> list[str]:
    """Return what somebody wrote into a form: words that would be a pity to lose."""
    values = [value.strip() for name, given in lists.items() if name not in UNSAID for value in given]
    return [value for value in values if (len(value.split()) > 1 or len(value) > A_WORD) and not MADE.fullmatch(value)]


def keep(response: Response, keyring: Keyring, path: str, back: str, lists: Mapping[str, list[str]]) -> None:
    """Have the browser keep a form; one that is too long for that is not kept."""
    fields = [[name, value] for name, values in lists.items() if name != "form_token" for value in values]
    kept = base64.urlsafe_b64encode(zlib.compress(orjson.dumps([path, back, fields]))).decode()
    if len(kept) <= MOST:
        response.set_cookie(
            keyring.cookie(COOKIE), kept, max_age=LASTS, httponly=True, samesite="lax", secure=keyring.secure
        )


def read(request: Request, keyring: Keyring) -> Unfinished | None:
    """Return the form that the browser kept, if it is one."""
    kept = keyring.read_cookie(request.headers, COOKIE)
    if not kept:
        return None
    try:
        unpacked = zlib.decompressobj().decompress(base64.urlsafe_b64decode(kept), UNPACKED)
        path, back, fields = orjson.loads(unpacked)
        found = Unfinished(own_path(path), own_path(back), [(str(name), str(value)) for name, value in fields])
    except (ValueError, TypeError, AttributeError, zlib.error):
        return None
    return found


def sign_in_for(request: Request) -> str:
    """Return where somebody signs in again and comes back to go on with what they asked for."""
    following = PLACE if request.method == "POST" else back_to(request.url)
    return f"{SIGN_IN_AGAIN}&next={quote(following, safe='')}"


def back_to(asked_for: URL) -> str:
    """Return the page from which an address can be asked for again."""
    to = asked_for.path + (f"?{asked_for.query}" if asked_for.query else "")
    return f"{PLACE}?{urlencode({'to': to})}"


@router.get(PLACE)
async def show_unfinished(request: Request, to: str = "") -> Response:
    """Go on with what asked for a fresh sign-in: a form that was kept, or an address that was asked for."""
    me: Credential | None = request.scope.get("credential")
    if me is None:
        return to_sign_in(request)
    keyring: Keyring = request.app.state.doors.keyring
    again = None
    try:
        keyring.require_fresh(request.scope)
    except FreshSignInNeeded:
        again = f"{SIGN_IN_AGAIN}&next={quote(f'{PLACE}?{request.url.query}', safe='')}"
    asked_for = own_path(to) if to else None
    form = None if asked_for else read(request, keyring)
    response = page("unfinished.html", request, again=again, asked_for=asked_for, form=form)
    if again is None:
        response.delete_cookie(keyring.cookie(COOKIE), secure=keyring.secure, httponly=True, samesite="lax")
    return response

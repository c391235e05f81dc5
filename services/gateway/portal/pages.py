"""How a page is made: its template, in its reader's language and colours, under a policy that allows nothing inline."""

import base64
import gzip
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, pass_context, select_autoescape
from jinja2.runtime import Context

from services.gateway.domain.credentials import Credential
from services.gateway.portal import navigation
from services.gateway.portal.files import Kept, address_of, takes_packed
from services.gateway.portal.icons import icon
from services.gateway.portal.words import LANGUAGES, Words, language_of, network_name, words_of
from services.gateway.settings import GatewaySettings
from shared.ids import new_id

HERE = Path(__file__).parent
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
THEME = "shareload_theme"
THEMES = ("light", "dark")
SAID = "shareload_said"
"""The cookie of the sentence that a form leaves for the page that comes after it."""

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
)


def words(context: Context) -> Words:
    """Return the language that a template is rendered in."""
    found: Words = context["words"]
    return found


@pass_context
def say(context: Context, text: str, **values: Any) -> str:
    """Return a text in the reader's language."""
    return words(context).say(text, **values)


@pass_context
def count(context: Context, one: str, many: str, number: int, **values: Any) -> str:
    """Return a text in the form that a number asks for."""
    return words(context).count(one, many, number, **values)


@pass_context
def ago(context: Context, at: str | datetime) -> str:
    """Write how long ago something was, or in how long it will be."""
    return words(context).ago(at, context["now"])


templates.globals.update(_=say, count=count, icon=icon, static=address_of, once=new_id, is_here=navigation.is_here)
templates.filters["ago"] = ago
templates.filters["network"] = network_name
for name in ("number", "percent", "day", "time", "language_name"):
    # Bound late: the language is the reader's.
    templates.filters[name] = pass_context(
        lambda context, value, *rest, called=name: getattr(words(context), called)(value, *rest)
    )


def page(name: str, request: Request, code: int = 200, **values: Any) -> HTMLResponse:
    """Render a page; `me` is the session it is shown to, and `form_token` what its forms bring back."""
    me: Credential | None = request.scope.get("credential")
    state = request.app.state
    language = language_of(request)
    said = read_said(request)
    places: frozenset[str] = getattr(state, "places", frozenset())
    body = templates.get_template(name).render(
        me=me,
        path=request.url.path,
        form_token=state.doors.keyring.form_token(request.headers) if me else "",
        words=words_of(language),
        language=language,
        languages=LANGUAGES,
        theme=theme_of(request),
        now=state.clock.now(),
        said=said,
        menu=navigation.menu_for(me.principal.scopes, places) if me else [],
        **values,
    )
    response = written(body, request, code)
    if said:
        response.delete_cookie(SAID)
    return response


def written(body: str, request: Request, code: int) -> HTMLResponse:
    """Return a page, packed for those who read that.

    Nothing in it is secret and the same each time, or its length would tell of it beside words that somebody else chose.
    """
    headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if not takes_packed(request.headers):
        return HTMLResponse(body, code, headers)
    return HTMLResponse(gzip.compress(body.encode(), 5, mtime=0), code, headers | {"Content-Encoding": "gzip"})


def read_said(request: Request) -> str:
    """Return the sentence that the form before left."""
    try:
        return base64.urlsafe_b64decode(request.cookies.get(SAID, "").encode()).decode()
    except ValueError:
        return ""


def theme_of(request: Request) -> str | None:
    """Return the colours that the reader chose; None leaves them to the system."""
    chosen = request.cookies.get(THEME)
    return chosen if chosen in THEMES else None


def to_sign_in(request: Request) -> Response:
    """Send someone who is not signed in to the sign-in page, and back afterwards."""
    return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status.HTTP_303_SEE_OTHER)


def settings_of(request: Request) -> GatewaySettings:
    """Return the gateway's settings."""
    settings: GatewaySettings = request.app.state.settings
    return settings


def own_path(path: str) -> str:
    """Return a path of ours to go on to: never another host's, however a browser may read what is written."""
    strange = "\\" in path or any(character <= " " or character == "\x7f" for character in path)
    return path if path.startswith("/") and not path.startswith("//") and not strange else "/"


def serve_files(app: FastAPI) -> None:
    """Serve style sheets, modules and what `vendor.py` fetched."""
    app.mount("/static/vendor", Kept(directory=HERE / "vendor", check_dir=False), name="vendor")
    app.mount("/static", Kept(directory=HERE / "static"), name="static")

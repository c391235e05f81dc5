"""The pages: the live dashboard, one's own guidance."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.staticfiles import StaticFiles

from services.gateway.domain.credentials import Credential
from services.gateway.settings import GatewaySettings

HERE = Path(__file__).parent
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DASHBOARD_SCOPES = frozenset({"monitoring:read", "events:read"})

router = APIRouter(include_in_schema=False)
templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape())


def page(name: str, request: Request, code: int = 200, **values: Any) -> HTMLResponse:
    """Render a page; `me` is the session it is shown to, and `form_token` what its forms bring back."""
    me: Credential | None = request.scope.get("credential")
    token = request.app.state.doors.keyring.form_token(request.headers) if me else ""
    body = templates.get_template(name).render(me=me, path=request.url.path, form_token=token, **values)
    return HTMLResponse(body, code, {"Content-Security-Policy": CSP, "Cache-Control": "no-store"})


def to_sign_in(request: Request) -> Response:
    """Send someone who is not signed in to the sign-in page, and back afterwards."""
    return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status.HTTP_303_SEE_OTHER)


@router.get("/")
async def open_portal(request: Request) -> Response:
    """Lead each person to the page that is theirs."""
    me: Credential | None = request.scope.get("credential")
    if me is None:
        return to_sign_in(request)
    theirs = "/dashboard" if me.principal.scopes >= DASHBOARD_SCOPES else "/guidance"
    return RedirectResponse(theirs, status.HTTP_303_SEE_OTHER)


@router.get("/dashboard")
async def show_dashboard(request: Request) -> Response:
    """Posts, findings, waits and load as they happen."""
    me: Credential | None = request.scope.get("credential")
    if me is None:
        return to_sign_in(request)
    if not me.principal.scopes >= DASHBOARD_SCOPES:
        return RedirectResponse("/guidance", status.HTTP_303_SEE_OTHER)
    return page("dashboard.html", request)


@router.get("/guidance")
async def show_guidance(request: Request) -> Response:
    """What coaches told the person who is signed in."""
    return page("guidance.html", request) if request.scope.get("credential") else to_sign_in(request)


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
    app.mount("/static/vendor", StaticFiles(directory=HERE / "vendor", check_dir=False), name="vendor")
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

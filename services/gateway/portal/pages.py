"""The pages: sign in, the live dashboard, one's own guidance."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Form, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.staticfiles import StaticFiles

from services.gateway.domain import sessions
from services.gateway.domain.credentials import Credential
from services.gateway.keyring import COOKIE, read_cookie
from services.gateway.limiter import Limiter
from services.gateway.settings import GatewaySettings
from shared.problems import NotFound, Problem

HERE = Path(__file__).parent
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DASHBOARD_SCOPES = frozenset({"monitoring:read", "events:read"})

router = APIRouter(include_in_schema=False)
templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape())
sign_ins = Limiter("20/minute", "sign-in")


class NoSignIn(NotFound):
    """This installation has no sign-in page of its own."""


def page(name: str, request: Request, code: int = 200, **values: Any) -> HTMLResponse:
    """Render a page; `me` is the session it is shown to."""
    me: Credential | None = request.scope.get("credential")
    body = templates.get_template(name).render(me=me, path=request.url.path, **values)
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


@router.get("/sign-in")
async def show_sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002  the parameter's name in the address
    """The development sign-in."""
    read_logins(request)
    return page("sign_in.html", request, next=own_path(next), user="", wrong=False)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    user: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002  the field's name in the form
) -> Response:
    """Open a session for a user of the logins file."""
    request.app.state.doors.keyring.refuse_foreign(request.headers)
    logins = read_logins(request)
    try:
        sign_ins.count(user.strip().lower())
        login = sessions.check(logins, user, password)
    except Problem as problem:
        return page("sign_in.html", request, problem.status, next=own_path(next), user=user, wrong=problem.detail)
    token = await request.app.state.db.write(sessions.open_session, login)
    await request.app.state.doors.keyring.load()
    response = RedirectResponse(own_path(next), status.HTTP_303_SEE_OTHER)
    secure = settings_of(request).public_url.startswith("https:")
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="lax", secure=secure, max_age=int(sessions.LIFETIME.total_seconds())
    )
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Close the session."""
    token = read_cookie(request.headers)
    if token and request.scope.get("credential"):
        await request.app.state.db.write(sessions.close_session, token)
        await request.app.state.doors.keyring.load()
    response = RedirectResponse("/sign-in", status.HTTP_303_SEE_OTHER)
    response.delete_cookie(COOKIE)
    return response


def settings_of(request: Request) -> GatewaySettings:
    """Return the gateway's settings."""
    settings: GatewaySettings = request.app.state.settings
    return settings


def read_logins(request: Request) -> list[sessions.Login]:
    """Return who may sign in; raises NoSignIn where there is no development sign-in."""
    file = settings_of(request).logins_file
    if file is None:
        raise NoSignIn
    return sessions.read_logins(file)


def own_path(path: str) -> str:
    """Return a path of ours to go on to: never another host's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def serve_files(app: FastAPI) -> None:
    """Serve style sheets, modules and what `vendor.py` fetched."""
    app.mount("/static/vendor", StaticFiles(directory=HERE / "vendor", check_dir=False), name="vendor")
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

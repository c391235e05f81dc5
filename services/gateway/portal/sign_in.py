"""The pages by which people come in and go: through the organisation's provider, or the development sign-in."""

import secrets
from typing import Annotated

from fastapi import Form, Request, status
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.gateway.callers import address_of
from services.gateway.connectors.provider import Provider
from services.gateway.domain.sign_in import logins, pending, sessions, who
from services.gateway.domain.sign_in.claims import SKEW, TokenRefused, authenticated_at
from services.gateway.keyring import Keyring
from services.gateway.portal.pages import own_path, page, settings_of
from shared.areas import Router
from shared.problems import Forbidden, NotFound, Problem

router = Router(include_in_schema=False)

BROWSER = "shareload_sign_in"
"""The cookie of a browser that is on its way to the provider and back."""


class NoSignIn(NotFound):
    """This installation has no sign-in page of its own."""


class NobodyKnown(Forbidden):
    """Your sign-in worked, but Shareload does not know you yet."""


class NotAskedAgain(Forbidden):
    """Your organisation's sign-in did not ask for your password again."""


@router.get("/sign-in")
async def show_sign_in(request: Request, next: str = "/", fresh: bool = False) -> Response:  # noqa: A002  the parameter's name in the address
    """Where people sign in; straight on to the provider where there is no other way."""
    provider: Provider | None = request.app.state.doors.provider
    local = settings_of(request).logins_file is not None
    if not local and provider is None:
        raise NoSignIn
    following = own_path(next)
    if not local:
        return await show_provider(request, following, fresh)
    return page(
        "sign_in.html", request, next=following, user="", wrong=False, provider=provider is not None, fresh=fresh
    )


@router.post("/sign-in")
async def sign_in(
    request: Request,
    user: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002  the field's name in the form
) -> Response:
    """Open a session for a user of the logins file."""
    keyring = keyring_of(request)
    keyring.refuse_foreign(request.headers)
    settings = settings_of(request)
    if settings.logins_file is None:
        raise NoSignIn
    known = logins.read_logins(settings.logins_file)
    try:
        # Of one name from one address: nobody is locked out by who guesses elsewhere.
        request.app.state.sign_ins.count(f"{address_of(request.scope, settings.proxies)} {user.strip().lower()}")
        login = logins.check(known, user, password)
    except Problem as problem:
        values = {"next": own_path(next), "user": user, "wrong": problem.detail}
        there = request.app.state.doors.provider is not None
        response = page("sign_in.html", request, problem.status, provider=there, fresh=False, **values)
        if problem.retry_after is not None:
            response.headers["Retry-After"] = str(problem.retry_after)
        return response
    token = await request.app.state.db.write(logins.enter, login, keyring.read_cookie(request.headers))
    return await signed_in(request, token, next)


@router.get("/sign-in/provider")
async def show_provider(request: Request, next: str = "/", fresh: bool = False) -> Response:  # noqa: A002  as above
    """Send the browser to the organisation's provider."""
    try:
        provider = provider_of(request)
        keyring = keyring_of(request)
        browser = keyring.read_cookie(request.headers, BROWSER) or secrets.token_urlsafe(32)
        following = own_path(next[:500])
        # The provider first: a sign-in that cannot begin leaves nothing behind.
        await provider.ready()
        begun = await request.app.state.db.write(pending.begin, browser, following, fresh=fresh)
        response = RedirectResponse(await provider.address(begun, fresh=fresh), status.HTTP_303_SEE_OTHER)
    except Problem as problem:
        return failed(request, problem)
    set_cookie(response, keyring, BROWSER, browser, int(pending.LASTS.total_seconds()))
    return response


@router.get("/sign-in/callback")
async def finish_sign_in(
    request: Request, state: str = "", code: str = "", iss: str | None = None, error: str = ""
) -> Response:
    """Open a session for whom the provider names."""
    try:
        provider, keyring, db = provider_of(request), keyring_of(request), request.app.state.db
        begun = await db.write(pending.take, state, keyring.read_cookie(request.headers, BROWSER))
        if begun is None:
            raise pending.SignInGone
        await provider.check_issuer(iss)
        if error or not code:
            raise TokenRefused("Your organisation's sign-in did not let you in.")
        claims = await provider.exchange(code, begun.verifier, begun.nonce)
        at = authenticated_at(claims)
        if begun.fresh and (at is None or (begun.begun_at - at).total_seconds() > SKEW):
            raise NotAskedAgain
        token = await db.write(who.enter, claims, provider.mapped, keyring.read_cookie(request.headers))
        if token is None:
            raise NobodyKnown(
                "Ask whoever keeps the list of staff whether you are on it, under the same e-mail address."
            )
    except Problem as problem:
        return failed(request, problem)
    return await signed_in(request, token, begun.next)


@router.post("/sign-in/back-channel-logout")
async def end_by_provider(request: Request, logout_token: Annotated[str, Form(max_length=10_000)]) -> Response:
    """End the sessions that the provider says are over (OpenID Connect Back-Channel Logout 1.0)."""
    try:
        ended = await provider_of(request).check_logout(logout_token)
    except TokenRefused as problem:
        said = {"error": "invalid_request", "error_description": problem.detail}
        return JSONResponse(said, status.HTTP_400_BAD_REQUEST, {"Cache-Control": "no-store"})
    await request.app.state.db.write(sessions.end_by_provider, ended)
    await keyring_of(request).load()
    return Response(status_code=status.HTTP_200_OK, headers={"Cache-Control": "no-store"})


@router.post("/sign-out")
async def sign_out(request: Request, form_token: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Close the session."""
    keyring = keyring_of(request)
    token = keyring.read_cookie(request.headers)
    if token and request.scope.get("credential"):
        keyring.check_form(request.headers, form_token)
        await request.app.state.db.write(sessions.close_session, token)
        await keyring.load()
    response = RedirectResponse("/signed-out", status.HTTP_303_SEE_OTHER)
    set_cookie(response, keyring, None, "", 0)
    return response


@router.get("/signed-out")
async def show_signed_out(request: Request) -> Response:
    """Say that the session is over, and where that at the provider ends."""
    provider: Provider | None = request.app.state.doors.provider
    return page("signed_out.html", request, elsewhere=await provider.after_sign_out() if provider else None)


async def signed_in(request: Request, token: str, following: str) -> Response:
    """Let a browser go on with a session."""
    keyring = keyring_of(request)
    await keyring.load()
    response = RedirectResponse(own_path(following), status.HTTP_303_SEE_OTHER)
    set_cookie(response, keyring, None, token, int(sessions.LIFETIME.total_seconds()))
    return response


def set_cookie(response: Response, keyring: Keyring, name: str | None, value: str, seconds: int) -> None:
    """Set one of our cookies, by default that of the session; 0 seconds end it."""
    cookie = keyring.cookie(name) if name else keyring.cookie()
    response.set_cookie(cookie, value, httponly=True, samesite="lax", secure=keyring.secure, max_age=seconds)


def failed(request: Request, problem: Problem) -> Response:
    """Say on a page why nobody was signed in, and how to begin anew."""
    return page("sign_in_failed.html", request, problem.status, title=problem.title(), detail=problem.detail)


def keyring_of(request: Request) -> Keyring:
    """Return who knows the sessions."""
    keyring: Keyring = request.app.state.doors.keyring
    return keyring


def provider_of(request: Request) -> Provider:
    """Return the organisation's provider; raises NoSignIn where none is configured."""
    provider: Provider | None = request.app.state.doors.provider
    if provider is None:
        raise NoSignIn
    return provider

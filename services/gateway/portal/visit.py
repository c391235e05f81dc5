"""One visit to a page: who comes, what they ask, and how they are answered; and `Room`, which pages are made with."""

import base64
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, status
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain.credentials import Credential
from services.gateway.keyring import ForeignOrigin, Keyring, StaleForm
from services.gateway.portal import unfinished
from services.gateway.portal.api import Api, Refused
from services.gateway.portal.pages import SAID, own_path, page, to_sign_in
from services.gateway.portal.words import Words, language_of, words_of
from shared.ids import new_id
from shared.problems import Problem

LONGEST_FIELD = 200_000
ADDRESS = ":/%#?=@[]!$&'()*+,;"
"""What stays as it is in an address that a header carries, as redirects have it."""
BESIDE = {"HX-Retarget": "#refused", "HX-Reswap": "innerHTML", "HX-Push-Url": "false"}
"""Has the page show a part in a place of its own: portal.js makes it where the answer would have stood."""


class Visit:
    """One visit. `given` holds the parts of the address, `query` what follows it, `form` what was sent."""

    def __init__(self, request: Request, me: Credential) -> None:
        self.request = request
        self.me = me
        self.given: dict[str, str] = dict(request.path_params)
        self.query = request.query_params
        self.form: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {}
        """All values of each field, for those that may come several times."""
        self.api = Api(request)
        self.words: Words = words_of(language_of(request))

    @property
    def number(self) -> str:
        """The employee number of who is signed in; empty for a login that is nobody's."""
        return self.me.principal.employee_number or ""

    @property
    def now(self) -> datetime:
        """This moment."""
        now: datetime = self.request.app.state.clock.now()
        return now

    @property
    def once(self) -> str:
        """The key of the form that was sent: sent twice, it does its work once."""
        return self.form.get("once") or new_id()

    @property
    def piecewise(self) -> bool:
        """Tell whether a part of the page was asked for (by htmx) rather than all of it."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, scope: str) -> bool:
        """Tell whether the person has a right."""
        return scope in self.me.principal.scopes

    def say(self, text: str, **values: Any) -> str:
        """Return a text in the person's language."""
        return self.words.say(text, **values)

    def render(self, template: str, code: int = 200, **values: Any) -> Response:
        """Show a page, or a part of one."""
        return page(template, self.request, code, visit=self, **values)

    def go(self, path: str, said: str | None = None) -> Response:
        """Send the browser on after a form, with a sentence for the page that it comes to."""
        if self.piecewise:
            response = Response(
                status_code=status.HTTP_204_NO_CONTENT, headers={"HX-Redirect": quote(path, safe=ADDRESS)}
            )
        else:
            response = RedirectResponse(path, status.HTTP_303_SEE_OTHER)
        if said:
            kept = base64.urlsafe_b64encode(said.encode()[:1000]).decode()
            response.set_cookie(SAID, kept, max_age=20, httponly=True, samesite="lax")
        return response

    def refuse(self, refused: Refused, back: str | None = None) -> Response:
        """Say in a page, or in a notice on the page, what the API refused; a page gives back what was written."""
        again = unfinished.sign_in_for(self.request) if "sign_in" in refused.extra else None
        back = back or local(self.request.headers.get("referer", "/"))
        if self.piecewise:
            response = self.render("refused_part.html", refused=refused, sign_in=again)
            response.headers.update(BESIDE)
        else:
            written = unfinished.written_in(self.lists)
            response = self.render(
                "refused.html", refused.status, refused=refused, sign_in=again, back=back, written=written
            )
        if again and self.lists:
            keyring = self.request.app.state.doors.keyring
            unfinished.keep(response, keyring, self.request.url.path, back, self.lists)
        return response


def ask_in(request: Request) -> Response:
    """Send someone who is not signed in to the sign-in page; a page that is open says it, and keeps what was written."""
    if request.headers.get("hx-request") != "true":
        return to_sign_in(request)
    here = quote(local(request.headers.get("hx-current-url", "/")))
    response = page("signed_out_part.html", request, sign_in=f"/sign-in?next={here}")
    response.headers.update(BESIDE)
    return response


async def ask_in_and_keep(request: Request) -> Response:
    """Ask who sent a form after their session ended, and keep the form until they have said it."""
    keyring: Keyring = request.app.state.doors.keyring
    try:
        keyring.refuse_foreign(request.headers)
    except ForeignOrigin:
        return ask_in(request)
    if request.headers.get("hx-request") == "true":
        return ask_in(request)
    lists = await read_fields(request)
    back = local(request.headers.get("referer", "/"))
    response = page("signed_out_form.html", request, status.HTTP_401_UNAUTHORIZED, written=unfinished.written_in(lists))
    unfinished.keep(response, keyring, request.url.path, back, lists)
    return response


def local(address: str) -> str:
    """Return the path of a page of ours that someone came from."""
    return own_path("/" + address.split("//", 1)[-1].partition("/")[2])


Shown = Callable[[Visit], Awaitable[Response]]


class Room(APIRouter):
    """Pages that belong together: `page` shows one, `action` takes a form; both only to who is signed in."""

    def __init__(self) -> None:
        super().__init__(include_in_schema=False)
        self.places: list[str] = []

    def page(self, path: str, scope: str | None = None) -> Callable[[Shown], Shown]:
        """Show a page at a path, to those who have a right."""
        self.places.append(path)
        return self.way(path, scope)

    def way(self, path: str, scope: str | None = None) -> Callable[[Shown], Shown]:
        """Answer at a path that is no page of its own: with a file to take along, or the way back to a page."""

        def add(shown: Shown) -> Shown:
            async def endpoint(request: Request) -> Response:
                me: Credential | None = request.scope.get("credential")
                return ask_in(request) if me is None else await answer(Visit(request, me), shown, scope)

            self.add_api_route(path, endpoint, methods=["GET"], name=f"{shown.__module__}.{shown.__name__}")
            return shown

        return add

    def action(self, path: str, scope: str | None = None) -> Callable[[Shown], Shown]:
        """Take a form at a path, from those who have a right; it must come from a page of ours."""

        def add(shown: Shown) -> Shown:
            async def endpoint(request: Request) -> Response:
                me: Credential | None = request.scope.get("credential")
                if me is None:
                    return await ask_in_and_keep(request)
                visit = Visit(request, me)
                try:
                    await read_form(visit)
                except StaleForm as stale:
                    return visit.refuse(Refused(stale.status, {"title": stale.title(), "detail": stale.detail}))
                return await answer(visit, shown, scope)

            self.add_api_route(path, endpoint, methods=["POST"], name=f"{shown.__module__}.{shown.__name__}")
            return shown

        return add


async def answer(visit: Visit, shown: Shown, scope: str | None) -> Response:
    """Show a page, or say why not."""
    if scope is not None and not visit.may(scope):
        return visit.refuse(
            Refused(403, {"title": "Not yours", "detail": visit.say("This page is not part of your role.")})
        )
    try:
        return await shown(visit)
    except Refused as refused:
        return visit.refuse(refused)
    except Problem as problem:
        return visit.refuse(Refused(problem.status, {"title": problem.title(), "detail": problem.detail}))


async def read_form(visit: Visit) -> None:
    """Take in a form; raises StaleForm unless a page that was made for this session sent it."""
    visit.lists = await read_fields(visit.request)
    visit.form = {name: values[0] for name, values in visit.lists.items()}
    token = visit.form.pop("form_token", "") or visit.request.headers.get("x-form-token", "")
    visit.request.app.state.doors.keyring.check_form(visit.request.headers, token)


async def read_fields(request: Request) -> dict[str, list[str]]:
    """Return all values of each field of a form."""
    lists: dict[str, list[str]] = {}
    async with request.form(max_files=0) as sent:
        for name, value in sent.multi_items():
            if isinstance(value, str):
                lists.setdefault(name, []).append(value.replace("\r\n", "\n")[:LONGEST_FIELD])
    return lists


def path_of(*parts: str) -> str:
    """Return a path of the API from its parts, the variable ones quoted."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)

"""Sessions of the portal: how they end, what their forms carry, and what asks for a fresh sign-in."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.gateway.keyring import ForeignOrigin, Keyring
from services.gateway.openapi import FILE
from services.gateway.portal.pages import own_path
from services.gateway.rights import FRESH, asks_fresh
from shared.clock import SystemClock
from tests.gateway.story import add_people
from tests.platform import Platform

TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


def slug(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the kind of a refusal."""
    return answer.status_code, str(answer.json()["type"]).rsplit("/", 1)[-1]


async def signed_in(platform: Platform, role: str = "admin") -> httpx.AsyncClient:
    """Return somebody's browser."""
    await add_people(platform, 2)
    await platform.settle()
    return await platform.as_person("E-1", role)


async def test_a_session_that_nobody_uses_ends_before_its_time_and_one_in_use_lasts(platform: Platform) -> None:
    used = await signed_in(platform)
    unused = await platform.as_person("E-2", "lead")
    keyring = platform.running["gateway"].app.state.doors.keyring
    by_itself = await platform.as_person("E-1", "lead")
    for _ in range(3):
        await platform.advance(timedelta(minutes=50))
        assert (await used.get("/v1/guidance")).status_code == 200
        unattended = await by_itself.get("/notices/unread", headers={"Shareload-Unattended": "1"})
        await keyring.write_use()
    assert (await unused.get("/v1/guidance")).status_code == 401
    assert unattended.status_code == 303, "a page that asks by itself keeps no session alive"
    await keyring.load()
    assert (await used.get("/v1/guidance")).status_code == 200, "what is written behind is read again"
    for _ in range(12):
        await platform.advance(timedelta(minutes=50))
        last = (await used.get("/v1/guidance")).status_code
    assert last == 401, "no session lasts longer than half a day"


async def test_people_see_where_they_are_signed_in_and_end_what_is_theirs_alone(platform: Platform) -> None:
    here = await signed_in(platform)
    there = await platform.as_person("E-1", "lead")
    other = await platform.as_person("E-2", "coach")

    mine = (await here.get("/v1/sessions")).json()["items"]
    assert sorted(session["current"] for session in mine) == [False, True]
    theirs = (await other.get("/v1/sessions")).json()["items"][0]["id"]
    elsewhere = next(session["id"] for session in mine if not session["current"])
    assert slug(await here.delete(f"/v1/sessions/{theirs}")) == (404, "not-found")
    assert (await here.delete(f"/v1/sessions/{elsewhere}")).status_code == 204
    assert slug(await here.delete(f"/v1/sessions/{elsewhere}")) == (404, "not-found")
    assert [(await who.get("/v1/guidance")).status_code for who in (here, there, other)] == [200, 401, 200]
    assert slug(await platform.client.get("/v1/sessions")) == (403, "forbidden")


async def test_a_form_that_was_not_made_for_this_session_changes_nothing(platform: Platform) -> None:
    person = await signed_in(platform)
    first = TOKEN.search((await person.get("/guidance")).text)
    assert first is not None
    for token in ("", "0" * 64, first[1][:-1]):
        assert slug(await person.post("/sign-out", data={"form_token": token})) == (403, "stale-form")
    again = await platform.as_person("E-1", "admin")
    assert slug(await again.post("/sign-out", data={"form_token": first[1]})) == (403, "stale-form")
    stale = await again.post("/availability", data={"form_token": first[1], "away": "yes"})
    assert (stale.status_code, "load its page again" in stale.text, "<main" in stale.text) == (403, True, True)
    assert (await person.get("/v1/guidance")).status_code == 200
    assert (await person.post("/sign-out", data={"form_token": first[1]})).headers["Location"] == "/signed-out"
    assert (await person.get("/v1/guidance")).status_code == 401
    part = await person.post("/check", data={"form_token": first[1], "text": "x"}, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Retarget"], "<main" in part.text) == (200, "#refused", False)


async def test_signing_in_again_ends_the_session_that_the_browser_had(platform: Platform) -> None:
    browser = await signed_in(platform)
    before = browser.cookies["shareload_session"]
    await browser.post("/sign-in", data={"user": "E-1", "password": "pass-E-1"})
    assert browser.cookies["shareload_session"] != before
    old = await platform.client_for(cookies={"shareload_session": before})
    assert (await old.get("/v1/guidance")).status_code == 401


async def test_what_cannot_be_taken_back_asks_for_a_fresh_sign_in_of_people_and_not_of_machines(
    platform: Platform,
) -> None:
    admin = await signed_in(platform)
    key = {"name": "x", "scopes": ["people:read"]}
    assert (await admin.post("/v1/api-keys", json=key)).status_code == 201
    await platform.advance(timedelta(minutes=16))
    assert (await admin.get("/v1/api-keys")).status_code == 200

    for method, path in FRESH:
        answer = await admin.request(method, unnamed(path), json={})
        assert slug(answer) == (403, "fresh-sign-in-needed"), path
        assert answer.json()["sign_in"] == "/sign-in?fresh=1"
        machine = await platform.client.request(method, unnamed(path), json={})
        assert "fresh-sign-in-needed" not in machine.text, path
    assert "once more" in (await admin.get("/sign-in?fresh=1")).text
    await admin.post("/sign-in", data={"user": "E-1", "password": "pass-E-1"})
    assert (await admin.post("/v1/api-keys", json=key)).status_code == 201


async def test_nothing_behind_an_address_gets_round_the_fresh_sign_in(platform: Platform) -> None:
    admin = await signed_in(platform)
    await platform.advance(timedelta(minutes=16))
    for behind in ("%0A", "%0D", "%00", "%7F", "/", "//", "%2F", "%20", ";", "?", "#", "/.", "/x/.."):
        for method, path in FRESH:
            answer = await admin.request(method, unnamed(path) + behind, json={})
            if answer.status_code == 307:
                assert asks_fresh(method, urlsplit(answer.headers["Location"]).path), (method, path, behind)
            else:
                assert slug(answer)[1] in {"fresh-sign-in-needed", "no-such-route"}, (method, path, behind, answer.text)


def test_each_deed_that_asks_for_a_fresh_sign_in_is_one_of_the_api() -> None:
    document = orjson.loads(FILE.read_bytes())
    operations = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    asking = {(method, unnamed(path)) for method, path in operations if asks_fresh(method, unnamed(path))}
    assert asking == {(method, unnamed(path)) for method, path in FRESH}
    assert asks_fresh("POST", "/v1/works-council-modes/Harbour/North GmbH/changes")
    assert not asks_fresh("GET", "/v1/certificatesXcsv")
    assert not asks_fresh("GET", "/v1/certificates.csv/x")


def unnamed(path: str) -> str:
    """Return a path's template with nothing but places in it."""
    return re.sub(r"{[\w:]+}", "x", path)


def test_over_tls_no_other_host_of_the_domain_can_set_our_cookies_and_no_plain_page_can_write() -> None:
    keyring = Keyring(None, SystemClock(), "https://share.example", None)  # type: ignore[arg-type]
    assert keyring.cookie() == "__Host-shareload_session"
    keyring.refuse_foreign(Headers({"origin": "https://share.example", "host": "share.example"}))
    for headers in ({"origin": "http://share.example", "host": "share.example"}, {"host": "share.example"}):
        with pytest.raises(ForeignOrigin):
            keyring.refuse_foreign(Headers(headers))


@given(st.one_of(st.text(), st.text("/\\.:@\t\n\r evil", max_size=12)))
def test_wherever_a_sign_in_is_told_to_lead_it_stays_here(path: str) -> None:
    # A browser takes tabs and line breaks out of an address, and reads a backslash as a slash.
    read = re.sub(r"[\t\n\r]", "", own_path(path)).strip().replace("\\", "/")
    assert read.startswith("/")
    assert not read.startswith("//")

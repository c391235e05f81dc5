"""What somebody tries who means harm, over real HTTP at the real gateway: each opens nothing, and leaves nothing behind."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from services.gateway.portal.rooms import ROOMS
from tests.gateway.story import add_people, client_with, publish
from tests.platform import Platform

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL = "https://evil.example"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)>"
INSIDE = (
    "http://127.0.0.1:8001/",
    "http://localhost/",
    "http://[::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://10.0.0.1/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
)
LEADS = (
    f"{EVIL}/", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "https:evil.example",
    "javascript:alert(1)", "/%0d%0aLocation:%20https://evil.example", "/\r\nSet-Cookie: a=b",
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(lasting_platform: Platform) -> Platform:
    """Two people, one of them with script for a name, and a policy in force."""
    await add_people(lasting_platform, 2)
    hostile = {"name": SCRIPT, "department": SCRIPT, "user_name": "mallory", "email": "mallory@harbour.example"}
    made = await lasting_platform.client.post("/v1/people", json={"employee_number": "E-9", "region": "EMEA"} | hostile)
    assert made.status_code == 201, made.text
    await publish(lasting_platform)
    await lasting_platform.settle()
    return lasting_platform


def leads_elsewhere(answer: httpx.Response) -> bool:
    """Say whether a browser would leave us, as browsers read an address."""
    location = re.sub(r"[\t\r\n]", "", answer.headers.get("Location", "/")).replace("\\", "/")
    return not location.startswith("/") or location.startswith("//")


async def token_of(browser: httpx.AsyncClient) -> str:
    """Return what the forms of somebody's pages carry."""
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', (await browser.get("/guidance")).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("to", LEADS)
async def test_signing_in_leads_to_no_other_host_and_sets_no_header_of_theirs(told: Platform, to: str) -> None:
    browser = await told.as_person("E-1", "lead")
    for answer in (
        await browser.get("/sign-in/provider", params={"next": to}),
        await browser.post("/sign-in", data={"user": "E-1", "password": "pass-E-1", "next": to}),
        await browser.post("/theme", data={"theme": "dark", "back": to, "form_token": await token_of(browser)}),
    ):
        assert not leads_elsewhere(answer), answer.headers
        assert "a=b" not in answer.headers.get("Set-Cookie", "")
    page = (await browser.get("/unfinished", params={"to": to})).text
    links = set(re.findall(r'(?:href|action|src)="([^"]*)"', page)) - {"#main"}
    assert all(link.startswith("/") and not link.startswith("//") for link in links), links


async def test_a_foreign_page_changes_nothing_whatever_it_sends_along(told: Platform) -> None:
    browser = await told.as_person("E-2", "admin")
    key = {"name": "csrf", "scopes": ["people:read"]}
    foreign = ({"Origin": EVIL}, {"Origin": "null"}, {"Origin": "http://127.0.0.1.evil.example"}, {"Origin": ""})
    for headers in foreign:
        assert (await browser.post("/v1/api-keys", json=key, headers=headers)).status_code == 403, headers
        simple = {**headers, "Content-Type": "text/plain"}
        assert (await browser.post("/v1/api-keys", content=b'{"name":"csrf"}', headers=simple)).status_code == 403
        assert (await browser.delete("/v1/sessions/nothing", headers=headers)).status_code == 403, headers
    assert (await browser.get("/sign-out")).status_code == 405
    assert "csrf" not in (await told.client.get("/v1/api-keys")).text
    answer = await browser.get("/v1/api-keys", headers={"Origin": EVIL})
    assert "Access-Control-Allow-Origin" not in answer.headers, "what is answered, no foreign script reads"


async def test_a_cookie_that_somebody_put_there_becomes_nobodys_session(told: Platform) -> None:
    planted = "x" * 43
    browser = await told.client_for(
        cookies={"shareload_session": planted}, headers={"Origin": told.running["gateway"].url}
    )
    await told.as_person("E-1")
    await browser.post("/sign-in", data={"user": "E-1", "password": "pass-E-1"})
    theirs = await told.client_for(cookies={"shareload_session": planted})
    assert (await theirs.get("/v1/guidance")).status_code == 401


@pytest.mark.parametrize("address", INSIDE)
async def test_nothing_inside_is_reached_by_a_webhook_a_source_or_an_embed(told: Platform, address: str) -> None:
    hook = await told.client.post("/v1/webhooks", json={"name": "x", "url": address, "types": ["training"]})
    assert hook.status_code == 422, hook.text
    described = await told.client.get("/oembed", params={"url": address})
    assert described.status_code == 404, described.text
    config = {"kind": "feed", "url": address}
    made = await told.client.post("/v1/sources", json={"name": "x", "config": config})
    if made.status_code == 201:
        tried = await told.client.post(f"/v1/sources/{made.json()['id']}/test", json={})
        assert tried.json().get("ok", False) is False, tried.text
        assert "root:" not in tried.text
        await told.client.delete(f"/v1/sources/{made.json()['id']}")
    else:
        assert made.status_code == 422, made.text


async def test_script_in_names_and_in_the_address_stays_words_on_every_page(told: Platform) -> None:
    admin = await told.as_person("E-9", "admin")
    shown = 0
    for path in ("/", "/people", "/admin/people", "/team", "/privacy", f"/policies?q={SCRIPT}", f"/{SCRIPT}", "/load"):
        answer = await admin.get(path, follow_redirects=True)
        if "html" in answer.headers.get("Content-Type", ""):
            shown += 1
            assert "<script>alert" not in answer.text, path
            assert "<img src=x" not in answer.text, path
            assert "<svg onload" not in answer.text, path
            assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"], path
    assert shown >= 4
    problem = await admin.get(f"/v1/people/{SCRIPT}")
    assert problem.headers["Content-Type"].startswith("application/problem+json")
    assert problem.headers["X-Content-Type-Options"] == "nosniff"


def smuggled() -> Iterator[tuple[str, str]]:
    """Give headers by which somebody claims to be another, or to ask for something else."""
    yield "X-Forwarded-User", "E-1"
    yield "X-Original-URL", "/v1/api-keys"
    yield "X-Rewrite-URL", "/v1/api-keys"
    yield "X-HTTP-Method-Override", "DELETE"
    yield "Shareload-Caller", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJrZXk6MSJ9."
    yield "Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJFLTEifQ."
    yield "Authorization", "Bearer sle_eyJhbGciOiJub25lIn0.eyJhdWQiOiJlbWJlZCJ9."
    yield "Forwarded", "for=127.0.0.1;host=evil.example"


async def test_no_header_makes_somebody_of_nobody(told: Platform) -> None:
    nobody = await told.client_for()
    for name, value in smuggled():
        answer = await nobody.get("/v1/people", headers={name: value})
        assert answer.status_code == 401, (name, answer.text)
    spoofed = await told.client.get("/embed/policies/social-media", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in spoofed.text


SMUGGLED = "x\r\r\nX-Second: 1\r\r\n\r\r\nGET /v1/people HTTP/1.1\r\r\nHost: x\r\r\n\r\r\n"
"""A line's end too many: forms make one of the two, as browsers write it, into the other."""


async def test_no_field_of_a_form_and_no_part_of_a_pages_address_becomes_a_request_of_its_own(told: Platform) -> None:
    browser = await told.as_person("E-2", "admin")
    names = (
        "once",
        "etag",
        "change",
        "locale",
        "section",
        "employee_number",
        "person",
        "number",
        "account",
        "version",
        "next",
        "then",
        "back",
        "message",
    )
    form = dict.fromkeys(names, SMUGGLED) | {
        "form_token": await token_of(browser),
        "network": "mastodon",
        "handle": "@x",
    }
    for room in ROOMS:
        for route in room.routes:
            assert isinstance(route, APIRoute)
            path = re.sub(r"\{[^}]*\}", quote(SMUGGLED.replace("/", ""), safe=""), route.path)
            [method] = route.methods or {""}
            for headers in ({}, {"HX-Request": "true"}):
                answer = await browser.request(method, path, data=form if method == "POST" else None, headers=headers)
                assert answer.status_code < 500, (method, route.path, answer.text)
                assert answer.status_code != 401, f"{method} {route.path}: who asks stands behind the line's end"
                assert "x-second" not in answer.headers, (method, route.path)
    for number in range(20):
        found = await browser.get(f"/v1/people/E-{1 + number % 2}")
        assert found.json()["employee_number"] == f"E-{1 + number % 2}", (
            "everybody gets the answer to their own request"
        )


async def test_what_is_logged_of_a_request_is_one_line_however_it_is_written(
    told: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    await told.client.get("/v1/people/x%0a2026-01-01 [error] all is lost", headers={"X-Request-ID": "a\tb"})
    away = await told.client.get("/v1/sources/%0d%0ainjected", headers={"X-Request-ID": "%0d%0aSet-Cookie: a=b"})
    assert "Set-Cookie" not in away.headers
    assert "a=b" not in away.headers["X-Request-ID"]
    said = capsys.readouterr()
    assert not [line for line in (said.out + said.err).splitlines() if line.startswith(("2026-01-01", "injected"))]


async def test_a_key_of_one_department_reads_of_no_other_by_any_way_round(told: Platform) -> None:
    limited = await client_with(told, "people:read", "certificates:read", departments=["Press"])
    for path in ("/v1/people/E-1", "/v1/people/E-1/certificates", "/v1/people/E-1/deltas"):
        assert (await limited.get(path)).status_code == 404, path
    statuses = await limited.post("/v1/certificate-statuses", json={"employee_numbers": ["E-1", "E-404"]})
    items = statuses.json()["items"]
    assert [item["status"] for item in items] == ["none", "none"], "who is elsewhere is as unknown as who is nowhere"
    found = await limited.get("/scim/v2/Users", params={"filter": 'userName sw "e"'})
    assert found.json().get("totalResults", 0) == 0, found.text

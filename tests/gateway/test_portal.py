"""The pages: who signs in, as whom, and what a foreign page cannot do with it."""

from datetime import timedelta

import httpx
import pytest

from services.gateway.settings import GatewaySettings
from shared.settings import Environment
from tests.gateway.story import add_people
from tests.platform import Platform


async def test_who_is_not_signed_in_is_led_to_the_sign_in_page(platform: Platform) -> None:
    browser = await platform.client_for()
    for path in ("/", "/dashboard", "/guidance"):
        answer = await browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=")


async def test_a_person_who_signed_in_is_that_person_to_every_service(platform: Platform) -> None:
    await add_people(platform, 2)
    await platform.settle()
    employee = await platform.as_person("E-1")

    assert (await employee.get("/guidance")).status_code == 200
    refused = await employee.get("/dashboard")
    assert (refused.status_code, "not part of your role" in refused.text) == (403, True)
    assert (await employee.get("/v1/guidance")).status_code == 200
    assert (await employee.get("/v1/people/E-2")).status_code in {403, 404}
    assert (await employee.get("/v1/api-keys")).status_code == 403


async def test_a_coach_sees_the_dashboard_and_its_stream(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    coach = await platform.as_person("E-1", role="coach")

    page = await coach.get("/dashboard")
    assert page.status_code == 200
    assert "Person 1" in page.text
    async with coach.stream("GET", "/v1/events") as stream:
        assert stream.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_page_of_another_origin_changes_nothing(platform: Platform, origin: str | None) -> None:
    await add_people(platform, 1)
    await platform.settle()
    person = await platform.as_person("E-1", role="admin")
    del person.headers["Origin"]
    headers = {"Origin": origin} if origin else {}

    answer = await person.post("/v1/api-keys", json={"name": "x", "scopes": ["people:read"]}, headers=headers)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (403, "foreign-origin")
    assert (await person.get("/v1/api-keys")).status_code == 200


async def test_a_wrong_password_opens_nothing_and_does_not_say_which_part_was_wrong(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    await platform.as_person("E-1")
    origin = platform.running["gateway"].url
    browser = await platform.client_for(headers={"Origin": origin})
    wrong = [await browser.post("/sign-in", data={"user": user, "password": "guess"}) for user in ("E-1", "nobody")]

    assert [answer.status_code for answer in wrong] == [401, 401]
    assert wrong[0].text.replace("E-1", "") == wrong[1].text.replace("nobody", "")
    assert not browser.cookies


async def test_guessing_passwords_is_slowed_down(platform: Platform) -> None:
    browser = await platform.client_for(headers={"Origin": platform.running["gateway"].url})
    answers = [await browser.post("/sign-in", data={"user": "E-9", "password": f"{n}"}) for n in range(25)]

    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_foreign_requests(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    await platform.as_person("E-1")
    browser = await platform.client_for(headers={"Origin": platform.running["gateway"].url})
    answer = await browser.post("/sign-in", data={"user": "e1@harbour.example", "password": "pass-E-1"})

    assert answer.status_code == 401  # signs in by the name of the login, not by any other of the person
    answer = await browser.post("/sign-in", data={"user": "e-1", "password": "pass-E-1", "next": "//evil.example"})
    cookie = answer.headers["Set-Cookie"].lower()
    assert answer.headers["Location"] == "/"
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_a_session_ends_by_signing_out_by_time_and_when_the_person_leaves(platform: Platform) -> None:
    await add_people(platform, 3)
    await platform.settle()
    out, left, late = [await platform.as_person(f"E-{n}") for n in (1, 2, 3)]

    async def works(client: httpx.AsyncClient) -> bool:
        return (await client.get("/v1/guidance")).status_code == 200

    cookies = dict(out.cookies)
    form_token = (await out.get("/guidance")).text.split('name="form_token" value="', 1)[1].split('"', 1)[0]
    await out.post("/sign-out", data={"form_token": form_token})
    out.cookies.update(cookies)
    assert not await works(out)
    await platform.client.patch("/v1/people/E-2", json={"active": False})
    await platform.settle()
    assert not await works(left)
    assert await works(late)
    await platform.advance(timedelta(hours=13))
    assert not await works(late)


def test_the_development_sign_in_does_not_start_where_others_could_reach_it(tmp_path: object) -> None:
    for settings in ({"environment": Environment.PRODUCTION}, {"host": "0.0.0.0"}):  # noqa: S104
        with pytest.raises(ValueError, match="development sign-in"):
            GatewaySettings(logins_file=str(tmp_path), **settings)


async def test_a_sign_in_is_told_by_the_person_s_id_and_never_by_a_user_name(platform: Platform) -> None:
    (person,) = await add_people(platform, 1)
    await platform.settle()
    for user in ("E-1", "E-77"):
        await platform.as_person(user)
    await platform.settle()

    page = await platform.client.get(
        "/v1/events?after=start&types=gateway.sign_in.*", headers={"Accept": "application/x-ndjson"}
    )
    assert person in page.text
    assert page.text.count("gateway.sign_in.succeeded.v1") == 2
    assert "E-77" not in page.text


async def test_pages_allow_nothing_inline(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    lead = await platform.as_person("E-1", role="lead")
    for path in ("/sign-in", "/", "/policies", "/styleguide", "/dashboard", "/guidance", "/docs"):
        page = await lead.get(path)
        assert page.status_code == 200, path
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        for forbidden in ("<style", "style=", "onclick", "javascript:"):
            assert forbidden not in page.text, (path, forbidden)

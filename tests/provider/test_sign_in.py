"""Signing in by the organisation's provider, a real one: who comes in, as whom, and what is refused."""

import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.evidence import evidence_of
from tests.provider.browsing import Provided, error, said
from tests.provider.provider import AUDIENCE, CLIENT

HALF_DAY = timedelta(hours=12)


async def test_people_come_in_by_number_by_user_name_or_by_a_verified_address_and_are_what_their_groups_say(
    provided: Provided,
) -> None:
    ana, ben, cleo = [await provided.come_in(account) for account in ("ana", "ben", "cleo")]

    assert "Person 1" in (await ana.get("/dashboard")).text
    assert "Person 2" in (await ben.get("/guidance")).text
    assert "Person 3" in (await cleo.get("/guidance")).text
    assert (await ana.post("/v1/policies", json={"key": "p", "title": "P"})).status_code == 201
    assert (await ben.post("/v1/policies", json={"key": "q", "title": "Q"})).status_code == 403
    db = provided.platform.running["gateway"].app.state.db
    assert len(await evidence_of(db, "sign_in.succeeded")) == 3


async def test_who_is_not_known_or_only_says_so_of_themself_is_told_what_to_do(provided: Provided) -> None:
    for account in ("dan", "eve"):
        answer = await provided.try_to_come_in(account)
        assert said(answer) == (403, "Your sign-in worked, but Shareload does not know you yet")
        assert "shareload_session" not in answer.headers.get("Set-Cookie", "")
    db = provided.platform.running["gateway"].app.state.db
    assert len(await evidence_of(db, "sign_in.refused")) == 2


def now() -> int:
    """Say what the time is, in seconds; asked late, since a run may begin minutes before its last test."""
    return int(time.time())


TWISTS: list[dict[str, Any]] = [
    {"aud": "somebody-else"},
    {"aud": [CLIENT, "somebody-else"]},
    {"azp": "somebody-else"},
    {"iss": "https://elsewhere.example"},
    {"nonce": "of-another-sign-in"},
    {"nonce": None},
    {"exp": now() - 3600},
    {"exp": None},
    {"sub": None},
    {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    {"iat": now() + 86400},
]


async def test_a_token_for_somebody_else_of_another_time_or_of_another_sign_in_lets_nobody_in(
    provided: Provided,
) -> None:
    for twist in TWISTS:
        provided.provider.tell(twist=twist)
        answer = await provided.try_to_come_in("ana")
        assert answer.status_code == 401, (twist, answer.text)
        assert "shareload_session" not in answer.headers.get("Set-Cookie", ""), twist
    provided.provider.tell(twist={"iat": now()})
    assert (await provided.try_to_come_in("ana")).status_code == 303


async def test_what_a_short_token_leaves_out_is_asked_for(provided: Provided) -> None:
    provided.provider.tell(twist={"employee_number": None, "groups": None, "email": None})
    ana = await provided.come_in("ana")
    assert "Person 1" in (await ana.get("/guidance")).text
    assert (await ana.get("/v1/brand-terms")).status_code == 200, "the group that makes her a lead was not asked for"
    assert provided.provider.tell(asked="/me")["asked"] == 1


async def test_an_answer_of_the_provider_is_taken_once_in_time_and_from_the_browser_that_asked(
    provided: Provided,
) -> None:
    gone = (422, "This sign-in was finished before, took too long, or began in another browser")
    browser = await provided.browser()
    callback = await provided.to_callback(browser, "ana")

    # Somebody who hands their own answer to another browser would sign it in as themself.
    victim = await provided.browser()
    assert said(await victim.get(callback)) == gone
    assert said(await browser.get(callback)) == gone

    callback = await provided.to_callback(browser, "ana")
    assert (await browser.get(callback)).status_code == 303
    assert said(await browser.get(callback)) == gone
    late = await provided.to_callback(browser, "ana")
    provided.platform.clock.advance(timedelta(minutes=11))
    assert said(await browser.get(late)) == gone

    provided.platform.clock.advance(timedelta(minutes=-11))
    code = parse_qs(urlsplit(callback).query)["code"][0]
    fresh = parse_qs(urlsplit(await provided.to_callback(browser, "ana")).query)
    query = {"state": fresh["state"][0], "iss": fresh["iss"][0], "code": code}
    answer = await browser.get("/sign-in/callback", params=query)
    assert answer.status_code == 401, "a code was taken twice"


async def test_an_answer_that_comes_from_another_provider_or_from_none_is_refused(provided: Provided) -> None:
    for iss in ({"iss": "https://elsewhere.example"}, {}):
        browser = await provided.browser()
        query = parse_qs(urlsplit(await provided.to_callback(browser, "ana")).query)
        params = {"state": query["state"][0], "code": query["code"][0], **iss}
        assert (await browser.get("/sign-in/callback", params=params)).status_code == 401


async def test_new_keys_of_the_provider_are_fetched_once_and_invented_ones_not_again_and_again(
    provided: Provided,
) -> None:
    await provided.come_in("ana")
    key_set = provided.platform.running["gateway"].app.state.doors.provider
    key_set._keys = (key_set._keys[0] - 60, key_set._keys[1])
    provided.provider.tell(rotate=True)
    await provided.come_in("ben")
    before = provided.provider.tell(asked="/jwks")["asked"]
    assert before == 2

    claims = {"iss": provided.provider.issuer, "aud": "urn:shareload:api", "sub": "ana", "exp": now() + 600}
    for number in range(5):
        token = provided.provider.sign(claims, kid=f"invented-{number}")
        answer = await (await provided.browser()).get("/v1/people", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, error(answer)) == (401, "token-refused")
    assert provided.provider.tell(asked="/jwks")["asked"] == before


async def test_a_session_begins_with_a_cookie_that_nobody_could_have_put_there(provided: Provided) -> None:
    browser = await provided.come_in("ana")
    first = browser.cookies["shareload_session"]
    await provided.come_in("ana", browser=browser)
    second = browser.cookies["shareload_session"]
    assert second != first
    with_first = await provided.browser()
    with_first.cookies.set("shareload_session", first)
    assert (await with_first.get("/v1/guidance")).status_code == 401

    planted = await provided.browser()
    planted.cookies.set("shareload_session", "put-there-by-somebody-else", domain="127.0.0.1")
    await provided.come_in("ben", browser=planted)
    assert "put-there-by-somebody-else" not in [
        cookie.value for cookie in planted.cookies.jar if not cookie.domain_specified
    ]


async def test_a_sign_in_leads_nowhere_but_to_us(provided: Provided) -> None:
    browser = await provided.browser()
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "guidance"):
        begun = await browser.get("/sign-in/provider", params={"next": elsewhere})
        assert urlsplit(begun.headers["Location"]).netloc == urlsplit(provided.provider.issuer).netloc
        callback = await provided.to_callback(browser, "ana", "?" + urlencode({"next": elsewhere}))
        assert (await browser.get(callback)).headers["Location"] == "/"
    callback = await provided.to_callback(browser, "ana", "?next=/guidance%3Fpage=2")
    assert (await browser.get(callback)).headers["Location"] == "/guidance?page=2"


async def test_a_fresh_sign_in_is_one_for_which_the_provider_asked_again(provided: Provided) -> None:
    ana = await provided.come_in("ana")
    policy = {"name": "k", "scopes": ["policies:read"]}
    provided.platform.clock.advance(timedelta(minutes=16))
    answer = await ana.post("/v1/api-keys", json=policy)
    assert (answer.status_code, error(answer)) == (403, "fresh-sign-in-needed")
    assert answer.json()["sign_in"] == "/sign-in?fresh=1"

    provided.platform.clock.advance(timedelta(minutes=-16))
    provided.provider.tell(twist={"auth_time": now() - 3600})
    stale = await provided.try_to_come_in("ana", "?fresh=1")
    assert said(stale) == (403, "Your organisation&#39;s sign-in did not ask for your password again")
    provided.provider.tell(twist={"auth_time": None})
    assert (await provided.try_to_come_in("ana", "?fresh=1")).status_code == 403
    provided.provider.tell(twist={})
    await provided.come_in("ana", "?fresh=1", ana)
    # Whoever is asked once more is not asked whether they may: a lead makes no keys.
    assert error(await ana.post("/v1/api-keys", json=policy)) == "forbidden"


async def test_signing_out_at_the_provider_ends_the_session_here(provided: Provided) -> None:
    ana, again, ben = [await provided.come_in(account) for account in ("ana", "ana", "ben")]

    page = await ana.get(f"{provided.provider.issuer}/session/end")
    xsrf = page.text.split('name="xsrf" value="', 1)[1].split('"', 1)[0]
    ended = await ana.post(f"{provided.provider.issuer}/session/end/confirm", data={"logout": "yes", "xsrf": xsrf})
    assert ended.status_code in {200, 302, 303}
    assert [(await who.get("/v1/guidance")).status_code for who in (ana, again, ben)] == [401, 200, 200]
    db = provided.platform.running["gateway"].app.state.db
    assert len(await evidence_of(db, "sign_in.ended")) == 1


async def test_only_a_logout_token_of_the_provider_ends_sessions(provided: Provided) -> None:
    ana, ben = [await provided.come_in(account) for account in ("ana", "ben")]
    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    good = {
        "iss": provided.provider.issuer,
        "aud": CLIENT,
        "iat": now(),
        "exp": now() + 120,
        "jti": "1",
        "events": event,
    }
    good["sub"] = "ana"
    wrong: list[dict[str, Any]] = [
        {**good, "nonce": "an-id-token"},
        {**good, "events": {}},
        {**good, "aud": "somebody-else"},
        {**good, "exp": now() - 600},
        {name: value for name, value in good.items() if name != "sub"},
    ]
    stranger = await provided.platform.client_for()

    async def send(token: str) -> int:
        answer = await stranger.post("/sign-in/back-channel-logout", data={"logout_token": token})
        return answer.status_code

    for claims in wrong:
        assert await send(provided.provider.sign(claims, typ="logout+jwt")) == 400, claims
    forged = provided.provider.sign(good, typ="logout+jwt")
    assert await send(forged[:-8] + "AAAAAAAA") == 400
    assert [(await who.get("/v1/guidance")).status_code for who in (ana, ben)] == [200, 200]
    assert await send(forged) == 200
    assert [(await who.get("/v1/guidance")).status_code for who in (ana, ben)] == [401, 200]


async def test_while_the_provider_is_away_that_is_said_and_the_development_sign_in_works(provided: Provided) -> None:
    known = await provided.come_in("ana")
    ben = {"sub": "ben", "preferred_username": "e2@harbour.example", "aud": AUDIENCE, "exp": now() + 600}
    tokens = [provided.provider.sign({**ben, "iss": provided.provider.issuer, "jti": jti}) for jti in "12"]
    there = provided.platform.running["gateway"].app.state.doors.provider
    provided.provider.process.kill()
    provided.provider.process.wait()
    for token in tokens:
        answer = await (await provided.browser()).get("/v1/guidance", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, "what the provider said before holds"
        long_ago = time.monotonic() - 7200
        there._facts, there._keys = (long_ago, there._facts[1]), (long_ago, there._keys[1])
    there._facts = None
    answer = await (await provided.browser()).get("/sign-in/provider")
    assert said(answer) == (503, "The organisation&#39;s sign-in does not answer at this moment")
    assert (await known.get("/v1/guidance")).status_code == 200
    assert (await (await provided.platform.as_person("E-2")).get("/v1/guidance")).status_code == 200

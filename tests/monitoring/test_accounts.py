"""An account that somebody names as theirs counts once a code stands there that only we and they know."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.monitoring.domain import account_proofs, accounts
from services.monitoring.domain.posts import intake, showing
from services.monitoring.schemas.accounts import AccountIn, AccountOut
from services.monitoring.schemas.posts import PostOut
from shared.clock import ShiftedClock
from shared.db import Database
from shared.pages import PageQuery
from shared.problems import NotFound
from tests.evidence import evidence_of
from tests.gateway.story import add_people
from tests.monitoring.organisation import KEY, add_person, person_id, post, signed_in
from tests.platform import Platform

ALL = PageQuery(200, None)


async def registered(db: Database, number: int, handle: str = "@Ana") -> AccountOut:
    """Let person E-<number>, who is new, register a handle as theirs."""
    await db.write(add_person, number)
    own = AccountIn(network="mastodon", handle=handle, kind="staff")
    return await db.write(accounts.register, own, signed_in(number))


async def code_of(db: Database, account: AccountOut, number: int) -> str:
    return (await db.write(account_proofs.begin, account.id, signed_in(number))).code


async def write(db: Database, network_id: str, text: str, **changes: Any) -> PostOut:
    """Take in a post by staff under the handle, and return it as it is kept."""
    sent = post(network_id, text, **{"kind": "staff", "author": "@ana", **changes})
    (answer,) = await db.write(intake.push, [sent])
    assert answer.id is not None
    return await db.read(showing.read, answer.id, KEY)


async def test_what_is_posted_before_the_proof_is_linked_to_nobody_and_from_the_code_on_to_its_author(
    db: Database,
) -> None:
    account = await registered(db, 1)
    assert (account.state, account.proof) == ("unproven", None)
    assert (await write(db, "1", "Before")).person is None

    code = await code_of(db, account, 1)
    assert (await write(db, "2", f"Hello, it is me: {code.upper()}.")).person == "E-1"
    assert (await write(db, "3", "After")).person == "E-1"
    proven = await db.read(accounts.read, account.id, signed_in(1))
    assert (proven.state, proven.proof, proven.revision) == ("proven", "code", account.revision + 2)
    assert (await evidence_of(db, "account.prove"))[0][2] == person_id(1)
    with pytest.raises(account_proofs.AlreadyProven):
        await code_of(db, account, 1)


@pytest.mark.parametrize(
    ("changes", "text", "days"),
    [
        ({"author": "@bob"}, "{code}", 0),
        ({"network": "bluesky"}, "{code}", 0),
        ({}, "{code}x", 0),
        ({}, f"shareload-{'a' * account_proofs.LENGTH}", 0),
        ({}, "{code}", 8),
    ],
    ids=["under another name", "at another network", "with a letter more", "another code", "too late"],
)
async def test_a_code_proves_nothing(
    db: Database, clock: ShiftedClock, changes: dict[str, Any], text: str, days: int
) -> None:
    account = await registered(db, 1)
    code = await code_of(db, account, 1)
    clock.advance(timedelta(days=days))
    await write(db, "1", text.format(code=code), **changes)
    assert (await db.read(accounts.read, account.id, signed_in(1))).state == "unproven"


async def test_nobody_loses_their_handle_to_whoever_named_it_first(db_on_both: Database) -> None:
    db = db_on_both
    stranger, owner = await registered(db, 1), await registered(db, 2, "ana")
    with pytest.raises(accounts.AlreadyRegistered):
        await db.write(accounts.register, AccountIn(network="mastodon", handle="ANA", kind="staff"), signed_in(1))
    await code_of(db, stranger, 1)

    posted = await write(db, "1", await code_of(db, owner, 2))
    assert posted.person == "E-2"
    with pytest.raises(NotFound):
        await db.read(accounts.read, stranger.id, KEY)
    with pytest.raises(accounts.AlreadyRegistered):
        await registered(db, 3)


async def test_of_two_who_prove_the_same_handle_at_once_one_has_it_and_both_posts_are_kept(
    db_on_both: Database,
) -> None:
    db = db_on_both
    for handle in ("@a", "@b", "@c", "@d"):
        claimed = [await registered(db, number, handle) for number in (1, 2)]
        codes = [await code_of(db, account, number) for number, account in enumerate(claimed, 1)]
        both = [post(code, code, kind="staff", author=handle) for code in codes]
        answers = await asyncio.gather(*(db.write(intake.push, [one]) for one in both))
        assert [answer.status for (answer,) in answers] == ["accepted", "accepted"]
    of_all = await db.read(accounts.listed, ALL, KEY, None)
    assert [(one.handle, one.state) for one in of_all.items] == [(each, "proven") for each in ("@a", "@b", "@c", "@d")]


async def test_whom_the_organisation_vouches_for_counts_at_once_and_ends_what_others_claimed(db: Database) -> None:
    claimed = await registered(db, 1)
    await db.write(add_person, 2)
    body = AccountIn(network="mastodon", handle="@ana", kind="staff", employee_number="E-2")
    vouched = await db.write(accounts.register, body, KEY)
    assert (vouched.state, vouched.proof) == ("proven", "vouched")
    assert [one.id for one in (await db.read(accounts.listed, ALL, KEY, None)).items] == [vouched.id]
    with pytest.raises(NotFound):
        await code_of(db, claimed, 1)
    assert (await write(db, "1", "Hello")).person == "E-2"


async def test_a_profile_proves_as_a_post_does_and_a_code_is_replaced_by_the_next(db: Database) -> None:
    account = await registered(db, 1)
    first, second = await code_of(db, account, 1), await code_of(db, account, 1)
    assert await db.write(account_proofs.look_for, [post("profile", f"Gardener. {first}", author="ana")]) == []
    assert await db.write(account_proofs.look_for, [post("profile", f"Gardener. {second}", author="ana")]) == [
        account.id
    ]


async def test_a_person_withdraws_and_what_they_write_then_is_linked_to_nobody(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    me = await platform.as_person("E-1")
    made = await me.post("/v1/accounts", json={"network": "mastodon", "handle": "@ana", "kind": "staff"})
    account = f"/v1/accounts/{made.json()['id']}"
    code = (await me.post(f"{account}/proof")).json()["code"]
    sent = {"network": "mastodon", "kind": "staff", "author": "@ana", "posted_at": platform.clock.now().isoformat()}
    posted = [{**sent, "network_id": "1", "text": code}, {**sent, "network_id": "2", "text": "Then"}]
    await platform.client.post("/v1/posts", json=posted[0])
    seen = await me.get(account)
    assert (seen.json()["state"], seen.headers["etag"]) == ("proven", '"3"')

    assert (await me.delete(account)).status_code == 204
    await platform.client.post("/v1/posts", json=posted[1])
    kept = (await platform.client.get("/v1/posts")).json()["items"]
    assert {one["text"]: one["person"] for one in kept} == {code: "E-1", "Then": None}

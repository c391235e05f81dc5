"""Only registered accounts and public mentions of the brand are kept; of the rest, a count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.monitoring.domain import accounts
from services.monitoring.domain.posts import brand, dropped, intake, showing
from services.monitoring.domain.posts.showing import Filter
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.posts import PostAnswer, PostIn
from services.monitoring.schemas.sources import BrandTermsIn
from shared.db import Database
from shared.pages import PageQuery
from shared.problems import Stale
from tests.evidence import evidence_of
from tests.monitoring.organisation import KEY, add_person, person_id, post

SOURCE = "00000000-0000-7000-8000-0000000000aa"


@pytest.fixture
def db(db_on_both: Database) -> Database:
    return db_on_both


async def call_the_brand(db: Database) -> None:
    terms = BrandTermsIn(handles=["@harbourline"], names=["Harbourline"], tags=["#sailsafe"])
    await db.write(brand.put, terms, None)


async def send(db: Database, *items: PostIn, source: str | None = None) -> list[PostAnswer]:
    return await db.write(intake.take_in, items, source)


async def kinds(db: Database) -> dict[str, str]:
    found = await db.read(showing.listed, PageQuery(200, None), KEY, Filter())
    return {one.network_id: one.kind for one in found.items}


async def test_of_a_source_only_registered_accounts_and_mentions_of_the_brand_are_kept(db: Database) -> None:
    await call_the_brand(db)
    await db.write(add_person, 1)
    await db.write(
        accounts.register, AccountIn(network="mastodon", handle="@One", employee_number="E-1", kind="staff"), KEY
    )
    await db.write(accounts.register, AccountIn(network="mastodon", handle="@brand", kind="brand"), KEY)
    answers = await send(
        db,
        post("1", "lovely weather", author="@one"),
        post("2", "lovely weather", author="@brand", in_reply_to="x"),
        post("3", "lovely weather", author="@stranger", kind="staff"),
        post("4", "where is HARBOURLINE?", author="@stranger", kind="staff"),
        post("5", "#SailSafe!", author="@stranger"),
        post("6", "ask @harbourline@social.example"),
        post("7", "harbourlines, harbour line, #sailsafely"),
        source=SOURCE,
    )
    assert await kinds(db) == {"1": "staff", "2": "reply", "4": "mention", "5": "mention", "6": "mention"}
    assert [one.status for one in answers].count("rejected") == 2
    counted = (await db.read(dropped.counts, None)).items
    assert [(one.source, one.network, one.reason, one.posts) for one in counted] == [
        (SOURCE, "mastodon", "not_about_us", 2)
    ]


async def test_nothing_of_what_was_dropped_stands_anywhere_in_the_database(db: Database) -> None:
    await call_the_brand(db)
    await send(db, post("marker-7531", "marker-7531", author="@marker-7531"), source=SOURCE)
    await send(db, post("marker-7531", "marker-7531", author="@marker-7531", kind="staff"))
    with db.engine.connect() as connection:
        tables = [name for (name,) in connection.execute(text(TABLES[db.dialect]))]
        found = [
            name
            for name in tables
            for row in connection.execute(text(f'SELECT * FROM "{name}"'))
            if "marker-7531" in str(tuple(row))
        ]
    assert len(tables) > 20
    assert found == []


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
}


async def test_what_is_pushed_is_kept_as_it_is_until_there_are_terms_and_is_held_to_them_from_then_on(
    db: Database,
) -> None:
    assert [one.status for one in await send(db, post("1", "hello"), post("2", "hello", kind="staff"))] == [
        "accepted"
    ] * 2
    await call_the_brand(db)
    answers = await send(
        db,
        post("3", "hello"),
        post("4", "hello", kind="staff"),
        post("5", "hello", in_reply_to="1"),
        post("1", "hello again", author="@customer-1"),
    )
    assert [(one.status, one.reason) for one in answers] == [
        ("rejected", "not kept: neither by a registered account nor about the brand"),
        ("rejected", "not kept: the account is not registered"),
        ("accepted", None),
        ("accepted", "edited"),
    ]


async def test_whoever_ends_a_registration_is_not_followed_any_more(db: Database) -> None:
    await call_the_brand(db)
    await db.write(add_person, 1)
    body = AccountIn(network="mastodon", handle="@one", employee_number="E-1", kind="staff")
    account = await db.write(accounts.register, body, KEY)
    await send(db, post("1", "hello", author="@one"), source=SOURCE)
    await db.write(accounts.remove, account.id, KEY)
    await send(db, post("2", "hello", author="@one"), post("3", "Harbourline!", author="@one"), source=SOURCE)
    found = (await db.read(showing.listed, PageQuery(200, None), KEY, Filter())).items
    assert {one.network_id: (one.kind, one.person) for one in found} == {"1": ("staff", "E-1"), "3": ("mention", None)}
    assert person_id(1) not in str(found)


async def test_a_time_far_ahead_is_refused_from_who_can_mend_it_and_corrected_from_who_cannot(db: Database) -> None:
    await call_the_brand(db)
    ahead = datetime.now(UTC) + timedelta(hours=2)
    (refused,) = await send(db, post("1", "Harbourline", posted_at=ahead))
    assert (refused.status, refused.reason) == ("rejected", "posted_at: lies in the future")
    (near,) = await send(db, post("2", "Harbourline", posted_at=datetime.now(UTC) + timedelta(minutes=4)))
    assert near.status == "accepted"
    (kept,) = await send(db, post("1", "Harbourline", posted_at=ahead), source=SOURCE)
    shown = await db.read(showing.read, kept.id or "", KEY)
    assert shown.posted_at == shown.received_at


async def test_terms_are_changed_on_what_one_saw_and_each_change_is_proved(db: Database) -> None:
    await call_the_brand(db)
    with pytest.raises(Stale):
        await db.write(brand.put, BrandTermsIn(names=["Other"]), 0)
    changed = await db.write(brand.put, BrandTermsIn(names=["Other"]), 1)
    assert (changed.revision, changed.handles, changed.names) == (2, [], ["Other"])
    assert len(await evidence_of(db, "brand_terms.change")) == 2
    await send(db, post("1", "Harbourline"), post("2", "Other"), source=SOURCE)
    assert await kinds(db) == {"2": "mention"}


WORDS = st.sampled_from(
    ["harbourline", "Harbourline", "harbour", "line", "tea", "#sailsafe", "@harbourline", "сafe", "!"]
)


@given(sentence=st.lists(WORDS, min_size=1, max_size=6))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_sentence_is_a_mention_exactly_if_one_of_its_words_is_a_term(sentence: list[str]) -> None:
    terms = ("@harbourline", "Harbourline", "#sailsafe")
    said = post("1", " ".join(sentence))
    drafts = brand.compiled(terms).run_all([brand.draft_of(said)])
    expected = any(word.strip("@").casefold() == "harbourline" or word == "#sailsafe" for word in sentence)
    assert bool(drafts[0]) == expected

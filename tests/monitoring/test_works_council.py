"""In works-council mode, nothing that is listed can be counted by person."""

from typing import Any

import pytest

from services.monitoring import handlers
from services.monitoring.domain import accounts, people
from services.monitoring.domain.coaching import findings, guidance
from services.monitoring.domain.coaching.findings import Filter
from services.monitoring.domain.conversations import showing
from services.monitoring.domain.figures import load
from services.monitoring.domain.posts import posts
from services.monitoring.domain.posts import showing as posts_showing
from services.monitoring.domain.routing import availability
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import ClaimIn
from shared import works_council
from shared.context import Context, Principal, current
from shared.db import Database, Session
from shared.events.training import PersonChangedV1, WorksCouncilModeChangedV1
from shared.pages import PageQuery
from tests.monitoring.organisation import (
    KEY,
    add_person,
    bring_into_force,
    certify,
    person_id,
    post,
    signed_in,
    state_availability,
    words_rule,
)

ALL = PageQuery(200, None)
COACH = signed_in(3, "monitoring:read", "monitoring:write")
ANA = signed_in(1)


def works_for(session: Session, number: int, entity: str | None) -> None:
    """Let it be told for which legal entity somebody works."""
    words = dict.fromkeys(("user_name", "name", "email", "region"), f"e{number}")
    told = PersonChangedV1(
        id=person_id(number),
        employee_number=f"E-{number}",
        department="Support",
        languages=["en"],
        legal_entity=entity,
        **words,
    )
    works_council.keep_person(told, session)


def switch(session: Session, entity: str, on: bool) -> None:
    """Let it be told that a mode changed."""
    works_council.keep_mode(
        WorksCouncilModeChangedV1(id=entity, legal_entity=entity, on=on, changed_at=session.now), session
    )


@pytest.fixture
async def db(db: Database) -> Database:
    """Open a database where E-1 (Nord) was found to brag, and E-2 (Süd), too; both answer customers; E-3 coaches."""
    await db.write(bring_into_force, [words_rule("brag", "tone", "best")])
    for number, entity in ((1, "Nord"), (2, "Süd"), (3, None)):
        await db.write(add_person, number)
        await db.write(works_for, number, entity)
    for number in (1, 2):
        account = AccountIn(network="mastodon", handle=f"p{number}", kind="staff", employee_number=f"E-{number}")
        await db.write(accounts.register, account, KEY)
        own = {"author": f"@p{number}", "kind": "staff"}
        await db.write(posts.ingest, [post(f"staff-{number}", "The best!", **own)])
        await db.write(certify, number)
        await db.write(state_availability, number)
    await db.write(posts.ingest, [post("mention-1"), post("mention-2")])
    return db


async def seen_by(db: Database, caller: Principal) -> dict[str, set[Any]]:
    """Return whom each list names to a caller."""
    before = current.set(Context(caller=caller))
    try:
        found = await db.read(findings.listed, ALL, caller, Filter())
        kept = await db.read(posts_showing.listed, ALL, caller, posts_showing.Filter(kind="staff"))
        return {
            "findings": {one.person for one in found.items},
            "departments": {one.department for one in found.items},
            "posts": {(one.person, one.author) for one in kept.items},
            "conversations": {
                one.assignee for one in (await db.read(showing.listed, ALL, caller, showing.Filter())).items
            },
            "accounts": {one.employee_number for one in (await db.read(accounts.listed, ALL, caller, None)).items},
            "load": {one.employee_number for one in (await db.read(load.report)).people},
        }
    finally:
        current.reset(before)


async def test_lists_name_nobody_of_a_legal_entity_in_the_mode(db: Database) -> None:
    both = {"E-1", "E-2"}
    everybody = await seen_by(db, KEY)
    assert everybody["findings"] == everybody["conversations"] == everybody["accounts"] == everybody["load"] == both
    assert everybody["posts"] == {("E-1", "@p1"), ("E-2", "@p2")}

    await db.write(switch, "Nord", True)
    seen = await seen_by(db, KEY)
    assert seen["findings"] == seen["conversations"] == seen["accounts"] == {"withheld", "E-2"}
    assert seen["posts"] == {("withheld", "withheld"), ("E-2", "@p2")}
    assert seen["load"] == {"E-2"}

    await db.write(switch, "*", True)
    seen = await seen_by(db, KEY)
    assert seen["findings"] == {"withheld"}, "who is not known to be of another is in it as well"
    assert (everybody["departments"], seen["departments"]) == ({"Support"}, {None})
    await db.write(switch, "Nord", False)
    assert (await seen_by(db, KEY))["findings"] == {"E-1", "withheld"}


async def test_nobody_is_looked_up_and_everybody_sees_themselves_and_whom_they_coach(db: Database) -> None:
    await db.write(switch, "Nord", True)
    before = current.set(Context(caller=KEY))
    for asked in (
        db.read(findings.listed, ALL, KEY, Filter(employee_number="E-1")),
        db.read(guidance.listed, ALL, KEY, "E-1", None),
        db.read(showing.listed, ALL, KEY, showing.Filter(employee_number="E-1")),
        db.read(availability.read, "E-1", KEY),
    ):
        with pytest.raises(people.FiguresSwitchedOff):
            await asked
    assert len((await db.read(findings.listed, ALL, KEY, Filter(employee_number="E-2"))).items) == 1
    current.reset(before)

    assert (await seen_by(db, ANA))["findings"] == {"E-1"}
    assert (await seen_by(db, COACH))["findings"] == {"withheld", "E-2"}
    mine = next(one for one in (await db.read(findings.listed, ALL, COACH, Filter())).items if one.person != "E-2")
    await db.write(findings.claim, mine.id, ClaimIn(), COACH, mine.revision)
    assert (await seen_by(db, COACH))["findings"] == {"E-1", "E-2"}


def test_the_service_hears_of_modes_and_of_legal_entities() -> None:
    assert works_council.keep_mode in handlers.handlers.by_type[WorksCouncilModeChangedV1.type]
    assert works_council.keep_person in handlers.handlers.by_type[PersonChangedV1.type]

"""Two entries of one person become one for the monitoring service, too."""

from sqlmodel import select

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import guidance, talks
from services.monitoring.domain.posts import posts
from services.monitoring.handlers import make_one_of_two, part_with_leaver
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.guidance import MessageIn, PraiseIn
from services.monitoring.tables import Account, Availability, Conversation, Finding
from shared.db import Database, Session
from shared.events.training import PersonLeftV1, PersonMergedV1
from shared.pages import PageQuery
from tests.monitoring.organisation import (
    KEY,
    add_person,
    bring_into_force,
    hire,
    person_id,
    post,
    signed_in,
    words_rule,
)


async def test_accounts_and_findings_of_a_duplicate_are_the_persons_and_its_open_work_goes_to_others(
    db: Database,
) -> None:
    await hire(db, 2)
    await db.write(posts.ingest, [post("a")])
    await db.write(bring_into_force, [words_rule("no-thanks", "tone", "please")])
    account = AccountIn(network="mastodon", handle="@ana", kind="staff", employee_number="E-2")
    await db.write(accounts.register, account, KEY)
    await db.write(posts.ingest, [post("Oh please", "Oh please", kind="staff", author="@ana")])
    await hire(db, 1)
    await db.write(add_person, 1)
    assert await db.read(holders) == ({person_id(2)}, {person_id(2)}, {person_id(2)})

    await db.write(merge)

    assert await db.read(holders) == ({person_id(1)}, {person_id(1)}, {person_id(1)})
    assert await db.read(open_of) == {person_id(1): 1, person_id(2): 0}


def merge(session: Session) -> None:
    """Handle what is told of a merge, in its order."""
    merged = PersonMergedV1(id=person_id(2), into=person_id(1), employee_number="E-1", merged_at=session.now)
    make_one_of_two(merged, session)
    part_with_leaver(PersonLeftV1(id=person_id(2), left_at=session.now), session)


def holders(session: Session) -> tuple[set[str | None], set[str | None], set[str | None]]:
    """Return whose the account, the finding and the conversation are."""
    accounts_of = set(session.exec(select(Account.person)))
    findings_of = set(session.exec(select(Finding.person)))
    return accounts_of, findings_of, set(session.exec(select(Conversation.assignee)))


def open_of(session: Session) -> dict[str, int]:
    """Return how much each has open by the router's count."""
    return dict(session.exec(select(Availability.person, Availability.open)).all())


async def test_what_a_duplicate_said_as_a_coach_was_said_by_the_person(db: Database) -> None:
    for number in (1, 2, 3):
        await db.write(add_person, number)
    account = AccountIn(network="mastodon", handle="@eva", kind="staff", employee_number="E-3")
    await db.write(accounts.register, account, KEY)
    (well_done,) = await db.write(posts.ingest, [post("b", "Let me look.", kind="staff", author="@eva")])
    praise = PraiseIn(post=str(well_done.id), message="You listened.", employee_number="E-2")
    given = await db.write(talks.praise, praise, KEY)
    await db.write(talks.say, given.id, MessageIn(text="Truly.", employee_number="E-2"), KEY)

    await db.write(merge)

    seen = await db.read(guidance.read, given.id, signed_in(1))
    (said,) = (await db.read(talks.listed, PageQuery(10, None), given.id, signed_in(1))).items
    assert (seen.coach, seen.withheld, said.author) == ("E-1", False, "E-1")

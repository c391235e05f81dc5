"""What signing in keeps, on both kinds of database."""

from collections.abc import Callable
from datetime import timedelta

from services.gateway.domain import credentials
from services.gateway.domain.api_keys import hash_of
from services.gateway.domain.sign_in import pending, sessions, who
from services.gateway.domain.sign_in.claims import Claims
from services.gateway.rights import Role
from services.gateway.tables import KnownPerson, SignedIn
from shared.clock import ShiftedClock
from shared.db import Database, Session

MAPPED = who.Mapped("https://login.example", "employee_number", "preferred_username", "groups", {}, {})


async def test_a_sign_in_under_way_is_taken_once_by_its_own_browser_and_in_time(
    open_database: Callable[[str], Database], clock: ShiftedClock
) -> None:
    db = open_database("gateway")
    begun = [await db.write(pending.begin, "browser", "/guidance", fresh=False) for _ in range(3)]

    taken = await db.write(pending.take, begun[0].state, "browser")
    assert taken is not None
    assert taken.next == "/guidance"
    assert await db.write(pending.take, begun[0].state, "browser") is None
    assert await db.write(pending.take, begun[1].state, "another") is None
    assert await db.write(pending.take, begun[1].state, "browser") is None
    clock.advance(timedelta(minutes=11))
    assert await db.write(pending.take, begun[2].state, "browser") is None
    await db.write(pending.forget_old)


def add_people(session: Session) -> None:
    """Three people, of whom the last has left, and one whose user name is the second's in capitals."""
    for number in (1, 2, 3):
        names = {"employee_number": f"E-{number}", "user_name": f"user{number}", "email": f"e{number}@x.example"}
        session.add(KnownPerson(id=f"p{number}", name="N", department="Care", active=number != 3, **names))
    session.add(KnownPerson(id="p4", name="N", department="Care", employee_number="E-4", user_name="USER2", email=""))


async def find(db: Database, claims: Claims) -> str | None:
    """Return the id of whom a token names."""

    def read(session: Session) -> str | None:
        person = who.find(session, claims, MAPPED)
        return person.id if person else None

    return await db.read(read)


async def test_a_token_names_one_person_who_is_active_or_nobody(open_database: Callable[[str], Database]) -> None:
    db = open_database("gateway")
    await db.write(add_people)
    named: dict[str, tuple[Claims, str | None]] = {
        "the number before the name": ({"employee_number": "e-1", "preferred_username": "user2"}, "p1"),
        "two of one name": ({"preferred_username": "user2", "email": "e1@x.example", "email_verified": True}, None),
        "an address that is only said": ({"email": "e1@x.example", "email_verified": "true"}, None),
        "somebody who is not active": ({"employee_number": "E-3"}, None),
        "what is no text": ({"employee_number": 1, "preferred_username": ["user1"]}, None),
        "nothing": ({}, None),
    }
    for kind, (claims, expected) in named.items():
        assert await find(db, {"sub": "s", **claims}) == expected, kind
    assert await db.write(who.enter, {"sub": "s", "employee_number": "E-1"}, MAPPED, None)
    assert await find(db, {"sub": "s"}) == "p1"


async def test_the_provider_ends_its_own_sessions_and_time_those_that_nobody_uses(
    open_database: Callable[[str], Database], clock: ShiftedClock
) -> None:
    db = open_database("gateway")
    await db.write(add_people)
    claims = {"sub": "s1", "employee_number": "E-1", "sid": "one"}
    for said in (claims, claims, {"sub": "s2", "employee_number": "E-4", "sid": "two"}):
        assert await db.write(who.enter, said, MAPPED, None)
    ended = [
        await db.write(sessions.end_by_provider, sessions.AtProvider(MAPPED.issuer, "s1", session))
        for session in ("two", "one", "one")
    ]
    assert ended == [0, 2, 0]

    (left,) = await db.read(credentials.find_sessions)
    assert left.session_id
    clock.advance(timedelta(hours=1))
    await db.write(sessions.note_seen, {left.session_id: clock.now()})
    clock.advance(sessions.IDLE - timedelta(minutes=1))
    await db.write(sessions.forget_ended)
    assert len(await db.read(credentials.find_sessions)) == 1
    clock.advance(timedelta(minutes=1) + sessions.WRITTEN_BEHIND)
    assert await db.read(credentials.find_sessions) == []
    await db.write(sessions.forget_ended)
    assert await db.read(lambda session: session.get(SignedIn, left.session_id)) is None


async def test_a_new_session_ends_the_one_before(open_database: Callable[[str], Database]) -> None:
    db = open_database("gateway")
    arrival = sessions.Arrival("E-1", "p1", Role.EMPLOYEE)
    first = await db.write(sessions.open_session, arrival)
    second = await db.write(sessions.open_session, arrival, first)
    (left,) = await db.read(credentials.find_sessions)
    assert left.secret_hash == hash_of(second)

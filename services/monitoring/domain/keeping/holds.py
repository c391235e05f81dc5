"""Legal holds: what must be kept is not forgotten by the clock, until two people agree that it may be."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.schemas.keeping import LegalHoldIn, LegalHoldOut, ReleaseIn
from services.monitoring.tables import Conversation, LegalHold
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import LegalHoldLiftedV1, LegalHoldPlacedV1, LegalHoldReleaseAskedV1, LegalHoldTold
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, Forbidden, NotFound


class TwoPeopleLift(Forbidden):
    """Two people who signed in lift a hold together: a key is nobody, and nobody confirms what they asked for."""


class HoldLifted(Conflict):
    """The hold was lifted before."""


class ReleaseNotAsked(Conflict):
    """Nobody has asked to lift the hold."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held at this moment."""

    persons: frozenset[str]
    conversations: frozenset[str]
    networks: frozenset[str]

    def __bool__(self) -> bool:
        """Tell whether anything is."""
        return bool(self.persons or self.conversations or self.networks)


def held(session: Session) -> Held:
    """Return what may not be forgotten now; no hold is placed meanwhile until this unit of work is done."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE legal_holds IN SHARE MODE"))
    found: dict[str, set[str]] = {"person": set(), "conversation": set(), "network": set()}
    standing = select(col(LegalHold.scope), col(LegalHold.subject)).where(col(LegalHold.lifted_at).is_(None))
    for scope, subject in session.execute(standing):
        found[scope].add(subject)
    return Held(*(frozenset(found[scope]) for scope in ("person", "conversation", "network")))


def place(session: Session, body: LegalHoldIn, caller: Principal) -> LegalHoldOut:
    """Hold what is kept about a subject; raises UnknownPerson or NotFound for one that is not there."""
    subject = body.subject
    if body.scope == "person":
        subject = people.by_number(session, body.subject).id
    elif body.scope == "conversation" and session.get(Conversation, body.subject) is None:
        raise NotFound(f"There is no conversation {body.subject}.")
    row = LegalHold(
        id=new_id(),
        scope=body.scope,
        subject=subject,
        reason=body.reason,
        placed_by=caller.person or caller.id,
        placed_at=session.now,
    )
    session.add(row)
    session.flush()
    tell(session, LegalHoldPlacedV1(**told(row)))
    record(session, "legal_hold.place", f"legal_hold/{row.id}", digest_of(body), about(row))
    return shown(session, [row])[0]


def ask_release(session: Session, hold: str, body: ReleaseIn, caller: Principal) -> LegalHoldOut:
    """Ask to lift a hold, which somebody else confirms; raises NotFound, HoldLifted or TwoPeopleLift."""
    row = standing_one(session, hold)
    row.release_asked_by, row.release_reason = one_of_two(caller), body.reason
    row.revision += 1
    session.flush()
    tell(session, LegalHoldReleaseAskedV1(**told(row)))
    record(session, "legal_hold.ask_release", f"legal_hold/{row.id}", digest_of(body), about(row))
    return shown(session, [row])[0]


def confirm_release(session: Session, hold: str, caller: Principal) -> LegalHoldOut:
    """Lift a hold that somebody else asked to lift; raises NotFound, HoldLifted, ReleaseNotAsked or TwoPeopleLift."""
    row = standing_one(session, hold)
    if row.release_asked_by is None:
        raise ReleaseNotAsked
    if row.release_asked_by == one_of_two(caller):
        raise TwoPeopleLift
    row.lifted_by, row.lifted_at = caller.person, session.now
    row.revision += 1
    session.flush()
    tell(session, LegalHoldLiftedV1(**told(row)))
    record(session, "legal_hold.lift", f"legal_hold/{row.id}", person=about(row))
    return shown(session, [row])[0]


def standing_one(session: Session, hold: str) -> LegalHold:
    """Return a hold that stands, locked for change."""
    row: LegalHold | None = session.execute(
        select(LegalHold).where(col(LegalHold.id) == hold).with_for_update()
    ).scalar()
    if row is None:
        raise NotFound(f"There is no legal hold {hold}.")
    if row.lifted_at is not None:
        raise HoldLifted
    return row


def one_of_two(caller: Principal) -> str:
    """Return who signed in; raises TwoPeopleLift for a key, since one person can have two of them."""
    if caller.person is None or not caller.signed_in or not caller.id.startswith("person:"):
        raise TwoPeopleLift
    return caller.person


def about(row: LegalHold) -> str | None:
    """Return whom a hold concerns, if it is one person."""
    return row.subject if row.scope == "person" else None


def told(row: LegalHold) -> dict[str, str]:
    """Return what every event about a hold carries."""
    return {"id": row.id, "scope": row.scope}


def retold(row: LegalHold) -> list[LegalHoldTold]:
    """Return what a snapshot tells of a hold: all that led to how it stands."""
    asked = [LegalHoldReleaseAskedV1(**told(row))] if row.release_asked_by is not None else []
    lifted = [LegalHoldLiftedV1(**told(row))] if row.lifted_at is not None else []
    return [LegalHoldPlacedV1(**told(row)), *asked, *lifted]


def read(session: Session, hold: str) -> LegalHoldOut:
    """Return one hold."""
    row = session.get(LegalHold, hold)
    if row is None:
        raise NotFound(f"There is no legal hold {hold}.")
    return shown(session, [row])[0]


def listed(session: Session, paging: PageQuery, *, in_force: bool) -> Page[LegalHoldOut]:
    """List holds, the newest first, those that were lifted too."""
    statement = select(LegalHold)
    if in_force:
        statement = statement.where(col(LegalHold.lifted_at).is_(None))
    rows: Page[LegalHold] = page(session, statement, paging, key=LegalHold.id, to=lambda row: row, newest_first=True)
    return Page(items=shown(session, rows.items), next_cursor=rows.next_cursor)


def shown(session: Session, rows: Sequence[LegalHold]) -> list[LegalHoldOut]:
    """Show holds with employee numbers in place of ids."""
    ids = {one for row in rows for one in (row.subject, row.placed_by, row.release_asked_by, row.lifted_by) if one}
    numbers = people.numbers(session, ids)

    def named(one: str | None) -> str | None:
        return numbers.get(one, one) if one is not None else None

    return [
        LegalHoldOut.model_validate(
            {
                **row.model_dump(),
                **{
                    name: named(getattr(row, name))
                    for name in ("subject", "placed_by", "release_asked_by", "lifted_by")
                },
            }
        )
        for row in rows
    ]

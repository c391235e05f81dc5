"""Pauses: replies and routing stand still for a scope, at once."""

from collections.abc import Collection
from functools import partial

from sqlalchemy import ColumnElement, false
from sqlmodel import col, or_, select

from services.monitoring.schemas.pauses import PauseIn, PauseOut
from services.monitoring.tables import Conversation, Pause
from shared.db import Session
from shared.events.monitoring import PauseEndedV1, PauseStartedV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound
from shared.set_aside import at_hand, do_each

SWEEP = "pauses"
AT_ONCE = 500


def read(session: Session, pause_id: str) -> PauseOut:
    """Return one pause."""
    pause = session.get(Pause, pause_id)
    if pause is None:
        raise NotFound(f"There is no pause {pause_id}.")
    return PauseOut.model_validate(pause)


def start(session: Session, body: PauseIn) -> PauseOut:
    """Stop replies and routing for a scope."""
    pause = Pause(
        id=new_id(),
        scope=named(body.scope),
        reason=body.reason,
        holding_statement=body.holding_statement,
        started_at=session.now,
        until=body.until,
    )
    session.add(pause)
    session.flush()
    tell(session, began(pause))
    record(session, "pause.start", f"pause/{pause.id}")
    return PauseOut.model_validate(pause)


def named(scope: str) -> str:
    """Return a scope as conversations say it: in small letters, a language without its region."""
    of, _, name = scope.lower().partition(":")
    return f"{of}:{name.partition('-')[0]}" if of == "language" else scope.lower()


def end(session: Session, pause_id: str) -> PauseOut:
    """Let replies and routing go on; ending an ended pause changes nothing."""
    pause = session.execute(select(Pause).where(col(Pause.id) == pause_id).with_for_update()).scalar()
    if pause is None:
        raise NotFound(f"There is no pause {pause_id}.")
    if pause.ended_at is None:
        close(session, pause)
    return PauseOut.model_validate(pause)


def end_due(session: Session) -> None:
    """End the pauses whose time is up."""
    due = select(Pause.id).where(*over(session), at_hand(session, SWEEP, col(Pause.id)))
    ids = session.execute(due.order_by(col(Pause.id)).limit(AT_ONCE)).scalars()
    do_each(session, SWEEP, list(ids), partial(end_over, session))


def end_over(session: Session, ids: Collection[str]) -> None:
    """End pauses; one that somebody ended meanwhile is over already."""
    rows = select(Pause).where(col(Pause.id).in_(ids), *over(session)).order_by(col(Pause.id)).with_for_update()
    for pause in session.execute(rows.execution_options(populate_existing=True)).scalars().all():
        close(session, pause)


def over(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on pauses whose time is up and that are not marked as over."""
    return (col(Pause.ended_at).is_(None), col(Pause.until) <= session.now)


def close(session: Session, pause: Pause) -> None:
    """Mark a pause as over and tell of it."""
    pause.ended_at = session.now
    pause.revision += 1
    tell(session, PauseEndedV1(id=pause.id, scope=pause.scope))
    record(session, "pause.end", f"pause/{pause.id}")


def retold(pause: Pause) -> list[PauseStartedV1 | PauseEndedV1]:
    """Return what a snapshot tells of a pause."""
    return [began(pause)] if pause.ended_at is None else [began(pause), PauseEndedV1(id=pause.id, scope=pause.scope)]


def began(pause: Pause) -> PauseStartedV1:
    """Return what is told of a pause that began: all that a tool needs that sends replies, or shows something instead."""
    return PauseStartedV1(
        id=pause.id,
        scope=pause.scope,
        reason=pause.reason,
        until=pause.until,
        holding_statement=pause.holding_statement,
    )


def listed(session: Session, paging: PageQuery, *, in_force: bool) -> Page[PauseOut]:
    """List all pauses, or those in force, the newest first."""
    statement = select(Pause)
    if in_force:
        statement = statement.where(*standing(session))
    return page(session, statement, paging, key=Pause.id, to=PauseOut.model_validate, newest_first=True)


def active(session: Session) -> list[Pause]:
    """Return the pauses in force at this moment."""
    return list(session.execute(select(Pause).where(*standing(session)).order_by(Pause.id)).scalars())


def standing(session: Session) -> list[ColumnElement[bool]]:
    """Return the conditions that a pause is in force at this moment."""
    return [col(Pause.ended_at).is_(None), or_(col(Pause.until).is_(None), col(Pause.until) > session.now)]


def outside(pauses: Collection[Pause]) -> list[ColumnElement[bool]]:
    """Return the conditions on conversations that none of these pauses covers."""
    conditions: list[ColumnElement[bool]] = []
    for pause in pauses:
        of, _, name = pause.scope.partition(":")
        conditions.append(false() if of == "all" else col(getattr(Conversation, of)).is_distinct_from(name))
    return conditions


def covering(pauses: Collection[Pause], network: str, language: str | None, topic: str | None) -> Pause | None:
    """Return the first pause whose scope covers a conversation."""
    scopes = {"all", f"network:{network}", f"language:{language}", f"topic:{topic}"}
    return next((pause for pause in pauses if pause.scope in scopes), None)

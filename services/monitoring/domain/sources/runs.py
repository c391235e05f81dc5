"""Readings of a source: begun, kept batch by batch with the cursor, and ended well or not."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, or_
from sqlmodel import col, select

from services.monitoring.domain.posts import intake
from services.monitoring.domain.sources import sources
from services.monitoring.schemas.posts import Item
from services.monitoring.schemas.sources import SourceRunOut
from services.monitoring.tables import Source, SourceRun
from shared.db import Session
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound

RUNS_KEPT = 100
"""Readings that are remembered of each source."""
FIRST_WAIT, LONGEST_WAIT = 10.0, 3600.0
"""Seconds until a source that failed is tried again: doubled with each failure in a row."""


REOPENED_AFTER = timedelta(seconds=1)
BROKEN_OFF = "The service was stopped, or its database was away, in the middle; reading goes on from the last cursor."


class SourcePaused(Conflict):
    """The source is paused; end its pause first."""


class Moved(Exception):  # noqa: N818  tells the reader of a source to stop
    """Somebody else read on, or the source was changed, paused or removed meanwhile."""


class Task(NamedTuple):
    """A source that is to be read now, from its cursor on; `run` was asked for by somebody or is new."""

    id: str
    kind: str
    config: dict[str, Any]
    secrets: bytes | None
    cursor: str | None
    revision: int


def ask(session: Session, source_id: str) -> SourceRunOut:
    """Ask for a source to be read now, also one that waits after a failure; asking again changes nothing."""
    source = sources.get(session, source_id)
    if source.paused_at is not None:
        raise SourcePaused
    run = latest(session, source.id, "asked")
    if run is None:
        run = SourceRun(id=new_id(), source=source.id, state="asked", asked_at=session.now)
        session.add(run)
        source.next_run_at = session.now
        record(session, "source.run", f"source/{source.id}")
        session.flush()
    return SourceRunOut.model_validate(run)


def listed(session: Session, source_id: str, paging: PageQuery) -> Page[SourceRunOut]:
    """List the last readings of a source, the newest first."""
    if session.get(Source, source_id) is None:
        raise NotFound(f"There is no source {source_id}.")
    statement = select(SourceRun).where(col(SourceRun.source) == source_id)
    return page(session, statement, paging, key=SourceRun.id, to=SourceRunOut.model_validate, newest_first=True)


def due(session: Session) -> list[Task]:
    """Return the sources whose time to be read has come."""
    asked = select(SourceRun.source).where(col(SourceRun.state) == "asked")
    statement = select(Source).where(
        col(Source.paused_at).is_(None), or_(col(Source.next_run_at) <= session.now, col(Source.id).in_(asked))
    )
    return [task_of(row) for row in session.execute(statement.order_by(col(Source.next_run_at))).scalars()]


def task_to_test(session: Session, source_id: str) -> Task:
    """Return what is needed to try a source, paused or not; raises NotFound."""
    row = session.get(Source, source_id)
    if row is None:
        raise NotFound(f"There is no source {source_id}.")
    return task_of(row)


def task_of(row: Source) -> Task:
    """Return what is needed to read a source."""
    return Task(row.id, row.kind, row.config, row.secrets, row.cursor, row.revision)


def still(session: Session) -> dict[str, int]:
    """Return the revision of each source that may be read."""
    rows = session.execute(select(Source.id, Source.revision).where(col(Source.paused_at).is_(None)))
    return dict(rows.all())


def begin(session: Session, task: Task) -> str:
    """Note that a reading begins and return its id; raises Moved."""
    source = held(session, task)
    run = latest(session, source.id, "asked")
    if run is None:
        run = SourceRun(id=new_id(), source=source.id, state="running", asked_at=session.now)
        session.add(run)
    run.state, run.started_at = "running", session.now
    source.last_run_at = session.now
    source.next_run_at = session.now + timedelta(seconds=source.every_seconds)
    session.flush()
    forget_old(session, source.id)
    return run.id


def keep(
    session: Session, task: Task, run: str, items: Sequence[Item], cursor: str | None, notice: str | None = None
) -> Task:
    """Keep a batch and the cursor behind it, both or neither; returns the task with that cursor. Raises Moved.

    A notice stays as the last error of a source that can be read, until it fails or is changed.
    """
    source = held(session, task)
    counted = intake.tally(items, intake.take_in(session, items, source.id))
    for row in (source, session.get_one(SourceRun, run)):
        row.kept += counted.kept
        row.duplicates += counted.duplicates
        row.dropped += counted.dropped
        row.rejected += counted.rejected
    source.cursor = cursor
    well(session, source)
    if notice is not None:
        source.last_error = notice[:500]
        tell(session, sources.told(source))
        record(session, "source.notice", f"source/{source.id}")
    session.flush()
    return task._replace(cursor=cursor)


def finish(session: Session, task: Task, run: str, *, again: bool) -> None:
    """Note that a source was read to its end; with `again`, as of a stream, it is opened again at once."""
    source = held(session, task)
    end_run(session.get_one(SourceRun, run), "done", session.now)
    well(session, source)
    if again:
        source.next_run_at = session.now + REOPENED_AFTER


def fail(session: Session, task: Task, run: str, sentence: str, retry_after: float | None) -> None:
    """Note that a source could not be read, and wait longer each time before it is tried again."""
    found = session.get(SourceRun, run)
    if found is not None:
        end_run(found, "failed", session.now, sentence)
    source = held(session, task)
    source.failures += 1
    source.last_error = sentence[:500]
    wait = min(FIRST_WAIT * 2 ** min(source.failures - 1, 20), LONGEST_WAIT)
    source.next_run_at = session.now + timedelta(seconds=max(wait, retry_after or 0.0))
    if source.health != "failing":
        source.health = "failing"
        tell(session, sources.told(source))
        record(session, "source.fail", f"source/{source.id}")


def stop(session: Session, run: str) -> None:
    """Note that a reading was broken off, as its source was changed, paused or removed or the service stops.

    What is left of it is read at once, by whoever may: a stream would else stay closed until its next interval.
    """
    found = session.get(SourceRun, run)
    if found is not None and found.state == "running":
        end_run(found, "ended", session.now)
        source = session.execute(select(Source).where(col(Source.id) == found.source).with_for_update()).scalar()
        if source is not None:
            source.next_run_at = session.now


def take_up(session: Session, reading: Collection[str]) -> None:
    """Read again, at once, what was being read when a process ended or its database was away; not what is `reading`."""
    lost = select(SourceRun).where(col(SourceRun.state) == "running", col(SourceRun.id).not_in(reading))
    for run in session.execute(lost.order_by(col(SourceRun.id)).with_for_update()).scalars():
        end_run(run, "ended", session.now, BROKEN_OFF)
        source = session.execute(select(Source).where(col(Source.id) == run.source).with_for_update()).scalar()
        if source is not None:
            source.next_run_at = session.now


def well(session: Session, source: Source) -> None:
    """Note that a source can be read."""
    source.last_success_at = session.now
    if source.health != "well":
        source.health = "well"
        source.failures, source.last_error = 0, None
        tell(session, sources.told(source))
        record(session, "source.recover", f"source/{source.id}")


def held(session: Session, task: Task) -> Source:
    """Return the source of a task, locked, if it stands where the task left it; raises Moved otherwise."""
    statement = select(Source).where(col(Source.id) == task.id).with_for_update()
    source: Source | None = session.execute(statement.execution_options(populate_existing=True)).scalar()
    if source is None or source.paused_at is not None:
        raise Moved
    if (source.revision, source.cursor) != (task.revision, task.cursor):
        raise Moved
    return source


def end_run(run: SourceRun, state: str, at: datetime, error: str | None = None) -> None:
    """Close a reading."""
    run.state, run.ended_at, run.error = state, at, error[:500] if error else None


def latest(session: Session, source: str, state: str) -> SourceRun | None:
    """Return the last reading of a source in a state."""
    statement = select(SourceRun).where(col(SourceRun.source) == source, col(SourceRun.state) == state)
    found: SourceRun | None = session.execute(statement.order_by(col(SourceRun.id).desc()).limit(1)).scalar()
    return found


def forget_old(session: Session, source: str) -> None:
    """Forget all but the last readings of a source."""
    newest = select(SourceRun.id).where(col(SourceRun.source) == source).order_by(col(SourceRun.id).desc())
    oldest = session.execute(newest.offset(RUNS_KEPT - 1).limit(1)).scalar()
    if oldest is not None:
        session.execute(delete(SourceRun).where(col(SourceRun.source) == source, col(SourceRun.id) < oldest))

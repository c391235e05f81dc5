"""Schedules of export files: which is due when, and what is known of each file.

A file is due once: its run is written in the transaction that moves the schedule on. Whoever stops between writing
the file and noting it finds the run still waiting, and writes the same file again under the same name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import col, func, select

from services.training.schemas.exports import ExportRunOut, ExportScheduleIn, ExportScheduleOut, ExportSchedulePatch
from services.training.tables import (
    CertificateChange,
    Certification,
    ExportContent,
    ExportFormat,
    ExportRun,
    ExportSchedule,
    RunState,
)
from shared.conditions import expect
from shared.db import Session
from shared.events.training.exports import ExportFailedV1, ExportWrittenV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery, encode_cursor, page
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.set_aside import at_hand, do_each

SWEEP = "export schedules"
RETRY_AFTER = (60, 300, 900, 3600, 3600)
"""Seconds before each further try; after the last the run has failed, and the next one takes over its changes."""


class ExportScheduleExists(Conflict):
    """There is an export schedule with this key already."""


class ExportOfEveryone(Forbidden):
    """An export file holds everyone; a key that is limited to departments has no say in it."""


def create(session: Session, body: ExportScheduleIn) -> ExportScheduleOut:
    """Begin to write files; raises ExportScheduleExists, ExportOfEveryone or Invalid."""
    refuse_limited(session)
    if session.exec(select(ExportSchedule.id).where(ExportSchedule.key == body.key)).first() is not None:
        raise ExportScheduleExists(f"There is an export schedule {body.key} already.")
    refuse_unknown(session, body.certification)
    row = ExportSchedule(**body.model_dump(), next_due_at=session.now, created_at=session.now)
    row.next_due_at = due_after(row, session.now)
    session.add(row)
    record(session, "export_schedule.created", f"export_schedule/{row.key}")
    return out(row)


def change(session: Session, key: str, body: ExportSchedulePatch, if_match: int | None) -> ExportScheduleOut:
    """Write other files, or at other times; raises NotFound, Stale, ExportOfEveryone or Invalid."""
    row = load(session, key)
    session.refresh(row, with_for_update=True)
    expect(row.revision, if_match)
    asked = body.model_dump(exclude_unset=True)
    if {"daily_at", "every_hours"} & asked.keys():
        asked = {"daily_at": None, "every_hours": None} | asked
    refuse_unknown(session, asked.get("certification"))
    for name, value in asked.items():
        setattr(row, name, value)
    row.next_due_at = due_after(row, session.now)
    row.revision += 1
    session.add(row)
    record(session, "export_schedule.changed", f"export_schedule/{row.key}")
    return out(row)


def remove(session: Session, key: str, if_match: int | None) -> None:
    """Write no more files; those that are there stay. Raises NotFound, Stale or ExportOfEveryone."""
    row = load(session, key)
    session.refresh(row, with_for_update=True)
    expect(row.revision, if_match)
    for run in session.exec(select(ExportRun).where(ExportRun.schedule == row.id)):
        session.delete(run)
    session.delete(row)
    record(session, "export_schedule.removed", f"export_schedule/{row.key}")


def get(session: Session, key: str) -> ExportScheduleOut:
    """Return a schedule; raises NotFound or ExportOfEveryone."""
    return out(load(session, key))


def find(session: Session, paging: PageQuery) -> Page[ExportScheduleOut]:
    """List the schedules by their keys; raises ExportOfEveryone."""
    refuse_limited(session)
    return page(session, select(ExportSchedule), paging, key=ExportSchedule.key, to=out)


def run_now(session: Session, key: str) -> ExportRunOut:
    """Have a file written at once, beside those that are due; raises NotFound or ExportOfEveryone."""
    schedule = load(session, key)
    run = ExportRun(schedule=schedule.id, due_at=session.now, try_at=session.now)
    session.add(run)
    record(session, "export_run.asked", f"export_run/{run.id}")
    return run_out(run, schedule)


def find_runs(session: Session, key: str, paging: PageQuery) -> Page[ExportRunOut]:
    """List the files of a schedule, the newest first; raises NotFound or ExportOfEveryone."""
    schedule = load(session, key)
    query = select(ExportRun).where(ExportRun.schedule == schedule.id)
    return page(session, query, paging, key=ExportRun.id, to=lambda run: run_out(run, schedule), newest_first=True)


def get_run(session: Session, key: str, run: str) -> ExportRunOut:
    """Return what is known of one file; raises NotFound or ExportOfEveryone."""
    schedule = load(session, key)
    row = session.get(ExportRun, run)
    if row is None or row.schedule != schedule.id:
        raise NotFound("There is no such run of this schedule.")
    return run_out(row, schedule)


def load(session: Session, key: str) -> ExportSchedule:
    """Return a schedule; raises NotFound or ExportOfEveryone."""
    refuse_limited(session)
    row = session.exec(select(ExportSchedule).where(ExportSchedule.key == key)).first()
    if row is None:
        raise NotFound(f"There is no export schedule {key}.")
    return row


def refuse_limited(session: Session) -> None:
    """Raise ExportOfEveryone for a caller who may not see everyone."""
    caller = session.context.caller
    if caller is not None and caller.departments is not None:
        raise ExportOfEveryone


def refuse_unknown(session: Session, certification: str | None) -> None:
    """Raise Invalid for a certification that is not defined."""
    known = select(Certification.id).where(Certification.key == certification)
    if certification is not None and session.exec(known).first() is None:
        wrong = FieldError(pointer="/certification", detail="no certification has this key")
        raise Invalid("The certification is not known.", errors=[wrong])


def out(row: ExportSchedule) -> ExportScheduleOut:
    """Return a schedule as clients see it."""
    return ExportScheduleOut.model_validate(
        {**row.model_dump(), "next_due_at": row.next_due_at if row.enabled else None}
    )


def run_out(row: ExportRun, schedule: ExportSchedule) -> ExportRunOut:
    """Return a run as clients see it."""
    cursors = {
        "cursor_from": None if row.after is None else encode_cursor(row.after),
        "cursor_to": None if row.up_to is None else encode_cursor(row.up_to),
    }
    return ExportRunOut.model_validate({**row.model_dump(), **cursors, "schedule": schedule.key})


def due_after(schedule: ExportSchedule, moment: datetime) -> datetime:
    """Return when a schedule is due next after a moment."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if schedule.daily_at is not None:
        hour, minute = map(int, schedule.daily_at.split(":"))
        today = midnight.replace(hour=hour, minute=minute)
        return today if today > moment else today + timedelta(days=1)
    # Counted from a fixed Monday, so that every 168 hours is once a week whenever it was asked for.
    monday = datetime(2024, 1, 1, tzinfo=moment.tzinfo)
    step = timedelta(hours=schedule.every_hours or 1)
    return monday + ((moment - monday) // step + 1) * step


def last_due(schedule: ExportSchedule, moment: datetime) -> datetime:
    """Return the last due time up to a moment, of a schedule that is due."""
    due_at = schedule.next_due_at
    while (following := due_after(schedule, due_at)) <= moment:
        due_at = following
    return due_at


def open_runs(session: Session) -> None:
    """Open a run for each schedule that is due. What was missed while nothing ran is caught up with by one file."""
    is_due = select(ExportSchedule.id).where(
        col(ExportSchedule.enabled),
        col(ExportSchedule.next_due_at) <= session.now,
        at_hand(session, SWEEP, col(ExportSchedule.id)),
    )
    do_each(session, SWEEP, list(session.exec(is_due.order_by(ExportSchedule.id))), partial(open_run, session))


def open_run(session: Session, schedules: Collection[str]) -> None:
    """Open a run for some schedules that are due."""
    rows = select(ExportSchedule).where(col(ExportSchedule.id).in_(schedules)).with_for_update()
    for schedule in session.exec(rows.execution_options(populate_existing=True)).all():
        due_at = last_due(schedule, session.now)
        taken = select(ExportRun.id).where(ExportRun.schedule == schedule.id, ExportRun.due_at == due_at)
        if session.exec(taken).first() is None:
            session.add(ExportRun(schedule=schedule.id, due_at=due_at, try_at=session.now))
        schedule.next_due_at = due_after(schedule, session.now)
        session.add(schedule)


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be written."""

    run: str
    key: str
    content: ExportContent
    format: ExportFormat
    certification: str | None
    due_at: datetime
    as_of: datetime
    after: int
    up_to: int
    file: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    rows: int
    bytes: int
    sha256: str


def waits(session: Session) -> bool:
    """Say whether a file may be due to be written."""
    waiting = select(ExportRun.id).where(ExportRun.state == RunState.WAITING, ExportRun.try_at <= session.now)
    return session.exec(waiting.limit(1)).first() is not None


def begin(session: Session) -> Job | None:
    """Return the next file to be written, what it holds fixed for good; None while nothing is due.

    A schedule's files are written one after the other: each begins where the changes of the one before ended.
    """
    waiting = select(ExportRun).where(col(ExportRun.state) == RunState.WAITING).order_by(col(ExportRun.due_at))
    first: set[str] = set()
    for run in session.exec(waiting).all():
        if run.schedule not in first and run.try_at <= session.now:
            return begin_run(session, run)
        first.add(run.schedule)
    return None


def begin_run(session: Session, run: ExportRun) -> Job:
    """Fix what a file holds, unless it was begun before."""
    schedule = session.get_one(ExportSchedule, run.schedule)
    if run.as_of is None:
        run.as_of = session.now
        run.after = schedule.position if schedule.content == ExportContent.CHANGES else None
        run.up_to = session.exec(select(func.max(CertificateChange.position))).one() or 0
        run.file = (
            f"{schedule.key}/{schedule.key}-{run.due_at:%Y%m%dT%H%M%S}{run.due_at.microsecond:06}Z.{schedule.format}"
        )
    run.tries += 1
    session.add(run)
    return Job(
        run=run.id,
        key=schedule.key,
        content=ExportContent(schedule.content),
        format=ExportFormat((run.file or "").rpartition(".")[2]),
        certification=schedule.certification,
        due_at=run.due_at,
        as_of=run.as_of,
        after=run.after or 0,
        up_to=run.up_to or 0,
        file=run.file or "",
    )


def finish(session: Session, job: Job, written: Written) -> list[str]:
    """Note that a file is there, and return those that are more than its schedule keeps, for removal."""
    run = session.get(ExportRun, job.run)
    if run is None:
        return []
    run.state, run.written_at, run.error = RunState.WRITTEN, session.now, None
    run.rows, run.bytes, run.sha256 = written.rows, written.bytes, written.sha256
    session.add(run)
    schedule = session.get_one(ExportSchedule, run.schedule)
    if job.content is ExportContent.CHANGES:
        schedule.position = max(schedule.position, job.up_to)
        session.add(schedule)
    record(session, "export_run.written", f"export_run/{run.id}", written.sha256)
    told = ExportWrittenV1(
        id=run.id,
        schedule=schedule.key,
        file=job.file,
        rows=written.rows,
        sha256=written.sha256,
        cursor_to=encode_cursor(job.up_to),
    )
    tell(session, told)
    session.flush()
    kept = select(ExportRun).where(ExportRun.schedule == schedule.id, col(ExportRun.state) == RunState.WRITTEN)
    old = session.exec(kept.order_by(col(ExportRun.due_at).desc()).offset(schedule.keep)).all()
    for each in old:
        each.state = RunState.REMOVED
        session.add(each)
    return [each.file for each in old if each.file is not None]


def fail(session: Session, job: Job, error: str) -> None:
    """Note why a file could not be written, and try again later, or no more."""
    run = session.get(ExportRun, job.run)
    if run is None:
        return
    run.error = error
    if run.tries > len(RETRY_AFTER):
        run.state = RunState.FAILED
        record(session, "export_run.failed", f"export_run/{run.id}")
        tell(session, ExportFailedV1(id=run.id, schedule=job.key, error=error))
    else:
        run.try_at = session.now + timedelta(seconds=RETRY_AFTER[run.tries - 1])
    session.add(run)

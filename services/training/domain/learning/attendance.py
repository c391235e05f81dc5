"""Who comes to a live session: registration within its capacity, and attendance taken by the host."""

from collections.abc import Iterator

from sqlmodel import col, func, select

from services.training.domain import access
from services.training.domain.learning import enrolments
from services.training.domain.teaching import courses, live_sessions
from services.training.schemas.live_sessions import AttendanceIn, RegistrationIn, RegistrationOut
from services.training.schemas.modules import LiveModule
from services.training.tables import Enrolment, LiveRegistration, LiveSession, Person
from shared.db import Session
from shared.evidence import Deed, record, record_all
from shared.pages import Page
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound

CHUNK = 25


class SessionFull(Conflict):
    """All places are taken."""


class SessionOver(Conflict):
    """The live session has begun or is over."""


class NotBegun(Conflict):
    """The live session has not begun, so nobody was there yet."""


class HasAPlace(Conflict):
    """The person has a place in this live session."""


class NotEnrolled(Conflict):
    """The person is not on a version of the course that has this live session, or has done it."""


class NotTheHost(Forbidden):
    """Attendance is taken by the host, or by whoever runs the training."""


class NotAttending(Invalid):
    """Somebody who is named is not on the course."""


def register(session: Session, live: str, body: RegistrationIn) -> RegistrationOut:
    """Keep a place for a person.

    Raises NotFound, SessionCancelled, SessionOver, HasAPlace, NotEnrolled, ModuleLocked or SessionFull.
    """
    person = access.acting(session, body.employee_number, "training:write")
    row = live_sessions.take(session, live)
    if row.starts_at <= session.now:
        raise SessionOver
    if session.get(LiveRegistration, (row.id, person.id)) is not None:
        raise HasAPlace
    enrolment = enrolment_for(session, row, person.id)
    if enrolment is None:
        raise NotEnrolled
    enrolments.refuse_locked(session, enrolment, row.module)
    if row.taken >= row.capacity:
        raise SessionFull
    row.taken += 1
    row.revision += 1
    made = LiveRegistration(session=row.id, person=person.id, enrolment=enrolment.id, registered_at=session.now)
    session.add(row)
    session.add(made)
    session.flush()
    record(session, "live_session.registered", f"live-session/{row.id}", person=person.id)
    return out(made, person)


def withdraw(session: Session, live: str, employee_number: str) -> None:
    """Give a place back; raises NotFound, SessionCancelled or SessionOver."""
    person = access.get_person(session, employee_number, "training:write")
    row = live_sessions.take(session, live)
    found = session.get(LiveRegistration, (row.id, person.id))
    if found is None:
        raise NotFound("The person is not registered for this live session.")
    if row.starts_at <= session.now:
        raise SessionOver
    session.delete(found)
    row.taken -= 1
    row.revision += 1
    session.add(row)
    record(session, "live_session.withdrawn", f"live-session/{row.id}", person=person.id)


def find(session: Session, live: str) -> Page[RegistrationOut]:
    """List who is registered: all of them for the host and whoever may read training, else at most oneself."""
    row = live_sessions.load(session, live)
    query = (
        select(LiveRegistration, Person)
        .join(Person, col(Person.id) == col(LiveRegistration.person))
        .where(LiveRegistration.session == row.id)
    )
    if not hosts(session, row):
        query = query.where(*access.limits(session, "training:read"))
    rows = session.exec(query.order_by(col(Person.employee_number))).all()
    return Page(items=[out(registration, person) for registration, person in rows])


def check_attendance(session: Session, live: str, body: AttendanceIn) -> None:
    """Refuse a list as a whole: raises NotFound, SessionCancelled, NotBegun, NotTheHost, OwnMatter or NotAttending."""
    named(session, to_attend(session, live), body)


def chunks(body: AttendanceIn) -> Iterator[AttendanceIn]:
    """Yield a list in pieces that are noted one after the other, so that nobody else's write waits for all of it."""
    for start in range(0, max(len(body.present), len(body.absent)), CHUNK):
        sides = slice(start, start + CHUNK)
        yield AttendanceIn(present=body.present[sides], absent=body.absent[sides])


def to_attend(session: Session, live: str) -> LiveSession:
    """Return a date of which the caller may take the attendance."""
    row = live_sessions.load(session, live)
    caller = session.context.caller
    if caller is not None and not caller.has("training:write") and not hosts(session, row):
        raise NotTheHost
    live_sessions.refuse_cancelled(row)
    if row.starts_at > session.now:
        raise NotBegun
    return row


def take_attendance(session: Session, live: str, body: AttendanceIn) -> None:
    """Note who was there, which makes their module done; who came without a place is entered."""
    row = to_attend(session, live)
    session.refresh(row, with_for_update=True)
    entered = enter(session, named(session, row, body))
    for registration in entered:
        if registration.attended:
            enrolment = enrolments.lock(session, registration.enrolment)
            details: dict[str, object] = {"live_session": row.id}
            enrolments.module_done(session, enrolment, row.module, "live_session.attended", details)
    deeds = [
        Deed(
            "live_session.present" if registration.attended else "live_session.absent",
            f"live-session/{row.id}",
            person=registration.person,
        )
        for registration in entered
    ]
    record_all(session, deeds)
    row.taken = places(session, row)
    row.revision += 1
    session.add(row)


def enter(session: Session, places: list[tuple[LiveRegistration, bool]]) -> list[LiveRegistration]:
    """Keep who was there; return the registrations in the order of their enrolments, which are locked in that order."""
    for registration, there in places:
        registration.attended = there
        session.add(registration)
    session.flush()
    return sorted((registration for registration, _ in places), key=lambda entered: entered.enrolment)


def named(session: Session, row: LiveSession, body: AttendanceIn) -> list[tuple[LiveRegistration, bool]]:
    """Return the registrations of all who are named, new ones too, with whether they were there.

    The host names whoever came; anyone else those whom they may reach.
    """
    reach = [] if hosts(session, row) else access.limits(session, "training:write")
    found: list[tuple[LiveRegistration, bool]] = []
    wrong: list[FieldError] = []
    for side, numbers in (("present", body.present), ("absent", body.absent)):
        people = session.exec(select(Person).where(col(Person.employee_number).in_(numbers), *reach)).all()
        known = {person.employee_number: person.id for person in people}
        for place, number in enumerate(numbers):
            person = known.get(number)
            entered = place_of(session, row, person) if person is not None else None
            if entered is None:
                wrong.append(FieldError(pointer=f"/{side}/{place}", detail=f"{number} is not on the course"))
            else:
                access.refuse_own(session, entered.person)
                found.append((entered, side == "present"))
    if wrong:
        raise NotAttending(errors=wrong)
    return found


def recount(session: Session, person: str) -> None:
    """Count the places of a person's live sessions anew, as two entries that were merged may have had two in one."""
    mine = select(LiveRegistration.session).where(LiveRegistration.person == person)
    rows = select(LiveSession).where(col(LiveSession.id).in_(mine)).order_by(LiveSession.id).with_for_update()
    for row in session.exec(rows.execution_options(populate_existing=True)).all():
        if (taken := places(session, row)) != row.taken:
            row.taken = taken
            row.revision += 1
            session.add(row)


def places(session: Session, row: LiveSession) -> int:
    """Count who is registered for a live session."""
    return session.exec(select(func.count()).where(LiveRegistration.session == row.id)).one()


def place_of(session: Session, row: LiveSession, person: str) -> LiveRegistration | None:
    """Return the place of a person, a new one for somebody on the course who came without."""
    known = session.get(LiveRegistration, (row.id, person))
    if known is not None:
        return known
    enrolment = enrolment_for(session, row, person)
    if enrolment is None:
        return None
    return LiveRegistration(session=row.id, person=person, enrolment=enrolment.id, registered_at=session.now)


def enrolment_for(session: Session, row: LiveSession, person: str) -> Enrolment | None:
    """Return the enrolment by which a person may come: one that is not completed, with the module and that not done."""
    enrolment = session.exec(
        select(Enrolment).where(
            Enrolment.person == person, Enrolment.course == row.course, col(Enrolment.completed_at).is_(None)
        )
    ).first()
    if enrolment is None or enrolments.is_done(session, enrolment, row.module):
        return None
    modules = courses.modules_of(session, enrolment.course, enrolment.version)
    return enrolment if any(isinstance(one, LiveModule) and one.key == row.module for one in modules) else None


def hosts(session: Session, row: LiveSession) -> bool:
    """Say whether the caller is the host."""
    caller = session.context.caller
    return caller is not None and caller.person is not None and caller.person == row.host


def out(row: LiveRegistration, person: Person) -> RegistrationOut:
    """Return a registration as its person and the host see it."""
    return RegistrationOut.model_validate({**row.model_dump(), "employee_number": person.employee_number})

"""Two entries that turned out to be one person: one goes on with all that both did, the other's number names them."""

from collections.abc import Sequence

from sqlalchemy import delete, func
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import agenda, certificates, changes, decisions
from services.training.domain.certification.standing import status_at
from services.training.domain.learning import attendance
from services.training.domain.planning import occasions, reminders
from services.training.domain.provisioning import directory, hierarchy, import_guard
from services.training.domain.provisioning import people as everyone
from services.training.schemas.certificates import Change, Status
from services.training.schemas.people import MergeIn, PersonOut
from services.training.tables import (
    Answer,
    Attempt,
    Certificate,
    Enrolment,
    LiveRegistration,
    ModuleDone,
    Person,
    State,
    TaskSubmission,
    metadata,
)
from shared.db import Session
from shared.events.training import (
    CertificateChangedV1,
    CertificateReinstatedV1,
    CertificateRevokedV1,
    CertificateSuspendedV1,
    CertificateTold,
    PersonLeftV1,
    PersonMergedV1,
)
from shared.evidence import record
from shared.outbox import tell
from shared.problems import Conflict
from shared.same_person import move, move_rows

REASON = "The holder had two entries, which were merged; the other certificate stands."
NAMED = ("person", "proposer", "reviewer", "decided_by")
OWN = frozenset({"people", "progress", "rechecks", "certificates", "certificate_changes", "enrolments"})
"""What is moved by rules of its own, or stays where it is: the feed says what it said."""
TOLD: dict[str, tuple[type[CertificateTold], Change]] = {
    State.HELD: (CertificateReinstatedV1, Change.REINSTATED),
    State.SUSPENDED: (CertificateSuspendedV1, Change.SUSPENDED),
    State.REVOKED: (CertificateRevokedV1, Change.REVOKED),
}


class NotMergeable(Conflict):
    """These two cannot be merged."""


def merge(session: Session, employee_number: str, body: MergeIn) -> PersonOut:
    """Make one person of two; the duplicate's number names the other from now on.

    Raises NotFound, OwnMatter, NotMergeable or ImportUnderWay.
    """
    import_guard.refuse(session)
    person = access.get_person(session, employee_number, "people:write")
    duplicate = access.get_person(session, body.duplicate, "people:write")
    access.refuse_own(session, person.id)
    access.refuse_own(session, duplicate.id)
    hierarchy.lock(session)
    if person.id == duplicate.id:
        raise NotMergeable(f"{employee_number} and {body.duplicate} are one person already.")
    if duplicate.id in hierarchy.chain(session, person.id):
        raise NotMergeable(f"{body.duplicate} stands above {employee_number}; give {employee_number} another manager.")
    decisions.lock(session, [person.id, duplicate.id])
    for one in sorted((person, duplicate), key=lambda one: one.id):
        session.refresh(one, with_for_update=True)
        directory.refuse_erased(one)
    tell(session, merged(session, person, duplicate))
    move_certificates(session, person, duplicate)
    move_learning(session, person.id, duplicate.id)
    take_reports(session, person.id, duplicate.id)
    retire(session, person, duplicate)
    decisions.decide(session, {person.id: session.now})
    occasions.moved(session, [person.id])
    if person.active:
        reminders.person_is_back(session, person.id)
    record(session, "person.merged", f"person/{person.id}", person=person.id)
    return directory.out(session, [person])[0]


def merged(session: Session, person: Person, duplicate: Person) -> PersonMergedV1:
    """Return what is told of a merge."""
    return PersonMergedV1(
        id=duplicate.id, into=person.id, employee_number=person.employee_number, merged_at=session.now
    )


def retire(session: Session, person: Person, duplicate: Person) -> None:
    """Leave of the duplicate only the number; whoever keeps a copy hears of somebody who left."""
    was_active = duplicate.active
    duplicate.sqlmodel_update(
        {
            "active": False,
            "left_at": duplicate.left_at or session.now,
            "merged_into": person.id,
            "user_name": f"merged:{duplicate.id}",
            "email": "",
            "manager": None,
            "revision": duplicate.revision + 1,
            "changed_at": session.now,
        }
    )
    for row in session.exec(select(Person).where(Person.merged_into == duplicate.id)).all():
        row.merged_into = person.id
    person.revision += 1
    person.changed_at = session.now
    session.flush()
    everyone.told(session, [duplicate, person])
    tell(session, PersonLeftV1(id=duplicate.id, left_at=session.now))
    if was_active:
        actor = changes.actor_of(session)
        gone = changes.Entry(duplicate.id, None, Change.PERSON_LEFT, Status.NONE, session.now, actor)
        changes.add(session, [gone])


def take_reports(session: Session, person: str, duplicate: str) -> None:
    """Let those who reported to the duplicate report to the person."""
    reports = session.exec(select(Person).where(Person.manager == duplicate).with_for_update()).all()
    for one in reports:
        one.manager = person
        one.revision += 1
        one.changed_at = session.now
    session.flush()
    everyone.told(session, reports)


def move_learning(session: Session, person: str, duplicate: str) -> None:
    """Give over all that names the duplicate, and what hangs on it."""
    move_enrolments(session, person, duplicate)
    move(session, metadata, duplicate, person, columns=NAMED, but=OWN)
    attendance.recount(session, person)


def move_enrolments(session: Session, person: str, duplicate: str) -> None:
    """Give the enrolments over; of two open ones on a course, the one that is further goes on."""
    rows = session.exec(select(Enrolment).where(Enrolment.person == duplicate)).all()
    open_ones = select(Enrolment).where(Enrolment.person == person, col(Enrolment.completed_at).is_(None))
    theirs = {row.course: row for row in session.exec(open_ones)}
    for row in rows:
        other = theirs.get(row.course) if row.completed_at is None else None
        if other is not None and done_in(session, row.id) <= done_in(session, other.id):
            give_way(session, row, other)
            continue
        if other is not None:
            give_way(session, other, row)
        row.person = person
    session.flush()


def give_way(session: Session, row: Enrolment, other: Enrolment) -> None:
    """Remove an enrolment beside which the person has another, which takes over what others wait for.

    Places in live sessions and what was handed in go on; a sitting that is open can only be begun again.
    """
    for table in (LiveRegistration.__table__, TaskSubmission.__table__):  # type: ignore[attr-defined]
        move_rows(session, table, table.c.enrolment, row.id, other.id)
    sittings = select(Attempt).where(Attempt.enrolment == row.id, col(Attempt.submitted_at).is_(None))
    for sitting in session.exec(sittings).all():
        session.execute(delete(Answer).where(col(Answer.attempt) == sitting.id))
        session.delete(sitting)
    session.delete(row)
    session.flush()


def done_in(session: Session, enrolment: str) -> int:
    """Count the modules that are done."""
    return session.exec(select(func.count()).select_from(ModuleDone).where(ModuleDone.enrolment == enrolment)).one()


def move_certificates(session: Session, person: Person, duplicate: Person) -> None:
    """Give the certificates over; of two that are in force the stricter stands: one suspended, else the longer one."""
    both = select(Certificate).where(col(Certificate.person).in_([person.id, duplicate.id]))
    rows = session.exec(both.order_by(col(Certificate.issued_at)).execution_options(populate_existing=True)).all()
    agenda.catch_up(session, [row for row in rows if row.archived_at is None], session.now)
    moved = [row for row in rows if row.person == duplicate.id]
    renumbered: list[Certificate] = []
    for certification in sorted({row.certification for row in moved}):
        of_both = [row for row in rows if row.certification == certification]
        in_force = [row for row in of_both if row.archived_at is None]
        for loser in sorted(in_force, key=strictness)[:-1]:
            give_up(session, loser)
        renumbered += in_line(session, of_both, person)
    standing = [row for row in moved if row.archived_at is None]
    if person.active:
        agenda.wind(session, [row for row in standing if row.state == State.HELD])
    for row in standing:
        announce(session, row, person)
    retold = [row for row in renumbered if row not in moved]
    tell(
        session,
        *(certificates.event(CertificateChangedV1, row, status_at(row, session.now, person.left_at)) for row in retold),
    )


def in_line(session: Session, rows: Sequence[Certificate], person: Person) -> list[Certificate]:
    """Give a person all these certificates in the order in which they were issued, the one in force last; return that one."""
    line = sorted(rows, key=lambda row: (row.archived_at is None, row.issued_at, row.id))
    session.flush()
    for place, row in enumerate(line, start=1):
        row.person, row.sequence = person.id, -place
    # Numbers are unique at every moment, so they change by way of numbers that nobody has.
    session.flush()
    for row in line:
        row.sequence = -row.sequence
    session.flush()
    return [row for row in line if row.archived_at is None]


def strictness(row: Certificate) -> tuple[bool, bool, str]:
    """Sort certificates in force by which stands when a person turns out to have several."""
    return row.state == State.SUSPENDED, row.state == State.HELD, row.expires_at.isoformat()


def give_up(session: Session, row: Certificate) -> None:
    """End a certificate beside which the person has another."""
    row.archived_at = session.now
    row.next_turn_at = None
    if row.state != State.REVOKED:
        row.state, row.revoked_at, row.reason = State.REVOKED, session.now, REASON
        row.revision += 1
        session.flush()
        announce(session, row, session.get_one(Person, row.person))


def announce(session: Session, row: Certificate, person: Person) -> None:
    """Tell of a certificate as it is now, and enter it in the feed."""
    kind, change = TOLD[row.state]
    status = status_at(row, session.now, person.left_at)
    tell(session, certificates.event(kind, row, status))
    actor = changes.actor_of(session)
    changes.add(session, [changes.Entry(row.person, row.id, change, status, session.now, actor, row.reason)])


def snapshot(session: Session, after: str | None, limit: int) -> list[PersonMergedV1]:
    """Return what is told of merges, with ids after `after`."""
    query = select(Person).where(col(Person.merged_into).is_not(None), Person.id > (after or ""))
    rows = session.exec(query.order_by(Person.id).limit(limit)).all()
    return [merged_row(session, row) for row in rows]


def merged_row(session: Session, row: Person) -> PersonMergedV1:
    """Return what was told when a person was merged."""
    into = session.get_one(Person, row.merged_into)
    return PersonMergedV1(
        id=row.id, into=into.id, employee_number=into.employee_number, merged_at=row.left_at or session.now
    )

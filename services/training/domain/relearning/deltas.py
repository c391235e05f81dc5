"""What people have to learn anew, as they see it, and that they did."""

from collections.abc import Sequence

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import certificates, certifications
from services.training.domain.certification.standing import status_at
from services.training.domain.learning import enrolments
from services.training.domain.relearning import delta_decisions, delta_questions, delta_steps, delta_terms
from services.training.domain.teaching import courses, pages
from services.training.schemas.deltas import CompletionOfDelta, DeltaOut, DeltaResult, DeltaStatus, DeltaView, Wording
from services.training.schemas.enrolments import EnrolmentOut
from services.training.tables import (
    Certificate,
    Course,
    Delta,
    DeltaState,
    Enrolment,
    ModuleDone,
    Person,
    PolicySection,
)
from shared.conditions import expect
from shared.db import Session
from shared.events.training import CertificateChangedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound


class DeltaOver(Conflict):
    """It is done already, or asked no more."""


class TextChanged(Conflict):
    """The text is not the one that was read: it changed meanwhile; read it again."""


class LearntInTheCourse(Conflict):
    """Modules of a course are learnt in the course: begin its enrolment."""


class NotOfACourse(Conflict):
    """A section of a policy is read here; it has no enrolment."""


def due_of(session: Session, person: str) -> list[DeltaOut]:
    """Return what a person has to learn anew, the most urgent first; also what they missed and still can do."""
    query = select(Delta).where(Delta.person == person, Delta.state == DeltaState.OPEN)
    rows = session.exec(query.order_by(col(Delta.due_at), Delta.id)).all()
    found = session.get(Person, person)
    return [] if found is None else outs(session, rows, found)


def find(session: Session, employee_number: str, paging: PageQuery, state: DeltaStatus | None) -> Page[DeltaOut]:
    """List a person's deltas, oldest first, unless asked for without those that were withdrawn; raises NotFound."""
    person = access.get_person(session, employee_number, "certificates:read")
    query = select(Delta).where(Delta.person == person.id)
    now = session.now
    open_now, missed = Delta.state == DeltaState.OPEN, col(Delta.due_at) <= now
    if state is None:
        query = query.where(Delta.state != DeltaState.WITHDRAWN)
    elif state is DeltaStatus.DUE:
        query = query.where(open_now, ~missed)
    elif state is DeltaStatus.MISSED:
        query = query.where((Delta.state == DeltaState.MISSED) | (open_now & missed))  # type: ignore[operator]
    else:
        query = query.where(Delta.state == state)
    found: Page[Delta] = page(session, query, paging, key=Delta.id, to=lambda row: row)
    return Page(items=outs(session, found.items, person), next_cursor=found.next_cursor)


def get(session: Session, delta: str) -> DeltaView:
    """Return a delta with what there is to read and to answer; raises NotFound."""
    row, person = load(session, delta, "certificates:read")
    return view(session, row, person)


def complete(session: Session, delta: str, body: CompletionOfDelta, if_match: int | None) -> DeltaResult:
    """Note that a changed section was read and its questions answered; the certificate covers it from now on.

    Where an answer is wrong, other questions are drawn and it stays open. Raises NotFound, LearningForAnother, Stale,
    DeltaOver, TextChanged, LearntInTheCourse, UnknownItem or NotAnOption.
    """
    row, person = take(session, delta, if_match)
    if row.course is not None:
        raise LearntInTheCourse
    if body.hash != row.hash:
        raise TextChanged(extra={"hash": row.hash})
    results = delta_questions.grade(delta_questions.sheets(session, row.items), body.answers)
    passed = all(result.correct for result in results)
    row.tries += 1
    if passed:
        learnt(session, row, person, "answered" if results else "read")
    else:
        banks = certifications.load(session, row.certification).courses
        row.items = delta_questions.draw(session, banks, row.section or "")
        row.revision += 1
        record(session, "delta.failed", f"delta/{row.id}", row.hash, row.person)
    session.add(row)
    session.flush()
    return DeltaResult(passed=passed, results=results, delta=view(session, row, person))


def learnt(session: Session, row: Delta, person: Person, how: str) -> None:
    """Close a delta that was learnt, and let its certificate have the dates that the others leave it."""
    certificate = session.get_one(Certificate, row.certificate)
    delta_steps.done(session, certificate, row, how)
    session.flush()
    if not delta_terms.retime(session, certificate, person, delta_terms.opened(session, certificate.id)):
        status = status_at(certificate, session.now, person.left_at)
        tell(session, certificates.event(CertificateChangedV1, certificate, status))


def enrol(session: Session, delta: str, if_match: int | None) -> EnrolmentOut:
    """Put a person on the version of a course that changed; what did not change is done already.

    Raises NotFound, LearningForAnother, Stale, DeltaOver, NotOfACourse, or AlreadyEnrolled when they are on the course:
    they finish that.
    """
    row, person = take(session, delta, if_match)
    if row.course is None:
        raise NotOfACourse
    course = session.exec(select(Course).where(Course.key == row.course)).one()
    enrolment = enrolments.enrol(session, person, course, row.due_at)
    if enrolment is None:
        raise enrolments.AlreadyEnrolled(f"{person.employee_number} is on the course {row.course} already.")
    carry_over(session, session.get_one(Enrolment, enrolment.id), row)
    return enrolments.get(session, enrolment.id)


def carry_over(session: Session, enrolment: Enrolment, row: Delta) -> None:
    """Let what did not change be done, and the enrolment count for the delta and nothing else."""
    enrolment.delta = row.id
    session.add(enrolment)
    version = courses.modules_of(session, enrolment.course, enrolment.version)
    session.add_all(
        ModuleDone(enrolment=enrolment.id, module=module.key, done_at=session.now)
        for module in version
        if module.key not in (row.modules or ())
    )
    session.flush()


def take(session: Session, delta: str, if_match: int | None) -> tuple[Delta, Person]:
    """Return an open delta for a change, as it is by what is known now, under its person's lock.

    Raises NotFound, LearningForAnother, Stale or DeltaOver.
    """
    row, person = load(session, delta, "training:write")
    access.refuse_proxy(session, person.id)
    delta_decisions.decide(session, [person.id])
    session.flush()
    session.refresh(row)
    expect(row.revision, if_match)
    if row.state != DeltaState.OPEN:
        raise DeltaOver
    return row, person


def load(session: Session, delta: str, scope: str) -> tuple[Delta, Person]:
    """Return a delta that the caller may reach, with its person; raises NotFound."""
    found = session.exec(
        select(Delta, Person)
        .join(Person, col(Person.id) == col(Delta.person))
        .where(Delta.id == delta, *access.limits(session, scope))
    ).first()
    if found is None:
        raise NotFound("There is no such delta, or it is someone else's.")
    access.note_look(session, found[1].id)
    return found


def outs(session: Session, rows: Sequence[Delta], person: Person) -> list[DeltaOut]:
    """Return deltas as clients see them."""
    return [DeltaOut.model_validate(facts(session, row, person)) for row in rows]


def view(session: Session, row: Delta, person: Person) -> DeltaView:
    """Return a delta with its texts and questions."""
    old = text_of(session, row, row.old_version)
    new = text_of(session, row, row.version)
    asked = delta_questions.shown(session, row.items) if row.state == DeltaState.OPEN else []
    html = {
        "old_html": pages.html(old.markdown, {}) if old else None,
        "html": pages.html(new.markdown, {}) if new else None,
    }
    return DeltaView.model_validate({**facts(session, row, person), **html, "items": asked})


def facts(session: Session, row: Delta, person: Person) -> dict[str, object]:
    """Return what a client is told of a delta."""
    text = text_of(session, row, row.version)
    old = None if row.old_version is None else Wording(version=row.old_version, hash=row.old_hash)
    diff = f"/v1/policies/{row.policy}/versions/{row.version}/diff?against={row.old_version}"
    return {
        **row.model_dump(),
        "employee_number": person.employee_number,
        "heading": text.heading if text else None,
        "old": old,
        "new": Wording(version=row.version, hash=row.hash),
        "diff": diff if row.policy and row.old_version is not None else None,
        "state": status_of(session, row),
        "done": row.state == DeltaState.DONE,
        "done_at": row.closed_at if row.state == DeltaState.DONE else None,
        "questions": len(row.items),
    }


def status_of(session: Session, row: Delta) -> DeltaStatus:
    """Return how a delta stands at this moment."""
    if row.state == DeltaState.OPEN:
        return DeltaStatus.MISSED if row.due_at <= session.now else DeltaStatus.DUE
    return DeltaStatus(row.state)


def text_of(session: Session, row: Delta, version: int | None) -> PolicySection | None:
    """Return what a version says in the section that a delta is about."""
    if version is None or row.policy is None or row.section is None:
        return None
    return session.get(PolicySection, (row.policy, version, row.section))

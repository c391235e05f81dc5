"""Refreshers: monitoring proposes a course where findings repeat themselves, and a person decides whether it is asked."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from services.training.domain import access
from services.training.domain.certification import changes, proposals
from services.training.domain.certification.history import names_of
from services.training.domain.learning import enrolments
from services.training.domain.teaching import courses
from services.training.schemas.proposals import Verdict
from services.training.schemas.refreshers import RefresherDecisionIn, RefresherProposalOut
from services.training.tables import Course, Person, ProposalState, RefresherProposal
from shared import works_council
from shared.conditions import expect
from shared.db import Session
from shared.events.monitoring import RefresherProposedV1
from shared.events.training import RefresherDecidedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound

CHUNK = 25
"""People of a department who are put on a course in one unit, so that nobody else's write waits for all of them."""


def keep(session: Session, told: RefresherProposedV1) -> None:
    """Keep what monitoring proposes; one that is known stays as it was decided."""
    if session.get(RefresherProposal, told.id) is None:
        session.add(RefresherProposal(**told.model_dump()))
        session.flush()
        record(session, "refresher.proposed", f"refresher/{told.id}", person=told.person)


def decide(session: Session, proposal: str, body: RefresherDecisionIn, if_match: int | None) -> RefresherProposalOut:
    """Confirm a proposal, which puts the person or the department on the course, or decline it.

    Raises NotFound (also for a course that there is none of), NothingToLearn, Stale, OwnMatter or ProposalDecided.
    """
    row = load(session, proposal, "training:write")
    decider = access.deciding(session, body.employee_number, "training:write")
    if row.person is not None:
        access.refuse_own(session, row.person)
        if decider.id == row.person:
            raise access.OwnMatter
    session.refresh(row, with_for_update=True)
    expect(row.revision, if_match)
    if row.state != ProposalState.OPEN:
        raise proposals.ProposalDecided
    row.state = ProposalState.CONFIRMED if body.decision is Verdict.CONFIRM else ProposalState.DECLINED
    row.decided_by, row.decided_at, row.answer = decider.id, session.now, body.reason
    row.revision += 1
    if body.decision is Verdict.CONFIRM:
        confirm(session, row, body.due_days)
    session.add(row)
    session.flush()
    tell(session, RefresherDecidedV1(**row.model_dump(include=set(RefresherDecidedV1.model_fields))))
    record(session, f"refresher.{row.state}", f"refresher/{row.id}", digest_of(body), row.person)
    return out(session, [row])[0]


def confirm(session: Session, row: RefresherProposal, due_days: int | None) -> None:
    """Put the person on the course, or begin with the department."""
    course = courses.load(session, row.course)
    if course.version == 0:
        raise enrolments.NothingToLearn(f"The course {course.key} has no version yet.")
    row.due_at = session.now + timedelta(days=due_days) if due_days else None
    if row.person is None:
        row.enrolling_after = ""
        return
    put_on(session, row, course, [session.get_one(Person, row.person)])


def put_on(session: Session, row: RefresherProposal, course: Course, people: Sequence[Person]) -> None:
    """Put people on the course who work here and are not on it; who completed it before takes it once more."""
    for person in people:
        there = enrolments.open_one(session, person.id, course.key)
        asked = there is not None and there.withdrawn_at is None
        if person.active and not asked and enrolments.enrol(session, person, course, row.due_at) is not None:
            row.enrolled += 1


def work_off(session: Session) -> None:
    """Put the next people of departments on their courses."""
    waiting = select(RefresherProposal).where(col(RefresherProposal.enrolling_after).is_not(None))
    row = session.exec(waiting.order_by(RefresherProposal.id).limit(1).with_for_update()).first()
    if row is None:
        return
    following = select(Person).where(
        Person.department == row.department, col(Person.active), Person.id > (row.enrolling_after or "")
    )
    people = session.exec(following.order_by(Person.id).limit(CHUNK)).all()
    put_on(session, row, courses.load(session, row.course), people)
    row.enrolling_after = people[-1].id if len(people) == CHUNK else None
    row.revision += 1
    session.add(row)
    session.flush()


def get(session: Session, proposal: str) -> RefresherProposalOut:
    """Return a proposal; raises NotFound."""
    return out(session, [load(session, proposal, "training:read")])[0]


def find(session: Session, paging: PageQuery, state: ProposalState | None) -> Page[RefresherProposalOut]:
    """List proposals, oldest first; those for people in works-council mode are left out of a page."""
    query = select(RefresherProposal).where(*reached(session, "training:read"))
    if state is not None:
        query = query.where(RefresherProposal.state == state)
    found: Page[RefresherProposal] = page(session, query, paging, key=RefresherProposal.id, to=lambda row: row)
    hiding = works_council.hidden(session)
    seen = [row for row in found.items if row.person is None or row.person not in hiding]
    return Page(items=out(session, seen), next_cursor=found.next_cursor)


def load(session: Session, proposal: str, scope: str) -> RefresherProposal:
    """Return a proposal that the caller may reach; raises NotFound."""
    query = select(RefresherProposal).where(RefresherProposal.id == proposal, *reached(session, scope))
    found = session.exec(query).first()
    if found is None or works_council.hides(session, found.person):
        raise NotFound("There is no such proposal, or it is someone else's.")
    return found


def reached(session: Session, scope: str) -> list[ColumnElement[bool]]:
    """Return the conditions on proposals that hold for what the caller may reach."""
    caller = session.context.caller
    people = select(Person.id).where(*access.limits(session, scope))
    if caller is None or caller.departments is None:
        return [or_(col(RefresherProposal.person).is_(None), col(RefresherProposal.person).in_(people))]
    theirs = col(RefresherProposal.department).in_(caller.departments)
    return [or_(theirs, col(RefresherProposal.person).in_(people))]


def out(session: Session, rows: Sequence[RefresherProposal]) -> list[RefresherProposalOut]:
    """Return proposals as clients see them."""
    about = {row.person for row in rows} - {None}
    numbers = dict(session.exec(select(Person.id, Person.employee_number).where(col(Person.id).in_(about))).all())
    names = names_of(session, {changes.person_actor(row.decided_by) for row in rows if row.decided_by is not None})
    return [
        RefresherProposalOut.model_validate(
            {
                **row.model_dump(),
                "employee_number": numbers.get(row.person) if row.person else None,
                "decided_by": names[changes.person_actor(row.decided_by)] if row.decided_by else None,
            }
        )
        for row in rows
    ]

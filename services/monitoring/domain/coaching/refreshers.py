"""Findings that repeat themselves in a section: a course is proposed that refreshes it, and training lets a person decide.

Only findings that held count, each once; a department's only where it is large enough and several people had them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlmodel import col, func, select

from services.monitoring.domain import stated_lists
from services.monitoring.domain.coaching.upheld import Upheld, upheld
from services.monitoring.schemas.refreshers import RefresherOut, RefreshersIn, RefreshersOut
from services.monitoring.settings import terms
from services.monitoring.tables import Person, RefresherProposal, Refreshers
from shared import works_council
from shared.db import Session
from shared.events.monitoring import RefresherProposedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.snapshots import rows_after

WINDOW = timedelta(days=90)
PEOPLE = 3
"""Of so many people at least must the findings of a department be: else it is not the department's pattern."""
Section = tuple[str, str]


def read(session: Session) -> RefreshersOut:
    """Show which course refreshes which section."""
    return shown(session.get(Refreshers, 1))


def put(session: Session, body: RefreshersIn, stated: int | None) -> RefreshersOut:
    """State all refreshers anew; raises Stale."""
    row = stated_lists.state(session, Refreshers, body.items, stated)
    record(session, "refreshers.state", "refreshers/all", digest_of(body))
    return shown(row)


def shown(row: Refreshers | None) -> RefreshersOut:
    """Show the row; none is as one that names nothing."""
    return RefreshersOut(
        items=[RefresherOut.model_validate(one) for one in row.items] if row else [],
        person_findings=terms().refresher_after,
        department_findings=terms().department_refresher_after,
        days=WINDOW.days,
        revision=row.revision if row else 0,
    )


def propose_due(session: Session) -> None:
    """Propose refreshers for whom findings repeated themselves since the last proposal."""
    row = session.get(Refreshers, 1)
    if row is None or not row.items:
        return
    courses = {(one["policy"], one["section"]): one["course"] for one in row.items}
    held = [one for one in upheld(session, session.now - WINDOW) if (one.policy, one.section) in courses]
    before = list(
        session.execute(
            select(RefresherProposal).where(col(RefresherProposal.proposed_at) > session.now - 2 * WINDOW)
        ).scalars()
    )
    propose_to_people(session, held, before, courses)
    propose_to_departments(session, held, before, courses)


def propose_to_people(
    session: Session, held: Sequence[Upheld], before: Iterable[RefresherProposal], courses: dict[Section, str]
) -> None:
    """Propose for each person who works here and has had as many findings in a section as it takes.

    Of whose figures are hidden, nothing is proposed: it would say how many findings they had.
    """
    hiding = works_council.hidden(session)
    used = {finding for one in before if one.person is not None for finding in one.findings}
    grouped: dict[tuple[str, Section], list[str]] = defaultdict(list)
    for one in held:
        if one.finding not in used and one.person not in hiding:
            grouped[one.person, (one.policy, one.section)].append(one.finding)
    due = {key: found for key, found in grouped.items() if len(found) >= terms().refresher_after}
    here = set(
        session.execute(
            select(Person.id).where(col(Person.id).in_({person for person, _ in due}), col(Person.active))
        ).scalars()
    )
    for (person, section), found in due.items():
        if person in here:
            propose(session, section, courses[section], found, person=person)


def propose_to_departments(
    session: Session, held: Sequence[Upheld], before: Iterable[RefresherProposal], courses: dict[Section, str]
) -> None:
    """Propose for each department that is large enough to be spoken of and has had as many findings as it takes."""
    used = {finding for one in before if one.department is not None for finding in one.findings}
    grouped: dict[tuple[str, Section], list[Upheld]] = defaultdict(list)
    for one in held:
        if one.finding not in used and one.department is not None:
            grouped[one.department, (one.policy, one.section)].append(one)
    large = large_departments(session)
    for (department, section), found in grouped.items():
        enough = len(found) >= terms().department_refresher_after and len({one.person for one in found}) >= PEOPLE
        if enough and department in large:
            propose(session, section, courses[section], [one.finding for one in found], department=department)


def large_departments(session: Session) -> set[str]:
    """Return the departments of enough people to be spoken of."""
    sizes = select(Person.department).where(col(Person.active)).group_by(col(Person.department))
    return set(session.execute(sizes.having(func.count() >= terms().min_group_size)).scalars())


def propose(
    session: Session,
    section: Section,
    course: str,
    findings: list[str],
    *,
    person: str | None = None,
    department: str | None = None,
) -> None:
    """Keep a proposal, so that its findings count no more, and tell training."""
    row = RefresherProposal(
        id=new_id(),
        person=person,
        department=department,
        policy=section[0],
        section=section[1],
        course=course,
        findings=findings,
        proposed_at=session.now,
    )
    session.add(row)
    session.flush()
    tell(session, told(row))
    record(session, "refresher.propose", f"refresher/{row.id}", person=person)


def told(row: RefresherProposal) -> RefresherProposedV1:
    """Return what is told of a proposal: how many findings, not which."""
    return RefresherProposedV1(**{**row.model_dump(), "findings": len(row.findings)})


def retold(session: Session, after: str | None, limit: int) -> list[RefresherProposedV1]:
    """Return what a snapshot tells of proposals; who has decided on one knows it by its id."""
    return [told(row) for row in rows_after(session, RefresherProposal, after, limit)]

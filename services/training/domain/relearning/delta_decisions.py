"""Who is asked to learn what anew: decided for one person after the other, under the lock of their progress.

Whatever order things come in, it is decided from all that is known by then: from the sections that a certificate covers
and the whole history of their policies, from what its holder accepted, read and completed since. So it may be decided
as often as one likes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import and_, col, or_, select

from services.training.domain.certification import certificates, decisions
from services.training.domain.certification.standing import status_at
from services.training.domain.relearning import delta_knowledge, delta_questions, delta_queue, delta_steps, delta_terms
from services.training.domain.relearning.delta_knowledge import Learnt, changed_modules
from services.training.domain.relearning.delta_steps import Wanted
from services.training.domain.relearning.section_changes import Known, Wording, all_changed
from services.training.schemas.certificates import OnNewVersion
from services.training.tables import Certificate, Certification, Delta, DeltaState, Person, State
from shared.db import Session
from shared.events.training import CertificateChangedV1
from shared.outbox import tell
from shared.set_aside import at_hand, do_each

CHUNK = 100
SWEEP = "deltas"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision about some people rests on."""

    people: Mapping[str, Person]
    definitions: Mapping[str, Certification]
    histories: Mapping[str, Sequence[Wording]]
    learnt: Mapping[str, Learnt]
    published: Mapping[str, Sequence[tuple[int, datetime]]]


def work_off(session: Session) -> None:
    """Look at the next of those who wait for it, and of those whose deadline has come."""
    delta_queue.fan_out(session)
    waiting = delta_queue.waiting(session, SWEEP, CHUNK)
    due = select(Delta.person).where(col(Delta.next_turn_at) <= session.now, at_hand(session, SWEEP, col(Delta.person)))
    people = {*waiting, *session.exec(due.order_by(col(Delta.next_turn_at)).limit(CHUNK))}

    def bring_on(some: Collection[str]) -> None:
        decide(session, some)
        delta_queue.over(session, {person: token for person, token in waiting.items() if person in some})

    do_each(session, SWEEP, sorted(people), bring_on)


def decide(session: Session, people: Collection[str]) -> None:
    """Ask people what they are to learn anew, and close what is asked of them no more."""
    session.flush()
    decisions.lock(session, people)
    mine = (col(Delta.person).in_(people), Delta.state == DeltaState.OPEN)
    open_deltas: dict[str, dict[str, Delta]] = {}
    for delta in session.exec(select(Delta).where(*mine).execution_options(populate_existing=True)):
        open_deltas.setdefault(delta.certificate, {})[delta.subject] = delta
    current = and_(col(Certificate.person).in_(people), col(Certificate.archived_at).is_(None))
    concerned = select(Certificate).where(or_(col(Certificate.id).in_(open_deltas), current))
    rows = session.exec(concerned.order_by(Certificate.id).execution_options(populate_existing=True)).all()
    facts = gather(session, sorted(set(people)), rows)
    for row in rows:
        if row.person in facts.people:
            bring_up(session, row, open_deltas.get(row.id, {}), facts)


def gather(session: Session, people: Sequence[str], rows: Sequence[Certificate]) -> Facts:
    """Read all that a decision about some people and their certificates rests on."""
    definitions = {tier.key: tier for tier in session.exec(select(Certification))}
    policies = {policy for row in rows for policy in delta_knowledge.covers(row)}
    courses = {course for row in rows for course in asking_courses(definitions.get(row.certification))}
    known = select(Person).where(col(Person.id).in_(people)).execution_options(populate_existing=True)
    return Facts(
        {person.id: person for person in session.exec(known)},
        definitions,
        delta_knowledge.histories(session, policies),
        delta_knowledge.of_people(session, people),
        delta_knowledge.publications(session, courses),
    )


def asking_courses(tier: Certification | None) -> list[str]:
    """Return the courses of a tier whose new versions ask for their changed modules."""
    if tier is None:
        return []
    return [course for course in tier.courses if tier.on_new_version.get(course) == OnNewVersion.DELTA]


def bring_up(session: Session, row: Certificate, open_deltas: Mapping[str, Delta], facts: Facts) -> None:
    """Let the deltas of one certificate, and with them its dates, be as they should."""
    person = facts.people[row.person]
    for delta in open_deltas.values():
        if person.active and was_missed(row, delta, session.now):
            delta_steps.miss(session, delta)
    if not counts(row, person, session.now):
        end(session, row, person, open_deltas.values())
        return
    covered = row.sections
    left = ask(session, row, open_deltas, facts)
    session.flush()
    if not delta_terms.retime(session, row, person, left) and row.sections is not covered:
        tell(session, certificates.event(CertificateChangedV1, row, status_at(row, session.now, person.left_at)))


def was_missed(row: Certificate, delta: Delta, now: datetime) -> bool:
    """Say whether a deadline has passed, not told yet, that the certificate had lived to see."""
    current = row.archived_at is None and row.state != State.REVOKED
    return current and delta.missed_at is None and delta.due_at <= min(now, row.expires_at)


def counts(row: Certificate, person: Person, now: datetime) -> bool:
    """Say whether anything is asked of the holder of a certificate: not once it has run out, or they have left."""
    return person.active and row.archived_at is None and row.state != State.REVOKED and now < row.expires_at


def end(session: Session, row: Certificate, person: Person, open_deltas: Collection[Delta]) -> None:
    """Close the deltas of a certificate that asks for nothing any more; who left has its dates back when they return."""
    for delta in open_deltas:
        if row.archived_at is None and row.state != State.REVOKED and delta.ends_at <= session.now:
            delta_steps.lapse(session, delta)
        else:
            delta_steps.withdraw(session, delta)
    session.flush()
    if open_deltas and row.archived_at is None and row.state != State.REVOKED and session.now < row.expires_at:
        delta_terms.retime(session, row, person, [])


def ask(session: Session, row: Certificate, open_deltas: Mapping[str, Delta], facts: Facts) -> list[Delta]:
    """Ask what changed under a certificate, and return what is open."""
    tier = facts.definitions[row.certification]
    wanted = [*sections_of(row, facts), *courses_of(session, row, tier, facts)]
    left = [ask_one(session, row, one, open_deltas.get(one.subject), facts) for one in wanted]
    for subject in open_deltas.keys() - {one.subject for one in wanted}:
        delta = open_deltas[subject]
        if delta.course is not None and facts.learnt[row.person].completed.get(delta.course, 0) >= delta.version:
            delta_steps.done(session, row, delta, "course")
        else:
            delta_steps.withdraw(session, delta)
    return [delta for delta in left if delta is not None]


def ask_one(session: Session, row: Certificate, wanted: Wanted, delta: Delta | None, facts: Facts) -> Delta | None:
    """Ask one thing and return what is open for it; None where the holder knows it already, and it is covered."""
    tier = facts.definitions[row.certification]
    items = delta.items if delta is not None and delta.hash == wanted.hash else questions(session, tier, wanted)
    enough = knows(facts.learnt[row.person], wanted, facts, asked=bool(items))
    if enough is None and delta is None:
        return delta_steps.ask(session, row, tier, wanted, items)
    if enough is None and delta is not None:
        delta_steps.ask_again(session, delta, tier, wanted, items)
        return delta
    if enough is not None and delta is not None:
        (delta.version, delta.hash), how = enough
        delta_steps.done(session, row, delta, how)
    elif enough is not None:
        delta_steps.cover(session, row, wanted.policy or "", wanted.section or "", enough[0])
    return None


def sections_of(row: Certificate, facts: Facts) -> list[Wanted]:
    """Return the sections that changed under a certificate."""
    covered = {(one["policy"], one["section"]): Known(one["version"], one["hash"]) for one in row.sections}
    return [
        Wanted.of_section(policy, change, covered.get((policy, change.section)))
        for policy in sorted(delta_knowledge.covers(row))
        for change in all_changed(row.sections, policy, facts.histories.get(policy, ()))
    ]


def courses_of(session: Session, row: Certificate, tier: Certification, facts: Facts) -> list[Wanted]:
    """Return the courses of which modules changed, since the certificate was issued, against what its holder completed."""
    found: list[Wanted] = []
    for course in asking_courses(tier):
        known = facts.learnt[row.person].completed.get(course)
        newest = max(facts.published.get(course, ()), default=None)
        if known is None or newest is None or newest[0] <= known or newest[1] <= row.issued_at:
            continue
        modules = changed_modules(session, course, known, newest[0])
        if modules:
            found.append(Wanted(newest[0], course=course, modules=modules, old=Known(known, ""), asked_by=newest[0]))
    return found


def questions(session: Session, tier: Certification, wanted: Wanted) -> list[dict[str, object]]:
    """Draw the questions that go with a section."""
    return delta_questions.draw(session, tier.courses, wanted.section) if wanted.section else []


def knows(learnt: Learnt, wanted: Wanted, facts: Facts, *, asked: bool) -> tuple[Known, str] | None:
    """Return as what, and how, somebody knows what a certificate asks; a course's modules are learnt in the course."""
    if wanted.policy is None or wanted.section is None or asked:
        return None
    return learnt.knows(wanted.policy, wanted.section, facts.histories[wanted.policy])

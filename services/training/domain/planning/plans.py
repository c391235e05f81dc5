"""A person's own plan: what is due, by when, why, and what to do next; read from whatever asks something of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from sqlmodel import col, func, or_, select

from services.training.domain import access
from services.training.domain.certification import terms
from services.training.domain.learning import progress
from services.training.domain.planning import asked, reminders
from services.training.domain.relearning import deltas
from services.training.domain.teaching import courses
from services.training.schemas.deltas import DeltaOut
from services.training.schemas.enrolments import ModuleProgress
from services.training.schemas.plans import DoneItem, NextStep, PlanItem, PlanOut, Reason
from services.training.tables import (
    Acknowledgement,
    AskedAcknowledgement,
    Certificate,
    Certification,
    Completion,
    Course,
    Delta,
    DeltaState,
    Enrolment,
    Person,
    PolicyVersion,
    State,
)
from shared.db import Session

LATELY = timedelta(days=90)
NEVER = datetime.max.replace(tzinfo=UTC)
BY_HAND = Reason(kind="by_hand", key=None, title="Somebody put you on it, or you did.")


def of_person(session: Session, employee_number: str, locale: str | None = None) -> PlanOut:
    """Return a person's plan, the most urgent first; raises NotFound."""
    person = access.get_person(session, employee_number, "training:read")
    items = [item for part in PARTS for item in part(session, person, locale)]
    items.sort(key=lambda item: (item.due_at or NEVER, item.kind, item.key))
    done = sorted(done_lately(session, person), key=lambda item: item.done_at, reverse=True)
    return PlanOut(employee_number=person.employee_number, items=items, done=done)


def item_due(session: Session, due_at: datetime | None) -> dict[str, object]:
    """Return by when something is due, and whether it is late."""
    return {"due_at": due_at, "overdue": due_at is not None and due_at < session.now}


def courses_due(session: Session, person: Person, locale: str | None) -> Iterator[PlanItem]:
    """Yield the courses that a person is on and has not completed, here or elsewhere.

    Where they are on one only for what changed under a certificate, that stands in the plan by itself while it is open.
    """
    changed = select(Delta.id).where(Delta.person == person.id, Delta.state == DeltaState.OPEN)
    query = select(Enrolment).where(
        Enrolment.person == person.id,
        col(Enrolment.completed_at).is_(None),
        col(Enrolment.withdrawn_at).is_(None),
        or_(col(Enrolment.delta).is_(None), col(Enrolment.delta).not_in(changed)),
    )
    rows = session.exec(query.order_by(Enrolment.id)).all()
    done = reminders.completed_since(session, rows)
    reasons = reasons_of(session, person.id) if rows else {}
    for row in rows:
        if row.id in done:
            continue
        version = courses.version_of(session, row.course, row.version)
        modules = progress.of(session, row, version, locale)
        step = next((module for module in modules if module.state == "open"), None)
        known = [module.minutes for module in modules if module.minutes and not module.done]
        yield PlanItem.model_validate(
            {
                "kind": "course",
                "key": row.course,
                "title": courses.get(session, row.course, locale).title,
                **item_due(session, row.due_at),
                "why": reasons.get(row.course) or [BY_HAND],
                "minutes_left": sum(known) if known else None,
                "enrolment": row.id,
                "next": step and module_step(row, step),
                "blocked_by": None if step else blocked(modules),
            }
        )


def module_step(row: Enrolment, module: ModuleProgress) -> NextStep:
    """Return how to go on with a course."""
    url = f"/v1/enrolments/{row.id}/modules/{module.key}"
    return NextStep(title=module.title, method="GET", url=url, module=module.key)


def blocked(modules: list[ModuleProgress]) -> str | None:
    """Return why no module can be begun now."""
    return next((lock.detail for module in modules if not module.done for lock in module.locked_by), None)


def reasons_of(session: Session, person: str) -> dict[str, list[Reason]]:
    """Return by course which rules and paths ask for it."""
    known = asked.gather(session, [person])
    found: dict[str, list[Reason]] = {}
    for (key, _), match in known.matches.items():
        rule = known.rules[key]
        if match.ended_at is None:
            for course in known.courses_of(rule):
                found.setdefault(course, []).append(Reason(kind="rule", key=key, title=rule.title))
    for (key, _), member in known.memberships.items():
        path = known.paths[key]
        if member.ended_at is None:
            for step in asked.steps_of(path):
                found.setdefault(step.course, []).append(Reason(kind="path", key=key, title=path.title))
    return found


def acknowledgements_due(session: Session, person: Person, _locale: str | None) -> Iterator[PlanItem]:
    """Yield the policies that campaigns ask a person to accept: one each, by the earliest date."""
    query = select(AskedAcknowledgement).where(AskedAcknowledgement.person == person.id)
    rows = session.exec(query.order_by(col(AskedAcknowledgement.due_at), AskedAcknowledgement.campaign)).all()
    seen: set[str] = set()
    for row in rows:
        if row.policy in seen or accepted(session, row):
            continue
        seen.add(row.policy)
        newest = select(func.max(PolicyVersion.version)).where(PolicyVersion.policy == row.policy)
        version = max(row.version, session.exec(newest).one() or 0)
        url = f"/v1/policies/{row.policy}/versions/{version}/acknowledgements"
        yield PlanItem.model_validate(
            {
                "kind": "acknowledgement",
                "key": row.policy,
                "title": row.policy,
                **item_due(session, row.due_at),
                "why": [Reason(kind="campaign", key=row.campaign, title="A campaign asks you to accept the policy.")],
                "next": NextStep(title="Read the policy and accept it", method="POST", url=url),
            }
        )


def accepted(session: Session, row: AskedAcknowledgement) -> bool:
    """Say whether a person accepted what they are asked to: a version since the last material change."""
    material = select(func.max(PolicyVersion.version)).where(
        PolicyVersion.policy == row.policy, col(PolicyVersion.material)
    )
    since = session.exec(material).one() or row.version
    had = select(Acknowledgement.version).where(
        Acknowledgement.person == row.person,
        Acknowledgement.policy == row.policy,
        Acknowledgement.version >= min(since, row.version),
    )
    return session.exec(had).first() is not None


def renewals_due(session: Session, person: Person, _locale: str | None) -> Iterator[PlanItem]:
    """Yield the certificates whose renewal is open, with the first course that renews them."""
    query = (
        select(Certificate, Certification)
        .join(Certification, col(Certification.key) == col(Certificate.certification))
        .where(
            Certificate.person == person.id,
            col(Certificate.archived_at).is_(None),
            Certificate.state == State.HELD,
        )
    )
    for row, tier in session.exec(query.order_by(Certificate.certification)).all():
        if terms.renewable_from(row) > session.now:
            continue
        yield PlanItem.model_validate(
            {
                "kind": "renewal",
                "key": tier.key,
                "title": tier.title,
                **item_due(session, row.expires_at),
                "why": [Reason(kind="certificate", key=row.id, title="Your certificate ends.")],
                "next": renewal_step(session, person, row, tier),
            }
        )


def renewal_step(session: Session, person: Person, row: Certificate, tier: Certification) -> NextStep | None:
    """Return how to go on with a renewal: by a course that is open, or one to enrol on."""
    for key in tier.courses:
        used = row.basis.get(f"course/{key}", "")
        done = select(func.max(Completion.completed_at)).where(
            Completion.person == person.id, col(Completion.course) == key
        )
        last = session.exec(done).one()
        if last is not None and last.isoformat() > used:
            continue
        enrolment = under_way(session, person, key)
        title = courses.load(session, key).title
        if enrolment is not None:
            return NextStep(title=title, method="GET", url=f"/v1/enrolments/{enrolment}")
        return NextStep(title=title, method="POST", url="/v1/enrolments")
    return None


def deltas_due(session: Session, person: Person, _locale: str | None) -> Iterator[PlanItem]:
    """Yield what changed under a person's certificates; also what they missed while it can still be learnt."""
    for delta in deltas.due_of(session, person.id):
        enrolment = under_way(session, person, delta.course) if delta.course else None
        yield PlanItem.model_validate(
            {
                "kind": "delta",
                "key": delta.course or f"{delta.policy}/{delta.section}",
                "title": courses.load(session, delta.course).title if delta.course else delta.heading or delta.section,
                **item_due(session, delta.due_at),
                "why": [Reason(kind="certificate", key=delta.certificate, title="It changed under your certificate.")],
                "enrolment": enrolment,
                "next": delta_step(delta, enrolment),
            }
        )


def delta_step(delta: DeltaOut, enrolment: str | None) -> NextStep:
    """Return how to go on with what changed: by reading the section, or in the course, which may be under way."""
    if delta.course is None:
        return NextStep(title="Read what changed", method="GET", url=f"/v1/deltas/{delta.id}")
    if enrolment is not None:
        return NextStep(title="Go on with the course", method="GET", url=f"/v1/enrolments/{enrolment}")
    return NextStep(title="Learn what changed", method="POST", url=f"/v1/deltas/{delta.id}/enrolment")


def under_way(session: Session, person: Person, course: str) -> str | None:
    """Return the enrolment by which a person is on a course."""
    query = select(Enrolment.id).where(
        Enrolment.person == person.id,
        Enrolment.course == course,
        col(Enrolment.completed_at).is_(None),
        col(Enrolment.withdrawn_at).is_(None),
    )
    return session.exec(query).first()


PARTS: tuple[Callable[[Session, Person, str | None], Iterator[PlanItem]], ...] = (
    courses_due,
    acknowledgements_due,
    renewals_due,
    deltas_due,
)
"""Whatever asks something of people."""


def done_lately(session: Session, person: Person) -> Iterator[DoneItem]:
    """Yield what a person has done within the last months."""
    since = session.now - LATELY
    completed = (
        select(Course.key, Course.title, func.max(col(Completion.completed_at)))
        .join(Completion, col(Completion.course) == Course.key)
        .where(Completion.person == person.id, Completion.completed_at >= since)
        .group_by(Course.key, Course.title)
    )
    for key, title, at in session.exec(completed):
        yield DoneItem(kind="course", key=key, title=title, done_at=at)
    acknowledged = select(Acknowledgement.policy, func.max(col(Acknowledgement.acknowledged_at))).where(
        Acknowledgement.person == person.id, Acknowledgement.acknowledged_at >= since
    )
    for policy, at in session.exec(acknowledged.group_by(Acknowledgement.policy)):
        yield DoneItem(kind="acknowledgement", key=policy, title=policy, done_at=at)
    earned = (
        select(Certification.key, Certification.title, func.max(col(Certificate.issued_at)))
        .join(Certificate, col(Certificate.certification) == Certification.key)
        .where(Certificate.person == person.id, Certificate.issued_at >= since)
        .group_by(Certification.key, Certification.title)
    )
    for key, title, at in session.exec(earned):
        yield DoneItem(kind="certificate", key=key, title=title, done_at=at)

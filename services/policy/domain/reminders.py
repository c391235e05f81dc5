"""What a campaign tells each person, and when: that they are asked, that the date is near, and their manager that it has passed."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import ColumnElement, case, literal, update
from sqlmodel import col, select

from services.policy.domain import standing
from services.policy.domain.standing import Counting
from services.policy.tables import Acknowledgement, Asked, Campaign, Person, Policy
from shared.db import Session
from shared.events.policy import (
    AcknowledgementEscalatedV1,
    AcknowledgementRemindedV1,
    AcknowledgementRequestedV1,
)
from shared.outbox import tell
from shared.set_aside import at_hand, do_each
from shared.tables import UtcDateTime

SWEEP = "campaigns"
AT_ONCE = 500
"""People told in one unit, so that nobody else's write waits for a large campaign."""


class Kind(StrEnum):
    """What a step tells."""

    REQUEST = "request"
    REMINDER = "reminder"
    ESCALATION = "escalation"


def steps_of(campaign: Campaign, asked_at: datetime, due_at: datetime) -> list[tuple[datetime, Kind]]:
    """Return what a person is told over time, in order; what would come before they are asked is left out."""
    later = [(due_at + timedelta(days=days), Kind.REMINDER) for days in campaign.reminders]
    if campaign.escalate_after is not None:
        later.append((due_at + timedelta(days=campaign.escalate_after), Kind.ESCALATION))
    return [(asked_at, Kind.REQUEST), *sorted(step for step in later if step[0] > asked_at)]


def move_due_date(session: Session, campaign: Campaign, before: datetime) -> None:
    """Give the campaign's new date to all who had the old one; what they were told is not told again for a day that has been."""
    had = [col(Asked.campaign_id) == campaign.id, col(Asked.due_at) == before]
    alike = select(Asked.asked_at, Asked.steps).where(*had).distinct()
    for asked_at, behind in session.exec(alike).all():
        steps = steps_of(campaign, asked_at, campaign.due_at)
        behind_now = sum(at <= session.now for at, _ in steps) if behind else 0
        next_at = steps[behind_now][0] if behind_now < len(steps) else None
        session.execute(
            update(Asked)
            .where(*had, col(Asked.asked_at) == asked_at, col(Asked.steps) == behind)
            .values(
                due_at=campaign.due_at,
                steps=behind_now,
                next_at=case((col(Asked.exempt).is_(None), literal(next_at, UtcDateTime())), else_=None),
            )
        )


def tell_due(session: Session) -> None:
    """Tell everybody whose time has come; after a pause of the service only the last of several reminders."""
    due = (
        select(Asked.person)
        .join(Campaign, col(Campaign.id) == col(Asked.campaign_id))
        .join(Person, col(Person.id) == col(Asked.person))
        .where(*is_due(session), at_hand(session, SWEEP, col(Asked.person)))
        .order_by(col(Asked.next_at), col(Asked.person))
        .limit(AT_ONCE)
    )
    do_each(session, SWEEP, list(dict.fromkeys(session.exec(due))), partial(tell_some, session))


def is_due(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on people who are to be told something by now."""
    return (col(Asked.next_at) <= session.now, col(Campaign.state) == "open", col(Asked.exempt).is_(None))


def tell_some(session: Session, persons: Collection[str]) -> None:
    """Tell some people what they are to be told by now."""
    due = (
        select(Asked, Campaign, Policy, Person)
        .join(Campaign, col(Campaign.id) == col(Asked.campaign_id))
        .join(Policy, col(Policy.id) == col(Campaign.policy_id))
        .join(Person, col(Person.id) == col(Asked.person))
        .where(*is_due(session), col(Asked.person).in_(persons))
        .order_by(col(Asked.next_at), col(Asked.person))
    )
    rows = session.exec(due.with_for_update(of=Asked, skip_locked=True)).all()
    counting = standing.counting(session, {policy.id for _, _, policy, _ in rows})
    done = accepted_among(session, [(policy, person) for _, _, policy, person in rows], counting)
    managers = managers_of(session, [person for _, _, _, person in rows])
    for row, campaign, policy, person in rows:
        if (policy.id, person.id) in done or not person.active:
            row.next_at = None
            continue
        steps = steps_of(campaign, row.asked_at, row.due_at)
        now = [kind for at, kind in steps[row.steps :] if at <= session.now]
        manager = managers.get(person.manager or "")
        tell_person(session, row, now, policy=policy.key, version=counting[policy.id].latest, manager=manager)
        row.steps += len(now)
        row.next_at = steps[row.steps][0] if row.steps < len(steps) else None


def accepted_among(
    session: Session, pairs: Sequence[tuple[Policy, Person]], counting: Mapping[str, Counting]
) -> set[tuple[str, str]]:
    """Return which of these people accepted what counts of which of these policies, each by id."""
    policy_of = {version: policy for policy, each in counting.items() for version in each.versions}
    rows = select(Acknowledgement.version_id, Acknowledgement.person).where(
        col(Acknowledgement.version_id).in_(policy_of),
        col(Acknowledgement.person).in_({person.id for _, person in pairs}),
    )
    return {(policy_of[version], person) for version, person in session.exec(rows)}


def tell_person(
    session: Session, row: Asked, kinds: list[Kind], *, policy: str, version: int, manager: str | None
) -> None:
    """Tell of the steps that are due: of being asked, else of a reminder, and of the escalation.

    `version` is the one in force, which is the one that can be accepted.
    """
    said = {
        "id": said_to(row),
        "campaign": row.campaign_id,
        "person": row.person,
        "policy": policy,
        "version": version,
        "due_at": row.due_at,
    }
    if Kind.REQUEST in kinds:
        tell(session, AcknowledgementRequestedV1(**said))
    elif Kind.REMINDER in kinds:
        tell(session, AcknowledgementRemindedV1(**said))
    if Kind.ESCALATION in kinds:
        tell(session, AcknowledgementEscalatedV1(**said, manager=manager))


def said_to(row: Asked) -> str:
    """Return under which id a campaign's words to one person are told; it does not give the person away."""
    return hashlib.sha256(f"{row.campaign_id} {row.person}".encode()).hexdigest()[:32]


def managers_of(session: Session, persons: Iterable[Person]) -> dict[str, str]:
    """Return the ids, as events name people, of these people's managers by employee number, as far as they are known."""
    numbers = {person.manager for person in persons if person.manager is not None}
    rows = select(Person.employee_number, Person.id).where(
        col(Person.employee_number).in_(numbers), col(Person.active).is_(True)
    )
    return dict(session.exec(rows).all()) if numbers else {}

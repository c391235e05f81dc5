"""What a campaign tells each person, and when: that they are asked, that the date is near, and their manager that it has passed."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import col, select

from services.policy.domain import standing
from services.policy.tables import Asked, Campaign, Person, Policy
from shared.db import Session
from shared.events.policy import (
    AcknowledgementEscalatedV1,
    AcknowledgementRemindedV1,
    AcknowledgementRequestedV1,
)
from shared.outbox import tell

AT_ONCE = 500
"""People told in one unit, so that nobody else's write waits for a large campaign."""


class Kind(StrEnum):
    """What a step tells."""

    REQUEST = "request"
    REMINDER = "reminder"
    ESCALATION = "escalation"


def steps_of(campaign: Campaign, row: Asked) -> list[tuple[datetime, Kind]]:
    """Return what a person is told over time, in order; what would come before they are asked is left out."""
    later = [(row.due_at + timedelta(days=days), Kind.REMINDER) for days in campaign.reminders]
    if campaign.escalate_after is not None:
        later.append((row.due_at + timedelta(days=campaign.escalate_after), Kind.ESCALATION))
    return [(row.asked_at, Kind.REQUEST), *sorted(step for step in later if step[0] > row.asked_at)]


def move_due_date(session: Session, campaign: Campaign, before: datetime) -> None:
    """Give the campaign's new date to all who had the old one; what they were told is not told again for a day that has been."""
    for row in session.exec(select(Asked).where(Asked.campaign_id == campaign.id, Asked.due_at == before)):
        row.due_at = campaign.due_at
        steps = steps_of(campaign, row)
        if row.steps:
            row.steps = sum(at <= session.now for at, _ in steps)
        row.next_at = steps[row.steps][0] if row.steps < len(steps) else None


def tell_due(session: Session) -> None:
    """Tell everybody whose time has come; after a pause of the service only the last of several reminders."""
    due = (
        select(Asked, Campaign, Policy, Person)
        .join(Campaign, col(Campaign.id) == col(Asked.campaign_id))
        .join(Policy, col(Policy.id) == col(Campaign.policy_id))
        .join(Person, col(Person.id) == col(Asked.person))
        .where(col(Asked.next_at) <= session.now, Campaign.state == "open", col(Asked.exempt).is_(None))
        .order_by(col(Asked.next_at), col(Asked.person))
        .limit(AT_ONCE)
    )
    rows = session.exec(due.with_for_update(of=Asked, skip_locked=True)).all()
    versions: dict[str, list[str]] = {}
    for row, campaign, policy, person in rows:
        if policy.id not in versions:
            versions[policy.id] = standing.counting_versions(session, policy)
        done = session.exec(select(Person.id).where(Person.id == person.id, standing.accepted(versions[policy.id])))
        steps = steps_of(campaign, row)
        if done.first() is not None or not person.active:
            row.next_at = None
            continue
        now = [kind for at, kind in steps[row.steps :] if at <= session.now]
        tell_person(session, campaign, policy, row, person, now)
        row.steps += len(now)
        row.next_at = steps[row.steps][0] if row.steps < len(steps) else None


def tell_person(
    session: Session, campaign: Campaign, policy: Policy, row: Asked, person: Person, kinds: list[Kind]
) -> None:
    """Tell of the steps that are due: of being asked, else of a reminder, and of the escalation."""
    version = standing.asked_version(session, policy)
    said = {
        "id": f"{campaign.id}-{person.id}",
        "campaign": campaign.id,
        "person": person.id,
        "policy": policy.key,
        "version": version.number if version else 0,
        "due_at": row.due_at,
    }
    if Kind.REQUEST in kinds:
        tell(session, AcknowledgementRequestedV1(**said))
    elif Kind.REMINDER in kinds:
        tell(session, AcknowledgementRemindedV1(**said))
    if Kind.ESCALATION in kinds:
        tell(session, AcknowledgementEscalatedV1(**said, manager=person.manager))

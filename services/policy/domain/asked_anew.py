"""What campaigns ask, told again to whoever keeps a copy."""

from collections.abc import Sequence

from sqlalchemy import tuple_
from sqlmodel import col, select

from services.policy.domain import reminders, standing
from services.policy.tables import Asked, Campaign, Policy
from shared.db import Session
from shared.events.policy import AcknowledgementRequestedV1, CampaignChangedV1
from shared.snapshots import rows_after


def place_of(event: AcknowledgementRequestedV1) -> str:
    """Return by what the asked are ordered."""
    return f"{event.campaign} {event.person}"


def asked(session: Session, after: str | None, limit: int) -> Sequence[AcknowledgementRequestedV1]:
    """Return what open campaigns have asked of whom, but for those who need not accept."""
    campaign, _, person = (after or "").partition(" ")
    rows = (
        select(Asked, Campaign, Policy)
        .join(Campaign, col(Campaign.id) == col(Asked.campaign_id))
        .join(Policy, col(Policy.id) == col(Campaign.policy_id))
        .where(
            Campaign.state == "open",
            col(Asked.exempt).is_(None),
            col(Asked.steps) > 0,
            tuple_(col(Asked.campaign_id), col(Asked.person)) > tuple_(campaign, person),
        )
        .order_by(col(Asked.campaign_id), col(Asked.person))
        .limit(limit)
    )
    found = session.exec(rows).all()
    counting = standing.counting(session, {policy.id for _, _, policy in found})
    return [
        AcknowledgementRequestedV1(
            id=reminders.said_to(row),
            campaign=row.campaign_id,
            person=row.person,
            policy=policy.key,
            version=counting[policy.id].latest,
            due_at=row.due_at,
        )
        for row, _, policy in found
    ]


def campaigns(session: Session, after: str | None, limit: int) -> Sequence[CampaignChangedV1]:
    """Return all campaigns as they are, also those that are closed."""
    rows = rows_after(session, Campaign, after, limit)
    policies = {row.policy_id: session.get_one(Policy, row.policy_id) for row in rows}
    counting = standing.counting(session, set(policies))
    return [
        CampaignChangedV1(
            **row.model_dump(include={"id", "title", "state", "due_at"}),
            policy=policies[row.policy_id].key,
            version=counting[row.policy_id].latest,
            change="told_again",
        )
        for row in rows
    ]

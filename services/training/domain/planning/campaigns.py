"""A copy of what campaigns ask people to accept, so that it stands in their plan."""

from sqlmodel import col, delete

from services.training.tables import AskedAcknowledgement
from shared.db import Session
from shared.events.policy import AcknowledgementRemindedV1, AcknowledgementRequestedV1, CampaignChangedV1


def keep_asked(session: Session, event: AcknowledgementRequestedV1 | AcknowledgementRemindedV1) -> None:
    """Keep what a person is asked, with the date as it was told last."""
    row = event.model_dump(include={"campaign", "person", "policy", "version", "due_at"})
    session.merge(AskedAcknowledgement(**row))
    session.flush()


def keep_campaign(session: Session, event: CampaignChangedV1) -> None:
    """Forget what is not asked any more once a campaign is closed."""
    if event.state == "closed":
        session.exec(delete(AskedAcknowledgement).where(col(AskedAcknowledgement.campaign) == event.id))

"""What is told of people and a policy: who is asked to accept it, who has, and who asked for approval of a draft."""

from datetime import datetime

from pydantic import Field

from shared.events.base import Content, Event, Operational, Public, told


@told
class AcknowledgementRecordedV1(Event):
    """A person accepted one exact version."""

    type = "policy.acknowledgement.recorded.v1"
    id: Public[str]
    person: Operational[str]
    policy: Public[str]
    version: Public[int]
    acknowledged_at: Operational[datetime]


class AcknowledgementAsked(Event):
    """What a person, or their manager, is told by a campaign: what to accept, and by when."""

    id: Public[str]
    campaign: Public[str]
    person: Operational[str]
    policy: Public[str]
    version: Public[int]
    due_at: Operational[datetime]


@told
class AcknowledgementRequestedV1(AcknowledgementAsked):
    """A person is asked to accept a version."""

    type = "policy.acknowledgement.requested.v1"


@told
class AcknowledgementRemindedV1(AcknowledgementAsked):
    """A person has not accepted yet, and the date is near or has passed."""

    type = "policy.acknowledgement.reminded.v1"


@told
class AcknowledgementEscalatedV1(AcknowledgementAsked):
    """A person has not accepted in time; `manager`, a person's id, is told."""

    type = "policy.acknowledgement.escalated.v1"
    manager: Operational[str | None] = None


@told
class CampaignChangedV1(Event):
    """A campaign began, was changed or closed, or asks everybody anew since a material version is in force."""

    type = "policy.campaign.changed.v1"
    id: Public[str]
    policy: Public[str]
    version: Public[int]
    title: Public[str]
    state: Public[str]
    due_at: Public[datetime]
    change: Public[str]


@told
class ApprovalRequestedV1(Event):
    """An author asked for approval of a held draft: of `approver`, or of anyone who may, who are `approvers` now.

    `text` is always empty: the draft is for its author and those who are asked, who read it under the request's id.
    """

    type = "policy.approval.requested.v1"
    id: Public[str]
    person: Operational[str | None] = None
    text: Content[str]
    check: Public[str | None] = None
    approver: Operational[str | None] = None
    approvers: Operational[list[str]] = Field(default_factory=list)


@told
class ApprovalDecidedV1(Event):
    """Someone who may approve answered a request: `approved` or `rejected`.

    `text_hash` is the SHA-256 (hex) of the request's id, a line feed and the draft, by which others know the text.
    """

    type = "policy.approval.decided.v1"
    id: Public[str]
    decision: Operational[str]
    person: Operational[str | None] = None
    decided_by: Operational[str | None] = None
    decided_at: Operational[datetime | None] = None
    text_hash: Content[str | None] = None

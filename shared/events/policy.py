"""What the policy service tells."""

from datetime import datetime

from pydantic import BaseModel

from shared.events.base import Content, Event, Operational, Public, told


class SectionInForce(BaseModel):
    """One section of a version: its stable id, its heading and the hash of its content."""

    id: str
    heading: str
    hash: str


class RuleText(BaseModel):
    """One rule with the section it stands under; `yaml` is its source block, as the rule engine reads it."""

    id: str
    section: str
    yaml: str


@told
class VersionPublishedV1(Event):
    """A version was approved and given its effective time."""

    type = "policy.version.published.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    title: Public[str]
    effective_at: Public[datetime]
    material: Public[bool] = True


@told
class VersionInForceV1(Event):
    """A version came into force: its sections and rules are what counts from now on."""

    type = "policy.version.in_force.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    title: Public[str]
    locale: Public[str]
    effective_at: Public[datetime]
    material: Public[bool] = True
    source: Public[str]
    sections: Public[list[SectionInForce]]
    rules: Public[list[RuleText]]


@told
class VersionSupersededV1(Event):
    """A version stopped being in force because a later one came."""

    type = "policy.version.superseded.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    superseded_by: Public[int]


@told
class AcknowledgementRecordedV1(Event):
    """A person accepted one exact version."""

    type = "policy.acknowledgement.recorded.v1"
    id: Public[str]
    person: Operational[str]
    policy: Public[str]
    version: Public[int]
    acknowledged_at: Operational[datetime]


@told
class TaskTeamChangedV1(Event):
    """A seat of the task team was filled, left or changed."""

    type = "policy.task_team.changed.v1"
    aggregate_field = "seat"
    seat: Public[str]
    role: Public[str]
    department: Public[str | None] = None
    region: Public[str | None] = None
    network: Public[str | None] = None
    language: Public[str | None] = None
    person: Operational[str | None] = None
    change: Public[str]


@told
class ApprovalRequestedV1(Event):
    """An author asked for approval of a held draft."""

    type = "policy.approval.requested.v1"
    id: Public[str]
    person: Operational[str | None] = None
    text: Content[str]


@told
class ApprovalDecidedV1(Event):
    """Someone who may approve answered a request."""

    type = "policy.approval.decided.v1"
    id: Public[str]
    decision: Operational[str]

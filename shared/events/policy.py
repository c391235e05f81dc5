"""What the policy service tells."""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.events.base import Content, Event, Operational, Personal, Public, told


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
class VersionWithdrawnV1(Event):
    """A version that was to come into force later will not."""

    type = "policy.version.withdrawn.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]


@told
class VersionTranslatedV1(Event):
    """A version is there in another language, or its translation was improved; `sections` are those it has."""

    type = "policy.version.translated.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    locale: Public[str]
    sections: Public[list[str]]


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
    topics: Public[list[str]] = Field(default_factory=list)
    term_ends_at: Operational[datetime | None] = None
    vacate_at: Operational[datetime | None] = None


@told
class NominationChangedV1(Event):
    """Somebody was put forward for the task team, or their nomination moved on; `seat` is the one wished or offered."""

    type = "policy.nomination.changed.v1"
    id: Public[str]
    person: Personal[str]
    seat: Operational[str | None] = None
    state: Operational[str]
    change: Operational[str]
    offer_ends_at: Operational[datetime | None] = None


class QuestionTold(Event):
    """What every question event carries: the question as it is after the change, without its words."""

    id: Public[str]
    asker: Personal[str]
    assignee: Operational[str | None] = None
    seat: Operational[str | None] = None
    state: Operational[str]
    policy: Public[str | None] = None
    section: Public[str | None] = None
    topic: Operational[str | None] = None
    language: Operational[str | None] = None
    due_at: Operational[datetime | None] = None


@told
class QuestionAskedV1(QuestionTold):
    """Somebody asked the task team about the policy; `assignee` is whom it is with."""

    type = "policy.question.asked.v1"


@told
class QuestionReassignedV1(QuestionTold):
    """A question is with somebody else: handed on, or its holder has left the team."""

    type = "policy.question.reassigned.v1"


@told
class QuestionEscalatedV1(QuestionTold):
    """A question was not answered in time and went to the next member, or to a lead."""

    type = "policy.question.escalated.v1"


@told
class QuestionAnsweredV1(QuestionTold):
    """The task team answered a question."""

    type = "policy.question.answered.v1"


@told
class QuestionRatedV1(QuestionTold):
    """The asker said how much an answer helped, from 1 to 5."""

    type = "policy.question.rated.v1"
    rating: Operational[int]


@told
class FaqChangedV1(Event):
    """An entry of the questions and answers beside a section was added, changed or removed."""

    type = "policy.faq.changed.v1"
    id: Public[str]
    policy: Public[str]
    section: Public[str]
    change: Public[str]


@told
class ApprovalRequestedV1(Event):
    """An author asked for approval of a held draft: of `approver`, or of anyone who may.

    `text` is always empty: the draft is for its author and those who are asked, who read it under the request's id.
    """

    type = "policy.approval.requested.v1"
    id: Public[str]
    person: Operational[str | None] = None
    text: Content[str]
    check: Public[str | None] = None
    approver: Operational[str | None] = None


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


@told
class EmergencyRuleStartedV1(Event):
    """Two people attached a rule to a section of the version in force; it ends by itself at `ends_at`."""

    type = "policy.emergency_rule.started.v1"
    id: Public[str]
    policy: Public[str]
    version: Public[int]
    section: Public[str]
    rule: Public[str]
    yaml: Public[str]
    started_at: Public[datetime]
    ends_at: Public[datetime]


@told
class EmergencyRuleEndedV1(Event):
    """An emergency rule ended: `expired` by itself, `ended` early by somebody, or `replaced` by a version that has it."""

    type = "policy.emergency_rule.ended.v1"
    id: Public[str]
    policy: Public[str]
    rule: Public[str]
    why: Public[str]


@told
class BacktestFinishedV1(Event):
    """A back-test came to its end: it is done, was cancelled, or failed. Counts posts, and names nobody."""

    type = "policy.backtest.finished.v1"
    id: Public[str]
    policy: Operational[str]
    version: Operational[int]
    state: Operational[str]
    posts: Operational[int]
    newly_flagged: Operational[int]
    newly_cleared: Operational[int]
    unchanged: Operational[int]

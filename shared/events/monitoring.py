"""What the monitoring service tells."""

from datetime import datetime

from pydantic import BaseModel

from shared.events.base import Content, Event, Operational, Personal, Public, told
from shared.events.erasures import ErasureFinished


@told
class AccountRegisteredV1(Event):
    """A social account was registered, by the person whose it is (without one, the brand's)."""

    type = "monitoring.account.registered.v1"
    id: Public[str]
    network: Public[str]
    kind: Public[str]
    person: Operational[str | None] = None
    registered_at: Operational[datetime]


@told
class AccountRemovedV1(Event):
    """A registration ended: the account is no longer our concern."""

    type = "monitoring.account.removed.v1"
    id: Public[str]


@told
class PostReceivedV1(Event):
    """A post came in and was kept; `person` is set only for a registered account."""

    type = "monitoring.post.received.v1"
    id: Public[str]
    network: Public[str]
    network_id: Content[str]
    kind: Public[str]
    author: Content[str]
    person: Operational[str | None] = None
    text: Content[str]
    lang: Public[str | None] = None
    topic: Public[str | None] = None
    posted_at: Operational[datetime]


@told
class PostEditedV1(Event):
    """A post's text changed at its network."""

    type = "monitoring.post.edited.v1"
    id: Public[str]
    text: Content[str]
    edited_at: Operational[datetime]


@told
class PostDeletedV1(Event):
    """A post was deleted at its network."""

    type = "monitoring.post.deleted.v1"
    id: Public[str]
    deleted_at: Operational[datetime]


class FindingTold(Event):
    """What every finding event carries: the whole finding as it is after the change, without the post's text."""

    id: Public[str]
    post: Public[str]
    rule: Public[str]
    policy: Public[str]
    version: Public[int]
    section: Public[str]
    severity: Public[str]
    state: Operational[str]
    network: Public[str]
    person: Operational[str | None] = None
    department: Operational[str | None] = None
    coach: Operational[str | None] = None
    opened_at: Operational[datetime]


@told
class FindingOpenedV1(FindingTold):
    """A rule in force matched a post."""

    type = "monitoring.finding.opened.v1"


@told
class FindingClaimedV1(FindingTold):
    """A coach took a finding on."""

    type = "monitoring.finding.claimed.v1"


@told
class FindingClosedV1(FindingTold):
    """A finding came to its end: guided and acknowledged, or dismissed."""

    type = "monitoring.finding.closed.v1"


class GuidanceTold(Event):
    """What every guidance event carries."""

    id: Public[str]
    finding: Public[str]
    person: Operational[str | None] = None
    coach: Operational[str]
    message: Content[str]
    better_wording: Content[str | None] = None
    state: Operational[str]


@told
class GuidanceGivenV1(GuidanceTold):
    """A coach told a person something about a finding, or about something done well."""

    type = "monitoring.guidance.given.v1"


@told
class GuidanceAcknowledgedV1(GuidanceTold):
    """The person read the guidance and accepted it."""

    type = "monitoring.guidance.acknowledged.v1"


@told
class GuidanceAppealedV1(GuidanceTold):
    """The person asked another coach to look again."""

    type = "monitoring.guidance.appealed.v1"


class PassedOver(BaseModel):
    """A person whom the router did not choose, and why."""

    person: str
    why: str


class ConversationTold(Event):
    """What every conversation event carries: its state after the change, without the customer's words."""

    id: Public[str]
    network: Public[str]
    state: Operational[str]
    language: Public[str | None] = None
    topic: Public[str | None] = None
    assignee: Operational[str | None] = None
    assignment: Public[str | None] = None
    accept_by: Operational[datetime | None] = None
    opened_at: Operational[datetime]
    why: Personal[str | None] = None


@told
class ConversationOpenedV1(ConversationTold):
    """A customer's mention or message needs an answer."""

    type = "monitoring.conversation.opened.v1"


@told
class ConversationAssignedV1(ConversationTold):
    """A conversation is with a certified person until a deadline."""

    type = "monitoring.conversation.assigned.v1"


@told
class ConversationAcceptedV1(ConversationTold):
    """The assignee took the conversation on."""

    type = "monitoring.conversation.accepted.v1"


@told
class ConversationReturnedV1(ConversationTold):
    """A conversation went back to the queue: silence, hand-off, absence or a lapsed certificate."""

    type = "monitoring.conversation.returned.v1"


@told
class ConversationAnsweredV1(ConversationTold):
    """The assignee replied."""

    type = "monitoring.conversation.answered.v1"


@told
class ConversationResolvedV1(ConversationTold):
    """The conversation is done."""

    type = "monitoring.conversation.resolved.v1"


@told
class ReplyApprovedV1(Event):
    """A reply passed the check and may be sent."""

    type = "monitoring.reply.approved.v1"
    id: Public[str]
    conversation: Public[str]
    network: Public[str]
    person: Operational[str]
    text: Content[str]


@told
class ReplyDeliveredV1(Event):
    """The tool that sends replies reported a reply as sent."""

    type = "monitoring.reply.delivered.v1"
    id: Public[str]
    conversation: Public[str]
    status: Operational[str]
    network_id: Content[str | None] = None


@told
class PauseStartedV1(Event):
    """Replies and routing stopped for a scope."""

    type = "monitoring.pause.started.v1"
    id: Public[str]
    scope: Operational[str]
    reason: Operational[str]


@told
class PauseEndedV1(Event):
    """Replies and routing go on for a scope."""

    type = "monitoring.pause.ended.v1"
    id: Public[str]
    scope: Operational[str]


@told
class MonitoringErasureFinishedV1(ErasureFinished):
    """The monitoring service holds nothing any more that says who an erased person was."""

    type = "monitoring.erasure.finished.v1"

"""What we answer."""

from shared.events.base import Content, Event, Operational, Public, told


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

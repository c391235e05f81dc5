"""What we answer."""

from shared.events.base import Content, Event, Operational, Personal, Public, told


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


class ReplyTold(Event):
    """What is told of a reply that is not out: never its words."""

    id: Public[str]
    conversation: Public[str]
    network: Public[str]
    person: Operational[str]


@told
class ReplyDraftedV1(ReplyTold):
    """A reply waits for a trusted colleague to let it out."""

    type = "monitoring.reply.drafted.v1"


@told
class ReplyReturnedV1(ReplyTold):
    """A colleague gave a draft back to its author; why is for the author to read."""

    type = "monitoring.reply.returned.v1"


@told
class ReplyUnconfirmedV1(ReplyTold):
    """The tool that sends replies has not said in time what became of this one."""

    type = "monitoring.reply.unconfirmed.v1"


@told
class ReplyReviewedV1(ReplyTold):
    """A trusted colleague looked at a reply after it went out: it was `fine`, could be `better`, or was `wrong`."""

    type = "monitoring.reply.reviewed.v1"
    outcome: Personal[str]

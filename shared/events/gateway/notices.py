"""What is told of notices to people."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told


@told
class NoticeDeliveredV1(Event):
    """A notice has left for its person's mailbox or chat: the server there has taken it."""

    type = "gateway.notice.delivered.v1"
    id: Public[str]
    kind: Operational[str]
    person: Operational[str]
    channel: Operational[str]
    delivered_at: Operational[datetime]

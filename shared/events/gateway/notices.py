"""What is told of notices to people."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told


@told
class NoticePlannedV1(Event):
    """A notice that somebody's time runs from is about to leave for their mailbox or chat: until then it does not run.

    Told only where they are reached outside the portal at once; else the bell in the portal is how they are told.
    """

    type = "gateway.notice.planned.v1"
    id: Public[str]
    kind: Operational[str]
    fact: Operational[str]
    planned_at: Operational[datetime]


@told
class NoticeDeliveredV1(Event):
    """A notice has left for its person's mailbox or chat: the server there has taken it.

    `fact` is what it told of: the id of the assignment where a conversation was given to them.
    """

    type = "gateway.notice.delivered.v1"
    id: Public[str]
    kind: Operational[str]
    person: Operational[str]
    channel: Operational[str]
    delivered_at: Operational[datetime]
    fact: Operational[str] = ""

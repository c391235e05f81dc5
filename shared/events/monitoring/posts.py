"""What was posted."""

from datetime import datetime

from shared.events.base import Content, Event, Operational, Public, told


@told
class PostReceivedV1(Event):
    """A post came in and was kept; `person` is set only for a registered account."""

    type = "monitoring.post.received.v1"
    begins = True
    id: Public[str]
    network: Public[str]
    network_id: Content[str]
    kind: Public[str]
    author: Content[str]
    person: Operational[str | None] = None
    text: Content[str]
    lang: Public[str | None] = None
    topic: Public[str | None] = None
    triage: Public[str | None] = None
    urgency: Operational[int | None] = None
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

"""What is told of webhooks; their addresses are not, for many carry a secret."""

from shared.events.base import Event, Operational, Public, told


@told
class WebhookCreatedV1(Event):
    """An endpoint is told of events from now on."""

    type = "gateway.webhook.created.v1"
    id: Public[str]
    name: Operational[str]
    types: Operational[list[str]]


@told
class WebhookChangedV1(Event):
    """An endpoint has another address, name, secret, or hears other events."""

    type = "gateway.webhook.changed.v1"
    id: Public[str]
    name: Operational[str]
    types: Operational[list[str]]
    changed: Operational[list[str]]


@told
class WebhookPausedV1(Event):
    """An endpoint is told nothing for now: `by_hand`, or since it is `failing`, said `gone`, or its `maker_left`."""

    type = "gateway.webhook.paused.v1"
    id: Public[str]
    name: Operational[str]
    because: Operational[str]


@told
class WebhookResumedV1(Event):
    """A paused endpoint is told again, from where it stood."""

    type = "gateway.webhook.resumed.v1"
    id: Public[str]
    name: Operational[str]


@told
class WebhookDeletedV1(Event):
    """An endpoint is no more."""

    type = "gateway.webhook.deleted.v1"
    id: Public[str]

"""What the gateway tells."""

from shared.events.gateway.access import KeyCreatedV1, KeyRevokedV1, KeyRotatedV1, SignedInV1, SignedOutV1
from shared.events.gateway.notices import NoticeDeliveredV1, NoticePlannedV1
from shared.events.gateway.privacy import GatewayErasureFinishedV1, RecordsReadV1
from shared.events.gateway.webhooks import (
    WebhookChangedV1,
    WebhookCreatedV1,
    WebhookDeletedV1,
    WebhookPausedV1,
    WebhookResumedV1,
)

__all__ = [
    "GatewayErasureFinishedV1",
    "KeyCreatedV1",
    "KeyRevokedV1",
    "KeyRotatedV1",
    "NoticeDeliveredV1",
    "NoticePlannedV1",
    "RecordsReadV1",
    "SignedInV1",
    "SignedOutV1",
    "WebhookChangedV1",
    "WebhookCreatedV1",
    "WebhookDeletedV1",
    "WebhookPausedV1",
    "WebhookResumedV1",
]

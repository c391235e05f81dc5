"""What the gateway keeps, by area."""

from services.gateway.tables.access import ApiKey, Identity, PendingSignIn, SignedIn
from services.gateway.tables.base import Row, metadata
from services.gateway.tables.copies import (
    CoveredSections,
    HeldCertificate,
    Holder,
    KnownPerson,
    PolicyAnswer,
    PolicyChange,
    PolicyTranslation,
    Seat,
)
from services.gateway.tables.log import event_log
from services.gateway.tables.notices import Notice, NoticeMessage, NoticePreferences, NoticeSending
from services.gateway.tables.webhooks import Delivery, Webhook

__all__ = [
    "ApiKey",
    "CoveredSections",
    "Delivery",
    "HeldCertificate",
    "Holder",
    "Identity",
    "KnownPerson",
    "Notice",
    "NoticeMessage",
    "NoticePreferences",
    "NoticeSending",
    "PendingSignIn",
    "PolicyAnswer",
    "PolicyChange",
    "PolicyTranslation",
    "Row",
    "Seat",
    "SignedIn",
    "Webhook",
    "event_log",
    "metadata",
]

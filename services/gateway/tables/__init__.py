"""What the gateway keeps, by area."""

from services.gateway.tables.access import ApiKey, SignedIn
from services.gateway.tables.base import Row, metadata
from services.gateway.tables.copies import (
    CoveredSections,
    HeldCertificate,
    Holder,
    KnownPerson,
    PolicyAnswer,
    PolicyTranslation,
    Seat,
)
from services.gateway.tables.log import event_log

__all__ = [
    "ApiKey",
    "CoveredSections",
    "HeldCertificate",
    "Holder",
    "KnownPerson",
    "PolicyAnswer",
    "PolicyTranslation",
    "Row",
    "Seat",
    "SignedIn",
    "event_log",
    "metadata",
]

"""Bodies of badges: signing keys, what a holder shares, and what anyone may learn of a badge."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from shared.schemas import Body, Resource


class Show(StrEnum):
    """What a holder lets everyone see of themself."""

    NOTHING = "nothing"
    NAME = "name"
    NAME_AND_DEPARTMENT = "name_and_department"


class SharingIn(Body):
    """What the holder wants everyone who has the badge's address to see."""

    show: Show = Field(examples=[Show.NAME])


class SharingOut(Resource):
    """What everyone sees; `url` is the badge's public address, null before the badge was asked for the first time."""

    certificate: str
    show: Show
    url: str | None
    revision: int


class BadgeStatus(StrEnum):
    """How a badge stands at this moment."""

    VALID = "valid"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Holder(Resource):
    """Who holds a badge, as far as they show it."""

    name: str
    department: str | None


class VerificationOut(Resource):
    """What anyone may learn of a badge; `why` says it in a sentence, `holder` is null unless they show themself."""

    url: str = Field(examples=["https://alderfjord.example/verify/8zjJpQhZl0mX3tq2VwYb1A"])
    valid: bool
    status: BadgeStatus
    why: str = Field(examples=["The certificate holds until 23 November 2027."])
    title: str = Field(examples=["Responder"])
    description: str
    issuer: str = Field(examples=["Alderfjord"])
    issuer_did: str = Field(examples=["did:web:alderfjord.example"])
    issued_at: datetime
    valid_until: datetime
    holder: Holder | None
    as_of: datetime


class CheckedOut(Resource):
    """What is wrong with a badge that somebody was shown: `genuine` where it is what we signed, letter by letter."""

    genuine: bool
    valid: bool
    faults: list[str] = Field(examples=[["credentialSubject.achievement.name was changed."]])
    badge: VerificationOut | None


class BadgeKeyOut(Resource):
    """A key that signs badges, or did; `current` is the one that does."""

    id: str = Field(examples=["z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"])
    current: bool
    created_at: datetime
    retired_at: datetime | None
    revoked_at: datetime | None
    revision: int


class BadgeKeysOut(Resource):
    """All keys, the newest first."""

    items: list[BadgeKeyOut]
    next_cursor: str | None = None

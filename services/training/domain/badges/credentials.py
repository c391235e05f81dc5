"""What a badge says: an AchievementCredential of Open Badges 3.0 (https://www.imsglobal.org/spec/ob/v3p0/)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.training.domain.badges.keys import did_of
from services.training.domain.badges.proofs import CREDENTIALS, OPEN_BADGES, moment


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose badges these are; `suspendable` badges can be suspended where a verifier sees it."""

    url: str
    name: str
    suspendable: bool

    @property
    def did(self) -> str:
        """The name under which verifiers find the keys."""
        return did_of(self.url)

    def page(self, code: str) -> str:
        """Return a badge's public address."""
        return f"{self.url}/verify/{code}"

    def status_list(self, purpose: str, number: int) -> str:
        """Return the address of a list of badges that no longer hold."""
        return f"{self.url}/status-lists/{purpose}/{number}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a badge is to say of a certificate."""

    certificate: str
    person: str
    achievement: str
    title: str
    description: str
    criteria: str
    email: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a badge stands: its address, the salt of its identifier, and its place in a status list."""

    code: str
    salt: str
    number: int
    index: int


def credential(facts: Facts, place: Place, issuer: Issuer) -> dict[str, Any]:
    """Return what is signed. Nobody learns from it whose it is who does not know their address already."""
    page = issuer.page(place.code)
    return {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": page,
        # The same type as AchievementCredential; this is the name that strict verifiers compact both to.
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": facts.title,
        "issuer": {"id": issuer.did, "type": ["Profile"], "name": issuer.name, "url": issuer.url},
        "validFrom": moment(facts.issued_at),
        "validUntil": moment(facts.expires_at),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [identity(facts.email, place.salt)],
            "achievement": {
                "id": f"urn:uuid:{facts.achievement}",
                "type": ["Achievement"],
                "achievementType": "Certification",
                "name": facts.title,
                "description": facts.description,
                "criteria": {"narrative": facts.criteria},
                "image": {"id": f"{page}/picture.png", "type": "Image", "caption": f"{facts.title}, {issuer.name}"},
            },
        },
        "credentialStatus": statuses(place, issuer),
    }


def identity(email: str, salt: str) -> dict[str, Any]:
    """Return the holder's address as a salted hash (Open Badges 3.0, IdentityObject)."""
    hashed = hashlib.sha256(f"{email}{salt}".encode()).hexdigest()
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${hashed}",
        "identityType": "emailAddress",
        "salt": salt,
    }


def statuses(place: Place, issuer: Issuer) -> dict[str, str] | list[dict[str, str]]:
    """Return where a verifier sees whether the badge was taken back; one entry is no list, as most readers expect."""
    revocation = status_entry("revocation", place, issuer)
    return [revocation, status_entry("suspension", place, issuer)] if issuer.suspendable else revocation


def status_entry(purpose: str, place: Place, issuer: Issuer) -> dict[str, str]:
    """Return an entry of a Bitstring Status List (https://www.w3.org/TR/vc-bitstring-status-list/)."""
    address = issuer.status_list(purpose, place.number)
    return {
        "id": f"{address}#{place.index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(place.index),
        "statusListCredential": address,
    }

"""Which badges no longer hold, as lists of bits that tell nobody whose a bit is, or how many badges there are.

A list has 131,072 places, so that whoever asks for it does not say for which badge. Places are taken at random, so that
they tell nothing of the order. What changes certificates is followed through the feed of their changes: a badge's bit
is set within seconds, whoever revoked it and by whichever way.
"""

import gzip
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import orjson
from sqlalchemy import and_, func, update
from sqlalchemy import select as plain_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.training.domain.badges import counting, keys, proofs
from services.training.domain.badges.credentials import Issuer
from services.training.domain.badges.proofs import CREDENTIALS, moment
from services.training.schemas.certificates import Status
from services.training.tables import Badge, Certificate, CertificateChange, Person, StatusList
from shared.db import Session, insert
from shared.evidence import record
from shared.problems import NotFound
from shared.set_aside import again, do_each
from shared.tables import counters

PLACES = 131_072
FULL = PLACES // 2
"""From here on a new list is begun: a random place is found at once while half of them are free."""
HOLDS = timedelta(days=2)
"""A copy of a list is worth nothing after that, so that an old one cannot stand for one that has changed."""
FOLLOWED = "badges_followed"
CHUNK = 500
SWEEP = "badges"


class Purpose(StrEnum):
    """What a bit of a list says: taken back for good, or for now."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True)
class Edition:
    """What a list says now; `version` changes when it does, and once a day."""

    number: int
    purpose: Purpose
    version: str
    valid_from: datetime
    places: tuple[int, ...]
    key: str
    sealed: bytes | None


def open_list(session: Session) -> int:
    """Return the number of the list that takes new badges, begun if there is none."""
    newest = session.exec(select(StatusList).order_by(col(StatusList.number).desc())).first()
    if newest is not None and newest.taken < FULL:
        return newest.number
    number = newest.number + 1 if newest else 1
    begun = insert(session, StatusList.__table__).values(  # type: ignore[attr-defined]
        number=number, taken=0, revision=1, changed_at=session.now
    )
    session.execute(begun.on_conflict_do_nothing())
    return number


def random_place() -> int:
    """Return any place of a list."""
    return secrets.randbelow(PLACES)


def version(session: Session, number: int) -> str:
    """Return the version of a list as it is now; raises NotFound."""
    return version_of(session, get(session, number))


def get(session: Session, number: int) -> StatusList:
    """Return a list; raises NotFound."""
    found = session.get(StatusList, number)
    if found is None:
        raise NotFound("There is no such status list.")
    return found


def version_of(session: Session, found: StatusList) -> str:
    """Return a list's version: its revision, the day and the key that signs."""
    key = keys.current(session)
    return f"{found.revision}-{session.now:%Y%m%d}-{key.id[-8:] if key else ''}"


def edition(session: Session, purpose: Purpose, number: int) -> Edition:
    """Return what a list says now; raises NotFound."""
    found, key = get(session, number), keys.current(session)
    ended = col(Badge.revoked_at if purpose is Purpose.REVOCATION else Badge.suspended_at)
    suspendable = () if purpose is Purpose.REVOCATION else (col(Badge.suspendable),)
    places = session.exec(
        select(Badge.place)
        .where(Badge.list_number == number, ended.is_not(None), *suspendable)
        .order_by(col(Badge.place))
    )
    day = session.now.replace(hour=0, minute=0, second=0, microsecond=0)
    valid_from = max(day, found.changed_at.astimezone(UTC))
    sealed = key.sealed if key else None
    return Edition(
        number, purpose, version_of(session, found), valid_from, tuple(places), key.id if key else "", sealed
    )


def sign(edition: Edition, issuer: Issuer, vault: keys.Vault) -> bytes:
    """Return a list as a signed credential, as it is served."""
    private = vault.open(edition.key, edition.sealed)
    method = f"{issuer.did}#{edition.key}"
    return orjson.dumps(proofs.sign(credential(edition, issuer), method, private, edition.valid_from))


def credential(edition: Edition, issuer: Issuer) -> dict[str, Any]:
    """Return a list as the credential that is signed."""
    address = issuer.status_list(edition.purpose, edition.number)
    return {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.did,
        "validFrom": moment(edition.valid_from),
        "validUntil": moment(edition.valid_from + HOLDS),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": edition.purpose,
            "encodedList": encode(edition.places),
        },
    }


def encode(places: Iterable[int]) -> str:
    """Return a bitstring with these bits set: place 0 is the leftmost; GZIP, base64url, multibase `u`."""
    bits = bytearray(PLACES // 8)
    for place in places:
        bits[place // 8] |= 0x80 >> place % 8
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode().rstrip("=")


def follow(session: Session) -> None:
    """Bring badges up to what has happened to their certificates, or to those that followed these, since the last time."""
    do_each(session, SWEEP, again(session, SWEEP, CHUNK), partial(bring_up_all, session))
    at = session.execute(plain_select(counters.c.value).where(counters.c.name == FOLLOWED)).scalar() or 0
    newest = session.exec(select(func.max(CertificateChange.position))).one() or 0
    if newest <= at:
        return
    told = aliased(Certificate)
    changed = (
        select(CertificateChange.position, Badge.id)
        .join(told, col(told.id) == col(CertificateChange.certificate))
        .join(
            Certificate,
            and_(
                col(Certificate.person) == col(told.person), col(Certificate.certification) == col(told.certification)
            ),
        )
        .join(Badge, col(Badge.certificate) == col(Certificate.id))
        .where(col(CertificateChange.position) > at, col(CertificateChange.position) <= newest)
        .where(col(Badge.revoked_at).is_(None))
    )
    found = session.exec(changed.order_by(col(CertificateChange.position)).limit(CHUNK)).all()
    do_each(session, SWEEP, list(dict.fromkeys(badge for _, badge in found)), partial(bring_up_all, session))
    # The last change of a full chunk may touch further badges: it is looked at again.
    reached = found[-1][0] - 1 if len(found) == CHUNK else newest
    kept = insert(session, counters).values(name=FOLLOWED, value=reached)
    session.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"value": reached}))


def bring_up_all(session: Session, badges: Collection[str]) -> None:
    """Let badges say what the statuses of their certificates say now."""
    rows = (
        select(Badge, Certificate, Person)
        .join(Certificate, col(Certificate.id) == col(Badge.certificate))
        .join(Person, col(Person.id) == col(Badge.person))
        .where(col(Badge.id).in_(badges), col(Badge.revoked_at).is_(None))
    )
    for badge, certificate, person in session.exec(rows.order_by(Badge.id)).all():
        bring_up(session, badge, counting.status_of(session, certificate, person))


def bring_up(session: Session, badge: Badge, status: Status) -> None:
    """Let a badge say what its certificate's status says, as far as its date does not say it already.

    A leaver's badge is revoked, and that of a certificate that ended before the date that was signed: revocation is all
    that every verifier looks at. Who returns, or earns the certificate again, gets another badge.
    """
    early = status is Status.EXPIRED and session.now < badge.valid_until
    suspended = status is Status.SUSPENDED
    if badge.revoked_at is None and (early or status in {Status.REVOKED, Status.NONE}):
        badge.revoked_at = session.now
        done = "revoked"
    elif suspended != (badge.suspended_at is not None):
        badge.suspended_at = session.now if suspended else None
        done = "suspended" if suspended else "reinstated"
    else:
        return
    session.add(badge)
    session.execute(
        update(StatusList)
        .where(col(StatusList.number) == badge.list_number)
        .values(revision=StatusList.revision + 1, changed_at=session.now)
    )
    record(session, f"badge.{done}", f"badge/{badge.id}", person=badge.person)

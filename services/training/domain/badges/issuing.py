"""From a certificate to its badge: found, or signed when somebody asks for it for the first time.

Signing takes milliseconds that no transaction should wait for. So a unit of work says what is to be signed, it is signed
between two units, and a second one keeps it, unless the certificate or the place has gone meanwhile.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from sqlmodel import col, select

from services.training.domain.badges import counting, keys, proofs, status_lists
from services.training.domain.badges.credentials import Facts, Issuer, Place, credential
from services.training.domain.certification import certificates, decisions
from services.training.domain.certification.standing import STILL_CERTIFIED
from services.training.tables import Badge, BadgeKey, Certificate, Certification, Course, Person, StatusList
from shared.db import Session, insert
from shared.evidence import digest_of, record
from shared.problems import Conflict

SCOPE = "certificates:read"


class NoBadge(Conflict):
    """There is no badge for a certificate that is not in force."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A badge that is still to be signed, with the key that signs."""

    facts: Facts
    number: int
    key: str
    sealed: bytes | None
    replaces: Badge | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """A badge that is signed and still to be kept."""

    wanted: Wanted
    place: Place
    credential: str
    suspendable: bool


def find(session: Session, certificate: str) -> Badge | Wanted:
    """Return the badge of a certificate that the caller may reach, or what is to be signed.

    Raises NotFound, or NoBadge where there is none and the certificate is not in force.
    """
    row, person = certificates.load(session, certificate, SCOPE)
    badges = session.exec(select(Badge).where(Badge.certificate == row.id).order_by(col(Badge.issued_at).desc())).all()
    kept = next((badge for badge in badges if badge.revoked_at is None), None)
    if kept is not None and keys.is_trusted(session, kept) and kept.valid_until == row.expires_at:
        return kept
    if not in_force(session, row, person):
        if badges:
            return badges[0]
        raise NoBadge
    key = keys.current(session)
    newest = session.exec(select(StatusList).order_by(col(StatusList.number).desc())).first()
    if key is None or newest is None or newest.taken >= status_lists.FULL:
        return Wanted(facts_of(session, row, person), 0, "", None, kept, session.now)
    return Wanted(facts_of(session, row, person), newest.number, key.id, key.sealed, kept, session.now)


def prepare(session: Session, made: keys.NewKey) -> None:
    """Make what a badge stands on, as far as it is missing: a key, and a list with room."""
    keys.ensure(session, made)
    status_lists.open_list(session)


def sign(wanted: Wanted, issuer: Issuer, vault: keys.Vault) -> Signed:
    """Sign a badge under an address that nobody can guess; one that is signed anew keeps its address and place."""
    before = wanted.replaces
    salt = secrets.token_urlsafe(16)
    if before is None:
        place = Place(secrets.token_urlsafe(16), salt, wanted.number, status_lists.random_place())
    else:
        place = Place(before.code, salt, before.list_number, before.place)
    private: Ed25519PrivateKey = vault.open(wanted.key, wanted.sealed)
    document = credential(wanted.facts, place, issuer)
    signed = proofs.sign(document, f"{issuer.did}#{wanted.key}", private, wanted.at)
    return Signed(wanted, place, orjson.dumps(signed).decode(), issuer.suspendable)


def keep(session: Session, signed: Signed) -> Badge | None:
    """Keep a signed badge; None where it must be signed again: the key was retired, or somebody was faster.

    Raises NotFound or NoBadge as `find` does.
    """
    facts = signed.wanted.facts
    decisions.lock(session, [facts.person])
    row, person = certificates.load(session, facts.certificate, SCOPE)
    session.refresh(row)
    if not in_force(session, row, person):
        raise NoBadge
    key = session.get(BadgeKey, signed.wanted.key)
    if key is None or key.retired_at is not None:
        return None
    values: dict[str, Any] = {"key": key.id, "credential": signed.credential, "issued_at": session.now}
    values |= {"suspendable": signed.suspendable, "valid_until": facts.expires_at}
    if signed.wanted.replaces is not None:
        badge = resign(session, signed.wanted.replaces.id, values)
    else:
        badge = enter(session, signed, values)
    if badge is not None:
        record(session, "badge.issued", f"badge/{badge.id}", digest_of(signed.credential), facts.person)
    return badge


def enter(session: Session, signed: Signed, values: dict[str, Any]) -> Badge | None:
    """Write a new badge; None where its certificate has one by now, or its place is taken."""
    facts, place = signed.wanted.facts, signed.place
    badge = Badge(
        code=place.code,
        certificate=facts.certificate,
        person=facts.person,
        list_number=place.number,
        place=place.index,
        **values,
    )
    table = Badge.__table__  # type: ignore[attr-defined]
    added = insert(session, table).values(badge.model_dump()).on_conflict_do_nothing().returning(table.c.id)
    if session.execute(added).scalar() is None:
        return None
    taken = update(StatusList).where(col(StatusList.number) == place.number)
    session.execute(taken.values(taken=StatusList.taken + 1))
    return badge


def resign(session: Session, badge: str, values: dict[str, Any]) -> Badge | None:
    """Put a new signature in the place of one whose key or date holds no more; None where the badge was revoked meanwhile."""
    found = session.get(Badge, badge)
    if found is None or found.revoked_at is not None:
        return None
    for name, value in values.items():
        setattr(found, name, value)
    session.add(found)
    session.flush()
    return found


def in_force(session: Session, row: Certificate, person: Person) -> bool:
    """Tell whether a certificate is one for which a badge may be signed."""
    return counting.status_of(session, row, person) in STILL_CERTIFIED


def facts_of(session: Session, row: Certificate, person: Person) -> Facts:
    """Return what a badge says of a certificate."""
    definition = session.exec(select(Certification).where(Certification.key == row.certification)).one()
    return Facts(
        certificate=row.id,
        person=person.id,
        achievement=definition.id,
        title=definition.title,
        description=definition.description or definition.title,
        criteria=criteria(session, definition),
        email=person.email.lower(),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )


def criteria(session: Session, definition: Certification) -> str:
    """Return in a sentence what has to be done for a certification."""
    titles = dict(session.exec(select(Course.key, Course.title).where(col(Course.key).in_(definition.courses))).all())
    below = select(Certification.key, Certification.title).where(col(Certification.key).in_(definition.certifications))
    tiers = dict(session.exec(below).all())
    parts = [
        *(f"completed the course “{titles.get(key, key)}”" for key in definition.courses),
        *(f"accepted the policy “{key}” in its current version" for key in definition.policies),
        *(f"holds the certification “{tiers.get(key, key)}”" for key in definition.certifications),
    ]
    return f"The holder {', '.join(parts)}." if parts else f"The holder meets all that {definition.title} asks for."

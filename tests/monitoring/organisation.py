"""A small organisation, told to the monitoring service as the other services would tell it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.monitoring import handlers
from services.monitoring.domain.conversations import showing
from services.monitoring.domain.routing import availability
from services.monitoring.schemas.availability import AvailabilityIn
from services.monitoring.schemas.conversations import ConversationOut
from services.monitoring.schemas.posts import PostIn
from services.monitoring.tables import Availability
from shared.context import Principal
from shared.db import Database, Session
from shared.events.policy import RuleText, VersionInForceV1
from shared.events.training import CertificateIssuedV1, CertificateSuspendedV1, PersonChangedV1
from shared.pages import PageQuery

KEY = Principal(
    id="key:test",
    scopes=frozenset({"monitoring:read", "monitoring:write", "conversations:read", "conversations:write"}),
)


def person_id(number: int) -> str:
    """Return the id of person E-<number>."""
    return f"00000000-0000-7000-8000-{number:012d}"


def signed_in(number: int, *scopes: str) -> Principal:
    """Return person E-<number>, who signed in."""
    return Principal(f"person:{person_id(number)}", person_id(number), f"E-{number}", frozenset({"self", *scopes}))


def add_person(
    session: Session,
    number: int,
    department: str = "Support",
    *,
    active: bool = True,
    manager: int | None = None,
    languages: Sequence[str] = ("en",),
) -> None:
    """Handle the event by which a person is added or changed."""
    told = PersonChangedV1(
        id=person_id(number),
        employee_number=f"E-{number}",
        user_name=f"e{number}",
        name=f"Person {number}",
        email=f"e{number}@x.example",
        department=department,
        region="EMEA",
        manager=person_id(manager) if manager else None,
        languages=list(languages),
        active=active,
    )
    handlers.keep_person(told, session)


def certificate(number: int, session: Session) -> dict[str, Any]:
    """Return what every event about the responder certificate of a person carries."""
    ends = session.now + timedelta(days=365)
    return {
        "id": f"certificate-{number}",
        "person": person_id(number),
        "certification": "responder",
        "status": "valid",
        "issued_at": session.now - timedelta(days=1),
        "expires_at": ends,
        "expiring_from": ends - timedelta(days=60),
        "grace_until": ends,
    }


def certify(session: Session, number: int, /, **changes: object) -> None:
    """Handle the event by which a person is certified to answer customers."""
    handlers.follow_certificate(CertificateIssuedV1(**{**certificate(number, session), **changes}), session)


def suspend(session: Session, number: int, /, **changes: object) -> None:
    """Handle the event by which their certificate is suspended."""
    told = {**certificate(number, session), "status": "suspended", **changes}
    handlers.follow_certificate(CertificateSuspendedV1(**told), session)


def state_availability(session: Session, number: int, /, **changes: object) -> None:
    """Put a person's availability: online, English, all topics, room for three."""
    body = {"languages": ["en"], "capacity": 3, "weekly_minutes": 600, "online": True, **changes}
    availability.put(session, f"E-{number}", AvailabilityIn.model_validate(body), KEY, None)


async def hire(db: Database, *numbers: int, **changes: object) -> None:
    """Add certified people who are online."""
    for number in numbers:
        await db.write(add_person, number)
        await db.write(certify, number)
        await db.write(state_availability, number, **changes)


def post(network_id: str, text: str = "@harbour hello?", **changes: object) -> PostIn:
    """Return a mention by a customer of its own, or what `changes` make of it."""
    body = {
        "network": "mastodon",
        "network_id": network_id,
        "kind": "mention",
        "author": f"@customer-{network_id}",
        "text": text,
        "posted_at": datetime.now().astimezone(),
        **changes,
    }
    return PostIn.model_validate(body)


def bring_into_force(session: Session, rules: Sequence[RuleText], version: int = 1) -> None:
    """Handle the event by which a version with these rules comes into force."""
    told = VersionInForceV1(
        policy="social-media",
        version=version,
        title="Social media",
        locale="en",
        effective_at=session.now,
        source="",
        sections=[],
        rules=list(rules),
    )
    handlers.judge_by_new_rules(told, session)


def words_rule(
    rule: str, section: str, *words: str, severity: str = "advise", kinds: str = "[post, reply]"
) -> RuleText:
    """Return a rule that looks for words."""
    listed = ", ".join(f'"{word}"' for word in words)
    source = (
        f"id: {rule}\nseverity: {severity}\ndetect:\n  words: [{listed}]\nmessage: Think again.\n"
        f'applies_to: {{kinds: {kinds}}}\nexamples: {{match: ["{words[0]}"], pass: ["zzz"]}}\n'
    )
    return RuleText(id=rule, section=section, yaml=source)


async def listed(db: Database) -> list[ConversationOut]:
    return (await db.read(showing.listed, PageQuery(200, None), KEY, showing.Filter())).items


async def only(db: Database) -> ConversationOut:
    (conversation,) = await listed(db)
    return conversation


def open_count(session: Session, number: int) -> int:
    return session.get_one(Availability, person_id(number)).open

"""What the gateway keeps of a person: all of it for themself to read, and none of it once they are erased."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlmodel import col

from services.gateway.domain import certificates, people
from services.gateway.domain.event_log import KEPT
from services.gateway.domain.notices import outgoing
from services.gateway.domain.sign_in.pending import LASTS
from services.gateway.domain.sign_in.sessions import LIFETIME
from services.gateway.domain.webhooks import deliveries
from services.gateway.tables import (
    ApiKey,
    HeldCertificate,
    Holder,
    Identity,
    KnownPerson,
    Notice,
    NoticeMessage,
    NoticePreferences,
    NoticeSending,
    Seat,
    SignedIn,
    Webhook,
    event_log,
    metadata,
)
from shared import erasure
from shared.db import Session
from shared.erasure import Log
from shared.events.erasures import ErasureFinished
from shared.events.gateway import GatewayErasureFinishedV1
from shared.evidence import record
from shared.personal import PersonalData

NOBODY = {
    "policy_answers": "what policies say",
    "policy_translations": "what policies say",
    "policy_changes": "which versions of policies came into force",
    "covered_sections": "sections of policies",
    "pending_sign_ins": "random numbers of a browser on its way to sign in, for ten minutes",
    "event_log": "what the services tell, from their own data, for 30 days",
    "webhook_deliveries": "which events were sent where; what they said stands in the log of events",
}
SECRET = frozenset(
    {
        "secret_hash",
        "token_hash",
        "prefix",
        "former_hash",
        "former_prefix",
        "secret",
        "previous_secret",
        "url",
        "chat_url",
    }
)


def kept(person: str) -> dict[str, Select[Any]]:
    """Return the queries for all that is kept of a person."""
    return {
        "person": select(*columns("people")).where(col(KnownPerson.id) == person),
        "sessions": select(*columns("sessions")).where(col(SignedIn.person) == person),
        "identities": select(*columns("identities")).where(col(Identity.person) == person),
        "keys_made": select(*columns("api_keys")).where(col(ApiKey.created_by) == f"person:{person}"),
        "webhooks_made": select(*columns("webhooks")).where(col(Webhook.created_by) == f"person:{person}"),
        "seats": select(*columns("seats")).where(col(Seat.person) == person),
        "holder": select(*columns("holders")).where(col(Holder.person) == person),
        "notices": select(*columns("notices")).where(col(Notice.person) == person),
        "notice_preferences": select(*columns("notice_preferences")).where(col(NoticePreferences.person) == person),
        "notice_sendings": select(*columns("notice_sendings")).where(col(NoticeSending.person) == person),
        "notice_messages": select(*columns("notice_messages")).where(col(NoticeMessage.person) == person),
        "certificates": select(*columns("held_certificates")).where(col(HeldCertificate.person) == person),
    }


def columns(table: str) -> list[Any]:
    """Return the columns of a table, but for what is secret."""
    return [column for column in metadata.tables[table].c if column.name not in SECRET]


def forget(session: Session, person: str) -> None:
    """Take a person out of the gateway; doing it again changes nothing."""
    known = session.get(KnownPerson, person)
    holder = session.get(Holder, person)
    words = [known.employee_number, known.user_name, known.email] if known else []
    erasure.begin(session, person, words=[*words, holder.employee_number if holder else None])
    people.end_access(session, person)
    outgoing.forget(session, person)
    deliveries.forget_answers(session, [f"person/{person}"])
    session.execute(delete(SignedIn).where(col(SignedIn.user).in_(words)))
    session.execute(delete(Identity).where(col(Identity.person) == person))
    session.execute(delete(KnownPerson).where(col(KnownPerson.id) == person))
    blank = {"employee_number": f"erased-{person}", "department": "", "former_numbers": None}
    session.execute(update(Holder).where(col(Holder.person) == person).values(**blank))
    session.execute(update(HeldCertificate).where(col(HeldCertificate.person) == person).values(reason=None))
    if holder is not None:
        certificates.touch(session, person)
    record(session, "gateway.person_erased", f"person/{person}", person=person)


def clear_log(session: Session, event: ErasureFinished) -> None:
    """Clear what the log holds of an erased person, of what one service told."""
    deliveries.forget_answers(session, [f"person/{event.person}", *event.aggregates])
    erasure.begin(session, event.person, event.aggregates, part=f"{event.teller()}/{event.id}")


def retention() -> dict[str, timedelta | None]:
    """Return how long each kind of data is kept; None: until the person is erased."""
    return {
        "sessions": LIFETIME,
        "sign-ins under way": LASTS,
        "names at the sign-in provider": None,
        "the log of events": KEPT,
        "keys and webhooks that somebody made": None,
        "deliveries to webhooks": deliveries.KEPT,
        "notices, and what was sent of them": outgoing.KEPT,
        "how somebody wants to be told": None,
    }


personal = PersonalData(
    metadata,
    kept,
    NOBODY,
    GatewayErasureFinishedV1,
    retention=retention,
    logs=[Log(event_log, event_log.c.position, event_log.c.subject)],
)

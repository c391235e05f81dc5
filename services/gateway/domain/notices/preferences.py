"""How a person wants to be told: what is usual, what they chose, and who may say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from services.gateway.domain.notices import phrases
from services.gateway.domain.notices.hours import Hours
from services.gateway.domain.notices.kinds import KINDS, usual
from services.gateway.domain.webhooks import addresses
from services.gateway.domain.webhooks.addresses import IpNetwork
from services.gateway.schemas.notices import Channel, ChatIn, ChatOut, Choice, NoticePreferencesIn, NoticePreferencesOut
from services.gateway.tables import KnownPerson, NoticePreferences
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.evidence import digest_of, record
from shared.problems import NotFound
from shared.safe import Safe

DIGEST_AT = "08:00"


@dataclass(frozen=True)
class Terms:
    """What notices are sent under.

    The safe for addresses of chats, private networks that they may be in, the zone of who named none, and whether there
    is a mail server.
    """

    safe: Safe
    allowed: Sequence[IpNetwork] = ()
    zone: str = "UTC"
    email: bool = False


def of(session: Session, person: str) -> NoticePreferences:
    """Return a person's preferences, or the usual ones."""
    return session.get(NoticePreferences, person) or usual_of(session, person)


def usual_of(session: Session, person: str) -> NoticePreferences:
    """Return how those are told who chose nothing."""
    return NoticePreferences(
        person=person, revision=0, choices={}, digest_at=DIGEST_AT, quiet_days=[], changed_at=session.now
    )


def hours_of(row: NoticePreferences, terms: Terms) -> Hours:
    """Return when something may reach a person."""
    return Hours(
        ZoneInfo(row.zone or terms.zone),
        time.fromisoformat(row.digest_at),
        time.fromisoformat(row.quiet_from) if row.quiet_from else None,
        time.fromisoformat(row.quiet_until) if row.quiet_until else None,
        frozenset(row.quiet_days),
    )


def channels_of(row: NoticePreferences, terms: Terms) -> list[Channel]:
    """Return by what a person can be reached outside the portal."""
    channels: list[Channel] = []
    if row.email and terms.email:
        channels.append("email")
    if row.chat_url is not None:
        channels.append("chat")
    return channels


def choice_of(row: NoticePreferences, kind: str) -> Choice:
    """Return how a kind of notice reaches a person."""
    return cast("Choice", row.choices.get(kind, usual(kind)))


def language_of(row: NoticePreferences, person: KnownPerson | None) -> str:
    """Return the language in which a person is written to."""
    return phrases.language_for(row.language, person.locale if person else None)


def person_of(session: Session, employee_number: str, caller: Principal) -> KnownPerson:
    """Return whom a number names; raises NotFound also for people of departments that the caller does not see."""
    query = select(KnownPerson).where(col(KnownPerson.employee_number) == employee_number)
    found: KnownPerson | None = session.execute(query).scalars().first()
    limited = caller.departments
    if found is None or (limited is not None and found.department not in limited):
        raise NotFound(f"There is nobody with the number {employee_number}.")
    return found


def caller_of(session: Session, caller: Principal) -> KnownPerson:
    """Return the caller as a person; raises NotFound for one whom HR does not know."""
    found = session.get(KnownPerson, caller.person) if caller.person else None
    if found is None:
        raise NotFound("You are signed in, but not known as a member of staff: nothing is sent to you.")
    return found


def get_own(session: Session, caller: Principal) -> NoticePreferencesOut:
    """Return how the caller is told; raises NotFound."""
    return show(session, caller_of(session, caller))


def get(session: Session, employee_number: str, caller: Principal) -> NoticePreferencesOut:
    """Return how somebody is told; raises NotFound."""
    return show(session, person_of(session, employee_number, caller))


def set_own(
    session: Session, body: NoticePreferencesIn, caller: Principal, terms: Terms, stated: int | None
) -> NoticePreferencesOut:
    """Keep how the caller wants to be told; raises NotFound, Stale, AddressRefused."""
    return keep(session, caller_of(session, caller), body, terms, stated)


def set_for(
    session: Session,
    employee_number: str,
    body: NoticePreferencesIn,
    caller: Principal,
    terms: Terms,
    stated: int | None,
) -> NoticePreferencesOut:
    """Keep how somebody is told, for them; raises NotFound, Stale, AddressRefused."""
    return keep(session, person_of(session, employee_number, caller), body, terms, stated)


def keep(
    session: Session, person: KnownPerson, body: NoticePreferencesIn, terms: Terms, stated: int | None
) -> NoticePreferencesOut:
    """Keep what was chosen; it holds for what is still to be planned, and for e-mail at once."""
    row = session.get(NoticePreferences, person.id, with_for_update=True) or usual_of(session, person.id)
    expect(row.revision, stated)
    for name, value in body.model_dump(mode="json", exclude={"chat"}).items():
        setattr(row, name, value)
    if "chat" in body.model_fields_set:
        keep_chat(row, body.chat, terms)
    row.revision += 1
    row.changed_at = session.now
    session.add(row)
    record(session, "notice.preferences_changed", f"notice-preferences/{person.id}", digest_of(body), person=person.id)
    session.flush()
    return show(session, person)


def keep_chat(row: NoticePreferences, chat: ChatIn | None, terms: Terms) -> None:
    """Keep the address of a person's chat, encrypted, or none; raises AddressRefused."""
    if chat is None:
        row.chat_kind = row.chat_host = row.chat_url = None
        return
    parts = addresses.parse(chat.url, terms.allowed)
    row.chat_kind, row.chat_host = chat.kind, parts.hostname
    row.chat_url = terms.safe.seal(row.person, chat.url.encode())


def seal_anew(session: Session, safe: Safe) -> int:
    """Seal the addresses of all chats under the newest key; returns how many were under another."""
    changed = 0
    for row in session.execute(
        select(NoticePreferences).where(col(NoticePreferences.chat_url).is_not(None)).with_for_update()
    ).scalars():
        sealed = safe.anew(row.person, row.chat_url)
        if sealed is not None:
            row.chat_url, changed = sealed, changed + 1
            record(session, "notice.chat_sealed_anew", f"notice-preferences/{row.person}", person=row.person)
    return changed


def end_email(session: Session, person: str) -> None:
    """Send a person no more e-mail, as they asked by the link in one; doing it again changes nothing."""
    row = session.get(NoticePreferences, person, with_for_update=True) or usual_of(session, person)
    if session.get(KnownPerson, person) is None or not row.email:
        return
    row.email = False
    row.revision += 1
    row.changed_at = session.now
    session.add(row)
    record(session, "notice.unsubscribed", f"notice-preferences/{person}", person=person)


def show(session: Session, person: KnownPerson) -> NoticePreferencesOut:
    """Return what may be shown of how a person is told."""
    row = of(session, person.id)
    shown: dict[str, Any] = row.model_dump(exclude={"person", "choices", "chat_kind", "chat_host", "chat_url"})
    shown["changed_at"] = row.changed_at if row.revision else None
    chat = ChatOut(kind=row.chat_kind or "", host=row.chat_host or "") if row.chat_url is not None else None
    choices = {kind: choice_of(row, kind) for kind in KINDS}
    return NoticePreferencesOut(**shown, employee_number=person.employee_number, choices=choices, chat=chat)

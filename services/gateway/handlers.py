"""What the gateway does when a service tells something, by the clock, and what it can tell anew."""

from datetime import datetime

from services.gateway.domain import api_keys, certificates, embeds, event_log, people, personal, policies
from services.gateway.domain.notices import hearing, outgoing
from services.gateway.domain.sign_in import pending, sessions
from services.gateway.domain.webhooks import deliveries
from services.gateway.tables import ApiKey, Webhook
from shared import erasure, works_council
from shared.db import Session
from shared.events.base import Envelope
from shared.events.erasures import ErasureFinished
from shared.events.gateway import (
    GatewayErasureFinishedV1,
    KeyCreatedV1,
    KeyRevokedV1,
    KeyRotatedV1,
    NoticeDeliveredV1,
    NoticePlannedV1,
    RecordsReadV1,
    SignedInV1,
    SignedOutV1,
    WebhookChangedV1,
    WebhookCreatedV1,
    WebhookDeletedV1,
    WebhookPausedV1,
    WebhookResumedV1,
)
from shared.events.monitoring import MonitoringErasureFinishedV1
from shared.events.policy import PolicyErasureFinishedV1, TaskTeamChangedV1, VersionInForceV1
from shared.events.training import (
    CertificateChangedV1,
    CertificateExpiredV1,
    CertificateExpiringV1,
    CertificateIssuedV1,
    CertificateReinstatedV1,
    CertificateRenewedV1,
    CertificateRevokedV1,
    CertificateSuspendedV1,
    CertificateTold,
    PersonChangedV1,
    PersonErasedV1,
    PersonLeftV1,
    TrainingErasureFinishedV1,
)
from shared.inbox import Handlers
from shared.snapshots import Snapshots, rows_after
from shared.timers import Timers

handlers = Handlers()
timers = Timers()
snapshots = Snapshots()
works_council.follow(handlers)


def told_at(session: Session) -> datetime:
    """Return when the event was told that this session handles."""
    told = session.context.event
    return told.time if told is not None else session.now


@handlers.every
def log_event(envelope: Envelope, session: Session) -> None:
    """Whatever is told, once, in the order of the stream; people are told what of it is theirs to know."""
    event_log.append(session, envelope)
    hearing.hear(envelope, session)


@handlers.on(PersonChangedV1)
def keep_person(event: PersonChangedV1, session: Session) -> None:
    """Keep who a sign-in name and an employee number stand for."""
    people.keep(session, event)
    certificates.keep_person(session, event, told_at(session))


@handlers.on(PersonLeftV1)
def forget_person(event: PersonLeftV1, session: Session) -> None:
    """A person who left signs in no more, and is signed out."""
    people.forget(session, event)
    outgoing.forget(session, event.id)
    certificates.keep_leaver(session, event)


@handlers.on(PersonErasedV1)
def erase_person(event: PersonErasedV1, session: Session) -> None:
    """Who was erased is nobody here."""
    personal.forget(session, event.id)


@handlers.on(TrainingErasureFinishedV1, PolicyErasureFinishedV1, MonitoringErasureFinishedV1)
def clear_log(event: ErasureFinished, session: Session) -> None:
    """What a service has erased, the log does not keep either."""
    personal.clear_log(session, event)


@handlers.on(
    CertificateChangedV1,
    CertificateIssuedV1,
    CertificateRenewedV1,
    CertificateExpiringV1,
    CertificateExpiredV1,
    CertificateSuspendedV1,
    CertificateReinstatedV1,
    CertificateRevokedV1,
)
def keep_certificate(event: CertificateTold, session: Session) -> None:
    """Keep certificates, so that who is certified is answered from memory."""
    certificates.keep(session, event, told_at(session))


@handlers.on(TaskTeamChangedV1)
def keep_seat(event: TaskTeamChangedV1, session: Session) -> None:
    """A seat on the task team adds to a person's rights."""
    people.seat(session, event)


@handlers.on(VersionInForceV1)
def note_policy(event: VersionInForceV1, session: Session) -> None:
    """The owner is asked for its answer by the read model, outside this transaction."""
    policies.note_in_force(session, event)
    embeds.note_change(session, event)


@handlers.on_loss
def start_epoch(session: Session) -> None:
    """Events may be missing from the log: readers with an older cursor are told to load a snapshot."""
    event_log.start_epoch(session)


@timers.every(seconds=30)
def forget_old_events(session: Session) -> None:
    """The log keeps events for 30 days."""
    event_log.forget_old(session)


@timers.every(seconds=3600)
def forget_old_deliveries(session: Session) -> None:
    """What became of events at endpoints is kept for 30 days."""
    deliveries.forget_old(session)


@timers.every(seconds=3600)
def forget_old_notices(session: Session) -> None:
    """What people were told is kept for 90 days."""
    outgoing.forget_old(session)


@timers.every(seconds=600)
def forget_ended_sessions(session: Session) -> None:
    """A session that ended is not kept, nor a sign-in that nobody finished."""
    sessions.forget_ended(session)
    pending.forget_old(session)


@snapshots.of(KeyCreatedV1, KeyRevokedV1)
def all_keys(session: Session, after: str | None, limit: int) -> list[KeyCreatedV1 | KeyRevokedV1]:
    """Tell the API keys, and of those that ended that they were revoked."""
    return [event for row in rows_after(session, ApiKey, after, limit) for event in api_keys.retold(row)]


@snapshots.of(GatewayErasureFinishedV1)
def finished_erasures(session: Session, after: str | None, limit: int) -> list[GatewayErasureFinishedV1]:
    """Tell whose data is erased here."""
    return erasure.retold(session, GatewayErasureFinishedV1, after, limit)


@snapshots.of(WebhookCreatedV1, stands_for=[WebhookChangedV1])
def all_webhooks(session: Session, after: str | None, limit: int) -> list[WebhookCreatedV1]:
    """Tell the endpoints there are."""
    rows = rows_after(session, Webhook, after, limit)
    return [WebhookCreatedV1(id=row.id, name=row.name, types=row.types) for row in rows]


snapshots.leave_out(
    WebhookDeletedV1,
    WebhookPausedV1,
    WebhookResumedV1,
    because="Nobody keeps a copy of endpoints: that one was paused or removed is for those who look after it now.",
)
snapshots.leave_out(
    RecordsReadV1,
    because="Whoever counts what was read counts it once: told again, it would be counted twice.",
)
snapshots.leave_out(
    NoticeDeliveredV1,
    NoticePlannedV1,
    because="That somebody is told, or was, is history: told again, nobody would be told.",
)
snapshots.leave_out(KeyRotatedV1, because="It says only that a secret was replaced: the key is the one that was made.")
snapshots.leave_out(SignedOutV1, because="What ended is not told again: nothing is true because of it any more.")
snapshots.leave_out(SignedInV1, because="A sign-in is history: nothing is true because of it once the session is over.")

"""What the monitoring service does when it is told something, and when time has come."""

from services.monitoring.domain import accounts, people, personal, rules
from services.monitoring.domain.coaching import digests, findings, refreshers, then
from services.monitoring.domain.conversations import deliveries, held_replies, promises
from services.monitoring.domain.keeping import retention, supervision
from services.monitoring.domain.routing import notices, pauses, sweeping
from shared import works_council
from shared.db import Session
from shared.events.gateway import NoticeDeliveredV1, NoticePlannedV1
from shared.events.policy import (
    ApprovalDecidedV1,
    EmergencyRuleEndedV1,
    EmergencyRuleStartedV1,
    VersionInForceV1,
)
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
    PersonMergedV1,
)
from shared.inbox import Handlers
from shared.timers import Timers

handlers = Handlers()
timers = Timers()
works_council.follow(handlers)
handlers.before(VersionInForceV1, EmergencyRuleStartedV1, EmergencyRuleEndedV1)(rules.compile_next)


@handlers.on(VersionInForceV1)
def judge_by_new_rules(event: VersionInForceV1, session: Session) -> None:
    """From now on, posts are judged by the rules of this version."""
    rules.keep(session, event)


@handlers.on(EmergencyRuleStartedV1)
def judge_by_emergency_rule(event: EmergencyRuleStartedV1, session: Session) -> None:
    """A rule that cannot wait for a new version counts from now on."""
    rules.keep_emergency(session, event)


@handlers.on(EmergencyRuleEndedV1)
def drop_emergency_rule(event: EmergencyRuleEndedV1, session: Session) -> None:
    """The emergency is over."""
    rules.end_emergency(session, event.id)


@handlers.on(ApprovalDecidedV1)
def send_held_replies(event: ApprovalDecidedV1, session: Session) -> None:
    """A held reply goes out when it is approved."""
    held_replies.decided(session, event)


@handlers.on(PersonChangedV1)
def keep_person(event: PersonChangedV1, session: Session) -> None:
    """Departments decide which rules apply; whoever is no longer active gives back what is open."""
    then.note_department(session, event)
    people.keep_person(session, event)
    sweeping.drain_if_gone(session, event.id)
    if not event.active:
        findings.return_of(session, event.id)


@handlers.on(PersonLeftV1)
def part_with_leaver(event: PersonLeftV1, session: Session) -> None:
    """A leaver's open conversations go to others, and their accounts are no longer our concern."""
    people.mark_left(session, event.id)
    accounts.forget_leaver(session, event.id)
    sweeping.drain_if_gone(session, event.id)
    findings.return_of(session, event.id)


@handlers.on(PersonErasedV1)
def forget_person(event: PersonErasedV1, session: Session) -> None:
    """Who was erased is nobody here, and said nothing."""
    personal.forget(session, event.id)


@handlers.on(PersonMergedV1)
def make_one_of_two(event: PersonMergedV1, session: Session) -> None:
    """What one entry posted, was told and answered is the other's; open conversations follow as those of a leaver."""
    people.merge(session, event)


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
def follow_certificate(event: CertificateTold, session: Session) -> None:
    """Who may answer customers follows their certificate at once: one that lapses drains, one that comes fills."""
    then.note_withdrawal(session, event)
    people.keep_certificate(session, event)
    sweeping.drain_if_gone(session, event.person)


@handlers.on(NoticePlannedV1)
def wait_for_notice(event: NoticePlannedV1, session: Session) -> None:
    """Somebody's time to accept runs once a message has reached them, not while it is on its way."""
    notices.expect(session, event)


@handlers.on(NoticeDeliveredV1)
def note_notice(event: NoticeDeliveredV1, session: Session) -> None:
    """From now on somebody knows that a conversation is with them."""
    notices.note_delivered(session, event)


@timers.every(seconds=1)
def keep_work_moving(session: Session) -> None:
    """Nothing stays with somebody who is silent, away or no longer certified, and no pause outlasts its end."""
    pauses.end_due(session)
    sweeping.sweep(session)


@timers.every(seconds=1)
def note_what_is_late(session: Session) -> None:
    """Customers who were promised an answer have none, tools say nothing of replies, nobody decides: somebody should know."""
    promises.note_overdue(session)
    deliveries.note_unconfirmed(session)
    held_replies.refuse_forgotten(session)


@timers.every(seconds=600)
def forget_what_is_due(session: Session) -> None:
    """Words and names are kept for their time, and no longer, unless they are held."""
    retention.forget_old(session)


@timers.every(seconds=1)
def write_for_supervisors(session: Session) -> None:
    """An export for supervision is written a part at a time."""
    supervision.write_next(session)


@timers.every(seconds=30)
def return_what_lies_too_long(session: Session) -> None:
    """A finding that a coach has had for too long waits for another one."""
    findings.return_stale(session)


@timers.every(seconds=60)
def propose_refreshers(session: Session) -> None:
    """Findings that repeat themselves ask for a course rather than for more findings."""
    refreshers.propose_due(session)


@timers.every(seconds=60)
def tell_of_digests(session: Session) -> None:
    """Once a week there is something to look back on."""
    digests.tell_ready(session)

"""What the monitoring service does when it is told something, when time has come, and what it can tell anew."""

from sqlmodel import select

from services.monitoring.domain import accounts, people, personal, rules
from services.monitoring.domain.autonomy import changes
from services.monitoring.domain.coaching import digests, findings, guidance, refreshers, then
from services.monitoring.domain.conversations import deliveries, held_replies, promises, replies, static_content
from services.monitoring.domain.keeping import retention, supervision
from services.monitoring.domain.routing import assignments, pauses, sweeping
from services.monitoring.domain.sources import sources
from services.monitoring.tables import Account, Conversation, Finding, Guidance, Pause, Source, StaticContent
from shared import erasure, works_council
from shared.db import Session
from shared.events.base import Event
from shared.events.monitoring import (
    AccountClaimedV1,
    AccountRegisteredV1,
    AccountRemovedV1,
    AutonomyAppealedV1,
    AutonomyChangedV1,
    CertificateSuspensionProposedV1,
    ConversationAcceptedV1,
    ConversationAnsweredV1,
    ConversationAssignedV1,
    ConversationOpenedV1,
    ConversationOverdueV1,
    ConversationQueuedV1,
    ConversationReopenedV1,
    ConversationResolvedV1,
    ConversationReturnedV1,
    DigestReadyV1,
    FindingClaimedV1,
    FindingClosedV1,
    FindingOpenedV1,
    FindingReleasedV1,
    GuidanceAcknowledgedV1,
    GuidanceAppealedV1,
    GuidanceDiscussedV1,
    GuidanceGivenV1,
    GuidanceReadV1,
    MonitoringErasureFinishedV1,
    PauseEndedV1,
    PauseStartedV1,
    PostDeletedV1,
    PostEditedV1,
    PostReceivedV1,
    RefresherProposedV1,
    ReplyApprovedV1,
    ReplyDeliveredV1,
    ReplyDraftedV1,
    ReplyReturnedV1,
    ReplyReviewedV1,
    ReplyUnconfirmedV1,
    SourceChangedV1,
    SourceRemovedV1,
    StaticContentChangedV1,
)
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
from shared.snapshots import Snapshots, gone, rows_after
from shared.timers import Timers

handlers = Handlers()
timers = Timers()
snapshots = Snapshots()
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


@timers.every(seconds=1)
def keep_work_moving(session: Session) -> None:
    """Nothing stays with somebody who is silent, away or no longer certified, and no pause outlasts its end."""
    pauses.end_due(session)
    sweeping.sweep(session)


@timers.every(seconds=1)
def note_what_is_late(session: Session) -> None:
    """Customers who were promised an answer by now have none, or tools say nothing of replies: somebody should know."""
    promises.note_overdue(session)
    deliveries.note_unconfirmed(session)


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


@snapshots.of(AccountRegisteredV1, AccountClaimedV1)
def registered_accounts(
    session: Session, after: str | None, limit: int
) -> list[AccountRegisteredV1 | AccountClaimedV1]:
    """Tell the accounts that are registered, those that are yet to be proven too."""
    return accounts.snapshot(session, after, limit)


@snapshots.of(AccountRemovedV1)
def removed_accounts(session: Session, after: str | None, limit: int) -> list[AccountRemovedV1]:
    """Tell the accounts that were registered once and are no longer."""
    return [AccountRemovedV1(id=one) for one in gone(session, "account", select(Account.id), after, limit)]


@snapshots.of(FindingOpenedV1, stands_for=(FindingClaimedV1, FindingClosedV1, FindingReleasedV1))
def all_findings(session: Session, after: str | None, limit: int) -> list[FindingOpenedV1]:
    """Tell the findings as they are now, the closed ones too."""
    return [FindingOpenedV1(**findings.told(row)) for row in rows_after(session, Finding, after, limit)]


@snapshots.of(
    GuidanceGivenV1,
    stands_for=(GuidanceAcknowledgedV1, GuidanceAppealedV1, GuidanceDiscussedV1, GuidanceReadV1),
)
def all_guidance(session: Session, after: str | None, limit: int) -> list[GuidanceGivenV1]:
    """Tell what coaches said, with what came of it."""
    return [GuidanceGivenV1(**guidance.told(row)) for row in rows_after(session, Guidance, after, limit)]


@snapshots.of(
    ConversationOpenedV1,
    stands_for=(
        ConversationAssignedV1,
        ConversationAcceptedV1,
        ConversationReturnedV1,
        ConversationAnsweredV1,
        ConversationResolvedV1,
        ConversationQueuedV1,
        ConversationReopenedV1,
        ConversationOverdueV1,
    ),
)
def all_conversations(session: Session, after: str | None, limit: int) -> list[ConversationOpenedV1]:
    """Tell the conversations as they are now, the resolved ones too."""
    return [ConversationOpenedV1(**assignments.told(row)) for row in rows_after(session, Conversation, after, limit)]


@snapshots.of(ReplyApprovedV1, ReplyDeliveredV1, ReplyDraftedV1, ReplyReturnedV1, ReplyUnconfirmedV1)
def all_replies(session: Session, after: str | None, limit: int) -> list[Event]:
    """Tell the replies, and of each what was last reported of its sending."""
    found = replies.told_after(session, after, limit)
    networks = replies.networks(session, found)
    return [event for row in found for event in replies.retold(row, networks[row.conversation])]


@snapshots.of(StaticContentChangedV1)
def all_static_content(session: Session, after: str | None, limit: int) -> list[StaticContentChangedV1]:
    """Tell of static content, each time of its last version."""
    found = rows_after(session, StaticContent, after, limit)
    return [static_content.told(row, static_content.version_of(session, row, row.versions)) for row in found]


@timers.every(seconds=60)
def propose_refreshers(session: Session) -> None:
    """Findings that repeat themselves ask for a course rather than for more findings."""
    refreshers.propose_due(session)


@timers.every(seconds=60)
def tell_of_digests(session: Session) -> None:
    """Once a week there is something to look back on."""
    digests.tell_ready(session)


@snapshots.of(RefresherProposedV1)
def proposed_refreshers(session: Session, after: str | None, limit: int) -> list[RefresherProposedV1]:
    """Tell what was proposed; training knows by their ids those that it has."""
    return refreshers.retold(session, after, limit)


@snapshots.of(AutonomyChangedV1, stands_for=(AutonomyAppealedV1,))
def all_autonomy(session: Session, after: str | None, limit: int) -> list[AutonomyChangedV1]:
    """Tell how far people are trusted, as somebody said."""
    return changes.retold(session, after, limit)


@snapshots.of(PauseStartedV1, PauseEndedV1)
def all_pauses(session: Session, after: str | None, limit: int) -> list[PauseStartedV1 | PauseEndedV1]:
    """Tell the pauses, and of those that are over that they ended."""
    return [event for row in rows_after(session, Pause, after, limit) for event in pauses.retold(row)]


@snapshots.of(MonitoringErasureFinishedV1)
def finished_erasures(session: Session, after: str | None, limit: int) -> list[MonitoringErasureFinishedV1]:
    """Tell whose data is erased, so that whoever keeps events clears theirs."""
    return erasure.retold(session, MonitoringErasureFinishedV1, after, limit)


@snapshots.of(SourceChangedV1)
def all_sources(session: Session, after: str | None, limit: int) -> list[SourceChangedV1]:
    """Tell the sources as they do now."""
    return [sources.told(row) for row in rows_after(session, Source, after, limit)]


@snapshots.of(SourceRemovedV1)
def removed_sources(session: Session, after: str | None, limit: int) -> list[SourceRemovedV1]:
    """Tell the sources that were set up once and are no longer."""
    return [SourceRemovedV1(id=one) for one in gone(session, "source", select(Source.id), after, limit)]


snapshots.leave_out(
    PostReceivedV1,
    PostEditedV1,
    PostDeletedV1,
    because="A post is history: a year of customers' words is not sent over the broker again. Who needs past posts asks "
    "for them page by page.",
)

snapshots.leave_out(
    CertificateSuspensionProposedV1,
    because="A proposal is made once. Training keeps it and what was decided; to propose it anew would ask again.",
)

snapshots.leave_out(
    ReplyReviewedV1,
    because="A review is history. Who wants to know what became of a reply reads it; levels are told as they are.",
)

snapshots.leave_out(
    DigestReadyV1,
    because="It is a note of one morning. Each week can be read whenever somebody asks for it, also those of before.",
)

"""What the monitoring service can tell anew, to whoever lost it or never had it."""

from sqlmodel import select

from services.monitoring.domain import accounts
from services.monitoring.domain.autonomy import changes
from services.monitoring.domain.coaching import findings, guidance, refreshers
from services.monitoring.domain.conversations import replies, static_content
from services.monitoring.domain.keeping import holds
from services.monitoring.domain.routing import assignments, pauses
from services.monitoring.domain.sources import sources
from services.monitoring.tables import Account, Conversation, Finding, Guidance, LegalHold, Pause, Source, StaticContent
from shared import erasure
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
    LegalHoldLiftedV1,
    LegalHoldPlacedV1,
    LegalHoldReleaseAskedV1,
    LegalHoldTold,
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
from shared.snapshots import Snapshots, gone, rows_after

snapshots = Snapshots()


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


@snapshots.of(LegalHoldPlacedV1, LegalHoldReleaseAskedV1, LegalHoldLiftedV1)
def all_legal_holds(session: Session, after: str | None, limit: int) -> list[LegalHoldTold]:
    """Tell the holds, and of those that were lifted that they were."""
    return [event for row in rows_after(session, LegalHold, after, limit) for event in holds.retold(row)]


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

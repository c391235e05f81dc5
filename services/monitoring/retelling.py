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
from shared.events import monitoring as events
from shared.events.base import Event
from shared.snapshots import Snapshots, gone, rows_after

snapshots = Snapshots()


@snapshots.of(events.AccountRegisteredV1, events.AccountClaimedV1)
def registered_accounts(
    session: Session, after: str | None, limit: int
) -> list[events.AccountRegisteredV1 | events.AccountClaimedV1]:
    """Tell the accounts that are registered, those that are yet to be proven too."""
    return accounts.snapshot(session, after, limit)


@snapshots.of(events.AccountRemovedV1)
def removed_accounts(session: Session, after: str | None, limit: int) -> list[events.AccountRemovedV1]:
    """Tell the accounts that were registered once and are no longer."""
    return [events.AccountRemovedV1(id=one) for one in gone(session, "account", select(Account.id), after, limit)]


@snapshots.of(
    events.FindingOpenedV1, stands_for=(events.FindingClaimedV1, events.FindingClosedV1, events.FindingReleasedV1)
)
def all_findings(session: Session, after: str | None, limit: int) -> list[events.FindingOpenedV1]:
    """Tell the findings as they are now, the closed ones too."""
    return [events.FindingOpenedV1(**findings.told(row)) for row in rows_after(session, Finding, after, limit)]


@snapshots.of(
    events.GuidanceGivenV1,
    stands_for=(
        events.GuidanceAcknowledgedV1,
        events.GuidanceAppealedV1,
        events.GuidanceDiscussedV1,
        events.GuidanceReadV1,
    ),
)
def all_guidance(session: Session, after: str | None, limit: int) -> list[events.GuidanceGivenV1]:
    """Tell what coaches said, with what came of it."""
    return [events.GuidanceGivenV1(**guidance.told(row)) for row in rows_after(session, Guidance, after, limit)]


@snapshots.of(
    events.ConversationOpenedV1,
    stands_for=(
        events.ConversationAssignedV1,
        events.ConversationAcceptedV1,
        events.ConversationRescheduledV1,
        events.ConversationReturnedV1,
        events.ConversationAnsweredV1,
        events.ConversationResolvedV1,
        events.ConversationQueuedV1,
        events.ConversationReopenedV1,
        events.ConversationOverdueV1,
    ),
)
def all_conversations(session: Session, after: str | None, limit: int) -> list[events.ConversationOpenedV1]:
    """Tell the conversations as they are now, the resolved ones too."""
    return [
        events.ConversationOpenedV1(**assignments.told(row)) for row in rows_after(session, Conversation, after, limit)
    ]


@snapshots.of(
    events.ReplyApprovedV1,
    events.ReplyDeliveredV1,
    events.ReplyDraftedV1,
    events.ReplyReturnedV1,
    events.ReplyUnconfirmedV1,
)
def all_replies(session: Session, after: str | None, limit: int) -> list[Event]:
    """Tell the replies, and of each what was last reported of its sending."""
    found = replies.told_after(session, after, limit)
    networks = replies.networks(session, found)
    return [event for row in found for event in replies.retold(row, networks[row.conversation])]


@snapshots.of(events.StaticContentChangedV1)
def all_static_content(session: Session, after: str | None, limit: int) -> list[events.StaticContentChangedV1]:
    """Tell of static content, each time of its last version."""
    found = rows_after(session, StaticContent, after, limit)
    return [static_content.told(row, static_content.version_of(session, row, row.versions)) for row in found]


@snapshots.of(events.RefresherProposedV1)
def proposed_refreshers(session: Session, after: str | None, limit: int) -> list[events.RefresherProposedV1]:
    """Tell what was proposed; training knows by their ids those that it has."""
    return refreshers.retold(session, after, limit)


@snapshots.of(events.AutonomyChangedV1, stands_for=(events.AutonomyAppealedV1,))
def all_autonomy(session: Session, after: str | None, limit: int) -> list[events.AutonomyChangedV1]:
    """Tell how far people are trusted, as somebody said."""
    return changes.retold(session, after, limit)


@snapshots.of(events.PauseStartedV1, events.PauseEndedV1)
def all_pauses(session: Session, after: str | None, limit: int) -> list[events.PauseStartedV1 | events.PauseEndedV1]:
    """Tell the pauses, and of those that are over that they ended."""
    return [event for row in rows_after(session, Pause, after, limit) for event in pauses.retold(row)]


@snapshots.of(events.LegalHoldPlacedV1, events.LegalHoldReleaseAskedV1, events.LegalHoldLiftedV1)
def all_legal_holds(session: Session, after: str | None, limit: int) -> list[events.LegalHoldTold]:
    """Tell the holds, and of those that were lifted that they were."""
    return [event for row in rows_after(session, LegalHold, after, limit) for event in holds.retold(row)]


@snapshots.of(events.MonitoringErasureFinishedV1)
def finished_erasures(session: Session, after: str | None, limit: int) -> list[events.MonitoringErasureFinishedV1]:
    """Tell whose data is erased, so that whoever keeps events clears theirs."""
    return erasure.retold(session, events.MonitoringErasureFinishedV1, after, limit)


@snapshots.of(events.SourceChangedV1)
def all_sources(session: Session, after: str | None, limit: int) -> list[events.SourceChangedV1]:
    """Tell the sources as they do now."""
    return [sources.told(row) for row in rows_after(session, Source, after, limit)]


@snapshots.of(events.SourceRemovedV1)
def removed_sources(session: Session, after: str | None, limit: int) -> list[events.SourceRemovedV1]:
    """Tell the sources that were set up once and are no longer."""
    return [events.SourceRemovedV1(id=one) for one in gone(session, "source", select(Source.id), after, limit)]


snapshots.leave_out(
    events.PostReceivedV1,
    events.PostEditedV1,
    events.PostDeletedV1,
    because="A post is history: a year of customers' words is not sent over the broker again. Who needs past posts asks "
    "for them page by page.",
)

snapshots.leave_out(
    events.CertificateSuspensionProposedV1,
    because="A proposal is made once. Training keeps it and what was decided; to propose it anew would ask again.",
)

snapshots.leave_out(
    events.ReplyReviewedV1,
    because="A review is history. Who wants to know what became of a reply reads it; levels are told as they are.",
)

snapshots.leave_out(
    events.DigestReadyV1,
    because="It is a note of one morning. Each week can be read whenever somebody asks for it, also those of before.",
)

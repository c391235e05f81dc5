"""What the monitoring service tells, by area."""

from shared.events.monitoring.accounts import AccountClaimedV1, AccountRegisteredV1, AccountRemovedV1
from shared.events.monitoring.autonomy import AutonomyAppealedV1, AutonomyChangedV1
from shared.events.monitoring.coaching import (
    CertificateSuspensionProposedV1,
    FindingClaimedV1,
    FindingClosedV1,
    FindingOpenedV1,
    FindingReleasedV1,
    FindingTold,
    GuidanceAcknowledgedV1,
    GuidanceAppealedV1,
    GuidanceDiscussedV1,
    GuidanceGivenV1,
    GuidanceReadV1,
    GuidanceTold,
)
from shared.events.monitoring.conversations import (
    ConversationAcceptedV1,
    ConversationAnsweredV1,
    ConversationAssignedV1,
    ConversationOpenedV1,
    ConversationOverdueV1,
    ConversationQueuedV1,
    ConversationReopenedV1,
    ConversationRescheduledV1,
    ConversationResolvedV1,
    ConversationReturnedV1,
    ConversationTold,
    PassedOver,
)
from shared.events.monitoring.erasures import MonitoringErasureFinishedV1
from shared.events.monitoring.holds import LegalHoldLiftedV1, LegalHoldPlacedV1, LegalHoldReleaseAskedV1, LegalHoldTold
from shared.events.monitoring.patterns import DigestReadyV1, RefresherProposedV1
from shared.events.monitoring.pauses import PauseEndedV1, PauseStartedV1
from shared.events.monitoring.posts import PostDeletedV1, PostEditedV1, PostReceivedV1
from shared.events.monitoring.replies import (
    ReplyApprovedV1,
    ReplyDeliveredV1,
    ReplyDraftedV1,
    ReplyReturnedV1,
    ReplyReviewedV1,
    ReplyUnconfirmedV1,
)
from shared.events.monitoring.sources import SourceChangedV1, SourceRemovedV1
from shared.events.monitoring.static_content import StaticContentChangedV1

__all__ = [
    "AccountClaimedV1",
    "AccountRegisteredV1",
    "AccountRemovedV1",
    "AutonomyAppealedV1",
    "AutonomyChangedV1",
    "CertificateSuspensionProposedV1",
    "ConversationAcceptedV1",
    "ConversationAnsweredV1",
    "ConversationAssignedV1",
    "ConversationOpenedV1",
    "ConversationOverdueV1",
    "ConversationQueuedV1",
    "ConversationReopenedV1",
    "ConversationRescheduledV1",
    "ConversationResolvedV1",
    "ConversationReturnedV1",
    "ConversationTold",
    "DigestReadyV1",
    "FindingClaimedV1",
    "FindingClosedV1",
    "FindingOpenedV1",
    "FindingReleasedV1",
    "FindingTold",
    "GuidanceAcknowledgedV1",
    "GuidanceAppealedV1",
    "GuidanceDiscussedV1",
    "GuidanceGivenV1",
    "GuidanceReadV1",
    "GuidanceTold",
    "LegalHoldLiftedV1",
    "LegalHoldPlacedV1",
    "LegalHoldReleaseAskedV1",
    "LegalHoldTold",
    "MonitoringErasureFinishedV1",
    "PassedOver",
    "PauseEndedV1",
    "PauseStartedV1",
    "PostDeletedV1",
    "PostEditedV1",
    "PostReceivedV1",
    "RefresherProposedV1",
    "ReplyApprovedV1",
    "ReplyDeliveredV1",
    "ReplyDraftedV1",
    "ReplyReturnedV1",
    "ReplyReviewedV1",
    "ReplyUnconfirmedV1",
    "SourceChangedV1",
    "SourceRemovedV1",
    "StaticContentChangedV1",
]

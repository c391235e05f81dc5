"""What the training service tells, by area."""

from shared.events.training.certificates import (
    CertificateExpiredV1,
    CertificateExpiringV1,
    CertificateIssuedV1,
    CertificateReinstatedV1,
    CertificateReminderV1,
    CertificateRenewedV1,
    CertificateRevokedV1,
    CertificateSuspendedV1,
    CertificateTold,
    CoveredSection,
    SuspensionDecidedV1,
    SuspensionProposedV1,
)
from shared.events.training.exports import ExportFailedV1, ExportWrittenV1
from shared.events.training.erasures import TrainingErasureFinishedV1
from shared.events.training.groups import GroupChangedV1, MembershipChangedV1
from shared.events.training.learning import (
    CourseCompletedV1,
    CoursePublishedV1,
    EnrolmentCreatedV1,
    LiveSessionCancelledV1,
    LiveSessionScheduledV1,
    LiveSessionTold,
    TaskReviewedV1,
    TaskSubmittedV1,
    TaskTold,
)
from shared.events.training.people import PersonChangedV1, PersonErasedV1, PersonLeftV1, PersonMergedV1

__all__ = [
    "CertificateExpiredV1",
    "CertificateExpiringV1",
    "CertificateIssuedV1",
    "CertificateReinstatedV1",
    "CertificateReminderV1",
    "CertificateRenewedV1",
    "CertificateRevokedV1",
    "CertificateSuspendedV1",
    "CertificateTold",
    "CourseCompletedV1",
    "CoursePublishedV1",
    "CoveredSection",
    "EnrolmentCreatedV1",
    "ExportFailedV1",
    "ExportWrittenV1",
    "GroupChangedV1",
    "LiveSessionCancelledV1",
    "LiveSessionScheduledV1",
    "LiveSessionTold",
    "MembershipChangedV1",
    "PersonChangedV1",
    "PersonErasedV1",
    "PersonLeftV1",
    "PersonMergedV1",
    "SuspensionDecidedV1",
    "SuspensionProposedV1",
    "TaskReviewedV1",
    "TaskSubmittedV1",
    "TaskTold",
    "TrainingErasureFinishedV1",
]

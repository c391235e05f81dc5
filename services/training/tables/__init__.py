"""What the training service keeps, by area."""

from services.training.tables.base import Table, metadata
from services.training.tables.certification import (
    Absence,
    Certificate,
    CertificateChange,
    Certification,
    Cutoff,
    Progress,
    ProposalState,
    Recheck,
    RenewalMode,
    State,
    SuspensionProposal,
)
from services.training.tables.copies import Acknowledgement, PolicyVersion
from services.training.tables.courses import Course, CourseVersion, ExternalCourse
from services.training.tables.groups import Group, GroupMember, ScimEmail, ScimUser
from services.training.tables.learning import Completion, Enrolment, LessonRead
from services.training.tables.people import Authority, FormerNumber, Person, PersonSource, Source
from services.training.tables.quizzes import Answer, Attempt

__all__ = [
    "Absence",
    "Acknowledgement",
    "Answer",
    "Attempt",
    "Authority",
    "Certificate",
    "CertificateChange",
    "Certification",
    "Completion",
    "Course",
    "CourseVersion",
    "Cutoff",
    "Enrolment",
    "ExternalCourse",
    "FormerNumber",
    "Group",
    "GroupMember",
    "LessonRead",
    "Person",
    "PersonSource",
    "PolicyVersion",
    "Progress",
    "ProposalState",
    "Recheck",
    "RenewalMode",
    "ScimEmail",
    "ScimUser",
    "Source",
    "State",
    "SuspensionProposal",
    "Table",
    "metadata",
]

"""What the training service keeps, by area."""

from services.training.tables.base import Table, metadata
from services.training.tables.certification import (
    Certificate,
    CertificateChange,
    Certification,
    Progress,
    Recheck,
    State,
)
from services.training.tables.copies import Acknowledgement, PolicyVersion
from services.training.tables.courses import Course, CourseVersion, ExternalCourse
from services.training.tables.groups import Group, GroupMember, ScimEmail, ScimUser
from services.training.tables.learning import Completion, Enrolment, LessonRead
from services.training.tables.people import Authority, FormerNumber, Person, PersonSource, Source
from services.training.tables.quizzes import Answer, Attempt

__all__ = [
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
    "Recheck",
    "ScimEmail",
    "ScimUser",
    "Source",
    "State",
    "Table",
    "metadata",
]

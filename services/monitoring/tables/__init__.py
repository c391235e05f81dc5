"""What the monitoring service keeps, by area."""

from services.monitoring.tables.base import Table, metadata
from services.monitoring.tables.conversations import (
    Assignment,
    Availability,
    Conversation,
    Message,
    Pause,
    Reply,
    Router,
)
from services.monitoring.tables.copies import (
    ApprovalDecision,
    Certificate,
    EmergencyRule,
    Person,
    PolicyInForce,
    PolicyRule,
)
from services.monitoring.tables.posts import (
    Account,
    Contact,
    Finding,
    Guidance,
    JudgementDue,
    Post,
    PostText,
    Tally,
)

__all__ = [
    "Account",
    "ApprovalDecision",
    "Assignment",
    "Availability",
    "Certificate",
    "Contact",
    "Conversation",
    "EmergencyRule",
    "Finding",
    "Guidance",
    "JudgementDue",
    "Message",
    "Pause",
    "Person",
    "PolicyInForce",
    "PolicyRule",
    "Post",
    "PostText",
    "Reply",
    "Router",
    "Table",
    "Tally",
    "metadata",
]

"""What the monitoring service keeps, by area."""

from services.monitoring.tables.accounts import Account
from services.monitoring.tables.base import Table, metadata
from services.monitoring.tables.coaching import Finding, Guidance
from services.monitoring.tables.conversations import Conversation, Message, Reply
from services.monitoring.tables.copies import (
    ApprovalDecision,
    Certificate,
    EmergencyRule,
    Person,
    PolicyInForce,
    PolicyRule,
)
from services.monitoring.tables.figures import Tally
from services.monitoring.tables.posts import Contact, JudgementDue, Post, PostText
from services.monitoring.tables.routing import Assignment, Availability, Pause, Router

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

"""What the monitoring service keeps, by area."""

from services.monitoring.tables.accounts import Account
from services.monitoring.tables.autonomy import Autonomy, AutonomyChange, ReplySample
from services.monitoring.tables.base import Table, metadata
from services.monitoring.tables.coaching import (
    CertificateWithdrawn,
    DepartmentHeld,
    Finding,
    Guidance,
    GuidanceMessage,
    GuidanceTemplate,
    Opening,
    ShadowMatch,
)
from services.monitoring.tables.conversations import UNCONFIRMED, Conversation, Message, Note, Reply, ReplyReview
from services.monitoring.tables.copies import (
    ApprovalDecision,
    Certificate,
    EmergencyRule,
    Person,
    PolicyInForce,
    PolicyRule,
)
from services.monitoring.tables.figures import HourCount, Tally
from services.monitoring.tables.keeping import LegalHold, SupervisionExport, SupervisionPart
from services.monitoring.tables.patterns import Digest, RefresherProposal, Refreshers
from services.monitoring.tables.posts import Contact, JudgementDue, Post, PostText
from services.monitoring.tables.promises import PromisedAnswer, ServicePromise
from services.monitoring.tables.routing import Assignment, Availability, Pause, Router, RoutingRequirements
from services.monitoring.tables.simulations import Simulation
from services.monitoring.tables.sources import BrandTerms, DroppedPosts, Source, SourceRun
from services.monitoring.tables.triage import TriageCues
from services.monitoring.tables.wordings import SavedAnswer, StaticContent, StaticVersion

__all__ = [
    "UNCONFIRMED",
    "Account",
    "ApprovalDecision",
    "Assignment",
    "Autonomy",
    "AutonomyChange",
    "Availability",
    "BrandTerms",
    "Certificate",
    "CertificateWithdrawn",
    "Contact",
    "Conversation",
    "DepartmentHeld",
    "Digest",
    "DroppedPosts",
    "EmergencyRule",
    "Finding",
    "Guidance",
    "GuidanceMessage",
    "GuidanceTemplate",
    "HourCount",
    "JudgementDue",
    "LegalHold",
    "Message",
    "Note",
    "Opening",
    "Pause",
    "Person",
    "PolicyInForce",
    "PolicyRule",
    "Post",
    "PostText",
    "PromisedAnswer",
    "RefresherProposal",
    "Refreshers",
    "Reply",
    "ReplyReview",
    "ReplySample",
    "Router",
    "RoutingRequirements",
    "SavedAnswer",
    "ServicePromise",
    "ShadowMatch",
    "Simulation",
    "Source",
    "SourceRun",
    "StaticContent",
    "StaticVersion",
    "SupervisionExport",
    "SupervisionPart",
    "Table",
    "Tally",
    "TriageCues",
    "metadata",
]

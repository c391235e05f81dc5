"""What the policy service keeps, by area."""

from services.policy.tables.acknowledgements import Acknowledgement, Asked, Campaign
from services.policy.tables.backtests import Backtest
from services.policy.tables.base import Table, metadata
from services.policy.tables.checks import ApprovalRequest, EmergencyRule, KeptCheck
from services.policy.tables.coverage import Account, Conversation
from services.policy.tables.people import Certificate, Person
from services.policy.tables.policies import SEEN_BY_ALL, SPARING, Approval, Policy, State, Translation, Version
from services.policy.tables.questions import FaqEntry, Question
from services.policy.tables.search import SearchDocument
from services.policy.tables.task_team import Endorsement, Handover, Nomination, Seat, TeamTerms

__all__ = [
    "SEEN_BY_ALL",
    "SPARING",
    "Account",
    "Acknowledgement",
    "Approval",
    "ApprovalRequest",
    "Asked",
    "Backtest",
    "Campaign",
    "Certificate",
    "Conversation",
    "EmergencyRule",
    "Endorsement",
    "FaqEntry",
    "Handover",
    "KeptCheck",
    "Nomination",
    "Person",
    "Policy",
    "Question",
    "SearchDocument",
    "Seat",
    "State",
    "Table",
    "TeamTerms",
    "Translation",
    "Version",
    "metadata",
]

"""What the policy service keeps, by area."""

from services.policy.tables.acknowledgements import Acknowledgement
from services.policy.tables.base import Table, metadata
from services.policy.tables.checks import ApprovalRequest, EmergencyRule, KeptCheck
from services.policy.tables.people import Certificate, Person
from services.policy.tables.policies import Approval, Policy, State, Version
from services.policy.tables.task_team import Endorsement, Nomination, Seat

__all__ = [
    "Acknowledgement",
    "Approval",
    "ApprovalRequest",
    "Certificate",
    "EmergencyRule",
    "Endorsement",
    "KeptCheck",
    "Nomination",
    "Person",
    "Policy",
    "Seat",
    "State",
    "Table",
    "Version",
    "metadata",
]

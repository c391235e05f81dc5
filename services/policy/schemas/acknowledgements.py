"""Bodies of acknowledgements."""

from datetime import datetime
from typing import Any

from services.policy.tables import Acknowledgement, Person, Policy, Version
from shared.schemas import Body, EmployeeNumber, Resource


class AcknowledgementIn(Body):
    """Who accepts the version: whom a key names, or the person who asks."""

    employee_number: EmployeeNumber | None = None


class ReceiptOut(Resource):
    """Proof that a person accepted one exact version; `evidence` is its entry in the evidence log."""

    id: str
    policy: str
    version: int
    version_hash: str
    person: str
    employee_number: str
    acknowledged_at: datetime
    evidence: dict[str, Any]

    @classmethod
    def of(cls, row: Acknowledgement, policy: Policy, version: Version, person: Person) -> "ReceiptOut":
        """Show an acknowledgement with what it is of and by whom."""
        return cls(
            id=row.id,
            policy=policy.key,
            version=version.number,
            version_hash=row.version_hash,
            person=row.person,
            employee_number=person.employee_number,
            acknowledged_at=row.acknowledged_at,
            evidence=row.evidence,
        )


class StandingOut(Resource):
    """Whether a person has accepted a version."""

    employee_number: str
    name: str
    department: str
    policy: str
    version: int
    status: str
    acknowledged_at: datetime | None
    receipt: str | None

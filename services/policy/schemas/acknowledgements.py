"""Bodies of acknowledgements."""

from datetime import datetime
from typing import Any, Literal

from services.policy.tables import Acknowledgement, Person, Policy, Version
from shared.evidence import EvidenceProof
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
    status: Literal["done", "missing", "overdue", "exempt"]
    accepted_version: int | None
    """The latest version that the person accepted and that counts; an editorial one after it asks nobody anew."""
    acknowledged_at: datetime | None
    receipt: str | None
    due_at: datetime | None


class ProofOfAcknowledgement(Resource):
    """All that proves an acknowledgement without the platform; `docs/verify_receipt.py` reads it.

    `salt` shows that the entry is about this person: its `person` is the SHA-256 of `<salt>:<person id>`.
    `public_key` (Ed25519, hex) verifies the head, once one knows that it is the policy service's.
    """

    receipt: ReceiptOut
    proof: EvidenceProof
    salt: str
    public_key: str = ""

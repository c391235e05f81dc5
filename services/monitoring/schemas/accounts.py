"""Social accounts."""

from datetime import datetime
from typing import Literal

from services.monitoring.schemas.names import Handle, Network
from shared.schemas import Body, EmployeeNumber, Resource


class AccountIn(Body):
    """An account that its owner registers of their own will, or one of the brand's."""

    network: Network
    handle: Handle
    kind: Literal["brand", "staff"]
    employee_number: EmployeeNumber | None = None


Proof = Literal["code", "vouched", "before"]


class AccountOut(Resource):
    """A registered account.

    Only a proven one counts: by a code that stood there, because the organisation vouches for it, or because it was
    registered before proofs were asked.
    """

    id: str
    network: str
    handle: str
    kind: Literal["brand", "staff"]
    employee_number: str | None
    created_at: datetime
    state: Literal["unproven", "proven"]
    proof: Proof | None
    proven_at: datetime | None
    revision: int


class ProofOut(Resource):
    """A code that proves an account when it stands in a post or in the profile there, up to `expires_at`."""

    account: str
    code: str
    expires_at: datetime

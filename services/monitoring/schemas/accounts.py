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


class AccountOut(Resource):
    """A registered account."""

    id: str
    network: str
    handle: str
    kind: Literal["brand", "staff"]
    employee_number: str | None
    created_at: datetime

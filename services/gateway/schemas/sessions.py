"""Bodies about sessions of the portal."""

from datetime import datetime
from typing import Self

from services.gateway.tables import SignedIn
from shared.schemas import Resource


class SessionOut(Resource):
    """Where somebody is signed in; `current` is the session by which this was asked."""

    id: str
    created_at: datetime
    expires_at: datetime
    authenticated_at: datetime | None
    last_seen_at: datetime | None
    current: bool

    @classmethod
    def of(cls, row: SignedIn, current: str | None) -> Self:
        """Return what a person is shown of a session of theirs."""
        return cls(
            id=row.id,
            created_at=row.created_at,
            expires_at=row.expires_at,
            authenticated_at=row.authenticated_at,
            last_seen_at=row.last_seen_at,
            current=row.id == current,
        )

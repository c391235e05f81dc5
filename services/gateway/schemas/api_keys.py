"""Bodies about API keys."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, field_validator

from services.gateway.rights import SCOPES
from services.gateway.tables import ApiKey
from shared.schemas import Body, Line, Moment, Resource


class ApiKeyIn(Body):
    """A key to be made: for what machine, with which scopes, and until when."""

    name: Line
    scopes: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=len(SCOPES))] = Field(
        examples=[["certificates:read", "people:read"]]
    )
    departments: Annotated[list[Line], Field(min_length=1, max_length=100)] | None = None
    expires_at: Moment | None = None

    @field_validator("scopes")
    @classmethod
    def know_each_scope(cls, scopes: list[str]) -> list[str]:
        """Refuse a scope that does not exist, and put them in order."""
        if unknown := sorted(set(scopes) - SCOPES):
            raise ValueError(f"there is no scope {unknown[0][:40]!r}; there are {', '.join(sorted(SCOPES))}")
        return sorted(set(scopes))


class RotationIn(Body):
    """How long the secret of now works on beside the new one, so that machines can be changed one by one."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class ApiKeyOut(Resource):
    """A key as lists show it: of the secret only the first characters."""

    id: str
    name: str
    prefix: str
    former_prefix: str | None
    """Of the secret before the last rotation, which works until `former_until`."""
    former_until: datetime | None
    scopes: list[str]
    departments: list[str] | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: ApiKey) -> Self:
        """Return what may be shown of a key."""
        return cls.model_validate(row)


class NewApiKeyOut(ApiKeyOut):
    """A key just made; `key` is shown this once."""

    key: str

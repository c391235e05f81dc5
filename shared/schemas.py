"""What request bodies and answers have in common."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def refuse_nul(value: Any) -> Any:
    """Refuse text that holds NUL, which PostgreSQL cannot keep, or a lone surrogate, which is no Unicode text."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("must not hold a NUL character")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("must be valid Unicode text") from None
    return value


def to_utc(value: datetime) -> datetime:
    """Return a time in UTC; refuses one that no clock of ours will show, such as those that UTC cannot express."""
    if not EARLIEST <= value <= LATEST:
        raise ValueError(f"must be between {EARLIEST.year} and {LATEST.year}")
    return value.astimezone(UTC)


Text = Annotated[str, BeforeValidator(refuse_nul)]
Line = Annotated[Text, Field(min_length=1, max_length=200)]
"""One line: a name, a title."""
Paragraph = Annotated[Text, Field(min_length=1, max_length=5000)]
"""Some sentences: a reason, a message."""
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", examples=["social-media"])]
"""The key by which a policy, course or certification is addressed."""
EmployeeNumber = Annotated[Text, Field(min_length=1, max_length=64, pattern=r"^[^\s/]+$", examples=["E-1007"])]
"""The number by which HR knows a person."""

Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]
"""A time with its zone, kept in UTC."""


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Resource(BaseModel):
    """An answer; one with a `revision` gets it as its ETag."""

    model_config = ConfigDict(from_attributes=True)

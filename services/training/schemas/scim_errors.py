"""The errors of SCIM, apart from its resources, which take a library that is slow to load."""

from pydantic import BaseModel, Field

LONGEST = 2000
"""Characters of one part of an address: an id, or a filter."""


class ScimErrorOut(BaseModel):
    """What SCIM answers in place of a problem (RFC 7644, section 3.12)."""

    schemas: list[str] = Field(examples=[["urn:ietf:params:scim:api:messages:2.0:Error"]])
    status: str = Field(examples=["409"])
    scim_type: str | None = Field(default=None, serialization_alias="scimType", examples=["uniqueness"])
    detail: str | None = None

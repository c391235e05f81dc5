"""What SCIM clients see and send: Users with what we keep of them, Groups, and what this service can do.

Only attributes that Shareload has a use for are described here. Whatever else a client sends is accepted and not kept.
"""

from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    Filter,
    Mutability,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.resources.resource import AnyExtension
from scim2_models.urn import URN

MOST_RESULTS = 200
MOST_OPERATIONS = 100
LARGEST_BODY = 1024 * 1024


class Name(ComplexAttribute):
    """The parts of a person's name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None


class Email(ComplexAttribute):
    """One address; the primary one, else that of work, else the first is the person's e-mail."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class Address(ComplexAttribute):
    """Where a person works; streets and postal codes are not kept."""

    locality: str | None = None
    region: str | None = None
    country: str | None = None
    type: str | None = None
    primary: bool | None = None


class Membership(ComplexAttribute):
    """A group that the person is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class Manager(ComplexAttribute):
    """Another User, by id."""

    value: Annotated[str | None, CaseExact.true] = None
    ref: Reference["User"] | None = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )


def named_by_id(value: Any) -> Any:
    """Take a manager who is given by nothing but an id, as Entra does; an empty one is none."""
    if isinstance(value, str):
        return {"value": value} if value else None
    return value


class EnterpriseUser(Extension):
    """The standard's extension for people at work, but for the organisation they are all in."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Annotated[Manager | None, BeforeValidator(named_by_id)] = None


class StaffUser(Extension):
    """Our own extension: the region that work is shared by, and the languages that a person answers in.

    The languages are one text, separated by commas or semicolons: providers map one value into an extension, not many.
    """

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:shareload:2.0:User")

    region: str | None = None
    languages: str | None = None


class User(Resource[AnyExtension]):
    """A person."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    Name: ClassVar[type[ComplexAttribute]] = Name
    display_name: str | None = None
    title: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    Emails: ClassVar[type[ComplexAttribute]] = Email
    addresses: list[Address] | None = None
    Addresses: ClassVar[type[ComplexAttribute]] = Address
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None
    Groups: ClassVar[type[ComplexAttribute]] = Membership


class Member(ComplexAttribute):
    """A User in a group; groups within groups are not kept."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """Some people under a name."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None
    Members: ClassVar[type[ComplexAttribute]] = Member


StaffMember = User[EnterpriseUser | StaffUser]
"""A User as this service serves it."""


def config() -> ServiceProviderConfig:
    """Say what this service can do (RFC 7643 section 5, RFC 9865)."""
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=LARGEST_BODY),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        pagination=Pagination(
            cursor=True,
            index=True,
            default_pagination_method=Pagination.DefaultPaginationMethod.index,
            default_page_size=100,
            max_page_size=MOST_RESULTS,
            cursor_timeout=3600,
        ),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="API key",
                description="An API key with the scopes people:read and people:write, as a bearer token.",
                primary=True,
            )
        ],
    )


@cache
def provider() -> ScimProvider:
    """Return the description of the service, tolerant of what Entra and Okta send."""
    user = ResourceType.from_resource(StaffMember)
    group = ResourceType.from_resource(Group)
    return ScimProvider(
        models=[User, EnterpriseUser, StaffUser, Group],
        resource_types=[user, group],
        config=config(),
        policy=ScimPolicy(
            unknown=ScimPolicy.Unknown.ignore,
            remove_value_as_filter=ScimPolicy.RemoveValue.apply,
            unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
        ),
    )

"""Groups of people, and what a SCIM client said of a person beyond what we keep of everyone."""

from datetime import datetime

from sqlalchemy import JSON, Index, func
from sqlmodel import Field, col

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Group(Table, table=True):
    """Some people under a name, as another system provisions them."""

    __tablename__ = "groups"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    name: str = Field(max_length=200)
    external_id: str | None = Field(default=None, max_length=200, index=True)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime, index=True)


Index("groups_name_folded", func.lower(col(Group.name)))


class GroupMember(Table, table=True):
    """A person in a group."""

    __tablename__ = "group_members"

    group_id: str = Field(primary_key=True, max_length=36)
    person: str = Field(primary_key=True, max_length=36, index=True)


class ScimUser(Table, table=True):
    """What a SCIM client last wrote of a person.

    `resource` is what it said, `record` the person's own columns just after: where these have changed since, the
    person's are shown. Someone with `deleted_at` is not seen by SCIM any more; the person is kept as a leaver.
    """

    __tablename__ = "scim_users"

    person: str = Field(primary_key=True, max_length=36)
    resource: dict[str, object] = Field(sa_type=JSON)
    record: dict[str, object] = Field(sa_type=JSON)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ScimEmail(Table, table=True):
    """An address, in small letters, that a SCIM client gave a person beside their e-mail, to be found by it."""

    __tablename__ = "scim_emails"

    person: str = Field(primary_key=True, max_length=36)
    email: str = Field(primary_key=True, max_length=320, index=True)

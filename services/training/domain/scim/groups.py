"""What SCIM does with groups."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from scim2_models import Meta, NotFoundException, PreconditionFailedException
from scim2_server.conditions import Conditions
from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.provisioning import groups
from services.training.domain.scim import users
from services.training.domain.scim.filters import Condition, moment, text, within
from services.training.domain.scim.moves import Move
from services.training.schemas import scim as shapes
from services.training.tables import Group, GroupMember, Person
from shared.db import Session
from shared.problems import Forbidden
from shared.schemas import Line

MOST_SHOWN = 500
"""Members with whom a group is answered to who moves some of them; beyond, the answer is that it was done."""
NAME: TypeAdapter[Any] = TypeAdapter(Line)


def with_member(where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the groups that have such a member."""
    return col(Group.id).in_(select(GroupMember.group_id).where(where))


CONDITIONS: dict[str, Condition] = {
    "id": text(Group.id, folded=False),
    "external_id": text(Group.external_id, folded=False),
    "display_name": text(Group.name),
    "members.value": within(text(GroupMember.person, folded=False), with_member),
    "meta.created": moment(Group.created_at),
    "meta.last_modified": moment(Group.changed_at),
}


class Groups:
    """Groups as a collection of SCIM resources, within one unit of work that reads, or one that writes."""

    conditions = CONDITIONS

    def __init__(self, session: Session, *, writing: bool) -> None:
        self._session = session
        self._writing = writing
        # Of the instance: as an attribute of the class, SQLAlchemy would take it for one of a mapped class.
        self.key: Any = Group.id
        self._limits = access.limits(session, "people:write" if writing else "people:read")

    def query(self, *columns: Any) -> Any:
        """Select from all groups."""
        return select(*columns).select_from(Group)

    def resources(self, rows: Sequence[Group], *, members: bool = True) -> list[shapes.Group]:
        """Return groups as resources, with those members whom the caller may see."""
        found = self._members([row.id for row in rows]) if members else {}
        return [to_group(row, found.get(row.id, [])) for row in rows]

    def _members(self, ids: Sequence[str]) -> dict[str, list[str]]:
        query = select(GroupMember.group_id, GroupMember.person).where(col(GroupMember.group_id).in_(ids))
        if self._limits:
            query = query.join(Person, col(Person.id) == GroupMember.person).where(*self._limits)
        found: dict[str, list[str]] = {}
        for group, person in self._session.exec(query.order_by(col(GroupMember.person))):
            found.setdefault(group, []).append(person)
        return found

    def row(self, group: str) -> Group:
        """Return a group, locked in a unit that writes; raises NotFoundException."""
        query = self.query(Group).where(Group.id == group)
        if self._writing:
            query = query.with_for_update().execution_options(populate_existing=True)
        found: Group | None = self._session.exec(query).first()
        if found is None:
            raise NotFoundException(detail=f"There is no group {group}.")
        return found

    def get(self, group: str, *, members: bool = True) -> shapes.Group:
        """Return a group; raises NotFoundException."""
        return self.resources([self.row(group)], members=members)[0]

    def create(self, group: shapes.Group) -> shapes.Group:
        """Make a group; raises Forbidden or InvalidValueException."""
        self._refuse_limited()
        made = groups.create(self._session, name_of(group), external_id_of(group), people_in(group))
        return self.resources([made])[0]

    def update(self, group: shapes.Group, expected_version: str | None) -> shapes.Group:
        """Let a group be as a client says; raises NotFoundException, PreconditionFailedException, Forbidden or InvalidValueException."""
        self._refuse_limited()
        row = self.row(str(group.id))
        self._expect(row, expected_version)
        groups.change(self._session, row, name_of(group), external_id_of(group))
        before, after = set(groups.members_of(self._session, row.id)), people_in(group)
        groups.take_out(self._session, row, before - after)
        groups.put_in(self._session, row, after - before)
        return self.resources([row])[0]

    def move(self, group: str, moves: Sequence[Move], conditions: Conditions) -> tuple[shapes.Group, bool]:
        """Let people come and go; returns the group, and whether it is too large to be shown with all its members.

        Raises NotFoundException, PreconditionFailedException or Forbidden.
        """
        self._refuse_limited()
        row = self.row(group)
        conditions.check(version_of(row), "PATCH")
        for move in moves:
            (groups.put_in if move.come else groups.take_out)(self._session, row, move.people)
        size = self._session.exec(
            select(func.count()).select_from(GroupMember).where(GroupMember.group_id == row.id)
        ).one()
        return self.resources([row], members=size <= MOST_SHOWN)[0], size > MOST_SHOWN

    def delete(self, group: str, expected_version: str | None) -> None:
        """Remove a group; raises NotFoundException, PreconditionFailedException or Forbidden."""
        self._refuse_limited()
        row = self.row(group)
        self._expect(row, expected_version)
        groups.remove(self._session, row)

    def _expect(self, row: Group, version: str | None) -> None:
        [current] = self.resources([row])
        if version is not None and current.meta and current.meta.version != version:
            raise PreconditionFailedException

    def _refuse_limited(self) -> None:
        """Raise Forbidden for a key that is limited to departments: a group may have people of any."""
        if self._limits:
            raise Forbidden("This key is limited to some departments; groups are not.")


def name_of(group: shapes.Group) -> str:
    """Return a group's name; raises InvalidValueException."""
    return str(users.checked("displayName", NAME, group.display_name))


def external_id_of(group: shapes.Group) -> str | None:
    """Return by which id the client knows a group; raises InvalidValueException."""
    return users.checked("externalId", NAME, group.external_id) if group.external_id else None


def people_in(group: shapes.Group) -> set[str]:
    """Return the ids of the members that a client names."""
    return {member.value for member in group.members or [] if member.value}


def version_of(row: Group) -> str:
    """Return the weak ETag of a group."""
    return f'W/"{row.revision}"'


def to_group(row: Group, members: Sequence[str]) -> shapes.Group:
    """Return a group as SCIM shows it."""
    shown: dict[str, Any] = {"id": row.id, "externalId": row.external_id, "displayName": row.name}
    if members:
        shown["members"] = [{"value": person, "$ref": f"Users/{person}", "type": "User"} for person in members]
    group = shapes.Group.model_validate(shown)
    group.meta = Meta(
        resource_type="Group",
        created=row.created_at,
        last_modified=row.changed_at,
        version=version_of(row),
    )
    return group

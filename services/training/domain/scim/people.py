"""What SCIM does with people: find, add, change, remove; each through the rules that hold for every source."""

from collections.abc import Collection, Sequence
from typing import Any

from scim2_models import NotFoundException, PreconditionFailedException, UniquenessException
from scim2_models.path import CompareOperator
from sqlalchemy import ColumnElement, delete
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.provisioning import groups, identities, people
from services.training.domain.scim import users
from services.training.domain.scim.filters import Condition, Selection, flag, moment, text, within
from services.training.schemas.scim import StaffMember
from services.training.tables import NOT_MERGED, Group, GroupMember, Person, PersonSource, ScimEmail, ScimUser, Source
from shared.db import Session
from shared.evidence import record


def from_source(where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the people of whom SCIM's own record is so."""
    return col(Person.id).in_(select(PersonSource.person).where(PersonSource.source == Source.SCIM, where))


def by_other_email(where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the people with such an e-mail, or such another address."""
    return col(Person.id).in_(select(ScimEmail.person).where(where))


def email(op: CompareOperator, value: Any) -> Selection:
    """Compare all addresses of a person."""
    small = value.lower() if isinstance(value, str) else value
    first = text(Person.email)(op, value)
    others = within(text(ScimEmail.email, folded=op is not CompareOperator.eq), by_other_email)(op, small)
    return Selection(first.where | others.where, exact=False)


CONDITIONS: dict[str, Condition] = {
    "id": text(Person.id, folded=False),
    "external_id": within(text(PersonSource.external_id, folded=False), from_source),
    "user_name": text(Person.user_name),
    "title": text(Person.title),
    "employee_number": text(Person.employee_number, folded=False, exact=False),
    "department": text(Person.department),
    "cost_center": text(Person.cost_centre),
    "organization": text(Person.legal_entity),
    "manager.value": text(Person.manager, folded=False, exact=False),
    "active": flag(Person.active),
    "emails.value": email,
    "meta.created": moment(Person.created_at),
    "meta.last_modified": moment(Person.changed_at),
}


class People:
    """People as a collection of SCIM resources, within one unit of work that reads, or one that writes."""

    conditions = CONDITIONS

    def __init__(self, session: Session, *, writing: bool) -> None:
        self._session = session
        self._writing = writing
        # Of the instance: as an attribute of the class, SQLAlchemy would take it for one of a mapped class.
        self.key: Any = Person.id
        self._limits = access.limits(session, "people:write" if writing else "people:read")

    def query(self, *columns: Any) -> Any:
        """Select from the people whom SCIM and the caller see."""
        joined = select(*columns).outerjoin(ScimUser, col(ScimUser.person) == col(Person.id))
        here = (col(ScimUser.deleted_at).is_(None), NOT_MERGED)
        return joined.select_from(Person).where(*here, *self._limits)

    def resources(self, rows: Sequence[Person]) -> list[StaffMember]:
        """Return people as resources."""
        ids = [row.id for row in rows]
        sources = select(PersonSource.person, PersonSource.external_id).where(
            PersonSource.source == Source.SCIM, col(PersonSource.person).in_(ids)
        )
        external = dict(self._session.exec(sources).all())
        written = {row.person: row for row in self._session.exec(select(ScimUser).where(col(ScimUser.person).in_(ids)))}
        within_groups: dict[str, list[tuple[str, str]]] = {}
        memberships = select(GroupMember.person, Group.id, Group.name).join(
            Group, col(Group.id) == GroupMember.group_id
        )
        for person, group, name in self._session.exec(
            memberships.where(col(GroupMember.person).in_(ids)).order_by(col(Group.id))
        ):
            within_groups.setdefault(person, []).append((group, name))
        return [
            users.to_user(row, written.get(row.id), external.get(row.id), within_groups.get(row.id, ())) for row in rows
        ]

    def row(self, person: str) -> Person:
        """Return a person, locked in a unit that writes; raises NotFoundException."""
        query = self.query(Person).where(Person.id == person)
        if self._writing:
            query = query.with_for_update(of=Person.__table__).execution_options(populate_existing=True)  # type: ignore[attr-defined]
        found: Person | None = self._session.exec(query).first()
        if found is None:
            raise NotFoundException(detail=f"There is no user {person}.")
        access.note_look(self._session, person)
        return found

    def get(self, person: str) -> StaffMember:
        """Return a user; raises NotFoundException."""
        return self.resources([self.row(person)])[0]

    def create(self, user: StaffMember) -> StaffMember:
        """Add a person, or take on one who is known from elsewhere or was removed.

        Raises UniquenessException for one whom SCIM has already, InvalidValueException, or what `people.put` raises.
        """
        if user.active is None:
            user = user.model_copy(update={"active": True})
        attributes = users.attributes_of(self._session, user, {})
        names = {name: attributes.get(name) for name in ("employee_number", "user_name", "email")}
        found = identities.match(self._session, **names, source=Source.SCIM, external_id=user.external_id)
        if found is not None and self._is_live(found):
            raise UniquenessException(detail=f"{found.user_name} is a user already.")
        done = people.put(self._session, Source.SCIM, attributes, user.external_id)
        return self._keep(done.person, user, attributes, done.judged.refused)

    def _is_live(self, person: Person) -> bool:
        row = self._session.get(ScimUser, person.id)
        return row is not None and row.deleted_at is None

    def update(self, user: StaffMember, expected_version: str | None) -> StaffMember:
        """Let a person be as a client says; raises NotFoundException, PreconditionFailedException, InvalidValueException, or what `people.put` raises."""
        person = self.row(str(user.id))
        [current] = self.resources([person])
        if expected_version is not None and current.meta and current.meta.version != expected_version:
            raise PreconditionFailedException
        row = self._session.get(ScimUser, person.id)
        before = users.said_of(StaffMember.model_validate(row.resource)) if row is not None and row.resource else {}
        attributes = users.attributes_of(self._session, user, before)
        done = people.put(self._session, Source.SCIM, attributes, user.external_id, person)
        if user.external_id is None and current.external_id is not None:
            self._session.get_one(PersonSource, (person.id, Source.SCIM)).external_id = None
        if not done.judged.changes:
            person.changed_at = self._session.now
            record(self._session, "person.described", f"person/{person.id}", person=person.id)
        return self._keep(done.person, user, attributes, done.judged.refused)

    def _keep(self, person: Person, user: StaffMember, wrote: Collection[str], refused: Collection[str]) -> StaffMember:
        """Keep what a client said; what it did not write itself is shown as it is, whatever the client has."""
        row = self._session.get(ScimUser, person.id) or ScimUser(person=person.id, resource={}, record={})
        row.resource = users.resource_of(user)
        row.record = users.record_of(person, wrote, refused)
        row.deleted_at = None
        self._session.add(row)
        self._session.flush()
        self._session.execute(delete(ScimEmail).where(col(ScimEmail.person) == person.id))
        others = {each.value.lower() for each in user.emails or [] if each.value} - {person.email.lower()}
        self._session.add_all(ScimEmail(person=person.id, email=other) for other in others)
        self._session.flush()
        return self.resources([person])[0]

    def delete(self, person_id: str, expected_version: str | None) -> None:
        """Let a person leave, and SCIM see them no more; they are known again when they come back.

        Raises NotFoundException or PreconditionFailedException.
        """
        person = self.row(person_id)
        [current] = self.resources([person])
        if expected_version is not None and current.meta and current.meta.version != expected_version:
            raise PreconditionFailedException
        people.put(self._session, Source.SCIM, {"active": False}, person=person)
        for group in self._session.exec(
            select(Group)
            .join(GroupMember, col(GroupMember.group_id) == Group.id)
            .where(GroupMember.person == person.id)
        ).all():
            groups.take_out(self._session, group, [person.id])
        row = self._session.get(ScimUser, person.id) or ScimUser(person=person.id, resource={}, record={})
        row.deleted_at = self._session.now
        self._session.add(row)
        record(self._session, "person.deprovisioned", f"person/{person.id}", person=person.id)

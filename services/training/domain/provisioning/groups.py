"""Groups of people: made and filled by another system, used by rules of ours.

A group's own event says only that it is there, and its name. Who is in it is told person by person, each time with all
groups of that person: a group of everyone then costs no more than many small ones.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, insert
from sqlmodel import col, select

from services.training.domain.planning import occasions
from services.training.tables import Group, GroupMember, Person
from shared.db import Session
from shared.events.training import GroupChangedV1, MembershipChangedV1
from shared.evidence import Deed, record, record_all
from shared.outbox import tell
from shared.snapshots import gone, rows_after

CHUNK = 500


def create(session: Session, name: str, external_id: str | None, members: Collection[str]) -> Group:
    """Make a group of those members who are people here."""
    group = Group(name=name, external_id=external_id, created_at=session.now, changed_at=session.now)
    session.add(group)
    session.flush()
    tell(session, event(group))
    record(session, "group.created", f"group/{group.id}")
    put_in(session, group, members)
    return group


def change(session: Session, group: Group, name: str, external_id: str | None) -> None:
    """Rename a group, or note by which id another system knows it now."""
    if (group.name, group.external_id) == (name, external_id):
        return
    group.name, group.external_id = name, external_id
    revise(session, group)
    tell(session, event(group))
    record(session, "group.changed", f"group/{group.id}")


def remove(session: Session, group: Group) -> None:
    """Remove a group, and everyone from it."""
    take_out(session, group, members_of(session, group.id))
    session.delete(group)
    session.flush()
    tell(session, event(group, removed=True))
    record(session, "group.removed", f"group/{group.id}")


def put_in(session: Session, group: Group, people: Collection[str]) -> None:
    """Put people into a group who are not in it yet; who is nobody here is left out."""
    present = set(members_of(session, group.id, among=people))
    new = [person for person in known(session, people) if person not in present]
    if new:
        table = GroupMember.__table__  # type: ignore[attr-defined]
        session.execute(insert(table), [{"group_id": group.id, "person": person} for person in new])
        moved(session, group, new, "group.joined")


def take_out(session: Session, group: Group, people: Collection[str]) -> None:
    """Take people out of a group who are in it."""
    gone = members_of(session, group.id, among=people)
    for some in chunks(gone):
        session.execute(
            delete(GroupMember).where(col(GroupMember.group_id) == group.id, col(GroupMember.person).in_(some))
        )
    if gone:
        moved(session, group, gone, "group.left")


def moved(session: Session, group: Group, people: list[str], action: str) -> None:
    """Tell and prove who came or went."""
    revise(session, group)
    tell(session, *memberships(session, people))
    occasions.moved(session, people)
    record_all(session, [Deed(action, f"group/{group.id}", person=person) for person in people])


def revise(session: Session, group: Group) -> None:
    """Count a change of a group."""
    group.revision += 1
    group.changed_at = session.now
    session.flush()


def members_of(session: Session, group: str, among: Collection[str] | None = None) -> list[str]:
    """Return the people in a group, all or those `among` some."""
    query = select(GroupMember.person).where(GroupMember.group_id == group)
    if among is None:
        return list(session.exec(query.order_by(col(GroupMember.person))))
    found = [session.exec(query.where(col(GroupMember.person).in_(some))) for some in chunks(among)]
    return sorted(person for part in found for person in part)


def known(session: Session, people: Collection[str]) -> list[str]:
    """Return those who are people here, in order."""
    found = [session.exec(select(Person.id).where(col(Person.id).in_(some))) for some in chunks(people)]
    return sorted(person for part in found for person in part)


def memberships(session: Session, people: Collection[str]) -> list[MembershipChangedV1]:
    """Return what is told of the groups of people."""
    groups: dict[str, list[str]] = {person: [] for person in people}
    for some in chunks(people):
        query = select(GroupMember.person, GroupMember.group_id).where(col(GroupMember.person).in_(some))
        for person, group in session.exec(query.order_by(col(GroupMember.group_id))):
            groups[person].append(group)
    return [MembershipChangedV1(person=person, groups=of_person) for person, of_person in groups.items()]


def event(group: Group, *, removed: bool = False) -> GroupChangedV1:
    """Return what is told of a group."""
    return GroupChangedV1(id=group.id, name=group.name, external_id=group.external_id, removed=removed)


def snapshot(session: Session, after: str | None, limit: int) -> list[GroupChangedV1]:
    """Return what is told of groups with an id after `after`, of those that were removed as well."""
    there = rows_after(session, Group, after, limit)
    removed = gone(session, "group", select(Group.id), after, limit)
    ended = [GroupChangedV1(id=group, name="", removed=True) for group in removed]
    return sorted([*map(event, there), *ended], key=lambda told: told.id)[:limit]


def snapshot_of_memberships(session: Session, after: str | None, limit: int) -> list[MembershipChangedV1]:
    """Return the groups of people with an id after `after` who are in one, or were: whoever left the last is in none."""
    within = select(GroupMember.person).where(GroupMember.person > (after or "")).distinct()
    there = session.exec(within.order_by(col(GroupMember.person)).limit(limit))
    left = gone(session, "membership", select(GroupMember.person), after, limit)
    return memberships(session, sorted([*there, *left])[:limit])


def chunks(people: Iterable[str]) -> list[list[str]]:
    """Split people into what one statement takes."""
    ordered = sorted(set(people))
    return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]

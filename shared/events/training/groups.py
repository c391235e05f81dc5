"""What is told of groups."""

from typing import ClassVar

from shared.events.base import Event, Operational, Public, told


@told
class GroupChangedV1(Event):
    """A group was made, renamed or removed; who is in it is told person by person."""

    type = "training.group.changed.v1"
    id: Public[str]
    name: Operational[str]
    external_id: Operational[str | None] = None
    removed: Operational[bool] = False


@told
class MembershipChangedV1(Event):
    """The groups that a person is in changed; carries all of them, so that large groups cost no more than small ones."""

    type = "training.membership.changed.v1"
    aggregate_field: ClassVar[str] = "person"
    person: Public[str]
    groups: Operational[list[str]]

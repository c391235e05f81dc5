"""What is told of people."""

from datetime import datetime

from shared.events.base import Event, Field, Operational, Personal, Public, told


@told
class PersonChangedV1(Event):
    """A person was added or one of their attributes changed; carries all of them."""

    type = "training.person.changed.v1"
    id: Public[str]
    employee_number: Personal[str]
    user_name: Personal[str]
    name: Personal[str]
    email: Personal[str]
    department: Operational[str]
    region: Operational[str]
    manager: Operational[str | None] = None
    languages: Operational[list[str]]
    cost_centre: Operational[str | None] = None
    legal_entity: Operational[str | None] = None
    title: Personal[str | None] = None
    locale: Operational[str | None] = None
    active: Operational[bool] = True
    former_numbers: Personal[list[str]] = Field(default_factory=list)
    """Employee numbers that name them, too: those they had before, and those of entries that turned out to be theirs."""


@told
class PersonLeftV1(Event):
    """A person left: their sessions end, their work goes to others."""

    type = "training.person.left.v1"
    id: Public[str]
    left_at: Operational[datetime]


@told
class PersonMergedV1(Event):
    """Two entries turned out to be one person: all that `id` did and holds is `into`'s from now on."""

    type = "training.person.merged.v1"
    id: Public[str]
    into: Public[str]
    employee_number: Personal[str]
    merged_at: Operational[datetime]


@told
class PersonErasedV1(Event):
    """A person's data is to be forgotten: who they were, and what they wrote or what was written about them.

    What refers to their id may stay: it stands for nobody who is known.
    """

    type = "training.person.erased.v1"
    id: Public[str]
    erased_at: Operational[datetime]

"""What is told of the task team: its seats, nominations, and the questions that it answers."""

from datetime import datetime

from pydantic import Field

from shared.events.base import Event, Operational, Personal, Public, told


@told
class TaskTeamChangedV1(Event):
    """A seat of the task team was filled, left or changed."""

    type = "policy.task_team.changed.v1"
    aggregate_field = "seat"
    seat: Public[str]
    role: Public[str]
    department: Public[str | None] = None
    region: Public[str | None] = None
    network: Public[str | None] = None
    language: Public[str | None] = None
    person: Operational[str | None] = None
    change: Public[str]
    topics: Public[list[str]] = Field(default_factory=list)
    term_ends_at: Operational[datetime | None] = None
    vacate_at: Operational[datetime | None] = None


@told
class NominationChangedV1(Event):
    """Somebody was put forward for the task team, or their nomination moved on; `seat` is the one wished or offered."""

    type = "policy.nomination.changed.v1"
    id: Public[str]
    person: Personal[str]
    seat: Operational[str | None] = None
    state: Operational[str]
    change: Operational[str]
    offer_ends_at: Operational[datetime | None] = None


class QuestionTold(Event):
    """What every question event carries: the question as it is after the change, without its words."""

    id: Public[str]
    asker: Personal[str]
    assignee: Operational[str | None] = None
    seat: Operational[str | None] = None
    state: Operational[str]
    policy: Public[str | None] = None
    section: Public[str | None] = None
    topic: Operational[str | None] = None
    language: Operational[str | None] = None
    due_at: Operational[datetime | None] = None


@told
class QuestionAskedV1(QuestionTold):
    """Somebody asked the task team about the policy; `assignee` is whom it is with."""

    type = "policy.question.asked.v1"


@told
class QuestionReassignedV1(QuestionTold):
    """A question is with somebody else: handed on, or its holder has left the team."""

    type = "policy.question.reassigned.v1"


@told
class QuestionEscalatedV1(QuestionTold):
    """A question was not answered in time and went to the next member, or to a lead."""

    type = "policy.question.escalated.v1"


@told
class QuestionAnsweredV1(QuestionTold):
    """The task team answered a question."""

    type = "policy.question.answered.v1"


@told
class QuestionRatedV1(QuestionTold):
    """The asker said how much an answer helped, from 1 to 5."""

    type = "policy.question.rated.v1"
    rating: Operational[int]


@told
class FaqChangedV1(Event):
    """An entry of the questions and answers beside a section was added, changed or removed."""

    type = "policy.faq.changed.v1"
    id: Public[str]
    policy: Public[str]
    section: Public[str]
    change: Public[str]

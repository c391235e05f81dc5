"""What is told of learning."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told


@told
class EnrolmentCreatedV1(Event):
    """A person was put on a course."""

    type = "training.enrolment.created.v1"
    id: Public[str]
    person: Operational[str]
    course: Public[str]
    version: Public[int]


@told
class CourseCompletedV1(Event):
    """A person completed a course, here or elsewhere."""

    type = "training.course.completed.v1"
    id: Public[str]
    person: Operational[str]
    course: Public[str]
    version: Public[int | None] = None
    completed_at: Operational[datetime]

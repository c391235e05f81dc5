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


@told
class CoursePublishedV1(Event):
    """A version of a course came into force for those who enrol from now on."""

    type = "training.course.published.v1"
    aggregate_field = "course"
    course: Public[str]
    version: Public[int]
    title: Public[str]
    note: Public[str] = ""


class TaskTold(Event):
    """What is told of something handed in for a practical task; never its words."""

    id: Public[str]
    person: Operational[str]
    course: Public[str]
    module: Public[str]


@told
class TaskSubmittedV1(TaskTold):
    """A person handed in a practical task; a coach is to look at it."""

    type = "training.task.submitted.v1"


@told
class TaskReviewedV1(TaskTold):
    """A coach `accepted` what was handed in, or `returned` it."""

    type = "training.task.reviewed.v1"
    decision: Operational[str]


class LiveSessionTold(Event):
    """What is told of a live session: the whole of it as it is after the change."""

    id: Public[str]
    course: Public[str]
    module: Public[str]
    starts_at: Public[datetime]
    ends_at: Public[datetime]
    place: Public[str]
    host: Operational[str]


@told
class LiveSessionScheduledV1(LiveSessionTold):
    """A live session was given a date, or another one."""

    type = "training.live_session.scheduled.v1"


@told
class LiveSessionCancelledV1(LiveSessionTold):
    """A live session will not take place."""

    type = "training.live_session.cancelled.v1"


class EnrolmentTold(Event):
    """What is told of an enrolment that is asked of a person."""

    id: Public[str]
    person: Operational[str]
    course: Public[str]
    due_at: Operational[datetime | None] = None


@told
class EnrolmentWithdrawnV1(EnrolmentTold):
    """A course is not asked of a person any more; what they did of it stays done."""

    type = "training.enrolment.withdrawn.v1"


@told
class EnrolmentResumedV1(EnrolmentTold):
    """A course that was withdrawn is asked of the person again; they go on where they were."""

    type = "training.enrolment.resumed.v1"


@told
class EnrolmentRemindedV1(EnrolmentTold):
    """A course is due in `days_left`, or was due (below 0); `days_before` is for when the reminder was meant."""

    type = "training.enrolment.reminded.v1"
    days_before: Operational[int]
    days_left: Operational[int]


@told
class EnrolmentOverdueV1(EnrolmentTold):
    """The day has come by which a course should have been done, and it is not."""

    type = "training.enrolment.overdue.v1"


@told
class EnrolmentEscalatedV1(EnrolmentTold):
    """A course has been overdue for a week; `manager`, a person's id, is the nearest above who works here."""

    type = "training.enrolment.escalated.v1"
    manager: Operational[str | None] = None


@told
class RefresherDecidedV1(Event):
    """A person decided on a course that was proposed because findings repeated themselves: `confirmed` or `declined`."""

    type = "training.refresher.decided.v1"
    id: Public[str]
    person: Operational[str | None] = None
    department: Operational[str | None] = None
    course: Public[str]
    state: Operational[str]
    decided_by: Operational[str]
    decided_at: Operational[datetime]

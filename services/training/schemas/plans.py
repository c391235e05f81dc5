"""Bodies of a person's plan, and of the figures by department."""

from datetime import datetime
from typing import Literal

from shared.schemas import Resource


class Reason(Resource):
    """Why something is asked: a `rule`, a `path`, a campaign, a certificate that ends, or somebody `by_hand`."""

    kind: Literal["rule", "path", "campaign", "certificate", "by_hand"]
    key: str | None
    title: str


class NextStep(Resource):
    """What to do now, and where: a path of this API, read or sent to by `method`."""

    title: str
    method: Literal["GET", "POST"]
    url: str
    module: str | None = None


class PlanItem(Resource):
    """Something that is due; `next` is null while something else, or a date, has to come first."""

    kind: Literal["course", "acknowledgement", "renewal", "delta"]
    key: str
    title: str
    due_at: datetime | None
    overdue: bool
    why: list[Reason]
    minutes_left: int | None = None
    enrolment: str | None = None
    next: NextStep | None
    blocked_by: str | None = None
    """Why there is no next step."""


class DoneItem(Resource):
    """Something done within the last 90 days."""

    kind: Literal["course", "acknowledgement", "certificate"]
    key: str
    title: str
    done_at: datetime


class PlanOut(Resource):
    """What a person is to do, the most urgent first, and what they have done lately."""

    employee_number: str
    items: list[PlanItem]
    done: list[DoneItem]


class Figures(Resource):
    """People by what is asked of them: something overdue, else something open, else something done, else nothing."""

    people: int | None = None
    overdue: int | None = None
    open: int | None = None
    done: int | None = None
    nothing: int | None = None


class GroupFigures(Figures):
    """The figures of a department or region; `other` are those too small to be shown by themselves."""

    name: str


class LearningFigures(Resource):
    """Figures by group; all are null where they would be those of a few."""

    by: Literal["department", "region"]
    course: str | None
    minimum: int
    total: Figures
    groups: list[GroupFigures]

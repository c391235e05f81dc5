"""Counts over time, an hour or a day a step: what dashboards draw."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import col, func

from services.monitoring.domain.figures.hours import hour_of
from services.monitoring.domain.figures.summary import OTHER, departments_shown
from services.monitoring.schemas.summary import Metric, PointOut, SeriesBy, SeriesOut, Step
from services.monitoring.tables import DroppedPosts, HourCount, Tally
from shared.context import Principal
from shared.db import Session
from shared.problems import FieldError, Forbidden, Invalid
from shared.small_groups import Shown

STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
USUAL = {"hour": timedelta(days=2), "day": timedelta(days=60)}
"""What a series shows of which nobody says from when on."""
MOST = 2000
"""Steps that one answer covers."""
IN_TALLIES = ("posts", "findings")
ALLOWED: dict[str, tuple[SeriesBy, ...]] = {
    "posts": ("none", "network", "department", "kind", "section", "rule"),
    "findings": ("none", "network", "department", "kind", "section", "rule"),
    "triage": ("none", "network", "kind"),
    "deletions": ("none", "network", "department", "kind"),
    "conversations": ("none", "network"),
    "replies": ("none", "network"),
    "overdue": ("none", "network", "kind"),
    "guidance": ("none", "network", "department", "kind"),
    "dropped": ("none", "network", "kind"),
}
"""By what each metric is counted."""


class NotByDepartment(Forbidden):
    """What this counts belongs to no department, so that a key for some of them cannot read it."""


def read(
    session: Session,
    metric: Metric,
    by: SeriesBy,
    step: Step,
    period: tuple[datetime | None, datetime | None],
    caller: Principal,
) -> SeriesOut:
    """Count something over time; departments of few people are merged, as in the summary.

    Raises Invalid for what is not counted so or a period of too many steps, and NotByDepartment.
    """
    if by not in ALLOWED[metric]:
        raise refused("by", f"{metric} is counted by {', '.join(ALLOWED[metric])}")
    if caller.departments is not None and "department" not in ALLOWED[metric]:
        raise NotByDepartment
    until = period[1] or session.now
    since = start_of(period[0] or until - USUAL[step], step)
    if (until - since) / STEPS[step] > MOST:
        raise refused("from", f"the period has more than {MOST} steps")
    groups = departments_shown(session, caller)
    counted: Counter[tuple[datetime, str | None]] = Counter()
    for hour, key, amount in rows(session, metric, by, (since, until), caller, groups):
        name = OTHER if by == "department" and key in groups.together else key or None
        counted[start_of(hour, step), name if by != "none" else None] += amount
    points = sorted(counted.items(), key=lambda point: (point[0][0], point[0][1] or ""))
    return SeriesOut(
        items=[PointOut(at=at, key=key, value=value) for (at, key), value in points if value],
        metric=metric,
        by=by,
        step=step,
    )


def refused(parameter: str, why: str) -> Invalid:
    """Return what a client is told of a question that is not answered."""
    return Invalid(f"{why.capitalize()}.", errors=[FieldError(pointer=f"?{parameter}", detail=why)])


def start_of(at: datetime, step: Step) -> datetime:
    """Return when the hour or day (UTC) of an instant began."""
    return hour_of(at) if step == "hour" else hour_of(at).replace(hour=0)


def rows(
    session: Session,
    metric: Metric,
    by: SeriesBy,
    period: tuple[datetime, datetime],
    caller: Principal,
    groups: Shown,
) -> Iterator[tuple[datetime, str, int]]:
    """Give hours, groups and counts."""
    table, amount, which = counted_in(metric, by)
    key = group_column(table, by)
    statement: Select[Any] = select(col(table.hour), key, func.sum(amount)).where(
        col(table.hour) >= period[0], col(table.hour) < period[1], *which
    )
    if table is not DroppedPosts and (by == "department" or caller.departments is not None):
        # What belongs to no department counts for who may see all.
        seen = [*groups.groups, *([""] if caller.departments is None else [])]
        statement = statement.where(col(table.department).in_(seen))
    for hour, name, number in session.execute(statement.group_by(col(table.hour), key)):
        yield hour, str(name), int(number)


def counted_in(metric: Metric, by: SeriesBy) -> tuple[Any, Any, list[ColumnElement[bool]]]:
    """Return the table that counts a metric, the column, and which of its rows."""
    if metric == "dropped":
        return DroppedPosts, col(DroppedPosts.posts), []
    if metric not in IN_TALLIES:
        return HourCount, col(HourCount.amount), [col(HourCount.metric) == metric]
    if metric == "findings" or by == "rule":
        return Tally, col(getattr(Tally, metric)), [col(Tally.rule) != ""]
    if by == "section":
        return Tally, col(Tally.posts), [col(Tally.section) != "", col(Tally.rule) == ""]
    return Tally, col(Tally.posts), [col(Tally.section) == ""]


def group_column(table: Any, by: SeriesBy) -> Any:
    """Return what a count is grouped by."""
    if by == "none":
        return col(table.network)
    if table is DroppedPosts and by == "kind":
        return col(DroppedPosts.reason)
    return col(getattr(table, by))

"""Weeks to look back on: one's own for each person, and by department where enough people are in it."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select, union
from sqlmodel import col

from services.monitoring.domain import people
from services.monitoring.domain.autonomy.rule import GOOD, POOR
from services.monitoring.domain.coaching.refreshers import large_departments
from services.monitoring.domain.figures.summary import OTHER
from services.monitoring.schemas.digests import (
    DepartmentDigestOut,
    DepartmentDigestsOut,
    DigestOut,
    ReviewsOut,
    first_day,
    named,
)
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Digest, Finding, Guidance, Person, ReplyReview
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import DigestReadyV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Invalid, NotFound
from shared.small_groups import shown

WEEK = timedelta(days=7)
LONGEST = timedelta(days=60)
"""A conversation that somebody had for longer before they answered it is in no digest."""
AT_ONCE = 500
ALL = "all"
"""Stands for whole weeks that were told of."""


class WhoseDigest(Invalid):
    """A key is nobody: `employee_number` says whose week it asks for."""


def period(monday: date) -> tuple[datetime, datetime]:
    """Return from when until when a week lasts, by the clock of `digest_zone`."""
    zone = ZoneInfo(terms().digest_zone)
    begins, ends = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (monday, monday + WEEK))
    return begins, ends


def last_week(now: datetime) -> date:
    """Return the Monday of the last week that is over."""
    today = now.astimezone(ZoneInfo(terms().digest_zone)).date()
    return today - timedelta(days=today.weekday()) - WEEK


def read(session: Session, employee_number: str | None, week: str | None, caller: Principal) -> DigestOut:
    """Return a person's week: to themselves, or to a key that shows it to them; raises NotFound for anybody else, WhoseDigest for nobody.

    Without a week it is the last one that is over.
    """
    number = employee_number or caller.employee_number
    if number is None:
        raise WhoseDigest
    person = people.by_number(session, number)
    for_them = not caller.signed_in and caller.has("monitoring:read")
    if not (caller.person == person.id or for_them):
        raise NotFound("There is no such digest.")
    people.refuse_hidden(session, person.id)
    monday = first_day(week) if week else last_week(session.now)
    since, until = period(monday)
    guided = told_by_kind(session, person.id, since, until)
    answered, minutes = session.execute(
        select(func.count(), func.coalesce(func.sum(col(Assignment.minutes)), 0))
        .where(*answering(since, until))
        .where(col(Assignment.person) == person.id)
    ).one()
    waits = select(col(Guidance.id)).where(col(Guidance.person) == person.id, col(Guidance.state) == "given")
    return DigestOut(
        employee_number=person.employee_number,
        week=named(monday),
        since=since,
        until=until,
        praise=guided["praise"],
        corrections=guided["correction"],
        findings=int(
            session.execute(
                select(func.count()).where(
                    col(Finding.person) == person.id, col(Finding.opened_at) >= since, col(Finding.opened_at) < until
                )
            ).scalar_one()
        ),
        answered=answered,
        minutes=minutes,
        reviews=reviews(session, person.id, since, until),
        unread_guidance=list(session.execute(waits.order_by(col(Guidance.id)).limit(50)).scalars()),
    )


def told_by_kind(session: Session, person: str, since: datetime, until: datetime) -> Counter[str]:
    """Count what a person was told in a week, by kind."""
    told = select(col(Guidance.kind)).where(
        col(Guidance.person) == person, col(Guidance.given_at) >= since, col(Guidance.given_at) < until
    )
    return Counter(session.execute(told).scalars())


def reviews(session: Session, person: str, since: datetime, until: datetime) -> ReviewsOut:
    """Count what colleagues thought of a person's replies in a week."""
    made = select(col(ReplyReview.outcome)).where(
        col(ReplyReview.author) == person, col(ReplyReview.decided_at) >= since, col(ReplyReview.decided_at) < until
    )
    found = Counter(session.execute(made).scalars())
    good, poor = sum(found[one] for one in GOOD), sum(found[one] for one in POOR)
    return ReviewsOut(good=good, better=found.total() - good - poor, poor=poor)


def answering(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on assignments that ended with an answer in a week."""
    return (
        col(Assignment.ended) == "answered",
        col(Assignment.ended_at) >= since,
        col(Assignment.ended_at) < until,
        col(Assignment.assigned_at) > since - LONGEST,
    )


def by_department(session: Session, week: str | None, caller: Principal) -> DepartmentDigestsOut:
    """Return a week by department; small ones are merged for all readers alike."""
    monday = first_day(week) if week else last_week(session.now)
    since, until = period(monday)
    counted = counts(session, since, until)
    active = session.execute(select(col(Person.department)).where(col(Person.active))).scalars()
    sizes = dict.fromkeys(counted, 0) | Counter(active)
    groups = shown(sizes, terms().min_group_size, caller.departments)
    items = [item(name, [name], counted, sizes) for name in sorted(groups.alone)]
    if groups.together:
        small = item(OTHER, groups.together, counted, sizes)
        items.append(small.model_copy(update={"merged": len(groups.together)}))
    return DepartmentDigestsOut(week=named(monday), since=since, until=until, items=items)


def counts(session: Session, since: datetime, until: datetime) -> dict[str, Counter[str]]:
    """Count a week by the department that somebody was in when it happened, for answers by that which they are in."""
    found: dict[str, Counter[str]] = {}
    guided = select(
        col(Guidance.department), case((col(Guidance.kind) == "praise", "praise"), else_="corrections"), func.count()
    ).where(col(Guidance.given_at) >= since, col(Guidance.given_at) < until)
    opened = select(col(Finding.department), func.count()).where(
        col(Finding.opened_at) >= since, col(Finding.opened_at) < until
    )
    answered = (
        select(col(Person.department), func.count())
        .join(Assignment, col(Assignment.person) == col(Person.id))
        .where(*answering(since, until))
    )
    rows = [
        *session.execute(guided.group_by(Guidance.department, Guidance.kind)).all(),
        *((name, "findings", many) for name, many in session.execute(opened.group_by(Finding.department))),
        *((name, "answered", many) for name, many in session.execute(answered.group_by(Person.department))),
    ]
    for name, what, many in rows:
        if name:
            found.setdefault(name, Counter())[what] += many
    return found


def item(
    name: str, departments: Iterable[str], counted: dict[str, Counter[str]], sizes: dict[str, int]
) -> DepartmentDigestOut:
    """Show the week of some departments as one."""
    total: Counter[str] = Counter()
    size = 0
    for one in departments:
        total.update(counted.get(one, Counter()))
        size += sizes[one]
    what = {key: total[key] for key in ("praise", "corrections", "findings", "answered")}
    return DepartmentDigestOut(department=name, people=size, **what)


def tell_ready(session: Session) -> None:
    """Tell once of each week that is over, from the stated hour on, whose digests can be read."""
    local = session.now.astimezone(ZoneInfo(terms().digest_zone))
    if (local.isoweekday(), local.hour) < (terms().digest_day, terms().digest_hour):
        return
    monday = last_week(session.now)
    told = set(session.execute(select(col(Digest.subject)).where(col(Digest.week) == monday)).scalars())
    if ALL in told:
        return
    since, until = period(monday)
    guided = select(col(Guidance.person)).where(col(Guidance.given_at) >= since, col(Guidance.given_at) < until)
    answered = select(col(Assignment.person)).where(*answering(since, until))
    here = select(col(Person.id)).where(col(Person.active), col(Person.id).in_(union(guided, answered)))
    due = [one for one in sorted(session.execute(here).scalars()) if f"person/{one}" not in told]
    for person in due[:AT_ONCE]:
        ready(session, monday, person=person)
    if len(due) <= AT_ONCE:
        for department in sorted(large_departments(session)):
            ready(session, monday, department=department)
        session.add(Digest(id=new_id(), week=monday, subject=ALL, ready_at=session.now))
    session.flush()


def ready(session: Session, monday: date, *, person: str | None = None, department: str | None = None) -> None:
    """Tell that the week of a person or a department can be read; what is in it is told to nobody."""
    subject = f"person/{person}" if person is not None else f"department/{department}"
    row = Digest(id=new_id(), week=monday, subject=subject, person=person, department=department, ready_at=session.now)
    session.add(row)
    tell(session, DigestReadyV1(**row.model_dump()))
    record(session, "digest.ready", f"digest/{row.id}", person=person)

"""The catalogue: which courses people may take of their own will, and where they are with them."""

from sqlmodel import col, func, select

from services.training.domain import access
from services.training.domain.planning import rule_audiences
from services.training.domain.teaching import courses, wording
from services.training.schemas.assigning import CatalogueItem, OfferIn, OfferOut, RuleAudience
from services.training.tables import Completion, Course, Enrolment, Offer, Person
from shared.conditions import expect
from shared.db import Session, insert
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery, cut
from shared.problems import Forbidden

EVERYONE = OfferOut(course="", self_service=True, audience=RuleAudience(), revision=1)


class CourseNotOffered(Forbidden):
    """The course is not offered to this person; somebody who may has to put them on it."""


def get(session: Session, key: str) -> OfferOut:
    """Return to whom a course is offered; raises NotFound."""
    courses.load(session, key)
    row = session.get(Offer, key)
    return EVERYONE.model_copy(update={"course": key}) if row is None else OfferOut.model_validate(row)


def put(session: Session, key: str, body: OfferIn, if_match: int | None) -> OfferOut:
    """Say to whom a course is offered; who is on it stays. Raises NotFound or Stale."""
    access.refuse_limited(session, "The catalogue")
    courses.load(session, key)
    unsaid = Offer(course=key, self_service=True, audience={}, revision=1).model_dump()
    session.execute(insert(session, Offer.__table__).values(unsaid).on_conflict_do_nothing())  # type: ignore[attr-defined]
    row = session.get_one(Offer, key, with_for_update=True)
    expect(row.revision, if_match)
    row.self_service, row.audience = body.self_service, body.audience.model_dump(mode="json")
    row.revision += 1
    session.add(row)
    record(session, "course.offered", f"course/{key}", content_hash=digest_of(body))
    return OfferOut.model_validate(row)


def refuse_unless_offered(session: Session, person: Person, course: Course) -> None:
    """Raise CourseNotOffered when somebody puts themself on a course that is not offered to them."""
    caller = session.context.caller
    by_themself = caller is not None and caller.person == person.id and not caller.has("training:write")
    if by_themself and not offered(session, person, session.get(Offer, course.key)):
        raise CourseNotOffered(f"The course {course.key} is not offered to you.")


def offered(session: Session, person: Person, row: Offer | None) -> bool:
    """Say whether a person may take a course of their own will."""
    if row is None:
        return True
    if not row.self_service:
        return False
    fits = rule_audiences.members(RuleAudience.model_validate(row.audience))
    return session.exec(select(Person.id).where(Person.id == person.id, fits)).first() is not None


def find(session: Session, paging: PageQuery, employee_number: str | None, locale: str | None) -> Page[CatalogueItem]:
    """List the courses that a person may take of their own will; raises NotFound."""
    person = access.acting(session, employee_number, "training:read")
    asked = select(Course, Offer).outerjoin(Offer, col(Offer.course) == Course.key).where(Course.version > 0)
    if paging.after is not None:
        asked = asked.where(Course.key > paging.after)
    open_to = [
        (course.key, course)
        for course, offer in session.exec(asked.order_by(Course.key)).all()
        if offered(session, person, offer)
    ]
    shown, cursor = cut(open_to[: paging.limit + 1], paging.limit, 0)
    keys = [key for key, _ in shown]
    done = dict(
        session.exec(
            select(Completion.course, func.max(col(Completion.completed_at)))
            .where(Completion.person == person.id, col(Completion.course).in_(keys))
            .group_by(col(Completion.course))
        ).all()
    )
    under_way = dict(
        session.exec(
            select(Enrolment.course, Enrolment.id).where(
                Enrolment.person == person.id, col(Enrolment.course).in_(keys), col(Enrolment.completed_at).is_(None)
            )
        ).all()
    )
    items = []
    for key, course in shown:
        version = courses.version_of(session, key, course.version)
        seen = wording.course_out(course, version, locale)
        items.append(
            CatalogueItem(
                course=key,
                title=seen.title,
                summary=seen.summary,
                locale=seen.locale or version.locale,
                minutes=seen.minutes,
                prerequisites=version.prerequisites,
                enrolment=under_way.get(key),
                completed_at=done.get(key),
            )
        )
    return Page(items=items, next_cursor=cursor)

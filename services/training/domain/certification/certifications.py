"""Certifications: the tiers that can be earned, and what changes for whom when one is defined anew."""

from collections.abc import Iterable

from sqlalchemy import update
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import audiences, decisions
from services.training.domain.planning import enrolment_rules
from services.training.domain.teaching import course_changes
from services.training.schemas.certificates import CertificationIn, CertificationOut, CertificationPatch, Renewal
from services.training.tables import Certificate, Certification, Course, RenewalMode
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, FieldError, Invalid, NotFound

ASKED = frozenset({"courses", "policies", "certifications", "audience"})
"""What decides whether somebody has earned a tier."""


class CertificationExists(Conflict):
    """There is a certification with this key already."""


class NotEarnable(Invalid):
    """The certification asks for something that nobody can have."""


def create(session: Session, body: CertificationIn) -> CertificationOut:
    """Define a certification; those who have all parts already get theirs soon. Raises CertificationExists or NotEarnable."""
    access.refuse_limited(session, "A certification")
    if session.exec(select(Certification.id).where(Certification.key == body.key)).first() is not None:
        raise CertificationExists(f"There is a certification {body.key} already.")
    refuse_unknown(session, body.courses, body.certifications)
    row = Certification(**body.model_dump(exclude={"audience", "renewal"}), created_at=session.now)
    audiences.keep(row, body.audience)
    keep_renewal(row, body.renewal)
    session.add(row)
    return defined(session, row, "certification.created")


def change(session: Session, key: str, body: CertificationPatch, if_match: int | None) -> CertificationOut:
    """Define a certification anew; certificates issued before keep their dates. Raises NotFound, Stale or NotEarnable."""
    access.refuse_limited(session, "A certification")
    row = load(session, key)
    if "certifications" in body.model_fields_set:  # two of them must not come to ask for each other at once
        everyone = select(Certification).order_by(Certification.key).with_for_update()
        session.exec(everyone.execution_options(populate_existing=True)).all()
    else:
        session.refresh(row, with_for_update=True)
    expect(row.revision, if_match)
    rewrite(session, row, body)
    course_changes.forget_unless_void(session, row)
    if "reminder_days" in body.model_fields_set:
        remind_anew(session, key)
    if body.model_fields_set & ASKED:
        row.defined_at = session.now
    row.revision += 1
    return defined(session, row, "certification.changed")


def rewrite(session: Session, row: Certification, body: CertificationPatch) -> None:
    """Write into a tier what a client changes about it; raises NotEarnable."""
    for name, value in body.model_dump(exclude={"audience", "renewal"}, exclude_unset=True).items():
        setattr(row, name, value)
    if "audience" in body.model_fields_set:
        audiences.keep(row, body.audience)
    if body.renewal is not None:
        keep_renewal(row, body.renewal)
    refuse_unknown(session, row.courses, row.certifications)
    if row.key in row.certifications or not (row.courses or row.policies or row.certifications):
        raise NotEarnable("It must ask for at least one thing, and not for itself.")
    if "certifications" in body.model_fields_set:
        refuse_circles(session, row)
    keep_new_versions(row, body)


def refuse_circles(session: Session, row: Certification) -> None:
    """Raise NotEarnable where a tier would be asked for before itself, over any number of others."""
    asks = dict(session.exec(select(Certification.key, Certification.certifications)).all())
    seen: set[str] = set()
    waiting = list(row.certifications)
    while waiting:
        asked = waiting.pop()
        if asked == row.key:
            raise NotEarnable(f"{row.key} would have to be held before it can be earned.")
        if asked not in seen:
            seen.add(asked)
            waiting += asks.get(asked, [])


def keep_renewal(row: Certification, renewal: Renewal) -> None:
    """Write what a client says of the renewal."""
    row.renewal_mode, row.renewal_days = renewal.mode, renewal.window_days
    row.renewal_date, row.minimum_days = renewal.date, renewal.minimum_days


def keep_new_versions(row: Certification, body: CertificationPatch) -> None:
    """Leave in force only what is said of courses that are required; raises NotEarnable for others that are named now."""
    others = [course for course in body.on_new_version or {} if course not in row.courses]
    if others:
        errors = [FieldError(pointer=f"/on_new_version/{course}", detail="not a required course") for course in others]
        raise NotEarnable("It says what happens to a course that it does not ask for.", errors=errors)
    row.on_new_version = {course: what for course, what in row.on_new_version.items() if course in row.courses}


def remind_anew(session: Session, key: str) -> None:
    """Have the clock look at each certificate of a tier, so that it is wound for the reminders that are asked for now."""
    ticking = update(Certificate).where(
        col(Certificate.certification) == key, col(Certificate.next_turn_at) > session.now
    )
    session.execute(ticking.values(next_turn_at=session.now))


def defined(session: Session, row: Certification, action: str) -> CertificationOut:
    """Decide again, soon, for everyone who may earn it."""
    session.flush()
    decisions.later(session, audiences.members(row))
    enrolment_rules.look_at_tier(session, row.key)
    answer = out(row)
    record(session, action, f"certification/{row.key}", content_hash=digest_of(answer))
    return answer


def get(session: Session, key: str) -> CertificationOut:
    """Return a certification; raises NotFound."""
    return out(load(session, key))


def find(session: Session, paging: PageQuery) -> Page[CertificationOut]:
    """List all certifications."""
    return page(session, select(Certification), paging, key=Certification.key, to=out)


def load(session: Session, key: str) -> Certification:
    """Return the row of a certification; raises NotFound."""
    row = session.exec(select(Certification).where(Certification.key == key)).first()
    if row is None:
        raise NotFound(f"There is no certification {key}.")
    return row


def refuse_unknown(session: Session, courses: Iterable[str], certifications: Iterable[str]) -> None:
    """Raise NotEarnable for courses or certifications that are not there; policies may come later."""
    known = set(session.exec(select(Course.key).where(col(Course.key).in_(list(courses)))))
    errors = [
        FieldError(pointer=f"/courses/{place}", detail=f"no course {key}")
        for place, key in enumerate(courses)
        if key not in known
    ]
    known = set(session.exec(select(Certification.key).where(col(Certification.key).in_(list(certifications)))))
    errors += [
        FieldError(pointer=f"/certifications/{place}", detail=f"no certification {key}")
        for place, key in enumerate(certifications)
        if key not in known
    ]
    if errors:
        raise NotEarnable("It asks for something that is not there.", errors=errors)


def out(row: Certification) -> CertificationOut:
    """Return a certification as clients see it."""
    renewal = Renewal(
        mode=RenewalMode(row.renewal_mode),
        window_days=row.renewal_days,
        date=row.renewal_date,
        minimum_days=row.minimum_days,
    )
    return CertificationOut.model_validate({**row.model_dump(), "audience": audiences.out(row), "renewal": renewal})

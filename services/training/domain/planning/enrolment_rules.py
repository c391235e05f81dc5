"""Enrolment rules: whom to put on what, written by people; what they do is decided in `domain/assigning.py`."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import audiences
from services.training.domain.planning import occasions, rule_audiences
from services.training.schemas.assigning import AudiencePreview, RuleAudience, RuleIn, RuleOut, RulePatch
from services.training.tables import Certification, Course, EnrolmentRule, LearningPath, Person, RuleMatch
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, FieldError, Invalid, NotFound

SHOWN = 50


class RuleExists(Conflict):
    """There is a rule with this key already."""


class NothingToPutOn(Invalid):
    """The rule puts people on something that is not there."""


def create(session: Session, body: RuleIn) -> RuleOut:
    """Write a rule; whom it finds is put on what it says soon. Raises Forbidden, RuleExists or NothingToPutOn."""
    access.refuse_limited(session, "A rule")
    if session.exec(select(EnrolmentRule.id).where(EnrolmentRule.key == body.key)).first() is not None:
        raise RuleExists(f"There is a rule {body.key} already.")
    refuse_unknown(session, body)
    row = EnrolmentRule(**body.model_dump(mode="json"), created_at=session.now)
    return written(session, row, "enrolment_rule.created")


def change(session: Session, key: str, body: RulePatch, if_match: int | None) -> RuleOut:
    """Change a rule; raises Forbidden, NotFound or Stale."""
    access.refuse_limited(session, "A rule")
    row = load(session, key)
    session.refresh(row, with_for_update=True)
    expect(row.revision, if_match)
    row.sqlmodel_update(body.model_dump(mode="json", exclude_unset=True))
    row.revision += 1
    return written(session, row, "enrolment_rule.changed")


def written(session: Session, row: EnrolmentRule, action: str) -> RuleOut:
    """Keep a rule and have it looked at whom it means, and who is on something because of it."""
    session.add(row)
    session.flush()
    look_at(session, row)
    answer = out(session, row)
    record(session, action, f"enrolment_rule/{row.key}", content_hash=digest_of(answer))
    return answer


def look_at(session: Session, row: EnrolmentRule) -> None:
    """Have it decided soon for all whom a rule means, and for those whom it found before."""
    found = col(Person.id).in_(select(RuleMatch.person).where(RuleMatch.rule == row.key))
    occasions.later_for(session, or_(members(session, row), found), occasions.rule(row.key))


def look_at_tier(session: Session, certification: str) -> None:
    """Have the rules looked at that put people on a certification, because it asks for something else."""
    rules = select(EnrolmentRule).where(EnrolmentRule.certification == certification)
    for row in session.exec(rules.order_by(EnrolmentRule.key)).all():
        look_at(session, row)


def members(session: Session, row: EnrolmentRule) -> ColumnElement[bool]:
    """Return the condition on people whom a rule means: for a certification, of those who can earn it."""
    meant = rule_audiences.members(RuleAudience.model_validate(row.audience))
    if row.certification is None:
        return meant
    tier = session.exec(select(Certification).where(Certification.key == row.certification)).one()
    return and_(meant, audiences.members(tier))


def preview(session: Session, body: RuleAudience) -> AudiencePreview:
    """Return whom an audience means today; raises Forbidden."""
    access.refuse_limited(session, "A rule")
    meant = rule_audiences.members(body)
    people = session.exec(select(func.count()).select_from(Person).where(meant)).one()
    some = select(Person.employee_number).where(meant).order_by(Person.employee_number).limit(SHOWN)
    return AudiencePreview(people=people, employee_numbers=list(session.exec(some)))


def get(session: Session, key: str) -> RuleOut:
    """Return a rule; raises NotFound."""
    return out(session, load(session, key))


def find(session: Session, paging: PageQuery) -> Page[RuleOut]:
    """List the rules."""
    return page(session, select(EnrolmentRule), paging, key=EnrolmentRule.key, to=lambda row: out(session, row))


def load(session: Session, key: str) -> EnrolmentRule:
    """Return the row of a rule; raises NotFound."""
    row = session.exec(select(EnrolmentRule).where(EnrolmentRule.key == key)).first()
    if row is None:
        raise NotFound(f"There is no enrolment rule {key}.")
    return row


def titles(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """Return the titles of rules by key."""
    query = select(EnrolmentRule.key, EnrolmentRule.title).where(col(EnrolmentRule.key).in_(list(keys)))
    return dict(session.exec(query).all())


def out(session: Session, row: EnrolmentRule) -> RuleOut:
    """Return a rule as clients see it."""
    found = select(func.count()).select_from(RuleMatch)
    people = session.exec(found.where(RuleMatch.rule == row.key, col(RuleMatch.ended_at).is_(None))).one()
    return RuleOut.model_validate({**row.model_dump(), "people": people, "edition": row.revision})


def refuse_unknown(session: Session, body: RuleIn) -> None:
    """Raise NothingToPutOn for a course, path or certification that there is not."""
    for name, key, column in (
        ("course", body.course, Course.key),
        ("path", body.path, LearningPath.key),
        ("certification", body.certification, Certification.key),
    ):
        if key is not None and session.exec(select(column).where(column == key)).first() is None:
            raise NothingToPutOn(errors=[FieldError(pointer=f"/{name}", detail=f"no {name} {key}")])

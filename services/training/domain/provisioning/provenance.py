"""Where people's attributes come from, and who may write them: what people at HR see and set."""

from collections.abc import Sequence
from hashlib import sha256

from sqlmodel import select

from services.training.domain import access
from services.training.domain.provisioning import authority, identities
from services.training.schemas.people import (
    AuthorityIn,
    AuthorityOut,
    MatchesIn,
    MatchesOut,
    MatchOut,
    SaidOfPerson,
    SourceOut,
    SourcesOut,
)
from services.training.tables import Authority, FormerNumber, Person, Source
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page


def of_person(session: Session, employee_number: str) -> SourcesOut:
    """Return what each source wrote of a person, the strongest first; raises NotFound."""
    person = access.get_person(session, employee_number, "people:read")
    rows = sorted(authority.sources_of(session, person.id), key=lambda row: authority.STRENGTH.index(row.source))
    return SourcesOut(
        employee_number=person.employee_number,
        former_numbers=numbers_before(session, person.id),
        sources=[SourceOut.model_validate(row) for row in rows],
    )


def numbers_before(session: Session, person: str) -> list[str]:
    """Return the employee numbers that a person had, or their duplicates."""
    former = session.exec(select(FormerNumber.employee_number).where(FormerNumber.person == person)).all()
    merged = session.exec(select(Person.employee_number).where(Person.merged_into == person)).all()
    return sorted({*former, *merged})


def all_authority(session: Session) -> Page[AuthorityOut]:
    """Return for each attribute who may write it."""
    ranks = authority.order(session)
    return Page(items=[authority_out(name, ranks.get(name, authority.STRENGTH)) for name in authority.ATTRIBUTES])


def authority_out(attribute: str, sources: Sequence[Source]) -> AuthorityOut:
    """Return who may write an attribute; the revision follows from the order of sources."""
    digest = sha256(" ".join(sources).encode()).digest()
    return AuthorityOut(attribute=attribute, sources=list(sources), revision=int.from_bytes(digest[:6]))


def put_authority(session: Session, attribute: str, body: AuthorityIn, if_match: int | None) -> AuthorityOut:
    """Say who may write an attribute; raises Stale, or Forbidden for a key of some departments."""
    access.refuse_limited(session, "Who may write an attribute")
    row = session.get(Authority, attribute, with_for_update=True)
    row = row or Authority(attribute=attribute, sources=list(authority.STRENGTH))
    expect(authority_out(attribute, [Source(one) for one in row.sources]).revision, if_match)
    row.sources = list(body.sources)
    session.add(row)
    record(session, "people.authority_changed", f"authority/{attribute}", content_hash=digest_of(body))
    return authority_out(attribute, body.sources)


def preview(session: Session, body: MatchesIn) -> MatchesOut:
    """Say what a source would do to the people who are known, and change nothing."""
    return MatchesOut(items=[match_of(session, body.source, said) for said in body.people])


def match_of(session: Session, source: Source, said: SaidOfPerson) -> MatchOut:
    """Say what would come of one person."""
    attributes = said.model_dump(exclude_unset=True, exclude={"external_id"})
    ids = {"employee_number": said.employee_number, "user_name": said.user_name, "email": said.email}
    try:
        person = identities.match(session, **ids, source=source, external_id=said.external_id)
    except identities.IdentityConflict as conflict:
        return MatchOut(
            outcome="conflict", employee_number=None, matched_by=None, changes=[], kept={}, detail=conflict.detail
        )
    if person is None or not access.within_limits(session, person.department):
        return MatchOut(outcome="created", employee_number=None, matched_by=None, changes=[], kept={}, detail=None)
    judged = authority.judge(session, person, source, attributes)
    return MatchOut(
        outcome="updated" if judged.changes else "unchanged",
        employee_number=person.employee_number,
        matched_by=matched_by(session, person, ids),
        changes=sorted(judged.changes),
        kept=judged.refused,
        detail=None if person.active else f"{person.employee_number} has left",
    )


def matched_by(session: Session, person: Person, ids: dict[str, str | None]) -> str:
    """Return by which id a person is known, the first of those that decide."""
    number, user_name, email = ids.values()
    if number is not None and identities.by_number(session, number) is person:
        return "employee_number"
    if user_name is not None and person.user_name.casefold() == user_name.casefold():
        return "user_name"
    return "email" if email is not None and person.email.casefold() == email.casefold() else "external_id"

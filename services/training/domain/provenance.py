"""Where people's attributes come from, and who may write them: what people at HR see and set."""

from sqlmodel import select

from services.training.domain import access, authority
from services.training.schemas.people import AuthorityIn, AuthorityOut, SourceOut, SourcesOut
from services.training.tables import Authority, FormerNumber, Person
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page
from shared.problems import Forbidden


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
    items = [
        AuthorityOut(attribute=name, sources=list(ranks.get(name, authority.STRENGTH))) for name in authority.ATTRIBUTES
    ]
    return Page(items=items)


def put_authority(session: Session, attribute: str, body: AuthorityIn) -> AuthorityOut:
    """Say who may write an attribute; raises Forbidden for a key of some departments."""
    caller = session.context.caller
    if caller is not None and caller.departments is not None:
        raise Forbidden("This holds for all departments; this key is limited to some.")
    row = session.get(Authority, attribute) or Authority(attribute=attribute, sources=[])
    row.sources = list(body.sources)
    session.add(row)
    record(session, "people.authority_changed", f"authority/{attribute}", content_hash=digest_of(body))
    return AuthorityOut(attribute=attribute, sources=body.sources)

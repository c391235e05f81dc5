"""What happened to one certificate: who did what, when, and why."""

from sqlmodel import col, select

from services.training.domain.certification import certificates
from services.training.domain.certification.changes import PERSON
from services.training.schemas.certificates import HistoryOut
from services.training.tables import CertificateChange, Person
from shared.db import Session
from shared.pages import Page, PageQuery, encode_cursor, not_ours

SERVICE = "service"


def find(session: Session, certificate: str, paging: PageQuery) -> Page[HistoryOut]:
    """List what happened to a certificate, oldest first; raises NotFound."""
    certificates.load(session, certificate, "certificates:read")
    query = select(CertificateChange).where(CertificateChange.certificate == certificate)
    if paging.after is not None:
        query = query.where(CertificateChange.position > position_of(paging.after))
    rows = session.exec(query.order_by(col(CertificateChange.position)).limit(paging.limit + 1)).all()
    shown = rows[: paging.limit]
    names = names_of(session, {row.actor for row in shown if row.actor is not None})
    items = [
        HistoryOut.model_validate({**row.model_dump(), "by": names[row.actor] if row.actor else SERVICE})
        for row in shown
    ]
    return Page(items=items, next_cursor=encode_cursor(str(shown[-1].position)) if len(rows) > len(shown) else None)


def position_of(after: str) -> int:
    """Return the position that a cursor stands for; raises Invalid for one that we did not make."""
    if not (after.isascii() and after.isdigit()) or len(after) > 18:
        raise not_ours()
    return int(after)


def names_of(session: Session, actors: set[str]) -> dict[str, str]:
    """Return how clients see who acted: people by their employee numbers, keys as they are."""
    people = {actor.removeprefix(PERSON) for actor in actors if actor.startswith(PERSON)}
    found = select(Person.id, Person.employee_number).where(col(Person.id).in_(people))
    numbers = {f"{PERSON}{person}": number for person, number in session.exec(found)} if people else {}
    return {actor: numbers.get(actor, actor) for actor in actors}

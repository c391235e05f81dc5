"""What defining a tier anew would do: who would be certified at once, and who could not renew."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlmodel import col, or_, select

from services.training.domain import access
from services.training.domain.certification import audiences, certifications, cutoffs, decisions
from services.training.domain.certification.requirements import Facts, due, parts_of
from services.training.domain.certification.standing import is_certified, status_at
from services.training.schemas.certificates import CertificationPatch
from services.training.schemas.previews import CertificationPreview, PersonConcerned
from services.training.tables import Certificate, Certification, Person
from shared.db import Session

CHUNK = 500
MOST = 20_000
SAMPLE = 20


def preview(session: Session, key: str, body: CertificationPatch) -> CertificationPreview:
    """Return what a change of a tier would do, without doing it; raises NotFound, NotEarnable, or Forbidden for a key of some departments."""
    access.refuse_limited(session, "A certification")
    now = certifications.load(session, key)
    then = Certification(**now.model_dump())
    certifications.rewrite(session, then, body)
    if body.model_fields_set & certifications.ASKED:
        then.defined_at = session.now
    counts: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    sample: list[PersonConcerned] = []
    people = of_tier(session, now, then)
    for chunk in chunks(people[:MOST]):
        for number, what, lacks in judged(session, chunk, then):
            counts[what] += 1
            missing.update(lacks)
            if what != "unchanged" and len(sample) < SAMPLE:
                sample.append(PersonConcerned(employee_number=number, what=what, missing=lacks))
    return CertificationPreview(
        looked_at=min(len(people), MOST),
        complete=len(people) <= MOST,
        issued=counts["issued"],
        not_renewable=counts["not_renewable"],
        unchanged=counts["unchanged"],
        missing=dict(missing),
        sample=sample,
    )


def of_tier(session: Session, now: Certification, then: Certification) -> Sequence[tuple[str, str]]:
    """Return the ids and numbers of the active people of either audience."""
    either = or_(audiences.members(now), audiences.members(then))
    query = select(Person.id, Person.employee_number).where(col(Person.active), either)
    return session.exec(query.order_by(Person.id).limit(MOST + 1)).all()


def chunks(people: Sequence[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """Yield people piece by piece, as numbers by ids."""
    for start in range(0, len(people), CHUNK):
        yield dict(people[start : start + CHUNK])


def judged(session: Session, people: dict[str, str], then: Certification) -> Iterator[tuple[str, str, list[str]]]:
    """Yield for each person what would become of their certificate, and what they would lack to renew it."""
    facts = decisions.gather(session, list(people), cutoffs.in_force(session, [then]))
    for person, known in facts.items():
        held = known.certificates.get(then.key)
        if due(then, known, session.now, session.now) is not None:
            yield people[person], "issued", []
        elif held is not None and counts(held, session):
            lacks = lacking(then, known, session)
            yield people[person], "not_renewable" if lacks else "unchanged", lacks
        else:
            yield people[person], "unchanged", []


def counts(held: Certificate, session: Session) -> bool:
    """Say whether a certificate counts now."""
    return is_certified(held, status_at(held, session.now, None), session.now)


def lacking(then: Certification, known: Facts, session: Session) -> list[str]:
    """Return what a holder would have to do, or be, that they have not done at all."""
    lacks = [] if audiences.fits(then, known) else ["audience"]
    asked = {
        **{f"course/{key}": {"courses": [key]} for key in then.courses},
        **{f"policy/{key}": {"policies": [key]} for key in then.policies},
        **{f"certification/{key}": {"certifications": [key]} for key in then.certifications},
    }
    nothing: dict[str, list[str]] = {"courses": [], "policies": [], "certifications": []}
    for name, part in asked.items():
        alone = Certification(**{**then.model_dump(), **nothing, **part})
        if parts_of(alone, known, session.now) is None:
            lacks.append(name)
    return lacks

"""When a new version of a course makes older ones count no more, for tiers that say so.

The moment is kept when the version comes into force; what it does to each holder is decided soon after, person by
person, as of that moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.domain.certification import agenda, terms
from services.training.domain.certification.requirements import course_part
from services.training.schemas.certificates import OnNewVersion
from services.training.tables import Certificate, Certification, Completion, Cutoff, State
from shared.db import Session


def in_force(session: Session, definitions: Iterable[Certification]) -> list[Cutoff]:
    """Return the cutoffs of tiers that still ask for the course and void what rests on older versions."""
    asked = {
        (definition.key, course)
        for definition in definitions
        for course in definition.courses
        if definition.on_new_version.get(course) == OnNewVersion.VOID
    }
    if not asked:
        return []
    return [cutoff for cutoff in session.exec(select(Cutoff)) if (cutoff.certification, cutoff.course) in asked]


def counting(
    session: Session, people: list[str], since: Sequence[Cutoff]
) -> Mapping[tuple[str, str], Mapping[str, datetime]]:
    """Return by tier and course when people last completed a version that counts.

    What was learnt elsewhere has no version: there the time decides.
    """
    found: dict[tuple[str, str], Mapping[str, datetime]] = {}
    for cutoff in since:
        elsewhere = and_(col(Completion.version).is_(None), col(Completion.completed_at) >= cutoff.since)
        query = (
            core_select(col(Completion.person), func.max(col(Completion.completed_at)))
            .where(
                col(Completion.person).in_(people),
                col(Completion.course) == cutoff.course,
                or_(col(Completion.version) >= cutoff.version, elsewhere),
            )
            .group_by(col(Completion.person))
        )
        found[cutoff.certification, cutoff.course] = dict(session.execute(query).all())
    return found


def void(session: Session, held: Iterable[Certificate], since: Sequence[Cutoff]) -> None:
    """End certificates that rest on an older version, as of when the new one came; a grace time still holds."""
    for certificate in held:
        for cutoff in since:
            if cutoff.certification == certificate.certification and rests_on_older(certificate, cutoff):
                reason = f"Version {cutoff.version} of the course {cutoff.course} is in force."
                agenda.catch_up(session, [certificate], cutoff.since)
                terms.end_early(certificate, cutoff.since, cutoff.since)
                certificate.reason = reason
                certificate.revision += 1
                certificate.next_turn_at = certificate.next_turn_at and cutoff.since
                session.add(certificate)
                agenda.catch_up(session, [certificate], session.now, reason)


def rests_on_older(certificate: Certificate, cutoff: Cutoff) -> bool:
    """Say whether a certificate that could still count was earned by what came before a cutoff."""
    used = certificate.basis.get(course_part(cutoff.course))
    over = certificate.state == State.REVOKED or not certificate.issued_at < cutoff.since < certificate.expires_at
    return not over and used is not None and datetime.fromisoformat(used) < cutoff.since

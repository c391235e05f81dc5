"""What a new version of a course does to certificates that rest on an earlier one."""

from sqlmodel import col, delete, select

from services.training.domain.certification import decisions
from services.training.domain.relearning import delta_queue
from services.training.schemas.certificates import OnNewVersion
from services.training.tables import Certificate, Certification, Cutoff, Person
from shared.db import Session, insert


def new_version(session: Session, course: str, version: int) -> None:
    """Let a version of a course, in force from now on, do to certificates what their tiers ask for."""
    delta_queue.course_changed(session, course)
    for definition in session.exec(select(Certification).order_by(Certification.key)):
        if definition.on_new_version.get(course) == OnNewVersion.VOID:
            row = {"certification": definition.key, "course": course, "version": version, "since": session.now}
            kept = insert(session, Cutoff.__table__).values(row)  # type: ignore[attr-defined]
            session.execute(kept.on_conflict_do_update(index_elements=["certification", "course"], set_=row))
            holders = select(Certificate.person).where(
                Certificate.certification == definition.key, col(Certificate.archived_at).is_(None)
            )
            decisions.later(session, col(Person.id).in_(holders))


def forget_unless_void(session: Session, definition: Certification) -> None:
    """Drop the cutoffs of courses whose new versions no longer void: asked to again later, only later versions will."""
    void = [course for course, what in definition.on_new_version.items() if what == OnNewVersion.VOID]
    session.exec(delete(Cutoff).where(col(Cutoff.certification) == definition.key, col(Cutoff.course).not_in(void)))

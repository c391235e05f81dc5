"""What the policy service tells: kept as it comes, in any order, and decided on once it is complete."""

from sqlmodel import col, select

from services.training.domain.certification import decisions
from services.training.tables import Acknowledgement, Person, PolicyVersion
from shared.db import Session, insert
from shared.events.policy import AcknowledgementRecordedV1, VersionInForceV1


def keep_acknowledgement(session: Session, event: AcknowledgementRecordedV1) -> None:
    """Keep who accepted what, even of people and versions that are not known yet, and issue what it makes due."""
    row = event.model_dump(include={"person", "policy", "version", "acknowledged_at"})
    session.execute(insert(session, Acknowledgement.__table__).values(row).on_conflict_do_nothing())  # type: ignore[attr-defined]
    decisions.decide(session, {event.person: None})


def keep_version(session: Session, event: VersionInForceV1) -> None:
    """Keep a version's sections; those who accepted it before it was known here are decided on again."""
    row = event.model_dump(include={"policy", "version", "effective_at", "material"})
    row["sections"] = [{"id": section.id, "hash": section.hash} for section in event.sections]
    table = PolicyVersion.__table__  # type: ignore[attr-defined]
    kept = insert(session, table).values(row).on_conflict_do_update(index_elements=["policy", "version"], set_=row)
    session.execute(kept)
    early = select(Acknowledgement.person).where(
        Acknowledgement.policy == event.policy, Acknowledgement.version == event.version
    )
    decisions.later(session, col(Person.id).in_(early))

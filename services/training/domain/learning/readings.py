"""What policy readings show: the sections of the version in force, as the policy service told them."""

from collections.abc import Collection, Iterable

from sqlmodel import col, select

from services.training.tables import PolicySection, PolicyVersion
from shared.db import Session, insert
from shared.events.policy import VersionInForceV1


def keep_sections(session: Session, event: VersionInForceV1) -> None:
    """Keep what the sections of a version say; told again, it is the same."""
    rows = [
        {"policy": event.policy, "version": event.version, "section": section.id}
        | section.model_dump(include={"heading", "hash", "markdown"})
        for section in event.sections
    ]
    if rows:
        kept = insert(session, PolicySection.__table__).values(rows)  # type: ignore[attr-defined]
        told = {name: kept.excluded[name] for name in ("heading", "hash", "markdown")}
        session.execute(
            kept.on_conflict_do_update(index_elements=["policy", "version", "section"], set_=told),
        )


def in_force(session: Session, policies: Collection[str]) -> dict[str, int]:
    """Return the numbers of the versions that are in force now, by policy."""
    known = (
        select(PolicyVersion.policy, PolicyVersion.version)
        .where(col(PolicyVersion.policy).in_(policies), col(PolicyVersion.effective_at) <= session.now)
        .order_by(col(PolicyVersion.effective_at), col(PolicyVersion.version))
    )
    return dict(session.exec(known).all())


def sections(session: Session, policy: str, version: int, wanted: Iterable[str]) -> list[PolicySection]:
    """Return those of some sections that a version has, in the order in which they are wanted."""
    wanted = list(wanted)
    rows = session.exec(
        select(PolicySection).where(
            PolicySection.policy == policy,
            PolicySection.version == version,
            col(PolicySection.section).in_(wanted),
        )
    )
    found = {row.section: row for row in rows}
    return [found[section] for section in wanted if section in found]

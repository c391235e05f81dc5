"""Policies of several sections, as the policy service tells them."""

from datetime import datetime

from services.training.domain.certification import facts
from services.training.domain.learning import readings
from services.training.handlers import look_for_deltas
from shared.db import Session
from shared.events.policy import SectionInForce, VersionInForceV1


def put_in_force(
    session: Session,
    version: int,
    texts: dict[str, str],
    *,
    policy: str = "conduct",
    material: bool = True,
    at: datetime | None = None,
) -> None:
    """Handle the event by which a version with these sections comes into force; a section's hash is of its text."""
    told = VersionInForceV1(
        policy=policy,
        version=version,
        title=policy.title(),
        locale="en",
        effective_at=at or session.now,
        material=material,
        source="# As its sections say",
        sections=[
            SectionInForce(id=key, heading=key.title(), hash=f"hash-of-{text}", markdown=text)
            for key, text in texts.items()
        ],
        rules=[],
    )
    facts.keep_version(session, told)
    readings.keep_sections(session, told)
    look_for_deltas(told, session)

"""What is in force: a version takes the place of the one before it, at its time and only once."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from sqlmodel import and_, col, or_, select

from services.policy.domain import campaigns, emergency, search
from services.policy.schemas.policies import Content
from services.policy.tables import Policy, State, Version
from shared.db import Session
from shared.events.policy import RuleText, SectionInForce, VersionInForceV1, VersionSupersededV1
from shared.evidence import record
from shared.outbox import tell
from shared.set_aside import at_hand, do_each

SWEEP = "scheduled versions"


def enter(session: Session, policy: Policy, version: Version) -> None:
    """Put a scheduled version in force and retire the one before it. The caller holds the policy's lock."""
    before = session.exec(
        select(Version).where(Version.policy_id == policy.id, Version.state == State.PUBLISHED)
    ).first()
    if before is not None:
        before.state, before.superseded_at = State.SUPERSEDED, version.effective_at
        before.revision += 1
        tell(session, VersionSupersededV1(policy=policy.key, version=before.number, superseded_by=version.number))
    version.state = State.PUBLISHED
    policy.revision += 1
    search.keep_version(session, policy, version)
    tell(session, told(policy, version))
    emergency.give_way(session, policy, [rule["id"] for rule in version.content["rules"]])
    if version.material:
        session.flush()
        campaigns.ask_anew(session, policy)


def enter_due(session: Session) -> None:
    """Put in force every scheduled version whose time has come, in the order of their times."""
    due = select(Version.policy_id).where(
        Version.state == State.SCHEDULED,
        col(Version.effective_at) <= session.now,
        at_hand(session, SWEEP, col(Version.policy_id)),
    )
    do_each(session, SWEEP, sorted(set(session.exec(due))), partial(enter_of, session))


def enter_of(session: Session, policies: Collection[str]) -> None:
    """Put the versions of some policies in force whose time has come: all of a policy, or none."""
    due = select(Version.id, Version.policy_id).where(
        Version.state == State.SCHEDULED,
        col(Version.effective_at) <= session.now,
        col(Version.policy_id).in_(policies),
    )
    for version_id, policy_id in session.exec(due.order_by(col(Version.effective_at), col(Version.id))).all():
        policy = session.exec(select(Policy).where(Policy.id == policy_id).with_for_update()).one()
        version = session.exec(
            select(Version).where(Version.id == version_id, Version.state == State.SCHEDULED)
        ).first()
        if version is not None:
            enter(session, policy, version)
            version.revision += 1
            record(
                session,
                "policy.version.in_force",
                f"policies/{policy.key}/versions/{version.number}",
                content_hash=version.content_hash,
            )


def place_of(event: VersionInForceV1) -> str:
    """Return where a version stands in the order of a snapshot: policy by policy, as they came into force."""
    return f"{event.policy} {event.effective_at.isoformat()} {event.version}"


def snapshot(session: Session, after: str | None, limit: int) -> list[VersionInForceV1]:
    """Return what is told of versions that are or were in force, after a place.

    Earlier ones, too: who accepted one accepts the policy until a material change, and whoever missed such a change
    would not know.
    """
    rows = select(Policy, Version).join(Version, col(Version.policy_id) == col(Policy.id))
    rows = rows.where(col(Version.state).in_((State.PUBLISHED, State.SUPERSEDED)))
    key, at, number = col(Policy.key), col(Version.effective_at), col(Version.number)
    if after is not None:
        policy, moment, last = after.split(" ")
        since = datetime.fromisoformat(moment)
        later = or_(at > since, and_(at == since, number > int(last)))
        rows = rows.where(or_(key > policy, and_(key == policy, later)))
    return [told(policy, version) for policy, version in session.exec(rows.order_by(key, at, number).limit(limit))]


def told(policy: Policy, version: Version) -> VersionInForceV1:
    """Return the event by which others keep their copy of a version in force."""
    if version.effective_at is None:
        raise ValueError(f"version {version.id} has no effective time")
    content = Content.model_validate(version.content)
    return VersionInForceV1(
        policy=policy.key,
        version=version.number,
        title=content.title or policy.title,
        locale=content.locale,
        effective_at=version.effective_at,
        material=version.material,
        source=version.source,
        sections=[
            SectionInForce(id=section.id, heading=section.heading, hash=section.hash, markdown=section.markdown)
            for section in content.sections
        ],
        rules=[RuleText(id=rule.id, section=rule.section, yaml=rule.yaml) for rule in content.rules],
    )

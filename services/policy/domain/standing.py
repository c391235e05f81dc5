"""Where people stand with a policy: who accepted what counts now, who need not, and who is late."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, literal
from sqlmodel import col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.tables import SPARING, Acknowledgement, Asked, Campaign, Person, Policy, State, Version
from shared.db import Session


@dataclass(frozen=True)
class Counting:
    """Which versions of a policy count: `versions` are the ids, `asked` is the number of the first, `latest` that in force.

    Before anything is in force there are none, and the numbers are 0.
    """

    asked: int = 0
    latest: int = 0
    versions: tuple[str, ...] = ()


def in_effect(session: Session, policies: Collection[str]) -> dict[str, list[Version]]:
    """Return the versions of each of these policies, by id, that are or were in force, in the order of their times.

    What they say is not read: there may be many.
    """
    rows = (
        select(Version)
        .options(*SPARING)
        .where(
            col(Version.policy_id).in_(policies),
            col(Version.state).in_([State.PUBLISHED, State.SUPERSEDED]),
            col(Version.effective_at) <= session.now,
        )
        .order_by(col(Version.effective_at), col(Version.number))
    )
    found: dict[str, list[Version]] = {policy: [] for policy in policies}
    for version in session.exec(rows):
        found[version.policy_id].append(version)
    return found


def counting_at(versions: Iterable[Version], at: datetime) -> Counting:
    """Return whose acceptance counted at a time: since the last material version; an editorial one asks nobody anew."""
    counts: list[Version] = []
    for version in versions:
        if version.effective_at is not None and version.effective_at <= at:
            counts = [version] if version.material else [*counts, version]
    if not counts:
        return Counting()
    return Counting(counts[0].number, counts[-1].number, tuple(version.id for version in counts))


def counting(session: Session, policies: Collection[str]) -> dict[str, Counting]:
    """Return for each of these policies, by id, which versions count now."""
    return {policy: counting_at(found, session.now) for policy, found in in_effect(session, policies).items()}


def counting_of(session: Session, policy: Policy) -> Counting:
    """Return which versions of one policy count now."""
    return counting(session, [policy.id])[policy.id]


def counting_in(session: Session, campaigns: Sequence[Campaign]) -> dict[str, Counting]:
    """Return for each of these campaigns, by id, which versions count: for one that is closed those of its last day."""
    found = in_effect(session, {campaign.policy_id for campaign in campaigns})
    return {each.id: counting_at(found[each.policy_id], each.closed_at or session.now) for each in campaigns}


def accepted(versions: Collection[str], by: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition that a `Person` accepted one of these versions, if need be by a time."""
    before = [] if by is None else [col(Acknowledgement.acknowledged_at) <= by]
    return exists().where(
        col(Acknowledgement.person) == col(Person.id), col(Acknowledgement.version_id).in_(versions), *before
    )


def open_rows(policy: Policy) -> SelectOfScalar[Asked]:
    """Return what open campaigns of a policy ask of a `Person`."""
    return (
        select(Asked)
        .join(Campaign, col(Campaign.id) == col(Asked.campaign_id))
        .where(Campaign.policy_id == policy.id, Campaign.state == "open", col(Asked.person) == col(Person.id))
        .correlate(Person)
    )


def status_in_policy(session: Session, policy: Policy, versions: Collection[str]) -> ColumnElement[str]:
    """Return a `Person`'s status over all open campaigns of a policy, as SQL."""
    exempt = open_rows(policy).where(col(Asked.exempt).is_not(None)).exists()
    late = open_rows(policy).where(col(Asked.exempt).is_(None), col(Asked.due_at) <= session.now).exists()
    return case(
        (accepted(versions), literal("done")),
        (exempt, literal("exempt")),
        (late, literal("overdue")),
        else_=literal("missing"),
    )


def status_in_campaign(session: Session, counting: Counting, closed_at: datetime | None) -> ColumnElement[str]:
    """Return the status of a `Person` in the campaign of an `Asked` row, as SQL: once closed, that of the last day."""
    return case(
        (accepted(counting.versions, closed_at), literal("done")),
        (col(Asked.exempt).is_not(None), literal("exempt")),
        (col(Asked.due_at) <= (closed_at or session.now), literal("overdue")),
        else_=literal("missing"),
    )

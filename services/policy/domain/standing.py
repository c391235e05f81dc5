"""Where people stand with a policy: who accepted what counts now, who need not, and who is late."""

from sqlalchemy import ColumnElement, case, literal
from sqlmodel import col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.tables import Acknowledgement, Asked, Campaign, Person, Policy, State, Version
from shared.db import Session


def asked_version(session: Session, policy: Policy) -> Version | None:
    """Return the version from which on acceptance counts: the last material one that is, or was, in force."""
    return session.exec(in_effect(session, policy).where(col(Version.material).is_(True)).limit(1)).first() or (
        session.exec(in_effect(session, policy).order_by(None).order_by(col(Version.effective_at)).limit(1)).first()
    )


def in_effect(session: Session, policy: Policy) -> SelectOfScalar[Version]:
    """Return the versions that are or were in force, the latest first."""
    return (
        select(Version)
        .where(
            Version.policy_id == policy.id,
            col(Version.state).in_([State.PUBLISHED, State.SUPERSEDED]),
            col(Version.effective_at) <= session.now,
        )
        .order_by(col(Version.effective_at).desc(), col(Version.number).desc())
    )


def counting_versions(session: Session, policy: Policy) -> list[str]:
    """Return the ids of the versions whose acceptance counts today: an editorial version asks nobody anew."""
    base = asked_version(session, policy)
    if base is None:
        return []
    later = in_effect(session, policy).where(col(Version.effective_at) >= base.effective_at)
    return [version.id for version in session.exec(later)]


def accepted(versions: list[str]) -> ColumnElement[bool]:
    """Return the condition that a `Person` accepted one of these versions."""
    return exists().where(col(Acknowledgement.person) == col(Person.id), col(Acknowledgement.version_id).in_(versions))


def open_rows(policy: Policy) -> SelectOfScalar[Asked]:
    """Return what open campaigns of a policy ask of a `Person`."""
    return (
        select(Asked)
        .join(Campaign, col(Campaign.id) == col(Asked.campaign_id))
        .where(Campaign.policy_id == policy.id, Campaign.state == "open", col(Asked.person) == col(Person.id))
        .correlate(Person)
    )


def status_in_policy(session: Session, policy: Policy, versions: list[str]) -> ColumnElement[str]:
    """Return a `Person`'s status over all open campaigns of a policy, as SQL."""
    exempt = open_rows(policy).where(col(Asked.exempt).is_not(None)).exists()
    late = open_rows(policy).where(col(Asked.exempt).is_(None), col(Asked.due_at) <= session.now).exists()
    return case(
        (accepted(versions), literal("done")),
        (exempt, literal("exempt")),
        (late, literal("overdue")),
        else_=literal("missing"),
    )


def status_in_campaign(session: Session, versions: list[str]) -> ColumnElement[str]:
    """Return the status of a `Person` in the campaign of an `Asked` row, as SQL."""
    return case(
        (accepted(versions), literal("done")),
        (col(Asked.exempt).is_not(None), literal("exempt")),
        (col(Asked.due_at) <= session.now, literal("overdue")),
        else_=literal("missing"),
    )

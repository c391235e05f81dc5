"""The charter of the task team, which is a policy, and the terms that hold for all of its seats."""

from sqlmodel import col, select

from services.policy.domain.rows import add_once
from services.policy.schemas.task_team import CharterOut, TermsIn
from services.policy.tables import Policy, State, TeamTerms, Version
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.problems import Forbidden

CHARTER = "task-team-charter"
"""The key of the policy by which the team works: written, reviewed and acknowledged as any other."""


class ForWholeTeam(Forbidden):
    """A key that is limited to departments cannot change what holds for the whole team."""


def terms(session: Session) -> TeamTerms:
    """Return what holds for the whole team; the defaults before anybody changed them."""
    return session.get(TeamTerms, "team") or TeamTerms()


def change_terms(session: Session, body: TermsIn, if_match: int | None) -> None:
    """Change what the body names; raises Stale, or ForWholeTeam for a key that is limited to departments."""
    caller = session.context.caller
    if caller is not None and caller.departments is not None:
        raise ForWholeTeam
    add_once(session, TeamTerms())
    row = session.exec(select(TeamTerms).where(TeamTerms.id == "team").with_for_update()).one()
    expect(row.revision, if_match)
    for name, value in body.model_dump(exclude_unset=True).items():
        if value is not None or name == "required_certification":
            setattr(row, name, value)
    row.revision += 1
    record(session, "team.terms.changed", "team/terms", content_hash=digest_of(body))
    session.flush()


def in_force(session: Session) -> CharterOut | None:
    """Return the version of the charter that is in force, if one is."""
    rows = select(Version).join(Policy, col(Policy.id) == col(Version.policy_id))
    version = session.exec(rows.where(Policy.key == CHARTER, Version.state == State.PUBLISHED)).first()
    if version is None or version.effective_at is None:
        return None
    title = str(version.content["title"] or CHARTER)
    return CharterOut(policy=CHARTER, version=version.number, title=title, effective_at=version.effective_at)

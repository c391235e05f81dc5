"""Review of a version: asked for, taken back, decided by those whom the policy's quorum names."""

from collections import Counter

from sqlmodel import col, select

from services.policy.domain import approvers, people, policies, versions
from services.policy.domain.versions import NotADraft, NotAReviewer, refuse_outsiders
from services.policy.schemas.policies import ApprovalIn, Quorum, QuorumOut, VersionOut
from services.policy.tables import Approval, Person, Policy, Seat, State, Version
from shared.conditions import expect
from shared.db import Session
from shared.evidence import record
from shared.markdown import hash_of
from shared.problems import Conflict


class NotInReview(Conflict):
    """The version is not under review."""


class OwnVersion(Conflict):
    """Nobody approves what they wrote."""


class AlreadyDecided(Conflict):
    """This reviewer has decided on this content before."""


def submit(session: Session, key: str, number: int, if_match: int | None) -> VersionOut:
    """Ask for review; the source is fixed from here on, and who decided before decides anew. Raises NotADraft."""
    policy, version = versions.get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state != State.DRAFT:
        raise NotADraft(f"The version is {version.state}.")
    versions.clear_approvals(session, version)
    version.state, version.submitted_at = State.IN_REVIEW, session.now
    return versions.noted(session, policy, version, "submitted")


def recall(session: Session, key: str, number: int, if_match: int | None) -> VersionOut:
    """Make a version a draft again, so that it can be edited; approvals given so far no longer count.

    Raises NotInReview: what has a time to come into force can only be withdrawn.
    """
    policy, version = versions.get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state not in {State.IN_REVIEW, State.APPROVED}:
        raise NotInReview(f"The version is {version.state}.")
    versions.clear_approvals(session, version)
    version.state = State.DRAFT
    return versions.noted(session, policy, version, "recalled")


def decide(session: Session, key: str, number: int, body: ApprovalIn, if_match: int | None) -> VersionOut:
    """Approve a version, or send it back to its author; it is approved once the policy's quorum is met.

    A key has to say who decided: in nobody's name, it would approve what it wrote in somebody's. Raises Invalid,
    UnknownPerson, NotInReview, NotAReviewer, OwnVersion or AlreadyDecided.
    """
    policy, version = versions.get(session, key, number, lock=True)
    expect(version.revision, if_match)
    person = people.needed(session, body.employee_number)
    reviewer = f"person:{person.id}"
    refuse_outsiders(session)
    refuse_other_names(session, policy, person)
    if version.state != State.IN_REVIEW:
        raise NotInReview(f"The version is {version.state}.")
    if reviewer in {version.author, *version.earlier_authors}:
        raise OwnVersion("Who wrote the version cannot approve it; name another `employee_number`, or ask a colleague.")
    if any(approval.reviewer == reviewer for approval in versions.approvals_of(session, version)):
        raise AlreadyDecided
    approval = Approval(
        version_id=version.id,
        content_hash=version.content_hash,
        reviewer=reviewer,
        department=person.department,
        decision=body.decision,
        comment=body.comment,
        decided_at=session.now,
    )
    session.add(approval)
    session.flush()
    if body.decision == "reject":
        version.state = State.DRAFT
    elif is_met(session, policy, version):
        version.state = State.APPROVED
    act = "approved" if body.decision == "approve" else "rejected"
    return versions.noted(session, policy, version, act, by=reviewer)


def refuse_other_names(session: Session, policy: Policy, person: Person) -> None:
    """Let a key name only who may review: leads and reviewers of the team, and the departments that the quorum names.

    Until the team has one of them, anybody may be named. Raises NotAReviewer.
    """
    caller = session.context.caller
    if caller is not None and caller.signed_in:
        return
    seated = select(Seat.person).where(col(Seat.role).in_(approvers.ROLES), col(Seat.person).is_not(None))
    team = set(session.exec(seated))
    if team and person.id not in team and person.department not in policy.quorum_departments:
        raise NotAReviewer(f"{person.employee_number} is neither a lead nor a reviewer of the task team.")


def is_met(session: Session, policy: Policy, version: Version) -> bool:
    """Say whether a version has the approvals that its policy asks for."""
    return versions.lacking(policy, versions.approvals_of(session, version)) == Counter()


def show_quorum(session: Session, key: str) -> QuorumOut:
    """Return who must approve the versions of a policy; raises NotFound."""
    return QuorumOut.of(policies.get(session, key))


def change_quorum(session: Session, key: str, body: Quorum, if_match: int | None) -> QuorumOut:
    """Ask for other approvals from now on, also of what is under review or approved and not published yet.

    Raises NotFound, Stale or NeedsAllDepartments.
    """
    versions.refuse_limited(session)
    policy = policies.get(session, key, lock=True)
    expect(policy.quorum_revision, if_match)
    policy.quorum, policy.quorum_departments = body.reviewers, body.departments
    policy.quorum_revision += 1
    record(session, "policy.quorum.changed", f"policies/{key}", content_hash=hash_of(body.model_dump_json()))
    waiting = select(Version).where(
        Version.policy_id == policy.id, col(Version.state).in_([State.IN_REVIEW, State.APPROVED])
    )
    for version in session.exec(waiting):
        version.state = State.APPROVED if is_met(session, policy, version) else State.IN_REVIEW
        versions.noted(session, policy, version, "judged_anew")
    return QuorumOut.of(policy)

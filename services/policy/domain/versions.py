"""Versions of a policy: written, edited, reviewed, approved, published; what may follow what."""

from datetime import datetime, timedelta

from sqlmodel import col, func, select

from services.policy.domain import force, people, policies
from services.policy.schemas.policies import ApprovalIn, ApprovalOut, Content, VersionIn, VersionLine, VersionOut
from services.policy.tables import Approval, Policy, Seat, State, Version
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.events.policy import VersionPublishedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound

LATE = timedelta(minutes=5)
"""How far a client's "now" may lie behind ours."""
SEEN_BY_ALL = (State.SCHEDULED, State.PUBLISHED, State.SUPERSEDED)


class NotADraft(Conflict):
    """Only a draft can be edited."""


class NotInReview(Conflict):
    """The version is not under review."""


class NotApproved(Conflict):
    """The version has not been approved by its quorum."""


class AlreadyPublished(Conflict):
    """The version was published before."""


class OwnVersion(Conflict):
    """Nobody approves what they wrote."""


class AlreadyDecided(Conflict):
    """This reviewer has decided on this content before."""


class NotAReviewer(Forbidden):
    """Approval is for the task team's leads and reviewers."""


class FailingExamples(Conflict):
    """A rule does not do what its own examples say."""


def create(session: Session, key: str, body: VersionIn, content: Content) -> VersionOut:
    """Write the next version of a policy, as a draft."""
    policy = policies.get(session, key, lock=True)
    last = session.exec(select(func.max(Version.number)).where(Version.policy_id == policy.id)).one()
    version = Version(
        policy_id=policy.id,
        number=(last or 0) + 1,
        state=State.DRAFT,
        source=body.source,
        content=content.model_dump(mode="json"),
        content_hash=content.hash,
        change_note=body.change_note,
        material=body.material,
        author=people.actor(session, body.employee_number),
        earlier_authors=[],
        created_at=session.now,
        updated_at=session.now,
    )
    session.add(version)
    return noted(session, policy, version, "written", by=version.author)


def edit(
    session: Session, key: str, number: int, body: VersionIn, content: Content, if_match: int | None
) -> VersionOut:
    """Write a draft anew; raises NotADraft or Stale."""
    policy, version = get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state != State.DRAFT:
        raise NotADraft(f"The version is {version.state}.")
    version.source, version.content, version.content_hash = body.source, content.model_dump(mode="json"), content.hash
    version.change_note, version.material = body.change_note, body.material
    version.earlier_authors = [*version.earlier_authors, version.author]
    version.author = people.actor(session, body.employee_number)
    return noted(session, policy, version, "edited", by=version.author)


def submit(session: Session, key: str, number: int, if_match: int | None) -> VersionOut:
    """Ask for review; the source is fixed from here on. Raises NotADraft."""
    policy, version = get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state != State.DRAFT:
        raise NotADraft(f"The version is {version.state}.")
    version.state, version.submitted_at = State.IN_REVIEW, session.now
    return noted(session, policy, version, "submitted")


def decide(session: Session, key: str, number: int, body: ApprovalIn, if_match: int | None) -> VersionOut:
    """Approve a version, or send it back to its author; it is approved once the policy's quorum is met.

    Raises NotInReview, NotAReviewer, OwnVersion or AlreadyDecided.
    """
    policy, version = get(session, key, number, lock=True)
    expect(version.revision, if_match)
    reviewer = people.actor(session, body.employee_number)
    refuse_outsiders(session)
    if version.state != State.IN_REVIEW:
        raise NotInReview(f"The version is {version.state}.")
    if reviewer in {version.author, *version.earlier_authors}:
        raise OwnVersion("Who wrote the version cannot approve it; name another `employee_number`, or ask a colleague.")
    so_far = approvals_of(session, version)
    if any(approval.reviewer == reviewer for approval in so_far):
        raise AlreadyDecided
    approval = Approval(
        version_id=version.id,
        content_hash=version.content_hash,
        reviewer=reviewer,
        decision=body.decision,
        comment=body.comment,
        decided_at=session.now,
    )
    session.add(approval)
    if body.decision == "reject":
        version.state = State.DRAFT
    elif sum(each.decision == "approve" for each in so_far) + 1 >= policy.quorum:
        version.state = State.APPROVED
    return noted(session, policy, version, "approved" if body.decision == "approve" else "rejected", by=reviewer)


def refuse_outsiders(session: Session) -> None:
    """Let pass who has `policies:write`, or a seat as lead or reviewer; raises NotAReviewer."""
    caller = session.context.caller
    if caller is None or caller.has("policies:write"):
        return
    seats = select(Seat.key).where(Seat.person == caller.person, col(Seat.role).in_(["lead", "reviewer"]))
    if caller.person is None or session.exec(seats).first() is None:
        raise NotAReviewer


def publish(session: Session, key: str, number: int, effective_at: datetime | None, if_match: int | None) -> VersionOut:
    """Bring an approved version into force, now or at `effective_at` (UTC).

    Raises NotApproved, AlreadyPublished, Invalid for a time in the past, or FailingExamples.
    """
    policy, version = get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state in SEEN_BY_ALL:
        raise AlreadyPublished(f"The version is {version.state}.")
    refuse_failing_examples(version)
    if version.state != State.APPROVED:
        raise NotApproved(f"The version is {version.state}; its quorum is {policy.quorum}.")
    if effective_at is not None and effective_at < session.now - LATE:
        raise Invalid(
            "A version cannot come into force in the past.",
            errors=[FieldError(pointer="/effective_at", detail="lies in the past")],
        )
    version.effective_at = max(effective_at or session.now, session.now)
    version.state = State.SCHEDULED
    policy.revision += 1
    title = version.content["title"] or policy.title
    tell(
        session,
        VersionPublishedV1(
            policy=key, version=number, title=title, effective_at=version.effective_at, material=version.material
        ),
    )
    if version.effective_at <= session.now:
        force.enter(session, policy, version)
    return noted(session, policy, version, "published")


def refuse_failing_examples(version: Version) -> None:
    """Stop a version whose rules do not do what their author says; raises FailingExamples."""
    problems = Content.model_validate(version.content).problems
    if not problems:
        return
    errors = [
        FieldError(
            pointer="/source", detail=f'rule "{each.rule}", {each.expected} example "{each.example}": {each.why}'
        )
        for each in problems
    ]
    first = problems[0]
    raise FailingExamples(
        f'The rule "{first.rule}" fails its {first.expected} example "{first.example}": {first.why}', errors=errors
    )


def withdraw(session: Session, key: str, number: int, reason: str, if_match: int | None) -> VersionOut:
    """Give up a version before it is in force; raises AlreadyPublished."""
    policy, version = get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state in {State.PUBLISHED, State.SUPERSEDED}:
        raise AlreadyPublished(f"The version is {version.state}.")
    policy.revision += version.state == State.SCHEDULED
    version.state, version.effective_at = State.WITHDRAWN, None
    version.change_note = f"{version.change_note}\n\nWithdrawn: {reason}"
    return noted(session, policy, version, "withdrawn")


def get(session: Session, key: str, number: int, *, lock: bool = False) -> tuple[Policy, Version]:
    """Return a policy with one of its versions, as far as the caller may see it; raises NotFound."""
    policy = policies.get(session, key, lock=lock)
    versions = select(Version).where(Version.policy_id == policy.id, Version.number == number)
    version = session.exec(versions).first()
    if version is None or (version.state not in SEEN_BY_ALL and not sees_drafts(session)):
        raise NotFound(f"The policy {key} has no version {number}.")
    return policy, version


def sees_drafts(session: Session) -> bool:
    """Tell whether the caller works on policies; everybody else sees what was published."""
    caller = session.context.caller
    return caller is None or caller.has("policies:write") or caller.has("team:read")


def show(session: Session, key: str, number: int) -> VersionOut:
    """Return a version with all it says."""
    return shown(session, *get(session, key, number))


def list_all(session: Session, key: str, paging: PageQuery) -> Page[VersionLine]:
    """Return the versions of a policy that the caller may see, the newest first."""
    policy = policies.get(session, key)
    versions = select(Version).where(Version.policy_id == policy.id)
    if not sees_drafts(session):
        versions = versions.where(col(Version.state).in_(SEEN_BY_ALL))
    return pages.page(
        session, versions, paging, key=Version.id, to=lambda version: line(policy, version), newest_first=True
    )


def noted(session: Session, policy: Policy, version: Version, act: str, by: str | None = None) -> VersionOut:
    """Count the change, put it into evidence and answer with the version as it is now.

    `by` is who acted, also where a key acts in a person's name: evidence that names only the key proves no approval.
    """
    session.flush()
    version.revision += act != "written"
    version.updated_at = session.now
    session.flush()
    record(
        session,
        f"policy.version.{act}",
        f"policies/{policy.key}/versions/{version.number}",
        content_hash=version.content_hash,
        person=people.person_in(by),
    )
    return shown(session, policy, version)


def approvals_of(session: Session, version: Version) -> list[Approval]:
    """Return the decisions on this content since it was last submitted."""
    approvals = select(Approval).where(
        Approval.version_id == version.id,
        Approval.content_hash == version.content_hash,
        Approval.decided_at >= (version.submitted_at or version.created_at),
    )
    return list(session.exec(approvals.order_by(Approval.id)))


def line(policy: Policy, version: Version) -> VersionLine:
    """Show a version as one line of a list."""
    return VersionLine(
        policy=policy.key,
        title=version.content["title"] or policy.title,
        **version.model_dump(exclude={"content", "source"}),
    )


def shown(session: Session, policy: Policy, version: Version) -> VersionOut:
    """Show a version with all it says."""
    content = Content.model_validate(version.content)
    return VersionOut(
        **line(policy, version).model_dump(),
        **version.model_dump(include={"source", "updated_at", "submitted_at", "revision"}),
        locale=content.locale,
        sections=content.sections,
        rules=content.rules,
        problems=content.problems,
        approvals=[ApprovalOut.model_validate(approval) for approval in approvals_of(session, version)],
    )

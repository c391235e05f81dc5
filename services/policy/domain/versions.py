"""Versions of a policy: written, edited, published, withdrawn; what may follow what. Their review is in `reviews`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, func, select

from services.policy.domain import force, people, policies
from services.policy.schemas.policies import (
    ApprovalOut,
    Content,
    FailingExample,
    Lacking,
    VersionIn,
    VersionLine,
    VersionOut,
)
from services.policy.tables import SEEN_BY_ALL, SPARING, Approval, Policy, Seat, State, Translation, Version
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.events.policy import VersionPublishedV1, VersionWithdrawnV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound, Stale
from shared.schemas import Body

LATE = timedelta(minutes=5)
"""How far a client's "now" may lie behind ours."""


class NotADraft(Conflict):
    """Only a draft can be edited."""


class NotApproved(Conflict):
    """The version has not been approved by its quorum."""


class AlreadyPublished(Conflict):
    """The version was published before."""


class AlreadyWithdrawn(Conflict):
    """The version was given up before."""


class NotAReviewer(Forbidden):
    """Approval is for the task team's leads and reviewers."""


class NeedsAllDepartments(Forbidden):
    """What holds for everybody is not decided by a key that is limited to departments."""


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
    """Write a draft anew, which clears what reviewers said of it; raises NotADraft, or Stale with both texts."""
    policy, version = get(session, key, number, lock=True)
    expect_unchanged(version, body, if_match, revision=version.revision)
    if version.state != State.DRAFT:
        raise NotADraft(f"The version is {version.state}.")
    version.source, version.content, version.content_hash = body.source, content.model_dump(mode="json"), content.hash
    version.change_note, version.material = body.change_note, body.material
    clear_approvals(session, version)
    version.earlier_authors = [*version.earlier_authors, version.author]
    version.author = people.actor(session, body.employee_number)
    return noted(session, policy, version, "edited", by=version.author)


def expect_unchanged(stored: Version | Translation | None, body: Body, if_match: int | None, *, revision: int) -> None:
    """Raise Stale with the text that a colleague has stored meanwhile and the one sent, for the writer to join them."""
    try:
        expect(revision, if_match)
    except Stale as stale:
        texts = {"source", "change_note", "material"}
        kept = {"revision": revision, **(stored.model_dump(include=texts) if stored else {})}
        sent = {"revision": if_match, **body.model_dump(include=texts)}
        raise Stale(stale.detail, extra={"stored": kept, "sent": sent}) from None


def refuse_outsiders(session: Session) -> None:
    """Let pass who has `policies:write`, or a seat as lead or reviewer; raises NotAReviewer."""
    caller = session.context.caller
    if caller is None or caller.has("policies:write"):
        return
    seats = select(Seat.key).where(Seat.person == caller.person, col(Seat.role).in_(["lead", "reviewer"]))
    if caller.person is None or session.exec(seats).first() is None:
        raise NotAReviewer


def refuse_limited(session: Session) -> None:
    """Turn away a key that is limited to departments; raises NeedsAllDepartments."""
    caller = session.context.caller
    if caller is not None and caller.departments is not None:
        raise NeedsAllDepartments


def publish(session: Session, key: str, number: int, effective_at: datetime | None, if_match: int | None) -> VersionOut:
    """Bring an approved version into force, now or at `effective_at` (UTC).

    Raises NotApproved, AlreadyPublished, Invalid for a time in the past, FailingExamples, or NeedsAllDepartments.
    """
    refuse_limited(session)
    policy, version = get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state in SEEN_BY_ALL:
        raise AlreadyPublished(f"The version is {version.state}.")
    refuse_failing_examples(version)
    if version.state != State.APPROVED:
        raise NotApproved(f"The version is {version.state}.")
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
    if problems:
        errors = [FieldError(pointer="/source", detail=f'rule "{each.rule}" {said_of(each)}') for each in problems]
        raise FailingExamples(f'The rule "{problems[0].rule}" {said_of(problems[0])}', errors=errors)


def said_of(problem: FailingExample) -> str:
    """Say which example a rule fails and why, or that it has none."""
    if not problem.example:
        return f"has no {problem.expected} examples: {problem.why}"
    return f'fails its {problem.expected} example "{problem.example}": {problem.why}'


def withdraw(session: Session, key: str, number: int, reason: str, if_match: int | None) -> VersionOut:
    """Give up a version before it is in force; raises AlreadyPublished, AlreadyWithdrawn, or NeedsAllDepartments."""
    refuse_limited(session)
    policy, version = get(session, key, number, lock=True)
    expect(version.revision, if_match)
    if version.state == State.WITHDRAWN:
        raise AlreadyWithdrawn
    if version.state in {State.PUBLISHED, State.SUPERSEDED} or has_begun(session, version):
        raise AlreadyPublished(f"The version is {version.state}.")
    if version.state == State.SCHEDULED:
        policy.revision += 1
        tell(session, VersionWithdrawnV1(policy=key, version=number))
    version.state, version.effective_at = State.WITHDRAWN, None
    version.change_note = f"{version.change_note}\n\nWithdrawn: {reason}"
    return noted(session, policy, version, "withdrawn")


def has_begun(session: Session, version: Version) -> bool:
    """Say whether a version's time has come, also where the timer that puts it in force is late."""
    return version.effective_at is not None and version.effective_at <= session.now


def get(session: Session, key: str, number: int, *, lock: bool = False) -> tuple[Policy, Version]:
    """Return a policy with one of its versions, as far as the caller may see it; raises NotFound."""
    policy = policies.get(session, key, lock=lock)
    versions = select(Version).where(Version.policy_id == policy.id, Version.number == number)
    version = session.exec(versions).first()
    if version is None or (version.state not in SEEN_BY_ALL and not people.sees_drafts(session)):
        raise NotFound(f"The policy {key} has no version {number}.")
    return policy, version


def show(session: Session, key: str, number: int) -> VersionOut:
    """Return a version with all it says."""
    return shown(session, *get(session, key, number))


def list_all(session: Session, key: str, paging: PageQuery) -> Page[VersionLine]:
    """Return the versions of a policy that the caller may see, the newest first."""
    policy = policies.get(session, key)
    versions = select(Version).options(*SPARING).where(Version.policy_id == policy.id)
    if not people.sees_drafts(session):
        versions = versions.where(col(Version.state).in_(SEEN_BY_ALL))
    page: Page[Version] = pages.page(
        session, versions, paging, key=Version.id, to=lambda version: version, newest_first=True
    )
    said = select(Version.id, col(Version.content)["title"].as_string())
    titles = dict(session.exec(said.where(col(Version.id).in_([version.id for version in page.items]))).all())
    numbers = people.numbers_of(session, *(version.author for version in page.items))
    items = [line(policy, version, titles[version.id], numbers) for version in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


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
    """Return the decisions on this content that count."""
    approvals = select(Approval).where(
        Approval.version_id == version.id,
        Approval.content_hash == version.content_hash,
        col(Approval.cleared_at).is_(None),
    )
    return list(session.exec(approvals.order_by(Approval.id)))


def clear_approvals(session: Session, version: Version) -> None:
    """Let what reviewers said so far count no longer; it stays on record."""
    given = update(Approval).where(col(Approval.version_id) == version.id, col(Approval.cleared_at).is_(None))
    session.execute(given.values(cleared_at=session.now))


def lacking(policy: Policy, approvals: Sequence[Approval]) -> Counter[str]:
    """Return how many approvals are missing for the quorum: of each department, and under "" of anyone at all."""
    approved = [approval for approval in approvals if approval.decision == "approve"]
    wanted = Counter({"": policy.quorum, **policy.quorum_departments})
    return wanted - Counter({"": len(approved), **Counter(each.department for each in approved if each.department)})


def line(policy: Policy, version: Version, title: str | None, numbers: Mapping[str, str]) -> VersionLine:
    """Show a version, whose source gives it a title or not, as one line of a list."""
    return VersionLine(
        policy=policy.key,
        title=title or policy.title,
        written_by=numbers.get(version.author),
        **version.model_dump(exclude={"content", "source"}),
    )


def shown(session: Session, policy: Policy, version: Version) -> VersionOut:
    """Show a version with all it says."""
    content = Content.model_validate(version.content)
    approvals = approvals_of(session, version)
    missing = lacking(policy, approvals)
    numbers = people.numbers_of(session, version.author, *(approval.reviewer for approval in approvals))
    return VersionOut(
        **line(policy, version, content.title, numbers).model_dump(),
        **version.model_dump(include={"source", "updated_at", "submitted_at", "revision"}),
        locale=content.locale,
        sections=content.sections,
        rules=content.rules,
        problems=content.problems,
        warnings=content.warnings,
        approvals=[
            ApprovalOut.model_validate(approval.model_dump() | {"decided_by": numbers.get(approval.reviewer)})
            for approval in approvals
        ],
        lacking=Lacking(reviewers=missing.pop("", 0), departments=missing)
        if version.state == State.IN_REVIEW
        else None,
    )

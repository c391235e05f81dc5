"""Static content: words that stand somewhere until they are changed, approved by a principal before they are used.

An answer to a customer is interactive: it is checked, and supervised afterwards. A profile or an advertisement is
approved first, version by version, with a record of who wrote it, who approved it, when, and which words these were.
Source: FINRA Rule 2210(b)(1); Regulatory Notice 10-06 on static and interactive content.
"""

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.conversations import checking
from services.monitoring.schemas.wordings import (
    StaticContentDetailOut,
    StaticContentIn,
    StaticContentOut,
    StaticDecisionIn,
    StaticKind,
    StaticVersionIn,
    StaticVersionOut,
)
from services.monitoring.settings import terms
from services.monitoring.tables import Person, StaticContent, StaticVersion
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import StaticContentChangedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, Forbidden, NotFound
from shared.rules import Draft


class NotAPrincipal(Forbidden):
    """Only a certified principal other than the author decides on static content."""


class AuthorUnknown(Forbidden):
    """Static content is written by a person: name who."""


class NotDecidable(Conflict):
    """The version was decided on already."""


class VersionNotApproved(Conflict):
    """Only a version that a principal has approved is used, and only one that is used is taken back."""


def create(session: Session, body: StaticContentIn, caller: Principal) -> StaticContentDetailOut:
    """Write the first version of static content; raises WordingRefused when a rule blocks its words."""
    content = StaticContent(
        id=new_id(), kind=body.kind, network=body.network, title=body.title, versions=0, changed_at=session.now
    )
    session.add(content)
    add_version(session, content, body.text, caller, body.employee_number)
    return detail_of(session, content)


def write(
    session: Session, content_id: str, body: StaticVersionIn, caller: Principal, stated: int | None
) -> StaticContentDetailOut:
    """Write another version; the one in use stays in use until this one is."""
    content = get(session, content_id, stated)
    content.revision += 1
    add_version(session, content, body.text, caller, body.employee_number)
    return detail_of(session, content)


def add_version(
    session: Session, content: StaticContent, text: str, caller: Principal, employee_number: str | None
) -> None:
    """Keep words with their author."""
    author = people.acting(session, caller, employee_number).person
    if author is None:
        raise AuthorUnknown
    refuse_blocked(session, content, text)
    content.versions += 1
    version = StaticVersion(
        id=new_id(),
        content=content.id,
        number=content.versions,
        text=text,
        text_hash=digest_of(text),
        state="written",
        author=author,
        written_at=session.now,
    )
    session.add(version)
    note(session, content, version, "write", author)


def decide(
    session: Session, content_id: str, number: int, body: StaticDecisionIn, caller: Principal, stated: int | None
) -> StaticContentDetailOut:
    """A principal approves or rejects a version."""
    content = get(session, content_id, stated)
    version = version_of(session, content, number)
    principal = people.acting(session, caller, body.employee_number).person
    if principal is None or principal == version.author or not is_principal(session, principal):
        raise NotAPrincipal
    if version.state != "written":
        raise NotDecidable(f"The version is {version.state}.")
    if body.decision == "approve":
        refuse_blocked(session, content, version.text)
    version.state = "approved" if body.decision == "approve" else "rejected"
    version.approver, version.decided_at, version.reason = principal, session.now, body.reason
    content.revision += 1
    note(session, content, version, body.decision, principal)
    return detail_of(session, content)


def use(
    session: Session, content_id: str, number: int, caller: Principal, stated: int | None
) -> StaticContentDetailOut:
    """Say that an approved version stands there from now on; the one before no longer does."""
    content = get(session, content_id, stated)
    version = version_of(session, content, number)
    if version.state == "in_use":
        return detail_of(session, content)
    if version.state != "approved":
        raise VersionNotApproved(f"The version is {version.state}.")
    refuse_blocked(session, content, version.text)
    if content.in_use is not None:
        end_use(session, content, version_of(session, content, content.in_use), caller.person)
    version.state, version.used_from = "in_use", session.now
    content.in_use = number
    content.revision += 1
    note(session, content, version, "use", caller.person)
    return detail_of(session, content)


def withdraw(
    session: Session, content_id: str, number: int, caller: Principal, stated: int | None
) -> StaticContentDetailOut:
    """Say that a version no longer stands there."""
    content = get(session, content_id, stated)
    version = version_of(session, content, number)
    if version.state != "in_use":
        raise VersionNotApproved(f"The version is {version.state}.")
    end_use(session, content, version, caller.person)
    content.in_use = None
    content.revision += 1
    return detail_of(session, content)


def end_use(session: Session, content: StaticContent, version: StaticVersion, person: str | None) -> None:
    """Note that a version is no longer in use."""
    version.state, version.used_until = "withdrawn", session.now
    note(session, content, version, "withdraw", person)


def note(session: Session, content: StaticContent, version: StaticVersion, action: str, person: str | None) -> None:
    """Record a step of a version, and tell of it."""
    content.changed_at = session.now
    record(session, f"static_content.{action}", f"static_content/{content.id}", version.text_hash, person)
    tell(session, told(content, version))
    session.flush()


def told(content: StaticContent, version: StaticVersion) -> StaticContentChangedV1:
    """Return what is told of a version."""
    return StaticContentChangedV1(
        id=content.id, kind=content.kind, network=content.network, version=version.number, state=version.state
    )


def is_principal(session: Session, person: str) -> bool:
    """Tell whether somebody works here and is certified to approve static content."""
    wanted = terms().principal_certification or terms().certification
    held = people.certifications(session, [person], session.now).get(person, frozenset())
    row = session.get(Person, person)
    return row is not None and row.active and wanted in held


def refuse_blocked(session: Session, content: StaticContent, text: str) -> None:
    """Raise WordingRefused when a rule in force blocks the words; what it only holds is the principal's to decide."""
    draft = Draft(text, network=content.network, kind="post", staff=True, now=session.now)
    matches, verdict = checking.judge(session, draft)
    if verdict == "block":
        raise checking.WordingRefused(extra={"reasons": checking.reasons(matches)})


def get(session: Session, content_id: str, stated: int | None = None) -> StaticContent:
    """Return static content, locked for change; raises NotFound or Stale."""
    row: StaticContent | None = session.execute(
        select(StaticContent).where(col(StaticContent.id) == content_id).with_for_update()
    ).scalar()
    if row is None:
        raise NotFound(f"There is no static content {content_id}.")
    expect(row.revision, stated)
    return row


def version_of(session: Session, content: StaticContent, number: int) -> StaticVersion:
    """Return a version by its number; raises NotFound."""
    mine = (col(StaticVersion.content) == content.id, col(StaticVersion.number) == number)
    row: StaticVersion | None = session.execute(select(StaticVersion).where(*mine)).scalar()
    if row is None:
        raise NotFound(f"There is no version {number}.")
    return row


def listed(session: Session, paging: PageQuery, kind: StaticKind | None, network: str | None) -> Page[StaticContentOut]:
    """List static content, the oldest first."""
    statement = select(StaticContent)
    if kind is not None:
        statement = statement.where(col(StaticContent.kind) == kind)
    if network is not None:
        statement = statement.where(col(StaticContent.network) == network)
    return page(session, statement, paging, key=StaticContent.id, to=StaticContentOut.model_validate)


def read(session: Session, content_id: str) -> StaticContentDetailOut:
    """Show static content with all its versions."""
    row = session.get(StaticContent, content_id)
    if row is None:
        raise NotFound(f"There is no static content {content_id}.")
    return detail_of(session, row)


def detail_of(session: Session, content: StaticContent) -> StaticContentDetailOut:
    """Show static content with its versions, the newest first."""
    rows = select(StaticVersion).where(col(StaticVersion.content) == content.id)
    versions = list(session.execute(rows.order_by(col(StaticVersion.number).desc())).scalars())
    concerned = {one for row in versions for one in (row.author, row.approver)}
    numbers, hidden = people.numbers(session, concerned), people.unreached(session, concerned)
    history = [
        StaticVersionOut.model_validate(
            {
                **row.model_dump(),
                "author": None if row.author in hidden else numbers.get(row.author, row.author),
                "approver": None if row.approver in hidden else numbers.get(row.approver or "", row.approver),
            }
        )
        for row in versions
    ]
    return StaticContentDetailOut(**StaticContentOut.model_validate(content).model_dump(), history=history)

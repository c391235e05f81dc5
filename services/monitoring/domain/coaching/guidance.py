"""Guidance: what a coach tells a colleague about a post, and what the colleague says to it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.coaching import findings, templates
from services.monitoring.domain.figures import hours
from services.monitoring.schemas.guidance import AppealIn, GuidanceIn, GuidanceKind, GuidanceOut, GuidanceState
from services.monitoring.tables import Finding, Guidance, PolicyInForce, Post
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import (
    FindingReleasedV1,
    GuidanceAcknowledgedV1,
    GuidanceAppealedV1,
    GuidanceGivenV1,
    GuidanceReadV1,
    GuidanceTold,
)
from shared.evidence import Deed, digest_of, record_all
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound


class GuidanceAnswered(Conflict):
    """The guidance was acknowledged or appealed before."""


class NothingToAppeal(Conflict):
    """Praise is not appealed."""


def give(session: Session, finding_id: str, body: GuidanceIn, caller: Principal, stated: int | None) -> GuidanceOut:
    """A coach tells the author of a post something about a finding, and cites the section that it rests on.

    Where the author is nobody we know, there is nobody to acknowledge it, and the finding is closed.
    Raises UnknownTemplate, or TemplateOfAnother for words that were written for another rule.
    """
    finding, actor = findings.with_coach(session, finding_id, caller, body.employee_number, stated)
    message, better_wording = templates.words(session, finding, body)
    findings.hold(session, finding, actor)
    row = Guidance(
        id=new_id(),
        finding=finding.id,
        post=finding.post,
        person=finding.person,
        department=finding.department,
        coach=actor.id,
        policy=finding.policy,
        version=finding.version,
        section=finding.section,
        heading=heading_of(session, finding.policy, finding.section),
        message=message,
        better_wording=better_wording,
        state="given",
        given_at=session.now,
        changed_at=session.now,
    )
    finding.state, finding.claimed_at = "guided", None
    findings.changed(session, finding)
    keep(session, row)
    if finding.person is None:
        findings.close(session, finding)
    return shown(session, [row], [actor.id])[0]


def keep(session: Session, row: Guidance) -> None:
    """Keep new guidance, tell of it and prove it."""
    session.add(row)
    session.flush()
    tell(session, GuidanceGivenV1(**told(row)))
    post = session.get(Post, row.post) if row.post is not None else None
    network = post.network if post is not None else ""
    given = hours.happening("guidance", row.given_at, network, department=row.department, kind=row.kind)
    hours.count(session, given)
    prove(session, "praise" if row.kind == "praise" else "give", row, digest_of(row.message))


def prove(session: Session, deed: str, row: Guidance, content_hash: str | None = None) -> None:
    """Enter what was done with guidance, and which finding, or which post that was praised, it is about."""
    about = f"finding/{row.finding}" if row.finding else f"post/{row.post}" if row.post else None
    subject = f"guidance/{row.id}"
    entered = Deed(f"guidance.{deed}", subject, content_hash, row.person, (about,) if about else ())
    record_all(session, [entered])


def heading_of(session: Session, policy: str, section: str) -> str | None:
    """Return what a section in force is called."""
    in_force = session.get(PolicyInForce, policy)
    return in_force.headings.get(section) if in_force is not None else None


def told(row: Guidance) -> dict[str, Any]:
    """Return what every event about guidance carries; the words stay between the two."""
    facts = {name: getattr(row, name) for name in GuidanceTold.model_fields}
    return {**facts, "finding": row.finding or "", "message": "", "better_wording": None}


def acknowledge(session: Session, guidance_id: str, caller: Principal, stated: int | None) -> GuidanceOut:
    """The person accepts the guidance, and the finding comes to its end; doing it twice changes nothing."""
    row = own(session, guidance_id, caller)
    if row.state == "acknowledged":
        return shown(session, [row], readers(caller))[0]
    finding = answer(session, row, "acknowledged", stated)
    row.read_at = row.read_at or session.now
    tell(session, GuidanceAcknowledgedV1(**told(row)))
    prove(session, "acknowledge", row)
    if finding is not None and finding.state == "guided":
        findings.close(session, finding)
    return shown(session, [row], readers(caller))[0]


def appeal(session: Session, guidance_id: str, body: AppealIn, caller: Principal, stated: int | None) -> GuidanceOut:
    """The person asks another coach to look again: the finding waits for one; raises NothingToAppeal for praise."""
    row = own(session, guidance_id, caller)
    if row.finding is None:
        raise NothingToAppeal
    finding = answer(session, row, "appealed", stated)
    row.appeal, row.read_at = body.reason, row.read_at or session.now
    tell(session, GuidanceAppealedV1(**told(row)))
    prove(session, "appeal", row, digest_of(body.reason))
    if finding is not None and finding.state in {"guided", "closed"}:
        # An edit or a deletion may have closed it meanwhile: who asks another coach to look again gets an answer.
        was_closed = finding.state == "closed"
        finding.state, finding.mended = "appealed", False
        findings.changed(session, finding)
        if was_closed:
            tell(session, FindingReleasedV1(**findings.told(finding)))
    return shown(session, [row], readers(caller))[0]


def answer(session: Session, row: Guidance, state: GuidanceState, stated: int | None) -> Finding | None:
    """Note what the person says to guidance, once, and return the finding it is about, if it is about one."""
    expect(row.revision, stated)
    if row.state != "given":
        raise GuidanceAnswered(f"The guidance was {row.state} before.")
    row.state, row.changed_at = state, session.now
    row.revision += 1
    session.flush()
    finding: Finding | None = session.execute(
        select(Finding).where(col(Finding.id) == row.finding).with_for_update()
    ).scalar()
    return finding


def own(session: Session, guidance_id: str, caller: Principal) -> Guidance:
    """Return guidance that the caller received, locked for change; a key with the right to write acts for its person."""
    row: Guidance | None = session.execute(
        select(Guidance).where(col(Guidance.id) == guidance_id).with_for_update()
    ).scalar()
    received = row is not None and caller.person is not None and caller.person == row.person
    if row is None or not (received or for_them(session, row, caller)):
        raise NotFound(f"There is no guidance {guidance_id}.")
    return row


def for_them(session: Session, row: Guidance, caller: Principal) -> bool:
    """Tell whether a key may answer guidance on behalf of whom it was given to."""
    return not caller.signed_in and caller.has("monitoring:write") and people.reaches(session, row.person)


def read(session: Session, guidance_id: str, caller: Principal) -> GuidanceOut:
    """Return one guidance; raises NotFound."""
    row = session.get(Guidance, guidance_id)
    if row is None or not visible(row, caller):
        raise NotFound(f"There is no guidance {guidance_id}.")
    return shown(session, [row], readers(caller))[0]


def note_reading(session: Session, guidance_id: str, caller: Principal) -> GuidanceOut:
    """The person has opened guidance; doing it twice changes nothing."""
    row = own(session, guidance_id, caller)
    if row.read_at is None:
        row.read_at = row.changed_at = session.now
        row.revision += 1
        session.flush()
        tell(session, GuidanceReadV1(**told(row)))
        prove(session, "read", row)
    return shown(session, [row], readers(caller))[0]


def visible(row: Guidance, caller: Principal) -> bool:
    """Tell whether a caller may see that there is guidance: to them, by them, or in a department that they look after."""
    if not {row.person, row.coach}.isdisjoint(readers(caller)):
        return True
    return caller.has("monitoring:read") and (caller.departments is None or row.department in caller.departments)


def readers(caller: Principal) -> list[str]:
    """Return the ids under which a caller can be one side of a talk."""
    return [one for one in (caller.person, caller.id) if one is not None]


def listed(
    session: Session,
    paging: PageQuery,
    caller: Principal,
    employee_number: str | None,
    state: GuidanceState | None,
    kind: GuidanceKind | None = None,
) -> Page[GuidanceOut]:
    """List guidance, the newest first; without the right to read all, only one's own."""
    statement = select(Guidance)
    if employee_number is not None:
        statement = statement.where(col(Guidance.person) == people.asked_for(session, employee_number))
    if state is not None:
        statement = statement.where(col(Guidance.state) == state)
    if kind is not None:
        statement = statement.where(col(Guidance.kind) == kind)
    if not caller.has("monitoring:read"):
        statement = statement.where(col(Guidance.person) == (caller.person or ""))
    elif caller.departments is not None:
        statement = statement.where(col(Guidance.department).in_(caller.departments))
    rows: Page[Guidance] = page(session, statement, paging, key=Guidance.id, to=lambda row: row, newest_first=True)
    return Page(items=shown(session, rows.items, readers(caller)), next_cursor=rows.next_cursor)


def shown(session: Session, rows: Sequence[Guidance], reading: Collection[str]) -> list[GuidanceOut]:
    """Show guidance with employee numbers in place of ids, and its words to `reading` if they are for one of these."""
    numbers = people.numbers(session, {row.person for row in rows} | {row.coach for row in rows})
    second = second_coaches(session, [row for row in rows if row.state == "appealed"])
    return [
        GuidanceOut.of(
            row,
            numbers.get(row.person, row.person) if row.person else None,
            numbers.get(row.coach, row.coach),
            withheld={row.person, row.coach, second.get(row.id)}.isdisjoint(reading),
        )
        for row in rows
    ]


def second_coaches(session: Session, appealed: Sequence[Guidance]) -> dict[str, str]:
    """Return who looks again at guidance that was appealed, where somebody has taken that on."""
    if not appealed:
        return {}
    looking = select(Finding.id, Finding.coach).where(col(Finding.id).in_({row.finding for row in appealed}))
    coaches = {finding: coach for finding, coach in session.execute(looking) if coach is not None}
    return {row.id: coaches[row.finding] for row in appealed if row.finding in coaches}

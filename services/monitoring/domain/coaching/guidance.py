"""Guidance: what a coach tells a colleague about a post, and what the colleague says to it."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.coaching import findings
from services.monitoring.schemas.findings import AppealIn, GuidanceIn, GuidanceOut, GuidanceState
from services.monitoring.tables import Finding, Guidance
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import GuidanceAcknowledgedV1, GuidanceAppealedV1, GuidanceGivenV1, GuidanceTold
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound


class GuidanceAnswered(Conflict):
    """The guidance was acknowledged or appealed before."""


def give(session: Session, finding_id: str, body: GuidanceIn, caller: Principal, stated: int | None) -> GuidanceOut:
    """A coach tells the author of a post something about a finding.

    Where the author is nobody we know, there is nobody to acknowledge it, and the finding is closed.
    """
    finding, actor = findings.with_coach(session, finding_id, caller, body.employee_number, stated)
    findings.hold(session, finding, actor)
    row = Guidance(
        id=new_id(),
        finding=finding.id,
        person=finding.person,
        coach=actor.id,
        message=body.message,
        better_wording=body.better_wording,
        state="given",
        given_at=session.now,
        changed_at=session.now,
    )
    session.add(row)
    finding.state = "guided"
    findings.changed(session, finding)
    tell(session, GuidanceGivenV1(**told(row)))
    record(
        session,
        "guidance.give",
        f"guidance/{row.id}",
        digest_of(body.message),
        finding.person,
    )
    if finding.person is None:
        findings.close(session, finding)
    return shown(session, [row])[0]


def told(row: Guidance) -> dict[str, Any]:
    """Return what every event about guidance carries."""
    return {name: getattr(row, name) for name in GuidanceTold.model_fields}


def acknowledge(session: Session, guidance_id: str, caller: Principal, stated: int | None) -> GuidanceOut:
    """The person accepts the guidance, and the finding comes to its end; doing it twice changes nothing."""
    row = own(session, guidance_id, caller)
    if row.state == "acknowledged":
        return shown(session, [row])[0]
    finding = answer(session, row, "acknowledged", stated)
    tell(session, GuidanceAcknowledgedV1(**told(row)))
    record(session, "guidance.acknowledge", f"guidance/{row.id}", person=row.person)
    if finding.state == "guided":
        findings.close(session, finding)
    return shown(session, [row])[0]


def appeal(session: Session, guidance_id: str, body: AppealIn, caller: Principal, stated: int | None) -> GuidanceOut:
    """The person asks another coach to look again: the finding waits for one."""
    row = own(session, guidance_id, caller)
    finding = answer(session, row, "appealed", stated)
    row.appeal = body.reason
    tell(session, GuidanceAppealedV1(**told(row)))
    record(session, "guidance.appeal", f"guidance/{row.id}", person=row.person)
    if finding.state == "guided":
        finding.state = "appealed"
        findings.changed(session, finding)
    return shown(session, [row])[0]


def answer(session: Session, row: Guidance, state: GuidanceState, stated: int | None) -> Finding:
    """Note what the person says to guidance, once, and return the finding it is about."""
    expect(row.revision, stated)
    if row.state != "given":
        raise GuidanceAnswered(f"The guidance was {row.state} before.")
    row.state, row.changed_at = state, session.now
    row.revision += 1
    finding: Finding = session.execute(
        select(Finding).where(col(Finding.id) == row.finding).with_for_update()
    ).scalar_one()
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


def listed(
    session: Session, paging: PageQuery, caller: Principal, employee_number: str | None, state: GuidanceState | None
) -> Page[GuidanceOut]:
    """List guidance, the newest first; without the right to read all, only one's own."""
    statement = select(Guidance)
    if employee_number is not None:
        statement = statement.where(col(Guidance.person) == people.by_number(session, employee_number).id)
    if state is not None:
        statement = statement.where(col(Guidance.state) == state)
    if not caller.has("monitoring:read"):
        statement = statement.where(col(Guidance.person) == (caller.person or ""))
    elif caller.departments is not None:
        seen = select(Finding.id).where(col(Finding.department).in_(caller.departments))
        statement = statement.where(col(Guidance.finding).in_(seen))
    rows: Page[Guidance] = page(session, statement, paging, key=Guidance.id, to=lambda row: row, newest_first=True)
    return Page(items=shown(session, rows.items), next_cursor=rows.next_cursor)


def shown(session: Session, rows: Sequence[Guidance]) -> list[GuidanceOut]:
    """Show guidance with employee numbers in place of ids."""
    numbers = people.numbers(session, {row.person for row in rows} | {row.coach for row in rows})
    return [
        GuidanceOut.of(
            row, numbers.get(row.person, row.person) if row.person else None, numbers.get(row.coach, row.coach)
        )
        for row in rows
    ]

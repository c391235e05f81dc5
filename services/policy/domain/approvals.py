"""Approval of held drafts: asked for by the author, answered by somebody who may, told to whoever waits for it."""

import hashlib

from sqlalchemy import ColumnElement, literal
from sqlmodel import and_, col, or_, select

from services.policy.domain import approvers, people, receipts
from services.policy.domain.rows import add_once
from services.policy.schemas.approvals import ApprovalDecisionIn, ApprovalRequestIn, ApprovalRequestOut
from services.policy.tables import ApprovalRequest, KeptCheck, Person
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.events.policy import ApprovalDecidedV1, ApprovalRequestedV1
from shared.evidence import Sealer, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Invalid, NotFound


class NothingToApprove(Conflict):
    """Only a held draft needs an approval."""


class ApprovalRequestedAlready(Conflict):
    """Approval of this check has been asked for."""


class ApprovalDecidedAlready(Conflict):
    """Somebody has decided on this request."""


class OwnDraft(Conflict):
    """Nobody approves their own draft."""


def request(session: Session, body: ApprovalRequestIn) -> ApprovalRequestOut:
    """Ask for approval of one's own kept, held check; raises NotFound, NothingToApprove or ApprovalRequestedAlready."""
    author = people.needed(session, body.employee_number)
    kept = session.get(KeptCheck, body.check)
    if kept is None or kept.author != author.id:
        raise receipts.unknown(body.check)
    if kept.answer["verdict"] != "hold":
        raise NothingToApprove(f"The verdict is {kept.answer['verdict']}.")
    chosen = chosen_approver(session, author, body.approver)
    row = ApprovalRequest(
        id=new_id(),
        check_id=kept.id,
        author=author.id,
        approver=chosen.id if chosen else None,
        note=body.note,
        state="open",
        text_hash="",
        requested_at=session.now,
    )
    row.text_hash = text_hash(row.id, kept.draft["text"])
    if not add_once(session, row):
        raise ApprovalRequestedAlready
    asked = [chosen] if chosen else approvers.may_approve(session, author.id)
    event = ApprovalRequestedV1(
        id=row.id,
        person=author.id,
        text="",
        check=kept.id,
        approver=row.approver,
        approvers=[each.id for each in asked],
    )
    tell(session, event)
    record(session, "policy.approval.requested", f"approval-requests/{row.id}", row.text_hash, author.id)
    return shown(session, [row])[0]


def text_hash(request_id: str, text: str) -> str:
    """Return the hash by which others know that a text is the one that was approved; no other request shares it."""
    return hashlib.sha256(f"{request_id}\n{text}".encode()).hexdigest()


def chosen_approver(session: Session, author: Person, number: str | None) -> Person | None:
    """Return whom the author chose; raises Invalid for somebody who may not approve, or when nobody may."""
    able = approvers.may_approve(session, author.id)
    chosen = next((person for person in able if person.employee_number == number), None)
    if number is not None and chosen is None:
        may = ", ".join(person.employee_number for person in able) or "nobody at this moment"
        raise Invalid("That person may not approve.", errors=[FieldError(pointer="/approver", detail=f"may: {may}")])
    return chosen


def decide(
    session: Session, request_id: str, body: ApprovalDecisionIn, stated: int | None, sealer: Sealer
) -> ApprovalRequestOut:
    """Approve or reject a draft; it goes into a new receipt. Raises NotFound, OwnDraft or ApprovalDecidedAlready."""
    person = people.needed(session, body.employee_number)
    rows = select(ApprovalRequest).where(ApprovalRequest.id == request_id).with_for_update()
    row = session.exec(rows).first()
    if row is not None and row.author == person.id:
        raise OwnDraft
    if row is None or not (receipts.asked(session, row, person) or may_have_seen(session, row, person)):
        raise unknown(request_id)
    if row.state != "open":
        raise ApprovalDecidedAlready(f"The request is {row.state}.")
    expect(row.revision, stated)
    row.state = "approved" if body.decision == "approve" else "rejected"
    row.decided_by, row.comment, row.decided_at = person.id, body.comment, session.now
    row.revision += 1
    note_in_receipt(session, row, person, sealer)
    tell(session, told(row))
    record(session, f"policy.approval.{row.state}", f"approval-requests/{row.id}", row.text_hash, person.id)
    session.flush()
    return shown(session, [row])[0]


def may_have_seen(session: Session, row: ApprovalRequest, person: Person) -> bool:
    """Tell whether somebody could decide before another did: they are told so, not that there is no such request."""
    able = {each.id for each in approvers.may_approve(session, row.author)}
    return row.state != "open" and row.approver in {None, person.id} and person.id in able


def note_in_receipt(session: Session, row: ApprovalRequest, person: Person, sealer: Sealer) -> None:
    """Sign a receipt that tells of the decision."""
    kept = session.get_one(KeptCheck, row.check_id)
    decision: dict[str, object] = {
        "request": row.id,
        "decision": row.state,
        "decided_by": person.employee_number,
        "decided_at": session.now.isoformat(),
        "comment": row.comment,
    }
    receipts.issue(session, kept, session.get_one(Person, row.author).employee_number, sealer, decision)
    kept.revision += 1


def told(row: ApprovalRequest) -> ApprovalDecidedV1:
    """Return the event that tells of a decision, without the draft's words."""
    return ApprovalDecidedV1(
        id=row.id,
        decision=row.state,
        person=row.author,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        text_hash=row.text_hash,
    )


def page_of_told(session: Session, after: str | None, limit: int) -> list[ApprovalDecidedV1]:
    """Tell again what was decided, by id."""
    rows = select(ApprovalRequest).where(ApprovalRequest.state != "open", col(ApprovalRequest.id) > (after or ""))
    return [told(row) for row in session.exec(rows.order_by(ApprovalRequest.id).limit(limit))]


def show(session: Session, request_id: str, employee_number: str | None) -> ApprovalRequestOut:
    """Show a request to its author, or to whom it asks; raises NotFound."""
    row = session.get(ApprovalRequest, request_id)
    if row is None:
        raise unknown(request_id)
    kept = session.get_one(KeptCheck, row.check_id)
    if not (receipts.owns(session, kept, employee_number) or receipts.may_see(session, row, employee_number)):
        raise unknown(request_id)
    return shown(session, [row])[0]


def unknown(request_id: str) -> NotFound:
    """Return what is said of a request that is not there, and of somebody else's."""
    return NotFound(f"There is no approval request {request_id} of yours.")


def list_all(
    session: Session, paging: PageQuery, role: str | None, state: str | None, employee_number: str | None
) -> Page[ApprovalRequestOut]:
    """Return the requests that one made (`author`) or that ask one (`approver`), or both, the newest first."""
    rows = select(ApprovalRequest)
    person = receipts.acts_as(session, employee_number)
    caller = session.context.caller
    if person is None:
        kept = select(KeptCheck.id).where(KeptCheck.asked_by == (caller.id if caller else ""))
        rows = rows.where(col(ApprovalRequest.check_id).in_(kept))
    else:
        made = col(ApprovalRequest.author) == person.id
        sides = {"author": made, "approver": asking(session, person)}
        rows = rows.where(sides[role] if role else or_(*sides.values()))
    if state is not None:
        rows = rows.where(ApprovalRequest.state == state)
    page: Page[ApprovalRequest] = pages.page(
        session, rows, paging, key=ApprovalRequest.id, to=lambda row: row, newest_first=True
    )
    return Page(items=shown(session, page.items), next_cursor=page.next_cursor)


def asking(session: Session, person: Person) -> ColumnElement[bool]:
    """Return the condition that a request asks this person, or was decided by them."""
    able = person.id in {each.id for each in approvers.may_approve(session, None)}
    mine = or_(col(ApprovalRequest.approver).is_(None), col(ApprovalRequest.approver) == person.id)
    waiting = and_(literal(able), col(ApprovalRequest.state) == "open", col(ApprovalRequest.author) != person.id, mine)
    return or_(col(ApprovalRequest.decided_by) == person.id, waiting)


def shown(session: Session, rows: list[ApprovalRequest]) -> list[ApprovalRequestOut]:
    """Show requests with their drafts and the numbers of the people in them."""
    kept = receipts.many(session, [row.check_id for row in rows])
    ids = {one for row in rows for one in (row.author, row.approver, row.decided_by) if one}
    numbers = {one: person.employee_number for one, person in people.by_id(session, ids).items()}
    able = [(each.id, each.employee_number) for each in approvers.may_approve(session, None)]
    found = []
    for row in rows:
        one = kept[row.check_id]
        may = [number for each, number in able if each != row.author and row.approver in {None, each}]
        values = {
            **row.model_dump(include={"id", "note", "state", "comment", "requested_at", "decided_at", "revision"}),
            "check": receipts.shown(session, one, row),
            "author": numbers[row.author],
            "approver": numbers.get(row.approver or ""),
            "approvers": may if row.state == "open" else [],
            "decided_by": numbers.get(row.decided_by or ""),
            "receipt": one.receipt,
        }
        found.append(ApprovalRequestOut.model_validate(values))
    return found
